/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TRACE_READER_H
#define MOCKHCS_TRACE_READER_H

/*
 * Reads a trace record by record in constant memory. A truncated last line is reported and ignored; any other bad
 * line is an error naming file, line and column. Owned by one thread.
 */

#include <stdio.h>

#include "mockhcs/trace/record.h"

struct mock_trace_reader;

/* Opens and reads the header. "-" is stdin. Errors: what open says; E_INVALIDARG "not a trace" / unknown version. */
HRESULT mock_trace_reader_open(const char *path, struct mock_trace_reader **ret, struct hcs_error **err);
struct mock_trace_reader *mock_trace_reader_free(struct mock_trace_reader *r);
HCS_DEFINE_CLEANUP(struct mock_trace_reader *, mock_trace_reader_free)
const struct hcs_json *mock_trace_reader_header(const struct mock_trace_reader *r);
/* S_OK with the next record (deinit it), S_FALSE at the end. */
HRESULT mock_trace_reader_next(struct mock_trace_reader *r, struct mock_record *ret, struct hcs_error **err);
/* Goes to a byte offset seen in mock_record.offset (not for pipes). */
HRESULT mock_trace_reader_seek(struct mock_trace_reader *r, uint64_t offset, uint64_t line, struct hcs_error **err);
/* Was the last line cut off in the middle? */
bool mock_trace_reader_truncated(const struct mock_trace_reader *r);

#endif
