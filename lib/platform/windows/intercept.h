/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_INTERCEPT_H
#define HCS_PLATFORM_WINDOWS_INTERCEPT_H

/*
 * Functions of DLLs, redirected to ours in this process, whoever loads the DLL and in whatever way, now or later. What
 * a DLL exports is changed in the table that the loader itself looks things up in, so GetProcAddress(), by name and by
 * number, and whatever is linked later find ours; the tables of addresses of what was linked before are changed one by
 * one. No code of anybody is changed. The loader tells of every DLL that it loads (LdrRegisterDllNotification).
 *
 * Not reached: an address that somebody asked for before, calls within one DLL, and, unless they are wanted, calls that
 * the redirected DLLs make of each other, which belong to the call that their client made.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/error.h"

#define INTERCEPT_MAX_ARGS 14

struct intercepted {
        const char *module; /* without ".dll", in any folder */
        const char *function;
        unsigned n_args; /* integers and pointers, as many as INTERCEPT_MAX_ARGS */
        void *cookie;
};

struct interceptor {
        const struct intercepted *list; /* lives as long as the process, as the interceptor does */
        size_t n;
        bool inside; /* calls that these DLLs make of each other are wanted as well */
        /* In place of the function; what it returns, it returns. */
        uint64_t (*call)(void *cookie, const uint64_t *args, void *real);
        /* A function was redirected; the loader's lock is held. May be NULL. */
        void (*found)(void *cookie, void *real);
};

/* From DllMain(), or while nobody loads anything. When it fails, nothing is redirected. */
HRESULT intercept_begin(const struct interceptor *by, struct hcs_error **err);
/* A call of the real function. */
uint64_t intercept_through(void *real, const uint64_t *args, unsigned n);

#endif
