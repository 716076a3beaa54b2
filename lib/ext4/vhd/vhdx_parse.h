/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_VHDX_PARSE_H
#define HCS_EXT4_VHD_VHDX_PARSE_H

/* The structures of a VHDX out of their bytes, for vhdx.c and the fuzzer. Nothing is kept. */

#include "ext4/vhd/vhdx.h"

#define VHDX_HEADER      4096u
#define VHDX_TABLE       65536u /* of regions, and of metadata */
#define VHDX_IDENTIFIER  520u   /* "vhdxfile" and the creator */
#define VHDX_MAX_LOCATOR 65536u
#define VHDX_MB          1048576u

/* The items of the metadata that are wanted, by their place in the table of vhdx_parse.c. */
enum vhdx_item { VHDX_PARAMETERS, VHDX_SIZE, VHDX_DISK_ID, VHDX_LOGICAL, VHDX_PHYSICAL, VHDX_LOCATOR, VHDX_N_ITEMS };

struct vhdx_place {
        uint32_t offset; /* in the metadata region; 0: absent */
        uint32_t length;
};

/* Checksums of a header or region table: is what stands at offset 4 right? */
bool vhdx_checksum_fits(const uint8_t *bytes, size_t n);
/* Sets damage where the header cannot be used, in every case what it says. */
void vhdx_parse_header(const uint8_t bytes[static VHDX_HEADER], struct vhdx_header *ret);
/* BAT and metadata; file_size bounds them. */
HRESULT vhdx_parse_regions(const uint8_t bytes[static VHDX_TABLE], uint64_t file_size, struct vhdx_info *ret,
                           struct hcs_error **err);
/* Where the items are in a metadata region of that length. */
HRESULT vhdx_parse_metadata(const uint8_t bytes[static VHDX_TABLE], uint32_t length,
                            struct vhdx_place places[static VHDX_N_ITEMS], struct hcs_error **err);
/* One item's bytes, as many as its place says; linkage_at is counted from the first of them. */
HRESULT vhdx_parse_item(enum vhdx_item item, const uint8_t *bytes, size_t n, struct vhdx_info *ret,
                        struct hcs_error **err);
/* What the items say together. */
HRESULT vhdx_check(const struct vhdx_info *i, struct hcs_error **err);

#endif
