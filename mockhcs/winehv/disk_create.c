/* SPDX-License-Identifier: MIT */

/*
 * CreateVirtualDisk: fixed, dynamic and differencing disks of both formats, and copies of others. What Microsoft's
 * reference of virtdisk.h does not say of a refusal is assumed.
 */

#include "mockhcs/winehv/disks.h"

#include "ext4/vhd/disk_make.h"
#include "mockhcs/winehv/disk_code.h"
#include "mockhcs/winehv/parent.h"
#include "platform/windows/text.h"

#define MIN_SIZE ((uint64_t)3 << 20)
#define SECTOR   512u

/* As published; mingw's header lacks the size of a physical sector. Later versions begin with the second one. */
struct parameters {
        ULONG version;
        union {
                struct {
                        GUID id;
                        ULONGLONG size;
                        ULONG block, sector;
                        const wchar_t *parent, *source;
                } first;
                struct {
                        GUID id;
                        ULONGLONG size;
                        ULONG block, sector, physical_sector;
                        const wchar_t *parent, *source;
                } second;
        };
};

/* What is asked for, in either version. */
struct wanted {
        GUID id;
        uint64_t size;
        uint32_t block, sector, physical_sector;
        const wchar_t *parent, *source;
};

static DWORD read_parameters(const struct parameters *p, struct wanted *ret) {
        if (p->version == 1)
                *ret = (struct wanted){.id = p->first.id,
                                       .size = p->first.size,
                                       .block = p->first.block,
                                       .sector = p->first.sector,
                                       .parent = p->first.parent,
                                       .source = p->first.source};
        else if (p->version >= 2 && p->version <= 4)
                *ret = (struct wanted){.id = p->second.id,
                                       .size = p->second.size,
                                       .block = p->second.block,
                                       .sector = p->second.sector,
                                       .physical_sector = p->second.physical_sector,
                                       .parent = p->second.parent,
                                       .source = p->second.source};
        else
                return ERROR_INVALID_PARAMETER;
        return ERROR_SUCCESS;
}

static DWORD check(const struct wanted *w, DWORD flags) {
        if (w->size % SECTOR || (w->sector && w->sector != SECTOR && w->sector != 4096) || (w->parent && w->source))
                return ERROR_INVALID_PARAMETER;
        if (w->physical_sector && w->physical_sector != SECTOR && w->physical_sector != 4096)
                return ERROR_INVALID_PARAMETER;
        if (w->parent && flags & CREATE_VIRTUAL_DISK_FLAG_FULL_PHYSICAL_ALLOCATION)
                return ERROR_INVALID_PARAMETER;
        return w->size < MIN_SIZE && (w->size || (!w->parent && !w->source)) ? ERROR_INVALID_PARAMETER : ERROR_SUCCESS;
}

/* A disk that another one is made from, with its own parents. */
static DWORD open_other(const wchar_t *path, struct disk_chain **ret) {
        _cleanup_free_ char *name = disk_full_path(path);
        HRESULT hr;

        if (!name)
                return ERROR_INVALID_PARAMETER;
        hr = disk_chain_open(name, &(struct disk_chain_options){.find = disk_parent_find}, ret, NULL);
        return hr == S_FALSE ? (DWORD)VHD_E_NO_PROVIDER : disk_code(hr);
}

static DWORD make_on(const char *name, const struct wanted *w, struct disk_make_options *o) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        _cleanup_free_ char *relative = NULL;
        DWORD rc = open_other(w->parent, &c);

        if (rc)
                return rc;
        if (w->size && w->size != disk_image_facts(disk_chain_image(c, 0))->size)
                return (DWORD)VHD_E_PARENT_SIZE;
        relative = disk_relative_path(name, disk_chain_path(c, 0));
        o->type = VHD_DIFFERENCING;
        o->parent = disk_image_facts(disk_chain_image(c, 0));
        o->parent_file = disk_chain_file(c, 0);
        o->parent_relative = relative;
        o->parent_absolute = disk_chain_path(c, 0);
        return disk_code(disk_make(name, o, NULL));
}

static DWORD make_from(const char *name, const struct wanted *w, struct disk_make_options *o) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        DWORD rc = open_other(w->source, &c);

        if (rc)
                return rc;
        o->source = disk_chain_image(c, 0);
        if (w->size && w->size < disk_image_facts(o->source)->size)
                return ERROR_INVALID_PARAMETER;
        return disk_code(disk_make(name, o, NULL));
}

DWORD disk_create(const VIRTUAL_STORAGE_TYPE *type, const wchar_t *path, DWORD flags, const void *parameters,
                  HANDLE *ret) {
        bool is_fixed = flags & CREATE_VIRTUAL_DISK_FLAG_FULL_PHYSICAL_ALLOCATION;
        struct disk_make_options o = {.type = is_fixed ? VHD_FIXED : VHD_DYNAMIC};
        _cleanup_free_ char *name = NULL;
        struct wanted w;
        DWORD rc;

        if (!type || !path || !parameters || !ret)
                return ERROR_INVALID_PARAMETER;
        rc = read_parameters(parameters, &w);
        if (!rc)
                rc = check(&w, flags);
        if (rc)
                return rc;
        if (type->DeviceId != VIRTUAL_STORAGE_TYPE_DEVICE_VHDX && type->DeviceId != VIRTUAL_STORAGE_TYPE_DEVICE_VHD)
                return (DWORD)VHD_E_NO_PROVIDER;
        if (GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES)
                return ERROR_FILE_EXISTS;
        name = disk_full_path(path);
        if (!name)
                return ERROR_INVALID_PARAMETER;
        o.format = type->DeviceId == VIRTUAL_STORAGE_TYPE_DEVICE_VHDX ? DISK_VHDX : DISK_VHD;
        o.size = w.size;
        o.block_size = w.block;
        o.logical_sector = w.sector;
        o.physical_sector = w.physical_sector;
        o.id = hcs_guid_is_null(&w.id) ? NULL : &w.id;
        rc = w.parent   ? make_on(name, &w, &o)
             : w.source ? make_from(name, &w, &o)
                        : disk_code(disk_make(name, &o, NULL));
        return rc ? rc : disk_handle_open(path, VIRTUAL_DISK_ACCESS_ALL, ret);
}
