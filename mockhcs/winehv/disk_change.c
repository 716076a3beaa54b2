/* SPDX-License-Identifier: MIT */

/*
 * What changes a disk in its file: it is made larger or smaller, its empty blocks are given back, a child goes into its
 * parent. Codes that Microsoft's reference of virtdisk.h does not name are assumed.
 */

#include "mockhcs/winehv/disks.h"

#include "ext4/vhd/disk_compact.h"
#include "ext4/vhd/disk_merge.h"
#include "ext4/vhd/disk_resize.h"
#include "ext4/vhd/measure.h"
#include "mockhcs/winehv/attachments.h"
#include "mockhcs/winehv/disk_code.h"

/* A disk that is detached, to be changed; with its parents. */
static DWORD open_detached(HANDLE h, unsigned writable, struct disk_chain **ret) {
        unsigned number;

        if (disk_number(h, &number) == ERROR_SUCCESS)
                return ERROR_SHARING_VIOLATION;
        return disk_handle_chain(h, true, writable, ret);
}

DWORD disk_expand(HANDLE h, uint64_t size) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        const struct disk_facts *facts;
        DWORD rc = open_detached(h, 1, &c);

        if (rc)
                return rc;
        facts = disk_image_facts(disk_chain_image(c, 0));
        if (facts->type == VHD_DIFFERENCING)
                return (DWORD)VHD_E_INVALID_TYPE;
        if (size <= facts->size)
                return ERROR_INVALID_PARAMETER;
        return disk_code(disk_resize(disk_chain_file(c, 0), size, NULL));
}

/* As small as the partitions let it be, unless it is asked for otherwise. */
static DWORD check_smaller(struct disk_image *i, DWORD flags, uint64_t *size) {
        bool to_smallest = flags & RESIZE_VIRTUAL_DISK_FLAG_RESIZE_TO_SMALLEST_SAFE_VIRTUAL_SIZE;
        uint64_t smallest;
        DWORD rc;

        if (!to_smallest &&
            (flags & RESIZE_VIRTUAL_DISK_FLAG_ALLOW_UNSAFE_VIRTUAL_SIZE || *size >= disk_image_facts(i)->size))
                return ERROR_SUCCESS;
        rc = disk_code(disk_smallest_size(i, &smallest, NULL));
        if (rc)
                return rc;
        if (to_smallest && smallest >= disk_image_facts(i)->size)
                return (DWORD)VHD_E_ALREADY_SMALLEST;
        if (!to_smallest && *size < smallest)
                return (DWORD)VHD_E_WOULD_TRUNCATE;
        if (to_smallest)
                *size = smallest;
        return ERROR_SUCCESS;
}

DWORD disk_resize_to(HANDLE h, DWORD flags, uint64_t size) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        DWORD rc = open_detached(h, 1, &c);

        if (!rc)
                rc = check_smaller(disk_chain_image(c, 0), flags, &size);
        return rc ? rc : disk_code(disk_resize(disk_chain_file(c, 0), size, NULL));
}

DWORD disk_compact_it(HANDLE h) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        DWORD rc = open_detached(h, 1, &c);

        return rc ? rc : disk_code(disk_compact(disk_chain_file(c, 0), NULL));
}

/* The disks above the one at `depth`, which has them all in it afterwards: the oldest first. */
DWORD disk_merge(HANDLE h, const MERGE_VIRTUAL_DISK_PARAMETERS *p) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        ULONG depth;
        DWORD rc;

        if (!p || (p->Version != MERGE_VIRTUAL_DISK_VERSION_1 && p->Version != MERGE_VIRTUAL_DISK_VERSION_2))
                return ERROR_INVALID_PARAMETER;
        if (p->Version == MERGE_VIRTUAL_DISK_VERSION_2 && p->Version2.MergeSourceDepth != 1)
                return p->Version2.MergeSourceDepth ? ERROR_NOT_SUPPORTED : ERROR_INVALID_PARAMETER;
        depth = p->Version == MERGE_VIRTUAL_DISK_VERSION_1 ? p->Version1.MergeDepth : p->Version2.MergeTargetDepth - 1;
        if (depth == 0 || depth >= DISK_CHAIN_MAX)
                return ERROR_INVALID_PARAMETER;
        rc = open_detached(h, depth + 1, &c);
        if (rc)
                return rc;
        if (disk_image_facts(disk_chain_image(c, 0))->type != VHD_DIFFERENCING)
                return (DWORD)VHD_E_INVALID_TYPE;
        if (!disk_chain_image(c, depth))
                return ERROR_INVALID_PARAMETER;
        return disk_code(disk_chain_merge(c, depth, NULL));
}
