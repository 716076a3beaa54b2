/* SPDX-License-Identifier: MIT */

/* Finding types and fields, and the size of their values. Constant data. */

#include "base/str.h"
#include "schema/internal.h"

const struct hcs_schema_type *hcs_schema_type_at(enum hcs_schema_type_id id) {
        return (unsigned)id < HCS_SCHEMA_TYPE_COUNT ? &hcs_schema_types[id] : NULL;
}

const struct hcs_schema_type *hcs_schema_type_find(const char *name) {
        for (size_t i = 0; i < HCS_SCHEMA_TYPE_COUNT; i++)
                if (hcs_strcaseeq(hcs_schema_types[i].name, name))
                        return &hcs_schema_types[i];
        return NULL;
}

const struct hcs_schema_field *hcs_schema_field_find(const struct hcs_schema_type *type, const char *name,
                                                     bool any_case) {
        for (size_t i = 0; i < type->n_fields; i++)
                if (hcs_streq(type->fields[i].name, name))
                        return &type->fields[i];
        for (size_t i = 0; any_case && i < type->n_fields; i++)
                if (hcs_strcaseeq(type->fields[i].name, name))
                        return &type->fields[i];
        return NULL;
}

size_t schema_value_size(const struct hcs_schema_field *f) {
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
