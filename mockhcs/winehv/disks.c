/* SPDX-License-Identifier: MIT */

/*
 * virtdisk.dll, of which Wine has the names: virtual disks are made, opened, attached and asked about as files, by the
 * code of lib/ext4/vhd, differencing ones on their parent (parent.h). A handle is one of the file, which a client
 * closes as any other. See winehv.h.
 *
 * Codes: Microsoft's reference of virtdisk.h where it names them; all that is refused of a differencing disk is
 * assumed.
 */

#include "mockhcs/winehv/winehv.h"

#include <initguid.h> /* the vendor's id is here */
#include <virtdisk.h>

#include "base/mem.h"
#include "ext4/vhd/vhd.h"
#include "ext4/vhd/vhdx.h"
#include "ext4/vhd/vhdx_create.h"
#include "mockhcs/winehv/attachments.h"
#include "mockhcs/winehv/parent.h"
#include "platform/windows/text.h"

#define MIN_SIZE             ((uint64_t)3 << 20)
#define SECTOR               512u
#define SIZE_MISMATCH        0xC03A0017u /* ERROR_VHD_CHILD_PARENT_SIZE_MISMATCH */
#define ID_MISMATCH          0xC03A000Eu /* ERROR_VHD_CHILD_PARENT_ID_MISMATCH */
#define INVALID_TYPE         0xC03A001Bu /* ERROR_VHD_INVALID_TYPE */
#define CHAIN_MAX            255u        /* disks that stand on one another: more go round in a circle */
#define SUBTYPE_FIXED        2u
#define SUBTYPE_DYNAMIC      3u
#define SUBTYPE_DIFFERENCING 4u

/* ---- what the file is ---- */

struct disk {
        ULONG device; /* VIRTUAL_STORAGE_TYPE_DEVICE_... */
        ULONG subtype;
        uint64_t virtual_size;
        uint32_t block_size, sector_size, physical_sector;
        GUID id, linkage;
        char *parents[VHDX_PLACES]; /* where a differencing VHDX says that its parent is, else NULL */
};

static void disk_deinit(struct disk *d) {
        for (size_t i = 0; i < VHDX_PLACES; i++)
                free(d->parents[i]);
}

static DWORD read_vhdx(struct hcs_data_file *f, struct disk *ret) {
        struct vhdx_info info = {0};

        if (vhdx_read(f, &info, NULL) != S_OK)
                return ERROR_FILE_CORRUPT;
        *ret = (struct disk){.device = VIRTUAL_STORAGE_TYPE_DEVICE_VHDX,
                             .subtype = info.type == VHDX_FIXED     ? SUBTYPE_FIXED
                                        : info.type == VHDX_DYNAMIC ? SUBTYPE_DYNAMIC
                                                                    : SUBTYPE_DIFFERENCING,
                             .virtual_size = info.virtual_size,
                             .block_size = info.block_size,
                             .sector_size = info.logical_sector,
                             .physical_sector = info.physical_sector,
                             .id = info.disk_id};
        memcpy(ret->parents, info.parents, sizeof(info.parents));
        memset(info.parents, 0, sizeof(info.parents));
        if (info.parent_linkage)
                hcs_guid_parse(info.parent_linkage, &ret->linkage, NULL);
        vhdx_info_deinit(&info);
        return ERROR_SUCCESS;
}

static DWORD read_vhd(struct hcs_data_file *f, struct disk *ret) {
        struct vhd_footer footer;
        unsigned damage = 0;
        HRESULT hr = vhd_read(f, &footer, &damage, NULL, NULL);

        if (hr != S_OK)
                return hr == S_FALSE ? DISK_NO_PROVIDER : ERROR_FILE_CORRUPT;
        if (damage)
                return ERROR_FILE_CORRUPT;
        *ret = (struct disk){.device = VIRTUAL_STORAGE_TYPE_DEVICE_VHD,
                             .subtype = footer.type,
                             .virtual_size = footer.current_size,
                             .sector_size = SECTOR,
                             .physical_sector = SECTOR,
                             .id = footer.id};
        return ERROR_SUCCESS;
}

static DWORD read_disk(const char *path, struct disk *ret) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        HRESULT hr = hcs_data_file_open(path, &f, NULL);

        if (FAILED(hr))
                return HRESULT_CODE(hr);
        return vhdx_is(f) ? read_vhdx(f, ret) : read_vhd(f, ret);
}

static DWORD open_handle(const wchar_t *path, HANDLE *ret) {
        HANDLE h =
                CreateFileW(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                            NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);

        if (h == INVALID_HANDLE_VALUE)
                return GetLastError();
        *ret = h;
        return ERROR_SUCCESS;
}

/* ---- the functions ---- */

/* The work is done; who asked for it to be done meanwhile is told so at once. */
static DWORD complete(OVERLAPPED *o, DWORD result) {
        if (!o || result)
                return result;
        o->Internal = 0;
        o->InternalHigh = 0;
        if (o->hEvent)
                SetEvent(o->hEvent);
        return ERROR_IO_PENDING;
}

/* What is asked for. */
struct wanted {
        const GUID *id; /* NULL: any */
        uint64_t size;
        uint32_t block;
        const wchar_t *parent;
};

/* Both versions say the same of the disk itself. */
static DWORD check_parameters(const CREATE_VIRTUAL_DISK_PARAMETERS *p, struct wanted *ret) {
        bool is_2 = p->Version == CREATE_VIRTUAL_DISK_VERSION_2;
        uint32_t sector = is_2 ? p->Version2.SectorSizeInBytes : p->Version1.SectorSizeInBytes;

        if (!is_2 && p->Version != CREATE_VIRTUAL_DISK_VERSION_1)
                return ERROR_INVALID_PARAMETER;
        if (is_2 ? p->Version2.SourcePath : p->Version1.SourcePath)
                return ERROR_NOT_SUPPORTED; /* copies */
        ret->id = is_2 ? &p->Version2.UniqueId : &p->Version1.UniqueId;
        if (hcs_guid_is_null(ret->id))
                ret->id = NULL;
        ret->parent = is_2 ? p->Version2.ParentPath : p->Version1.ParentPath;
        ret->size = is_2 ? p->Version2.MaximumSize : p->Version1.MaximumSize;
        ret->block = is_2 ? p->Version2.BlockSizeInBytes : p->Version1.BlockSizeInBytes;
        if (ret->size % SECTOR || (sector && sector != SECTOR) || (!ret->parent && ret->size < MIN_SIZE))
                return ERROR_INVALID_PARAMETER;
        return ERROR_SUCCESS;
}

static HRESULT write_vhdx(const char *path, const struct vhdx_create_options *options) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        HRESULT hr = hcs_data_file_create(path, &f, NULL);

        if (SUCCEEDED(hr))
                hr = vhdx_create(f, options, NULL);
        return SUCCEEDED(hr) ? hcs_data_file_commit(f, NULL) : hr;
}

static HRESULT write_vhd(const char *path, uint64_t size, const GUID *id) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        HRESULT hr = hcs_data_file_create(path, &f, NULL);

        if (SUCCEEDED(hr))
                hr = hcs_data_file_resize(f, size, NULL);
        if (SUCCEEDED(hr))
                hr = vhd_append(f, size, id, NULL);
        return SUCCEEDED(hr) ? hcs_data_file_commit(f, NULL) : hr;
}

static DWORD code_of(HRESULT hr) {
        if (SUCCEEDED(hr))
                return ERROR_SUCCESS;
        return hr == E_INVALIDARG ? ERROR_INVALID_PARAMETER : (DWORD)HRESULT_CODE(hr);
}

/* A disk that reads as its parent: of the parent's size, and of its block size if none is asked for. */
static DWORD write_differencing(const wchar_t *path, const char *name, const struct wanted *w) {
        _cleanup_(disk_parent_deinit) struct disk_parent parent = {0};
        DWORD rc = disk_parent_read(path, w->parent, &parent);

        if (rc)
                return rc;
        if (w->size && w->size != parent.info.virtual_size)
                return SIZE_MISMATCH;
        return code_of(write_vhdx(name, &(struct vhdx_create_options){
                                                .size = parent.info.virtual_size,
                                                .id = w->id,
                                                .block_size = w->block ? w->block : parent.info.block_size,
                                                .parent_relative = parent.relative,
                                                .parent_absolute = parent.absolute,
                                                .parent_linkage = parent.info.header[parent.info.current].data_write}));
}

/* What our code makes: dynamic and differencing VHDX, and fixed VHD. */
static DWORD create(const VIRTUAL_STORAGE_TYPE *type, const wchar_t *path, DWORD flags,
                    const CREATE_VIRTUAL_DISK_PARAMETERS *p, HANDLE *ret) {
        _cleanup_free_ char *name = NULL;
        struct wanted w;
        bool is_vhdx;
        DWORD rc;

        if (!type || !path || !p || !ret)
                return ERROR_INVALID_PARAMETER;
        rc = check_parameters(p, &w);
        if (rc)
                return rc;
        is_vhdx = type->DeviceId == VIRTUAL_STORAGE_TYPE_DEVICE_VHDX;
        if (!is_vhdx && type->DeviceId != VIRTUAL_STORAGE_TYPE_DEVICE_VHD)
                return DISK_NO_PROVIDER;
        if (!(flags & CREATE_VIRTUAL_DISK_FLAG_FULL_PHYSICAL_ALLOCATION) != is_vhdx || (w.parent && !is_vhdx))
                return ERROR_NOT_SUPPORTED;
        if (GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES)
                return ERROR_FILE_EXISTS;
        name = hcs_windows_narrow(path);
        if (w.parent)
                rc = write_differencing(path, name, &w);
        else if (is_vhdx)
                rc = code_of(write_vhdx(
                        name, &(struct vhdx_create_options){.size = w.size, .block_size = w.block, .id = w.id}));
        else
                rc = code_of(write_vhd(name, w.size, w.id));
        return rc ? rc : open_handle(path, ret);
}

static uint64_t on_create(const uint64_t *args, void *real) {
        return complete((OVERLAPPED *)args[7],
                        create((const VIRTUAL_STORAGE_TYPE *)args[0], (const wchar_t *)args[1], (DWORD)args[4],
                               (const CREATE_VIRTUAL_DISK_PARAMETERS *)args[6], (HANDLE *)args[8]));
}

/* Is there what it stood on? */
static DWORD check_parent(const wchar_t *path, const struct disk *d, const wchar_t *place) {
        _cleanup_(disk_parent_deinit) struct disk_parent parent = {0};
        DWORD rc = disk_parent_read(path, place, &parent);

        if (!rc && !hcs_guid_equal(&d->linkage, &parent.info.header[parent.info.current].data_write))
                rc = ID_MISMATCH;
        return rc;
}

/* Its parent, at the first of the places it names where that one is. When it is at none: the first place of all, may
 * be NULL, and what is wrong with a disk at one of them, if one is there. */
static DWORD find_parent(const wchar_t *path, const struct disk *d, wchar_t **ret_place) {
        DWORD worst = ERROR_FILE_NOT_FOUND;

        for (size_t i = 0; i < VHDX_PLACES; i++) {
                _cleanup_wide_ wchar_t *place = d->parents[i] ? disk_parent_find(path, d->parents[i]) : NULL;
                DWORD rc = place ? check_parent(path, d, place) : ERROR_FILE_NOT_FOUND;

                if (place && (!rc || !*ret_place)) {
                        free(*ret_place);
                        *ret_place = steal_pointer(&place);
                }
                if (!rc)
                        return ERROR_SUCCESS;
                if (worst == ERROR_FILE_NOT_FOUND && rc != ERROR_PATH_NOT_FOUND)
                        worst = rc;
        }
        return worst;
}

/* All that it stands on is there, and is what it was. What a VHD says of its parent is not read. */
static DWORD check_parents(const wchar_t *path, const struct disk *d, unsigned depth) {
        _cleanup_wide_ wchar_t *place = NULL;
        _cleanup_free_ char *name = NULL;
        _cleanup_(disk_deinit) struct disk next = {0};
        DWORD rc = d->device == VIRTUAL_STORAGE_TYPE_DEVICE_VHD ? ERROR_SUCCESS : find_parent(path, d, &place);

        if (rc || !place)
                return rc;
        if (depth == CHAIN_MAX)
                return ERROR_FILE_CORRUPT;
        name = hcs_windows_narrow(place);
        rc = read_disk(name, &next);
        return rc || next.subtype != SUBTYPE_DIFFERENCING ? rc : check_parents(place, &next, depth + 1);
}

static uint64_t on_open(const uint64_t *args, void *real) {
        const VIRTUAL_STORAGE_TYPE *type = (const VIRTUAL_STORAGE_TYPE *)args[0];
        const wchar_t *path = (const wchar_t *)args[1];
        _cleanup_free_ char *name = path ? hcs_windows_narrow(path) : NULL;
        _cleanup_(disk_deinit) struct disk d = {0};
        HANDLE *ret = (HANDLE *)args[5];
        DWORD rc;

        if (!type || !path || !ret)
                return ERROR_INVALID_PARAMETER;
        rc = read_disk(name, &d);
        if (!rc && type->DeviceId != VIRTUAL_STORAGE_TYPE_DEVICE_UNKNOWN && type->DeviceId != d.device)
                rc = DISK_NO_PROVIDER;
        if (!rc && d.subtype == SUBTYPE_DIFFERENCING && !((DWORD)args[3] & OPEN_VIRTUAL_DISK_FLAG_NO_PARENTS))
                rc = check_parents(path, &d, 0);
        return rc ? rc : open_handle(path, ret);
}

static uint64_t on_attach(const uint64_t *args, void *real) {
        return complete((OVERLAPPED *)args[5], disk_attach((HANDLE)args[0], (DWORD)args[2]));
}

static uint64_t on_detach(const uint64_t *args, void *real) {
        return (DWORD)args[1] ? ERROR_INVALID_PARAMETER : disk_detach((HANDLE)args[0]);
}

static uint64_t on_path(const uint64_t *args, void *real) {
        ULONG *size = (ULONG *)args[1];
        wchar_t text[32];
        unsigned number;
        DWORD rc = size ? disk_number((HANDLE)args[0], &number) : ERROR_INVALID_PARAMETER;
        ULONG needed, given;

        if (rc)
                return rc;
        needed = (ULONG)(swprintf(text, HCS_ARRAY_SIZE(text), L"\\\\.\\PhysicalDrive%u", number) + 1) * sizeof(wchar_t);
        given = *size;
        *size = needed;
        if (!args[2] || given < needed)
                return ERROR_INSUFFICIENT_BUFFER;
        memcpy((void *)args[2], text, needed);
        return ERROR_SUCCESS;
}

/* A path of any length, with one more NUL when nothing is there: the buffer has a list of places then. */
static DWORD tell_parent(const struct disk *d, const wchar_t *path, GET_VIRTUAL_DISK_INFO *info, ULONG *size) {
        _cleanup_wide_ wchar_t *place = NULL;
        bool is_there = find_parent(path, d, &place) == ERROR_SUCCESS;
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

static bool is_of_parent(GET_VIRTUAL_DISK_INFO_VERSION kind) {
        return kind == GET_VIRTUAL_DISK_INFO_PARENT_LOCATION || kind == GET_VIRTUAL_DISK_INFO_PARENT_IDENTIFIER;
}

static DWORD tell(const struct disk *d, HANDLE h, const wchar_t *path, GET_VIRTUAL_DISK_INFO *info, ULONG *size) {
        LARGE_INTEGER physical;
        unsigned number;

        if (is_of_parent(info->Version) && d->subtype != SUBTYPE_DIFFERENCING)
                return INVALID_TYPE;
        switch (info->Version) {
        case GET_VIRTUAL_DISK_INFO_SIZE:
                if (!GetFileSizeEx(h, &physical))
                        return GetLastError();
                info->Size.VirtualSize = d->virtual_size;
                info->Size.PhysicalSize = (uint64_t)physical.QuadPart;
                info->Size.BlockSize = d->block_size;
                info->Size.SectorSize = d->sector_size;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_IDENTIFIER:
                info->Identifier = d->id;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_PARENT_LOCATION:
                return tell_parent(d, path, info, size);
        case GET_VIRTUAL_DISK_INFO_PARENT_IDENTIFIER:
                info->ParentIdentifier = d->linkage;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_VIRTUAL_STORAGE_TYPE:
                info->VirtualStorageType.DeviceId = d->device;
                info->VirtualStorageType.VendorId = VIRTUAL_STORAGE_TYPE_VENDOR_MICROSOFT;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_PROVIDER_SUBTYPE:
                info->ProviderSubtype = d->subtype;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_IS_4K_ALIGNED:
                info->Is4kAligned = d->device == VIRTUAL_STORAGE_TYPE_DEVICE_VHDX || d->subtype == SUBTYPE_FIXED;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_CHANGE_TRACKING_STATE:
                info->ChangeTrackingState.Enabled = FALSE;
                info->ChangeTrackingState.NewerChanges = FALSE;
                info->ChangeTrackingState.MostRecentId[0] = L'\0';
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_VHD_PHYSICAL_SECTOR_SIZE:
                info->VhdPhysicalSectorSize = d->physical_sector;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_IS_LOADED:
                info->IsLoaded = disk_number(h, &number) == ERROR_SUCCESS;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_VIRTUAL_DISK_ID:
                info->VirtualDiskId = d->id;
                return ERROR_SUCCESS;
        default:
                return ERROR_NOT_SUPPORTED;
        }
}

static uint64_t on_information(const uint64_t *args, void *real) {
        ULONG *size = (ULONG *)args[1], *used = (ULONG *)args[3];
        GET_VIRTUAL_DISK_INFO *info = (GET_VIRTUAL_DISK_INFO *)args[2];
        _cleanup_free_ char *name = NULL;
        _cleanup_(disk_deinit) struct disk d = {0};
        wchar_t path[4096];
        DWORD n, rc;

        if (!size || !info || *size < sizeof(*info))
                return ERROR_INVALID_PARAMETER;
        n = GetFinalPathNameByHandleW((HANDLE)args[0], path, HCS_ARRAY_SIZE(path), 0);
        if (!n || n >= HCS_ARRAY_SIZE(path))
                return ERROR_INVALID_PARAMETER;
        name = hcs_windows_narrow(path);
        rc = read_disk(name, &d);
        if (!rc)
                rc = tell(&d, (HANDLE)args[0], path, info, size);
        if (!rc && used)
                *used = info->Version == GET_VIRTUAL_DISK_INFO_PARENT_LOCATION ? *size : sizeof(*info);
        return rc;
}

/* Of Wine these are names only, which end the program that calls them. */
static uint64_t on_other(const uint64_t *args, void *real) {
        return args[0] ? ERROR_NOT_SUPPORTED : ERROR_INVALID_PARAMETER;
}

static const struct winehv_redirection list[] = {
        {"virtdisk", "CreateVirtualDisk", 9, on_create},
        {"virtdisk", "OpenVirtualDisk", 6, on_open},
        {"virtdisk", "AttachVirtualDisk", 6, on_attach},
        {"virtdisk", "DetachVirtualDisk", 3, on_detach},
        {"virtdisk", "GetVirtualDiskPhysicalPath", 3, on_path},
        {"virtdisk", "GetVirtualDiskInformation", 4, on_information},
        {"virtdisk", "SetVirtualDiskInformation", 2, on_other},
        {"virtdisk", "CompactVirtualDisk", 4, on_other},
        {"virtdisk", "ExpandVirtualDisk", 4, on_other},
        {"virtdisk", "MergeVirtualDisk", 4, on_other},
        {"virtdisk", "MirrorVirtualDisk", 4, on_other},
        {"virtdisk", "BreakMirrorVirtualDisk", 1, on_other},
        {"virtdisk", "ResizeVirtualDisk", 4, on_other},
};
const struct winehv_group winehv_disks = {list, HCS_ARRAY_SIZE(list)};
