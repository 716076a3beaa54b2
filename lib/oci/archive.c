/* SPDX-License-Identifier: MIT */

#include "oci/archive.h"

#include <string.h>

#include "base/str.h"
#include "ext4/copy.h"
#include "ext4/tar/reader.h"

#define NOT_FOUND HCS_WIN32(2)
#define ID_LENGTH 64u
#define MAX_LINKS 8u

struct member {
        char *name;
        char *target;               /* of a link, from the top; NULL: a file */
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
        for (size_t i = 0; i < a->n; i++) {
                free(a->members[i].name);
                free(a->members[i].target);
        }
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

/*
 * Files and folders that Docker's own archives have: ID.json, ID/layer.tar, of other tools ID.tar, ID.tar.gz,
 * config.json and sha256:ID.
 */
static bool is_of_docker(const char *name) {
        static const char *const ends[] = {"", "/", ".json", ".tar", ".tar.gz", "/VERSION", "/json", "/layer.tar"};
        const char *id = hcs_str_starts(name, "sha256:") ? name + strlen("sha256:") : name;
        size_t hex = strspn(id, "0123456789abcdef");

        for (size_t i = 0; i < HCS_ARRAY_SIZE(ends); i++)
                if (hex == ID_LENGTH && hcs_streq(id + hex, ends[i]))
                        return true;
        return hcs_streq(name, "config.json");
}

/* manifest.json and repositories are Docker's; newer archives have them beside the layout. */
static bool belongs(const char *name) {
        return *name == '\0' || hcs_streq(name, ".") || hcs_streq(name, "oci-layout") ||
               hcs_streq(name, "index.json") || hcs_streq(name, "manifest.json") || hcs_streq(name, "repositories") ||
               hcs_streq(name, "blobs") || hcs_str_starts(name, "blobs/") || is_of_docker(name);
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

static struct member *new_member(struct oci_archive *a, const char *name) {
        struct member *m;

        if ((a->n & (a->n - 1)) == 0)
                a->members = hcs_realloc(a->members, (a->n ? 2 * a->n : 1) * sizeof(*a->members));
        m = &a->members[a->n++];
        *m = (struct member){.name = hcs_strdup(name)};
        return m;
}

/* In a plain tar what is next in the stream is at that offset of the file. */
static HRESULT add_file(struct oci_archive *a, struct tar_stream *s, struct tar_reader *r, const struct tar_entry *e,
                        struct hcs_error **err) {
        struct member *m = new_member(a, plain_name(e->name));
        HRESULT hr;

        m->file = a->tar;
        m->offset = tar_stream_offset(s);
        m->size = (uint64_t)e->f.size;
        if (a->plain)
                return S_OK;
        m->offset = a->spooled;
        hr = spool(a, r, err);
        m->file = a->spool;
        m->size = a->spooled - m->offset;
        return hr;
}

/* Docker has a layer that is there twice as a link to the first: "../ID/layer.tar". */
static void add_link(struct oci_archive *a, const struct tar_entry *e) {
        const char *name = plain_name(e->name), *target = plain_name(e->link), *end = strrchr(name, '/');
        struct member *m = new_member(a, name);

        if (e->f.type == TAR_LINK || !end)
                m->target = hcs_strdup(target);
        else if (hcs_str_starts(target, "../") && memchr(name, '/', (size_t)(end - name)) == NULL)
                m->target = hcs_strdup(target + strlen("../"));
        else
                m->target = hcs_asprintf("%.*s/%s", (int)(end - name), name, target);
}

static HRESULT read_members(struct oci_archive *a, struct tar_stream *s, struct tar_reader *r, struct hcs_error **err) {
        const struct tar_entry *e;
        HRESULT hr;

        while ((hr = tar_reader_next(r, &e, err)) == S_OK) {
                if (e->f.type == TAR_GLOBAL)
                        continue;
                if (!belongs(plain_name(e->name)))
                        return S_FALSE;
                if (e->f.type == TAR_LINK || e->f.type == TAR_SYMLINK)
                        add_link(a, e);
                else if (e->f.type == TAR_REGULAR || e->f.type == TAR_OLD_REGULAR)
                        hr = add_file(a, s, r, e, err);
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

/* The last one of a name counts, as when a tar is unpacked. NULL: none, or links without an end. */
static const struct member *find(const struct oci_archive *a, const char *name) {
        for (unsigned links = 0; name && links <= MAX_LINKS; links++) {
                const struct member *m = NULL;

                for (size_t i = a->n; i-- > 0 && !m;)
                        if (hcs_streq(a->members[i].name, name))
                                m = &a->members[i];
                if (!m || !m->target)
                        return m;
                name = m->target;
        }
        return NULL;
}

static HRESULT not_found(const struct oci_archive *a, const char *name, struct hcs_error **err) {
        return hcs_error_make(err, NOT_FOUND, "there is no `%s` in `%s`", name, hcs_data_file_name(a->tar));
}

HRESULT oci_archive_size(struct oci_archive *a, const char *name, uint64_t *ret, struct hcs_error **err) {
        const struct member *m = find(a, name);

        if (!m)
                return not_found(a, name, err);
        *ret = m->size;
        return S_OK;
}

HRESULT oci_archive_extract(struct oci_archive *a, const char *name, struct hcs_data_file **ret,
                            struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        const struct member *m = find(a, name);
        uint64_t n;
        HRESULT hr;

        if (!m)
                return not_found(a, name, err);
        hr = hcs_data_file_temporary(&f, err);
        if (SUCCEEDED(hr) && m->size > 0)
                hr = ext4_copy(m->file, m->offset, f, 0, m->size, NULL, NULL, &n, err);
        if (FAILED(hr))
                return hr;
        *ret = steal_pointer(&f);
        return S_OK;
}
