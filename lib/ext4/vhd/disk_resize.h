/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_DISK_RESIZE_H
#define HCS_EXT4_VHD_DISK_RESIZE_H

/* Disks made larger or smaller in their files, which are borrowed and opened for writing. */

#include "ext4/vhd/image.h"

/*
 * What is beyond the new end is lost, and what is new reads as zeros (as the parent, where that is larger). Of a VHD
 * only a fixed one can be smaller, and a differencing one keeps its parent's size; a differencing VHDX can only be
 * larger: VHD_E_INVALID_TYPE. VHD_E_SIZE or E_INVALIDARG for a size that cannot be. Nothing is changed of a disk that
 * is refused.
 */
HRESULT disk_resize(struct hcs_data_file *f, uint64_t size, struct hcs_error **err);

#endif
