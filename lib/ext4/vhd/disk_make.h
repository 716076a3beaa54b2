/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_DISK_MAKE_H
#define HCS_EXT4_VHD_DISK_MAKE_H

/* New disks of either format and any type: empty, on a parent, or with what another disk holds. */

#include "ext4/vhd/image.h"

struct disk_make_options {
        enum disk_format format;
        enum vhd_type type;
        uint64_t size;             /* 0: that of the parent or the source */
        uint32_t block_size;       /* 0: as usual for the format, or the parent's */
        uint32_t logical_sector;   /* 0: that of the parent or the source, else 512 */
        uint32_t physical_sector;  /* of a VHDX: 512 or 4096; 0: as usual */
        const GUID *id;            /* NULL: random */
        struct disk_image *source; /* NULL: an empty disk. Not with a parent */
        /* Of a differencing one: its parent, the file of that, and where it is to be found. */
        const struct disk_facts *parent;
        struct hcs_data_file *parent_file;
        const char *parent_relative, *parent_absolute;
};

/*
 * The file appears when it is complete, or not at all. VHD_E_PARENT_SIZE: another size than the parent's (of a VHDX: a
 * smaller one); VHD_E_NO_PROVIDER: a parent of the other format; VHDX_E_UNKNOWN: other sectors than the format or what
 * it is made from has; else what vhd_create, vhdx_create and disk_copy say.
 */
HRESULT disk_make(const char *path, const struct disk_make_options *options, struct hcs_error **err);

#endif
