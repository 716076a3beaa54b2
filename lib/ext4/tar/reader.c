/* SPDX-License-Identifier: MIT */

/*
 * The reader: special entries (PAX headers, GNU long names) gather what the next one is about, then that one is handed
 * out. "left" counts what is still in the archive of the entry's data, "pad" the bytes up to the next block.
 */

#include "ext4/tar/reader.h"

#include <string.h>

#include "base/str.h"
#include "ext4/tar/reader_private.h"

#define DIRECT_MIN ((uint64_t)128 << 10)

struct tar_reader *tar_reader_new(struct tar_stream *stream) {
        struct tar_reader *r = hcs_calloc(1, sizeof(*r));

        r->stream = stream;
        return r;
}

struct tar_reader *tar_reader_free(struct tar_reader *r) {
        if (!r)
                return NULL;
        hcs_buf_deinit(&r->name);
        hcs_buf_deinit(&r->link);
        hcs_buf_deinit(&r->long_name);
        hcs_buf_deinit(&r->long_link);
        tar_pax_deinit(&r->pax);
        tar_sparse_deinit(&r->sparse);
        free(r);
        return NULL;
}

HRESULT tar_reader_bad_header(const struct tar_reader *r, const char *what, struct hcs_error **err) {
        return hcs_error_make(err, TAR_E_HEADER, "invalid tar header at offset %llu: %s",
                              (unsigned long long)r->entry.offset, what);
}

HRESULT tar_reader_ended(const struct tar_reader *r, struct hcs_error **err) {
        return hcs_error_make(err, TAR_E_EOF, "unexpected EOF at offset %llu of the archive",
                              (unsigned long long)tar_stream_offset(r->stream));
}

HRESULT tar_reader_too_long(const struct tar_reader *r, const char *what, struct hcs_error **err) {
        return hcs_error_make(err, TAR_E_TOO_LONG, "%s at offset %llu is too long (more than 1 MiB)", what,
                              (unsigned long long)r->entry.offset);
}

static HRESULT begin_data(struct tar_reader *r, uint8_t type, int64_t size, struct hcs_error **err) {
        if (tar_is_header_only(type))
                size = 0;
        if (size < 0)
                return tar_reader_bad_header(r, "negative size", err);
        r->left = (uint64_t)size;
        r->pad = (unsigned)(-(uint64_t)size % TAR_BLOCK);
        r->no_direct = false;
        return S_OK;
}

/* Passes over the rest of an entry. That the padding of the last one is missing is tolerated: S_FALSE, the end. */
static HRESULT end_data(struct tar_reader *r, struct hcs_error **err) {
        uint64_t n = 0;
        HRESULT hr;

        if (r->left > 0) {
                hr = tar_stream_skip(r->stream, r->left, &n, err);
                if (FAILED(hr))
                        return hr;
                if (n < r->left)
                        return tar_reader_ended(r, err);
                r->left = 0;
        }
        if (r->pad > 0) {
                hr = tar_stream_skip(r->stream, r->pad, &n, err);
                if (FAILED(hr))
                        return hr;
                if (n < r->pad)
                        return S_FALSE;
                r->pad = 0;
        }
        return S_OK;
}

HRESULT tar_reader_read_block(struct tar_reader *r, size_t *ret_n, struct hcs_error **err) {
        HRESULT hr = tar_stream_read(r->stream, r->block, TAR_BLOCK, ret_n, err);

        if (FAILED(hr))
                return hr;
        return *ret_n == TAR_BLOCK ? S_OK : *ret_n == 0 ? S_FALSE : tar_reader_ended(r, err);
}

/* S_FALSE at the end: no more bytes, one block of zeros and no more bytes, or two blocks of zeros. */
static HRESULT read_header(struct tar_reader *r, struct hcs_error **err) {
        uint64_t offset = tar_stream_offset(r->stream);
        size_t n;
        HRESULT hr = tar_reader_read_block(r, &n, err);

        if (hr != S_OK)
                return hr;
        r->entry.offset = offset;
        if (!tar_block_is_zero(r->block)) {
                if (!tar_block_parse(r->block, &r->entry.f, &r->name, &r->link))
                        return tar_reader_bad_header(
                                r, tar_block_is_valid(r->block) ? "a field is not a number" : "bad checksum", err);
                return S_OK;
        }
        hr = tar_reader_read_block(r, &n, err);
        if (hr != S_OK)
                return hr;
        return tar_block_is_zero(r->block) ? S_FALSE : tar_reader_bad_header(r, "one block of zeros in the midst", err);
}

/* The whole content of a special entry. */
static HRESULT read_special(struct tar_reader *r, struct hcs_buf *out, struct hcs_error **err) {
        hcs_buf_clear(out);
        while (r->left > 0) {
                const uint8_t *p;
                size_t n;
                HRESULT hr = tar_stream_take(r->stream, r->left < TAR_MAX_SPECIAL ? (size_t)r->left : TAR_MAX_SPECIAL,
                                             &p, &n, err);

                if (FAILED(hr))
                        return hr;
                if (n == 0)
                        return tar_reader_ended(r, err);
                r->left -= n;
                if (n > TAR_MAX_SPECIAL - out->len)
                        return tar_reader_too_long(r, "the extended header", err);
                hcs_buf_append(out, p, n);
        }
        return S_OK;
}

static HRESULT read_pax(struct tar_reader *r, struct hcs_error **err) {
        HRESULT hr = read_special(r, &r->pax.text, err);

        if (FAILED(hr))
                return hr;
        return tar_pax_parse(&r->pax) ? S_OK : tar_reader_bad_header(r, "malformed PAX records", err);
}

static HRESULT read_long(struct tar_reader *r, struct hcs_buf *out, struct hcs_error **err) {
        HRESULT hr = read_special(r, out, err);

        if (SUCCEEDED(hr) && out->len > 0)
                out->len = strlen(out->data);
        return hr;
}

void tar_reader_pax_text(const struct tar_pax *pax, const char *key, struct hcs_buf *out) {
        size_t len;
        const char *value = tar_pax_get(pax, key, &len);

        if (value && len > 0) {
                hcs_buf_clear(out);
                hcs_buf_append(out, value, len);
        }
}

static bool pax_number(const struct tar_pax *pax, const char *key, int64_t *out) {
        size_t len;
        const char *value = tar_pax_get(pax, key, &len);

        return !value || len == 0 || tar_pax_number(value, len, out);
}

static bool pax_time(const struct tar_pax *pax, const char *key, struct tar_time *out) {
        size_t len;
        const char *value = tar_pax_get(pax, key, &len);

        return !value || len == 0 || tar_pax_time(value, len, out);
}

/* What the extended header says goes over what the header says; an empty value says nothing. */
static bool merge_pax(struct tar_reader *r) {
        const struct tar_pax *pax = &r->pax;
        struct tar_fields *f = &r->entry.f;

        if (pax->n == 0)
                return true;
        tar_reader_pax_text(pax, "path", &r->name);
        tar_reader_pax_text(pax, "linkpath", &r->link);
        return pax_number(pax, "uid", &f->uid) && pax_number(pax, "gid", &f->gid) &&
               pax_number(pax, "size", &f->size) && pax_time(pax, "atime", &f->atime) &&
               pax_time(pax, "mtime", &f->mtime) && pax_time(pax, "ctime", &f->ctime);
}

/* A global header comes out as an entry with nothing but its name and records. */
static HRESULT global_entry(struct tar_reader *r, struct hcs_error **err) {
        HRESULT hr = read_pax(r, err);

        if (FAILED(hr))
                return hr;
        if (!merge_pax(r))
                tar_pax_clear(&r->pax);
        hcs_buf_clear(&r->link);
        r->entry.f = (struct tar_fields){.type = TAR_GLOBAL};
        return S_OK;
}

/* GNU long names go over those of PAX. */
static void take_long(struct hcs_buf *name, struct hcs_buf *out) {
        if (name->len > 0) {
                struct hcs_buf old = *out;

                *out = *name;
                *name = old;
        }
}

static HRESULT file_entry(struct tar_reader *r, struct hcs_error **err) {
        struct tar_fields *f = &r->entry.f;
        HRESULT hr;

        if (!merge_pax(r))
                return tar_reader_bad_header(r, "a PAX record is not a number", err);
        take_long(&r->long_name, &r->name);
        take_long(&r->long_link, &r->link);
        if (f->type == TAR_OLD_REGULAR)
                f->type = hcs_str_ends(hcs_buf_cstr(&r->name), "/") ? TAR_DIRECTORY : TAR_REGULAR;
        hr = begin_data(r, f->type, f->size, err);
        return FAILED(hr) ? hr : tar_reader_begin_sparse(r, err);
}

HRESULT tar_reader_next(struct tar_reader *r, const struct tar_entry **ret, struct hcs_error **err) {
        HRESULT hr;

        tar_pax_clear(&r->pax);
        tar_sparse_clear(&r->sparse);
        hcs_buf_clear(&r->long_name);
        hcs_buf_clear(&r->long_link);
        for (bool done = false; !done;) {
                hr = end_data(r, err);
                if (hr == S_OK)
                        hr = read_header(r, err);
                if (hr == S_OK)
                        hr = begin_data(r, r->entry.f.type, r->entry.f.size, err);
                if (hr != S_OK)
                        return hr;
                switch (r->entry.f.type) {
                case 'x':
                        hr = read_pax(r, err);
                        break;
                case 'L':
                        hr = read_long(r, &r->long_name, err);
                        break;
                case 'K':
                        hr = read_long(r, &r->long_link, err);
                        break;
                case TAR_GLOBAL:
                        hr = global_entry(r, err);
                        done = true;
                        break;
                default:
                        hr = file_entry(r, err);
                        done = true;
                }
                if (FAILED(hr))
                        return hr;
        }
        r->entry.name = hcs_buf_cstr(&r->name);
        r->entry.link = hcs_buf_cstr(&r->link);
        r->entry.pax = &r->pax;
        *ret = &r->entry;
        return S_OK;
}

static HRESULT next_bytes(struct tar_reader *r, uint64_t max, struct tar_piece *ret, struct hcs_error **err) {
        struct tar_piece piece = {.n = max};
        size_t n;
        HRESULT hr;

        if (max >= DIRECT_MIN && !r->no_direct && tar_stream_is_direct(r->stream, &piece.file, &piece.offset)) {
                *ret = piece;
                return S_OK;
        }
        hr = tar_stream_take(r->stream, max < SIZE_MAX ? (size_t)max : SIZE_MAX, &piece.data, &n, err);
        if (FAILED(hr))
                return hr;
        if (n == 0)
                return tar_reader_ended(r, err);
        r->left -= n;
        r->sparse.position += (int64_t)n;
        piece.n = n;
        *ret = piece;
        return S_OK;
}

HRESULT tar_reader_piece(struct tar_reader *r, struct tar_piece *ret, struct hcs_error **err) {
        uint64_t n;
        bool is_data;

        if (!r->sparse.active) {
                if (r->left > 0)
                        return next_bytes(r, r->left, ret, err);
                *ret = (struct tar_piece){0};
                return S_OK;
        }
        tar_sparse_run(&r->sparse, &n, &is_data);
        if (n == 0 && r->left > 0)
                return hcs_error_make(err, TAR_E_SPARSE, "sparse file contains unreferenced data");
        if (is_data && r->left == 0)
                return hcs_error_make(err, TAR_E_SPARSE, "sparse file references non-existent data");
        if (is_data)
                return next_bytes(r, n < r->left ? n : r->left, ret, err);
        r->sparse.position += (int64_t)n;
        *ret = (struct tar_piece){.n = n};
        return S_OK;
}

void tar_reader_took(struct tar_reader *r, uint64_t n) {
        tar_stream_advance(r->stream, n);
        r->left -= n;
        r->sparse.position += (int64_t)n;
        r->no_direct = n == 0;
}
