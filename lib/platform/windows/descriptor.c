/* SPDX-License-Identifier: MIT */

/* The C library keeps the HANDLE behind a descriptor. */

#include "platform/descriptor.h"

HANDLE hcs_handle_of_descriptor(int fd) {
        return (HANDLE)_get_osfhandle(fd);
}
