/* SPDX-License-Identifier: MIT */

/* From JSON to structs, by the tables. The first thing that does not fit ends it, with its path. */

#include <string.h>

#include "base/str.h"
#include "schema/internal.h"

/* Where in the document a value is: a text is made of it only when it does not fit. */
struct place {
        const struct place *outer;
        const char *name; /* of a member; NULL: an element */
        size_t index;
};

struct parser {
        const struct place *place; /* NULL: the document itself */
        struct hcs_error **err;
        bool keeps_null; /* a member of any kind that is null is null, not absent */
};

static HRESULT parse_members(struct parser *p, const struct hcs_schema_type *type, const struct hcs_json *json,
                             void *doc);

static void put_place(const struct place *place, struct hcs_buf *path) {
        if (!place) {
                hcs_buf_putc(path, '$');
                return;
        }
        put_place(place->outer, path);
        if (place->name)
                hcs_json_path_member(path, place->name);
        else
                hcs_json_path_index(path, place->index);
}

static HRESULT misfit(struct parser *p, const char *what) {
        _cleanup_buf_ struct hcs_buf path = {0};

        put_place(p->place, &path);
        hcs_error_make(p->err, HCS_E_INVALID_JSON, "%s: %s", path.data, what);
        hcs_error_set_path(p->err, path.data);
        return HCS_E_INVALID_JSON;
}

static HRESULT parse_unsigned(struct parser *p, const struct hcs_json *json, uint64_t max, uint64_t *ret) {
        if (!hcs_json_is(json, HCS_JSON_NUMBER))
                return misfit(p, "a number is expected");
        if (!hcs_json_u64(json, ret) || *ret > max)
                return misfit(p, "the number is out of range");
        return S_OK;
}

static HRESULT parse_signed(struct parser *p, const struct hcs_json *json, int64_t min, int64_t max, int64_t *ret) {
        if (!hcs_json_is(json, HCS_JSON_NUMBER))
                return misfit(p, "a number is expected");
        if (!hcs_json_i64(json, ret) || *ret > max || *ret < min)
                return misfit(p, "the number is out of range");
        return S_OK;
}

static HRESULT parse_value(struct parser *p, const struct hcs_schema_field *f, const struct hcs_json *json, void *at) {
        HRESULT hr = S_OK;
        uint64_t u = 0;
        int64_t i = 0;

        switch (f->kind) {
        case HCS_SCHEMA_STRING:
        case HCS_SCHEMA_GUID:
        case HCS_SCHEMA_TIME:
        case HCS_SCHEMA_BASE64:
                if (!hcs_json_string(json))
                        return misfit(p, "a string is expected");
                *(char **)at = hcs_strdup(hcs_json_string(json));
                return S_OK;
        case HCS_SCHEMA_BOOL:
                if (!hcs_json_is(json, HCS_JSON_BOOL))
                        return misfit(p, "true or false is expected");
                *(bool *)at = hcs_json_bool(json);
                return S_OK;
        case HCS_SCHEMA_U8:
                hr = parse_unsigned(p, json, UINT8_MAX, &u);
                *(uint8_t *)at = (uint8_t)u;
                return hr;
        case HCS_SCHEMA_U16:
                hr = parse_unsigned(p, json, UINT16_MAX, &u);
                *(uint16_t *)at = (uint16_t)u;
                return hr;
        case HCS_SCHEMA_U32:
                hr = parse_unsigned(p, json, UINT32_MAX, &u);
                *(uint32_t *)at = (uint32_t)u;
                return hr;
        case HCS_SCHEMA_U64:
                return parse_unsigned(p, json, UINT64_MAX, at);
        case HCS_SCHEMA_I32:
                hr = parse_signed(p, json, INT32_MIN, INT32_MAX, &i);
                *(int32_t *)at = (int32_t)i;
                return hr;
        case HCS_SCHEMA_I64:
                return parse_signed(p, json, INT64_MIN, INT64_MAX, at);
        case HCS_SCHEMA_F64:
                return hcs_json_double(json, at) ? S_OK : misfit(p, "a number is expected");
        case HCS_SCHEMA_ANY:
                *(struct hcs_json **)at = hcs_json_copy(json);
                return S_OK;
        case HCS_SCHEMA_STRUCT:
                return parse_members(p, f->type, json, at);
        }
        return E_UNEXPECTED;
}

static HRESULT parse_list(struct parser *p, const struct hcs_schema_field *f, const struct hcs_json *json, void *at) {
        size_t n = hcs_json_count(json), size = schema_value_size(f);
        struct place here = {.outer = p->place};
        bool fixed = f->shape == HCS_SCHEMA_FIXED;
        struct schema_array *a = at;
        HRESULT hr = S_OK;
        char *items;

        if (!hcs_json_is(json, HCS_JSON_ARRAY))
                return misfit(p, "an array is expected");
        /* Go drops what is beyond a fixed array and zeroes what is missing. */
        if (fixed && n > f->fixed)
                n = f->fixed;
        items = fixed ? at : hcs_calloc(n ? n : 1, size);
        if (!fixed)
                *a = (struct schema_array){items, n};
        p->place = &here;
        for (const struct hcs_json *e = hcs_json_first(json); e && here.index < n && SUCCEEDED(hr);
             e = hcs_json_next(e), here.index++)
                if (!hcs_json_is(e, HCS_JSON_NULL))
                        hr = parse_value(p, f, e, items + here.index * size);
        p->place = here.outer;
        return hr;
}

static HRESULT parse_map(struct parser *p, const struct hcs_schema_field *f, const struct hcs_json *json,
                         struct schema_map *m) {
        size_t n = hcs_json_count(json), size = schema_value_size(f);
        struct place here = {.outer = p->place};
        HRESULT hr = S_OK;

        if (!hcs_json_is(json, HCS_JSON_OBJECT))
                return misfit(p, "an object is expected");
        m->keys = hcs_calloc(n ? n : 1, sizeof(*m->keys));
        m->values = hcs_calloc(n ? n : 1, size);
        p->place = &here;
        for (const struct hcs_json *e = hcs_json_first(json); e && SUCCEEDED(hr); e = hcs_json_next(e)) {
                here.name = hcs_json_key(e);
                m->keys[m->n++] = hcs_strdup(here.name);
                if (!hcs_json_is(e, HCS_JSON_NULL))
                        hr = parse_value(p, f, e, (char *)m->values + (m->n - 1) * size);
        }
        p->place = here.outer;
        return hr;
}

static HRESULT parse_field(struct parser *p, const struct hcs_schema_field *f, const struct hcs_json *json, void *at) {
        if (f->shape == HCS_SCHEMA_MAP)
                return parse_map(p, f, json, at);
        if (f->shape != HCS_SCHEMA_SINGLE)
                return parse_list(p, f, json, at);
        if (schema_is_boxed(f)) {
                if (!*(void **)at)
                        *(void **)at = hcs_calloc(1, schema_value_size(f));
                at = *(void **)at;
        }
        return parse_value(p, f, json, at);
}

/* Documents mostly have their members in the order of the table: the one behind the last is looked at first. */
static const struct hcs_schema_field *find_field(const struct hcs_schema_type *type, const char *name, size_t *next) {
        const struct hcs_schema_field *f = *next < type->n_fields ? &type->fields[*next] : NULL;

        if (!f || !hcs_streq(f->name, name))
                f = hcs_schema_field_find(type, name, true);
        if (f)
                *next = (size_t)(f - type->fields) + 1;
        return f;
}

static HRESULT parse_members(struct parser *p, const struct hcs_schema_type *type, const struct hcs_json *json,
                             void *doc) {
        struct hcs_json **extra = (struct hcs_json **)((char *)doc + type->extra_offset);
        struct place here = {.outer = p->place};
        HRESULT hr = S_OK;
        size_t next = 0;

        if (!hcs_json_is(json, HCS_JSON_OBJECT))
                return misfit(p, "an object is expected");
        p->place = &here;
        for (const struct hcs_json *m = hcs_json_first(json); m && SUCCEEDED(hr); m = hcs_json_next(m)) {
                const struct hcs_schema_field *f = find_field(type, hcs_json_key(m), &next);

                here.name = hcs_json_key(m);
                if (!f) {
                        if (!*extra)
                                *extra = hcs_json_new_object();
                        hcs_json_set(*extra, here.name, hcs_json_copy(m));
                        continue;
                }
                if (hcs_json_is(m, HCS_JSON_NULL) &&
                    !(p->keeps_null && f->kind == HCS_SCHEMA_ANY && f->shape == HCS_SCHEMA_SINGLE))
                        continue;
                schema_clear_field(f, schema_at(f, doc)); /* of another spelling */
                hr = parse_field(p, f, m, schema_at(f, doc));
        }
        p->place = here.outer;
        return hr;
}

static HRESULT parse(const struct hcs_schema_type *type, const struct hcs_json *json, bool keeps_null, void **ret,
                     struct hcs_error **err) {
        struct parser p = {.err = err, .keeps_null = keeps_null};
        void *doc = hcs_calloc(1, type->size);
        HRESULT hr = parse_members(&p, type, json, doc);

        if (FAILED(hr)) {
                hcs_schema_free(type, doc);
                return hr;
        }
        *ret = doc;
        return S_OK;
}

HRESULT hcs_schema_parse_json(const struct hcs_schema_type *type, const struct hcs_json *json, void **ret,
                              struct hcs_error **err) {
        return parse(type, json, false, ret, err);
}

HRESULT hcs_schema_parse(const struct hcs_schema_type *type, const char *text, size_t len, void **ret,
                         struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        HRESULT hr = hcs_json_parse(text, len, NULL, &json, err);

        return FAILED(hr) ? hr : hcs_schema_parse_json(type, json, ret, err);
}

HRESULT hcs_schema_parse_answer(const struct hcs_schema_type *type, const char *text, void **ret,
                                struct hcs_error **err) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *words = NULL;
        struct hcs_error *ours = NULL;
        HRESULT hr = hcs_json_parse(text, strlen(text), &lax, &json, &ours);

        if (SUCCEEDED(hr))
                hr = parse(type, json, true, ret, &ours);
        if (SUCCEEDED(hr))
                return hr;
        words = hcs_schema_go_error(type, NULL, text, strlen(text));
        if (!words)
                return hcs_error_move(err, &ours);
        hcs_error_make(err, hr, "%s", words);
        hcs_error_set_path(err, hcs_error_path(ours));
        hcs_error_free(ours);
        return hr;
}
