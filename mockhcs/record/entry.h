/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_RECORD_ENTRY_H
#define MOCKHCS_RECORD_ENTRY_H

/*
 * A record while it is written. Its values are borrowed from the call, but for those that had to be scrubbed and the
 * symbol of what was created; so most records cost no allocation. On the stack of the thread that writes it.
 */

#include "mockhcs/trace/record.h"

struct record_entry {
        struct mock_record record; /* args points to values */
        struct mock_value values[MOCK_MAX_ARGS];
        char *scrubbed[MOCK_MAX_ARGS + 1];
        size_t n_scrubbed;
};

/* t: ns since the recording began. To be deinitialised. */
void record_entry_init(struct record_entry *e, enum mock_record_kind kind, uint64_t t);
void record_entry_deinit(struct record_entry *e);
/* redact: without secrets. */
void record_entry_result(struct record_entry *e, const struct mock_value *v, bool redact);
/* The two records of a call: what it was asked, and what it answered. Initialise e. */
void record_entry_call(struct record_entry *e, const struct mock_call *call, bool redact);
void record_entry_return(struct record_entry *e, const struct mock_call *call, uint64_t t, bool redact);

#endif
