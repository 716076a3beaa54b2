/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_CHAIN_H
#define HCS_EXT4_VHD_CHAIN_H

/*
 * A disk with all that it stands on, found by what each says of its parent, and checked to be what each was made on.
 * Owns the files and images. Belongs to one thread at a time.
 */

#include "ext4/vhd/image.h"

#define DISK_CHAIN_MAX 255u /* disks that stand on one another */

struct disk_chain;

/* Where the disk at `path` means when it says `said`; caller frees. NULL: there is no such place. */
typedef char *disk_find_parent(const char *path, const char *said);

struct disk_chain_options {
        disk_find_parent *find; /* NULL: without parents */
        unsigned writable;      /* how many disks, from the first on, are opened for writing */
};

/*
 * S_FALSE: no disk. What disk_image_open says of the first disk; of the others VHD_E_ERROR_IN_PARENT,
 * VHD_E_PARENT_NOT_FOUND, VHD_E_PARENT_ID, VHD_E_PARENT_TIME (VHD: it was changed since), VHD_E_PARENT_SIZE,
 * VHD_E_CYCLE.
 */
HRESULT disk_chain_open(const char *path, const struct disk_chain_options *options, struct disk_chain **ret,
                        struct hcs_error **err);
/* NULL is fine, returns NULL. */
struct disk_chain *disk_chain_close(struct disk_chain *c);
HCS_DEFINE_CLEANUP(struct disk_chain *, disk_chain_close)

/* Disks from the one that was opened (0) to what stands on nothing; NULL, all of them, beyond that. */
struct disk_image *disk_chain_image(struct disk_chain *c, size_t n);
struct hcs_data_file *disk_chain_file(struct disk_chain *c, size_t n);
const char *disk_chain_path(const struct disk_chain *c, size_t n);

#endif
