/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TRACE_REPORT_H
#define MOCKHCS_TRACE_REPORT_H

/*
 * What is to be said of a run: an array of problems, each an object with
 *   kind         "mismatch", "unasked", "lost", "stale" or "leak"
 *   text         lines for people, each with its newline
 * and, where they make sense: call, on (a handle's symbol), trace and line (the nearest record, or the one never asked
 * for) or lines (of a bridge, those never sent), differences (argument, path, expected, got), count. The text of a
 * report is that of its problems in turn.
 */

#include "base/buf.h"
#include "base/json.h"

/* A problem of that kind and text, which the caller appends to an array. */
struct hcs_json *mock_problem_new(const char *kind, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The texts, one after another; what is no array of problems has none. */
void mock_report_text(const struct hcs_json *problems, struct hcs_buf *out);

#endif
