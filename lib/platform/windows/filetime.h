/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_FILETIME_H
#define HCS_PLATFORM_WINDOWS_FILETIME_H

/* Windows' times and durations as numbers: units of 100 ns, times since 1601. */

#include <windows.h>

#include <stdint.h>

static inline uint64_t filetime_100ns(FILETIME t) {
        return (uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime;
}

/* Of a time: ns since 1970. */
static inline uint64_t filetime_wall_ns(FILETIME t) {
        return (filetime_100ns(t) - 116444736000000000u) * 100;
}

/* Of seconds since 1970. */
static inline FILETIME filetime_of_wall(int64_t seconds) {
        uint64_t n = (uint64_t)(seconds * 10000000 + 116444736000000000);

        return (FILETIME){.dwLowDateTime = (DWORD)n, .dwHighDateTime = (DWORD)(n >> 32)};
}

#endif
