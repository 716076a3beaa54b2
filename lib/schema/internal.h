/* SPDX-License-Identifier: MIT */
#ifndef HCS_SCHEMA_INTERNAL_H
#define HCS_SCHEMA_INTERNAL_H

/* What the runtime's files share: the layouts that the generator gives to arrays and maps, and element sizes. */

#include "base/json.h"
#include "hcsshim/schema.h"

struct schema_array {
        void *items;
        size_t n;
};
struct schema_map {
        char **keys;
        void *values;
        size_t n;
};

static inline void *schema_at(const struct hcs_schema_field *f, const void *doc) {
        return (char *)(uintptr_t)doc + f->offset;
}

/* Text kinds are pointers already: an optional one needs no second pointer. */
static inline bool schema_is_text(enum hcs_schema_kind kind) {
        return kind <= HCS_SCHEMA_BASE64;
}
static inline bool schema_is_boxed(const struct hcs_schema_field *f) {
        return (f->flags & HCS_SCHEMA_POINTER) && !schema_is_text(f->kind) && f->kind != HCS_SCHEMA_ANY;
}
size_t schema_value_size(const struct hcs_schema_field *f);
/* Frees what the field holds and makes it empty. */
void schema_clear_field(const struct hcs_schema_field *f, void *at);
void schema_free_members(const struct hcs_schema_type *type, void *doc);

#endif
