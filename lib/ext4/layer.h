/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_LAYER_H
#define HCS_EXT4_LAYER_H

/*
 * A layer for a Linux guest as hcsshim makes it: an ext4 image of a tar, then dm-verity's superblock and tree, then the
 * footer of a fixed VHD; each of the last two only when asked for. Files are borrowed; one thread at a time.
 */

#include "ext4/convert.h"
#include "ext4/verity/verity.h"
#include "hcsshim/guid.h"

/* The most an image for dm-verity may have. It is in the image's bytes, and so in the root hash. */
#define LAYER_MAX_DISK ((int64_t)128 << 30)

struct layer_options {
        struct ext4_convert_options convert;
        struct verity_options hashing;
        bool verity;
        bool vhd;
        const GUID *id; /* of superblock and footer; NULL: random ones */
        struct hcs_data_file
                *hashes; /* superblock and tree go here instead, from its beginning; NULL: into the image */
};

struct layer {
        uint64_t image_size; /* of the ext4 file system */
        uint64_t size;       /* of everything */
        struct verity_root root;
};

/* What hcsshim makes of a layer whose root hash goes into a policy: whiteouts converted, LAYER_MAX_DISK. */
void layer_options_init(struct layer_options *o);

/* ret->root is only set with o->verity. */
HRESULT layer_write(struct hcs_data_file *tar, struct hcs_data_file *out, const struct layer_options *o,
                    struct layer *ret, struct hcs_error **err);
/* The same for an image of image_size bytes that is in out already; what is behind it is overwritten. */
HRESULT layer_complete(struct hcs_data_file *out, uint64_t image_size, const struct layer_options *o, struct layer *ret,
                       struct hcs_error **err);
/* The root hash that layer_write would tell; the image is only made for that time, in a file without a name. */
HRESULT layer_root_of(struct hcs_data_file *tar, const struct layer_options *o, struct layer *ret,
                      struct hcs_error **err);

#endif
