/* SPDX-License-Identifier: MIT */
#ifndef GUEST_INIT_VSOCK_H
#define GUEST_INIT_VSOCK_H

/* A connection to a port of the host, for programs that stand on nothing but the C library. */

/* Returns the socket, or -1 with errno. */
int vsock_connect(unsigned port);

#endif
