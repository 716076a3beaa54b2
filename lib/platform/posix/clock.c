/* SPDX-License-Identifier: MIT */

/* The clocks of platform/clock.h over clock_gettime. */

#include "platform/clock.h"

#include <time.h>

static uint64_t now(clockid_t id) {
        struct timespec ts;

        clock_gettime(id, &ts);
        return (uint64_t)ts.tv_sec * HCS_NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t hcs_clock_ns(void) {
        return now(CLOCK_MONOTONIC);
}

uint64_t hcs_wall_clock_ns(void) {
        return now(CLOCK_REALTIME);
}

uint64_t hcs_processor_ns(void) {
        return now(CLOCK_PROCESS_CPUTIME_ID);
}
