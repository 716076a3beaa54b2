/* SPDX-License-Identifier: MIT */

/*
 * A record written as a line. It is on the path of every recorded call: nothing here uses printf, and what every line
 * begins with is written into room that was made once.
 */

#include <string.h>

#include "base/base64.h"
#include "base/utf.h"
#include "mockhcs/trace/line.h"
#include "mockhcs/trace/names.h"
#include "mockhcs/trace/record.h"

#define FIXED 256 /* more than the members that every record has, without its names */

/* Writers into room that is known to be there; each returns the place behind. */
#define AT_LITERAL(p, s) at_bytes(p, s, sizeof(s) - 1)

static inline char *at_bytes(char *p, const char *s, size_t n) {
        memcpy(p, s, n);
        return p + n;
}

static inline char *at_text(char *p, const char *s) {
        return at_bytes(p, s, strlen(s));
}

static inline unsigned digits_of(uint64_t v) {
        static const uint64_t powers[] = {0,
                                          10,
                                          100,
                                          1000,
                                          10000,
                                          100000,
                                          1000000,
                                          10000000,
                                          100000000,
                                          1000000000,
                                          10000000000,
                                          100000000000,
                                          1000000000000,
                                          10000000000000,
                                          100000000000000,
                                          1000000000000000,
                                          10000000000000000,
                                          100000000000000000,
                                          1000000000000000000,
                                          UINT64_C(10000000000000000000)};
        unsigned bits = 64 - (unsigned)__builtin_clzll(v | 1), n = bits * 1233 >> 12; /* log10(2) is 1233 / 4096 */

        return n + (v >= powers[n]);
}

static inline char *at_u64(char *p, uint64_t v) {
        static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                    "8081828384858687888990919293949596979899";
        unsigned n = v ? digits_of(v) : 1;
        char *digit;

        for (digit = p + n; v >= 10; v /= 100)
                memcpy(digit -= 2, pairs + v % 100 * 2, 2);
        if (digit > p)
                *p = (char)('0' + v);
        return p + n;
}

static inline char *at_hr(char *p, HRESULT hr) {
        static const char hex[] = "0123456789ABCDEF";

        if (hr == S_OK)
                return AT_LITERAL(p, ",\"hr\":\"0x00000000\"");
        p = AT_LITERAL(p, ",\"hr\":\"0x");
        for (int shift = 28; shift >= 0; shift -= 4)
                *p++ = hex[(uint32_t)hr >> shift & 15];
        *p++ = '"';
        return p;
}

static inline char *at_time(char *p, const struct mock_record *r) {
        return at_u64(AT_LITERAL(p, ",\"t\":"), r->t);
}

static inline char *room(struct hcs_buf *out, size_t n) {
        hcs_buf_reserve(out, n);
        return out->data + out->len;
}

static inline void filled(struct hcs_buf *out, const char *p) {
        out->len = (size_t)(p - out->data);
}

static inline void put_u64(uint64_t v, struct hcs_buf *out) {
        filled(out, at_u64(room(out, 20), v));
}

static inline void put_char(char c, struct hcs_buf *out) {
        char *p = room(out, 1);

        *p = c;
        filled(out, p + 1);
}

/* Its size is known when it is a literal. */
static inline __attribute__((always_inline)) void put_literal(const char *s, struct hcs_buf *out) {
        filled(out, at_text(room(out, strlen(s)), s));
}

static void put_string(const char *s, struct hcs_buf *out) {
        mock_scan_quote(s ? s : "", s ? strlen(s) : 0, out);
}

/* A name with its colon. */
static void put_key(bool comma, const char *name, struct hcs_buf *out) {
        if (comma)
                put_char(',', out);
        put_string(name, out);
        put_char(':', out);
}

static void put_member(const char *name, struct hcs_buf *out) {
        put_key(true, name, out);
}

/* Is what has that name always a document? name NULL: the result or the data. */
static bool is_document_name(const char *name) {
        return !name || mock_name_kind((struct mock_slice){name, strlen(name)}) == MOCK_DOCUMENT;
}

/* Can the text of a document stand in the line as it is? Strings would read as text; numbers as numbers. */
static bool stands_for_itself(const struct mock_value *v, const char *name) {
        switch (v->text[0]) {
        case '{':
        case '[':
        case 't':
        case 'f':
                return true;
        case 'n':
        case '-':
        case '0' ... '9':
                return is_document_name(name);
        default:
                return false;
        }
}

/* Prints a document; true when `exact` has to tell its text. name: of an argument, NULL for result and data. */
static bool put_document(const struct mock_value *v, const char *name, struct hcs_buf *out) {
        bool plain = false;

        if (v->len == 0) {
                put_literal("\"\"", out);
                return !is_document_name(name);
        }
        if (!mock_scan_is_json(v->text, v->len, &plain)) {
                put_literal("null", out);
                return true;
        }
        if (plain && stands_for_itself(v, name)) {
                hcs_buf_append(out, v->text, v->len);
                return false;
        }
        if (plain)
                put_literal("null", out);
        else
                mock_scan_minify(v->text, v->len, out);
        return true;
}

static bool put_value(const struct mock_value *v, struct hcs_buf *out) {
        switch (v->kind) {
        case MOCK_DOCUMENT:
                return put_document(v, v->name, out);
        case MOCK_NUMBER:
                put_u64(v->number, out);
                return false;
        case MOCK_TEXT:
        case MOCK_HANDLE:
                mock_scan_quote(v->text, v->len, out);
                return false;
        default:
                put_literal("null", out);
                return false;
        }
}

/* exact: a list of members that grows. */
static void put_exact(const struct mock_value *v, struct hcs_buf *exact) {
        put_literal(exact->len ? "," : ",\"exact\":{", exact);
        put_string(v->name, exact);
        hcs_buf_putc(exact, ':');
        mock_scan_quote(v->text, v->len, exact);
}

static void close_exact(struct hcs_buf *exact, struct hcs_buf *out) {
        if (!exact->len)
                return;
        hcs_buf_append(out, exact->data, exact->len);
        put_char('}', out);
}

static inline void put_values(const char *open, const struct mock_record *r, struct hcs_buf *out) {
        _cleanup_buf_ struct hcs_buf exact = {0};
        bool comma = false;

        put_literal(open, out);
        for (size_t i = 0; i < r->n_args; i++) {
                if (r->args[i].kind == MOCK_ABSENT)
                        continue;
                put_key(comma, r->args[i].name, out);
                comma = true;
                if (put_value(&r->args[i], out))
                        put_exact(&r->args[i], &exact);
        }
        put_char('}', out);
        close_exact(&exact, out);
}

static void put_result(const char *member, const struct mock_record *r, struct hcs_buf *out) {
        _cleanup_buf_ struct hcs_buf exact = {0};

        if (r->result.kind == MOCK_ABSENT)
                return;
        put_member(member, out);
        if (put_document(&r->result, NULL, out)) {
                struct mock_value named = r->result;

                named.name = member;
                put_exact(&named, &exact);
                close_exact(&exact, out);
        }
}

static void put_process(const struct mock_process_info *p, struct hcs_buf *out) {
        static const char *const streams[] = {",\"stdin\":", ",\"stdout\":", ",\"stderr\":"};

        if (!p->present)
                return;
        put_literal(",\"process\":{\"id\":", out);
        put_u64(p->process_id, out);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(streams); i++) {
                put_literal(streams[i], out);
                put_literal(p->stream[i] ? "true" : "false", out);
        }
        put_char('}', out);
}

static void print_call(const struct mock_record *r, struct hcs_buf *out) {
        char *p;

        put_literal("{\"call\":", out);
        put_string(r->function, out);
        p = room(out, FIXED);
        if (r->dll != MOCK_DLL_NONE) {
                p = AT_LITERAL(p, ",\"dll\":\"");
                p = at_text(p, mock_dll_name(r->dll));
                *p++ = '"';
        }
        p = at_time(at_u64(AT_LITERAL(p, ",\"n\":"), r->n), r);
        if (r->thread)
                p = at_u64(AT_LITERAL(p, ",\"thread\":"), r->thread);
        filled(out, p);
        put_values(",\"args\":{", r, out);
}

static void print_return(const struct mock_record *r, struct hcs_buf *out) {
        char *p = room(out, FIXED);

        p = at_hr(at_time(at_u64(AT_LITERAL(p, "{\"return\":"), r->n), r), r->hr);
        if (r->pending)
                p = AT_LITERAL(p, ",\"pending\":true");
        filled(out, p);
        put_values(",\"out\":{", r, out);
        put_process(&r->process, out);
}

static void print_complete(const struct mock_record *r, struct hcs_buf *out) {
        char *p;

        put_literal("{\"complete\":", out);
        put_string(r->subject, out);
        p = room(out, FIXED);
        if (r->n)
                p = at_u64(AT_LITERAL(p, ",\"of\":"), r->n);
        filled(out, at_hr(at_time(p, r), r->hr));
        put_result("result", r, out);
        put_process(&r->process, out);
}

static void print_event(const struct mock_record *r, struct hcs_buf *out) {
        char *p;

        put_literal("{\"event\":", out);
        put_string(r->event, out);
        put_literal(",\"on\":", out);
        put_string(r->subject, out);
        p = at_time(room(out, FIXED), r);
        filled(out, r->hr != S_OK ? at_hr(p, r->hr) : p);
        put_result("data", r, out);
}

static void print_stdio(const struct mock_record *r, struct hcs_buf *out) {
        size_t bad;
        char *p;

        put_literal("{\"stdio\":", out);
        put_string(r->subject, out);
        put_literal(",\"stream\":\"", out);
        put_literal(mock_stream_name(r->stream), out);
        put_char('"', out);
        p = room(out, FIXED);
        if (r->n)
                p = at_u64(AT_LITERAL(p, ",\"port\":"), r->n);
        filled(out, at_time(p, r));
        if (r->len && hcs_utf8_valid(r->data, r->len, &bad)) {
                put_literal(",\"text\":", out);
                mock_scan_quote(r->data, r->len, out);
        } else if (r->len) {
                put_literal(",\"base64\":\"", out);
                hcs_base64_encode(r->data, r->len, out);
                put_char('"', out);
        }
        if (r->end)
                put_literal(",\"end\":true", out);
}

/* Can the body stand as a document? A host's must end with the line feed that is left out. */
static bool is_document(const struct mock_record *r, struct mock_value *ret) {
        size_t bad, len = r->len;

        if (r->broken || (!r->from_guest && (!len || r->data[len - 1] != '\n')) || memchr(r->data, '\0', len) ||
            !hcs_utf8_valid(r->data, len, &bad))
                return false;
        if (!r->from_guest)
                len--;
        *ret = (struct mock_value){.kind = MOCK_DOCUMENT, .name = "document", .text = r->data, .len = len};
        return true;
}

static void print_frame(const struct mock_record *r, struct hcs_buf *out) {
        _cleanup_buf_ struct hcs_buf exact = {0};
        struct mock_value document;
        char *p;

        put_literal("{\"frame\":", out);
        put_string(r->function, out);
        put_literal(",\"on\":", out);
        put_string(r->subject, out);
        p = room(out, FIXED);
        p = r->from_guest ? AT_LITERAL(p, ",\"from\":\"guest\"") : AT_LITERAL(p, ",\"from\":\"host\"");
        filled(out, at_time(at_u64(AT_LITERAL(p, ",\"id\":"), r->n), r));
        if (r->broken)
                put_literal(",\"broken\":true", out);
        if (is_document(r, &document)) {
                put_literal(",\"document\":", out);
                if (put_document(&document, NULL, out))
                        put_exact(&document, &exact);
                close_exact(&exact, out);
        } else {
                put_literal(",\"base64\":\"", out);
                hcs_base64_encode(r->data, r->len, out);
                put_char('"', out);
        }
}

static void put_extra(const struct hcs_json *extra, struct hcs_buf *out) {
        for (const struct hcs_json *m = hcs_json_first(extra); m; m = hcs_json_next(m)) {
                put_member(hcs_json_key(m), out);
                hcs_json_print(m, HCS_JSON_COMPACT, out);
        }
}

void mock_record_print(const struct mock_record *r, struct hcs_buf *out) {
        switch (r->kind) {
        case MOCK_RECORD_HEADER:
                hcs_json_print(r->header, HCS_JSON_COMPACT, out);
                hcs_buf_putc(out, '\n');
                return;
        case MOCK_RECORD_UNKNOWN:
                hcs_buf_append(out, r->data, r->len);
                hcs_buf_putc(out, '\n');
                return;
        case MOCK_RECORD_CALL:
                print_call(r, out);
                break;
        case MOCK_RECORD_RETURN:
                print_return(r, out);
                break;
        case MOCK_RECORD_COMPLETE:
                print_complete(r, out);
                break;
        case MOCK_RECORD_EVENT:
                print_event(r, out);
                break;
        case MOCK_RECORD_STDIO:
                print_stdio(r, out);
                break;
        case MOCK_RECORD_FRAME:
                print_frame(r, out);
                break;
        }
        put_extra(r->extra, out);
        hcs_buf_append(out, "}\n", 2);
}
