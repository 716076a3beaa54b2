/* SPDX-License-Identifier: MIT */

/*
 * What of the host's files the guest gets: disks, persistent memory and folders for the VM, layers for a container.
 * What has no place of its own goes where hcsshim puts it. A plan keeps them as {"scsi":[{"host","guest","writable"}],
 * "vpmem":[...],"shares":[...]}.
 */

#include "cmd/uvmboot/uvmboot.h"
#include "uvm/exec.h"
#include "uvm/verity_info.h"

static HRESULT plan_kind(struct hcs_json *more, const char *kind, const struct uvmboot_mount *mounts, unsigned n,
                         struct hcs_error **err) {
        struct hcs_json *list = n ? hcs_json_set_new_array(more, kind) : NULL;

        for (unsigned i = 0; i < n; i++) {
                _cleanup_free_ char *host = hcs_strdup(mounts[i].host);
                struct hcs_json *m = hcs_json_append(list, hcs_json_new_object());
                HRESULT hr = lcow_make_absolute(&host, err);

                if (FAILED(hr))
                        return hr;
                hcs_json_set_string(m, "host", host);
                if (mounts[i].guest)
                        hcs_json_set_string(m, "guest", mounts[i].guest);
                if (mounts[i].writable)
                        hcs_json_set_bool(m, "writable", true);
        }
        return S_OK;
}

HRESULT uvmboot_plan_mounts(struct uvmboot_vm *v, struct hcs_error **err) {
        const struct uvmboot_options *o = v->options;
        HRESULT hr = plan_kind(v->run.more, "scsi", o->scsi, o->n_scsi, err);

        if (SUCCEEDED(hr))
                hr = plan_kind(v->run.more, "vpmem", o->vpmem, o->n_vpmem, err);
        if (SUCCEEDED(hr))
                hr = plan_kind(v->run.more, "shares", o->shares, o->n_shares, err);
        return hr;
}

HRESULT uvmboot_plan_layers(struct uvmboot_vm *v, struct hcs_error **err) {
        for (unsigned i = 0; i < v->options->n_layers; i++) {
                const struct uvmboot_mount *l = &v->options->layers[i];
                _cleanup_free_ char *path = hcs_strdup(l->host);
                struct hcs_json *info = NULL;
                HRESULT hr = uvm_verity_info(l->host, l->root_hash, &info, err);

                if (SUCCEEDED(hr))
                        hr = lcow_make_absolute(&path, err);
                if (FAILED(hr)) {
                        hcs_json_free(info);
                        hcs_error_wrap(err, "layer");
                        return hr;
                }
                lcow_step(&v->run, "layer %s%s", path, info ? " (dm-verity)" : "");
                lcow_run_add_disk(&v->run, path, info);
        }
        return S_OK;
}

static HRESULT mount_disk(struct lcow_machine *m, const struct hcs_json *what, const char **ret_place,
                          struct hcs_error **err) {
        static char read_only[] = "ro", *options[] = {read_only};
        bool writable = hcs_json_bool(hcs_json_get(what, "writable"));
        const struct uvm_disk disk = {.type = "VirtualDisk",
                                      .path = hcs_json_get_string(what, "host"),
                                      .read_only = !writable,
                                      .grant = true};
        const struct uvm_disk_mount mount = {
                .guest_path = hcs_json_get_string(what, "guest"), .options = options, .n_options = writable ? 0 : 1};
        uvm_ticket ticket;

        return uvm_devices_add_disk(m->devices, &disk, &mount, &ticket, ret_place, err);
}

/* hcsshim has no say in where such a layer is; it can be seen at a second place. */
static HRESULT bind(struct lcow_machine *m, const char *from, const char *to, struct hcs_error **err) {
        const char *argv[] = {"sh", "-c", "mkdir -p \"$1\" && mount -o bind \"$0\" \"$1\"", from, to, NULL};
        struct hcs_call call = lcow_machine_call(m);

        return uvm_guest(m->vm) ? uvm_run(m->vm, argv, &call, NULL, NULL, err) : S_OK;
}

static HRESULT mount_vpmem(struct lcow_machine *m, const struct hcs_json *what, const char **ret_place,
                           struct hcs_error **err) {
        const char *guest = hcs_json_get_string(what, "guest");
        uvm_ticket ticket;
        HRESULT hr = uvm_devices_add_vpmem(m->devices, hcs_json_get_string(what, "host"), &ticket, ret_place, err);

        if (FAILED(hr) || !guest)
                return hr;
        hr = bind(m, *ret_place, guest, err);
        if (SUCCEEDED(hr))
                *ret_place = guest;
        return hr;
}

static HRESULT mount_share(struct lcow_machine *m, const struct hcs_json *what, const char **ret_place,
                           struct hcs_error **err) {
        uvm_ticket ticket;

        *ret_place = hcs_json_get_string(what, "guest");
        return uvm_devices_add_plan9(m->devices, hcs_json_get_string(what, "host"), *ret_place,
                                     !hcs_json_bool(hcs_json_get(what, "writable")), NULL, &ticket, err);
}

HRESULT uvmboot_mount(struct lcow_machine *m, struct hcs_error **err) {
        static const struct {
                const char *name;
                HRESULT(*mount)
                (struct lcow_machine *m, const struct hcs_json *what, const char **ret_place, struct hcs_error **err);
        } kinds[] = {{"scsi", mount_disk}, {"vpmem", mount_vpmem}, {"shares", mount_share}};

        for (size_t k = 0; k < HCS_ARRAY_SIZE(kinds); k++) {
                const struct hcs_json *list = hcs_json_get(m->run->more, kinds[k].name);

                for (const struct hcs_json *what = hcs_json_first(list); what; what = hcs_json_next(what)) {
                        const char *host = hcs_json_get_string(what, "host"), *place = NULL;
                        HRESULT hr = kinds[k].mount(m, what, &place, err);

                        if (FAILED(hr))
                                return hcs_error_wrap(err, "mount %s", host), hr;
                        lcow_step(m->run, "%s is at %s", host, place);
                }
        }
        return S_OK;
}
