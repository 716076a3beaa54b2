/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_REDACT_H
#define MOCKHCS_WORKBENCH_REDACT_H

/*
 * A second pass over a trace that leaves out what the recorder left in: what is secret anyway (base/scrub.h), and what
 * the caller names, also in the header and in records and members that this version does not know. Lines in which
 * nothing is found stay as they are, byte for byte. A key keeps the lines that
 * changed, and brings the trace back to what it was; whoever has both has the secrets.
 *
 * A key is JSON Lines: {"key":"hcs","version":1}, then {"line":N,"is":"<fingerprint of the redacted
 * line>","was":"..."}.
 */

#include "base/json.h"

struct redact_options {
        const char *const *members; /* names of members whose values are secret, in any case of letters */
        size_t n_members;
        const char *const *texts; /* that are secret wherever they stand in a value or in bytes of one record */
        size_t n_texts;
        bool output;     /* what processes say and hear is secret */
        const char *key; /* where the key goes; NULL: there is none, and no way back */
};

/* *ret_n: how many values were left out. */
HRESULT trace_redact(const char *path, const char *output, const struct redact_options *options, uint64_t *ret_n,
                     struct hcs_error **err);
/* E_INVALIDARG names the line of the trace that is not the one the key belongs to; then nothing is written. */
HRESULT trace_restore(const char *path, const char *key, const char *output, uint64_t *ret_n, struct hcs_error **err);

#endif
