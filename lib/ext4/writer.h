/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_WRITER_H
#define HCS_EXT4_WRITER_H

/*
 * Writes a compact, read-only ext4 file system in one pass: content goes out as it comes, names and inodes are kept and
 * written at the end. The same calls give the same bytes, and they are those of hcsshim's compactext4, with two
 * exceptions where that one is broken: files of 340 extents and more (42.5 GiB) have a correct extent tree, and
 * attributes of a block are in the kernel's order whatever their names (hcsshim's comparison is not an order, so some
 * sets come out in another one there).
 *
 * Paths are taken below the root: "..", "." and double slashes are resolved, nothing leads outside. Symbolic links are
 * never followed. The writer borrows the file; one thread at a time. After a failure it can only be freed.
 */

#include "ext4/codes.h"
#include "ext4/tree.h"
#include "ext4/xattr.h"
#include "platform/data_file.h"

#define EXT4_DEFAULT_MAX_DISK ((int64_t)16 << 30)
#define EXT4_MAX_MAX_DISK     ((int64_t)16 << 40)
#define EXT4_MAX_FILE         ((int64_t)128 << 30)

struct ext4_options {
        bool inline_data;      /* content of up to 136 bytes goes into the inode */
        int64_t max_disk_size; /* 0: 16 GiB; negative or too much: 16 TiB. Decides the room for group descriptors. */
};

struct ext4_file {
        uint32_t mode; /* without a type: a regular file */
        uint32_t uid, gid;
        int64_t size;                         /* regular files: of the content that follows */
        uint64_t atime, ctime, mtime, crtime; /* ext4_time(); 0: none */
        uint32_t dev_major, dev_minor;
        const char *link;              /* symbolic links */
        struct ext4_xattr_set *xattrs; /* may be NULL; it is added to */
};

/* The time as it is on disk, bounded to what can be there. */
uint64_t ext4_time(int64_t seconds, uint32_t nanoseconds);

struct ext4_writer;

HRESULT ext4_writer_new(struct hcs_data_file *out, const struct ext4_options *options, struct ext4_writer **ret,
                        struct hcs_error **err);
struct ext4_writer *ext4_writer_free(struct ext4_writer *w);
HCS_DEFINE_CLEANUP(struct ext4_writer *, ext4_writer_free)

/* Makes the missing directories above a path, each like the one it is in. */
HRESULT ext4_writer_make_parents(struct ext4_writer *w, const char *path, struct hcs_error **err);
/*
 * Adds a file, or replaces one: a directory by a directory, another one by what is no directory as long as no content
 * of it is on disk. Attributes that were in the inode stay unless given anew.
 */
HRESULT ext4_writer_create(struct ext4_writer *w, const char *path, const struct ext4_file *file,
                           struct hcs_error **err);
HRESULT ext4_writer_link(struct ext4_writer *w, const char *target, const char *path, struct hcs_error **err);
/* Gives an existing file one more attribute. */
HRESULT ext4_writer_set_xattr(struct ext4_writer *w, const char *path, const char *name, const void *value, size_t len,
                              struct hcs_error **err);

/* Content of the regular file created last. */
HRESULT ext4_writer_write(struct ext4_writer *w, const void *data, size_t n, struct hcs_error **err);
HRESULT ext4_writer_zero(struct ext4_writer *w, uint64_t n, struct hcs_error **err);
/* Content that is in another file: up to n bytes, moved by the system. *ret_n == 0: it cannot, write them. */
HRESULT ext4_writer_copy(struct ext4_writer *w, struct hcs_data_file *from, uint64_t offset, uint64_t n,
                         uint64_t *ret_n, struct hcs_error **err);

/* Completes the file system; *ret_size is its size and then that of the file. */
HRESULT ext4_writer_finish(struct ext4_writer *w, uint64_t *ret_size, struct hcs_error **err);

#endif
