/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_VHD_CREATE_H
#define HCS_EXT4_VHD_VHD_CREATE_H

/*
 * VHDs that hold nothing yet, as virtdisk.dll makes them: fixed, dynamic, and differencing ones on a parent. Files are
 * borrowed.
 */

#include "ext4/vhd/vhd_info.h"

#define VHD_DEFAULT_BLOCK (2u << 20)

struct vhd_create_options {
        enum vhd_type type;
        uint64_t size;       /* sectors of 512 bytes */
        uint32_t block_size; /* 0: VHD_DEFAULT_BLOCK; not of a fixed one */
        const GUID *id;      /* NULL: random */
        /* Of a differencing one: the parent's id, when it was last changed, and where it is. */
        GUID parent_id;
        uint32_t parent_time;
        const char *parent_relative, *parent_absolute;
};

/* f is fresh and empty. VHD_E_SIZE, VHD_E_BLOCK_SIZE; HCS_WIN32(206) for a parent's path that is too long. */
HRESULT vhd_create(struct hcs_data_file *f, const struct vhd_create_options *options, struct hcs_error **err);
/* When the file was last changed, as a VHD says it. */
HRESULT vhd_time_of(struct hcs_data_file *f, uint32_t *ret, struct hcs_error **err);
/* As many bytes as the sectors have that n bytes need. */
uint64_t vhd_whole_sectors(uint64_t n);
/* The footer's cylinders, heads and sectors for its size (the specification's appendix). */
void vhd_set_geometry(struct vhd_footer *f);

#endif
