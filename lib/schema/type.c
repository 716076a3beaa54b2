/* SPDX-License-Identifier: MIT */

/* Finding types and fields. Constant data. */

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
