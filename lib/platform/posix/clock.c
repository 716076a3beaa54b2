/* SPDX-License-Identifier: MIT */

/* The clocks of platform/clock.h over clock_gettime. */

#include "platform/clock.h"

#include <stdio.h>
#include <string.h>
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
