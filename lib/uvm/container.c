/* SPDX-License-Identifier: MIT */

/* Linux containers in a VM. See container.h. */

#include "uvm/container.h"

struct uvm_container {
        struct uvm_devices *devices;
        struct hcs_gcs_container *guest;
        struct oci_uses uses;
};

struct hcs_gcs_container *uvm_container_guest(struct uvm_container *c) {
        return c->guest;
}

struct uvm_container *uvm_container_free(struct uvm_container *c) {
        if (!c)
                return NULL;
        hcs_gcs_container_unref(c->guest);
        oci_uses_deinit(&c->uses);
        free(c);
        return NULL;
}

HRESULT uvm_container_create(struct uvm *vm, struct uvm_devices *devices, const struct uvm_container_options *o,
                             const struct hcs_call *call, struct oci_warnings *w, struct uvm_container **ret,
                             struct hcs_error **err) {
        _cleanup_(uvm_container_freep) struct uvm_container *c = hcs_calloc(1, sizeof(*c));
        const struct oci_lcow container = {.id = o->id,
                                           .spec = o->spec,
                                           .host = o->host,
                                           .uvm = devices,
                                           .layers = o->layers,
                                           .n_layers = o->n_layers,
                                           .scratch = o->scratch,
                                           .uses = &c->uses};
        _cleanup_free_ char *config = NULL;
        HRESULT hr;

        c->devices = devices;
        if (!uvm_guest(vm))
                return hcs_error_make(err, HCS_E_INVALID_STATE, "%s: there is no guest to create %s in", uvm_id(vm),
                                      o->id);
        hr = oci_lcow_document(&container, &config, w, err);
        if (FAILED(hr))
                return hr;
        hr = hcs_gcs_container_create(uvm_guest(vm), o->id, config, call, &c->guest, err);
        if (FAILED(hr)) {
                oci_uses_release(&c->uses, devices);
                return hr;
        }
        *ret = steal_pointer(&c);
        return S_OK;
}

HRESULT uvm_container_exec(struct uvm_container *c, const char *process, const struct uvm_streams *streams,
                           const struct hcs_call *call, struct hcs_gcs_process **ret, struct hcs_error **err) {
        const struct hcs_gcs_command command = {.host = HCS_GCS_LINUX_CONTAINER,
                                                .process = process,
                                                .in = streams->in,
                                                .out = streams->out,
                                                .err = streams->err};
        _cleanup_free_ char *parameters = NULL;
        HRESULT hr = hcs_gcs_command_parameters(&command, &parameters, err);

        return FAILED(hr) ? hr : hcs_gcs_container_exec(c->guest, parameters, call, ret, err);
}

HRESULT uvm_container_delete(struct uvm_container *c, const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_error *first = NULL;
        HRESULT hr = oci_uses_take_back(&c->uses, c->devices, &first), deleted;

        deleted = hcs_gcs_container_delete_state(c->guest, call, FAILED(hr) ? NULL : &first);
        uvm_container_free(c);
        if (SUCCEEDED(hr))
                hr = deleted;
        return FAILED(hr) ? hcs_error_move(err, &first) : S_OK;
}
