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
static inline size_t schema_value_size(const struct hcs_schema_field *f) {
        switch (f->kind) {
        case HCS_SCHEMA_BOOL:
                return sizeof(bool);
        case HCS_SCHEMA_U8:
                return sizeof(uint8_t);
        case HCS_SCHEMA_U16:
                return sizeof(uint16_t);
        case HCS_SCHEMA_U32:
        case HCS_SCHEMA_I32:
                return sizeof(uint32_t);
        case HCS_SCHEMA_U64:
        case HCS_SCHEMA_I64:
                return sizeof(uint64_t);
        case HCS_SCHEMA_F64:
                return sizeof(double);
        case HCS_SCHEMA_STRUCT:
                return f->type->size;
        default:
                return sizeof(void *);
        }
}
/* Frees what the field holds and makes it empty. */
void schema_clear_field(const struct hcs_schema_field *f, void *at);
void schema_free_members(const struct hcs_schema_type *type, void *doc);

#endif
