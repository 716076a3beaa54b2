/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_DISK_MERGE_H
#define HCS_EXT4_VHD_DISK_MERGE_H

/* Disks of a chain that go into what they stand on. */

#include "ext4/vhd/chain.h"

/*
 * What the disks above the one at `depth` hold, the oldest first, goes into that: it reads as the first one did, and
 * the first one still does. All of them were opened for writing. Each disk that stands on a changed one is told so, of
 * a merge that fails too: it can be run again. Before anything is changed E_INVALIDARG for a depth that is none, and
 * VHD_E_SIZE when a disk is larger than the one it goes into.
 */
HRESULT disk_chain_merge(struct disk_chain *c, size_t depth, struct hcs_error **err);

#endif
