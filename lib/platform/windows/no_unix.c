/* SPDX-License-Identifier: MIT */

/* What of Linux' sockets Windows does not get. */

#include "platform/stream.h"

static HRESULT refuse(struct hcs_error **err) {
        return hcs_error_make(err, HCS_WIN32(10047), "Unix sockets and vsock are of Linux");
}

HRESULT hcs_stream_connect_unix(const char *path, const struct hcs_bound *b, struct hcs_stream **ret,
                                struct hcs_error **err) {
        return refuse(err);
}

HRESULT hcs_stream_connect_vsock(uint32_t cid, uint32_t port, const struct hcs_bound *b, struct hcs_stream **ret,
                                 struct hcs_error **err) {
        return refuse(err);
}

HRESULT hcs_listener_unix(const char *path, struct hcs_listener **ret, struct hcs_error **err) {
        return refuse(err);
}

HRESULT hcs_listener_vsock(uint32_t cid, uint32_t port, struct hcs_listener **ret, struct hcs_error **err) {
        return refuse(err);
}

HRESULT hcs_listener_handed_over(struct hcs_listener **ret, struct hcs_error **err) {
        return S_FALSE;
}
