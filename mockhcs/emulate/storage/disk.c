/* SPDX-License-Identifier: MIT */

/* The disks of layers, over lib/ext4/vhd: made, put on another one, grown. Files appear when they are whole. */

#include <stdlib.h>

#include "base/str.h"
#include "ext4/vhd/vhdx_create.h"
#include "mockhcs/emulate/storage/storage.h"

static HRESULT create(const char *path, const struct vhdx_create_options *options, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        HRESULT hr = hcs_data_file_create(path, &f, err);

        if (SUCCEEDED(hr))
                hr = vhdx_create(f, options, err);
        return SUCCEEDED(hr) ? hcs_data_file_commit(f, err) : hr;
}

HRESULT storage_disk_create(const char *path, uint64_t size, struct hcs_error **err) {
        return create(path, &(struct vhdx_create_options){.size = size}, err);
}

HRESULT storage_disk_create_on(const char *path, const char *parent, const char *relative, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        HRESULT hr = hcs_data_file_open(parent, &f, err);

        if (SUCCEEDED(hr))
                hr = vhdx_read(f, &i, err);
        if (hr == S_FALSE)
                return hcs_error_make(err, VHDX_E_DAMAGED, "`%s` is no VHDX", parent);
        if (FAILED(hr))
                return hr;
        return create(path,
                      &(struct vhdx_create_options){.size = i.virtual_size,
                                                    .parent_relative = relative,
                                                    .parent_absolute = parent,
                                                    .parent_linkage = i.header[i.current].data_write},
                      err);
}

HRESULT storage_disk_grow(const char *path, uint64_t size, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL, *grown = NULL;
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        HRESULT hr = hcs_data_file_open(path, &f, err);

        if (SUCCEEDED(hr))
                hr = vhdx_read(f, &i, err);
        if (hr == S_FALSE)
                return hcs_error_make(err, VHDX_E_DAMAGED, "`%s` is no VHDX", path);
        if (FAILED(hr) || size <= i.virtual_size)
                return hr; /* at least that size is asked for */
        size = (size + i.logical_sector - 1) / i.logical_sector * i.logical_sector;
        hr = hcs_data_file_create(path, &grown, err);
        if (SUCCEEDED(hr))
                hr = vhdx_grow(f, grown, size, err);
        f = hcs_data_file_close(f); /* Windows replaces no open file */
        return SUCCEEDED(hr) ? hcs_data_file_commit(grown, err) : hr;
}
