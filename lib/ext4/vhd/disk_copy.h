/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_DISK_COPY_H
#define HCS_EXT4_VHD_DISK_COPY_H

/* What one disk holds, written into another. Images are borrowed; the one that is written to was opened for that. */

#include "ext4/vhd/image.h"

/*
 * All that `from` reads as, its parents' included, into `to`, which reads as zeros and is as large: zeros take no room.
 * VHD_E_SIZE when it is smaller.
 */
HRESULT disk_copy(struct disk_image *from, struct disk_image *to, struct hcs_error **err);
/* What `from` itself holds, over what is in `to`: so that `to` reads as `from` does, when that stands on it. */
HRESULT disk_copy_own(struct disk_image *from, struct disk_image *to, struct hcs_error **err);

#endif
