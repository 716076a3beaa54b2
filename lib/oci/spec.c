/* SPDX-License-Identifier: MIT */

#include "oci/spec.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

static const struct hcs_schema_type *spec_type(void) {
        return hcs_schema_type_at(HCS_SCHEMA_OCI_SPEC);
}

HRESULT oci_spec_parse_json(const struct hcs_json *json, struct hcs_schema_oci_spec **ret, struct hcs_error **err) {
        void *spec;
        HRESULT hr = hcs_schema_parse_json(spec_type(), json, &spec, err);

        if (SUCCEEDED(hr))
                *ret = spec;
        return hr;
}

HRESULT oci_spec_parse(const char *text, size_t len, struct hcs_schema_oci_spec **ret, struct hcs_error **err) {
        static const struct hcs_json_options options = {.max_bytes = OCI_MAX_SPEC,
                                                        .flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_ALLOW_BOM};
        _cleanup_json_ struct hcs_json *json = NULL;
        HRESULT hr = hcs_json_parse(text, len, &options, &json, err);

        return FAILED(hr) ? hr : oci_spec_parse_json(json, ret, err);
}

struct hcs_schema_oci_spec *oci_spec_copy(const struct hcs_schema_oci_spec *spec) {
        _cleanup_free_ char *text = oci_spec_print(spec);
        struct hcs_schema_oci_spec *copy = NULL;

        struct hcs_json_options options = {.max_bytes = strlen(text) + 1};
        _cleanup_json_ struct hcs_json *json = NULL;

        /* What was parsed and printed can be parsed again. */
        if (SUCCEEDED(hcs_json_parse(text, strlen(text), &options, &json, NULL)))
                oci_spec_parse_json(json, &copy, NULL);
        return copy;
}

struct hcs_schema_oci_spec *oci_spec_free(struct hcs_schema_oci_spec *spec) {
        return hcs_schema_free(spec_type(), spec);
}

char *oci_spec_print(const struct hcs_schema_oci_spec *spec) {
        return hcs_schema_print(spec_type(), spec);
}

void oci_spec_forget_unknown(struct hcs_schema_oci_spec *spec) {
        hcs_schema_forget_unknown(spec_type(), spec);
}

bool oci_spec_is_lcow(const struct hcs_schema_oci_spec *spec) {
        return spec->linux_ != NULL;
}

bool oci_spec_is_wcow(const struct hcs_schema_oci_spec *spec) {
        return !spec->linux_ && spec->windows;
}

bool oci_spec_is_isolated(const struct hcs_schema_oci_spec *spec) {
        return spec->linux_ || (spec->windows && spec->windows->hyperv);
}

static size_t index_of(const struct hcs_schema_oci_spec *spec, const char *key) {
        size_t i = 0;

        while (i < spec->annotations.n && !hcs_streq(spec->annotations.keys[i], key))
                i++;
        return i;
}

const char *oci_spec_annotation(const struct hcs_schema_oci_spec *spec, const char *key) {
        size_t i = index_of(spec, key);

        if (i == spec->annotations.n)
                return NULL;
        return spec->annotations.values[i] ? spec->annotations.values[i] : "";
}

void oci_spec_annotate(struct hcs_schema_oci_spec *spec, const char *key, const char *value) {
        size_t i = index_of(spec, key), n = spec->annotations.n;

        if (i == n) {
                spec->annotations.keys = hcs_realloc(spec->annotations.keys, (n + 1) * sizeof(char *));
                spec->annotations.values = hcs_realloc(spec->annotations.values, (n + 1) * sizeof(char *));
                spec->annotations.keys[n] = hcs_strdup(key);
                spec->annotations.n++;
        } else {
                free(spec->annotations.values[i]);
        }
        spec->annotations.values[i] = hcs_strdup(value);
}

void oci_spec_remove_annotation(struct hcs_schema_oci_spec *spec, const char *key) {
        size_t i = index_of(spec, key), last = spec->annotations.n - 1;

        if (i == spec->annotations.n)
                return;
        free(spec->annotations.keys[i]);
        free(spec->annotations.values[i]);
        for (; i < last; i++) {
                spec->annotations.keys[i] = spec->annotations.keys[i + 1];
                spec->annotations.values[i] = spec->annotations.values[i + 1];
        }
        spec->annotations.n = last;
}
