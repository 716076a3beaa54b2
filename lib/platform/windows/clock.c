/* SPDX-License-Identifier: MIT */

/* The clocks of platform/clock.h over the performance counter and the system time. */

#include "platform/clock.h"

#include <windows.h>

#define FILETIME_OF_1970 116444736000000000u /* in units of 100 ns since 1601 */

uint64_t hcs_clock_ns(void) {
        LARGE_INTEGER count, frequency;
        uint64_t c, f;

        QueryPerformanceCounter(&count);
        QueryPerformanceFrequency(&frequency);
        c = (uint64_t)count.QuadPart;
        f = (uint64_t)frequency.QuadPart;
        return c / f * HCS_NS_PER_S + c % f * HCS_NS_PER_S / f;
}

uint64_t hcs_wall_clock_ns(void) {
        FILETIME t;

        GetSystemTimePreciseAsFileTime(&t);
        return (((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime) - FILETIME_OF_1970) * 100;
}
