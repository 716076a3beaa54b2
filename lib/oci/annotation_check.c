/* SPDX-License-Identifier: MIT */

/* All annotations of a specification against the table: names that are unknown, values that do not fit. */

#include "base/str.h"
#include "oci/annotation.h"
#include "oci/registry.h"

/* Names of hcsshim: others' are none of our business. */
static bool is_ours(const char *key) {
        return hcs_str_starts(key, "io.microsoft.") || hcs_str_starts(key, "microsoft.com/");
}

static void warn_unknown(struct oci_warnings *w, const char *key, const char *value) {
        const char *keys[OCI_ANNOTATION_COUNT], *nearest;
        struct hcs_json *entry = oci_warn(w, "annotation is unknown");

        for (size_t i = 0; i < OCI_ANNOTATION_COUNT; i++)
                keys[i] = oci_annotations[i].key;
        hcs_json_set_string(entry, "oci-annotation", key);
        hcs_json_set_string(entry, "value", value);
        nearest = hcs_str_nearest(key, keys, OCI_ANNOTATION_COUNT);
        if (nearest)
                hcs_json_set_string(entry, "did-you-mean", nearest);
}

static bool in_values(const struct oci_annotation *a, const char *value) {
        for (const char *const *v = a->values; *v; v++)
                if (hcs_streq(*v, value))
                        return true;
        return false;
}

/* NULL when it fits. Caller frees. */
static char *list_error(const char *value, unsigned bits) {
        char *error = NULL;
        uint64_t u;

        for (const char *p = value; !error; p += strcspn(p, ",") + 1) {
                _cleanup_free_ char *part = hcs_strndup(p, strcspn(p, ","));

                if (!oci_go_parse_uint(part, bits, &u, &error) || !p[strcspn(p, ",")])
                        break;
        }
        return error;
}

static char *value_error(const struct oci_annotation *a, const char *key, const char *value) {
        char *error = NULL;
        bool b;
        int64_t i;
        uint64_t u;
        GUID g;

        switch (a->kind) {
        case OCI_ANNOTATION_BOOL:
        case OCI_ANNOTATION_NULLABLE_BOOL:
                oci_go_parse_bool(value, &b, &error);
                break;
        case OCI_ANNOTATION_TRUE:
                if (!hcs_streq(value, "true") && !hcs_streq(value, "false"))
                        error = hcs_strdup("only true counts");
                break;
        case OCI_ANNOTATION_INT:
                oci_go_parse_int(value, 64, &i, &error);
                break;
        case OCI_ANNOTATION_INT32:
                oci_go_parse_int(value, 32, &i, &error);
                break;
        case OCI_ANNOTATION_UINT32:
                oci_go_parse_uint(value, 32, &u, &error);
                break;
        case OCI_ANNOTATION_UINT64:
                oci_go_parse_uint(value, 64, &u, &error);
                break;
        case OCI_ANNOTATION_UINT32_LIST:
                error = *value ? list_error(value, 32) : NULL;
                break;
        case OCI_ANNOTATION_UINT64_LIST:
                error = *value ? list_error(value, 64) : NULL;
                break;
        case OCI_ANNOTATION_GUID:
                if (*value == '{' || FAILED(hcs_guid_parse(value, &g, NULL)))
                        error = hcs_strdup("invalid GUID");
                break;
        case OCI_ANNOTATION_ENUM:
                if (!in_values(a, value))
                        error = hcs_strdup("not one of its values");
                break;
        case OCI_ANNOTATION_REGISTRY:
                error = oci_registry_go_error(value);
                break;
        case OCI_ANNOTATION_SERVICE:
                if (FAILED(hcs_guid_parse(key + strlen(a->key), &g, NULL)))
                        error = hcs_strdup("no GUID at the end of the name");
                else
                        error = hcs_schema_go_error(hcs_schema_type_at(HCS_SCHEMA_HV_SOCKET_SERVICE_CONFIG),
                                                    "hcsschema.HvSocketServiceConfig", value, strlen(value));
                break;
        case OCI_ANNOTATION_STRING:
        case OCI_ANNOTATION_STRING_LIST:
                break;
        }
        return error;
}

void oci_annotations_check(const struct hcs_schema_oci_spec *spec, struct oci_warnings *w) {
        for (size_t i = 0; i < spec->annotations.n; i++) {
                const char *key = spec->annotations.keys[i], *value = oci_spec_annotation(spec, key);
                const struct oci_annotation *a = oci_annotation_find(key);
                _cleanup_free_ char *error = NULL;

                if (!a && is_ours(key))
                        warn_unknown(w, key, value);
                error = a ? value_error(a, key, value) : NULL;
                if (error)
                        oci_annotation_warn(w, key, value, oci_annotation_kind_name(a->kind), error);
        }
}
