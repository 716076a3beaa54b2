/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_ANNOTATION_H
#define HCS_OCI_ANNOTATION_H

/*
 * Annotations of a specification: the table of all that are known (lib/oci/data/annotations.json, whose reference page
 * is docs/annotations.md), and reading one by its type. Keys are the macros OCI_A_... of annotation_keys.h.
 *
 * The readers are hcsshim's: an absent annotation gives the default; a value that does not fit gives the default and a
 * warning (Go's error text, the expected type, the key, the value). Facts: hcsshim's internal/oci and golden data.
 * Constant data and pure functions; the warnings belong to the caller's list.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "hcsshim/guid.h"
#include "oci/annotation_keys.h"
#include "oci/spec.h"
#include "oci/warning.h"

enum oci_annotation_kind {
        OCI_ANNOTATION_STRING,
        OCI_ANNOTATION_STRING_LIST, /* joined by commas */
        OCI_ANNOTATION_BOOL,
        OCI_ANNOTATION_NULLABLE_BOOL, /* absent is a third value */
        OCI_ANNOTATION_TRUE,          /* exactly "true" */
        OCI_ANNOTATION_INT,           /* Go's Atoi */
        OCI_ANNOTATION_INT32,
        OCI_ANNOTATION_UINT32,
        OCI_ANNOTATION_UINT64,
        OCI_ANNOTATION_UINT32_LIST,
        OCI_ANNOTATION_UINT64_LIST,
        OCI_ANNOTATION_GUID,
        OCI_ANNOTATION_ENUM,
        OCI_ANNOTATION_REGISTRY, /* a JSON array of RegistryValue */
        OCI_ANNOTATION_SERVICE,  /* a JSON HvSocketServiceConfig; the key ends with its GUID */
};
struct oci_annotation {
        const char *name; /* of hcsshim's constant */
        const char *key;
        enum oci_annotation_kind kind;
        bool is_prefix;            /* the key goes on */
        const char *scope;         /* letters: U of a utility VM, C of a container, G read in the guest; "-" unused */
        const char *default_value; /* in words; NULL: none */
        const char *const *values; /* ENUM: NULL terminated */
        const char *unit;          /* NULL: none */
        const char *meaning, *changes, *note; /* changes and note may be NULL */
};
extern const struct oci_annotation oci_annotations[OCI_ANNOTATION_COUNT];
/* The row of a key; NULL when unknown. */
const struct oci_annotation *oci_annotation_find(const char *key);
const char *oci_annotation_kind_name(enum oci_annotation_kind kind);

bool oci_annotation_bool(const struct hcs_schema_oci_spec *spec, const char *key, bool otherwise,
                         struct oci_warnings *w);
/* -1 when absent or bad (which warns), else 0 or 1. */
int oci_annotation_nullable_bool(const struct hcs_schema_oci_spec *spec, const char *key, struct oci_warnings *w);
int32_t oci_annotation_int32(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                             struct oci_warnings *w);
uint32_t oci_annotation_uint32(const struct hcs_schema_oci_spec *spec, const char *key, uint32_t otherwise,
                               struct oci_warnings *w);
uint64_t oci_annotation_uint64(const struct hcs_schema_oci_spec *spec, const char *key, uint64_t otherwise,
                               struct oci_warnings *w);
/* An empty value wins over the default. Belongs to the specification, or to the caller. */
const char *oci_annotation_string(const struct hcs_schema_oci_spec *spec, const char *key, const char *otherwise);
/* The parts between commas; false when absent or empty. Free the list with hcs_strings_deinit(). */
bool oci_annotation_strings(const struct hcs_schema_oci_spec *spec, const char *key, struct hcs_strings *ret);
/* Numbers between commas, without blanks. false, and *ret untouched, when absent, empty or one is bad: the list of
 * uint64 then warns, that of uint32 does not (as in hcsshim). Caller frees ret->items. */
struct oci_uint32s {
        uint32_t *items;
        size_t n;
};
struct oci_uint64s {
        uint64_t *items;
        size_t n;
};
bool oci_annotation_uint32s(const struct hcs_schema_oci_spec *spec, const char *key, struct oci_uint32s *ret);
bool oci_annotation_uint64s(const struct hcs_schema_oci_spec *spec, const char *key, struct oci_uint64s *ret,
                            struct oci_warnings *w);
/* S_FALSE when absent; E_INVALIDARG for a value that is no GUID (braces are refused): the one reader that fails. */
HRESULT oci_annotation_guid(const struct hcs_schema_oci_spec *spec, const char *key, GUID *ret, struct hcs_error **err);
/* "annotation value could not be parsed", as all readers warn; error in Go's words. */
void oci_annotation_warn(struct oci_warnings *w, const char *key, const char *value, const char *expected_type,
                         const char *error);

/* Go's strconv: digits of base 10 and a sign where there may be one. On failure false, and *ret_error is what Go says
 * (caller frees). bits: 32 or 64. */
bool oci_go_parse_bool(const char *s, bool *ret, char **ret_error);
bool oci_go_parse_int(const char *s, unsigned bits, int64_t *ret, char **ret_error);
bool oci_go_parse_uint(const char *s, unsigned bits, uint64_t *ret, char **ret_error);

/*
 * What hcsshim does to annotations before it looks at them: disable-unsafe-operations is copied to those it stands
 * for. E_INVALIDARG (after all of it is done) when one of them has another value, or when host process containers are
 * wanted and forbidden; all conflicts, one a line.
 */
HRESULT oci_annotations_process(struct hcs_schema_oci_spec *spec, struct oci_warnings *w, struct hcs_error **err);
/* Role in the pod: type is "", "sandbox" or "container"; id is "" without one. Both belong to the specification.
 * E_INVALIDARG for another role, or one of the two without the other. */
HRESULT oci_annotations_pod(const struct hcs_schema_oci_spec *spec, const char **ret_type, const char **ret_id,
                            struct hcs_error **err);
/* Warns of every annotation in the names of hcsshim that is unknown (with the nearest known one) or whose value does
 * not fit its type: all at once, whatever reads them later. Foreign names are let be. */
void oci_annotations_check(const struct hcs_schema_oci_spec *spec, struct oci_warnings *w);

#endif
