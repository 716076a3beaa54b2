/* SPDX-License-Identifier: MIT */

/* Reading and writing for calls of the public headers: their time becomes a bound. */

#include "platform/stream.h"

HRESULT hcs_stream_read(struct hcs_stream *s, void *buf, size_t size, const struct hcs_call *call, size_t *ret_n,
                        struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);

        return hcs_stream_read_bound(s, buf, size, &b, ret_n, err);
}

HRESULT hcs_stream_write(struct hcs_stream *s, const void *data, size_t n, const struct hcs_call *call,
                         struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        size_t written;

        return hcs_stream_write_bound(s, data, n, &b, &written, err);
}
