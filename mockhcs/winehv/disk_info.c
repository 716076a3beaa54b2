/* SPDX-License-Identifier: MIT */

/* GetVirtualDiskInformation: what a disk says of itself, read anew from its file each time. */

#include "mockhcs/winehv/disks.h"

#include <initguid.h> /* the vendor's id is here */
#include <virtdisk.h>

#include "base/mem.h"
#include "ext4/vhd/measure.h"
#include "mockhcs/winehv/attachments.h"
#include "mockhcs/winehv/disk_code.h"
#include "mockhcs/winehv/parent.h"
#include "platform/windows/text.h"

/* A disk that is asked about. */
struct subject {
        HANDLE h;
        struct disk_chain *chain; /* of itself only */
        struct disk_image *image;
        const struct disk_facts *facts;
};

/* The parent is looked for again, so that a disk says what is true now. */
static char *find_place(const struct subject *s, bool *ret_is_there) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        const char *path = disk_chain_path(s->chain, 0);

        *ret_is_there = disk_handle_chain(s->h, true, 0, &c) == ERROR_SUCCESS;
        if (*ret_is_there)
                return hcs_strdup(disk_chain_path(c, 1));
        for (size_t i = 0; i < VHDX_PLACES; i++)
                if (s->facts->parents[i])
                        return disk_parent_find(path, s->facts->parents[i]);
        return NULL;
}

/* A path of any length, with one more NUL when nothing is there: the buffer has a list of places then. */
static DWORD tell_parent(const struct subject *s, GET_VIRTUAL_DISK_INFO *info, ULONG *size) {
        bool is_there;
        _cleanup_free_ char *name = find_place(s, &is_there);
        _cleanup_wide_ wchar_t *place = name ? hcs_windows_wide(name) : NULL;
        size_t n = place ? wcslen(place) + 1 : 1;
        ULONG needed = (ULONG)(offsetof(GET_VIRTUAL_DISK_INFO, ParentLocation.ParentLocationBuffer) +
                               (n + !is_there) * sizeof(wchar_t));
        ULONG given = *size;

        *size = needed > sizeof(*info) ? needed : sizeof(*info);
        if (given < *size)
                return ERROR_INSUFFICIENT_BUFFER;
        info->ParentLocation.ParentResolved = is_there;
        memset(info->ParentLocation.ParentLocationBuffer, 0, (n + !is_there) * sizeof(wchar_t));
        if (place)
                memcpy(info->ParentLocation.ParentLocationBuffer, place, n * sizeof(wchar_t));
        return ERROR_SUCCESS;
}

static DWORD tell_size(const struct subject *s, GET_VIRTUAL_DISK_INFO *info) {
        LARGE_INTEGER physical;

        if (!GetFileSizeEx(s->h, &physical))
                return GetLastError();
        info->Size.VirtualSize = s->facts->size;
        info->Size.PhysicalSize = (uint64_t)physical.QuadPart;
        info->Size.BlockSize = s->facts->block_size;
        info->Size.SectorSize = s->facts->sector;
        return ERROR_SUCCESS;
}

/* Of what the file is on; that a sector is in fact larger, nothing says. */
static DWORD tell_physical(const struct subject *s, GET_VIRTUAL_DISK_INFO *info) {
        _cleanup_wide_ wchar_t *path = hcs_windows_wide(disk_chain_path(s->chain, 0));
        wchar_t volume[MAX_PATH];
        DWORD per_cluster, sector, left, all;

        if (!GetVolumePathNameW(path, volume, MAX_PATH) ||
            !GetDiskFreeSpaceW(volume, &per_cluster, &sector, &left, &all))
                return GetLastError();
        info->PhysicalDisk.LogicalSectorSize = sector;
        info->PhysicalDisk.PhysicalSectorSize = sector;
        info->PhysicalDisk.IsRemote = GetDriveTypeW(volume) == DRIVE_REMOTE;
        return ERROR_SUCCESS;
}

/* A VHDX remembers no time. */
static DWORD tell_parent_time(const struct subject *s, GET_VIRTUAL_DISK_INFO *info) {
        if (s->facts->format != DISK_VHD)
                return ERROR_NOT_SUPPORTED;
        info->ParentTimestamp = s->facts->parent_time;
        return ERROR_SUCCESS;
}

static DWORD tell_smallest(const struct subject *s, GET_VIRTUAL_DISK_INFO *info) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        DWORD rc = disk_handle_chain(s->h, true, 0, &c);
        uint64_t size;

        if (!rc)
                rc = disk_code(disk_smallest_size(disk_chain_image(c, 0), &size, NULL));
        if (!rc)
                info->SmallestSafeVirtualSize = size;
        return rc;
}

static DWORD tell_fragmentation(const struct subject *s, GET_VIRTUAL_DISK_INFO *info) {
        unsigned percent;
        DWORD rc = disk_code(disk_fragmentation(s->image, &percent, NULL));

        if (!rc)
                info->FragmentationPercentage = percent;
        return rc;
}

static DWORD tell_alignment(const struct subject *s, GET_VIRTUAL_DISK_INFO *info) {
        bool is_aligned;
        DWORD rc = disk_code(disk_is_aligned(s->image, 4096, &is_aligned, NULL));

        if (!rc)
                info->Is4kAligned = is_aligned;
        return rc;
}

static bool is_of_parent(GET_VIRTUAL_DISK_INFO_VERSION kind) {
        return kind == GET_VIRTUAL_DISK_INFO_PARENT_LOCATION || kind == GET_VIRTUAL_DISK_INFO_PARENT_IDENTIFIER ||
               kind == GET_VIRTUAL_DISK_INFO_PARENT_TIMESTAMP;
}

static DWORD tell(const struct subject *s, GET_VIRTUAL_DISK_INFO *info, ULONG *size) {
        const struct disk_facts *d = s->facts;
        unsigned number;

        if (is_of_parent(info->Version) && d->type != VHD_DIFFERENCING)
                return (DWORD)VHD_E_INVALID_TYPE;
        switch (info->Version) {
        case GET_VIRTUAL_DISK_INFO_SIZE:
                return tell_size(s, info);
        case GET_VIRTUAL_DISK_INFO_IDENTIFIER:
                info->Identifier = d->linkage; /* what a child has as its PARENT_IDENTIFIER */
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_PARENT_LOCATION:
                return tell_parent(s, info, size);
        case GET_VIRTUAL_DISK_INFO_PARENT_IDENTIFIER:
                info->ParentIdentifier = d->parent;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_PARENT_TIMESTAMP:
                return tell_parent_time(s, info);
        case GET_VIRTUAL_DISK_INFO_VIRTUAL_STORAGE_TYPE:
                info->VirtualStorageType.DeviceId =
                        d->format == DISK_VHDX ? VIRTUAL_STORAGE_TYPE_DEVICE_VHDX : VIRTUAL_STORAGE_TYPE_DEVICE_VHD;
                info->VirtualStorageType.VendorId = VIRTUAL_STORAGE_TYPE_VENDOR_MICROSOFT;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_PROVIDER_SUBTYPE:
                info->ProviderSubtype = d->type; /* the same numbers */
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_IS_4K_ALIGNED:
                return tell_alignment(s, info);
        case GET_VIRTUAL_DISK_INFO_PHYSICAL_DISK:
                return tell_physical(s, info);
        case GET_VIRTUAL_DISK_INFO_VHD_PHYSICAL_SECTOR_SIZE:
                info->VhdPhysicalSectorSize = d->physical_sector;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_SMALLEST_SAFE_VIRTUAL_SIZE:
                return tell_smallest(s, info);
        case GET_VIRTUAL_DISK_INFO_FRAGMENTATION:
                return tell_fragmentation(s, info);
        case GET_VIRTUAL_DISK_INFO_IS_LOADED:
                info->IsLoaded = disk_number(s->h, &number) == ERROR_SUCCESS;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_VIRTUAL_DISK_ID:
                info->VirtualDiskId = d->id;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_CHANGE_TRACKING_STATE:
                info->ChangeTrackingState.Enabled = FALSE;
                info->ChangeTrackingState.NewerChanges = FALSE;
                info->ChangeTrackingState.MostRecentId[0] = L'\0';
                return ERROR_SUCCESS;
        default:
                return ERROR_NOT_SUPPORTED;
        }
}

DWORD disk_information(HANDLE h, ULONG *size, GET_VIRTUAL_DISK_INFO *info, ULONG *used) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        struct subject s;
        DWORD rc;

        if (!size || !info || *size < sizeof(*info))
                return ERROR_INVALID_PARAMETER;
        rc = disk_handle_chain(h, false, 0, &c);
        if (rc)
                return rc;
        s = (struct subject){h, c, disk_chain_image(c, 0), disk_image_facts(disk_chain_image(c, 0))};
        rc = tell(&s, info, size);
        if (!rc && used)
                *used = info->Version == GET_VIRTUAL_DISK_INFO_PARENT_LOCATION ? *size : sizeof(*info);
        return rc;
}
