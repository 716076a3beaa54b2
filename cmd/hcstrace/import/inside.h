/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_IMPORT_INSIDE_H
#define CMD_HCSTRACE_IMPORT_INSIDE_H

/* What the parts of the importer share; see import.h for how they follow each other. */

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/hcstrace/import/import.h"
#include "mockhcs/engine/function.h"
#include "mockhcs/trace/writer.h"
#include "platform/thread.h"

/* ---- arena.c: room that is given back all at once ---- */

struct import_chunk;
struct import_arena {
        struct import_chunk *chunk;
        size_t total; /* bytes taken */
};
void *import_arena_take(struct import_arena *a, size_t n);
char *import_arena_copy(struct import_arena *a, const char *p, size_t n);
void import_arena_clear(struct import_arena *a);
void import_arena_deinit(struct import_arena *a);

/* ---- head.c: what loggers put in front of a message ---- */

struct import_time {
        uint64_t ns; /* UTC, LOCAL: since 1970; OF_DAY: since midnight; YEARLESS: import_yearless() */
        enum {
                IMPORT_TIME_NONE,
                IMPORT_TIME_SINCE_START,
                IMPORT_TIME_OF_DAY,
                IMPORT_TIME_YEARLESS,
                IMPORT_TIME_LOCAL,
                IMPORT_TIME_UTC,
        } kind;
};
/* Cuts all heads off: returns the message. */
const char *import_head(const char *text, struct import_time *ret);
bool import_has_head(const char *text);
/* Of hcs_wall_clock_parse()'s spellings; returns the place behind, NULL for none. */
const char *import_parse_time(const char *text, struct import_time *ret);

/* ---- clock.c: from the clocks of a log to one time ---- */

struct import_clock {
        int zone_seconds;
        int64_t offset_ns;
        uint64_t day_ns;     /* of times without a day, until a line tells one */
        uint64_t last;       /* what was resolved last, for lines without a time */
        uint64_t last_local; /* the same on the log's own clock */
        bool dated;          /* a line had a day */
};
uint64_t import_yearless(int month, int day, uint64_t since_midnight);
/* ns since 1970 UTC, or of an unknown day; 0 when nothing is known. */
uint64_t import_clock_resolve(struct import_clock *c, struct import_time t);

/* ---- decode.c: bytes to physical lines ---- */

struct import_decoder {
        enum { IMPORT_UNDECIDED, IMPORT_UTF8, IMPORT_UTF16_LE, IMPORT_UTF16_BE } encoding;
        struct hcs_buf line;
        unsigned char start[4]; /* the first bytes, until they tell the encoding */
        unsigned n_start;
        int half;           /* UTF-16: the first byte of a unit, or -1 */
        uint32_t surrogate; /* UTF-16: the high half of a pair, or 0 */
        bool cut;           /* the line was longer than IMPORT_MAX_LINE */
        void (*line_done)(void *ctx, char *line, size_t len);
        void *ctx;
};
#define IMPORT_MAX_LINE ((size_t)16 << 20)
void import_decode(struct import_decoder *d, const char *data, size_t len);
void import_decode_end(struct import_decoder *d);

/* ---- carrier.c: records that carry the lines of another program ---- */

/* What is collected for one line, or one record. */
struct import_carried {
        bool open; /* more of it may come */
        bool cut;  /* there was more than a line may have */
        struct hcs_buf text;
        uint64_t number; /* the line where it began */
        struct import_time time;
};
struct import_carrier {
        enum { IMPORT_CARRIES_EVENT, IMPORT_CARRIES_CSV } kind; /* of record */
        bool in_data;                                           /* record is within an element Data */
        struct import_carried record, streams[2];
        unsigned wrappers; /* bits of import_wrapper_name() */
        void (*line_done)(void *ctx, uint64_t line, char *text, size_t len, struct import_time outer);
        void (*note)(void *ctx, uint64_t line, const char *note);
        void *ctx;
};
#define IMPORT_CUT_NOTE "longer than 16 MiB; what is behind was left out"
#define IMPORT_MAX_EVENT                                                                             \
        ((size_t)1 << 20) /* of one over several lines; a longer one is taken for what it looks like \
                           */
void import_carry(struct import_carrier *c, uint64_t number, char *line, size_t len);
void import_carry_end(struct import_carrier *c);
void import_carrier_deinit(struct import_carrier *c);

/* ---- event.c: Windows' events as XML ---- */

/* The place where one begins on this line; NULL: nowhere. */
const char *import_event_begins(const char *line);
/* Is what comes behind the line in an element Data? in_data: was it in front? */
bool import_event_in_data(const char *line, bool in_data);
/* The text of a whole event becomes what it says, with its time; each element a line. */
void import_event_text(struct import_carried *part);

/* ---- unwrap.c: what collectors, pages and terminals do to each physical line ---- */

/* In place; returns the line inside. time: changed to what the wrapper says, if that says one; wrappers: bits of
 * import_wrapper_name().
 */
enum {
        IMPORT_WRAPPER_COLOURS,
        IMPORT_WRAPPER_CI_STAMP,
        IMPORT_WRAPPER_HTML,
        IMPORT_WRAPPER_DOCKER,
        IMPORT_WRAPPER_CRI,
        IMPORT_WRAPPER_JOURNAL,
        IMPORT_WRAPPER_EVENT,
        IMPORT_WRAPPER_CSV,
        IMPORT_WRAPPER_QUOTATION,
};
char *import_unwrap(unsigned *wrappers, char *line, size_t *len, struct import_time *time);
/* The escapes of a page undone in place; the new length. */
size_t import_without_html(char *line, size_t len);

/* ---- join.c: what was broken by a page, a console or a pretty-printer ---- */

struct import_part {
        size_t end;    /* in text */
        uint64_t line; /* its number */
        struct import_time time;
};
struct import_open {
        enum { IMPORT_OPEN_NOTHING, IMPORT_OPEN_LOGFMT, IMPORT_OPEN_DOCUMENT, IMPORT_OPEN_CLOSED } what;
        size_t start, seen; /* where it begins, and how far the text was read */
        bool quoted, escaped;
        int depth;
};
struct import_joiner {
        struct hcs_buf text;     /* the parts so far */
        struct hcs_buf parts;    /* struct import_part each */
        struct import_open open; /* what is open at the end of text */
        unsigned block;          /* the kind of block that it is, 0: none */
        void (*line_done)(void *ctx, uint64_t line, const char *text, size_t len, struct import_time outer);
        void *ctx;
};
void import_join(struct import_joiner *j, uint64_t number, const char *line, size_t len, struct import_time outer);
void import_join_end(struct import_joiner *j);
void import_join_deinit(struct import_joiner *j);

/* ---- block.c: lines that belong together by their layout ---- */

enum { IMPORT_NO_BLOCK, IMPORT_LIST_VIEW, IMPORT_SPEW };
/* Does a block begin with this line? */
unsigned import_block_begins(const char *line);
bool import_block_goes_on(unsigned block, const char *text, const char *next);

/* ---- view.c: what a list view shows ---- */

/* Of a block of that kind. Never NULL; the caller frees. */
struct hcs_json *import_view_document(const char *text);

/* ---- filter.c: a cheap look at a line ---- */

/* False when no family of messages can understand the line; most lines of a log are such. */
bool import_may_say(const char *text);

/* ---- line.c: fields ---- */

#define IMPORT_MAX_FIELDS 64
struct import_field {
        const char *key, *value;
        size_t key_len;
};
struct import_line {
        const char *text; /* the whole of it */
        uint64_t number;
        struct import_field *fields;
        size_t n;
        struct import_time time;
        struct import_source *source;
        unsigned log;     /* which of the logs */
        uint64_t ns;      /* its time, as resolved by the source's clock; 0 unknown */
        bool cut;         /* it ends in the middle */
        const char *note; /* no line of a log: something to be told about this place */
};
/* logfmt (with whatever stands in front of it), logrus JSON, ETW records, or a bare text as the field "msg". */
void import_line_parse(const char *text, struct import_arena *arena, struct import_line *ret);

static inline const char *import_field(const struct import_line *l, const char *key) { /* NULL when absent */
        size_t n = strlen(key);

        for (size_t i = 0; i < l->n; i++)
                if (l->fields[i].key_len == n && memcmp(l->fields[i].key, key, n) == 0)
                        return l->fields[i].value;
        return NULL;
}
/* The first of these (a list that ends with NULL) that is there and not empty. */
const char *import_field_of(const struct import_line *l, const char *const *keys);
const char *import_system_field(const struct import_line *l);
uint32_t import_pid_field(const struct import_line *l);
/* The time in a field, on the clock of its log; 0 when there is none. */
uint64_t import_time_field(const struct import_line *l, const char *key);

/* ---- source.c: the lines of one log, in batches ---- */

struct import_batch {
        struct import_line *lines;
        size_t n, room;
        struct import_arena arena;
        /* As of the end of the batch: */
        uint64_t physical, logged;
        unsigned wrappers;
        const char *encoding;
        bool last;
};
struct import_source;
struct import_source *import_source_new(const struct import_log *log, bool thread);
struct import_source *import_source_free(struct import_source *s);
/* The next batch, instead of the one before, which goes back; NULL at the end. */
struct import_batch *import_source_next(struct import_source *s);
struct import_clock *import_source_clock(struct import_source *s);

/* ---- text.c: quoting, codes, names ---- */

/* One layer of Go or JSON quoting undone; out has room for n + 1 bytes and may be s. Returns the length. */
size_t import_unquote_to(const char *s, size_t n, char *out);
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

/* ---- document.c: documents inside texts ---- */

/* The first whole document that can be read in text as it stands. */
char *import_whole_document(const char *text);

/* ---- repair.c: documents that were cut, masked or copied by hand ---- */

/*
 * The JSON document that starts in text, with as many layers of quoting undone as it takes; NULL when there is none.
 * When there is only a part of one, what can be kept of it, and what was done to it in ret_how (NULL: nothing). Caller
 * frees both.
 */
char *import_document_repaired(const char *text, char **ret_how);

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
        uint64_t time; /* 0: not known */
        /* What was done to the document, the result, and the call itself, in words; NULL: nothing. */
        const char *document_repair, *result_repair, *call_repair;
};

struct import_ledger;
struct import_emitter;
struct import_ledger *import_ledger_new(struct import_emitter *emitter, size_t n_logs);
struct import_ledger *import_ledger_free(struct import_ledger *l);
/* Something has begun. ends: its end will be told too; otherwise what happens next on its system shows that it worked.
 */
void import_begin(struct import_ledger *l, const struct import_operation *op, bool ends);
/* Something has ended; what was said of it at its begin is put together with this. */
void import_end(struct import_ledger *l, const struct import_operation *op);
/* Both at once, on one line. ended: 0, or when it has; op's time is that of its begin. */
void import_told(struct import_ledger *l, const struct import_operation *op, uint64_t ended);
/* An error as an upper layer passes it on: nothing new when the failure itself was told before. */
void import_echo(struct import_ledger *l, const struct import_operation *op);
/* A document that was printed on a line of its own: for what began last in that log. */
void import_attach_document(struct import_ledger *l, const char *document, const char *repair);
/* The same for a result; a result that holds an error ends it. */
void import_attach_result(struct import_ledger *l, const char *result, const char *repair, uint64_t time);
#define IMPORT_NEWEST_PROCESS UINT32_MAX
/* pid: 0 for the system itself. */
void import_exit(struct import_ledger *l, const char *system, uint32_t pid, const char *data, uint64_t time);
void import_settle(struct import_ledger *l);                         /* the log ends */
struct import_bridge *import_ledger_bridge(struct import_ledger *l); /* of the log that speaks */
struct import_emitter *import_ledger_emitter(struct import_ledger *l);

/* ---- emit.c: calls of a trace ---- */

struct import_emitter *import_emitter_new(const struct import_options *options, struct import_stats *stats);
struct import_emitter *import_emitter_free(struct import_emitter *e);
/* The line that what comes now was said by; NULL: none. */
void import_emitter_at(struct import_emitter *e, const struct import_line *line);
/* The log that what comes now is of: that of the newest line, until it is set. Returns the one before. */
unsigned import_emitter_log(const struct import_emitter *e);
unsigned import_emitter_of(struct import_emitter *e, unsigned log);
/* began: 0, or when it began. returned: false when nobody knows how it ended. */
void import_emit(struct import_emitter *e, const struct import_operation *op, uint64_t began, bool returned);
struct import_frame {
        const char *type; /* "Request(Create)" */
        uint64_t id;
        bool from_guest;
        const char *document, *repair;
        uint64_t time;
};
/* On the bridge of the log that speaks; each log has one. */
void import_emit_frame(struct import_emitter *e, const struct import_frame *f);
void import_emit_exit(struct import_emitter *e, const char *system, uint32_t pid, const char *data, uint64_t time);
/* Writes what is still held. Whether the trace could be made. */
HRESULT import_emitter_finish(struct import_emitter *e, struct hcs_error **err);
/* Tells the owner of the importer. */
void import_tell(struct import_emitter *e, enum import_note_kind kind, const struct import_line *line,
                 const char *reason);

/* ---- say_*.c: families of messages; true when the line was understood ---- */

bool import_say_span(struct import_ledger *l, const struct import_line *line);         /* since 0.9 */
bool import_say_notification(struct import_ledger *l, const struct import_line *line); /* of 0.8.4 and later */
bool import_say_begin_end(struct import_ledger *l, const struct import_line *line);    /* 0.8.4 to 0.8.6 */
bool import_say_legacy(struct import_ledger *l, const struct import_line *line);       /* HCSShim::Op id=, Result: */
bool import_say_layer(struct import_ledger *l, const struct import_line *line);        /* layer calls of all times */
bool import_say_network(struct import_ledger *l, const struct import_line *line);      /* HNS and HCN */
bool import_say_error(struct import_ledger *l, const struct import_line *line);        /* what upper layers pass on */
bool import_say_client(struct import_ledger *l, const struct import_line *line);       /* clients other than hcsshim */
bool import_say_document(struct import_ledger *l, const struct import_line *line);     /* nothing but a document */
bool import_say_guest(struct import_ledger *l, const struct import_line *line);        /* the bridge as guests see it */
/* What the last one knows of the bridge of each log: requests without an answer. Owned by the ledger. */
struct import_bridge *import_bridges_new(size_t n_logs);
struct import_bridge *import_bridge_of(struct import_bridge *all, unsigned log);
struct import_bridge *import_bridges_free(struct import_bridge *all);
bool import_say_object(struct import_ledger *l, const struct import_line *line); /* networks of HNS, printed */
/* Can it be a document alone? It begins as a document, and as no record of a log. */
bool import_stands_alone(const char *text);
/* A result document that nobody has said of what it is: its words tell, or it is that of a creation. */
bool import_say_result(struct import_ledger *l, const char *document, const char *repair, uint64_t time);

/* ---- reason.c ---- */

/* Why a line that no family knows makes no call; ret_kind is one of the first two. */
const char *import_reason(const struct import_line *line, enum import_note_kind *ret_kind);

#endif
