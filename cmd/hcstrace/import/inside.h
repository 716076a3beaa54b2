/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_IMPORT_INSIDE_H
#define CMD_HCSTRACE_IMPORT_INSIDE_H

/* What the parts of the importer share; see import.h for how they follow each other. One thread. */

#include "base/json.h"
#include "cmd/hcstrace/import/import.h"
#include "mockhcs/engine/function.h"
#include "mockhcs/trace/writer.h"

/* ---- decode.c: bytes to physical lines ---- */

struct import_decoder {
        enum { IMPORT_UNDECIDED, IMPORT_UTF8, IMPORT_UTF16_LE, IMPORT_UTF16_BE } encoding;
        struct hcs_buf line;
        unsigned char start[4]; /* the first bytes, until they tell the encoding */
        unsigned n_start;
        int half;           /* UTF-16: the first byte of a unit, or -1 */
        uint32_t surrogate; /* UTF-16: the high half of a pair, or 0 */
        void (*line_done)(void *ctx, const char *line, size_t len);
        void *ctx;
};
void import_decode(struct import_decoder *d, const char *data, size_t len);
void import_decode_end(struct import_decoder *d);

/* ---- join.c: what was broken by a page, a console or a pretty-printer ---- */

struct import_joiner {
        struct hcs_buf text; /* the parts so far */
        struct hcs_buf ends; /* size_t each: where a part ends in text */
        uint64_t line;       /* number of the next physical line */
        void (*line_done)(void *ctx, uint64_t line, const char *text);
        void *ctx;
};
void import_join(struct import_joiner *j, const char *line, size_t len);
void import_join_end(struct import_joiner *j);

/* ---- filter.c: a cheap look at a line ---- */

/* False when no family of messages can understand the line; most lines of a log are such. */
bool import_may_say(const char *text);

/* ---- head.c: what loggers put in front of a message ---- */

struct import_time {
        uint64_t ns; /* since 1970 UTC, or since midnight when not dated; 0: the line has none */
        bool dated;
};
/* Cuts all heads off: returns the message. */
const char *import_head(const char *text, struct import_time *ret);
bool import_has_head(const char *text);
/* RFC 3339, or Go's and other loggers' spelling with a blank and slashes; returns the place behind, NULL for none. */
const char *import_parse_time(const char *text, struct import_time *ret);

/* ---- line.c: fields ---- */

struct import_field {
        char *key, *value;
};
struct import_line {
        const char *text; /* the whole of it, borrowed */
        struct import_field fields[64];
        size_t n;
        struct import_time time;
};
/* logfmt (with whatever stands in front of it), logrus JSON, ETW records, or a bare text as the field "msg". */
void import_line_parse(const char *text, struct import_line *ret);
void import_line_deinit(struct import_line *l);
const char *import_field(const struct import_line *l, const char *key); /* NULL when absent */
/* The first of these (a list that ends with NULL) that is there and not empty. */
const char *import_field_of(const struct import_line *l, const char *const *keys);
const char *import_system_field(const struct import_line *l);
uint32_t import_pid_field(const struct import_line *l);

/* ---- text.c: quoting, documents, codes, names ---- */

/* One layer of Go or JSON quoting undone. Caller frees. */
char *import_unquote(const char *s, size_t n);
/* The JSON document that starts in text, with as many layers of quoting undone as it takes; NULL when there is none. */
char *import_document(const char *text);
/* The end of the object or array that starts at s, minding strings; NULL when it is not closed. */
const char *import_document_end(const char *s);
/* The code that an error text names or describes; S_OK when it says nothing. */
HRESULT import_code(const char *text);
/* The same with the result document beside it; a text without any code is E_FAIL, no text is S_OK. */
HRESULT import_failure(const char *error, const char *result);
/* What a name in any generation means: "hcs::System::CreateProcess", "HCSShim::CreateContainer". */
enum mock_verb import_verb(const char *name, size_t n);
/* The word at p: up to a blank, comma or colon. Caller frees. */
char *import_word(const char *p);
/* What follows `key` in text, up to a blank; NULL when it is not there. Caller frees. */
char *import_after(const char *text, const char *key);

/* ---- events.c: what an error text tells of a result document ---- */

/* A ResultError with the events that the text holds; NULL when it holds none. Caller frees. */
char *import_events(const char *text, HRESULT hr);

/* ---- ledger.c: operations that have begun, and how they end ---- */

#define IMPORT_MAX_ARGS 4

/* Strings may be NULL; whoever is given one copies what it keeps. */
struct import_operation {
        enum mock_verb verb;
        const char *function; /* for those that no verb tells apart: layer calls, HNS and HCN; static */
        enum mock_dll dll;    /* of function; else the API that the client uses, MOCK_DLL_NONE: the log does not say */
        const char *system;   /* id; NULL: the one spoken of last */
        const char *document;
        const char *result; /* ResultError, or the data of a query */
        uint32_t pid;
        struct {
                const char *name, *text; /* name: static; of layer, HNS and HCN calls */
        } args[IMPORT_MAX_ARGS];
        HRESULT hr;
        struct import_time time;
};

struct import_ledger;
struct import_emitter;
struct import_ledger *import_ledger_new(struct import_emitter *emitter);
struct import_ledger *import_ledger_free(struct import_ledger *l);
/* Something has begun. ends: its end will be told too; otherwise what happens next on its system shows that it worked.
 */
void import_begin(struct import_ledger *l, const struct import_operation *op, bool ends);
/* Something has ended; what was said of it at its begin is put together with this. */
void import_end(struct import_ledger *l, const struct import_operation *op);
/* An error as an upper layer passes it on: nothing new when the failure itself was told before. */
void import_echo(struct import_ledger *l, const struct import_operation *op);
/* A document that was printed on a line of its own: for what began last. */
void import_attach_document(struct import_ledger *l, const char *document);
/* The same for a result; a result that holds an error ends it. */
void import_attach_result(struct import_ledger *l, const char *result, struct import_time time);
/* Has this begun and not ended? */
bool import_is_open(const struct import_ledger *l, enum mock_verb verb);
#define IMPORT_NEWEST_PROCESS UINT32_MAX
/* pid: 0 for the system itself. */
void import_exit(struct import_ledger *l, const char *system, uint32_t pid, const char *data, struct import_time time);
void import_settle(struct import_ledger *l); /* the log ends */

/* ---- emit.c: calls of a trace ---- */

struct import_emitter *import_emitter_new(const struct import_options *options, struct import_stats *stats);
struct import_emitter *import_emitter_free(struct import_emitter *e);
/* began: 0, or when it began. returned: false when nobody knows how it ended. */
void import_emit(struct import_emitter *e, const struct import_operation *op, struct import_time began, bool returned);
void import_emit_exit(struct import_emitter *e, const char *system, uint32_t pid, const char *data,
                      struct import_time time);
/* Whether the trace could be made. */
HRESULT import_emitter_status(struct import_emitter *e, struct hcs_error **err);

/* ---- say_*.c: families of messages; true when the line was understood ---- */

bool import_say_modern(struct import_ledger *l, const struct import_line *line);  /* spans, notifications, Begin/End */
bool import_say_legacy(struct import_ledger *l, const struct import_line *line);  /* HCSShim::Op id=, Result: */
bool import_say_layer(struct import_ledger *l, const struct import_line *line);   /* layer calls of all generations */
bool import_say_network(struct import_ledger *l, const struct import_line *line); /* HNS and HCN */
bool import_say_error(struct import_ledger *l, const struct import_line *line);   /* what upper layers pass on */
bool import_say_client(struct import_ledger *l, const struct import_line *line);  /* clients that are not hcsshim */

#endif
