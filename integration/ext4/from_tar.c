/* SPDX-License-Identifier: MIT */

/*
 * What libarchive finds in the tar, put together by the rules of tar2ext4: missing directories are made like the one
 * above them, a later entry of a name changes the file of that name, links are names of the file they name, and times
 * go through the field that ext4 has for them.
 */

#include <archive.h>
#include <archive_entry.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "ext4/writer.h"
#include "integration/ext4/listing.h"

struct file {
        struct listed f; /* path is not used */
        struct ext4_xattr_set xattrs;
};

struct name {
        char *path; /* "" is the root, else "/a/b" */
        struct file *file;
};

struct model {
        void *names; /* of tsearch */
        struct listing *out;
        struct hcs_buf files; /* of struct file *, to be freed */
};

static int by_path(const void *a, const void *b) {
        return strcmp(((const struct name *)a)->path, ((const struct name *)b)->path);
}

static struct name *find(struct model *m, const char *path) {
        const struct name key = {.path = (char *)path};
        void *found = tfind(&key, &m->names, by_path);

        return found ? *(struct name **)found : NULL;
}

static struct file *new_file(struct model *m) {
        struct file *f = hcs_calloc(1, sizeof(*f));

        hcs_buf_append(&m->files, &f, sizeof(void *));
        return f;
}

static void put(struct model *m, const char *path, struct file *file) {
        struct name *n = find(m, path);

        file->f.links++;
        if (n) {
                n->file->f.links--;
                n->file = file;
                return;
        }
        n = hcs_calloc(1, sizeof(*n));
        *n = (struct name){hcs_strdup(path), file};
        tsearch(n, &m->names, by_path);
}

/* The file of a name: the one that is there, unless it has other names; they keep it then. */
static struct file *file_to_write(struct model *m, const char *path) {
        struct name *n = find(m, path);

        if (!n || n->file->f.links > 1) {
                put(m, path, new_file(m));
                n = find(m, path);
        }
        return n->file;
}

/* "a/./b/../c/" is "/a/c". */
static char *clean(const char *path) {
        struct hcs_buf b = {0};

        while (*path) {
                size_t n = strcspn(path, "/");

                if (n == 2 && strncmp(path, "..", 2) == 0) {
                        while (b.len > 0 && b.data[--b.len] != '/')
                                continue;
                } else if (n > 0 && !(n == 1 && *path == '.')) {
                        hcs_buf_putc(&b, '/');
                        hcs_buf_append(&b, path, n);
                }
                path += n + (path[n] == '/');
        }
        if (b.data)
                b.data[b.len] = '\0';
        return hcs_buf_steal(&b);
}

static void make_parents(struct model *m, const char *path) {
        struct file *above = find(m, "")->file;

        for (const char *slash = path; *slash && (slash = strchr(slash + 1, '/'));) {
                _cleanup_free_ char *parent = hcs_strndup(path, (size_t)(slash - path));
                struct name *n = find(m, parent);

                if (!n) {
                        struct file *f = new_file(m);

                        f->f = above->f;
                        f->f.links = 0;
                        put(m, parent, f);
                        n = find(m, parent);
                }
                above = n->file;
        }
}

/* Into the 34 bits of seconds and 30 of nanoseconds, and out of them as the kernel does. */
static struct ext4_when through_disk(bool set, int64_t seconds, long nanoseconds) {
        uint64_t t =
                set && !(seconds == -62135596800 && nanoseconds == 0) ? ext4_time(seconds, (uint32_t)nanoseconds) : 0;
        uint32_t low = (uint32_t)t, high = (uint32_t)(t >> 32);

        return (struct ext4_when){(int32_t)low + ((int64_t)(high & 3) << 32), high >> 2};
}

static void set_device(struct listed *f, uint32_t major, uint32_t minor) {
        uint32_t number = (minor & 0xff) | major << 8 | (minor & 0xffffff00) << 12;

        f->major = number >> 8 & 0xfff;
        f->minor = (number & 0xff) | (number >> 12 & 0xfff00);
}

static char *hash_content(struct archive *a, uint64_t size) {
        struct sha256 *h = sha256_new();
        uint64_t at = 0;
        const void *data;
        la_int64_t offset;
        size_t n;

        while (archive_read_data_block(a, &data, &n, &offset) == ARCHIVE_OK) {
                sha256_zeros(h, (uint64_t)offset - at);
                sha256_add(h, data, n);
                at = (uint64_t)offset + n;
        }
        sha256_zeros(h, size > at ? size - at : 0);
        return sha256_end(h);
}

static void take_fields(struct archive *a, struct archive_entry *e, struct file *file) {
        struct listed *f = &file->f;
        const void *value;
        const char *name;
        size_t len;

        f->mode = (archive_entry_perm(e) & 07777) | archive_entry_filetype(e);
        f->uid = (uint32_t)archive_entry_uid(e);
        f->gid = (uint32_t)archive_entry_gid(e);
        f->atime = through_disk(archive_entry_atime_is_set(e), archive_entry_atime(e), archive_entry_atime_nsec(e));
        f->mtime = through_disk(archive_entry_mtime_is_set(e), archive_entry_mtime(e), archive_entry_mtime_nsec(e));
        f->ctime = through_disk(archive_entry_ctime_is_set(e), archive_entry_ctime(e), archive_entry_ctime_nsec(e));
        free(steal_pointer(&f->target));
        free(steal_pointer(&f->content));
        switch (f->mode & EXT4_TYPE_MASK) {
        case EXT4_REG:
                f->size = (uint64_t)archive_entry_size(e);
                f->content = hash_content(a, f->size);
                break;
        case EXT4_LNK:
                f->mode |= 0777;
                f->target = hcs_strdup(archive_entry_symlink(e) ? archive_entry_symlink(e) : "");
                break;
        case EXT4_CHAR:
        case EXT4_BLOCK_DEV:
                set_device(f, (uint32_t)archive_entry_rdevmajor(e), (uint32_t)archive_entry_rdevminor(e));
                break;
        }
        archive_entry_xattr_reset(e);
        while (archive_entry_xattr_next(e, &name, &value, &len) == ARCHIVE_OK)
                ext4_xattr_set_put(&file->xattrs, name, value, len);
}

/* True: it was one. */
static bool whiteout(struct model *m, const char *path) {
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *dir = hcs_strndup(path, slash ? (size_t)(slash - path) : 0);

        if (!slash || !hcs_str_starts(slash, "/.wh."))
                return false;
        if (hcs_streq(slash, "/.wh..wh..opq")) {
                ext4_xattr_set_put(&find(m, dir)->file->xattrs, "trusted.overlay.opaque", "y", 1);
        } else {
                _cleanup_free_ char *white = hcs_asprintf("%s/%s", dir, slash + strlen("/.wh."));
                struct file *f = file_to_write(m, white);
                uint32_t links = f->f.links;

                free(f->f.target);
                free(f->f.content);
                f->f = (struct listed){.mode = EXT4_CHAR, .links = links};
        }
        return true;
}

static bool add_entry(struct model *m, struct archive *a, struct archive_entry *e, bool overlay) {
        const char *raw = archive_entry_pathname(e);
        _cleanup_free_ char *path = clean(raw ? raw : "");
        struct name *n;

        if (!raw) {
                printf("  tar: an entry without a name\n");
                return false;
        }
        make_parents(m, path);
        if (overlay && whiteout(m, path))
                return true;
        if (archive_entry_hardlink(e)) {
                _cleanup_free_ char *target = clean(archive_entry_hardlink(e));

                n = find(m, target);
                if (!n) {
                        printf("  tar: %s is a link to nothing\n", path);
                        return false;
                }
                put(m, path, n->file);
                return true;
        }
        take_fields(a, e, file_to_write(m, path));
        return true;
}

static bool is_dir(const struct file *f) {
        return (f->f.mode & EXT4_TYPE_MASK) == EXT4_DIR;
}

/* A directory has a name, "." and the ".." of each directory in it. */
static void count_links(const void *node, VISIT which, void *model) {
        struct name *n = *(struct name *const *)node;
        const char *slash = strrchr(n->path, '/');

        if (which != leaf && which != postorder)
                return;
        if (is_dir(n->file)) {
                n->file->f.links++;
                if (slash) {
                        _cleanup_free_ char *parent = hcs_strndup(n->path, (size_t)(slash - n->path));

                        find(model, parent)->file->f.links++;
                }
        }
}

static void emit(const void *node, VISIT which, void *model) {
        const struct name *n = *(const struct name *const *)node;
        struct listed f = n->file->f;

        if (which != leaf && which != postorder)
                return;
        f.path = hcs_strdup(*n->path ? n->path : "/");
        f.target = hcs_strdup(f.target);
        f.content = hcs_strdup(f.content);
        f.xattrs = listing_xattrs(&n->file->xattrs);
        listing_add(((struct model *)model)->out, &f);
}

static void free_name(void *p) {
        free(((struct name *)p)->path);
        free(p);
}

static void free_model(struct model *m) {
        for (size_t i = 0; i < m->files.len; i += sizeof(struct file *)) {
                struct file *f;

                memcpy(&f, m->files.data + i, sizeof(struct file *));
                free(f->f.target);
                free(f->f.content);
                ext4_xattr_set_deinit(&f->xattrs);
                free(f);
        }
        hcs_buf_deinit(&m->files);
        tdestroy(m->names, free_name);
}

bool listing_from_tar(const char *tar, bool overlay, struct listing *ret) {
        struct model m = {.out = ret};
        struct archive *a = archive_read_new();
        struct archive_entry *e;
        struct file *root = new_file(&m), *lost = new_file(&m);
        bool ok = true;
        int status;

        root->f.mode = EXT4_DIR | 0755;
        lost->f.mode = EXT4_DIR | 0700;
        put(&m, "", root);
        put(&m, "/lost+found", lost);
        archive_read_support_format_tar(a);
        archive_read_support_format_empty(a);
        archive_read_support_filter_gzip(a);
        archive_read_support_filter_zstd(a);
        status = archive_read_open_filename(a, tar, 1 << 16);
        while (status >= ARCHIVE_WARN && ok && (status = archive_read_next_header(a, &e)) >= ARCHIVE_WARN &&
               status != ARCHIVE_EOF)
                ok = add_entry(&m, a, e, overlay);
        if (status != ARCHIVE_EOF && ok) {
                printf("  tar: libarchive: %s\n", archive_error_string(a));
                ok = false;
        }
        archive_read_free(a);
        twalk_r(m.names, count_links, &m);
        twalk_r(m.names, emit, &m);
        free_model(&m);
        return ok;
}
