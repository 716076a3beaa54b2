/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_REGISTRY_H
#define HCS_OCI_REGISTRY_H

/*
 * Registry values that an annotation asks for: a JSON array of RegistryValue. What is incomplete, or outside the few
 * keys that annotations may set, is dropped with a warning. Source: golden data of hcsshim.
 */

#include "oci/annotation.h"

/* Appends the values of the annotation to `changes`. */
void oci_registry_values(const struct hcs_schema_oci_spec *spec, const char *key,
                         struct hcs_schema_registry_changes *changes, struct oci_warnings *w);
/* Appends one value; its texts are copied. Returns it, for the value itself to be set. */
struct hcs_schema_registry_value *oci_registry_add(struct hcs_schema_registry_changes *changes, const char *hive,
                                                   const char *key, const char *name, const char *type);
/* What Go says of a text that is no such array; NULL when it is one. Caller frees. */
char *oci_registry_go_error(const char *text);

#endif
