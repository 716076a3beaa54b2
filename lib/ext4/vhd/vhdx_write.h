/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_VHDX_WRITE_H
#define HCS_EXT4_VHD_VHDX_WRITE_H

/* The structures of a VHDX as bytes (MS-VHDX), for whoever makes one or changes one. Files are borrowed. */

#include "ext4/vhd/vhdx.h"

void vhdx_put_signature(uint8_t *p, const char *signature);
void vhdx_put_guid(uint8_t *p, const GUID *g);
/* UTF-16LE without an end; the number of bytes. */
size_t vhdx_put_text(uint8_t *p, const char *text);

/*
 * Both headers, so that either can be used, with sequences that follow on that of *h; ids that are null are random
 * ones. *h is what was written.
 */
HRESULT vhdx_write_headers(struct hcs_data_file *f, struct vhdx_header *h, struct hcs_error **err);
/* The headers of a disk whose data changes now: *i has them. */
HRESULT vhdx_write_changed(struct hcs_data_file *f, struct vhdx_info *i, struct hcs_error **err);
/* Which state of its parent a differencing disk stands on, over the one that *i was read with. */
HRESULT vhdx_write_linkage(struct hcs_data_file *f, const struct vhdx_info *i, const GUID *linkage,
                           struct hcs_error **err);
/* Both region tables, with the places of *i. */
HRESULT vhdx_write_regions(struct hcs_data_file *f, const struct vhdx_info *i, struct hcs_error **err);
/* How many blocks share the megabyte of their bits, which has an entry of its own behind theirs. */
uint64_t vhdx_blocks_of_chunk(uint32_t block, uint32_t sector);
/* Where in the file the table has a block's entry. */
uint64_t vhdx_entry_at(const struct vhdx_info *i, uint64_t block);
/* How many bytes the table of blocks of a disk needs, in whole megabytes. */
uint64_t vhdx_table_length(uint64_t size, uint32_t block, uint32_t sector, bool has_parent);

#endif
