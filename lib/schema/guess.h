/* SPDX-License-Identifier: MIT */
#ifndef HCS_SCHEMA_GUESS_H
#define HCS_SCHEMA_GUESS_H

/* What stands inside members that may hold anything. */

#include "schema/internal.h"

/* The type of member's value, from the member's place and its siblings; NULL when nothing is known about it. */
const struct hcs_schema_type *schema_inner_type(const struct hcs_schema_type *owner, const struct hcs_json *parent,
                                                const struct hcs_json *member);
/* policy.c: the settings of a policy by its Type, the feature it needs, and the type of an element of an array of
 * anything; NULL as above. */
const struct hcs_schema_type *schema_policy_settings(const struct hcs_schema_type *owner,
                                                     const struct hcs_json *policy);
const char *schema_policy_feature(const struct hcs_schema_type *owner, const struct hcs_json *policy);
const struct hcs_schema_type *schema_element_type(const struct hcs_schema_type *owner, const char *member,
                                                  const struct hcs_json *element);

#endif
