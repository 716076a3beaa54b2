/* SPDX-License-Identifier: MIT */

#include "ext4/vhd/disk_make.h"

#include "ext4/vhd/disk_copy.h"
#include "ext4/vhd/image_private.h"
#include "ext4/vhd/vhd_create.h"
#include "ext4/vhd/vhdx_create.h"

static HRESULT make_vhd(struct hcs_data_file *f, const struct disk_make_options *o, struct hcs_error **err) {
        struct vhd_create_options c = {.type = o->type, .size = o->size, .block_size = o->block_size, .id = o->id};
        HRESULT hr = S_OK;

        if (o->parent) {
                c.parent_id = o->parent->linkage;
                c.parent_relative = o->parent_relative;
                c.parent_absolute = o->parent_absolute;
                hr = vhd_time_of(o->parent_file, &c.parent_time, err);
        }
        return SUCCEEDED(hr) ? vhd_create(f, &c, err) : hr;
}

static HRESULT make_vhdx(struct hcs_data_file *f, const struct disk_make_options *o, struct hcs_error **err) {
        struct vhdx_create_options c = {.size = o->size,
                                        .block_size = o->block_size,
                                        .logical_sector = o->logical_sector,
                                        .physical_sector = o->physical_sector,
                                        .id = o->id,
                                        .fixed = o->type == VHD_FIXED};

        if (o->parent) {
                c.parent_linkage = o->parent->linkage;
                c.parent_relative = o->parent_relative;
                c.parent_absolute = o->parent_absolute;
        }
        return vhdx_create(f, &c, err);
}

static HRESULT check_parent(const struct disk_make_options *o, struct hcs_error **err) {
        const struct disk_facts *p = o->parent;

        if (!p)
                return S_OK;
        if (p->format != o->format)
                return hcs_error_make(err, VHD_E_NO_PROVIDER, "a disk and its parent `%s` must be of one format",
                                      hcs_data_file_name(o->parent_file));
        if (o->format == DISK_VHD ? o->size == p->size : o->size >= p->size)
                return S_OK;
        return hcs_error_make(err, VHD_E_PARENT_SIZE, "a disk of %llu bytes cannot stand on `%s`, which has %llu",
                              (unsigned long long)o->size, hcs_data_file_name(o->parent_file),
                              (unsigned long long)p->size);
}

/* A disk has the sectors of what it is made from: programs and file systems in it count by them. */
static HRESULT take_sector(struct disk_make_options *o, struct hcs_error **err) {
        const struct disk_facts *from = o->parent ? o->parent : o->source ? disk_image_facts(o->source) : NULL;

        if (from && o->logical_sector && o->logical_sector != from->sector)
                return hcs_error_make(err, VHDX_E_UNKNOWN, "a disk with sectors of %u bytes is not made from one of %u",
                                      o->logical_sector, from->sector);
        if (from)
                o->logical_sector = from->sector;
        if (o->format == DISK_VHD && o->logical_sector && o->logical_sector != DISK_SECTOR)
                return hcs_error_make(err, VHDX_E_UNKNOWN, "a VHD cannot have sectors of %u bytes", o->logical_sector);
        return S_OK;
}

static HRESULT fill(struct hcs_data_file *f, struct disk_image *source, struct hcs_error **err) {
        _cleanup_(disk_image_closep) struct disk_image *i = NULL;
        HRESULT hr = disk_image_open(f, NULL, &i, err);

        return SUCCEEDED(hr) ? disk_copy(source, i, err) : hr;
}

HRESULT disk_make(const char *path, const struct disk_make_options *options, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        struct disk_make_options o = *options;
        HRESULT hr = take_sector(&o, err);

        if (FAILED(hr))
                return hr;
        if (!o.size && (o.parent || o.source))
                o.size = o.parent ? o.parent->size
                                  : (disk_image_facts(o.source)->size + o.logical_sector - 1) / o.logical_sector *
                                            o.logical_sector;
        if (!o.block_size && o.parent)
                o.block_size = o.parent->block_size;
        hr = check_parent(&o, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_create(path, &f, err);
        if (SUCCEEDED(hr))
                hr = o.format == DISK_VHD ? make_vhd(f, &o, err) : make_vhdx(f, &o, err);
        if (SUCCEEDED(hr) && o.source)
                hr = fill(f, o.source, err);
        return SUCCEEDED(hr) ? hcs_data_file_commit(f, err) : hr;
}
