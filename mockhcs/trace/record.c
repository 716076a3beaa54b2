/* SPDX-License-Identifier: MIT */

/* A record made from a line. It owns copies of everything; one thread at a time. */

#include "mockhcs/trace/record.h"

#include <string.h>

#include "mockhcs/trace/lines.h"
#include "mockhcs/trace/names.h"

void mock_record_deinit(struct mock_record *r) {
        for (size_t i = 0; i < r->n_args; i++)
                mock_value_deinit(&r->args[i]);
        free(r->args);
        free(r->function);
        mock_value_deinit(&r->result);
        free(r->subject);
        free(r->event);
        free(r->data);
        hcs_json_free(r->header);
        hcs_json_free(r->extra);
        *r = (struct mock_record){0};
}

static HRESULT bad_member(struct hcs_error **err, struct mock_slice name, const char *what) {
        return hcs_error_make(err, E_INVALIDARG, "member \"%.*s\": %s", (int)(name.n < 80 ? name.n : 80), name.p, what);
}

static HRESULT take_text(struct mock_slice raw, const char *name, char **ret, struct hcs_error **err) {
        size_t len;

        if (!raw.p)
                return S_OK;
        *ret = mock_scan_unescaped(raw, &len);
        if (strlen(*ret) != len)
                return bad_member(err, (struct mock_slice){name, strlen(name)}, "U+0000 in a string");
        return S_OK;
}

static HRESULT take_value(const struct mock_line_value *from, const char *name, struct mock_value *to,
                          struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf scratch = {0};
        struct mock_slice text;
        char *copy;

        if (from->kind == MOCK_NUMBER) {
                mock_value_set_number(to, name, from->number);
                return S_OK;
        }
        text = mock_line_value_text(from, &scratch);
        if (memchr(text.p, '\0', text.n))
                return bad_member(err, from->name, "U+0000 in a string");
        copy = hcs_strndup(text.p, text.n);
        if (from->kind == MOCK_DOCUMENT) {
                mock_value_set_document(to, name, copy);
        } else if (from->kind == MOCK_HANDLE) {
                mock_value_set_handle(to, name, copy);
                free(copy);
        } else {
                mock_value_set_text(to, name, copy);
        }
        return S_OK;
}

static HRESULT take_values(const struct mock_line *line, struct mock_record *r, struct hcs_error **err) {
        struct mock_line_values it;
        struct mock_line_value v;
        size_t room = 0;

        mock_line_values_init(&it, line->values, line->exact);
        while (mock_line_values_next(&it, &v)) {
                const char *name;
                HRESULT hr;

                if (v.kind == MOCK_ABSENT)
                        continue;
                name = mock_name_intern(v.name);
                if (!name)
                        return bad_member(err, v.name, "name too long, or too many different names");
                if (r->n_args == room) {
                        room = room ? 2 * room : 4;
                        r->args = hcs_realloc(r->args, room * sizeof(*r->args));
                        memset(r->args + r->n_args, 0, (room - r->n_args) * sizeof(*r->args));
                }
                hr = take_value(&v, name, &r->args[r->n_args++], err);
                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

static HRESULT take_stdio(const struct mock_line *line, struct mock_record *r, struct hcs_error **err) {
        struct hcs_buf b = {0};

        if (line->text.p)
                mock_scan_unescape(line->text, &b);
        else if (line->base64.p && !mock_base64_decode(line->base64, &b)) {
                hcs_buf_deinit(&b);
                return bad_member(err, (struct mock_slice){"base64", 6}, "not base64");
        }
        r->len = b.len;
        r->data = hcs_buf_steal(&b);
        return S_OK;
}

/* What a host says ends with a line feed, which does not stand in the line. */
static HRESULT take_frame(const struct mock_line *line, struct mock_record *r, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf scratch = {0};
        struct hcs_buf body = {0};

        if (line->base64.p && !mock_base64_decode(line->base64, &body)) {
                hcs_buf_deinit(&body);
                return bad_member(err, (struct mock_slice){"base64", 6}, "not base64");
        }
        if (line->result.p) {
                struct mock_slice document = mock_line_document(line->result, line->exact, "document", &scratch);

                hcs_buf_append(&body, document.p, document.n);
                if (!line->from_guest)
                        hcs_buf_putc(&body, '\n');
        }
        r->len = body.len;
        r->data = hcs_buf_steal(&body);
        return S_OK;
}

/* Members that nobody knows, as they are. */
static HRESULT take_extra(const char *text, size_t len, struct mock_record *r, struct hcs_error **err) {
        static const struct hcs_json_options options = {.max_depth = MOCK_SCAN_MAX_DEPTH,
                                                        .flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        struct mock_scan s;
        struct mock_slice key;
        struct mock_slice value;

        r->extra = hcs_json_new_object();
        mock_scan_init(&s, text, len);
        mock_scan_enter(&s, '{');
        while (mock_scan_member(&s, &key) > 0 && mock_scan_value(&s, &value)) {
                struct hcs_json *tree = NULL;
                _cleanup_free_ char *name = NULL;
                HRESULT hr;

                if (mock_line_knows(r->kind, key))
                        continue;
                hr = hcs_json_parse(value.p, value.n, &options, &tree, err);
                if (FAILED(hr))
                        return hr;
                name = mock_scan_unescaped(key, NULL);
                hcs_json_set(r->extra, name, tree);
        }
        return S_OK;
}

static HRESULT take_line(const char *text, size_t len, const struct mock_line *line, struct mock_record *r,
                         struct hcs_error **err) {
        HRESULT hr = S_OK;

        r->kind = line->kind;
        if (line->kind == MOCK_RECORD_UNKNOWN) {
                r->data = hcs_strndup(text, len);
                r->len = len;
                return S_OK;
        }
        if (line->kind == MOCK_RECORD_HEADER)
                return hcs_json_parse(text, len, NULL, &r->header, err);
        r->t = line->t;
        r->n = line->n;
        r->thread = line->thread;
        r->dll = line->dll;
        r->hr = line->hr;
        r->pending = line->pending;
        r->process = line->process;
        r->stream = line->stream;
        r->end = line->end;
        r->from_guest = line->from_guest;
        r->broken = line->broken;
        hr = take_text(line->function, line->kind == MOCK_RECORD_FRAME ? "frame" : "call", &r->function, err);
        if (SUCCEEDED(hr))
                hr = take_text(line->subject, line->kind == MOCK_RECORD_EVENT ? "on" : "subject", &r->subject, err);
        if (SUCCEEDED(hr))
                hr = take_text(line->event, "event", &r->event, err);
        if (SUCCEEDED(hr))
                hr = take_values(line, r, err);
        if (SUCCEEDED(hr) && line->kind == MOCK_RECORD_FRAME)
                hr = take_frame(line, r, err);
        else if (SUCCEEDED(hr) && line->result.p) {
                const char *name = line->kind == MOCK_RECORD_EVENT ? "data" : "result";
                _cleanup_buf_ struct hcs_buf scratch = {0};
                struct mock_slice doc = mock_line_document(line->result, line->exact, name, &scratch);

                if (memchr(doc.p, '\0', doc.n))
                        return bad_member(err, (struct mock_slice){name, strlen(name)}, "U+0000 in a string");
                mock_value_set_document(&r->result, name, hcs_strndup(doc.p, doc.n));
        }
        if (SUCCEEDED(hr) && line->kind == MOCK_RECORD_STDIO)
                hr = take_stdio(line, r, err);
        if (SUCCEEDED(hr) && line->n_unknown)
                hr = take_extra(text, len, r, err);
        return hr;
}

HRESULT mock_record_from_line(const char *text, size_t len, const struct mock_line *line, struct mock_record *ret,
                              struct hcs_error **err) {
        struct mock_record r = {0};
        HRESULT hr = take_line(text, len, line, &r, err);

        if (FAILED(hr)) {
                mock_record_deinit(&r);
                return hr;
        }
        *ret = r;
        return S_OK;
}

HRESULT mock_record_parse(const char *line, size_t len, struct mock_record *ret, struct hcs_error **err) {
        struct mock_line l;
        struct mock_line_error why;
        HRESULT hr = mock_line_parse(line, len, &l, &why);

        if (FAILED(hr))
                return hcs_error_make(err, hr, "line 1, column %zu: %s", why.column, why.text);
        hr = mock_record_from_line(line, len, &l, ret, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "line 1, column 1"), hr;
        return S_OK;
}
