/* SPDX-License-Identifier: MIT */

/* The clocks of platform/clock.h over the performance counter and the system time. */

#include "platform/clock.h"

#include "platform/windows/filetime.h"

#define USUAL_FREQUENCY UINT64_C(10000000) /* of every Windows since 10, and of Wine */

uint64_t hcs_clock_ns(void) {
        LARGE_INTEGER count, frequency;
        uint64_t c, f;

        QueryPerformanceCounter(&count);
        QueryPerformanceFrequency(&frequency);
        c = (uint64_t)count.QuadPart;
        f = (uint64_t)frequency.QuadPart;
        if (f == USUAL_FREQUENCY)
                return c * (HCS_NS_PER_S / USUAL_FREQUENCY);
        return c / f * HCS_NS_PER_S + c % f * HCS_NS_PER_S / f;
}

uint64_t hcs_wall_clock_ns(void) {
        FILETIME t;

        GetSystemTimePreciseAsFileTime(&t);
        return filetime_wall_ns(t);
}

static uint64_t ticks(FILETIME t) {
        return (uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime;
}

uint64_t hcs_processor_ns(void) {
        FILETIME began, ended, kernel = {0}, user = {0};

        GetProcessTimes(GetCurrentProcess(), &began, &ended, &kernel, &user);
        return (ticks(kernel) + ticks(user)) * 100;
}
