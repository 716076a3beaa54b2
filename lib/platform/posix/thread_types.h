/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_POSIX_THREAD_TYPES_H
#define HCS_PLATFORM_POSIX_THREAD_TYPES_H

/* The POSIX bodies of the types of platform/thread.h. */

#include <pthread.h>

struct hcs_mutex {
        pthread_mutex_t m;
};
struct hcs_cond {
        pthread_cond_t c;
};
struct hcs_thread {
        pthread_t t;
        void (*fn)(void *arg);
        void *arg;
};
struct hcs_once {
        pthread_once_t o;
};
#define HCS_ONCE_INIT \
        { PTHREAD_ONCE_INIT }
#define HCS_MUTEX_INIT \
        { PTHREAD_MUTEX_INITIALIZER }

#endif
