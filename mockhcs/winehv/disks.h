/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WINEHV_DISKS_H
#define MOCKHCS_WINEHV_DISKS_H

/* The functions of virtdisk.dll that are more than a few lines, to the list of them. Results are codes of Windows. */

#include <windows.h>

#include <virtdisk.h>

#include "ext4/vhd/chain.h"

DWORD disk_create(const VIRTUAL_STORAGE_TYPE *type, const wchar_t *path, DWORD flags, const void *parameters,
                  HANDLE *ret);
DWORD disk_information(HANDLE h, ULONG *size, GET_VIRTUAL_DISK_INFO *info, ULONG *used);

/* Of a handle of a disk: of a file that cannot be written to, when the mask (VIRTUAL_DISK_ACCESS_MASK) lets it be so.
 */
DWORD disk_handle_open(const wchar_t *path, DWORD mask, HANDLE *ret);
/* The disk that a handle is of, with its parents when with_parents; `writable` disks of it may be written to. */
DWORD disk_handle_chain(HANDLE h, bool with_parents, unsigned writable, struct disk_chain **ret);

/* What changes a disk: each wants it detached. */
DWORD disk_expand(HANDLE h, uint64_t size);
DWORD disk_resize_to(HANDLE h, DWORD flags, uint64_t size);
DWORD disk_compact_it(HANDLE h);
DWORD disk_merge(HANDLE h, const MERGE_VIRTUAL_DISK_PARAMETERS *p);

#endif
