/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_DESCRIPTOR_H
#define HCS_PLATFORM_DESCRIPTOR_H

/* Descriptors of the C library as HANDLEs of the ABI. */

#include "hcsshim/abi/types.h"

/* Belongs to whoever owns the descriptor. */
HANDLE hcs_handle_of_descriptor(int fd);

#endif
