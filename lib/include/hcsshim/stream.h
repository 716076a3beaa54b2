/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_STREAM_H
#define HCSSHIM_STREAM_H

/*
 * A connected two-way byte stream: a Unix socket, a vsock, or one end of a pair. One thread may read while another
 * writes. hcs_stream_shutdown() may be called by any thread at any time and ends what others wait for;
 * hcs_stream_close() frees and needs that nobody uses the stream any more.
 *
 * Errors: what the system says, HCS_WIN32(109) ERROR_BROKEN_PIPE for a write to an end that is gone, HCS_WIN32(230)
 * ERROR_BAD_PIPE for one to a named pipe of Windows after one that was given up in its middle, and those of
 * hcsshim/call.h. Calls wait for ever by default.
 */

#include <stddef.h>

#include "hcsshim/call.h"
#include "hcsshim/error.h"

#pragma GCC visibility push(default)

struct hcs_stream;

/* S_OK with *ret_n > 0, as soon as something is there; S_FALSE at the end of the stream. */
HRESULT hcs_stream_read(struct hcs_stream *s, void *buf, size_t size, const struct hcs_call *call, size_t *ret_n,
                        struct hcs_error **err);
/* All of it. */
HRESULT hcs_stream_write(struct hcs_stream *s, const void *data, size_t n, const struct hcs_call *call,
                         struct hcs_error **err);
/* The other side reads the end of the stream; reading goes on. */
void hcs_stream_close_write(struct hcs_stream *s);
/* Ends both directions; the object stays. */
void hcs_stream_shutdown(struct hcs_stream *s);
/* NULL is fine, returns NULL. */
struct hcs_stream *hcs_stream_close(struct hcs_stream *s);
static inline void hcs_stream_closep(struct hcs_stream **s) {
        hcs_stream_close(*s);
}

#pragma GCC visibility pop

#endif
