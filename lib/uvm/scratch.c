/* SPDX-License-Identifier: MIT */

/* Scratch disks. See scratch.h; source of the steps and of mkfs's options: hcsshim internal/lcow. */

#include "uvm/scratch.h"

#include <string.h>

#include "base/str.h"
#include "ext4/vhd/vhdx_create.h"
#include "platform/bound.h"
#include "platform/file.h"
#include "uvm/exec.h"
#include "uvm/prepare.h"

#define GIB ((uint64_t)1 << 30)

static uint64_t size_of(const struct uvm_scratch_options *o) {
        return o->gb ? o->gb : UVM_SCRATCH_GB;
}

static char *cached(const struct uvm_scratch_options *o) {
        return o->cache ? hcs_asprintf("%s/scratch-%llu-gb.vhdx", o->cache, (unsigned long long)size_of(o)) : NULL;
}

HRESULT uvm_scratch_from_cache(const struct uvm_scratch_options *o, struct hcs_error **err) {
        _cleanup_free_ char *path = cached(o);
        HRESULT hr;

        if (!path || !hcs_file_exists(path))
                return S_FALSE;
        hr = uvm_copy_file(path, o->path, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "scratch disk");
        return hr;
}

static HRESULT make_disk(const struct uvm_scratch_options *o, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        HRESULT hr = hcs_data_file_create(o->path, &f, err);

        if (SUCCEEDED(hr))
                hr = vhdx_create(f, &(struct vhdx_create_options){.size = size_of(o) * GIB}, err);
        return SUCCEEDED(hr) ? hcs_data_file_commit(f, err) : hr;
}

/* Linux names the block device in a folder of the SCSI device, as soon as it has found it. */
static HRESULT find_device(struct uvm *vm, const struct uvm_location *at, const struct hcs_call *call, char **ret,
                           struct hcs_error **err) {
        _cleanup_free_ char *folder = hcs_asprintf("/sys/bus/scsi/devices/%u:0:0:%u/block", at->controller, at->lun);
        const char *argv[] = {"ls", folder, NULL};
        struct hcs_bound bound = hcs_bound_of_call(call, 30000);

        for (;;) {
                _cleanup_buf_ struct hcs_buf out = {0};
                uint32_t code = 0;
                HRESULT hr = uvm_run(vm, argv, call, &out, &code, err);

                if (FAILED(hr))
                        return hr;
                if (code == 0 && out.len) {
                        *ret = hcs_asprintf("/dev/%.*s", (int)strcspn(out.data, " \n"), out.data);
                        return S_OK;
                }
                if (FAILED(hcs_bound_check(&bound)))
                        return hcs_error_make(err, HCS_E_OPERATION_TIMEOUT, "the guest does not find the disk: %s",
                                              hcs_buf_cstr(&out));
        }
}

HRESULT uvm_scratch_format(struct uvm *vm, struct uvm_devices *devices, const char *path, const struct hcs_call *call,
                           struct hcs_error **err) {
        const struct uvm_disk disk = {.type = "VirtualDisk", .path = path, .grant = true};
        _cleanup_free_ char *device = NULL;
        struct hcs_error *cause = NULL;
        struct uvm_location at;
        uvm_ticket ticket;
        HRESULT hr = uvm_devices_attach_disk(devices, &disk, &ticket, &at, err);

        if (FAILED(hr))
                return hr;
        hr = find_device(vm, &at, call, &device, &cause);
        if (SUCCEEDED(hr)) {
                const char *argv[] = {"mkfs.ext4", "-q",
                                      "-E",        "lazy_itable_init=0,nodiscard",
                                      "-O",        "^has_journal,sparse_super2,^resize_inode",
                                      device,      NULL};

                hr = uvm_run(vm, argv, call, NULL, NULL, &cause);
        }
        if (FAILED(hr)) {
                uvm_devices_release(devices, ticket, NULL);
                return hcs_error_move(err, &cause);
        }
        return uvm_devices_release(devices, ticket, err);
}

HRESULT uvm_scratch_create(struct uvm *vm, struct uvm_devices *devices, const struct uvm_scratch_options *o,
                           const struct hcs_call *call, struct hcs_error **err) {
        _cleanup_free_ char *keep = cached(o);
        HRESULT hr = uvm_scratch_from_cache(o, err);

        if (hr != S_FALSE)
                return hr;
        if (size_of(o) > 65536)
                return hcs_error_make(err, E_INVALIDARG, "scratch disk: %llu GB is too much",
                                      (unsigned long long)size_of(o));
        hr = make_disk(o, err);
        if (SUCCEEDED(hr))
                hr = uvm_scratch_format(vm, devices, o->path, call, err);
        if (SUCCEEDED(hr) && keep) {
                hr = hcs_directory_create(o->cache, err);
                if (SUCCEEDED(hr))
                        hr = uvm_copy_file(o->path, keep, err);
        }
        if (FAILED(hr))
                hcs_error_wrap(err, "scratch disk");
        return hr;
}
