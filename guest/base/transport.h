/* SPDX-License-Identifier: MIT */
#ifndef GUEST_BASE_TRANSPORT_H
#define GUEST_BASE_TRANSPORT_H

/*
 * How the agent reaches its host: a stream to a numbered port. "vsock" is the real thing (CID 2); "unix:PATH" dials the
 * socket PATH_<port> instead, the convention of Firecracker's and QEMU's vsock back ends, so that an agent without a VM
 * can be tested with all its streams. "null" is for processes whose policy denies them streams: reads end at once,
 * writes vanish. Constant after start, any thread.
 */

#include "hcsshim/error.h"

struct guest_transport;

/* E_INVALIDARG for another text. */
HRESULT guest_transport_new(const char *text, struct guest_transport **ret, struct hcs_error **err);
struct guest_transport *guest_transport_free(struct guest_transport *t);

/*
 * A connected, blocking descriptor, close-on-exec. A vsock connection that times out is tried ten times, as in the
 * original; a port nobody listens on fails at once.
 */
HRESULT guest_transport_dial(const struct guest_transport *t, uint32_t port, int *ret_fd, struct hcs_error **err);

#endif
