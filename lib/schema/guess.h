/* SPDX-License-Identifier: MIT */
#ifndef HCS_SCHEMA_GUESS_H
#define HCS_SCHEMA_GUESS_H

/* What a member that may hold anything holds here, decided by its siblings (ResourcePath, ResourceType ...). */

#include "schema/internal.h"

/* NULL when the document does not say, or says something unknown. */
const struct hcs_schema_type *schema_inner_type(const struct hcs_schema_type *owner, const struct hcs_json *parent,
                                                const struct hcs_json *member);

#endif
