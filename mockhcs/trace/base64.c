/* SPDX-License-Identifier: MIT */

/* Base64 (RFC 4648, padded) for stdio that is not UTF-8. Pure functions. */

#include <string.h>

#include "mockhcs/trace/line.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void mock_base64_encode(const void *data, size_t n, struct hcs_buf *out) {
        const unsigned char *p = data;

        hcs_buf_reserve(out, (n + 2) / 3 * 4);
        for (; n; p += 3) {
                size_t k = n < 3 ? n : 3;
                uint32_t v = (uint32_t)p[0] << 16 | (k > 1 ? (uint32_t)p[1] << 8 : 0) | (k > 2 ? p[2] : 0);
                char quad[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63], k > 1 ? alphabet[v >> 6 & 63] : '=',
                                k > 2 ? alphabet[v & 63] : '='};

                hcs_buf_append(out, quad, 4);
                n -= k;
        }
}

static int digit(char c) {
        const char *at = c ? strchr(alphabet, c) : NULL;

        return at ? (int)(at - alphabet) : -1;
}

bool mock_base64_decode(struct mock_slice raw, struct hcs_buf *out) {
        _cleanup_buf_ struct hcs_buf plain = {0};

        /* An escaped slash is legal JSON. */
        if (memchr(raw.p, '\\', raw.n)) {
                mock_scan_unescape(raw, &plain);
                raw = (struct mock_slice){hcs_buf_cstr(&plain), plain.len};
        }
        if (raw.n % 4)
                return false;
        for (size_t i = 0; i < raw.n; i += 4) {
                const char *q = raw.p + i;
                int pad = q[3] == '=' ? q[2] == '=' ? 2 : 1 : 0;
                int d[4] = {digit(q[0]), digit(q[1]), pad == 2 ? 0 : digit(q[2]), pad ? 0 : digit(q[3])};
                uint32_t v;

                if (d[0] < 0 || d[1] < 0 || d[2] < 0 || d[3] < 0 || (pad && i + 4 != raw.n))
                        return false;
                v = (uint32_t)(d[0] << 18 | d[1] << 12 | d[2] << 6 | d[3]);
                hcs_buf_append(out, (char[]){(char)(v >> 16), (char)(v >> 8), (char)v}, (size_t)(3 - pad));
        }
        return true;
}
