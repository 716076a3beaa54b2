/* SPDX-License-Identifier: MIT */

/* Hashes of platform/digest.h by CNG. */

#include "platform/digest.h"

#include "base/str.h"
#include "base/utf.h"
#include "platform/windows/cng.h"

/* The kernel's names, and CNG's for the same. */
static const struct {
        const char *kernel;
        const wchar_t *cng;
        size_t size;
} names[] = {{"sha256", L"SHA256", 32}, {"sha512", L"SHA512", 64}, {"sha384", L"SHA384", 48}, {"sha1", L"SHA1", 20}};

struct hcs_digest {
        const struct hcs_cng *cng;
        BCRYPT_ALG_HANDLE algorithm;
        BCRYPT_HASH_HANDLE hash; /* NULL between two */
        size_t size;
};

struct hcs_digest *hcs_digest_free(struct hcs_digest *d) {
        if (!d)
                return NULL;
        if (d->hash)
                d->cng->destroy_hash(d->hash);
        if (d->algorithm)
                d->cng->close_algorithm(d->algorithm, 0);
        free(d);
        return NULL;
}

HRESULT hcs_digest_new(const char *algorithm, struct hcs_digest **ret, struct hcs_error **err) {
        _cleanup_(hcs_digest_freep) struct hcs_digest *d = hcs_calloc(1, sizeof(*d));
        const wchar_t *name = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++)
                if (hcs_streq(algorithm, names[i].kernel)) {
                        name = names[i].cng;
                        d->size = names[i].size;
                }
        d->cng = hcs_cng();
        if (!name || !d->cng || d->cng->open_algorithm(&d->algorithm, name, NULL, 0) < 0) {
                _cleanup_free_ char *visible = hcs_utf8_visible(algorithm);

                return hcs_error_make(err, HCS_WIN32(50), "no hash algorithm `%s`", visible);
        }
        *ret = steal_pointer(&d);
        return S_OK;
}

size_t hcs_digest_size(const struct hcs_digest *d) {
        return d->size;
}

bool hcs_digest_update(struct hcs_digest *d, const void *data, size_t n) {
        if (!d->hash && d->cng->create_hash(d->algorithm, &d->hash, NULL, 0, NULL, 0, 0) < 0)
                return false;
        for (const uint8_t *p = data; n > 0;) {
                ULONG part = n < ULONG_MAX ? (ULONG)n : ULONG_MAX;

                if (d->cng->hash_data(d->hash, (UCHAR *)(uintptr_t)p, part, 0) < 0)
                        return false;
                p += part;
                n -= part;
        }
        return true;
}

bool hcs_digest_finish(struct hcs_digest *d, void *out) {
        bool ok = hcs_digest_update(d, NULL, 0) && d->cng->finish_hash(d->hash, out, (ULONG)d->size, 0) >= 0;

        if (d->hash)
                d->cng->destroy_hash(d->hash);
        d->hash = NULL;
        return ok;
}
