/* SPDX-License-Identifier: MIT */

#include "ext4/verity/digest.h"

#include <openssl/evp.h>
#include <string.h>

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

struct verity_digest {
        EVP_MD *md;
        EVP_MD_CTX *context;
        size_t size;
        bool salt_behind;
        size_t salt_size;
        uint8_t salt[VERITY_MAX_SALT];
        size_t zeros; /* how long the block of zeros is whose digest this is */
        uint8_t of_zeros[VERITY_MAX_DIGEST];
};

struct verity_digest *verity_digest_free(struct verity_digest *d) {
        if (!d)
                return NULL;
        EVP_MD_CTX_free(d->context);
        EVP_MD_free(d->md);
        free(d);
        return NULL;
}

HRESULT verity_digest_new(const struct verity_superblock *sb, struct verity_digest **ret, struct hcs_error **err) {
        _cleanup_(verity_digest_freep) struct verity_digest *d = hcs_calloc(1, sizeof(*d));

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names) && !d->md; i++)
                if (hcs_streq(sb->algorithm, names[i].kernel))
                        d->md = EVP_MD_fetch(NULL, names[i].openssl, NULL);
        if (!d->md) {
                _cleanup_free_ char *visible = hcs_utf8_visible(sb->algorithm);

                return hcs_error_make(err, VERITY_E_ALGORITHM, "no hash algorithm `%s`", visible);
        }
        d->context = EVP_MD_CTX_new();
        if (!d->context || !EVP_DigestInit_ex2(d->context, d->md, NULL))
                return hcs_error_make(err, E_OUTOFMEMORY, "a context for %s", sb->algorithm);
        d->size = (size_t)EVP_MD_get_size(d->md);
        d->salt_behind = sb->hash_type == 0;
        d->salt_size = sb->salt_size;
        memcpy(d->salt, sb->salt, sb->salt_size);
        *ret = steal_pointer(&d);
        return S_OK;
}

size_t verity_digest_size(const struct verity_digest *d) {
        return d->size;
}

/* A word in front tells nearly always; n is a multiple of 512. */
static bool is_zero(const uint8_t *block, size_t n) {
        uint64_t first;

        memcpy(&first, block, sizeof(first));
        return first == 0 && memcmp(block, block + sizeof(first), n - sizeof(first)) == 0;
}

static bool hash(struct verity_digest *d, const uint8_t *block, size_t n, uint8_t *out) {
        return EVP_DigestInit_ex2(d->context, NULL, NULL) &&
               (d->salt_behind || EVP_DigestUpdate(d->context, d->salt, d->salt_size)) &&
               EVP_DigestUpdate(d->context, block, n) &&
               (!d->salt_behind || EVP_DigestUpdate(d->context, d->salt, d->salt_size)) &&
               EVP_DigestFinal_ex(d->context, out, NULL);
}

HRESULT verity_digest_of(struct verity_digest *d, const uint8_t *block, size_t n, uint8_t *out,
                         struct hcs_error **err) {
        bool zero = is_zero(block, n);

        if (zero && d->zeros == n) {
                memcpy(out, d->of_zeros, d->size);
                return S_OK;
        }
        if (!hash(d, block, n, out))
                return hcs_error_make(err, E_OUTOFMEMORY, "libcrypto failed to hash a block");
        if (zero) {
                d->zeros = n;
                memcpy(d->of_zeros, out, d->size);
        }
        return S_OK;
}
