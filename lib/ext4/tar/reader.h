/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_TAR_READER_H
#define HCS_EXT4_TAR_READER_H

/*
 * Entries of a tar, in order: V7, ustar, star, PAX, GNU (long names, both kinds of sparse files). The reader borrows
 * the stream; an entry and what it points at are valid until the next one is asked for. One thread at a time.
 *
 * A reader of our own and not libarchive: which archives are refused, which odd ones are taken and what comes out of
 * them must be as in Go's archive/tar, or the same tar would be another image; libarchive repairs and skips where that
 * one stops, and it copies data where the system can move it.
 *
 * Errors are of these kinds, and say the offset: TAR_E_HEADER, TAR_E_EOF, TAR_E_TOO_LONG, TAR_E_SPARSE.
 */

#include "ext4/tar/block.h"
#include "ext4/tar/pax.h"
#include "ext4/tar/stream.h"

#define TAR_E_HEADER   HCS_WIN32(13)   /* invalid tar header */
#define TAR_E_EOF      HCS_WIN32(38)   /* unexpected end */
#define TAR_E_TOO_LONG HCS_WIN32(111)  /* an extended header or sparse map of more than 1 MiB */
#define TAR_E_SPARSE   HCS_WIN32(1392) /* a sparse file with less or more data than its map says */

enum tar_type {
        TAR_REGULAR = '0',
        TAR_OLD_REGULAR = '\0',
        TAR_LINK = '1',
        TAR_SYMLINK = '2',
        TAR_CHAR = '3',
        TAR_BLOCK_DEVICE = '4',
        TAR_DIRECTORY = '5',
        TAR_FIFO = '6',
        TAR_GLOBAL = 'g', /* handed out as an entry, as archive/tar does */
};

struct tar_entry {
        const char *name;
        const char *link;
        struct tar_fields f;
        const struct tar_pax *pax;
        uint64_t offset; /* of its header in the archive */
};

/* A piece of an entry's content. */
struct tar_piece {
        uint64_t n;          /* 0: the end */
        const uint8_t *data; /* the bytes, or */
        struct hcs_data_file
                *file;   /* they are in this file at offset, and tar_reader_took says how many were taken, or */
        uint64_t offset; /* neither: they are zeros */
};

struct tar_reader;

struct tar_reader *tar_reader_new(struct tar_stream *stream);
struct tar_reader *tar_reader_free(struct tar_reader *r);
HCS_DEFINE_CLEANUP(struct tar_reader *, tar_reader_free)

/* S_FALSE at the end of the archive. What is left of the entry before is passed over. */
HRESULT tar_reader_next(struct tar_reader *r, const struct tar_entry **ret, struct hcs_error **err);
HRESULT tar_reader_piece(struct tar_reader *r, struct tar_piece *ret, struct hcs_error **err);
/* After a piece that is in a file: n of its bytes are done with; n == 0 asks for them as bytes from now on. */
void tar_reader_took(struct tar_reader *r, uint64_t n);

#endif
