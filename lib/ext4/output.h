/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_OUTPUT_H
#define HCS_EXT4_OUTPUT_H

/*
 * What a writer appends to: a buffer in front of a file, a position, and a limit. Full buffers are written by a thread.
 * Runs of zeros are not written where the file has none but zeros there. Embedded by the writer, borrows the file.
 */

#include "ext4/behind.h"
#include "ext4/codes.h"
#include "ext4/format.h"
#include "platform/data_file.h"

struct ext4_output {
        struct hcs_data_file *file;
        uint64_t position; /* of the next byte */
        uint64_t limit;    /* no byte at or behind this */
        uint64_t flushed;  /* where the buffer begins */
        uint8_t *buffer;
        size_t used;
        struct ext4_behind *behind; /* once a buffer was full, where there is a processor for it */
        bool full_before;
};

void ext4_output_init(struct ext4_output *o, struct hcs_data_file *file, uint64_t limit);
void ext4_output_deinit(struct ext4_output *o);

HRESULT ext4_output_write(struct ext4_output *o, const void *data, size_t n, struct hcs_error **err);
HRESULT ext4_output_zero(struct ext4_output *o, uint64_t n, struct hcs_error **err);
/* Zeros up to the next block. */
HRESULT ext4_output_align(struct ext4_output *o, struct hcs_error **err);
/*
 * Up to n bytes of another file, moved by the system. *ret_n is how many it moved, 0 when it cannot.
 */
HRESULT ext4_output_copy(struct ext4_output *o, struct hcs_data_file *from, uint64_t offset, uint64_t n,
                         uint64_t *ret_n, struct hcs_error **err);
/* n bytes over ones that are behind the position. */
HRESULT ext4_output_patch(struct ext4_output *o, uint64_t offset, const void *data, size_t n, struct hcs_error **err);
HRESULT ext4_output_read(struct ext4_output *o, uint64_t offset, void *data, size_t n, struct hcs_error **err);
/* Everything is in the file. */
HRESULT ext4_output_flush(struct ext4_output *o, struct hcs_error **err);
/* Goes to an offset; what is passed over stays as it is. */
HRESULT ext4_output_seek(struct ext4_output *o, uint64_t offset, struct hcs_error **err);

static inline uint32_t ext4_output_block(const struct ext4_output *o) {
        return (uint32_t)(o->position / EXT4_BLOCK);
}

#endif
