/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WINEHV_PARENT_H
#define MOCKHCS_WINEHV_PARENT_H

/*
 * The disk that a differencing one stands on: what the new disk writes of it, and where an old one finds it. Results
 * are codes of Windows.
 */

#include <windows.h>

#include "ext4/vhd/vhdx.h"

#define DISK_NO_PROVIDER 0xC03A0014u /* ERROR_VIRTDISK_PROVIDER_NOT_FOUND */

struct disk_parent {
        struct vhdx_info info;
        char *absolute, *relative; /* to the folder of the disk that stands on it */
};

/* DISK_NO_PROVIDER for what is no VHDX, ERROR_VHD_DIFFERENCING_CHAIN_ERROR_IN_PARENT for a damaged one. */
DWORD disk_parent_read(const wchar_t *child, const wchar_t *parent, struct disk_parent *ret);
void disk_parent_deinit(struct disk_parent *p);

/* The full path of the parent, of which the disk says `said`; caller frees with free(). NULL: there is no such path. */
wchar_t *disk_parent_find(const wchar_t *child, const char *said);

#endif
