/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_CLOCK_H
#define HCS_PLATFORM_CLOCK_H

/* The two clocks: monotonic for deadlines and durations, wall clock for what people read. */

#include <stdint.h>

#define HCS_NS_PER_MS 1000000u
#define HCS_NS_PER_S  1000000000u

uint64_t hcs_clock_ns(void);
/* Nanoseconds since 1970-01-01 UTC. */
uint64_t hcs_wall_clock_ns(void);
/* RFC 3339, UTC, with nanoseconds trimmed of trailing zeros as Go's RFC3339Nano. buf holds 40 bytes; returns buf. */
char *hcs_wall_clock_format(uint64_t ns, char *buf);

#endif
