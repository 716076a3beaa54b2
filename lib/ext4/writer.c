/* SPDX-License-Identifier: MIT */

/* The writer up to its completion: inodes and the names they have. */

#include "ext4/writer_private.h"

#include <string.h>

#include "base/str.h"

#define SMALL_LINK      59u  /* bytes of a symbolic link that go into the inode */
#define MAX_INLINE_DATA 136u /* bytes of content that do: i_block, and the rest of the attributes' room */
#define NO_INLINE_DATA  SIZE_MAX

/*
 * 34 bits of seconds and 30 of nanoseconds. Seconds before 1970 are not cut to 34 bits, so they fill the field with
 * ones: that is how hcsshim has it.
 */
uint64_t ext4_time(int64_t seconds, uint32_t nanoseconds) {
        if (seconds < -0x80000000LL)
                return 0x80000000;
        if (seconds > 0x37fffffffLL)
                return 0x37fffffff;
        return (uint64_t)seconds | (uint64_t)nanoseconds << 34;
}

/*
 * A time that was on disk already, read and written again. Seconds of 32 bits are read as signed, as hcsshim does
 * whatever the bits above say, so dates after 2038 of a directory that is touched again are not what they were.
 */
static uint64_t time_again(uint64_t t) {
        int64_t seconds = (int64_t)(t & 0x3ffffffff);
        uint64_t nanoseconds = t >> 34;

        if (t == 0)
                return 0;
        if (seconds > 0x7fffffff && seconds < 0x100000000)
                seconds = (int32_t)(uint32_t)seconds;
        return ext4_time(seconds + (int64_t)(nanoseconds / 1000000000), (uint32_t)(nanoseconds % 1000000000));
}

/* ---- inodes ---- */

/* A block that the inode has already is written again, even when nothing is left for it. */
static HRESULT write_xattr_block(struct ext4_writer *w, struct ext4_node *node, const struct ext4_xattr_set *xattrs,
                                 struct hcs_error **err) {
        uint8_t block[EXT4_BLOCK];

        if (!node->xattr_block && !ext4_xattr_set_in_block(xattrs))
                return S_OK;
        memset(block, 0, sizeof(block));
        ext4_xattr_put_block(xattrs, block);
        if (node->xattr_block)
                return ext4_output_patch(&w->out, (uint64_t)node->xattr_block * EXT4_BLOCK, block, sizeof(block), err);
        node->xattr_block = ext4_output_block(&w->out);
        node->block_count++;
        return ext4_output_write(&w->out, block, sizeof(block), err);
}

/*
 * The attributes of a new or a replaced inode. The room that inline content takes among them comes first. When such
 * a file is replaced, its "system.data" counts as one of the attributes it had: the result is what hcsshim writes.
 */
static HRESULT set_xattrs(struct ext4_writer *w, struct ext4_node *node, struct ext4_xattr_set *xattrs,
                          size_t inline_data, struct hcs_error **err) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set before = {0};
        uint8_t area[EXT4_INODE_EXTRA] = {0};
        const struct ext4_xattr *homeless;

        if (xattrs->n == 0 && inline_data == NO_INLINE_DATA && !node->xattrs && !node->xattr_block)
                return S_OK;
        if (node->xattrs) {
                if (!ext4_xattr_get_inode(&before, ext4_tree_stored(&w->tree, node->xattrs), EXT4_INODE_EXTRA))
                        return hcs_error_make(err, EXT4_E_XATTR, "malformed attributes in the inode to be replaced");
                ext4_xattr_set_merge(xattrs, &before);
                node->xattrs = 0;
        }
        homeless = ext4_xattr_set_place(xattrs, inline_data);
        if (homeless) {
                struct ext4_shown s;

                return hcs_error_make(err, EXT4_E_XATTR, "could not fit xattr %s",
                                      ext4_writer_show(homeless->name, &s));
        }
        if (ext4_xattr_put_inode(xattrs, inline_data, area))
                node->xattrs = ext4_tree_store(&w->tree, area, sizeof(area));
        return write_xattr_block(w, node, xattrs, err);
}

static uint32_t device_number(uint32_t major, uint32_t minor) {
        return (minor & 0xff) | major << 8 | (minor & 0xffffff00) << 12;
}

static void set_plain_fields(struct ext4_node *node, const struct ext4_file *file, uint32_t mode) {
        node->mode = (uint16_t)mode;
        node->uid = file->uid;
        node->gid = file->gid;
        node->flags = EXT4_FLAG_HUGE_FILE;
        node->atime = file->atime;
        node->ctime = file->ctime;
        node->mtime = file->mtime;
        node->crtime = file->crtime;
        node->start = device_number(file->dev_major, file->dev_minor);
        node->data = 0;
        node->data_len = 0;
}

/* Content that goes into the inode; *ret_inline is what of it takes room among the attributes. */
static HRESULT set_inode_data(struct ext4_writer *w, struct ext4_node *node, const struct ext4_file *file,
                              size_t *ret_inline, struct hcs_error **err) {
        *ret_inline = NO_INLINE_DATA;
        switch (node->mode & EXT4_TYPE_MASK) {
        case EXT4_REG:
                if (file->size > EXT4_MAX_FILE)
                        return hcs_error_make(err, EXT4_E_FILE_TOO_BIG, "file too big: %lld > %lld",
                                              (long long)file->size, (long long)EXT4_MAX_FILE);
                node->size = (uint64_t)file->size;
                if (!w->inline_data || node->size > MAX_INLINE_DATA)
                        return S_OK;
                *ret_inline = node->size > EXT4_INODE_DATA ? node->size - EXT4_INODE_DATA : 0;
                node->data = ext4_tree_store(&w->tree, NULL, node->size);
                node->data_len = (uint16_t)node->size;
                node->flags |= EXT4_FLAG_INLINE;
                return S_OK;
        case EXT4_LNK:
                node->mode |= 0777;
                node->size = strlen(file->link);
                if (node->size > SMALL_LINK)
                        return S_OK;
                node->data = ext4_tree_store(&w->tree, file->link, node->size);
                node->data_len = (uint16_t)node->size;
                return S_OK;
        default:
                node->size = 0;
                return S_OK;
        }
}

/* *ino: the inode to be replaced, or 0 for a new one. */
static HRESULT make_inode(struct ext4_writer *w, const struct ext4_file *file, uint32_t *ino, struct hcs_error **err) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set none = {0};
        uint32_t mode = file->mode & EXT4_TYPE_MASK ? file->mode : file->mode | EXT4_REG;
        struct ext4_node *node;
        size_t inline_data;
        HRESULT hr;

        if (!ext4_entry_type(mode))
                return hcs_error_make(err, E_INVALIDARG, "invalid mode %o", mode);
        if (*ino) {
                node = ext4_tree_node(&w->tree, *ino);
                if (node->flags & EXT4_FLAG_EXTENTS)
                        return hcs_error_make(err, EXT4_E_EXISTS, "cannot overwrite file with non-inline data");
                set_plain_fields(node, file, mode);
        } else {
                *ino = ext4_tree_add_node(&w->tree);
                node = ext4_tree_new_node(&w->tree, *ino);
                set_plain_fields(node, file, mode);
                node->links = ext4_is_dir(node);
        }
        hr = set_inode_data(w, node, file, &inline_data, err);
        if (SUCCEEDED(hr))
                hr = set_xattrs(w, node, file->xattrs ? file->xattrs : &none, inline_data, err);
        if (SUCCEEDED(hr) && (node->mode & EXT4_TYPE_MASK) == EXT4_LNK && node->size > SMALL_LINK) {
                ext4_writer_begin(w, *ino, node->size);
                hr = ext4_writer_write(w, file->link, node->size, err);
                if (SUCCEEDED(hr))
                        hr = ext4_writer_end(w, err);
        }
        return hr;
}

/* Messages lack the path: callers put it in front. */
static HRESULT create_at(struct ext4_writer *w, const struct ext4_place *place, const struct ext4_file *file,
                         uint32_t *ret_ino, struct hcs_error **err) {
        struct ext4_node *dir = ext4_tree_node(&w->tree, place->dir);
        struct ext4_node *existing = ext4_tree_node(&w->tree, place->ino), *node;
        bool want_dir = (file->mode & EXT4_TYPE_MASK) == EXT4_DIR;
        uint32_t ino = 0;
        HRESULT hr;

        if (existing) {
                if (ext4_is_dir(existing) && !want_dir)
                        return hcs_error_make(err, EXT4_E_EXISTS, "cannot replace a directory with a file");
                if (!ext4_is_dir(existing) && want_dir)
                        return hcs_error_make(err, EXT4_E_EXISTS, "cannot replace a file with a directory");
                if (want_dir || existing->links < 2)
                        ino = place->ino;
        } else if (want_dir && dir->links >= EXT4_MAX_LINKS) {
                return hcs_error_make(err, EXT4_E_LINKS, "exceeded parent directory maximum link count");
        }
        hr = make_inode(w, file, &ino, err);
        if (FAILED(hr))
                return hr;
        node = ext4_tree_node(&w->tree, ino);
        if (ino != place->ino) {
                if (existing) {
                        existing->links--;
                        ext4_tree_put(&w->tree, place->dir, place->name, place->len, ino);
                } else {
                        ext4_tree_add(&w->tree, place->dir, place->name, place->len, ino);
                }
                node->links++;
                dir->links += want_dir;
        }
        if ((node->mode & EXT4_TYPE_MASK) == EXT4_REG)
                ext4_writer_begin(w, ino, node->size);
        if (ret_ino)
                *ret_ino = ino;
        return S_OK;
}

/* ---- calls ---- */

HRESULT ext4_writer_create(struct ext4_writer *w, const char *path, const struct ext4_file *file,
                           struct hcs_error **err) {
        struct ext4_place place;
        struct ext4_shown s;
        HRESULT hr = ext4_writer_end(w, err);

        if (SUCCEEDED(hr))
                hr = ext4_writer_look_up(w, path, &place, err);
        if (FAILED(hr))
                return hr;
        hr = create_at(w, &place, file, NULL, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "%s", ext4_writer_show(path, &s));
        return hr;
}

static HRESULT make_parent(struct ext4_writer *w, struct ext4_place *place, size_t path_len, struct hcs_error **err) {
        const struct ext4_node *dir = ext4_tree_node(&w->tree, place->dir);
        struct ext4_file like = {.mode = dir->mode,
                                 .uid = dir->uid,
                                 .gid = dir->gid,
                                 .atime = time_again(dir->atime),
                                 .ctime = time_again(dir->ctime),
                                 .mtime = time_again(dir->mtime),
                                 .crtime = time_again(dir->crtime)};
        HRESULT hr;

        if (place->len > EXT4_MAX_NAME)
                hr = hcs_error_make(err, EXT4_E_NAME, "invalid name");
        else if (!ext4_is_dir(dir))
                hr = hcs_error_make(err, EXT4_E_NO_PATH, "path not found");
        else
                hr = create_at(w, place, &like, &place->ino, err);
        if (FAILED(hr)) {
                _cleanup_free_ char *path = hcs_asprintf("/%.*s", (int)path_len, w->path.data);
                struct ext4_shown s;

                hcs_error_wrap(err, "failed while creating parent directories: %s", ext4_writer_show(path, &s));
        }
        return hr;
}

HRESULT ext4_writer_make_parents(struct ext4_writer *w, const char *path, struct hcs_error **err) {
        HRESULT hr = ext4_writer_end(w, err);
        struct ext4_place place = {.ino = EXT4_ROOT_INO};
        size_t end;

        if (FAILED(hr))
                return hr;
        ext4_writer_clean_path(path, &w->path);
        end = ext4_writer_last_name(&w->path);
        if (end == 0 || ext4_writer_is_known_parent(w, end - 1))
                return S_OK;
        for (size_t at = 0; at < end; at += place.len + 1) {
                place.dir = place.ino;
                place.name = w->path.data + at;
                place.len = strcspn(place.name, "/");
                place.ino = ext4_tree_find(&w->tree, place.dir, place.name, place.len);
                if (!place.ino) {
                        hr = make_parent(w, &place, at + place.len, err);
                        if (FAILED(hr))
                                return hr;
                }
        }
        if (ext4_is_dir(ext4_tree_node(&w->tree, place.ino)))
                ext4_writer_know_parent(w, end - 1, place.ino);
        return S_OK;
}

HRESULT ext4_writer_link(struct ext4_writer *w, const char *target, const char *path, struct hcs_error **err) {
        struct ext4_node *existing, *node;
        struct ext4_place from, to;
        _cleanup_free_ char *name = NULL;
        struct ext4_shown s, t;
        HRESULT hr = ext4_writer_end(w, err);

        if (SUCCEEDED(hr))
                hr = ext4_writer_look_up(w, path, &to, err);
        if (FAILED(hr))
                return hr;
        existing = ext4_tree_node(&w->tree, to.ino);
        if (existing && (ext4_is_dir(existing) || existing->links < 2))
                return ext4_writer_refuse(EXT4_E_EXISTS, path, "cannot orphan existing file or directory", err);
        name = hcs_strndup(to.name, to.len);
        hr = ext4_writer_look_up_existing(w, target, &from, err);
        if (FAILED(hr))
                return hr;
        node = ext4_tree_node(&w->tree, from.ino);
        if (ext4_is_dir(node))
                return hcs_error_make(err, EXT4_E_IS_DIRECTORY, "%s: link target cannot be a directory: %s",
                                      ext4_writer_show(path, &s), ext4_writer_show(target, &t));
        if (existing != node && node->links >= EXT4_MAX_LINKS)
                return hcs_error_make(err, EXT4_E_LINKS, "%s: link target would exceed maximum link count: %s",
                                      ext4_writer_show(path, &s), ext4_writer_show(target, &t));
        if (existing)
                existing->links--;
        node->links++;
        ext4_tree_put(&w->tree, to.dir, name, to.len, from.ino);
        return S_OK;
}

static HRESULT read_xattrs(struct ext4_writer *w, const struct ext4_node *node, struct ext4_xattr_set *xattrs,
                           struct hcs_error **err) {
        bool ok = true;

        if (node->xattr_block) {
                uint8_t block[EXT4_BLOCK];
                HRESULT hr =
                        ext4_output_read(&w->out, (uint64_t)node->xattr_block * EXT4_BLOCK, block, sizeof(block), err);

                if (FAILED(hr))
                        return hr;
                ok = ext4_xattr_get_block(xattrs, block);
        }
        if (ok && node->xattrs)
                ok = ext4_xattr_get_inode(xattrs, ext4_tree_stored(&w->tree, node->xattrs), EXT4_INODE_EXTRA);
        ext4_xattr_set_remove(xattrs, "system.data");
        return ok ? S_OK : hcs_error_make(err, EXT4_E_XATTR, "malformed attributes");
}

HRESULT ext4_writer_set_xattr(struct ext4_writer *w, const char *path, const char *name, const void *value, size_t len,
                              struct hcs_error **err) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set xattrs = {0};
        _cleanup_free_ char *link = NULL;
        const struct ext4_node *node;
        struct ext4_file file;
        struct ext4_place place;
        struct ext4_shown s;
        HRESULT hr = ext4_writer_end(w, err);

        if (SUCCEEDED(hr))
                hr = ext4_writer_look_up_existing(w, path, &place, err);
        if (FAILED(hr))
                return hr;
        node = ext4_tree_node(&w->tree, place.ino);
        hr = read_xattrs(w, node, &xattrs, err);
        if (FAILED(hr))
                return hr;
        if ((node->mode & EXT4_TYPE_MASK) == EXT4_LNK) {
                if (node->size > SMALL_LINK)
                        return ext4_writer_refuse(EXT4_E_LONG_LINK, path, "cannot retrieve link information", err);
                link = hcs_strndup((const char *)ext4_tree_stored(&w->tree, node->data), node->data_len);
        }
        ext4_xattr_set_put(&xattrs, name, value, len);
        file = (struct ext4_file){.mode = node->mode,
                                  .uid = node->uid,
                                  .gid = node->gid,
                                  .size = (int64_t)node->size,
                                  .atime = time_again(node->atime),
                                  .ctime = time_again(node->ctime),
                                  .mtime = time_again(node->mtime),
                                  .crtime = time_again(node->crtime),
                                  .dev_major = node->start >> 8 & 0xfff,
                                  .dev_minor = (node->start & 0xff) | (node->start >> 12 & 0xffffff00),
                                  .link = link,
                                  .xattrs = &xattrs};
        hr = create_at(w, &place, &file, NULL, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "%s", ext4_writer_show(path, &s));
        return hr;
}

struct ext4_writer *ext4_writer_free(struct ext4_writer *w) {
        if (!w)
                return NULL;
        ext4_tree_deinit(&w->tree);
        ext4_output_deinit(&w->out);
        hcs_buf_deinit(&w->path);
        hcs_buf_deinit(&w->parent);
        free(w);
        return NULL;
}

static uint64_t disk_limit(int64_t size) {
        if (size < 0 || size > EXT4_MAX_MAX_DISK)
                return (uint64_t)EXT4_MAX_MAX_DISK;
        if (size == 0)
                return (uint64_t)EXT4_DEFAULT_MAX_DISK;
        return ((uint64_t)size + EXT4_BLOCK - 1) / EXT4_BLOCK * EXT4_BLOCK;
}

/* The root, the reserved inodes, and the directory that e2fsck wants to see. */
static HRESULT make_first_inodes(struct ext4_writer *w, struct hcs_error **err) {
        const struct ext4_file root = {.mode = EXT4_DIR | 0755}, lost_found = {.mode = EXT4_DIR | 0700};
        uint32_t ino = 0;
        HRESULT hr;

        ext4_tree_add_node(&w->tree);
        hr = make_inode(w, &root, &ino, err);
        if (FAILED(hr))
                return hr;
        ext4_tree_node(&w->tree, ino)->links++;
        while (ino + 1 < EXT4_FIRST_INO)
                ino = ext4_tree_add_node(&w->tree);
        return ext4_writer_create(w, "lost+found", &lost_found, err);
}

HRESULT ext4_writer_new(struct hcs_data_file *out, const struct ext4_options *options, struct ext4_writer **ret,
                        struct hcs_error **err) {
        _cleanup_(ext4_writer_freep) struct ext4_writer *w = hcs_calloc(1, sizeof(*w));
        uint64_t limit = disk_limit(options->max_disk_size), groups;
        HRESULT hr;

        ext4_output_init(&w->out, out, limit);
        ext4_tree_init(&w->tree);
        w->inline_data = options->inline_data;
        groups = (limit / EXT4_BLOCK + EXT4_BLOCKS_PER_GROUP - 1) / EXT4_BLOCKS_PER_GROUP;
        w->descriptor_blocks = (uint32_t)((groups * EXT4_DESCRIPTOR + EXT4_BLOCK - 1) / EXT4_BLOCK);
        hr = ext4_output_seek(&w->out, (uint64_t)(1 + w->descriptor_blocks) * EXT4_BLOCK, err);
        if (SUCCEEDED(hr))
                hr = make_first_inodes(w, err);
        if (FAILED(hr))
                return hr;
        *ret = steal_pointer(&w);
        return S_OK;
}
