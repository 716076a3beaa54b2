/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_READ_PATH_H
#define HCS_EXT4_READ_PATH_H

/* From a path to an inode, as the kernel would go with the image's root as root. */

#include "ext4/read/inode.h"

/*
 * Symbolic links on the way are followed, and that of the last name with `follow`. Nothing leads above the root.
 * Errors name the path: EXT4_E_NO_FILE, EXT4_E_NO_PATH, EXT4_E_LINK_LOOP after 40 links.
 */
HRESULT ext4_path_find(struct ext4_image *i, const char *path, bool follow, struct ext4_inode *ret,
                       struct hcs_error **err);

#endif
