/* SPDX-License-Identifier: MIT */

/* Private services of platform/stream.h as Windows has them. */

#include "platform/loopback.h"

HRESULT hcs_stream_connect_private(const char *name, const struct hcs_bound *b, struct hcs_stream **ret,
                                   struct hcs_error **err) {
        return hcs_loopback_connect(name, HCS_PRIVATE_PURPOSE, b, ret, err);
}

/* No file, or a file of one that has ended without removing it. */
bool hcs_stream_is_absent(HRESULT hr) {
        return hr == HCS_WIN32(2) || hr == HCS_WIN32(3) || hr == HCS_WIN32(10061);
}
