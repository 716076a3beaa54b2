/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_TAR_INFLATE_H
#define HCS_EXT4_TAR_INFLATE_H

/*
 * A decompressor that is fed: gzip (any number of members) or zstd (any number of frames). Owned by a tar stream.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/error.h"

enum tar_inflate_kind { TAR_INFLATE_NONE, TAR_INFLATE_GZIP, TAR_INFLATE_ZSTD };

struct tar_inflate;

/* By the first bytes. */
enum tar_inflate_kind tar_inflate_guess(const uint8_t *data, size_t n);
HRESULT tar_inflate_new(enum tar_inflate_kind kind, struct tar_inflate **ret, struct hcs_error **err);
struct tar_inflate *tar_inflate_free(struct tar_inflate *z);
HCS_DEFINE_CLEANUP(struct tar_inflate *, tar_inflate_free)

/*
 * One step: takes from *in (moved on, *in_n less what was taken) and puts up to out_n bytes. Makes progress whenever
 * there is input or something left to put out. HCS_WIN32(ERROR_INVALID_DATA) when the data is corrupt.
 */
HRESULT tar_inflate_step(struct tar_inflate *z, const uint8_t **in, size_t *in_n, uint8_t *out, size_t out_n,
                         size_t *ret_n, struct hcs_error **err);
/* May the input end here? False in the midst of a member or frame. */
bool tar_inflate_at_end(const struct tar_inflate *z);

#endif
