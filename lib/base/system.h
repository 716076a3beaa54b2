/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_SYSTEM_H
#define HCS_BASE_SYSTEM_H

/* The little that this room needs of the operating system: declared here, written in lib/platform's folder of each
 * system, and part of this library. Any thread. */

#include <stddef.h>

#include "hcsshim/hresult.h"

/* Random bytes, fit for keys. */
HRESULT hcs_entropy(void *buf, size_t n);
/* What the C library says of an errno; buf may be used or not. */
const char *hcs_errno_text(int errnum, char *buf, size_t size);

#endif
