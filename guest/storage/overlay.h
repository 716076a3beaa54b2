/* SPDX-License-Identifier: MIT */
#ifndef GUEST_STORAGE_OVERLAY_H
#define GUEST_STORAGE_OVERLAY_H

/*
 * Layers joined to a container's root. Stateless, any thread, blocking. Source: hcsshim internal/guest/storage/overlay
 * and the CombinedLayers request of internal/guest/runtime/hcsv2/uvm.go.
 */

#include <stdbool.h>
#include <stddef.h>

#include "guest/base/roots.h"
#include "hcsshim/schema.h"

struct guest_overlay {
        const char *const *layers; /* the topmost first */
        size_t n_layers;
        const char *upper, *work; /* NULL or "" for none */
        const char *target;
        bool read_only; /* then there must be neither upper nor work: E_INVALIDARG */
};

/*
 * Makes upper, work and target; on failure those that it made are removed. Any number of layers that the kernel takes
 * (500), and any characters in their paths: what does not fit the page that mount(2) takes goes by short names.
 */
HRESULT guest_overlay_mount(const struct guest_roots *roots, const struct guest_overlay *o, struct hcs_error **err);

/* The request: ScratchPath/upper and ScratchPath/work above Layers at ContainerRootPath; read-only without ScratchPath.
 */
HRESULT guest_layers_combine(const struct guest_roots *roots,
                             const struct hcs_schema_guest_lcow_combined_layers *layers, struct hcs_error **err);
HRESULT guest_layers_remove(const struct hcs_schema_guest_lcow_combined_layers *layers, struct hcs_error **err);

#endif
