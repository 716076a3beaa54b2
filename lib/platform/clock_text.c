/* SPDX-License-Identifier: MIT */

/* Times as people and logs write them. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "platform/clock.h"

char *hcs_wall_clock_format(uint64_t ns, char *buf) {
        time_t seconds = (time_t)(ns / HCS_NS_PER_S);
        size_t n;
        struct tm tm;

        gmtime_r(&seconds, &tm);
        n = strftime(buf, 40, "%Y-%m-%dT%H:%M:%S", &tm);
        if (ns % HCS_NS_PER_S) {
                n += (size_t)snprintf(buf + n, 40 - n, ".%09u", (unsigned)(ns % HCS_NS_PER_S));
                while (buf[n - 1] == '0')
                        n--;
        }
        strcpy(buf + n, "Z");
        return buf;
}

/* The number that n digits at p make; -1 when there are fewer. */
static int digits(const char *p, int n) {
        int v = 0;

        for (int i = 0; i < n; i++) {
                if (p[i] < '0' || p[i] > '9')
                        return -1;
                v = v * 10 + (p[i] - '0');
        }
        return v;
}

const char *hcs_clock_time_parse(const char *p, uint64_t *ret_ns) {
        int h = digits(p, 2), m, s;
        uint64_t scale = HCS_NS_PER_S / 10;

        if (h < 0 || h > 23 || p[2] != ':' || (m = digits(p + 3, 2)) < 0 || m > 59 || p[5] != ':' ||
            (s = digits(p + 6, 2)) < 0 || s > 60)
                return NULL;
        *ret_ns = (uint64_t)(h * 3600 + m * 60 + s) * HCS_NS_PER_S;
        p += 8;
        if ((*p == '.' || *p == ',') && p[1] >= '0' && p[1] <= '9')
                for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
                        *ret_ns += (uint64_t)(*p - '0') * scale;
        return p;
}

const char *hcs_clock_zone_parse(const char *p, int *ret_seconds) {
        int h, m, sign = *p == '-' ? -1 : 1;

        if (*p == 'Z') {
                *ret_seconds = 0;
                return p + 1;
        }
        if ((*p != '+' && *p != '-') || (h = digits(p + 1, 2)) < 0 || h > 23)
                return NULL;
        p += 3;
        m = digits(p + (*p == ':'), 2);
        *ret_seconds = sign * (h * 3600 + (m > 0 ? m * 60 : 0));
        return m < 0 ? p : p + 2 + (*p == ':');
}

uint64_t hcs_clock_days(int year, int month, int day) {
        /* Years that begin in March, so that the day that comes and goes is the last of a year. */
        unsigned y = (unsigned)year - (month < 3), m = (unsigned)(month + 9) % 12;

        return 365u * (uint64_t)y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + (unsigned)day - 1 - 719468;
}

const char *hcs_wall_clock_parse(const char *text, uint64_t *ret_ns, bool *ret_zoned) {
        int year = digits(text, 4), month, day, zone = 0;
        const char *p, *behind;
        uint64_t ns;

        if (year < 1970 || year > 2261 || (text[4] != '-' && text[4] != '/') || (month = digits(text + 5, 2)) < 1 ||
            month > 12 || text[7] != text[4] || (day = digits(text + 8, 2)) < 1 || day > 31 ||
            (text[10] != 'T' && text[10] != ' '))
                return NULL;
        p = hcs_clock_time_parse(text + 11, &ns);
        if (!p)
                return NULL;
        behind = hcs_clock_zone_parse(p + (p[0] == ' ' && (p[1] == '+' || p[1] == '-')), &zone);
        ns += hcs_clock_days(year, month, day) * HCS_NS_PER_DAY;
        if (zone > 0 && ns < (uint64_t)zone * HCS_NS_PER_S)
                return NULL;
        *ret_ns = ns - (uint64_t)((int64_t)zone * (int64_t)HCS_NS_PER_S);
        *ret_zoned = behind != NULL;
        return behind ? behind : p;
}
