/* SPDX-License-Identifier: MIT */

/*
 * The end of the process of platform/process_end.h. exit() of the program's C library comes first, when that is the one
 * that we use too; ExitProcess(), which ends all other threads and then tells every DLL, comes always.
 */

#include "platform/process_end.h"

#include <stdlib.h>

#include "base/mem.h"

static void *volatile at_end;

static int run(void) {
        void *fn = InterlockedExchangePointer(&at_end, NULL);

        if (fn)
                ((void (*)(void))(uintptr_t)fn)();
        return 0;
}

static void run_as_module(void) {
        run();
}

void hcs_process_at_end(void (*fn)(void)) {
        HMODULE library = GetModuleHandleW(L"msvcrt.dll");
        void *add = library ? (void *)(uintptr_t)GetProcAddress(library, "_onexit") : NULL;

        at_end = (void *)(uintptr_t)fn;
        atexit(run_as_module); /* of a DLL: when that is told of the end */
        if (add)
                ((_onexit_t(*)(_onexit_t))(uintptr_t)add)(run);
}

bool hcs_process_has_ended(void) {
        static void *volatile in_progress;

        if (!in_progress)
                in_progress =
                        (void *)(uintptr_t)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlDllShutdownInProgress");
        return in_progress && ((BOOLEAN(WINAPI *)(void))(uintptr_t)in_progress)();
}
