/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_CONVERT_H
#define HCS_EXT4_CONVERT_H

/*
 * A tar, entry by entry into an ext4 writer: what hcsshim's tar2ext4 does with the same options, byte for byte.
 * An error names the entry and where it is; its code is one of tar/reader.h, writer.h, or of a file.
 */

#include "ext4/writer.h"
#include "platform/data_file.h"

struct ext4_progress {
        uint64_t done, total; /* bytes of the input; total 0: not known */
        uint64_t entries;
};

struct ext4_convert_options {
        struct ext4_options writer;
        bool overlay;       /* OCI whiteouts become those of overlayfs */
        bool convert_slash; /* backslashes in names are slashes */
        /*
         * Attributes are taken from SCHILY.xattr.* records only, as hcsshim does. With this also from
         * LIBARCHIVE.xattr.* ones that have no such twin: the image is then not hcsshim's.
         */
        bool libarchive_xattrs;
        void (*progress)(void *ctx, const struct ext4_progress *p); /* may be NULL; called every now and then */
        void *ctx;
};

/* Reads in to its end; the image is *ret_size bytes from the beginning of out. */
HRESULT ext4_convert(struct hcs_data_file *in, struct hcs_data_file *out, const struct ext4_convert_options *options,
                     uint64_t *ret_size, struct hcs_error **err);

#endif
