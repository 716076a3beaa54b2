/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TRACE_RECORD_H
#define MOCKHCS_TRACE_RECORD_H

/*
 * One record of a trace: a line of JSON. See docs/trace-format.md for the format.
 *
 * Documents sit in the line as the bytes that were seen. Only when that is impossible (the text is not JSON, or it
 * holds a line break) the member shows null (or the text re-printed) and `exact` holds the text as a string:
 *   {"call":"HcsStartComputeSystem","dll":"computecore","n":2,"t":1200,"thread":1,
 *    "args":{"system":"system/1","operation":"operation/2","options":null},"exact":{"options":"{\n}"}}
 * A record owns its strings. Members that this version does not know are kept in `extra` and written back.
 */

#include "mockhcs/engine/call.h"

enum mock_record_kind {
        MOCK_RECORD_UNKNOWN, /* kept as a line, skipped by everyone */
        MOCK_RECORD_HEADER,
        MOCK_RECORD_CALL,
        MOCK_RECORD_RETURN,
        MOCK_RECORD_COMPLETE,
        MOCK_RECORD_EVENT,
        MOCK_RECORD_STDIO,
        MOCK_RECORD_FRAME,
};

struct mock_record {
        enum mock_record_kind kind;
        uint64_t line;   /* 1.. in the file it was read from, 0 when made */
        uint64_t offset; /* byte offset of the line in that file */
        uint64_t t;      /* ns since start */

        /* CALL */
        char *function; /* as recorded; may be unknown to the table; FRAME: the type, "Request(Create)" */
        enum mock_dll dll;
        uint64_t n; /* CALL: own number; RETURN: the call's number; COMPLETE: "of", the call's number (0: not said);
                     * FRAME: the message's id; STDIO of a bridge: the stream's port, 0: of none */
        uint32_t thread;
        struct mock_value *args; /* CALL: args; RETURN: out */
        size_t n_args;

        /* RETURN, COMPLETE, EVENT */
        HRESULT hr;
        bool pending;                     /* RETURN: accepted, a completion comes later (or never came) */
        struct mock_value result;         /* COMPLETE: result; EVENT: data; absent when there is none */
        struct mock_process_info process; /* COMPLETE, RETURN */

        char *subject; /* COMPLETE: "operation/4" or "call/17"; EVENT: "system/1"; STDIO: "process/2", "bridge/1";
                        * FRAME: "bridge/1"
                        */
        char *event;   /* EVENT: "SystemExited" */

        /* STDIO */
        enum mock_stream stream;
        char *data; /* UNKNOWN: the line; FRAME: the body */
        size_t len;
        bool end;

        /* FRAME */
        bool from_guest;
        bool broken; /* bytes that are no whole frame; data has the header too */

        struct hcs_json *header; /* HEADER: the whole object */
        struct hcs_json *extra;  /* unknown members, NULL when none */
};

void mock_record_deinit(struct mock_record *r);
/* Appends the record as one line with its newline. */
void mock_record_print(const struct mock_record *r, struct hcs_buf *out);
/* Parses one line without its newline. Errors: HCS_E_INVALID_JSON "line L, column C: ...", E_INVALIDARG for a record
 * that is JSON but not of the format (names the member). */
HRESULT mock_record_parse(const char *line, size_t len, struct mock_record *ret, struct hcs_error **err);

#endif
