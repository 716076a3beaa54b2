/* SPDX-License-Identifier: MIT */

#include "oci/registry.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/json_go.h"
#include "base/str.h"

static const struct hcs_schema_type *value_type(void) {
        return hcs_schema_type_at(HCS_SCHEMA_REGISTRY_VALUE);
}

static const char *kind_word(const struct hcs_json *json) {
        return hcs_json_is(json, HCS_JSON_OBJECT)   ? "object"
               : hcs_json_is(json, HCS_JSON_STRING) ? "string"
               : hcs_json_is(json, HCS_JSON_NUMBER) ? "number"
                                                    : "bool";
}

static HRESULT parse_lax(const char *text, struct hcs_json **ret) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};

        return hcs_json_parse(text, strlen(text), &lax, ret, NULL);
}

char *oci_registry_go_error(const char *text) {
        _cleanup_json_ struct hcs_json *json = NULL;
        char *error = hcs_json_go_error(text, strlen(text));

        if (error || FAILED(parse_lax(text, &json)) || hcs_json_is(json, HCS_JSON_NULL))
                return error;
        if (!hcs_json_is(json, HCS_JSON_ARRAY))
                return hcs_asprintf("json: cannot unmarshal %s into Go value of type []hcsschema.RegistryValue",
                                    kind_word(json));
        for (const struct hcs_json *e = hcs_json_first(json); e && !error; e = hcs_json_next(e)) {
                _cleanup_free_ char *one = hcs_json_text(e, HCS_JSON_GO);

                error = hcs_schema_go_error(value_type(), "hcsschema.RegistryValue", one, strlen(one));
        }
        return error;
}

/* What is wrong with a value; NULL: nothing. */
static const char *fault_of(const struct hcs_schema_registry_value *v) {
        static const char *const types[] = {"None",   "String", "ExpandedString", "MultiString",
                                            "Binary", "DWord",  "QWord",          "CustomType"};
        static const char *const hives[] = {"System", "Software", "Security", "Sam"};
        size_t type = 0, hive = 0;
        int set;

        if (!v->Key)
                return "registry key is required";
        while (hive < HCS_ARRAY_SIZE(hives) && !hcs_streq(v->Key->Hive, hives[hive]))
                hive++;
        if (hive == HCS_ARRAY_SIZE(hives))
                return "invalid registry key hive";
        if (!v->Key->Name || !*v->Key->Name)
                return "registry key name is required";
        if (!v->Name || !*v->Name)
                return "registry name is required";
        while (type < HCS_ARRAY_SIZE(types) && !hcs_streq(v->Type, types[type]))
                type++;
        if (type == HCS_ARRAY_SIZE(types))
                return "invalid registry value type";
        set = (v->StringValue && *v->StringValue) + (v->BinaryValue && *v->BinaryValue) + (v->DWordValue != 0) +
              (v->QWordValue != 0);
        return set > 1 ? "multiple values set" : NULL;
}

static bool is_permitted(const struct hcs_schema_registry_key *key) {
        static const char *const system[] = {"CurrentControlSet\\Services", "CurrentControlSet\\Policies", "Software"};

        for (size_t i = 0; hcs_streq(key->Hive, "System") && i < HCS_ARRAY_SIZE(system); i++)
                if (strncasecmp(key->Name, system[i], strlen(system[i])) == 0)
                        return true;
        return hcs_streq(key->Hive, "Software");
}

static struct hcs_schema_registry_value *append(struct hcs_schema_registry_changes *c) {
        size_t n = c->AddValues.n++;

        c->AddValues.items = hcs_realloc(c->AddValues.items, c->AddValues.n * sizeof(*c->AddValues.items));
        c->AddValues.items[n] = (struct hcs_schema_registry_value){0};
        return &c->AddValues.items[n];
}

struct hcs_schema_registry_value *oci_registry_add(struct hcs_schema_registry_changes *changes, const char *hive,
                                                   const char *key, const char *name, const char *type) {
        struct hcs_schema_registry_value *v = append(changes);

        v->Key = hcs_calloc(1, sizeof(*v->Key));
        v->Key->Hive = hcs_strdup(hive);
        v->Key->Name = hcs_strdup(key);
        v->Name = hcs_strdup(name);
        v->Type = hcs_strdup(type);
        return v;
}

/* Takes what is in `v` over when it is kept. */
static void keep_or_warn(const char *key, const char *text, struct hcs_schema_registry_value *v,
                         struct hcs_schema_registry_changes *changes, struct oci_warnings *w) {
        const char *fault = fault_of(v);
        struct hcs_json *entry;
        _cleanup_free_ char *printed = NULL;

        if (!fault && is_permitted(v->Key)) {
                *append(changes) = *v;
                *v = (struct hcs_schema_registry_value){0};
                return;
        }
        printed = hcs_schema_print(value_type(), v);
        entry = oci_warn(w, fault ? fault : "registry value is not permitted to be set");
        hcs_json_set_string(entry, "oci-annotation", key);
        hcs_json_set_string(entry, "value", text);
        hcs_json_set_string(entry, "registry-value", printed);
}

void oci_registry_values(const struct hcs_schema_oci_spec *spec, const char *key,
                         struct hcs_schema_registry_changes *changes, struct oci_warnings *w) {
        const char *text = oci_annotation_string(spec, key, "");
        _cleanup_free_ char *error = *text ? oci_registry_go_error(text) : NULL;
        _cleanup_json_ struct hcs_json *json = NULL;

        if (error)
                oci_annotation_warn(w, key, text, "[]hcsschema.RegistryValue", error);
        if (error || !*text || FAILED(parse_lax(text, &json)))
                return;
        for (const struct hcs_json *e = hcs_json_first(json); e; e = hcs_json_next(e)) {
                struct hcs_schema_registry_value none = {0};
                void *v = NULL;

                if (hcs_json_is(e, HCS_JSON_NULL)) {
                        keep_or_warn(key, text, &none, changes, w);
                } else if (SUCCEEDED(hcs_schema_parse_json(value_type(), e, &v, NULL))) {
                        hcs_schema_forget_unknown(value_type(), v);
                        keep_or_warn(key, text, v, changes, w);
                        hcs_schema_free(value_type(), v);
                }
        }
}
