/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_DIGEST_H
#define HCS_PLATFORM_DIGEST_H

/*
 * Hashes, by the system's library (which uses the processor's instructions). An object belongs to one thread at a time;
 * it is good for any number of hashes, one after the other.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "hcsshim/error.h"

#define HCS_DIGEST_MAX 64u

struct hcs_digest;

/*
 * algorithm: as Linux' kernel calls it: sha1, sha224, sha256, sha384, sha512, sha3-224, sha3-256, sha3-384, sha3-512,
 * blake2b-512 or blake2s-256; on Windows sha1, sha256, sha384 and sha512. HCS_WIN32(50), ERROR_NOT_SUPPORTED: it is
 * none of these.
 */
HRESULT hcs_digest_new(const char *algorithm, struct hcs_digest **ret, struct hcs_error **err);
size_t hcs_digest_size(const struct hcs_digest *d);
/* False when the library fails, as it does when there is no memory. */
bool hcs_digest_update(struct hcs_digest *d, const void *data, size_t n);
/* hcs_digest_size() bytes into out; what is added next is of another hash. */
bool hcs_digest_finish(struct hcs_digest *d, void *out);
/* NULL is fine, returns NULL. */
struct hcs_digest *hcs_digest_free(struct hcs_digest *d);
HCS_DEFINE_CLEANUP(struct hcs_digest *, hcs_digest_free)

#endif
