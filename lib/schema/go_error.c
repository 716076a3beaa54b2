/* SPDX-License-Identifier: MIT */

/* What Go's decoder says about a document that does not fit its type: the first misfit, in its words. */

#include <stdio.h>
#include <string.h>

#include "base/json_go.h"
#include "schema/internal.h"

struct decode {
        struct hcs_buf fields; /* "Settings.StdIn" */
        char *error;
};

static void check_members(struct decode *d, const struct hcs_schema_type *type, const char *name,
                          const struct hcs_json *json);

/* Names without the prefix that tells types of different sources apart. */
static const char *bare(const char *name) {
        const char *dot = strrchr(name, '.');

        return dot ? dot + 1 : name;
}

static const char *go_type(const struct hcs_schema_field *f, char *buf, size_t size) {
        static const char *const names[] = {
                [HCS_SCHEMA_STRING] = "string",   [HCS_SCHEMA_GUID] = "guid.GUID", [HCS_SCHEMA_TIME] = "time.Time",
                [HCS_SCHEMA_BASE64] = "[]uint8",  [HCS_SCHEMA_BOOL] = "bool",      [HCS_SCHEMA_U8] = "uint8",
                [HCS_SCHEMA_U16] = "uint16",      [HCS_SCHEMA_U32] = "uint32",     [HCS_SCHEMA_U64] = "uint64",
                [HCS_SCHEMA_I32] = "int32",       [HCS_SCHEMA_I64] = "int64",      [HCS_SCHEMA_F64] = "float64",
                [HCS_SCHEMA_ANY] = "interface {}"};

        if (f->kind == HCS_SCHEMA_STRUCT)
                snprintf(buf, size, "prot.%s", bare(f->type->name));
        else
                snprintf(buf, size, "%s", names[f->kind]);
        return buf;
}

static void misfit(struct decode *d, const char *owner, const char *value, const char *prefix,
                   const struct hcs_schema_field *f) {
        char type[128];

        if (!d->error)
                d->error = hcs_asprintf("json: cannot unmarshal %s into Go struct field %s.%s of type %s%s", value,
                                        owner, hcs_buf_cstr(&d->fields), prefix, go_type(f, type, sizeof(type)));
}

static const char *kind_word(const struct hcs_json *json) {
        static const char *const words[] = {
                [HCS_JSON_NULL] = "null",     [HCS_JSON_BOOL] = "bool",   [HCS_JSON_NUMBER] = "number",
                [HCS_JSON_STRING] = "string", [HCS_JSON_ARRAY] = "array", [HCS_JSON_OBJECT] = "object"};

        return words[hcs_json_kind(json)];
}

static bool number_fits(const struct hcs_schema_field *f, const struct hcs_json *json) {
        static const uint64_t max[] = {[HCS_SCHEMA_U8] = UINT8_MAX,
                                       [HCS_SCHEMA_U16] = UINT16_MAX,
                                       [HCS_SCHEMA_U32] = UINT32_MAX,
                                       [HCS_SCHEMA_U64] = UINT64_MAX};
        uint64_t u;
        int64_t i;

        switch (f->kind) {
        case HCS_SCHEMA_U8:
        case HCS_SCHEMA_U16:
        case HCS_SCHEMA_U32:
        case HCS_SCHEMA_U64:
                return hcs_json_u64(json, &u) && u <= max[f->kind];
        case HCS_SCHEMA_I32:
                return hcs_json_i64(json, &i) && i >= INT32_MIN && i <= INT32_MAX;
        case HCS_SCHEMA_I64:
                return hcs_json_i64(json, &i);
        default:
                return true;
        }
}

static void check_value(struct decode *d, const char *owner, const struct hcs_schema_field *f,
                        const struct hcs_json *json) {
        enum hcs_json_kind want = f->kind <= HCS_SCHEMA_BASE64   ? HCS_JSON_STRING
                                  : f->kind == HCS_SCHEMA_BOOL   ? HCS_JSON_BOOL
                                  : f->kind == HCS_SCHEMA_STRUCT ? HCS_JSON_OBJECT
                                                                 : HCS_JSON_NUMBER;

        if (f->kind == HCS_SCHEMA_ANY || hcs_json_is(json, HCS_JSON_NULL))
                return;
        if (!hcs_json_is(json, want)) {
                misfit(d, owner, kind_word(json), "", f);
        } else if (f->kind == HCS_SCHEMA_STRUCT) {
                check_members(d, f->type, bare(f->type->name), json);
        } else if (!number_fits(f, json)) {
                char text[64], value[80];

                snprintf(value, sizeof(value), "number %s", hcs_json_number_text(json, text, sizeof(text)));
                misfit(d, owner, value, "", f);
        }
}

static void check_field(struct decode *d, const char *owner, const struct hcs_schema_field *f,
                        const struct hcs_json *json) {
        bool map = f->shape == HCS_SCHEMA_MAP;

        if (f->shape == HCS_SCHEMA_SINGLE || hcs_json_is(json, HCS_JSON_NULL)) {
                check_value(d, owner, f, json);
                return;
        }
        if (!hcs_json_is(json, map ? HCS_JSON_OBJECT : HCS_JSON_ARRAY)) {
                misfit(d, owner, kind_word(json), map ? "map[string]" : "[]", f);
                return;
        }
        for (const struct hcs_json *e = hcs_json_first(json); e; e = hcs_json_next(e))
                check_value(d, owner, f, e);
}

static void check_members(struct decode *d, const struct hcs_schema_type *type, const char *name,
                          const struct hcs_json *json) {
        size_t keep = d->fields.len;

        for (const struct hcs_json *m = hcs_json_first(json); m; m = hcs_json_next(m)) {
                const struct hcs_schema_field *f = hcs_schema_field_find(type, hcs_json_key(m), true);

                if (!f)
                        continue;
                hcs_buf_printf(&d->fields, "%s%s", keep ? "." : "", f->name);
                check_field(d, name, f, m);
                d->fields.len = keep;
                d->fields.data[keep] = '\0';
        }
}

char *hcs_schema_go_error(const struct hcs_schema_type *type, const char *go_name, const char *text, size_t len) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        const char *name = go_name ? go_name : bare(type->name);
        _cleanup_json_ struct hcs_json *json = NULL;
        struct decode d = {.error = hcs_json_go_error(text, len)};

        if (d.error || FAILED(hcs_json_parse(text, len, &lax, &json, NULL)) || hcs_json_is(json, HCS_JSON_NULL))
                return d.error;
        if (!hcs_json_is(json, HCS_JSON_OBJECT))
                return hcs_asprintf("json: cannot unmarshal %s into Go value of type %s%s", kind_word(json),
                                    strchr(name, '.') ? "" : "prot.", name);
        check_members(&d, type, bare(name), json);
        hcs_buf_deinit(&d.fields);
        return d.error;
}
