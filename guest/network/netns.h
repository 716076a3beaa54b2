/* SPDX-License-Identifier: MIT */
#ifndef GUEST_NETWORK_NETNS_H
#define GUEST_NETWORK_NETNS_H

/* Work in another network namespace. Any thread; blocking. */

#include <sys/types.h>

#include "hcsshim/error.h"

/*
 * Runs fn in the network namespace of a process, on a thread of its own that ends with it: so there is nothing to go
 * back to, and nothing that could fail to. A process that is gone is HCS_WIN32(ERROR_FILE_NOT_FOUND).
 */
HRESULT guest_netns_run(pid_t pid, HRESULT (*fn)(void *ctx, struct hcs_error **err), void *ctx, struct hcs_error **err);

#endif
