/* SPDX-License-Identifier: MIT */

#include "oci/archive.h"

#include <string.h>

#include "base/str.h"
#include "ext4/copy.h"
#include "ext4/tar/reader.h"
#include "oci/document.h"

#define NOT_FOUND HCS_WIN32(2)
#define ID_LENGTH 64u

struct member {
        char *name;
        struct hcs_data_file *file; /* the tar or the spool */
        uint64_t offset, size;
};

struct oci_archive {
        struct hcs_data_file *tar, *spool;
        bool plain; /* the tar can be read at any place, and is not compressed */
        uint64_t spooled;
        struct member *members;
        size_t n;
};

static void free_members(struct oci_archive *a) {
        for (size_t i = 0; i < a->n; i++)
                free(a->members[i].name);
        free(a->members);
        hcs_data_file_close(a->spool);
}

void oci_archive_release(struct oci_archive *a) {
        free_members(a);
        free(a);
}

struct oci_archive *oci_archive_free(struct oci_archive *a) {
        if (!a)
                return NULL;
        hcs_data_file_close(a->tar);
        oci_archive_release(a);
        return NULL;
}

static const char *plain_name(const char *name) {
        while (hcs_str_starts(name, "./"))
                name += 2;
        return name;
}

/* manifest.json and repositories are Docker's own, beside the layout. */
static bool belongs(const char *name) {
        return *name == '\0' || hcs_streq(name, ".") || hcs_streq(name, "oci-layout") ||
               hcs_streq(name, "index.json") || hcs_streq(name, "manifest.json") || hcs_streq(name, "repositories") ||
               hcs_streq(name, "blobs") || hcs_str_starts(name, "blobs/");
}

/*
 * Before version 25 docker save made no layout: files and folders named by digests, ID.json and ID/layer.tar, or of
 * skopeo ID.tar. As a layer's tar, which it would be taken for otherwise, it has a root hash that nobody wants.
 */
static bool is_of_old_docker(const char *name) {
        static const char *const ends[] = {"", "/", ".json", ".tar", "/VERSION", "/json", "/layer.tar"};
        size_t hex = strspn(name, "0123456789abcdef");

        for (size_t i = 0; i < HCS_ARRAY_SIZE(ends); i++)
                if (hex == ID_LENGTH && hcs_streq(name + hex, ends[i]))
                        return true;
        return false;
}

/* An entry's content into the spool. */
static HRESULT spool(struct oci_archive *a, struct tar_reader *r, struct hcs_error **err) {
        HRESULT hr = a->spool ? S_OK : hcs_data_file_temporary(&a->spool, err);

        while (SUCCEEDED(hr)) {
                struct tar_piece piece;

                hr = tar_reader_piece(r, &piece, err);
                if (FAILED(hr) || piece.n == 0)
                        break;
                if (piece.data)
                        hr = hcs_data_file_write_at(a->spool, a->spooled, piece.data, (size_t)piece.n, err);
                if (piece.file)
                        tar_reader_took(r, 0);
                else
                        a->spooled += piece.n; /* zeros are what a file has anyway */
        }
        return SUCCEEDED(hr) ? hcs_data_file_resize(a->spool, a->spooled, err) : hr;
}

/* In a plain tar what is next in the stream is at that offset of the file. */
static HRESULT add_member(struct oci_archive *a, struct tar_stream *s, struct tar_reader *r, const struct tar_entry *e,
                          struct hcs_error **err) {
        struct member m = {.file = a->tar, .offset = tar_stream_offset(s), .size = (uint64_t)e->f.size};

        if (!a->plain) {
                HRESULT hr;

                m.offset = a->spooled;
                hr = spool(a, r, err);
                if (FAILED(hr))
                        return hr;
                m.file = a->spool;
                m.size = a->spooled - m.offset;
        }
        m.name = hcs_strdup(plain_name(e->name));
        if ((a->n & (a->n - 1)) == 0)
                a->members = hcs_realloc(a->members, (a->n ? 2 * a->n : 1) * sizeof(*a->members));
        a->members[a->n++] = m;
        return S_OK;
}

static HRESULT read_members(struct oci_archive *a, struct tar_stream *s, struct tar_reader *r, struct hcs_error **err) {
        const struct tar_entry *e;
        HRESULT hr;

        while ((hr = tar_reader_next(r, &e, err)) == S_OK) {
                if (e->f.type == TAR_GLOBAL)
                        continue;
                if (is_of_old_docker(plain_name(e->name)))
                        return hcs_error_make(err, OCI_E_DOCUMENT,
                                              "`%s` is an image as docker save made it before version 25 (`skopeo copy "
                                              "docker-archive:FILE oci:DIR` makes a layout of it)",
                                              hcs_data_file_name(a->tar));
                if (!belongs(plain_name(e->name)))
                        return S_FALSE;
                if (e->f.type != TAR_REGULAR && e->f.type != TAR_OLD_REGULAR)
                        continue;
                hr = add_member(a, s, r, e, err);
                if (FAILED(hr))
                        return hr;
        }
        return FAILED(hr) ? hr : a->n > 0 ? S_OK : S_FALSE;
}

static bool is_plain(struct hcs_data_file *tar) {
        uint8_t block[TAR_BLOCK];
        size_t n;

        return hcs_data_file_is_regular(tar) &&
               SUCCEEDED(hcs_data_file_read_at(tar, 0, block, sizeof(block), &n, NULL)) && n == sizeof(block) &&
               tar_block_is_valid(block);
}

HRESULT oci_archive_open(struct hcs_data_file *tar, struct oci_archive **ret, struct hcs_error **err) {
        struct oci_archive *a = hcs_calloc(1, sizeof(*a));
        struct tar_stream *stream = NULL;
        struct tar_reader *reader = NULL;
        HRESULT hr = tar_stream_open(tar, &stream, err);

        a->tar = tar;
        a->plain = is_plain(tar);
        if (SUCCEEDED(hr)) {
                reader = tar_reader_new(stream);
                hr = read_members(a, stream, reader, err);
        }
        tar_reader_free(reader);
        tar_stream_free(stream);
        if (hr != S_OK) {
                oci_archive_release(a);
                return hr;
        }
        *ret = a;
        return S_OK;
}

HRESULT oci_archive_extract(struct oci_archive *a, const char *name, struct hcs_data_file **ret,
                            struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        const struct member *m = NULL;
        uint64_t n;
        HRESULT hr;

        /* The last one of a name counts, as when a tar is unpacked. */
        for (size_t i = a->n; i-- > 0 && !m;)
                if (hcs_streq(a->members[i].name, name))
                        m = &a->members[i];
        if (!m)
                return hcs_error_make(err, NOT_FOUND, "there is no `%s` in `%s`", name, hcs_data_file_name(a->tar));
        hr = hcs_data_file_temporary(&f, err);
        if (SUCCEEDED(hr) && m->size > 0)
                hr = ext4_copy(m->file, m->offset, f, 0, m->size, NULL, NULL, &n, err);
        if (FAILED(hr))
                return hr;
        *ret = steal_pointer(&f);
        return S_OK;
}
