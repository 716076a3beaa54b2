/* SPDX-License-Identifier: MIT */

/* From structs to the bytes that Go's encoder makes: declaration order, empty members left out, maps sorted. */

#include <stdio.h>
#include <string.h>

#include "schema/internal.h"

#define ZERO_TIME "0001-01-01T00:00:00Z"
#define ZERO_GUID "00000000-0000-0000-0000-000000000000"

struct printer {
        enum hcs_json_style style;
        struct hcs_buf *out;
};

static void put_members(const struct printer *p, const struct hcs_schema_type *type, const void *doc);

static void put_text(const struct printer *p, const struct hcs_schema_field *f, const char *s) {
        if (!s)
                s = f->kind == HCS_SCHEMA_TIME ? ZERO_TIME : f->kind == HCS_SCHEMA_GUID ? ZERO_GUID : "";
        hcs_json_print_string(s, strlen(s), p->style, p->out);
}

static void put_signed(const struct printer *p, int64_t n) {
        if (n < 0)
                hcs_buf_putc(p->out, '-');
        hcs_buf_put_u64(p->out, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

static void put_value(const struct printer *p, const struct hcs_schema_field *f, const void *at) {
        switch (f->kind) {
        case HCS_SCHEMA_STRING:
        case HCS_SCHEMA_GUID:
        case HCS_SCHEMA_TIME:
        case HCS_SCHEMA_BASE64:
                put_text(p, f, *(char *const *)at);
                return;
        case HCS_SCHEMA_BOOL:
                hcs_buf_puts(p->out, *(const bool *)at ? "true" : "false");
                return;
        case HCS_SCHEMA_U8:
                hcs_buf_put_u64(p->out, *(const uint8_t *)at);
                return;
        case HCS_SCHEMA_U16:
                hcs_buf_put_u64(p->out, *(const uint16_t *)at);
                return;
        case HCS_SCHEMA_U32:
                hcs_buf_put_u64(p->out, *(const uint32_t *)at);
                return;
        case HCS_SCHEMA_U64:
                hcs_buf_put_u64(p->out, *(const uint64_t *)at);
                return;
        case HCS_SCHEMA_I32:
                put_signed(p, *(const int32_t *)at);
                return;
        case HCS_SCHEMA_I64:
                put_signed(p, *(const int64_t *)at);
                return;
        case HCS_SCHEMA_F64: {
                _cleanup_json_ struct hcs_json *number = hcs_json_new_double(*(const double *)at);

                hcs_json_print(number, p->style, p->out);
                return;
        }
        case HCS_SCHEMA_ANY:
                hcs_json_print(*(struct hcs_json *const *)at, p->style, p->out);
                return;
        case HCS_SCHEMA_STRUCT:
                put_members(p, f->type, at);
                return;
        }
}

static bool is_zero(const void *at, size_t size) {
        const unsigned char *p = at;

        for (size_t i = 0; i < size; i++)
                if (p[i])
                        return false;
        return true;
}

static bool is_empty(const struct hcs_schema_field *f, const void *at) {
        if (f->shape == HCS_SCHEMA_ARRAY)
                return ((const struct schema_array *)at)->n == 0;
        if (f->shape == HCS_SCHEMA_MAP)
                return ((const struct schema_map *)at)->n == 0;
        if (schema_is_boxed(f))
                return *(void *const *)at == NULL;
        if (schema_is_text(f->kind))
                return !*(char *const *)at || (!(f->flags & HCS_SCHEMA_POINTER) && !**(char *const *)at);
        return is_zero(at, schema_value_size(f));
}

static void put_list(const struct printer *p, const struct hcs_schema_field *f, const char *items, size_t n) {
        size_t size = schema_value_size(f);

        hcs_buf_putc(p->out, '[');
        for (size_t i = 0; i < n; i++) {
                if (i)
                        hcs_buf_putc(p->out, ',');
                put_value(p, f, items + i * size);
        }
        hcs_buf_putc(p->out, ']');
}

struct entry {
        const char *key;
        const void *value;
};

static int by_key(const void *a, const void *b) {
        return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static void put_map(const struct printer *p, const struct hcs_schema_field *f, const struct schema_map *m) {
        _cleanup_free_ struct entry *entries = hcs_malloc((m->n ? m->n : 1) * sizeof(*entries));
        size_t size = schema_value_size(f);

        for (size_t i = 0; i < m->n; i++)
                entries[i] = (struct entry){m->keys[i], (const char *)m->values + i * size};
        qsort(entries, m->n, sizeof(*entries), by_key);
        hcs_buf_putc(p->out, '{');
        for (size_t i = 0; i < m->n; i++) {
                if (i)
                        hcs_buf_putc(p->out, ',');
                hcs_json_print_string(entries[i].key, strlen(entries[i].key), p->style, p->out);
                hcs_buf_putc(p->out, ':');
                put_value(p, f, entries[i].value);
        }
        hcs_buf_putc(p->out, '}');
}

static void put_field(const struct printer *p, const struct hcs_schema_field *f, const void *at) {
        const struct schema_array *a = at;

        if (f->shape == HCS_SCHEMA_ARRAY && !a->items)
                hcs_buf_puts(p->out, "null"); /* a nil slice */
        else if (f->shape == HCS_SCHEMA_ARRAY)
                put_list(p, f, a->items, a->n);
        else if (f->shape == HCS_SCHEMA_FIXED)
                put_list(p, f, at, f->fixed);
        else if (f->shape == HCS_SCHEMA_MAP)
                put_map(p, f, at);
        else if (!schema_is_boxed(f))
                put_value(p, f, at);
        else if (*(void *const *)at)
                put_value(p, f, *(void *const *)at);
        else
                hcs_buf_puts(p->out, "null");
}

static void put_name(const struct printer *p, const char *name, bool *first) {
        if (!*first)
                hcs_buf_putc(p->out, ',');
        *first = false;
        hcs_json_print_string(name, strlen(name), p->style, p->out);
        hcs_buf_putc(p->out, ':');
}

static void put_members(const struct printer *p, const struct hcs_schema_type *type, const void *doc) {
        const struct hcs_json *extra = *(struct hcs_json *const *)((const char *)doc + type->extra_offset);
        bool first = true;

        hcs_buf_putc(p->out, '{');
        for (size_t i = 0; i < type->n_fields; i++) {
                const struct hcs_schema_field *f = &type->fields[i];
                const void *at = schema_at(f, doc);

                if (!(f->flags & HCS_SCHEMA_ALWAYS) && is_empty(f, at))
                        continue;
                /* Names of the schema need no escapes. */
                hcs_buf_puts(p->out, first ? "\"" : ",\"");
                hcs_buf_puts(p->out, f->name);
                hcs_buf_append(p->out, "\":", 2);
                first = false;
                put_field(p, f, at);
        }
        for (const struct hcs_json *m = hcs_json_first(extra); m; m = hcs_json_next(m)) {
                put_name(p, hcs_json_key(m), &first);
                hcs_json_print(m, p->style, p->out);
        }
        hcs_buf_putc(p->out, '}');
}

static char *print(const struct hcs_schema_type *type, const void *doc, enum hcs_json_style style) {
        _cleanup_buf_ struct hcs_buf out = {0};
        struct printer p = {style, &out};

        put_members(&p, type, doc);
        return hcs_buf_steal(&out);
}

char *hcs_schema_print(const struct hcs_schema_type *type, const void *doc) {
        return print(type, doc, HCS_JSON_GO);
}

char *hcs_schema_print_no_html(const struct hcs_schema_type *type, const void *doc) {
        return print(type, doc, HCS_JSON_GO_NO_HTML);
}
