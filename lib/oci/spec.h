/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_SPEC_H
#define HCS_OCI_SPEC_H

/*
 * An OCI runtime specification (config.json), versions up to 1.3: what a container, or the sandbox that becomes a
 * utility VM, is to be. Its type is `struct hcs_schema_oci_spec`, described in lib/schema/data/oci.json; everything in
 * it belongs to it, and it to whoever parsed or copied it. It is read as Go reads it: names in any case, the last of
 * members given twice, null is absent, unknown members are kept in `extra` until oci_spec_forget_unknown().
 *
 * Annotations are a map of text to text: reading them is annotation.h's.
 */

#include <stdbool.h>

#include "base/mem.h"
#include "hcsshim/schema.h"

struct hcs_json;

#define OCI_MAX_SPEC ((size_t)8 << 20)

/* HCS_E_INVALID_JSON with line and column, or with the member's path; HCS_WIN32(223) for more than OCI_MAX_SPEC bytes.
 * Free with oci_spec_free(). */
HRESULT oci_spec_parse(const char *text, size_t len, struct hcs_schema_oci_spec **ret, struct hcs_error **err);
/* The same from a tree, which stays the caller's. */
HRESULT oci_spec_parse_json(const struct hcs_json *json, struct hcs_schema_oci_spec **ret, struct hcs_error **err);
struct hcs_schema_oci_spec *oci_spec_copy(const struct hcs_schema_oci_spec *spec);
struct hcs_schema_oci_spec *oci_spec_free(struct hcs_schema_oci_spec *spec); /* NULL is fine; returns NULL */
HCS_DEFINE_CLEANUP(struct hcs_schema_oci_spec *, oci_spec_free)
#define _cleanup_oci_spec_ _cleanup_(oci_spec_freep)

/* As Go's json.Marshal prints it. Caller frees. */
char *oci_spec_print(const struct hcs_schema_oci_spec *spec);
/* Drops members that the specification does not know: hcsshim would have lost them. */
void oci_spec_forget_unknown(struct hcs_schema_oci_spec *spec);

/* How hcsshim tells the kinds of containers apart. */
bool oci_spec_is_lcow(const struct hcs_schema_oci_spec *spec);     /* it has a Linux section */
bool oci_spec_is_wcow(const struct hcs_schema_oci_spec *spec);     /* it has a Windows section and no Linux one */
bool oci_spec_is_isolated(const struct hcs_schema_oci_spec *spec); /* in a utility VM */

/* Value of an annotation, "" where it is null; NULL when absent. */
const char *oci_spec_annotation(const struct hcs_schema_oci_spec *spec, const char *key);
void oci_spec_annotate(struct hcs_schema_oci_spec *spec, const char *key, const char *value);
void oci_spec_remove_annotation(struct hcs_schema_oci_spec *spec, const char *key); /* absent is fine */

#endif
