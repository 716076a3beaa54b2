/* SPDX-License-Identifier: MIT */
#ifndef GUEST_AGENT_PROPERTIES_H
#define GUEST_AGENT_PROPERTIES_H

/* Properties of a container: the document of a GetProperties response, of what the query's PropertyTypes name. Unknown
 * names are left out, with a warning. On the loop's thread; what blocks is a job. */

#include "guest/container/container.h"

/* query is only read. done gets the document (its to free) or an error. */
void guest_properties_query(struct guest_container *c, const struct hcs_json *query,
                            void (*done)(void *ctx, char *text, struct hcs_error *err), void *ctx);

#endif
