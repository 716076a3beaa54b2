/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_NETWORK_H
#define CMD_HCSTRACE_NETWORK_H

/* Documents of host networking in a few words. */

#include "base/json.h"

/* noun: what the call makes ("Endpoint"), for a document that does not say it; NULL. Appends what the document says:
 * `endpoint "web" 10.0.0.2/24 00-15-5D-00-00-01 (a0b4e0c1)`. False, with some of it perhaps appended, when it is none
 * of host networking. */
bool network_describe(const struct hcs_json *doc, const char *noun, struct hcs_buf *out);

#endif
