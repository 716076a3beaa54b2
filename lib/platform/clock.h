/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_CLOCK_H
#define HCS_PLATFORM_CLOCK_H

/* The two clocks: monotonic for deadlines and durations, wall clock for what people read. */

#include <stdbool.h>
#include <stdint.h>

/* Of 64 bits, so that five seconds do not wrap. */
#define HCS_NS_PER_MS  UINT64_C(1000000)
#define HCS_NS_PER_S   UINT64_C(1000000000)
#define HCS_NS_PER_DAY (UINT64_C(86400) * HCS_NS_PER_S)

uint64_t hcs_clock_ns(void);
/* Nanoseconds since 1970-01-01 UTC. */
uint64_t hcs_wall_clock_ns(void);
/* Processor time that this process has had, of all its threads; some systems count it in ticks of 10 ms or more. */
uint64_t hcs_processor_ns(void);
/* RFC 3339, UTC, with nanoseconds trimmed of trailing zeros as Go's RFC3339Nano. buf holds 40 bytes; returns buf. */
char *hcs_wall_clock_format(uint64_t ns, char *buf);
/*
 * Nanoseconds since 1970 of an RFC 3339 time and its relatives: with slashes, a blank for the T, a comma before the
 * fraction, "+0200" behind a blank, no zone at all (then UTC is taken and ret_zoned is false). Returns the place behind
 * it, NULL when text does not begin with one of the years 1970 to 2261, which 63 bits hold; then nothing is set.
 */
const char *hcs_wall_clock_parse(const char *text, uint64_t *ret_ns, bool *ret_zoned);
/* Its parts, in the same manner. hh:mm:ss with a fraction: nanoseconds since midnight. */
const char *hcs_clock_time_parse(const char *text, uint64_t *ret_ns);
/* Z, +hh:mm, -hhmm, +hh: seconds east of UTC. */
const char *hcs_clock_zone_parse(const char *text, int *ret_seconds);
/* Days since 1970-01-01 of a date of our calendar, 1970 and later. */
uint64_t hcs_clock_days(int year, int month, int day);

#endif
