/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TRACE_LINES_H
#define MOCKHCS_TRACE_LINES_H

/* The reader for those who need no records: lines as slices, valid until the next call. */

#include "mockhcs/trace/line.h"
#include "mockhcs/trace/reader.h"

struct mock_trace_line {
        struct mock_line parts;
        struct mock_slice text;
        uint64_t number; /* from 1 */
        uint64_t offset; /* in the file; for mock_trace_reader_seek() */
};
/* S_OK with a line, S_FALSE at the end. Errors as mock_trace_reader_next(). */
HRESULT mock_trace_reader_next_line(struct mock_trace_reader *r, struct mock_trace_line *ret, struct hcs_error **err);
/* Makes the error that names file, line and column. */
HRESULT mock_trace_reader_fail(struct mock_trace_reader *r, uint64_t line, HRESULT hr, size_t column, const char *what,
                               struct hcs_error **err);
/* The record of a line that was taken apart already. */
HRESULT mock_record_from_line(const char *text, size_t len, const struct mock_line *line, struct mock_record *ret,
                              struct hcs_error **err);

#endif
