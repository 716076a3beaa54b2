/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_TAR_STREAM_H
#define HCS_EXT4_TAR_STREAM_H

/*
 * The bytes of an archive: out of a file or a pipe, through gzip or zstd where the bytes say so, held a window at a
 * time. The stream borrows the file. One thread at a time.
 */

#include "platform/data_file.h"

struct tar_stream;

/* Reads the beginning to see what it is: a tar with a valid first header is never taken for something compressed. */
HRESULT tar_stream_open(struct hcs_data_file *file, struct tar_stream **ret, struct hcs_error **err);
struct tar_stream *tar_stream_free(struct tar_stream *s);
HCS_DEFINE_CLEANUP(struct tar_stream *, tar_stream_free)

/* Of the next byte, in the uncompressed archive. */
uint64_t tar_stream_offset(const struct tar_stream *s);
/* Of what was read of the file, and its size (0: unknown), for progress. */
void tar_stream_progress(struct tar_stream *s, uint64_t *ret_done, uint64_t *ret_total);

/* Consumes 1 to max bytes, valid until the next call; *ret_n == 0 is the end. */
HRESULT tar_stream_take(struct tar_stream *s, size_t max, const uint8_t **ret, size_t *ret_n, struct hcs_error **err);
/* Consumes n bytes into out; *ret_n < n only at the end. */
HRESULT tar_stream_read(struct tar_stream *s, void *out, size_t n, size_t *ret_n, struct hcs_error **err);
/* Consumes n bytes unseen; *ret_n < n only at the end. */
HRESULT tar_stream_skip(struct tar_stream *s, uint64_t n, uint64_t *ret_n, struct hcs_error **err);

/* Are the next bytes simply those of a file at some offset, beyond what is buffered? They are consumed by _advance. */
bool tar_stream_is_direct(const struct tar_stream *s, struct hcs_data_file **ret_file, uint64_t *ret_offset);
void tar_stream_advance(struct tar_stream *s, uint64_t n);

#endif
