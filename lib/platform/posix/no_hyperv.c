/* SPDX-License-Identifier: MIT */

/* What Linux has no sockets for. */

#include "platform/stream.h"

static HRESULT refuse(struct hcs_error **err) {
        return hcs_error_make(err, HCS_WIN32(10047), "Hyper-V sockets are of Windows");
}

HRESULT hcs_stream_connect_hyperv(const GUID *vm, const GUID *service, const struct hcs_bound *b,
                                  struct hcs_stream **ret, struct hcs_error **err) {
        return refuse(err);
}

HRESULT hcs_listener_hyperv(const GUID *vm, const GUID *service, struct hcs_listener **ret, struct hcs_error **err) {
        return refuse(err);
}
