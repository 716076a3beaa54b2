/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_TAR_SPARSE_H
#define HCS_EXT4_TAR_SPARSE_H

/*
 * Where in a sparse file data is: what an archive says, checked, and a place in it. Embedded by its owner; a zeroed
 * struct is a file that is not sparse.
 */

#include "ext4/tar/block.h"
#include "ext4/tar/pax.h"

struct tar_sparse {
        struct tar_span *spans;
        size_t n, cap;
        size_t at;    /* the span at or after position */
        int64_t size; /* of the whole file */
        int64_t position;
        bool active;
};

void tar_sparse_deinit(struct tar_sparse *s);
void tar_sparse_clear(struct tar_sparse *s);
void tar_sparse_add(void *sparse, struct tar_span span);
/* From the records of the formats 0.0 and 0.1. False: they do not say it right. */
bool tar_sparse_from_pax(struct tar_sparse *s, const struct tar_pax *pax);
/* Spans are in order, do not overlap and are within the size. Then the map is active, at position 0. */
bool tar_sparse_begin(struct tar_sparse *s, int64_t size);
/* The run at position: *ret_n bytes of data or of zeros; 0 at the end. */
void tar_sparse_run(struct tar_sparse *s, uint64_t *ret_n, bool *ret_is_data);

#endif
