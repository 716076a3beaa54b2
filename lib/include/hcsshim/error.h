/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_ERROR_H
#define HCSSHIM_ERROR_H

/*
 * The error object that goes with a failing HRESULT.
 *
 * The innermost failure makes it, every layer wraps it with its own context, one function formats it:
 *   CreateComputeSystem/demo: configuration.Chipset: unknown member "Uefii" (did you mean "Uefi"?): HCS_E_INVALID_JSON
 * 0x8037010D Convention in the whole tree: `HRESULT f(..., T **ret_out, struct hcs_error **err)`. `err` may be NULL
 * (the caller wants only the code) and must otherwise point to NULL. On failure outputs are untouched and *err is set;
 * the caller frees it. Success leaves *err alone. An error belongs to one thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

#include "hcsshim/hresult.h"

struct hcs_error;

/* One ErrorEvent of a result document. Strings may be NULL. */
struct hcs_error_event {
        char *message;
        char *stack_trace;
        char *provider;
        char *source;
        uint16_t event_id;
        uint32_t flags;
        char *data; /* the Data member as compact JSON */
};

/* Makes the error; returns hr, so `return hcs_error_make(err, hr, ...)`. hr must be a failure. */
HRESULT hcs_error_make(struct hcs_error **err, HRESULT hr, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "context: " in front of an existing error; returns its HRESULT. No error, no effect (returns E_FAIL): where err
 * may be NULL, `return hcs_error_wrap(err, ...), hr` keeps the code. */
HRESULT hcs_error_wrap(struct hcs_error **err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Convenience: errno to error, "open `%s`" style message with strerror appended. */
HRESULT hcs_error_errno(struct hcs_error **err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Moves *from to *err (freed when err is NULL); returns its HRESULT. */
HRESULT hcs_error_move(struct hcs_error **err, struct hcs_error **from);
struct hcs_error *hcs_error_free(struct hcs_error *e);
static inline void hcs_error_freep(struct hcs_error **e) {
        if (*e)
                hcs_error_free(*e);
}

/* Named parts; each setter copies, ignores a NULL err or *err. */
void hcs_error_set_operation(struct hcs_error **err, const char *operation); /* "CreateComputeSystem" */
void hcs_error_set_id(struct hcs_error **err, const char *id);               /* "demo" or "demo:1234" */
void hcs_error_set_path(struct hcs_error **err, const char *json_path);      /* "configuration.Chipset" */
void hcs_error_set_hint(struct hcs_error **err, const char *hint);

HRESULT hcs_error_hresult(const struct hcs_error *e);       /* S_OK for NULL */
const char *hcs_error_operation(const struct hcs_error *e); /* NULL when unset */
const char *hcs_error_id(const struct hcs_error *e);
const char *hcs_error_path(const struct hcs_error *e);
const char *hcs_error_hint(const struct hcs_error *e);
const char *hcs_error_message(const struct hcs_error *e);  /* contexts and innermost message, without code */
const char *hcs_error_document(const struct hcs_error *e); /* the error record as it came; NULL for none */
size_t hcs_error_event_count(const struct hcs_error *e);
const struct hcs_error_event *hcs_error_event_at(const struct hcs_error *e, size_t i);

/*
 * Makes an error out of a call's HRESULT and its result document (ResultError: Error, ErrorMessage, ErrorEvents,
 * Attribution). `document` may be NULL, "" or not JSON at all: then the code alone speaks, and an unparsable text is
 * kept as a hint. The JSON path named in an event ("Invalid JSON document '$.A.B'", "Msg:[$.FilterType]") becomes
 * the path. Returns hr.
 */
HRESULT hcs_error_from_result(struct hcs_error **err, HRESULT hr, const char *document);

/*
 * The same for host networking, whose ErrorRecord is {"Success":false,"Error":text,"ErrorCode":n}. A record beside a
 * success makes the call fail with HRESULT_FROM_WIN32(ERROR_GEN_FAILURE), as in hcsshim; a hint then says so. Returns
 * the HRESULT of the error; S_OK (and no error) when hr is a success and record is NULL or "".
 */
HRESULT hcs_error_from_record(struct hcs_error **err, HRESULT hr, const char *record);

/* The whole error as one line, plus one "  event: ..." line per ErrorEvent and a "  hint: ..." line. Caller frees. */
char *hcs_error_format(const struct hcs_error *e);
/* The same text as hcsshim's Go error: "<op> [<id>]: <err>\n[Event Detail: ...]". Caller frees. */
char *hcs_error_format_go(const struct hcs_error *e);

#endif
