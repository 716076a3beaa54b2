/* SPDX-License-Identifier: MIT */

/* A record written as a line. Nothing here uses printf: it is on the path of every recorded call. */

#include <string.h>

#include "base/utf.h"
#include "mockhcs/trace/line.h"
#include "mockhcs/trace/names.h"
#include "mockhcs/trace/record.h"

static void put_u64(uint64_t v, struct hcs_buf *out) {
        char text[20];
        size_t i = sizeof(text);

        do {
                text[--i] = (char)('0' + v % 10);
                v /= 10;
        } while (v);
        hcs_buf_append(out, text + i, sizeof(text) - i);
}

static void put_literal(const char *s, struct hcs_buf *out) {
        hcs_buf_append(out, s, strlen(s));
}

static void put_hr(HRESULT hr, struct hcs_buf *out) {
        static const char hex[] = "0123456789ABCDEF";
        char text[] = "\"0x00000000\"";

        for (int i = 0; i < 8; i++)
                text[10 - i] = hex[(uint32_t)hr >> (4 * i) & 15];
        hcs_buf_append(out, text, sizeof(text) - 1);
}

static void put_string(const char *s, struct hcs_buf *out) {
        mock_scan_quote(s ? s : "", s ? strlen(s) : 0, out);
}

static void put_member(const char *name, struct hcs_buf *out) {
        hcs_buf_putc(out, ',');
        put_string(name, out);
        hcs_buf_putc(out, ':');
}

/* Can the text of a document stand in the line as it is? Strings would read as text; numbers as numbers. */
static bool stands_for_itself(const struct mock_value *v, struct mock_slice name) {
        switch (v->text[0]) {
        case '{':
        case '[':
        case 't':
        case 'f':
                return true;
        case 'n':
        case '-':
        case '0' ... '9':
                return !name.p || mock_name_kind(name) == MOCK_DOCUMENT;
        default:
                return false;
        }
}

/* Prints a document; true when `exact` has to tell its text. name: of an argument, absent for result and data. */
static bool put_document(const struct mock_value *v, struct mock_slice name, struct hcs_buf *out) {
        bool plain = false;

        if (v->len == 0) {
                put_literal("\"\"", out);
                return name.p && mock_name_kind(name) != MOCK_DOCUMENT;
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

static struct mock_slice slice_of(const char *s) {
        return (struct mock_slice){s, strlen(s)};
}

static bool put_value(const struct mock_value *v, struct hcs_buf *out) {
        switch (v->kind) {
        case MOCK_DOCUMENT:
                return put_document(v, slice_of(v->name), out);
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
        hcs_buf_putc(out, '}');
}

static void put_values(const char *member, const struct mock_record *r, struct hcs_buf *out) {
        _cleanup_buf_ struct hcs_buf exact = {0};
        bool comma = false;

        put_member(member, out);
        hcs_buf_putc(out, '{');
        for (size_t i = 0; i < r->n_args; i++) {
                if (r->args[i].kind == MOCK_ABSENT)
                        continue;
                if (comma)
                        hcs_buf_putc(out, ',');
                comma = true;
                put_string(r->args[i].name, out);
                hcs_buf_putc(out, ':');
                if (put_value(&r->args[i], out))
                        put_exact(&r->args[i], &exact);
        }
        hcs_buf_putc(out, '}');
        close_exact(&exact, out);
}

static void put_result(const char *member, const struct mock_record *r, struct hcs_buf *out) {
        _cleanup_buf_ struct hcs_buf exact = {0};

        if (r->result.kind == MOCK_ABSENT)
                return;
        put_member(member, out);
        if (put_document(&r->result, (struct mock_slice){0}, out)) {
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
        hcs_buf_putc(out, '}');
}

static void put_time(const struct mock_record *r, struct hcs_buf *out) {
        put_literal(",\"t\":", out);
        put_u64(r->t, out);
}

static void print_call(const struct mock_record *r, struct hcs_buf *out) {
        put_literal("{\"call\":", out);
        put_string(r->function, out);
        if (r->dll != MOCK_DLL_NONE) {
                put_literal(",\"dll\":\"", out);
                put_literal(mock_dll_name(r->dll), out);
                hcs_buf_putc(out, '"');
        }
        put_literal(",\"n\":", out);
        put_u64(r->n, out);
        put_time(r, out);
        if (r->thread) {
                put_literal(",\"thread\":", out);
                put_u64(r->thread, out);
        }
        put_values("args", r, out);
}

static void print_return(const struct mock_record *r, struct hcs_buf *out) {
        put_literal("{\"return\":", out);
        put_u64(r->n, out);
        put_time(r, out);
        put_literal(",\"hr\":", out);
        put_hr(r->hr, out);
        if (r->pending)
                put_literal(",\"pending\":true", out);
        put_values("out", r, out);
        put_process(&r->process, out);
}

static void print_complete(const struct mock_record *r, struct hcs_buf *out) {
        put_literal("{\"complete\":", out);
        put_string(r->subject, out);
        if (r->n) {
                put_literal(",\"of\":", out);
                put_u64(r->n, out);
        }
        put_time(r, out);
        put_literal(",\"hr\":", out);
        put_hr(r->hr, out);
        put_result("result", r, out);
        put_process(&r->process, out);
}

static void print_event(const struct mock_record *r, struct hcs_buf *out) {
        put_literal("{\"event\":", out);
        put_string(r->event, out);
        put_literal(",\"on\":", out);
        put_string(r->subject, out);
        put_time(r, out);
        if (r->hr != S_OK) {
                put_literal(",\"hr\":", out);
                put_hr(r->hr, out);
        }
        put_result("data", r, out);
}

static void print_stdio(const struct mock_record *r, struct hcs_buf *out) {
        static const char *const streams[] = {"stdin", "stdout", "stderr"};
        size_t bad;

        put_literal("{\"stdio\":", out);
        put_string(r->subject, out);
        put_literal(",\"stream\":\"", out);
        put_literal(streams[r->stream], out);
        hcs_buf_putc(out, '"');
        put_time(r, out);
        if (r->len && hcs_utf8_valid(r->data, r->len, &bad)) {
                put_literal(",\"text\":", out);
                mock_scan_quote(r->data, r->len, out);
        } else if (r->len) {
                put_literal(",\"base64\":\"", out);
                mock_base64_encode(r->data, r->len, out);
                hcs_buf_putc(out, '"');
        }
        if (r->end)
                put_literal(",\"end\":true", out);
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
        }
        put_extra(r->extra, out);
        hcs_buf_append(out, "}\n", 2);
}
