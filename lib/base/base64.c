/* SPDX-License-Identifier: MIT */

/* base64 by groups: three bytes, four digits. */

#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hcs_base64_encode(const void *data, size_t n, struct hcs_buf *out) {
        const unsigned char *p = data;

        hcs_buf_reserve(out, (n + 2) / 3 * 4);
        hcs_buf_append(out, "", 0); /* terminated also when there is nothing */
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

/* Without padding: 4, 3 or 2 digits are 3, 2 or 1 bytes; what is left of their bits does not count. */
static bool decode(const char *text, size_t len, struct hcs_buf *out) {
        if (len % 4 == 1)
                return false;
        for (size_t i = 0; i < len; i++)
                if (digit(text[i]) < 0)
                        return false;
        for (size_t i = 0; i < len; i += 4) {
                size_t here = len - i < 4 ? len - i : 4;
                uint32_t v = 0;

                for (size_t k = 0; k < 4; k++)
                        v = v << 6 | (k < here ? (uint32_t)digit(text[i + k]) : 0);
                hcs_buf_append(out, (char[]){(char)(v >> 16), (char)(v >> 8), (char)v}, here - 1);
        }
        return true;
}

static size_t without_padding(const char *text, size_t len) {
        for (int i = 0; i < 2 && len > 0 && text[len - 1] == '='; i++)
                len--;
        return len;
}

bool hcs_base64_decode(const char *text, size_t len, struct hcs_buf *out) {
        return len % 4 == 0 && decode(text, without_padding(text, len), out);
}

bool hcs_base64_decode_unpadded(const char *text, size_t len, struct hcs_buf *out) {
        size_t n = without_padding(text, len);

        return (n == len || len % 4 == 0) && decode(text, n, out);
}
