/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_GUEST_HOST_PRIVATE_H
#define INTEGRATION_GUEST_HOST_PRIVATE_H

/* What the files of the host share, and cases that are hosts of another kind. */

#include "integration/guest/host.h"

int host_listen(struct host *h, uint32_t port);
void host_unlink(struct host *h, uint32_t port);
/* Connects to a port of ours, without waiting: -1 when its queue is full. */
int host_knock(struct host *h, uint32_t port);
int host_accept_on(struct host *h, int listener, const char *what);
void host_await(struct host *h, int fd, short events, const char *what);

#endif
