/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VERITY_DIGEST_H
#define HCS_EXT4_VERITY_DIGEST_H

/*
 * The salted hash of a block, by platform/digest.h. One object a thread: it keeps
 * its context from block to block. A block of zeros is hashed once.
 */

#include <stddef.h>

#include "base/mem.h"
#include "ext4/verity/superblock.h"

#define VERITY_MAX_DIGEST 64u

struct verity_digest;

/* The algorithm, salt and type of the superblock, which is copied. VERITY_E_ALGORITHM names what is not known. */
HRESULT verity_digest_new(const struct verity_superblock *sb, struct verity_digest **ret, struct hcs_error **err);
struct verity_digest *verity_digest_free(struct verity_digest *d);
HCS_DEFINE_CLEANUP(struct verity_digest *, verity_digest_free)

size_t verity_digest_size(const struct verity_digest *d);
/* verity_digest_size bytes into out. */
HRESULT verity_digest_of(struct verity_digest *d, const uint8_t *block, size_t n, uint8_t *out, struct hcs_error **err);

#endif
