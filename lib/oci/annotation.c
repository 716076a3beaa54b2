/* SPDX-License-Identifier: MIT */

#include "oci/annotation.h"

#include <string.h>

#include "base/str.h"

const struct oci_annotation *oci_annotation_find(const char *key) {
        for (size_t i = 0; i < OCI_ANNOTATION_COUNT; i++) {
                const struct oci_annotation *a = &oci_annotations[i];

                if (a->is_prefix ? hcs_str_starts(key, a->key) : hcs_streq(key, a->key))
                        return a;
        }
        return NULL;
}

const char *oci_annotation_kind_name(enum oci_annotation_kind kind) {
        static const char *const names[] = {[OCI_ANNOTATION_STRING] = "string",
                                            [OCI_ANNOTATION_STRING_LIST] = "string list",
                                            [OCI_ANNOTATION_BOOL] = "bool",
                                            [OCI_ANNOTATION_NULLABLE_BOOL] = "nullable bool",
                                            [OCI_ANNOTATION_TRUE] = "true",
                                            [OCI_ANNOTATION_INT] = "int",
                                            [OCI_ANNOTATION_INT32] = "int32",
                                            [OCI_ANNOTATION_UINT32] = "uint32",
                                            [OCI_ANNOTATION_UINT64] = "uint64",
                                            [OCI_ANNOTATION_UINT32_LIST] = "uint32 list",
                                            [OCI_ANNOTATION_UINT64_LIST] = "uint64 list",
                                            [OCI_ANNOTATION_GUID] = "GUID",
                                            [OCI_ANNOTATION_ENUM] = "enum",
                                            [OCI_ANNOTATION_REGISTRY] = "registry values",
                                            [OCI_ANNOTATION_SERVICE] = "service"};

        return names[kind];
}

void oci_annotation_warn(struct oci_warnings *w, const char *key, const char *value, const char *expected_type,
                         const char *error) {
        struct hcs_json *entry = oci_warn(w, "annotation value could not be parsed");

        hcs_json_set_string(entry, "oci-annotation", key);
        hcs_json_set_string(entry, "value", value);
        hcs_json_set_string(entry, "expected-type", expected_type);
        hcs_json_set_string(entry, "error", error);
}

int oci_annotation_nullable_bool(const struct hcs_schema_oci_spec *spec, const char *key, struct oci_warnings *w) {
        const char *value = oci_spec_annotation(spec, key);
        _cleanup_free_ char *error = NULL;
        bool b;

        if (!value)
                return -1;
        if (oci_go_parse_bool(value, &b, &error))
                return b;
        oci_annotation_warn(w, key, value, "bool", error);
        return -1;
}

bool oci_annotation_bool(const struct hcs_schema_oci_spec *spec, const char *key, bool otherwise,
                         struct oci_warnings *w) {
        int b = oci_annotation_nullable_bool(spec, key, w);

        return b < 0 ? otherwise : b != 0;
}

int32_t oci_annotation_int32(const struct hcs_schema_oci_spec *spec, const char *key, int32_t otherwise,
                             struct oci_warnings *w) {
        const char *value = oci_spec_annotation(spec, key);
        _cleanup_free_ char *error = NULL;
        int64_t i;

        if (!value)
                return otherwise;
        if (oci_go_parse_int(value, 32, &i, &error))
                return (int32_t)i;
        oci_annotation_warn(w, key, value, "int32", error);
        return otherwise;
}

static uint64_t read_unsigned(const struct hcs_schema_oci_spec *spec, const char *key, unsigned bits,
                              uint64_t otherwise, struct oci_warnings *w) {
        const char *value = oci_spec_annotation(spec, key);
        _cleanup_free_ char *error = NULL;
        uint64_t u;

        if (!value)
                return otherwise;
        if (oci_go_parse_uint(value, bits, &u, &error))
                return u;
        oci_annotation_warn(w, key, value, bits == 32 ? "uint32" : "uint64", error);
        return otherwise;
}

uint32_t oci_annotation_uint32(const struct hcs_schema_oci_spec *spec, const char *key, uint32_t otherwise,
                               struct oci_warnings *w) {
        return (uint32_t)read_unsigned(spec, key, 32, otherwise, w);
}

uint64_t oci_annotation_uint64(const struct hcs_schema_oci_spec *spec, const char *key, uint64_t otherwise,
                               struct oci_warnings *w) {
        return read_unsigned(spec, key, 64, otherwise, w);
}

const char *oci_annotation_string(const struct hcs_schema_oci_spec *spec, const char *key, const char *otherwise) {
        const char *value = oci_spec_annotation(spec, key);

        return value ? value : otherwise;
}

bool oci_annotation_strings(const struct hcs_schema_oci_spec *spec, const char *key, struct hcs_strings *ret) {
        const char *value = oci_spec_annotation(spec, key);
        struct hcs_strings s = {0};
        size_t n = 1;

        if (!value || !*value)
                return false;
        for (const char *p = value; *p; p++)
                n += *p == ',';
        s.items = hcs_calloc(n, sizeof(*s.items));
        for (const char *p = value; s.n < n; p += strcspn(p, ",") + 1)
                s.items[s.n++] = hcs_strndup(p, strcspn(p, ","));
        *ret = s;
        return true;
}

bool oci_annotation_uint64s(const struct hcs_schema_oci_spec *spec, const char *key, struct oci_uint64s *ret,
                            struct oci_warnings *w) {
        struct hcs_strings texts = {0};
        _cleanup_free_ char *error = NULL;
        uint64_t *items;
        size_t i = 0;
        bool good = true;

        if (!oci_annotation_strings(spec, key, &texts))
                return false;
        items = hcs_calloc(texts.n, sizeof(*items));
        for (; i < texts.n && good; i++)
                good = oci_go_parse_uint(texts.items[i], 64, &items[i], &error);
        if (good)
                *ret = (struct oci_uint64s){items, texts.n};
        else
                free(items);
        if (!good)
                oci_annotation_warn(w, key, oci_spec_annotation(spec, key), "uint64", error);
        hcs_strings_deinit(&texts);
        return good;
}

bool oci_annotation_uint32s(const struct hcs_schema_oci_spec *spec, const char *key, struct oci_uint32s *ret) {
        struct hcs_strings texts = {0};
        uint32_t *items;
        bool good = true;

        if (!oci_annotation_strings(spec, key, &texts))
                return false;
        items = hcs_calloc(texts.n, sizeof(*items));
        for (size_t i = 0; i < texts.n && good; i++) {
                uint64_t u = 0;

                good = oci_go_parse_uint(texts.items[i], 32, &u, NULL);
                items[i] = (uint32_t)u;
        }
        if (good)
                *ret = (struct oci_uint32s){items, texts.n};
        else
                free(items);
        hcs_strings_deinit(&texts);
        return good;
}

HRESULT oci_annotation_guid(const struct hcs_schema_oci_spec *spec, const char *key, GUID *ret,
                            struct hcs_error **err) {
        const char *value = oci_spec_annotation(spec, key);
        _cleanup_free_ char *quoted_key = NULL, *quoted = NULL;

        if (!value)
                return S_FALSE;
        if (*value != '{' && SUCCEEDED(hcs_guid_parse(value, ret, NULL)))
                return S_OK;
        quoted_key = hcs_str_go_quoted(key);
        quoted = hcs_str_go_quoted(value);
        return hcs_error_make(err, E_INVALIDARG, "failed to parse annotation %s with value %s as GUID: invalid GUID %s",
                              quoted_key, quoted, quoted);
}
