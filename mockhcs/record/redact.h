/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_RECORD_REDACT_H
#define MOCKHCS_RECORD_REDACT_H

/*
 * Redaction on the path of recorded calls: the secrets of a text, as base/scrub.h has them, are taken out of it where
 * they stand. No tree is made, and what is no secret keeps every byte.
 */

#include <stddef.h>

/* The text without its secrets; NULL when it has none. Caller frees. */
char *record_redact(const char *text, size_t len);

#endif
