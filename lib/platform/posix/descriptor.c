/* SPDX-License-Identifier: MIT */

/* A HANDLE is the descriptor itself. */

#include "platform/descriptor.h"

HANDLE hcs_handle_of_descriptor(int fd) {
        return hcs_abi_handle_from_fd(fd);
}
