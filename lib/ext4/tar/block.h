/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_TAR_BLOCK_H
#define HCS_EXT4_TAR_BLOCK_H

/*
 * The 512-byte blocks of a tar: a header's fields in the dialects there are, as plain values. Nothing is kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define TAR_BLOCK 512u

/* Seconds of the epoch and nanoseconds, 0 <= nanoseconds < 10^9. */
struct tar_time {
        int64_t seconds;
        uint32_t nanoseconds;
        bool set;
};

struct tar_fields {
        uint8_t type;
        bool gnu; /* the old GNU dialect: a sparse map may follow */
        int64_t size, mode, uid, gid, dev_major, dev_minor;
        struct tar_time mtime, atime, ctime;
};

/* A span of an array that says where data is. */
struct tar_span {
        int64_t offset, length;
};

/* Is the checksum that of a header? */
bool tar_block_is_valid(const uint8_t *block);
bool tar_block_is_zero(const uint8_t *block);
/*
 * name and link are filled anew (prefix and name joined, without what follows a NUL). False: a field is not a number,
 * or the block is no header.
 */
bool tar_block_parse(const uint8_t *block, struct tar_fields *ret, struct hcs_buf *name, struct hcs_buf *link);

/*
 * The sparse maps of the old GNU dialect: in the header 4 entries at 386, *ret_more (is there another block?) at 482;
 * in a block of its own 21 entries at 0, more at 504. Calls add for each entry. False: not a number.
 */
bool tar_block_sparse(const uint8_t *block, bool is_header, void (*add)(void *ctx, struct tar_span span), void *ctx,
                      bool *ret_more);
/* The size of a sparse file of the old GNU dialect. */
bool tar_block_real_size(const uint8_t *block, int64_t *ret);

#endif
