/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TRACE_WRITER_H
#define MOCKHCS_TRACE_WRITER_H

/*
 * Writes a trace. Thread safe; each record is one write of whole lines, so a crash loses at most the line being
 * written. A write that fails (disk full) is said once through the log, counted, and never disturbs the caller.
 */

#include "mockhcs/trace/record.h"

struct mock_trace_writer;

struct mock_trace_header {
        const char *recorder; /* "mockhcs 0.1.0", "hcstrace import" */
        const char *os;       /* "linux", "windows", NULL unknown */
        uint32_t build;       /* Windows build, 0 unknown */
        const char *started;  /* RFC3339 UTC; NULL: now; "": nobody knows */
        bool redacted;
        const char *faults; /* JSON: which faults were injected below; NULL: none */
};

/* Creates (truncates) the file, mode 0600, and writes the header. "-" is stdout. */
HRESULT mock_trace_writer_open(const char *path, const struct mock_trace_header *header, struct mock_trace_writer **ret,
                               struct hcs_error **err);
struct mock_trace_writer *mock_trace_writer_free(struct mock_trace_writer *w);
HCS_DEFINE_CLEANUP(struct mock_trace_writer *, mock_trace_writer_free)
void mock_trace_write(struct mock_trace_writer *w, const struct mock_record *r);
/* Several records in one write. */
void mock_trace_write_all(struct mock_trace_writer *w, const struct mock_record *const *records, size_t n);
/* Records that could not be written. */
uint64_t mock_trace_writer_lost(const struct mock_trace_writer *w);

#endif
