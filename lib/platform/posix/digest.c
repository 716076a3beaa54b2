/* SPDX-License-Identifier: MIT */

/* Hashes of platform/digest.h by libcrypto. */

#include "platform/digest.h"

#include <openssl/evp.h>

#include "base/str.h"
#include "base/utf.h"

/* The kernel's names, and libcrypto's for the same. */
static const struct {
        const char *kernel, *openssl;
} names[] = {
        {"sha256", "SHA256"},
        {"sha512", "SHA512"},
        {"sha384", "SHA384"},
        {"sha224", "SHA224"},
        {"sha1", "SHA1"},
        {"sha3-224", "SHA3-224"},
        {"sha3-256", "SHA3-256"},
        {"sha3-384", "SHA3-384"},
        {"sha3-512", "SHA3-512"},
        {"blake2b-512", "BLAKE2B-512"},
        {"blake2s-256", "BLAKE2S-256"},
};

struct hcs_digest {
        EVP_MD *md;
        EVP_MD_CTX *context;
};

struct hcs_digest *hcs_digest_free(struct hcs_digest *d) {
        if (!d)
                return NULL;
        EVP_MD_CTX_free(d->context);
        EVP_MD_free(d->md);
        free(d);
        return NULL;
}

HRESULT hcs_digest_new(const char *algorithm, struct hcs_digest **ret, struct hcs_error **err) {
        _cleanup_(hcs_digest_freep) struct hcs_digest *d = hcs_calloc(1, sizeof(*d));

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names) && !d->md; i++)
                if (hcs_streq(algorithm, names[i].kernel))
                        d->md = EVP_MD_fetch(NULL, names[i].openssl, NULL);
        if (!d->md) {
                _cleanup_free_ char *visible = hcs_utf8_visible(algorithm);

                return hcs_error_make(err, HCS_WIN32(50), "no hash algorithm `%s`", visible);
        }
        d->context = EVP_MD_CTX_new();
        if (!d->context || !EVP_DigestInit_ex2(d->context, d->md, NULL))
                return hcs_error_make(err, E_OUTOFMEMORY, "a context for %s", algorithm);
        *ret = steal_pointer(&d);
        return S_OK;
}

size_t hcs_digest_size(const struct hcs_digest *d) {
        return (size_t)EVP_MD_get_size(d->md);
}

bool hcs_digest_update(struct hcs_digest *d, const void *data, size_t n) {
        return EVP_DigestUpdate(d->context, data, n);
}

bool hcs_digest_finish(struct hcs_digest *d, void *out) {
        return EVP_DigestFinal_ex(d->context, out, NULL) && EVP_DigestInit_ex2(d->context, NULL, NULL);
}
