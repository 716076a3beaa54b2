/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_THREAD_TYPES_H
#define HCS_PLATFORM_WINDOWS_THREAD_TYPES_H

/* The Windows bodies of the types of platform/thread.h. */

#include <windows.h>

struct hcs_mutex {
        SRWLOCK m;
};
struct hcs_cond {
        CONDITION_VARIABLE c;
};
struct hcs_thread {
        HANDLE t;
        void (*fn)(void *arg);
        void *arg;
};
struct hcs_once {
        INIT_ONCE o;
};
#define HCS_ONCE_INIT \
        { INIT_ONCE_STATIC_INIT }
#define HCS_MUTEX_INIT \
        { SRWLOCK_INIT }

#endif
