/* SPDX-License-Identifier: MIT */

/* A security policy's digest. The policy is base64 as Go reads it: line ends do not count, and what is wrong is told by
 * its offset. */

#include <string.h>

#include "base/base64.h"
#include "platform/digest.h"
#include "uvm/parts.h"

char *uvm_base64(const void *bytes, size_t n) {
        _cleanup_buf_ struct hcs_buf text = {0};

        hcs_base64_encode(bytes, n, &text);
        return hcs_buf_steal(&text);
}

static bool is_digit(char c) {
        return c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", c);
}

static size_t skip_lines(const char *text, size_t i) {
        return i + strspn(text + i, "\r\n");
}

/* Offset of what is wrong with the padding that begins at `i`, behind so many digits of its group. */
static size_t bad_padding(const char *text, size_t i, unsigned digits) {
        size_t next = skip_lines(text, i + 1);

        if (digits < 2)
                return i;
        if (digits == 2) {
                if (text[next] != '=')
                        return text[next] ? next - 1 : next;
                next = skip_lines(text, next + 1);
        }
        return next;
}

/* Offset of what is wrong with a text that is no base64. */
static size_t bad_offset(const char *text) {
        unsigned digits = 0;
        size_t i = skip_lines(text, 0);

        for (; text[i]; i = skip_lines(text, i + 1)) {
                if (text[i] == '=')
                        return bad_padding(text, i, digits);
                if (!is_digit(text[i]))
                        return i;
                digits = (digits + 1) % 4;
        }
        return i - digits;
}

static bool decode(const char *text, struct hcs_buf *out) {
        _cleanup_buf_ struct hcs_buf one_line = {0};

        for (const char *p = text; *p; p++)
                if (*p != '\r' && *p != '\n')
                        hcs_buf_putc(&one_line, *p);
        return hcs_base64_decode(hcs_buf_cstr(&one_line), one_line.len, out);
}

HRESULT uvm_policy_digest(const char *policy, char **ret, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf bytes = {0};
        _cleanup_(hcs_digest_freep) struct hcs_digest *d = NULL;
        unsigned char digest[HCS_DIGEST_MAX];
        HRESULT hr;

        if (!decode(policy, &bytes))
                return hcs_error_make(err, E_INVALIDARG,
                                      "failed to decode base64 security policy: illegal base64 data at input byte %zu",
                                      bad_offset(policy));
        hr = hcs_digest_new("sha256", &d, err);
        if (FAILED(hr))
                return hr;
        if (!hcs_digest_update(d, hcs_buf_cstr(&bytes), bytes.len) || !hcs_digest_finish(d, digest))
                return hcs_error_make(err, E_OUTOFMEMORY, "the system failed to hash");
        *ret = uvm_base64(digest, hcs_digest_size(d));
        return S_OK;
}
