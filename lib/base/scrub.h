/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_SCRUB_H
#define HCS_BASE_SCRUB_H

/*
 * Redaction: one list of what is secret, used by the log, the recorder and the importer.
 * Environment values, CredentialSpec, Credentials, registry StringValue/BinaryValue, passwords and tokens become
 * "<redacted>"; keys and structure stay. Works inside JSON documents held as strings too.
 */

#include <stdbool.h>

#include "base/json.h"

#define HCS_SCRUBBED "<redacted>"

bool hcs_scrub_key(const char *key);            /* is a member of this name secret as a whole? */
bool hcs_scrub_environment(const char *key);    /* ... an object or array of this name an environment? */
unsigned hcs_scrub_json(struct hcs_json *root); /* in place; returns how many values were replaced */
/* Document text in, scrubbed text out (caller frees); text that is not JSON gets token patterns replaced. */
char *hcs_scrub_text(const char *text, unsigned *ret_count);
/* A cheap look before that one: false when nothing in the text can be secret, as in most documents. */
bool hcs_scrub_might_find(const char *text, size_t len);

#endif
