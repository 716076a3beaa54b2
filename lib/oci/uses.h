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

/* Goes on when one of them fails: whoever calls has an error of its own to tell. */
static inline void oci_uses_release(struct oci_uses *u, struct uvm_devices *uvm) {
        for (size_t i = u->n; i > 0; i--)
                uvm_devices_release(uvm, u->items[i - 1], NULL);
        for (size_t i = 0; i < u->n_layers; i++)
                uvm_devices_release(uvm, u->layers[i], NULL);
        oci_uses_deinit(u);
}

#endif
