/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_INJECTION_H
#define HCS_PLATFORM_INJECTION_H

/*
 * A library of ours in a program that knows nothing of it, there before the program's own code runs; Windows only.
 *
 * The program is started suspended. A thread is made in it that loads the library, which is also what initialises the
 * process and loads what the program is linked with; when that has returned the program goes on. So only 64-bit
 * programs can be had (`hcs_injection_spawn' says which are not), no protected ones, and what the program's own
 * libraries do while they are loaded for the first time has happened before.
 */

#include <stdbool.h>

#include "platform/process.h"

bool hcs_injection_possible(void);
/*
 * Starts argv (as hcs_child_spawn) with the library at that full path in it, which finds `text' by
 * hcs_injection_text(). ^C is the program's from then on: this process only waits. A program that ends while it is
 * initialised (it lacks a DLL) is a child that has ended. HCS_WIN32(ERROR_EXE_MACHINE_TYPE_MISMATCH) for a 32-bit one.
 */
HRESULT hcs_injection_spawn(char *const *argv, const char *library, const char *text, struct hcs_child **ret,
                            struct hcs_error **err);

/* In the library, while it is loaded: what it was given. NULL when nobody injected it. Caller frees. */
char *hcs_injection_text(void);
/* From now on the library, with the same text, is in every child of this process as well. One that cannot have it runs
 * without, and that is said in the log. */
HRESULT hcs_injection_follow_children(struct hcs_error **err);

#endif
