/* SPDX-License-Identifier: MIT */

#include "ext4/pax_xattrs.h"

#include <string.h>

#include "base/base64.h"
#include "base/hex.h"
#include "base/str.h"
#include "base/utf.h"

#define SCHILY     "SCHILY.xattr."
#define LIBARCHIVE "LIBARCHIVE.xattr."

/* A % that no two digits follow is one. False: a NUL is in the name. */
static bool unescape(const char *name, struct hcs_buf *out) {
        for (; *name; name++) {
                const char digits[] = {name[0] == '%' ? name[1] : '\0', name[0] == '%' && name[1] ? name[2] : '\0',
                                       '\0'};
                char c = *name;

                if (hcs_hex_parse(digits, &c, 1))
                        name += 2;
                if (!c)
                        return false;
                hcs_buf_putc(out, c);
        }
        return true;
}

static HRESULT take_libarchive(const char *key, const char *value, size_t len, struct ext4_xattr_set *out,
                               struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf name = {0}, bytes = {0};

        const char *why = !unescape(key + strlen(LIBARCHIVE), &name)        ? "a NUL in the name"
                          : !hcs_base64_decode_unpadded(value, len, &bytes) ? "the value is not base64"
                                                                            : NULL;

        if (why) {
                _cleanup_free_ char *visible = hcs_utf8_visible(key);

                return hcs_error_make(err, EXT4_E_XATTR, "%.200s: %s", visible, why);
        }
        ext4_xattr_set_put(out, hcs_buf_cstr(&name), bytes.data, bytes.len);
        return S_OK;
}

HRESULT ext4_pax_xattrs(const struct tar_pax *pax, bool libarchive, struct ext4_xattr_set *out,
                        struct hcs_error **err) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set others = {0};

        for (size_t i = 0; i < pax->n; i++) {
                const char *key = tar_pax_key(pax, i);

                if (hcs_str_starts(key, SCHILY)) {
                        ext4_xattr_set_put(out, key + strlen(SCHILY), tar_pax_value(pax, i), pax->records[i].value_len);
                } else if (libarchive && hcs_str_starts(key, LIBARCHIVE)) {
                        HRESULT hr =
                                take_libarchive(key, tar_pax_value(pax, i), pax->records[i].value_len, &others, err);

                        if (FAILED(hr))
                                return hr;
                }
        }
        ext4_xattr_set_merge(out, &others);
        return S_OK;
}
