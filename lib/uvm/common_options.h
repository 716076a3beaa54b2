/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_COMMON_OPTIONS_H
#define HCS_UVM_COMMON_OPTIONS_H

/* Reading what options of Linux and Windows VMs share out of a specification; the readers take Windows' resources where
 * an annotation says nothing. */

#include "oci/annotation.h"
#include "uvm/options.h"

HRESULT uvm_read_common(struct hcs_schema_uvm_options *o, const struct hcs_schema_oci_spec *spec,
                        struct oci_warnings *w, struct hcs_error **err);
/* Appends the hvsocket services of annotations to the map; of one that is there already the annotation wins. */
void uvm_read_services(const struct hcs_schema_oci_spec *spec, struct oci_warnings *w, char ***keys,
                       struct hcs_schema_hv_socket_service_config **values, size_t *n);
#define UVM_READ_SERVICES(spec, w, map) uvm_read_services((spec), (w), &(map)->keys, &(map)->values, &(map)->n)
/* The part of it that is about virtual NUMA. */
void uvm_read_numa(struct hcs_schema_uvm_options *o, const struct hcs_schema_oci_spec *spec, struct oci_warnings *w);
/* A text replaced by the annotation's, where there is one. */
void uvm_read_text(const struct hcs_schema_oci_spec *spec, const char *key, char **slot);

/* A device id and the index of a virtual function that may be its last element. Caller frees *ret_id. */
uint16_t uvm_split_device(const struct uvm_host *host, const char *path, char **ret_id);
/* Warns and says false for a type of device that cannot be assigned. */
bool uvm_device_is_assignable(const struct hcs_schema_oci_windows_device *d, struct oci_warnings *w);

#endif
