/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TRACE_LINE_H
#define MOCKHCS_TRACE_LINE_H

/*
 * One line of a trace, checked and taken apart into slices of itself: what replay works on, and what a full record is
 * made from. Nothing is allocated; the text of the line must outlive the struct.
 */

#include "mockhcs/trace/record.h"
#include "mockhcs/trace/scan.h"

struct mock_line {
        enum mock_record_kind kind;
        uint64_t t;
        uint64_t n; /* as mock_record.n */
        uint32_t thread;
        HRESULT hr;
        enum mock_dll dll;
        bool pending;
        enum mock_stream stream;
        bool end;
        bool from_guest, broken;
        struct mock_process_info process;

        struct mock_slice function; /* raw strings, without their quotes */
        struct mock_slice subject;
        struct mock_slice event;
        struct mock_slice values; /* CALL: args, RETURN: out: an object, or absent */
        struct mock_slice result; /* COMPLETE: result, EVENT: data, FRAME: document */
        struct mock_slice exact;  /* an object of strings, or absent */
        struct mock_slice text;   /* STDIO: raw string */
        struct mock_slice base64;
        unsigned n_unknown; /* members that this version does not know */
};

/* Why a line is not a record. */
struct mock_line_error {
        HRESULT hr;
        size_t column; /* 1.. */
        char text[160];
};

HRESULT mock_line_parse(const char *text, size_t len, struct mock_line *ret, struct mock_line_error *err);
/* Is `key` a member that records of this kind have? */
bool mock_line_knows(enum mock_record_kind kind, struct mock_slice key);

/* Values of args or out. */
struct mock_line_value {
        struct mock_slice name; /* raw */
        enum mock_value_kind kind;
        struct mock_slice raw;   /* the member's value as it stands in the line */
        struct mock_slice exact; /* raw string of the text to use instead, or absent */
        uint64_t number;
};
struct mock_line_values {
        struct mock_scan scan;
        struct mock_slice exact;
};
void mock_line_values_init(struct mock_line_values *it, struct mock_slice object, struct mock_slice exact);
/* False at the end. The object was checked by mock_line_parse(), so there are no errors. */
bool mock_line_values_next(struct mock_line_values *it, struct mock_line_value *ret);
/* The value of that name; absent when there is none. */
bool mock_line_value_find(struct mock_slice object, struct mock_slice exact, const char *name,
                          struct mock_line_value *ret);
/* The text that the value stands for: slice of the line when possible, else unescaped into scratch. */
struct mock_slice mock_line_value_text(const struct mock_line_value *v, struct hcs_buf *scratch);
/* The same for `result` and `data` members (name "result" or "data" in exact). */
struct mock_slice mock_line_document(struct mock_slice raw, struct mock_slice exact, const char *name,
                                     struct hcs_buf *scratch);

/* Decodes base64; false when it is none. */
bool mock_base64_decode(struct mock_slice raw, struct hcs_buf *out);

#endif
