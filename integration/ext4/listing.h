/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_EXT4_LISTING_H
#define INTEGRATION_EXT4_LISTING_H

/*
 * What a reader says is in a file system, path by path, so that readers can be compared: libarchive over the tar, our
 * reader and debugfs over the image. Embedded by its owner; a zeroed struct is empty.
 */

#include "base/buf.h"
#include "ext4/read/inode.h"
#include "ext4/xattr.h"

struct listed {
        char *path; /* from "/" */
        uint32_t ino;
        uint32_t mode, uid, gid, links;
        uint64_t size; /* files and links */
        uint32_t major, minor;
        struct ext4_when atime, mtime, ctime;
        char *target;
        char *content; /* SHA-256 of a file's */
        char *xattrs;  /* "name=hex name=hex", NULL: not known */
};

struct listing {
        struct listed *files;
        size_t n, cap;
};

void listing_deinit(struct listing *l);
/* Takes over what f points at. */
void listing_add(struct listing *l, const struct listed *f);
char *listing_xattrs(const struct ext4_xattr_set *set);

/* What must be in the image of a tar, by the rules of tar2ext4; libarchive reads the tar. False: told. */
bool listing_from_tar(const char *tar, bool overlay, struct listing *ret);
bool listing_from_image(const char *image, struct listing *ret);
/* debugfs is asked for the inodes and directories that `of` names, but where they are it says itself. */
bool listing_from_debugfs(const char *image, const struct listing *of, struct listing *ret);
/* Can debugfs's output be taken apart? Not with control characters in names. */
bool listing_is_plain(const struct listing *l);

/* Sorts both; prints up to ten differences. */
bool listing_equal(struct listing *a, const char *a_name, struct listing *b, const char *b_name);

/* All of it for one tar and its image; prints what differs. */
bool listing_check(const char *tar, const char *image, bool overlay);

/* The lines of `e2fsck -fn` that find something, without the one that is in every image of hcsshim, joined by "|"; "-":
 * none. Caller frees. */
char *fsck_findings(const char *image);

/* A hash that is being made. */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, const void *data, size_t n);
void sha256_zeros(struct sha256 *h, uint64_t n);
/* Frees it; caller frees the text. */
char *sha256_end(struct sha256 *h);

#endif
