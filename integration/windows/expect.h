/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_WINDOWS_EXPECT_H
#define INTEGRATION_WINDOWS_EXPECT_H

/*
 * What programs that test the DLLs from outside have in common: exports found by name in System32's DLLs, and counted
 * expectations, of which only those that are not met say something. A program includes HCS_ABI_IMPLEMENTATION's
 * headers first, so that results are whole registers.
 */

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <windows.h>

static atomic_uint wrong;

static inline void expect(const char *what, uint64_t got, uint64_t wanted) {
        if (got == wanted)
                return;
        atomic_fetch_add(&wrong, 1);
        printf("FAILED: %s: %llx instead of %llx\n", what, (unsigned long long)got, (unsigned long long)wanted);
}

static inline void await(const char *what, HANDLE event) {
        expect(what, WaitForSingleObject(event, 60000), WAIT_OBJECT_0);
}

#define FIND_IN(api, library, name) *(void **)&api.name = (void *)(uintptr_t)GetProcAddress(library, #name);

/* Runs one part of a program and says how it went. */
#define RUN(call)                                                                           \
        do {                                                                                \
                unsigned before = atomic_load(&wrong);                                      \
                call;                                                                       \
                printf("%s: %s\n", atomic_load(&wrong) == before ? "ok" : "FAILED", #call); \
        } while (0)

#endif
