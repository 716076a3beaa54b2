/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_TAR_READER_PRIVATE_H
#define HCS_EXT4_TAR_READER_PRIVATE_H

/* The reader's state, shared by entries (reader.c) and maps of sparse files (reader_sparse.c). */

#include "ext4/tar/reader.h"
#include "ext4/tar/sparse.h"

#define TAR_MAX_SPECIAL ((size_t)1 << 20)

struct tar_reader {
        struct tar_stream *stream;
        struct tar_entry entry;
        struct hcs_buf name, link, long_name, long_link;
        struct tar_pax pax;
        struct tar_sparse sparse;
        uint64_t left;
        unsigned pad;
        bool no_direct;
        uint8_t block[TAR_BLOCK];
};

/* Types whose size field says nothing about data in the archive. */
static inline bool tar_is_header_only(uint8_t type) {
        return type >= TAR_LINK && type <= TAR_FIFO;
}

/* Errors that name the offset. */
HRESULT tar_reader_bad_header(const struct tar_reader *r, const char *what, struct hcs_error **err);
HRESULT tar_reader_ended(const struct tar_reader *r, struct hcs_error **err);
HRESULT tar_reader_too_long(const struct tar_reader *r, const char *what, struct hcs_error **err);

/* Into r->block; S_FALSE at the end. */
HRESULT tar_reader_read_block(struct tar_reader *r, size_t *ret_n, struct hcs_error **err);
/* Replaces out when there is such a record and it is not empty. */
void tar_reader_pax_text(const struct tar_pax *pax, const char *key, struct hcs_buf *out);
/* Finds the map of a sparse file, and is fine with there being none. */
HRESULT tar_reader_begin_sparse(struct tar_reader *r, struct hcs_error **err);

#endif
