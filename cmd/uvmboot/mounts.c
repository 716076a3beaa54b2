/* SPDX-License-Identifier: MIT */

/*
 * What of the host's files the guest's agent mounts: disks and persistent memory for the VM, layers and a scratch disk
 * for a container. What has no place of its own goes where hcsshim puts it.
 */

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/uvmboot/uvm.h"
#include "platform/data_file.h"
#include "uvm/verity_info.h"

#define SCRATCH_SIZE (1ull << 30) /* at most; only what is written takes room */

static HRESULT mount_one(struct uvm *u, const char *what, struct hcs_json *settings, const char *host,
                         const char *place, struct hcs_error **err) {
        _cleanup_free_ char *text = hcs_json_text(settings, HCS_JSON_COMPACT),
                            *context = hcs_asprintf("mount %s", host);
        struct hcs_call call = uvm_until_deadline(u);
        HRESULT hr = hcs_gcs_modify_resource(u->gc, "Add", what, text, &call, err);

        if (FAILED(hr))
                return uvm_explain(u, hr, err, context);
        uvmboot_step(&u->steps, "%s is at %s", host, place);
        return S_OK;
}

static char *disk_place(unsigned lun) {
        return hcs_asprintf("/run/mounts/scsi/m%u", lun);
}

static struct hcs_json *disk_settings(unsigned lun, const char *place, bool writable) {
        struct hcs_json *s = hcs_json_new_object();

        hcs_json_set_string(s, "MountPath", place);
        hcs_json_set_u64(s, "Lun", lun);
        hcs_json_set_u64(s, "Controller", 0);
        if (!writable) {
                hcs_json_set_bool(s, "ReadOnly", true);
                hcs_json_append(hcs_json_set_new_array(s, "Options"), hcs_json_new_string("ro"));
        }
        return s;
}

HRESULT uvm_mount(struct uvm *u, struct hcs_error **err) {
        const struct uvmboot_options *o = u->options;
        HRESULT hr = S_OK;

        for (unsigned i = 0; i < o->n_scsi && SUCCEEDED(hr); i++) {
                const struct uvmboot_mount *m = &o->scsi[i];
                _cleanup_free_ char *place = m->guest ? hcs_strdup(m->guest) : disk_place(i);
                _cleanup_json_ struct hcs_json *s = disk_settings(i, place, m->writable);

                hr = mount_one(u, "MappedVirtualDisk", s, m->host, place, err);
        }
        for (unsigned i = 0; i < o->n_vpmem && SUCCEEDED(hr); i++) {
                const struct uvmboot_mount *m = &o->vpmem[i];
                _cleanup_free_ char *place = m->guest ? hcs_strdup(m->guest) : hcs_asprintf("/run/layers/p%u", i);
                _cleanup_json_ struct hcs_json *s = hcs_json_new_object();

                hcs_json_set_u64(s, "DeviceNumber", i);
                hcs_json_set_string(s, "MountPath", place);
                hr = mount_one(u, "VPMemDevice", s, m->host, place, err);
        }
        return hr;
}

HRESULT uvm_look_at_layers(struct uvm *u, struct hcs_error **err) {
        for (unsigned i = 0; i < u->options->n_layers; i++) {
                HRESULT hr = uvm_verity_info(u->options->layers[i].host, u->options->layers[i].root_hash, &u->verity[i],
                                             err);

                if (FAILED(hr)) {
                        hcs_error_wrap(err, "%s: layer", u->name);
                        return hr;
                }
        }
        return S_OK;
}

static HRESULT mount_layer(struct uvm *u, unsigned i, char **ret_place, struct hcs_error **err) {
        unsigned lun = u->options->n_scsi + i;
        _cleanup_free_ char *place = disk_place(lun), *host = hcs_asprintf("%s%s", u->options->layers[i].host,
                                                                           u->verity[i] ? " (dm-verity)" : "");
        _cleanup_json_ struct hcs_json *settings = disk_settings(lun, place, false);
        HRESULT hr;

        if (u->verity[i])
                hcs_json_set(settings, "VerityInfo", hcs_json_copy(u->verity[i]));
        hr = mount_one(u, "MappedVirtualDisk", settings, host, place, err);
        if (SUCCEEDED(hr))
                *ret_place = steal_pointer(&place);
        return hr;
}

/* A file of zeros in the run folder, which goes with it; the guest makes the file system. */
static HRESULT mount_scratch(struct uvm *u, unsigned lun, char **ret_place, struct hcs_error **err) {
        _cleanup_free_ char *path = hcs_asprintf("%s/scratch.img", vm_folder(u->vm)), *place = disk_place(lun);
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *file = NULL;
        _cleanup_json_ struct hcs_json *settings = disk_settings(lun, place, true);
        HRESULT hr = hcs_data_file_create(path, &file, err);

        if (SUCCEEDED(hr))
                hr = hcs_data_file_resize(file, SCRATCH_SIZE, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_commit(file, err);
        if (SUCCEEDED(hr))
                hr = vm_disk_add(u->vm, &(struct vm_disk){0, lun, path, false}, err);
        if (FAILED(hr))
                return uvm_explain(u, hr, err, "make a scratch disk");
        hcs_json_set_bool(settings, "EnsureFilesystem", true);
        hcs_json_set_string(settings, "Filesystem", "ext4");
        hr = mount_one(u, "MappedVirtualDisk", settings, "scratch.img", place, err);
        if (SUCCEEDED(hr))
                *ret_place = steal_pointer(&place);
        return hr;
}

HRESULT uvm_mount_layers(struct uvm *u, char ***ret_layers, char **ret_scratch, struct hcs_error **err) {
        const struct uvmboot_options *o = u->options;
        char **layers = hcs_calloc(o->n_layers + 1, sizeof(*layers));
        HRESULT hr = S_OK;

        for (unsigned i = 0; i < o->n_layers && SUCCEEDED(hr); i++)
                hr = mount_layer(u, i, &layers[o->n_layers - 1 - i], err);
        if (SUCCEEDED(hr))
                hr = mount_scratch(u, o->n_scsi + o->n_layers, ret_scratch, err);
        if (FAILED(hr)) {
                for (unsigned i = 0; i < o->n_layers; i++)
                        free(layers[i]);
                free(layers);
                return hr;
        }
        *ret_layers = layers;
        return S_OK;
}
