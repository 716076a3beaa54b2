/* SPDX-License-Identifier: MIT */

#include "ext4/convert.h"

#include <string.h>

#include "base/str.h"
#include "base/utf.h"
#include "ext4/pax_xattrs.h"
#include "ext4/tar/reader.h"

#define WHITEOUT       ".wh."
#define OPAQUE         ".wh..wh..opq"
#define PROGRESS_EVERY ((uint64_t)1 << 20)
#define YEAR_ONE       (-62135596800LL) /* Go's zero time, which counts as none */

/* One conversion. */
struct conversion {
        const struct ext4_convert_options *o;
        struct tar_stream *stream;
        struct tar_reader *reader;
        struct ext4_writer *writer;
        struct hcs_buf name, link;
        uint64_t entries, reported;
};

static void report(struct conversion *c, bool always) {
        struct ext4_progress p = {.entries = c->entries};

        if (!c->o->progress)
                return;
        tar_stream_progress(c->stream, &p.done, &p.total);
        if (!always && p.done - c->reported < PROGRESS_EVERY)
                return;
        c->reported = p.done;
        c->o->progress(c->o->ctx, &p);
}

static void take_name(const struct conversion *c, const char *name, struct hcs_buf *out) {
        hcs_buf_clear(out);
        hcs_buf_puts(out, name);
        for (size_t i = 0; c->o->convert_slash && i < out->len; i++)
                if (out->data[i] == '\\')
                        out->data[i] = '/';
}

/* S_OK: it was one; S_FALSE: an entry like any other. */
static HRESULT whiteout(struct conversion *c, struct hcs_error **err) {
        const char *slash = strrchr(c->name.data, '/');
        const char *file = slash ? slash + 1 : c->name.data;
        _cleanup_free_ char *dir = hcs_strndup(c->name.data, (size_t)(file - c->name.data));
        const struct ext4_file device = {.mode = EXT4_CHAR};
        HRESULT hr;

        if (!hcs_str_starts(file, WHITEOUT))
                return S_FALSE;
        if (hcs_streq(file, OPAQUE)) {
                hr = ext4_writer_set_xattr(c->writer, dir, "trusted.overlay.opaque", "y", 1, err);
                return FAILED(hr) ? hcs_error_wrap(err, "failed to create opaque dir"), hr : S_OK;
        } else {
                _cleanup_free_ char *path = hcs_asprintf("%s%s", dir, file + strlen(WHITEOUT));

                hr = ext4_writer_create(c->writer, path, &device, err);
                return FAILED(hr) ? hcs_error_wrap(err, "failed to create whiteout file"), hr : S_OK;
        }
}

static uint32_t type_of(uint8_t type) {
        switch (type) {
        case TAR_SYMLINK:
                return EXT4_LNK;
        case TAR_CHAR:
                return EXT4_CHAR;
        case TAR_BLOCK_DEVICE:
                return EXT4_BLOCK_DEV;
        case TAR_DIRECTORY:
                return EXT4_DIR;
        case TAR_FIFO:
                return EXT4_FIFO;
        default:
                return EXT4_REG; /* also what no one knows */
        }
}

static uint64_t time_of(const struct tar_time *t) {
        if (!t->set || (t->seconds == YEAR_ONE && t->nanoseconds == 0))
                return 0;
        return ext4_time(t->seconds, t->nanoseconds);
}

static HRESULT copy_content(struct conversion *c, struct hcs_error **err) {
        for (;;) {
                struct tar_piece piece;
                uint64_t moved;
                HRESULT hr = tar_reader_piece(c->reader, &piece, err);

                if (FAILED(hr) || piece.n == 0)
                        return hr;
                if (piece.file) {
                        hr = ext4_writer_copy(c->writer, piece.file, piece.offset, piece.n, &moved, err);
                        if (SUCCEEDED(hr))
                                tar_reader_took(c->reader, moved);
                } else if (piece.data) {
                        hr = ext4_writer_write(c->writer, piece.data, (size_t)piece.n, err);
                } else {
                        hr = ext4_writer_zero(c->writer, piece.n, err);
                }
                if (FAILED(hr))
                        return hr;
                report(c, false);
        }
}

static HRESULT add_file(struct conversion *c, const struct tar_entry *e, struct hcs_error **err) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set xattrs = {0};
        const struct ext4_file file = {.mode = ((uint32_t)e->f.mode & 07777) | type_of(e->f.type),
                                       .uid = (uint32_t)e->f.uid,
                                       .gid = (uint32_t)e->f.gid,
                                       .size = e->f.size,
                                       .atime = time_of(&e->f.atime),
                                       .ctime = time_of(&e->f.ctime),
                                       .mtime = time_of(&e->f.mtime),
                                       .crtime = time_of(&e->f.mtime),
                                       .dev_major = (uint32_t)e->f.dev_major,
                                       .dev_minor = (uint32_t)e->f.dev_minor,
                                       .link = c->link.data,
                                       .xattrs = &xattrs};
        HRESULT hr = ext4_pax_xattrs(e->pax, c->o->libarchive_xattrs, &xattrs, err);

        if (SUCCEEDED(hr))
                hr = ext4_writer_create(c->writer, c->name.data, &file, err);
        return FAILED(hr) ? hr : copy_content(c, err);
}

static HRESULT add_entry(struct conversion *c, const struct tar_entry *e, struct hcs_error **err) {
        HRESULT hr;

        take_name(c, e->name, &c->name);
        take_name(c, e->link, &c->link);
        hr = ext4_writer_make_parents(c->writer, c->name.data, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to ensure parent directories"), hr;
        if (c->o->overlay) {
                hr = whiteout(c, err);
                if (hr != S_FALSE)
                        return hr;
        }
        if (e->f.type == TAR_LINK)
                return ext4_writer_link(c->writer, c->link.data, c->name.data, err);
        return add_file(c, e, err);
}

/* To the end of the input, not only of the archive: a writer at the other end of a pipe, a checksum at the end. */
static HRESULT drain(struct conversion *c, struct hcs_error **err) {
        uint64_t n;

        return tar_stream_skip(c->stream, UINT64_MAX, &n, err);
}

static HRESULT convert(struct conversion *c, uint64_t *ret_size, struct hcs_error **err) {
        const struct tar_entry *entry;
        HRESULT hr;

        while ((hr = tar_reader_next(c->reader, &entry, err)) == S_OK) {
                hr = add_entry(c, entry, err);
                if (FAILED(hr)) {
                        _cleanup_free_ char *name = hcs_utf8_visible(hcs_buf_cstr(&c->name));

                        return hcs_error_wrap(err, "entry %llu `%.200s` at offset %llu",
                                              (unsigned long long)c->entries + 1, name,
                                              (unsigned long long)entry->offset),
                               hr;
                }
                c->entries++;
                report(c, false);
        }
        if (FAILED(hr)) {
                _cleanup_free_ char *before = hcs_utf8_visible(hcs_buf_cstr(&c->name));

                return hcs_error_wrap(err, "entry %llu%s%.200s", (unsigned long long)c->entries + 1,
                                      c->entries ? " behind " : "", before),
                       hr;
        }
        hr = ext4_writer_finish(c->writer, ret_size, err);
        if (SUCCEEDED(hr))
                hr = drain(c, err);
        if (SUCCEEDED(hr))
                report(c, true);
        return hr;
}

HRESULT ext4_convert(struct hcs_data_file *in, struct hcs_data_file *out, const struct ext4_convert_options *options,
                     uint64_t *ret_size, struct hcs_error **err) {
        struct conversion c = {.o = options};
        HRESULT hr = tar_stream_open(in, &c.stream, err);

        if (SUCCEEDED(hr))
                hr = ext4_writer_new(out, &options->writer, &c.writer, err);
        if (SUCCEEDED(hr)) {
                c.reader = tar_reader_new(c.stream);
                hr = convert(&c, ret_size, err);
        }
        ext4_writer_free(c.writer);
        tar_reader_free(c.reader);
        tar_stream_free(c.stream);
        hcs_buf_deinit(&c.name);
        hcs_buf_deinit(&c.link);
        return FAILED(hr) ? hr : S_OK;
}
