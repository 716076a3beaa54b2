/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_RANDOM_H
#define HCS_PLATFORM_RANDOM_H

/* Random bytes from the operating system, fit for keys. */

#include <stddef.h>

#include "hcsshim/error.h"

HRESULT hcs_random(void *buf, size_t n, struct hcs_error **err);

#endif
