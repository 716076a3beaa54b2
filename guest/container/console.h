/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_CONSOLE_H
#define GUEST_CONTAINER_CONSOLE_H

/* Terminals: opened here for a process of the VM, or received from an OCI runtime over its console socket. Blocking
 * calls for the threads of the pool. */

#include "hcsshim/error.h"

/* A new terminal, unlocked and owned by root. ret_path: of the other side; caller frees. */
HRESULT guest_console_open(int *ret_master, char **ret_path, struct hcs_error **err);

/* A listening socket at path, to be given to the runtime. */
HRESULT guest_console_listen(const char *path, int *ret_fd, struct hcs_error **err);
/* The one descriptor that the runtime sends. HCS_WIN32(ERROR_TIMEOUT) when none comes within timeout_ms. */
HRESULT guest_console_receive(int listener, int timeout_ms, int *ret_master, struct hcs_error **err);

#endif
