/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_SPARSE_H
#define HCS_EXT4_VHD_SPARSE_H

/*
 * The second header of a dynamic or differencing VHD: 1024 bytes, big-endian, which say where the table of blocks is
 * and what the disk stands on (Virtual Hard Disk Image Format Specification 1.0). A value that owns its string.
 */

#include <stdint.h>

#include "base/mem.h"
#include "ext4/vhd/codes.h"
#include "hcsshim/error.h"
#include "hcsshim/guid.h"

#define VHD_SPARSE    1024u
#define VHD_LOCATORS  8u
#define VHD_MIN_BLOCK 4096u
#define VHD_MAX_BLOCK (256u << 20)

/* How a place of the parent is written: paths in UTF-16LE, and what programs wrote before, in bytes. */
enum vhd_platform {
        VHD_W2KU = 0x57326B75, /* a whole path */
        VHD_W2RU = 0x57327275, /* one from the folder of the disk */
        VHD_WI2K = 0x5769326B,
        VHD_WI2R = 0x57693272,
};

/* One place of the parent, as bytes of the file. */
struct vhd_locator {
        uint32_t code; /* enum vhd_platform, or what else is there; 0: none */
        uint32_t space, length;
        uint64_t offset;
};

struct vhd_sparse {
        uint64_t table_offset;
        uint32_t version, entries, block_size;
        GUID parent_id;
        uint32_t parent_time; /* when the parent was last changed; seconds since 2000-01-01 UTC */
        char *parent_name;    /* may be NULL */
        struct vhd_locator locators[VHD_LOCATORS];
};

/* With the checksum and the version that it should have. */
void vhd_sparse_print(const struct vhd_sparse *s, uint8_t bytes[static VHD_SPARSE]);
/* VHD_E_SPARSE_CORRUPT, _CHECKSUM, _VERSION; VHD_E_BLOCK_SIZE. What it points at is not looked at. */
HRESULT vhd_sparse_parse(const uint8_t bytes[static VHD_SPARSE], struct vhd_sparse *ret, struct hcs_error **err);
void vhd_sparse_deinit(struct vhd_sparse *s);

#endif
