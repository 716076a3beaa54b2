/* SPDX-License-Identifier: MIT */

/*
 * From the clocks of a log to one time. Loggers write times with a zone, local times, days without a year, hours
 * without a day, seconds since their start; what is missing comes from the options of the log, or from what it said
 * before. Owned by the source of the log.
 */

#include "platform/clock.h"
#include "cmd/hcstrace/import/inside.h"

#define HALF_A_DAY  (HCS_NS_PER_DAY / 2)
#define HALF_A_YEAR (183 * HCS_NS_PER_DAY)

/* Hours without a day: those that fall back by more than half a day are of the next one. */
static uint64_t on_a_day(struct import_clock *c, uint64_t since_midnight) {
        uint64_t day = c->last_local ? c->last_local - c->last_local % HCS_NS_PER_DAY : c->day_ns;
        uint64_t t = day + since_midnight;

        return c->last_local && t + HALF_A_DAY < c->last_local ? t + HCS_NS_PER_DAY : t;
}

/* The table of days is that of a leap year, so that every date has a place: see import_yearless(). */
static uint64_t of_year(int year, uint64_t since_new_year) {
        return hcs_clock_days(year, 1 + (int)(since_new_year / HCS_NS_PER_DAY / 32),
                              1 + (int)(since_new_year / HCS_NS_PER_DAY % 32)) *
                       HCS_NS_PER_DAY +
               since_new_year % HCS_NS_PER_DAY;
}

/* Those that fall back by more than half a year are of the next one. */
static uint64_t in_a_year(const struct import_clock *c, uint64_t since_new_year) {
        uint64_t anchor = c->last_local ? c->last_local : c->day_ns, days = anchor / HCS_NS_PER_DAY, t;
        int year = (int)(1970 + days * 400 / 146097);

        while (hcs_clock_days(year + 1, 1, 1) <= days)
                year++;
        while (year > 1970 && hcs_clock_days(year, 1, 1) > days)
                year--;
        t = of_year(year, since_new_year);
        return c->last_local && t + HALF_A_YEAR < c->last_local ? of_year(year + 1, since_new_year) : t;
}

uint64_t import_yearless(int month, int day, uint64_t since_midnight) {
        return ((uint64_t)(month - 1) * 32 + (uint64_t)(day - 1)) * HCS_NS_PER_DAY + since_midnight;
}

uint64_t import_clock_resolve(struct import_clock *c, struct import_time t) {
        int64_t east = (int64_t)c->zone_seconds * (int64_t)HCS_NS_PER_S, utc;
        uint64_t local = t.ns;

        switch (t.kind) {
        case IMPORT_TIME_NONE:
                return c->last;
        case IMPORT_TIME_OF_DAY:
                local = on_a_day(c, t.ns);
                break;
        case IMPORT_TIME_YEARLESS:
                local = in_a_year(c, t.ns);
                break;
        case IMPORT_TIME_SINCE_START:
                local = c->day_ns + t.ns;
                break;
        case IMPORT_TIME_LOCAL:
                break;
        case IMPORT_TIME_UTC:
                east = 0;
                break;
        }
        c->last_local =
                local + (t.kind == IMPORT_TIME_UTC ? (uint64_t)((int64_t)c->zone_seconds * (int64_t)HCS_NS_PER_S) : 0);
        c->dated |= t.kind >= IMPORT_TIME_LOCAL;
        utc = (int64_t)local - east + c->offset_ns;
        c->last = utc > 0 ? (uint64_t)utc : 1;
        return c->last;
}
