/* SPDX-License-Identifier: MIT */

/*
 * virtdisk.dll, of which Wine has the names: virtual disks are made, opened, attached and asked about as files, by the
 * code of lib/ext4/vhd. A handle is one of the file, which a client closes as any other. Attaching gives a disk a
 * number, and no device: nothing can be read at its path. An attachment is known in this process, and lasts as long as
 * the handle it was made with, or, when it is to be permanent, to the end of the process. See winehv.h.
 *
 * Codes: Microsoft's reference of virtdisk.h where it names them; ERROR_SHARING_VIOLATION for a disk that is attached
 * already and ERROR_NOT_READY for one that is not are assumed.
 */

#include "mockhcs/winehv/winehv.h"

#include <initguid.h> /* the vendor's id is here */
#include <virtdisk.h>

#include "base/mem.h"
#include "ext4/vhd/vhd.h"
#include "ext4/vhd/vhdx.h"
#include "ext4/vhd/vhdx_create.h"
#include "platform/windows/text.h"

#define MIN_SIZE             ((uint64_t)3 << 20)
#define SECTOR               512u
#define NO_PROVIDER          0xC03A0014u /* ERROR_VIRTDISK_PROVIDER_NOT_FOUND */
#define SUBTYPE_FIXED        2u
#define SUBTYPE_DYNAMIC      3u
#define SUBTYPE_DIFFERENCING 4u

/* Which file a handle is of. */
struct identity {
        DWORD volume, high, low;
};

struct attachment {
        struct attachment *next;
        struct identity file;
        HANDLE by;
        bool is_permanent;
        unsigned number;
};

static SRWLOCK lock = SRWLOCK_INIT;
static struct attachment *attachments;

static bool identify(HANDLE h, struct identity *ret) {
        BY_HANDLE_FILE_INFORMATION info;

        if (!GetFileInformationByHandle(h, &info))
                return false;
        *ret = (struct identity){info.dwVolumeSerialNumber, info.nFileIndexHigh, info.nFileIndexLow};
        return true;
}

static bool is_same(const struct identity *a, const struct identity *b) {
        return a->volume == b->volume && a->high == b->high && a->low == b->low;
}

/* What was attached with a handle that is closed by now, or is another file's, is attached no more. With the lock. */
static struct attachment **find_attachment(const struct identity *file) {
        struct attachment **at = &attachments;

        while (*at) {
                struct attachment *a = *at;
                struct identity now;

                if (!a->is_permanent && (!identify(a->by, &now) || !is_same(&now, &a->file))) {
                        *at = a->next;
                        free(a);
                        continue;
                }
                if (is_same(&a->file, file))
                        break;
                at = &a->next;
        }
        return at;
}

/* ---- what the file is ---- */

struct disk {
        ULONG device; /* VIRTUAL_STORAGE_TYPE_DEVICE_... */
        ULONG subtype;
        uint64_t virtual_size;
        uint32_t block_size, sector_size;
        GUID id;
};

static DWORD read_vhdx(struct hcs_data_file *f, struct disk *ret) {
        struct vhdx_info info = {0};

        if (vhdx_read(f, &info, NULL) != S_OK)
                return ERROR_FILE_CORRUPT;
        *ret = (struct disk){VIRTUAL_STORAGE_TYPE_DEVICE_VHDX,
                             info.type == VHDX_FIXED     ? SUBTYPE_FIXED
                             : info.type == VHDX_DYNAMIC ? SUBTYPE_DYNAMIC
                                                         : SUBTYPE_DIFFERENCING,
                             info.virtual_size,
                             info.block_size,
                             info.logical_sector,
                             info.disk_id};
        vhdx_info_deinit(&info);
        return ERROR_SUCCESS;
}

static DWORD read_vhd(struct hcs_data_file *f, struct disk *ret) {
        struct vhd_footer footer;
        unsigned damage = 0;
        HRESULT hr = vhd_read(f, &footer, &damage, NULL, NULL);

        if (hr != S_OK)
                return hr == S_FALSE ? NO_PROVIDER : ERROR_FILE_CORRUPT;
        if (damage)
                return ERROR_FILE_CORRUPT;
        *ret = (struct disk){VIRTUAL_STORAGE_TYPE_DEVICE_VHD, footer.type, footer.current_size, 0, SECTOR, footer.id};
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

/* Both versions say the same of the disk itself. */
static DWORD check_parameters(const CREATE_VIRTUAL_DISK_PARAMETERS *p, uint64_t *ret_size, uint32_t *ret_block) {
        bool is_2 = p->Version == CREATE_VIRTUAL_DISK_VERSION_2;
        uint32_t sector = is_2 ? p->Version2.SectorSizeInBytes : p->Version1.SectorSizeInBytes;

        if (!is_2 && p->Version != CREATE_VIRTUAL_DISK_VERSION_1)
                return ERROR_INVALID_PARAMETER;
        if (is_2 ? p->Version2.ParentPath || p->Version2.SourcePath : p->Version1.ParentPath || p->Version1.SourcePath)
                return ERROR_NOT_SUPPORTED; /* differencing disks and copies */
        *ret_size = is_2 ? p->Version2.MaximumSize : p->Version1.MaximumSize;
        *ret_block = is_2 ? p->Version2.BlockSizeInBytes : p->Version1.BlockSizeInBytes;
        if (*ret_size < MIN_SIZE || *ret_size % SECTOR || (sector && sector != SECTOR))
                return ERROR_INVALID_PARAMETER;
        return ERROR_SUCCESS;
}

static HRESULT write_disk(const char *path, ULONG device, uint64_t size, uint32_t block) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        HRESULT hr = hcs_data_file_create(path, &f, NULL);

        if (SUCCEEDED(hr) && device == VIRTUAL_STORAGE_TYPE_DEVICE_VHDX)
                hr = vhdx_create(f, &(struct vhdx_create_options){.size = size, .block_size = block}, NULL);
        else if (SUCCEEDED(hr))
                hr = hcs_data_file_resize(f, size, NULL);
        if (SUCCEEDED(hr) && device == VIRTUAL_STORAGE_TYPE_DEVICE_VHD)
                hr = vhd_append(f, size, NULL, NULL);
        return SUCCEEDED(hr) ? hcs_data_file_commit(f, NULL) : hr;
}

/* What our code makes: dynamic VHDX, and fixed VHD. */
static DWORD create(const VIRTUAL_STORAGE_TYPE *type, const wchar_t *path, DWORD flags,
                    const CREATE_VIRTUAL_DISK_PARAMETERS *p, HANDLE *ret) {
        _cleanup_free_ char *name = NULL;
        uint64_t size;
        uint32_t block;
        DWORD rc;
        HRESULT hr;

        if (!type || !path || !p || !ret)
                return ERROR_INVALID_PARAMETER;
        rc = check_parameters(p, &size, &block);
        if (rc)
                return rc;
        if (type->DeviceId != VIRTUAL_STORAGE_TYPE_DEVICE_VHDX && type->DeviceId != VIRTUAL_STORAGE_TYPE_DEVICE_VHD)
                return NO_PROVIDER;
        if (!(flags & CREATE_VIRTUAL_DISK_FLAG_FULL_PHYSICAL_ALLOCATION) !=
            (type->DeviceId == VIRTUAL_STORAGE_TYPE_DEVICE_VHDX))
                return ERROR_NOT_SUPPORTED;
        if (GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES)
                return ERROR_FILE_EXISTS;
        name = hcs_windows_narrow(path);
        hr = write_disk(name, type->DeviceId, size, block);
        if (FAILED(hr))
                return hr == E_INVALIDARG ? ERROR_INVALID_PARAMETER : (DWORD)HRESULT_CODE(hr);
        return open_handle(path, ret);
}

static uint64_t on_create(const uint64_t *args, void *real) {
        return complete((OVERLAPPED *)args[7],
                        create((const VIRTUAL_STORAGE_TYPE *)args[0], (const wchar_t *)args[1], (DWORD)args[4],
                               (const CREATE_VIRTUAL_DISK_PARAMETERS *)args[6], (HANDLE *)args[8]));
}

static uint64_t on_open(const uint64_t *args, void *real) {
        const VIRTUAL_STORAGE_TYPE *type = (const VIRTUAL_STORAGE_TYPE *)args[0];
        const wchar_t *path = (const wchar_t *)args[1];
        _cleanup_free_ char *name = path ? hcs_windows_narrow(path) : NULL;
        HANDLE *ret = (HANDLE *)args[5];
        struct disk d;
        DWORD rc;

        if (!type || !path || !ret)
                return ERROR_INVALID_PARAMETER;
        rc = read_disk(name, &d);
        if (!rc && type->DeviceId != VIRTUAL_STORAGE_TYPE_DEVICE_UNKNOWN && type->DeviceId != d.device)
                rc = NO_PROVIDER;
        return rc ? rc : open_handle(path, ret);
}

static DWORD attach(HANDLE h, DWORD flags) {
        struct attachment *a, **at;
        struct identity file;
        unsigned number = 1; /* the first disk is the system's own */
        DWORD rc = ERROR_SHARING_VIOLATION;

        if (!identify(h, &file))
                return ERROR_INVALID_PARAMETER;
        AcquireSRWLockExclusive(&lock);
        at = find_attachment(&file);
        if (!*at) {
                for (const struct attachment *other = attachments; other;)
                        if (other->number == number)
                                number++, other = attachments;
                        else
                                other = other->next;
                a = hcs_calloc(1, sizeof(*a));
                *a = (struct attachment){NULL, file, h, flags & ATTACH_VIRTUAL_DISK_FLAG_PERMANENT_LIFETIME, number};
                *at = a;
                rc = ERROR_SUCCESS;
        }
        ReleaseSRWLockExclusive(&lock);
        return rc;
}

static uint64_t on_attach(const uint64_t *args, void *real) {
        return complete((OVERLAPPED *)args[5], attach((HANDLE)args[0], (DWORD)args[2]));
}

/* ERROR_NOT_READY when it is not attached. */
static DWORD take_number(HANDLE h, bool detach, unsigned *ret) {
        struct attachment **at, *a;
        struct identity file;

        if (!identify(h, &file))
                return ERROR_INVALID_PARAMETER;
        AcquireSRWLockExclusive(&lock);
        at = find_attachment(&file);
        a = *at;
        if (a)
                *ret = a->number;
        if (a && detach) {
                *at = a->next;
                free(a);
        }
        ReleaseSRWLockExclusive(&lock);
        return a ? ERROR_SUCCESS : ERROR_NOT_READY;
}

static uint64_t on_detach(const uint64_t *args, void *real) {
        unsigned number;

        return (DWORD)args[1] ? ERROR_INVALID_PARAMETER : take_number((HANDLE)args[0], true, &number);
}

static uint64_t on_path(const uint64_t *args, void *real) {
        ULONG *size = (ULONG *)args[1];
        wchar_t text[32];
        unsigned number;
        DWORD rc = size ? take_number((HANDLE)args[0], false, &number) : ERROR_INVALID_PARAMETER;
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

static DWORD tell(const struct disk *d, uint64_t physical_size, GET_VIRTUAL_DISK_INFO *info) {
        switch (info->Version) {
        case GET_VIRTUAL_DISK_INFO_SIZE:
                info->Size.VirtualSize = d->virtual_size;
                info->Size.PhysicalSize = physical_size;
                info->Size.BlockSize = d->block_size;
                info->Size.SectorSize = d->sector_size;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_IDENTIFIER:
                info->Identifier = d->id;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_VIRTUAL_STORAGE_TYPE:
                info->VirtualStorageType.DeviceId = d->device;
                info->VirtualStorageType.VendorId = VIRTUAL_STORAGE_TYPE_VENDOR_MICROSOFT;
                return ERROR_SUCCESS;
        case GET_VIRTUAL_DISK_INFO_PROVIDER_SUBTYPE:
                info->ProviderSubtype = d->subtype;
                return ERROR_SUCCESS;
        default:
                return ERROR_NOT_SUPPORTED;
        }
}

static uint64_t on_information(const uint64_t *args, void *real) {
        ULONG *size = (ULONG *)args[1], *used = (ULONG *)args[3];
        GET_VIRTUAL_DISK_INFO *info = (GET_VIRTUAL_DISK_INFO *)args[2];
        _cleanup_free_ char *name = NULL;
        LARGE_INTEGER physical;
        wchar_t path[4096];
        struct disk d;
        DWORD n, rc;

        if (!size || !info || *size < sizeof(*info))
                return ERROR_INVALID_PARAMETER;
        n = GetFinalPathNameByHandleW((HANDLE)args[0], path, HCS_ARRAY_SIZE(path), 0);
        if (!n || n >= HCS_ARRAY_SIZE(path) || !GetFileSizeEx((HANDLE)args[0], &physical))
                return ERROR_INVALID_PARAMETER;
        name = hcs_windows_narrow(path);
        rc = read_disk(name, &d);
        if (!rc)
                rc = tell(&d, (uint64_t)physical.QuadPart, info);
        if (!rc && used)
                *used = sizeof(*info);
        return rc;
}

static const struct winehv_redirection list[] = {
        {"virtdisk", "CreateVirtualDisk", 9, on_create},
        {"virtdisk", "OpenVirtualDisk", 6, on_open},
        {"virtdisk", "AttachVirtualDisk", 6, on_attach},
        {"virtdisk", "DetachVirtualDisk", 3, on_detach},
        {"virtdisk", "GetVirtualDiskPhysicalPath", 3, on_path},
        {"virtdisk", "GetVirtualDiskInformation", 4, on_information},
};
const struct winehv_group winehv_disks = {list, HCS_ARRAY_SIZE(list)};
