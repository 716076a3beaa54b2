/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_OUTPUT_H
#define MOCKHCS_WORKBENCH_OUTPUT_H

/*
 * A trace that is made of others, line by line. It takes the place of what has its name when it is whole, so it may be
 * made of that, too; what is no file (a pipe, a device) is written to directly, "-" is standard output. Mode 0600.
 * Owned by one thread.
 */

#include "base/json.h"

struct trace_output;

HRESULT trace_output_open(const char *path, struct trace_output **ret, struct hcs_error **err);
/* Without the line break. What goes wrong is told at the end. */
void trace_output_line(struct trace_output *o, const char *text, size_t n);
void trace_output_json(struct trace_output *o, const struct hcs_json *j);
/* Holds no descriptor until the next line: for who writes more traces than there are descriptors. */
void trace_output_rest(struct trace_output *o);
/* Puts it in its place; where that is one of the traces it was made of, Windows wants that one closed. Frees it in any
 * case. */
HRESULT trace_output_finish(struct trace_output *o, struct hcs_error **err);
/* Forgets it. NULL is fine, returns NULL. */
struct trace_output *trace_output_free(struct trace_output *o);
HCS_DEFINE_CLEANUP(struct trace_output *, trace_output_free)

#endif
