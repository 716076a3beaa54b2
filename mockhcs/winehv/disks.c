/* SPDX-License-Identifier: MIT */

/*
 * virtdisk.dll, of which Wine has the names: virtual disks are made, opened, attached, changed and asked about as
 * files, by the code of lib/ext4/vhd. A handle is one of the file, which a client closes as any other. See winehv.h.
 *
 * Codes: Microsoft's reference of virtdisk.h where it names them; what is refused of a differencing disk is assumed.
 */

#include "mockhcs/winehv/disks.h"

#include "base/mem.h"
#include "mockhcs/winehv/attachments.h"
#include "mockhcs/winehv/disk_code.h"
#include "mockhcs/winehv/parent.h"
#include "mockhcs/winehv/winehv.h"
#include "platform/windows/text.h"

/* Of a mask of VIRTUAL_DISK_ACCESS_MASK: what changes the file. */
#define WRITING          (VIRTUAL_DISK_ACCESS_ATTACH_RW | VIRTUAL_DISK_ACCESS_METAOPS)
#define COMPACT_NO_ZEROS 3u /* all flags there are: not to look for zeros, not to move blocks; both are hints */

static HANDLE open_file(const wchar_t *path, DWORD access) {
        return CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                           FILE_ATTRIBUTE_NORMAL, NULL);
}

static bool is_protected(DWORD rc) {
        return rc == ERROR_ACCESS_DENIED || rc == ERROR_SHARING_VIOLATION || rc == ERROR_WRITE_PROTECT;
}

DWORD disk_handle_open(const wchar_t *path, DWORD mask, HANDLE *ret) {
        HANDLE h = open_file(path, GENERIC_READ | GENERIC_WRITE);

        if (h == INVALID_HANDLE_VALUE && is_protected(GetLastError()) && !(mask & WRITING))
                h = open_file(path, GENERIC_READ);
        if (h == INVALID_HANDLE_VALUE)
                return GetLastError();
        *ret = h;
        return ERROR_SUCCESS;
}

static DWORD open_chain(const char *name, bool with_parents, unsigned writable, struct disk_chain **ret) {
        HRESULT hr = disk_chain_open(
                name,
                &(struct disk_chain_options){.find = with_parents ? disk_parent_find : NULL, .writable = writable}, ret,
                NULL);

        return hr == S_FALSE ? (DWORD)VHD_E_NO_PROVIDER : disk_code(hr);
}

DWORD disk_handle_chain(HANDLE h, bool with_parents, unsigned writable, struct disk_chain **ret) {
        wchar_t path[4096];
        DWORD n = GetFinalPathNameByHandleW(h, path, HCS_ARRAY_SIZE(path), 0);
        _cleanup_free_ char *name = NULL;

        if (!n || n >= HCS_ARRAY_SIZE(path))
                return ERROR_INVALID_PARAMETER;
        name = hcs_windows_narrow(path);
        return open_chain(name, with_parents, writable, ret);
}

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

static uint64_t on_create(const uint64_t *args, void *real) {
        return complete((OVERLAPPED *)args[7],
                        disk_create((const VIRTUAL_STORAGE_TYPE *)args[0], (const wchar_t *)args[1], (DWORD)args[4],
                                    (const void *)args[6], (HANDLE *)args[8]));
}

static uint64_t on_open(const uint64_t *args, void *real) {
        const VIRTUAL_STORAGE_TYPE *type = (const VIRTUAL_STORAGE_TYPE *)args[0];
        const wchar_t *path = (const wchar_t *)args[1];
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        _cleanup_free_ char *name = path ? disk_full_path(path) : NULL;
        HANDLE *ret = (HANDLE *)args[5];
        bool is_vhdx;
        DWORD rc;

        if (!type || !name || !ret)
                return ERROR_INVALID_PARAMETER;
        rc = open_chain(name, !((DWORD)args[3] & OPEN_VIRTUAL_DISK_FLAG_NO_PARENTS), 0, &c);
        if (rc)
                return rc;
        is_vhdx = disk_image_facts(disk_chain_image(c, 0))->format == DISK_VHDX;
        if (type->DeviceId != VIRTUAL_STORAGE_TYPE_DEVICE_UNKNOWN &&
            type->DeviceId != (is_vhdx ? VIRTUAL_STORAGE_TYPE_DEVICE_VHDX : VIRTUAL_STORAGE_TYPE_DEVICE_VHD))
                return (DWORD)VHD_E_NO_PROVIDER;
        return disk_handle_open(path, (DWORD)args[2], ret);
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

static uint64_t on_information(const uint64_t *args, void *real) {
        return disk_information((HANDLE)args[0], (ULONG *)args[1], (GET_VIRTUAL_DISK_INFO *)args[2], (ULONG *)args[3]);
}

static uint64_t on_expand(const uint64_t *args, void *real) {
        const EXPAND_VIRTUAL_DISK_PARAMETERS *p = (const EXPAND_VIRTUAL_DISK_PARAMETERS *)args[2];

        if (!p || p->Version != EXPAND_VIRTUAL_DISK_VERSION_1 || (DWORD)args[1])
                return ERROR_INVALID_PARAMETER;
        return complete((OVERLAPPED *)args[3], disk_expand((HANDLE)args[0], p->Version1.NewSize));
}

static uint64_t on_resize(const uint64_t *args, void *real) {
        const RESIZE_VIRTUAL_DISK_PARAMETERS *p = (const RESIZE_VIRTUAL_DISK_PARAMETERS *)args[2];

        if (!p || p->Version != RESIZE_VIRTUAL_DISK_VERSION_1 || (DWORD)args[1] > 3)
                return ERROR_INVALID_PARAMETER;
        return complete((OVERLAPPED *)args[3], disk_resize_to((HANDLE)args[0], (DWORD)args[1], p->Version1.NewSize));
}

static uint64_t on_compact(const uint64_t *args, void *real) {
        const COMPACT_VIRTUAL_DISK_PARAMETERS *p = (const COMPACT_VIRTUAL_DISK_PARAMETERS *)args[2];

        if ((p && p->Version > COMPACT_VIRTUAL_DISK_VERSION_1) || (DWORD)args[1] > COMPACT_NO_ZEROS)
                return ERROR_INVALID_PARAMETER;
        return complete((OVERLAPPED *)args[3], disk_compact_it((HANDLE)args[0]));
}

static uint64_t on_merge(const uint64_t *args, void *real) {
        return (DWORD)args[1] ? ERROR_INVALID_PARAMETER
                              : complete((OVERLAPPED *)args[3],
                                         disk_merge((HANDLE)args[0], (const MERGE_VIRTUAL_DISK_PARAMETERS *)args[2]));
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
        {"virtdisk", "ExpandVirtualDisk", 4, on_expand},
        {"virtdisk", "ResizeVirtualDisk", 4, on_resize},
        {"virtdisk", "CompactVirtualDisk", 4, on_compact},
        {"virtdisk", "MergeVirtualDisk", 4, on_merge},
        {"virtdisk", "SetVirtualDiskInformation", 2, on_other},
        {"virtdisk", "MirrorVirtualDisk", 4, on_other},
        {"virtdisk", "BreakMirrorVirtualDisk", 1, on_other},
};
const struct winehv_group winehv_disks = {list, HCS_ARRAY_SIZE(list)};
