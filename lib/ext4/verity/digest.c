/* SPDX-License-Identifier: MIT */

#include "ext4/verity/digest.h"

#include <string.h>

#include "platform/digest.h"

struct verity_digest {
        struct hcs_digest *digest;
        bool salt_behind;
        size_t salt_size;
        uint8_t salt[VERITY_MAX_SALT];
        size_t zeros; /* how long the block of zeros is whose digest this is */
        uint8_t of_zeros[VERITY_MAX_DIGEST];
};

struct verity_digest *verity_digest_free(struct verity_digest *d) {
        if (!d)
                return NULL;
        hcs_digest_free(d->digest);
        free(d);
        return NULL;
}

HRESULT verity_digest_new(const struct verity_superblock *sb, struct verity_digest **ret, struct hcs_error **err) {
        _cleanup_(verity_digest_freep) struct verity_digest *d = hcs_calloc(1, sizeof(*d));

        HRESULT hr = hcs_digest_new(sb->algorithm, &d->digest, err);

        if (FAILED(hr))
                return hr;
        d->salt_behind = sb->hash_type == 0;
        d->salt_size = sb->salt_size;
        memcpy(d->salt, sb->salt, sb->salt_size);
        *ret = steal_pointer(&d);
        return S_OK;
}

size_t verity_digest_size(const struct verity_digest *d) {
        return hcs_digest_size(d->digest);
}

/* A word in front tells nearly always; n is a multiple of 512. */
static bool is_zero(const uint8_t *block, size_t n) {
        uint64_t first;

        memcpy(&first, block, sizeof(first));
        return first == 0 && memcmp(block, block + sizeof(first), n - sizeof(first)) == 0;
}

static bool hash(struct verity_digest *d, const uint8_t *block, size_t n, uint8_t *out) {
        return (d->salt_behind || hcs_digest_update(d->digest, d->salt, d->salt_size)) &&
               hcs_digest_update(d->digest, block, n) &&
               (!d->salt_behind || hcs_digest_update(d->digest, d->salt, d->salt_size)) &&
               hcs_digest_finish(d->digest, out);
}

HRESULT verity_digest_of(struct verity_digest *d, const uint8_t *block, size_t n, uint8_t *out,
                         struct hcs_error **err) {
        bool zero = is_zero(block, n);

        if (zero && d->zeros == n) {
                memcpy(out, d->of_zeros, verity_digest_size(d));
                return S_OK;
        }
        if (!hash(d, block, n, out))
                return hcs_error_make(err, E_OUTOFMEMORY, "the system failed to hash a block");
        if (zero) {
                d->zeros = n;
                memcpy(d->of_zeros, out, verity_digest_size(d));
        }
        return S_OK;
}
