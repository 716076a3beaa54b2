/* SPDX-License-Identifier: MIT */

/* The base64 of a line, for stdio that is not UTF-8. Pure functions. */

#include "base/base64.h"

#include <string.h>

#include "mockhcs/trace/line.h"

bool mock_base64_decode(struct mock_slice raw, struct hcs_buf *out) {
        _cleanup_buf_ struct hcs_buf plain = {0};

        /* An escaped slash is legal JSON. */
        if (memchr(raw.p, '\\', raw.n)) {
                mock_scan_unescape(raw, &plain);
                raw = (struct mock_slice){hcs_buf_cstr(&plain), plain.len};
        }
        return hcs_base64_decode(raw.p, raw.n, out);
}
