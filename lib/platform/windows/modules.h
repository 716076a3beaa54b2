/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_MODULES_H
#define HCS_PLATFORM_WINDOWS_MODULES_H

/* The modules of this process, as they are and as they come and go. */

#include <stdbool.h>
#include <stddef.h>

#include "hcsshim/error.h"

/* name: the file's name without its folder, n characters. base: where it is mapped. */
typedef void (*modules_fn)(const wchar_t *name, size_t n, void *base);

/* Those that are loaded; with the loader's lock, or while nobody loads anything. */
void modules_each(modules_fn fn);
/* Every one from now on: `loaded' runs before any code of the module, with what it is linked with loaded and bound.
 * Both run with the loader's lock held. */
HRESULT modules_watch(modules_fn loaded, modules_fn unloaded, struct hcs_error **err);
/* "vmcompute" for "VmCompute.dll". */
bool modules_is(const char *module, const wchar_t *name, size_t n);

#endif
