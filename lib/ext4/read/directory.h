/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_READ_DIRECTORY_H
#define HCS_EXT4_READ_DIRECTORY_H

/* The entries of a directory, in the order they are in on disk; hashed directories are read just as others. */

#include "ext4/read/inode.h"

struct ext4_entry {
        uint32_t ino;
        size_t len;
        char name[EXT4_MAX_NAME + 1]; /* no "/" and no NUL in it, and never "." or ".." */
};

/*
 * Calls each for every entry but "." and "..". It may use the image. A failure of it ends the reading, and so does
 * S_FALSE, which is then returned. Of a bad directory what is before the bad place is handed out.
 */
HRESULT ext4_directory_read(struct ext4_image *i, const struct ext4_inode *dir,
                            HRESULT (*each)(void *ctx, const struct ext4_entry *e, struct hcs_error **err), void *ctx,
                            struct hcs_error **err);
/* The inode of a name; EXT4_E_NO_FILE when it is not there. */
HRESULT ext4_directory_find(struct ext4_image *i, const struct ext4_inode *dir, const char *name, size_t len,
                            uint32_t *ret, struct hcs_error **err);

#endif
