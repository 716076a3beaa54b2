/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_DYNLIB_H
#define HCS_PLATFORM_DYNLIB_H

/*
 * Shared libraries loaded at run time. Symbols stay local to the library (vmcompute and computecore export the same
 * names with other signatures). On Windows a bare name is searched in System32 only, as hcsshim does; a path is loaded
 * from where it points. On Linux a bare name goes through the loader's usual search.
 */

#include "hcsshim/error.h"

struct hcs_dynlib;

/* HCS_WIN32(126) ERROR_MOD_NOT_FOUND with the loader's own words. */
HRESULT hcs_dynlib_open(const char *name, struct hcs_dynlib **ret, struct hcs_error **err);
/* NULL when the library lacks the symbol. */
void *hcs_dynlib_symbol(struct hcs_dynlib *lib, const char *symbol);
struct hcs_dynlib *hcs_dynlib_close(struct hcs_dynlib *lib);
/* The library that this code is linked into stays in the process from now on, whoever lets go of it: threads of its own
 * run in it. Nothing for a program. */
void hcs_dynlib_stay(void);
/* "lib" + base + ".so" or base + ".dll"; caller frees. */
char *hcs_dynlib_file_name(const char *base);

#endif
