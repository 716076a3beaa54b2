/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_READ_WALK_H
#define HCS_EXT4_READ_WALK_H

/*
 * Everything below a directory, depth first, the entries of each directory by name (bytes compared). It ends on any
 * image: a directory that is reached twice is trouble and not entered, and all directories together are not read
 * further than the file system is large.
 */

#include "ext4/read/directory.h"

struct ext4_visitor {
        /* An entry, before what is below it. S_FALSE: a directory is not entered. path is the caller's, then "/name".
         */
        HRESULT(*visit)
        (void *ctx, const char *path, const char *name, const struct ext4_inode *node, struct hcs_error **err);
        /* A directory that was entered is done with; not called once a failure ended the walk. May be NULL. */
        HRESULT (*leave)(void *ctx, const char *path, const struct ext4_inode *dir, struct hcs_error **err);
        /* Something below path cannot be read; what remains of that directory is. Takes the error. */
        void (*trouble)(void *ctx, const char *path, struct hcs_error *e);
        void *ctx;
};

/* dir itself is entered and not visited. Fails only with what a visitor returns. */
HRESULT ext4_walk(struct ext4_image *i, const struct ext4_inode *dir, const char *path, const struct ext4_visitor *v,
                  struct hcs_error **err);

#endif
