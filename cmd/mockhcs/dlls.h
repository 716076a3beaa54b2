/* SPDX-License-Identifier: MIT */
#ifndef CMD_MOCKHCS_DLLS_H
#define CMD_MOCKHCS_DLLS_H

/* Our DLLs as files: where they come from, where they go, and whose the files are that have their names there. */

#include <stdbool.h>
#include <stddef.h>

#include "hcsshim/error.h"

/* mockhcs.dll first; the last one is NULL. Those behind it are the system's names. */
extern const char *const dll_names[];

enum dll_owner { DLL_ABSENT, DLL_OURS, DLL_OTHERS };

/* Where DLLs go, as the command line said it. */
struct dll_place {
        const char *prefix; /* a Wine prefix: its System32 */
        const char *beside; /* the folder of a program, or itself */
        bool system;        /* System32 of this Windows */
};
/* The folder. Caller frees. E_INVALIDARG: not exactly one of them; HCS_WIN32(3): it is no such place. */
HRESULT dll_place_folder(const struct dll_place *place, char **ret, struct hcs_error **err);
/* Where they come from: `from`, else where this program is. HCS_WIN32(2): mockhcs.dll is not there. */
HRESULT dll_source_folder(const char *from, char **ret, struct hcs_error **err);

enum dll_owner dll_owner_of(const char *path);
/*
 * What others own is only replaced when `replace` says so, and then kept beside it; one that was kept before and is
 * another gets a number behind its name: ".1", ".2". Nothing is copied when one is refused (E_ACCESSDENIED, which names
 * it) or not all of ours are in the source (HCS_WIN32(2)). Each file is there as a whole or not at all; who is
 * interrupted may install or uninstall again.
 */
HRESULT dlls_install(const char *from, const char *to, bool replace, struct hcs_error **err);
/* Removes ours, and puts back what was kept last; what has a number stays. *ret_n: how many files are others now. */
HRESULT dlls_uninstall(const char *folder, unsigned *ret_n, struct hcs_error **err);

#define DLL_KEPT ".before-mockhcs" /* the end of a kept file's name */

#endif
