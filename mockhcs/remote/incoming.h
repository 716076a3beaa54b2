/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REMOTE_INCOMING_H
#define MOCKHCS_REMOTE_INCOMING_H

#include "mockhcs/remote/remote.h"

/* What a service sends, taken apart and handed to whom it concerns. On the thread that reads the connection. A failure
 * means that the stream makes no sense any more. */
HRESULT remote_incoming(struct remote_connection *c, struct mock_slice frame, struct hcs_error **err);
/* flow.c: output that was handed up; input that the service took; the end, after which nothing is held. */
void remote_flow_received(struct remote_connection *c, const struct mock_stdio *chunk);
HRESULT remote_flow_taken(struct remote_connection *c, struct mock_handle *process, const struct mock_wire_took *took,
                          struct hcs_error **err);
/* connection.c: where the handle is in its list, or would be; with the lock held. */
struct remote_handle **remote_handle_slot(struct remote_connection *c, const struct mock_handle *h);
/* The stream is at its end: everybody is told. */
void remote_incoming_end(struct remote_connection *c);

#endif
