/* SPDX-License-Identifier: MIT */

/*
 * The stream: one window of uncompressed bytes, and behind it, when the archive is compressed, a window of the file and
 * the decompressor. A regular file is read by position, so that parts of it can be passed over or copied by the system.
 */

#include "ext4/tar/stream.h"

#include <string.h>

#include "ext4/tar/block.h"
#include "ext4/tar/inflate.h"

#define WINDOW         ((size_t)128 << 10)
#define UNEXPECTED_EOF HCS_WIN32(38)

struct tar_stream {
        struct hcs_data_file *file;
        bool regular;
        uint64_t file_offset; /* of the next byte to read */
        uint64_t offset;      /* of data[first] in the archive */
        uint64_t total;       /* size of the file, 0 when unknown */
        uint8_t *data;
        size_t first, used;
        struct tar_inflate *inflate;
        uint8_t *packed; /* compressed: the window of the file */
        const uint8_t *packed_next;
        size_t packed_left;
        bool file_end;
        bool end;
};

struct tar_stream *tar_stream_free(struct tar_stream *s) {
        if (!s)
                return NULL;
        tar_inflate_free(s->inflate);
        free(s->packed);
        free(s->data);
        free(s);
        return NULL;
}

static HRESULT read_file(struct tar_stream *s, void *data, size_t n, size_t *ret_n, struct hcs_error **err) {
        HRESULT hr = s->regular ? hcs_data_file_read_at(s->file, s->file_offset, data, n, ret_n, err)
                                : hcs_data_file_read(s->file, data, n, ret_n, err);

        if (SUCCEEDED(hr))
                s->file_offset += *ret_n;
        return hr;
}

/* Puts one piece of decompressed data behind data[used]. */
static HRESULT unpack(struct tar_stream *s, size_t *ret_n, struct hcs_error **err) {
        for (;;) {
                HRESULT hr;

                if (s->packed_left == 0 && !s->file_end) {
                        hr = read_file(s, s->packed, WINDOW, &s->packed_left, err);
                        if (FAILED(hr))
                                return hr;
                        s->packed_next = s->packed;
                        s->file_end = s->packed_left == 0;
                }
                hr = tar_inflate_step(s->inflate, &s->packed_next, &s->packed_left, s->data + s->used, WINDOW - s->used,
                                      ret_n, err);
                if (FAILED(hr))
                        return hcs_error_wrap(err, "`%s` before byte %llu", hcs_data_file_name(s->file),
                                              (unsigned long long)s->file_offset),
                               hr;
                if (*ret_n > 0)
                        return S_OK;
                if (!s->file_end)
                        continue;
                if (tar_inflate_at_end(s->inflate))
                        return S_OK;
                return hcs_error_make(err, UNEXPECTED_EOF, "unexpected end of the compressed data in `%s`",
                                      hcs_data_file_name(s->file));
        }
}

/* More bytes behind those that are there; sets end when there are none. */
static HRESULT fill(struct tar_stream *s, struct hcs_error **err) {
        size_t n = 0;
        HRESULT hr;

        if (s->first == s->used) {
                s->first = 0;
                s->used = 0;
        } else if (s->used == WINDOW) {
                memmove(s->data, s->data + s->first, s->used - s->first);
                s->used -= s->first;
                s->first = 0;
        }
        hr = s->inflate ? unpack(s, &n, err) : read_file(s, s->data + s->used, WINDOW - s->used, &n, err);
        if (FAILED(hr))
                return hr;
        s->used += n;
        s->end = n == 0;
        return S_OK;
}

static HRESULT detect(struct tar_stream *s, struct hcs_error **err) {
        enum tar_inflate_kind kind;
        HRESULT hr;

        while (s->used < TAR_BLOCK && !s->end) {
                hr = fill(s, err);
                if (FAILED(hr))
                        return hr;
        }
        s->end = false;
        kind = tar_inflate_guess(s->data, s->used);
        if (kind == TAR_INFLATE_NONE || (s->used >= TAR_BLOCK && tar_block_is_valid(s->data)))
                return S_OK;
        hr = tar_inflate_new(kind, &s->inflate, err);
        if (FAILED(hr))
                return hr;
        s->packed = s->data;
        s->packed_next = s->packed;
        s->packed_left = s->used;
        s->data = hcs_malloc(WINDOW);
        s->used = 0;
        return S_OK;
}

HRESULT tar_stream_open(struct hcs_data_file *file, struct tar_stream **ret, struct hcs_error **err) {
        _cleanup_(tar_stream_freep) struct tar_stream *s = hcs_calloc(1, sizeof(*s));
        HRESULT hr;

        s->file = file;
        s->regular = hcs_data_file_is_regular(file);
        s->data = hcs_malloc(WINDOW);
        hr = hcs_data_file_size(file, &s->total, err);
        if (SUCCEEDED(hr))
                hr = detect(s, err);
        if (FAILED(hr))
                return hr;
        *ret = steal_pointer(&s);
        return S_OK;
}

uint64_t tar_stream_offset(const struct tar_stream *s) {
        return s->offset;
}

void tar_stream_progress(struct tar_stream *s, uint64_t *ret_done, uint64_t *ret_total) {
        *ret_done = s->file_offset;
        *ret_total = s->total;
}

HRESULT tar_stream_take(struct tar_stream *s, size_t max, const uint8_t **ret, size_t *ret_n, struct hcs_error **err) {
        size_t n;

        if (s->first == s->used && !s->end && max > 0) {
                HRESULT hr = fill(s, err);

                if (FAILED(hr))
                        return hr;
        }
        n = s->used - s->first;
        if (n > max)
                n = max;
        *ret = s->data + s->first;
        *ret_n = n;
        s->first += n;
        s->offset += n;
        return S_OK;
}

HRESULT tar_stream_read(struct tar_stream *s, void *out, size_t n, size_t *ret_n, struct hcs_error **err) {
        size_t done = 0;

        while (done < n) {
                const uint8_t *p;
                size_t got;
                HRESULT hr = tar_stream_take(s, n - done, &p, &got, err);

                if (FAILED(hr))
                        return hr;
                if (got == 0)
                        break;
                memcpy((uint8_t *)out + done, p, got);
                done += got;
        }
        *ret_n = done;
        return S_OK;
}

HRESULT tar_stream_skip(struct tar_stream *s, uint64_t n, uint64_t *ret_n, struct hcs_error **err) {
        uint64_t done = 0;

        while (done < n) {
                struct hcs_data_file *file;
                uint64_t offset, size;
                const uint8_t *p;
                size_t got;
                HRESULT hr;

                if (n - done > WINDOW && tar_stream_is_direct(s, &file, &offset)) {
                        hr = hcs_data_file_size(file, &size, err);
                        if (FAILED(hr))
                                return hr;
                        size = size > offset ? size - offset : 0;
                        if (size > n - done)
                                size = n - done;
                        tar_stream_advance(s, size);
                        done += size;
                        if (size == 0)
                                break;
                        continue;
                }
                hr = tar_stream_take(s, n - done < WINDOW ? (size_t)(n - done) : WINDOW, &p, &got, err);
                if (FAILED(hr))
                        return hr;
                if (got == 0)
                        break;
                done += got;
        }
        *ret_n = done;
        return S_OK;
}

bool tar_stream_is_direct(const struct tar_stream *s, struct hcs_data_file **ret_file, uint64_t *ret_offset) {
        if (s->inflate || !s->regular || s->first != s->used)
                return false;
        *ret_file = s->file;
        *ret_offset = s->file_offset;
        return true;
}

void tar_stream_advance(struct tar_stream *s, uint64_t n) {
        s->file_offset += n;
        s->offset += n;
}
