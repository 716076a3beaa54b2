/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_VHDX_CREATE_H
#define HCS_EXT4_VHD_VHDX_CREATE_H

/*
 * VHDX disks that hold nothing yet (MS-VHDX): dynamic and fixed ones, differencing ones on a parent, and a copy of one
 * that is larger. Every block reads as zeros or as the parent. Files are borrowed.
 */

#include "ext4/vhd/vhdx.h"

#define VHDX_DEFAULT_BLOCK 1048576u

struct vhdx_create_options {
        uint64_t size;            /* what the disk holds: whole sectors, 64 TiB at most */
        uint32_t block_size;      /* a power of two from 1 to 256 MiB; 0: VHDX_DEFAULT_BLOCK, as hcsshim asks for */
        uint32_t logical_sector;  /* 512 or 4096; 0: 512 */
        uint32_t physical_sector; /* 512 or 4096, and no smaller than the logical one; 0: 4096 */
        bool fixed;               /* all its blocks are there, as zeros; not with a parent */
        const char *creator;      /* NULL: "hcsshim" */
        const GUID *id;           /* of the disk; NULL: random */
        /* A differencing disk: the parent as the file names it, and the data_write of its current header. */
        const char *parent_relative, *parent_absolute; /* both or none; absolute as Windows writes paths */
        GUID parent_linkage;
};

/* f is fresh and empty. E_INVALIDARG for a size of the disk, its blocks or sectors that cannot be. */
HRESULT vhdx_create(struct hcs_data_file *f, const struct vhdx_create_options *options, struct hcs_error **err);
/*
 * In place; what is beyond the new end is lost, and a fixed disk gets its new blocks. E_INVALIDARG, VHDX_E_UNKNOWN as
 * of vhdx_grow; VHD_E_INVALID_TYPE for a differencing one that would become smaller: the end of its last block would be
 * the parent's again when it grows. Nothing is changed of a disk that is refused.
 */
HRESULT vhdx_resize(struct hcs_data_file *f, uint64_t size, struct hcs_error **err);
/* What vhdx_resize would refuse it with, before anything is done. */
HRESULT vhdx_can_resize(struct hcs_data_file *f, uint64_t size, struct hcs_error **err);
/* The disk of `from`, with what it holds, as one of `size` bytes in `to`, which is fresh. E_INVALIDARG when that is
 * less than before, VHDX_E_UNKNOWN for a disk whose log has to be replayed first. */
HRESULT vhdx_grow(struct hcs_data_file *from, struct hcs_data_file *to, uint64_t size, struct hcs_error **err);

#endif
