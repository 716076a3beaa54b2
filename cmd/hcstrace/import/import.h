/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_IMPORT_IMPORT_H
#define CMD_HCSTRACE_IMPORT_IMPORT_H

/*
 * Debug logs of hcsshim and its users turned into traces. A line is cut into fields (fields.c), the fields into an
 * operation on a compute system (message.c), the operations into calls of a trace with handles of their own (emit.c).
 * Lines that say nothing about HCS are passed over; nothing in a log is an error.
 */

#include "base/json.h"
#include "mockhcs/trace/writer.h"

struct import_stats {
        uint64_t lines, calls, failures, exits;
        uint64_t unparsed;       /* lines that speak of HCS but were not understood */
        uint64_t first_unparsed; /* number of the first of them */
};

/* ---- fields.c ---- */

struct import_field {
        char *key, *value;
};
struct import_line {
        struct import_field fields[64];
        size_t n;
        uint64_t time_ns; /* wall clock, 0 when the line has none */
};
/* logfmt (with whatever stands in front of it), logrus JSON, or a bare text as the field "msg". */
void import_line_parse(const char *text, struct import_line *ret);
void import_line_deinit(struct import_line *l);
const char *import_field(const struct import_line *l, const char *key); /* NULL when absent */
/* The JSON document that starts in text, with as many layers of quoting undone as it takes; NULL when there is none. */
char *import_document(const char *text);
/* The code that an error text names or describes; S_OK when it says nothing. */
HRESULT import_code(const char *text);

/* ---- emit.c ---- */

struct import_emitter;
struct import_emitter *import_emitter_new(struct mock_trace_writer *writer, bool redact, struct import_stats *stats);
struct import_emitter *import_emitter_free(struct import_emitter *e);

/* One operation that a log speaks of. Strings may be NULL. */
struct import_operation {
        enum mock_verb verb;
        const char *system; /* id; NULL: the one spoken of last */
        const char *document;
        uint32_t pid;
        HRESULT hr;
        const char *result; /* ResultError, or the data of a query */
        uint64_t time_ns;
};
void import_emit(struct import_emitter *e, const struct import_operation *op);
void import_emit_exit(struct import_emitter *e, const char *system, uint32_t pid, const char *data, uint64_t time_ns);

/* ---- message.c ---- */

struct import_message_state {
        struct import_emitter *emitter;
        struct import_stats *stats;
        char *document; /* of the operation that has begun, for logs that print it on a line of its own */
};
/* True when the line told of HCS. */
bool import_message(struct import_message_state *s, const struct import_line *l);

#endif
