/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_MEASURE_H
#define HCS_EXT4_VHD_MEASURE_H

/* What can be told of a disk from where its blocks are, and from the partitions in it. Images are borrowed. */

#include "ext4/vhd/image.h"

/* How many of the blocks that are there do not follow the one before them in the file, of a hundred. */
HRESULT disk_fragmentation(struct disk_image *i, unsigned *ret, struct hcs_error **err);
/* Does every block begin at a multiple of so many bytes of the file? */
HRESULT disk_is_aligned(struct disk_image *i, uint32_t bytes, bool *ret, struct hcs_error **err);
/*
 * The end of the last partition of an MBR or a GPT, with room for the copy of the latter. VHD_E_NO_SMALLEST_SIZE: there
 * is neither, or one that is broken.
 */
HRESULT disk_smallest_size(struct disk_image *i, uint64_t *ret, struct hcs_error **err);

#endif
