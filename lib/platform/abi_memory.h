/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_ABI_MEMORY_H
#define HCS_PLATFORM_ABI_MEMORY_H

/*
 * Memory that crosses the platform ABI: strings the platform returns and its caller frees. One heap behind
 * CoTaskMemFree and LocalFree on Windows (the process heap), malloc on Linux.
 */

#include <stddef.h>

/* Uninitialised; NULL when out of memory. */
void *hcs_abi_alloc(size_t size);
/* Makes memory of malloc(), which it takes, memory of the ABI. NULL stays NULL. */
void *hcs_abi_adopt(void *p, size_t size);
/* NULL is fine. */
void hcs_abi_free(void *p);

#endif
