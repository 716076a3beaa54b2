/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_MACHINE_COM_PORT_H
#define MOCKHCS_MACHINE_COM_PORT_H

/*
 * COM port 0 of a machine: its serial console, behind a Unix socket on which one client at a time is served. Who comes
 * late reads the last 64 KiB; who reads slowly misses what does not fit. Two threads of its own; com_port_say() never
 * waits for a client.
 */

#include <stddef.h>

#include "base/mem.h"
#include "hcsshim/error.h"

struct com_port;

/* type: what a client typed, on a thread of the port. A socket that was left behind is replaced. */
HRESULT com_port_new(const char *path, void (*type)(void *ctx, const char *data, size_t n), void *ctx,
                     struct com_port **ret, struct hcs_error **err);
/* What the guest said. */
void com_port_say(struct com_port *c, const char *data, size_t n);
/* A client that reads gets what was said before. Nothing is typed any more when it returns, and what is said goes
 * nowhere. NULL is fine. */
void com_port_hang_up(struct com_port *c);
/* NULL is fine, returns NULL. */
struct com_port *com_port_free(struct com_port *c);
HCS_DEFINE_CLEANUP(struct com_port *, com_port_free)

#endif
