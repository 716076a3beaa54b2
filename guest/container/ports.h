/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_PORTS_H
#define GUEST_CONTAINER_PORTS_H

/* The ports on which a host waits for a process's streams. */

#include <stdbool.h>

#include "guest/base/transport.h"
#include "guest/container/relay.h"

struct guest_ports {
        bool has_in, has_out, has_err;
        uint32_t in, out, err;
};

/* Room for 1 MiB on the way from the host, of a connection by vsock; others are left as they are. */
void guest_ports_widen(int fd);

/* Dials stdin, stdout and stderr in this order, as hosts accept them in it. Blocking. All or none. */
HRESULT guest_ports_dial(const struct guest_ports *p, const struct guest_transport *t, struct guest_streams *ret,
                         struct hcs_error **err);

/* A pipe for each stream that is wanted: ours and the process's ends, close-on-exec. */
HRESULT guest_ports_pipes(bool in, bool out, bool err_stream, struct guest_streams *ret_ours,
                          struct guest_streams *ret_theirs, struct hcs_error **err);

#endif
