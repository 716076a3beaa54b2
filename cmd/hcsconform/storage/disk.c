/* SPDX-License-Identifier: MIT */

/* Disks of cases: files that a case makes itself, so that a replay has them too. */

#include "cmd/hcsconform/storage/storage.h"
#include "ext4/vhd/vhdx_create.h"
#include "platform/descriptor.h"

#define DISK_SIZE (1ull << 30)

bool storage_disk_make(const char *path) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        HRESULT hr = hcs_data_file_create(path, &f, NULL);

        if (SUCCEEDED(hr))
                hr = vhdx_create(f, &(struct vhdx_create_options){.size = DISK_SIZE}, NULL);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_commit(f, NULL);
        return SUCCEEDED(hr) || conform_failed("`%s` cannot be made", path);
}

HANDLE storage_disk_open(const char *path, FILE **ret) {
        *ret = fopen(path, "r+b");
        return *ret ? hcs_handle_of_descriptor(fileno(*ret)) : NULL;
}
