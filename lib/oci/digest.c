/* SPDX-License-Identifier: MIT */

#include "oci/digest.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/str.h"
#include "platform/digest.h"

#define CHUNK ((size_t)256 << 10)

static const struct {
        const char *prefix;
        size_t digits;
} algorithms[] = {{"sha256:", 64}, {"sha512:", 128}};

bool oci_digest_is_valid(const char *text) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(algorithms); i++)
                if (hcs_str_starts(text, algorithms[i].prefix)) {
                        const char *hex = text + strlen(algorithms[i].prefix);

                        return strlen(hex) == algorithms[i].digits && strspn(hex, "0123456789abcdef") == strlen(hex);
                }
        return false;
}

const char *oci_digest_hex(const char *digest) {
        return strchr(digest, ':') + 1;
}

static HRESULT hash_file(struct hcs_data_file *f, struct hcs_digest *d, struct hcs_error **err) {
        _cleanup_free_ uint8_t *chunk = hcs_malloc(CHUNK);

        for (uint64_t at = 0;;) {
                size_t n;
                HRESULT hr = hcs_data_file_read_at(f, at, chunk, CHUNK, &n, err);

                if (FAILED(hr) || n == 0)
                        return hr;
                if (!hcs_digest_update(d, chunk, n))
                        return hcs_error_make(err, E_OUTOFMEMORY, "the system failed to hash");
                at += n;
        }
}

HRESULT oci_digest_of(struct hcs_data_file *f, const char *like, char ret[static OCI_DIGEST_SIZE],
                      struct hcs_error **err) {
        bool is_256 = hcs_str_starts(like, algorithms[0].prefix);
        _cleanup_(hcs_digest_freep) struct hcs_digest *d = NULL;
        uint8_t digest[HCS_DIGEST_MAX];
        HRESULT hr = hcs_digest_new(is_256 ? "sha256" : "sha512", &d, err);

        if (SUCCEEDED(hr))
                hr = hash_file(f, d, err);
        if (SUCCEEDED(hr) && !hcs_digest_finish(d, digest))
                hr = hcs_error_make(err, E_OUTOFMEMORY, "the system failed to hash");
        if (FAILED(hr))
                return hr;
        memcpy(ret, algorithms[!is_256].prefix, 7);
        hcs_hex_format(digest, hcs_digest_size(d), ret + 7);
        return S_OK;
}
