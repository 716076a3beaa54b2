/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_DISK_COMPACT_H
#define HCS_EXT4_VHD_DISK_COMPACT_H

/* The room of blocks that hold nothing but zeros is given back, in place. */

#include "ext4/vhd/image.h"

/*
 * The file, which was opened for writing, becomes shorter by the blocks of zeros of a dynamic disk: others take their
 * places. What the disk reads as stays, and who stands on it still does: the file of a VHD keeps its time. A
 * differencing disk stays as it is: its zeros may hide what the parent has. VHD_E_INVALID_TYPE: a fixed one;
 * VHD_E_TABLE_CORRUPT: blocks that overlap, and nothing is changed.
 */
HRESULT disk_compact(struct hcs_data_file *f, struct hcs_error **err);

#endif
