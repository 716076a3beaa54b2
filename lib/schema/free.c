/* SPDX-License-Identifier: MIT */

/* Freeing documents by their table. */

#include <string.h>

#include "schema/internal.h"

static void free_value(const struct hcs_schema_field *f, void *at) {
        if (schema_is_text(f->kind))
                free(*(char **)at);
        else if (f->kind == HCS_SCHEMA_ANY)
                hcs_json_free(*(struct hcs_json **)at);
        else if (f->kind == HCS_SCHEMA_STRUCT)
                schema_free_members(f->type, at);
}

static void free_field(const struct hcs_schema_field *f, void *at) {
        if (f->shape == HCS_SCHEMA_ARRAY) {
                size_t size = schema_value_size(f);
                struct schema_array *a = at;

                for (size_t i = 0; i < a->n; i++)
                        free_value(f, (char *)a->items + i * size);
                free(a->items);
        } else if (f->shape == HCS_SCHEMA_MAP) {
                size_t size = schema_value_size(f);
                struct schema_map *m = at;

                for (size_t i = 0; i < m->n; i++) {
                        free(m->keys[i]);
                        free_value(f, (char *)m->values + i * size);
                }
                free(m->keys);
                free(m->values);
        } else if (f->shape == HCS_SCHEMA_FIXED) {
                for (size_t i = 0; i < f->fixed; i++)
                        free_value(f, (char *)at + i * schema_value_size(f));
        } else if (schema_is_boxed(f)) {
                void *box = *(void **)at;

                if (box)
                        free_value(f, box);
                free(box);
        } else {
                free_value(f, at);
        }
}

void schema_clear_field(const struct hcs_schema_field *f, void *at) {
        size_t n = f->shape == HCS_SCHEMA_FIXED ? f->fixed : 1;

        free_field(f, at);
        memset(at, 0,
               f->shape == HCS_SCHEMA_ARRAY ? sizeof(struct schema_array)
               : f->shape == HCS_SCHEMA_MAP ? sizeof(struct schema_map)
               : schema_is_boxed(f)         ? sizeof(void *)
                                            : n * schema_value_size(f));
}

void hcs_schema_clear(const struct hcs_schema_type *type, void *doc, const char *member) {
        const struct hcs_schema_field *f = hcs_schema_field_find(type, member, false);

        if (f)
                schema_clear_field(f, schema_at(f, doc));
}

void schema_free_members(const struct hcs_schema_type *type, void *doc) {
        for (size_t i = 0; i < type->n_fields; i++)
                free_field(&type->fields[i], schema_at(&type->fields[i], doc));
        hcs_json_free(*(struct hcs_json **)((char *)doc + type->extra_offset));
}

void *hcs_schema_free(const struct hcs_schema_type *type, void *doc) {
        if (doc) {
                schema_free_members(type, doc);
                free(doc);
        }
        return NULL;
}

static void forget_in(const struct hcs_schema_type *type, char *values, size_t n) {
        for (size_t i = 0; i < n; i++)
                hcs_schema_forget_unknown(type, values + i * type->size);
}

void hcs_schema_forget_unknown(const struct hcs_schema_type *type, void *doc) {
        struct hcs_json **extra = (struct hcs_json **)((char *)doc + type->extra_offset);

        *extra = hcs_json_free(*extra);
        for (size_t i = 0; i < type->n_fields; i++) {
                const struct hcs_schema_field *f = &type->fields[i];
                void *at = schema_at(f, doc);

                if (f->kind != HCS_SCHEMA_STRUCT)
                        continue;
                if (f->shape == HCS_SCHEMA_ARRAY)
                        forget_in(f->type, ((struct schema_array *)at)->items, ((struct schema_array *)at)->n);
                else if (f->shape == HCS_SCHEMA_MAP)
                        forget_in(f->type, ((struct schema_map *)at)->values, ((struct schema_map *)at)->n);
                else if (f->shape == HCS_SCHEMA_FIXED)
                        forget_in(f->type, at, f->fixed);
                else if (!schema_is_boxed(f))
                        hcs_schema_forget_unknown(f->type, at);
                else if (*(void **)at)
                        hcs_schema_forget_unknown(f->type, *(void **)at);
        }
}
