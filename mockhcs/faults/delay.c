/* SPDX-License-Identifier: MIT */

/* Times of rules: how they are written, and how one is drawn. */

#include "mockhcs/faults/delay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "platform/clock.h"

#define MAX_NS (24 * 3600 * (uint64_t)HCS_NS_PER_S)

/* "500ms"; a number alone is milliseconds. Gives what follows it. */
static bool take_time(const char **at, uint64_t *ret_ns) {
        static const struct {
                const char *name;
                double ns;
        } units[] = {{"ms", 1e6}, {"us", 1e3}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
        char *end;
        double n, unit = 1e6;

        if (**at < '0' || **at > '9')
                return false;
        n = strtod(*at, &end);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(units); i++)
                if (hcs_str_starts(end, units[i].name)) {
                        unit = units[i].ns;
                        end += strlen(units[i].name);
                        break;
                }
        if (!(n * unit <= (double)MAX_NS))
                return false;
        *ret_ns = (uint64_t)(n * unit);
        *at = end;
        return true;
}

static bool take_percentiles(const char *text, struct fault_delay *d) {
        d->kind = FAULT_PERCENTILES;
        while (*text == 'p' && d->n_points < FAULT_MAX_PERCENTILES) {
                char *end;
                double percent = strtod(text + 1, &end);
                uint64_t ns;

                text = end + 1;
                if (*end != ':' || !(percent >= 0 && percent <= 100) || !take_time(&text, &ns))
                        return false;
                if (d->n_points &&
                    (percent <= d->points[d->n_points - 1].percent || ns < d->points[d->n_points - 1].ns))
                        return false;
                d->points[d->n_points].percent = percent;
                d->points[d->n_points++].ns = ns;
                if (!*text)
                        return true;
                if (*text++ != '/')
                        return false;
        }
        return false;
}

bool fault_delay_parse(const char *text, struct fault_delay *ret) {
        struct fault_delay d = {0};

        if (*text == 'p') {
                if (!take_percentiles(text, &d))
                        return false;
        } else {
                if (!take_time(&text, &d.a))
                        return false;
                if (hcs_str_starts(text, "..") || *text == '~' || *text == '+') {
                        d.kind = *text == '~' ? FAULT_NORMAL : *text == '+' ? FAULT_JITTER : FAULT_UNIFORM;
                        text += d.kind == FAULT_UNIFORM ? 2 : 1;
                        if (!take_time(&text, &d.b) || (d.kind == FAULT_UNIFORM && d.b < d.a))
                                return false;
                }
                if (*text)
                        return false;
        }
        *ret = d;
        return true;
}

/* Below the first point and above the last one a delay is that point's. */
static uint64_t by_percentile(const struct fault_delay *d, double percent) {
        size_t i = 0;
        double share;

        while (i < d->n_points && d->points[i].percent < percent)
                i++;
        if (i == 0)
                return d->points[0].ns;
        if (i == d->n_points)
                return d->points[i - 1].ns;
        share = (percent - d->points[i - 1].percent) / (d->points[i].percent - d->points[i - 1].percent);
        return d->points[i - 1].ns + (uint64_t)(share * (double)(d->points[i].ns - d->points[i - 1].ns));
}

uint64_t fault_delay_draw(const struct fault_delay *d, double chance, double chance2) {
        double ns;

        switch (d->kind) {
        case FAULT_UNIFORM:
                return d->a + (uint64_t)(chance * (double)(d->b - d->a));
        case FAULT_JITTER:
                return d->a + (uint64_t)(chance * (double)d->b);
        case FAULT_NORMAL: /* Box and Muller's */
                ns = (double)d->a + (double)d->b * sqrt(-2 * log(1 - chance)) * cos(6.283185307179586 * chance2);
                return ns <= 0 ? 0 : ns >= (double)MAX_NS ? MAX_NS : (uint64_t)ns;
        case FAULT_PERCENTILES:
                return by_percentile(d, chance * 100);
        default:
                return d->a;
        }
}
