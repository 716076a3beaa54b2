/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_USES_H
#define HCS_OCI_USES_H

/*
 * What a container being made uses of its utility VM, so that all of it can be given back: mounts and devices the last
 * first, then layers from the top. Embedded; a zeroed struct is empty.
 */

#include "uvm/devices/devices.h"

struct oci_uses {
        uvm_ticket *items; /* mounts and devices */
        size_t n;
        uvm_ticket *layers; /* in the order they are given back in */
        size_t n_layers;
};

static inline void oci_uses_add(struct oci_uses *u, uvm_ticket ticket) {
        u->items = (uvm_ticket *)hcs_realloc(u->items, (u->n + 1) * sizeof(*u->items));
        u->items[u->n++] = ticket;
}

static inline void oci_uses_add_layer(struct oci_uses *u, uvm_ticket ticket) {
        u->layers = (uvm_ticket *)hcs_realloc(u->layers, (u->n_layers + 1) * sizeof(*u->layers));
        u->layers[u->n_layers++] = ticket;
}

static inline void oci_uses_deinit(struct oci_uses *u) {
        free(u->items);
        free(u->layers);
        *u = (struct oci_uses){0};
}

/* Goes on when one of them fails, and tells the first failure. */
static inline HRESULT oci_uses_take_back(struct oci_uses *u, struct uvm_devices *uvm, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t i = 0; i < u->n + u->n_layers; i++) {
                uvm_ticket ticket = i < u->n ? u->items[u->n - 1 - i] : u->layers[i - u->n];
                HRESULT one = uvm_devices_release(uvm, ticket, FAILED(hr) ? NULL : err);

                hr = FAILED(hr) ? hr : one;
        }
        oci_uses_deinit(u);
        return hr;
}

/* The same for who has an error of its own to tell. */
static inline void oci_uses_release(struct oci_uses *u, struct uvm_devices *uvm) {
        oci_uses_take_back(u, uvm, NULL);
}

#endif
