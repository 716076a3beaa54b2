/* SPDX-License-Identifier: MIT */

/* Where the reader finds the maps of sparse files: PAX records, lines before the data, old GNU headers. */

#include "ext4/tar/reader_private.h"

#include <string.h>

/* Lines of a sparse map, read a block at a time and no further than needed. */
struct sparse_lines {
        struct hcs_buf text;
        size_t at;      /* of the next line */
        uint64_t ready; /* newlines behind that */
};

static HRESULT feed_lines(struct tar_reader *r, struct sparse_lines *l, uint64_t want, struct hcs_error **err) {
        while (l->ready < want) {
                size_t n;
                HRESULT hr;

                if (l->text.len + TAR_BLOCK > TAR_MAX_SPECIAL)
                        return tar_reader_too_long(r, "the sparse map", err);
                if (r->left < TAR_BLOCK)
                        return tar_reader_ended(r, err);
                hr = tar_reader_read_block(r, &n, err);
                if (hr != S_OK)
                        return FAILED(hr) ? hr : tar_reader_ended(r, err);
                r->left -= TAR_BLOCK;
                hcs_buf_append(&l->text, r->block, TAR_BLOCK);
                for (size_t i = 0; i < TAR_BLOCK; i++)
                        l->ready += r->block[i] == '\n';
        }
        return S_OK;
}

static bool next_line(struct sparse_lines *l, int64_t *ret) {
        const char *line = l->text.data + l->at;
        const char *end = memchr(line, '\n', l->text.len - l->at);

        l->at += (size_t)(end - line) + 1;
        l->ready--;
        return tar_pax_number(line, (size_t)(end - line), ret);
}

/* The map of format 1.0 precedes the data: decimal numbers, a line each, the first one the number of spans. */
static HRESULT read_sparse_lines(struct tar_reader *r, struct sparse_lines *l, struct hcs_error **err) {
        struct tar_span span = {0};
        int64_t count;
        HRESULT hr = feed_lines(r, l, 1, err);

        if (FAILED(hr))
                return hr;
        if (!next_line(l, &count) || count < 0 || count > INT64_MAX / 2)
                return tar_reader_bad_header(r, "the sparse map has an impossible size", err);
        hr = feed_lines(r, l, 2 * (uint64_t)count, err);
        if (FAILED(hr))
                return hr;
        for (int64_t i = 0; i < count; i++) {
                if (!next_line(l, &span.offset) || !next_line(l, &span.length))
                        return tar_reader_bad_header(r, "the sparse map is not made of numbers", err);
                tar_sparse_add(&r->sparse, span);
        }
        return S_OK;
}

/* S_FALSE: not a sparse file of the PAX formats. */
static HRESULT pax_sparse(struct tar_reader *r, struct hcs_error **err) {
        const struct tar_pax *pax = &r->pax;
        size_t major_len = 0, minor_len = 0, len = 0;
        const char *major = tar_pax_get(pax, "GNU.sparse.major", &major_len);
        const char *minor = tar_pax_get(pax, "GNU.sparse.minor", &minor_len);
        const char *size;
        bool lines;

        if (major_len == 1 && minor_len == 1 && major[0] == '0' && (minor[0] == '0' || minor[0] == '1'))
                lines = false;
        else if (major_len == 1 && minor_len == 1 && major[0] == '1' && minor[0] == '0')
                lines = true;
        else if (major_len > 0 || minor_len > 0)
                return S_FALSE;
        else if (tar_pax_get(pax, "GNU.sparse.map", &len) && len > 0)
                lines = false;
        else
                return S_FALSE;

        tar_reader_pax_text(pax, "GNU.sparse.name", &r->name);
        size = tar_pax_get(pax, "GNU.sparse.size", &len);
        if (!size || len == 0)
                size = tar_pax_get(pax, "GNU.sparse.realsize", &len);
        if (size && len > 0 && !tar_pax_number(size, len, &r->entry.f.size))
                return tar_reader_bad_header(r, "the size of the sparse file is not a number", err);
        if (lines) {
                struct sparse_lines l = {0};
                HRESULT hr = read_sparse_lines(r, &l, err);

                hcs_buf_deinit(&l.text);
                return hr;
        }
        return tar_sparse_from_pax(&r->sparse, pax) ? S_OK : tar_reader_bad_header(r, "malformed sparse map", err);
}

/* The map of the old GNU dialect: in the header, and in blocks after it that its size does not count. */
static HRESULT old_sparse(struct tar_reader *r, struct hcs_error **err) {
        size_t total = 0;
        bool more = true;

        if (!r->entry.f.gnu || !tar_block_real_size(r->block, &r->entry.f.size))
                return tar_reader_bad_header(r, "malformed sparse file", err);
        for (bool first = true; more; first = false) {
                size_t n;
                HRESULT hr;

                if (!first) {
                        if ((total += TAR_BLOCK) > TAR_MAX_SPECIAL)
                                return tar_reader_too_long(r, "the sparse map", err);
                        hr = tar_reader_read_block(r, &n, err);
                        if (hr != S_OK)
                                return FAILED(hr) ? hr : tar_reader_ended(r, err);
                }
                if (!tar_block_sparse(r->block, first, tar_sparse_add, &r->sparse, &more))
                        return tar_reader_bad_header(r, "the sparse map is not made of numbers", err);
        }
        return S_OK;
}

HRESULT tar_reader_begin_sparse(struct tar_reader *r, struct hcs_error **err) {
        HRESULT hr = r->entry.f.type == 'S' ? old_sparse(r, err) : pax_sparse(r, err);

        if (hr != S_OK)
                return FAILED(hr) ? hr : S_OK;
        if (tar_is_header_only(r->entry.f.type) || !tar_sparse_begin(&r->sparse, r->entry.f.size))
                return tar_reader_bad_header(r, "the sparse map does not fit the file", err);
        return S_OK;
}
