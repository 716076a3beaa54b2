/* SPDX-License-Identifier: MIT */

/* Line by line in constant memory; only a line that may hold a secret becomes a tree. See redact.h. */

#include "mockhcs/workbench/redact.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/scrub.h"
#include "base/str.h"
#include "mockhcs/trace/lines.h"
#include "mockhcs/workbench/fingerprint.h"
#include "mockhcs/workbench/output.h"

#define MAX_EMBEDDED 8

static const struct hcs_json_options deep = {.max_depth = MOCK_SCAN_MAX_DEPTH, .flags = HCS_JSON_DUPLICATE_LAST};

static bool is_secret_member(const struct redact_options *o, const char *key) {
        for (size_t i = 0; key && i < o->n_members; i++)
                if (hcs_strcaseeq(key, o->members[i]))
                        return true;
        return false;
}

/* The bytes without the secrets. False, and *ret is empty, when there is none in them. */
static bool without(const char *bytes, size_t n, const struct redact_options *o, struct hcs_buf *ret) {
        bool found = false;

        for (size_t i = 0; i < o->n_texts; i++) {
                size_t len = strlen(o->texts[i]);
                const char *from = found ? hcs_buf_cstr(ret) : bytes, *end = from + (found ? ret->len : n);
                const char *at = len ? memmem(from, (size_t)(end - from), o->texts[i], len) : NULL;
                struct hcs_buf out = {0};

                if (!at)
                        continue;
                for (; at; at = memmem(from, (size_t)(end - from), o->texts[i], len)) {
                        hcs_buf_append(&out, from, (size_t)(at - from));
                        hcs_buf_puts(&out, HCS_SCRUBBED);
                        from = at + len;
                }
                hcs_buf_append(&out, from, (size_t)(end - from));
                hcs_buf_deinit(ret);
                *ret = out;
                found = true;
        }
        return found;
}

static unsigned redact_tree(struct hcs_json *node, const struct redact_options *o, unsigned depth);

static unsigned redact_string(struct hcs_json *parent, struct hcs_json *child, const struct redact_options *o,
                              unsigned depth) {
        const char *text = hcs_json_string(child);
        _cleanup_json_ struct hcs_json *inside = NULL;
        _cleanup_buf_ struct hcs_buf now = {0};

        if ((*text == '{' || *text == '[') && depth < MAX_EMBEDDED &&
            SUCCEEDED(hcs_json_parse(text, strlen(text), &deep, &inside, NULL))) {
                unsigned n = redact_tree(inside, o, depth + 1);

                if (n) {
                        hcs_json_print(inside, HCS_JSON_COMPACT, &now);
                        hcs_json_replace(parent, child, hcs_json_new_string(hcs_buf_cstr(&now)));
                }
                return n;
        }
        if (!without(text, strlen(text), o, &now))
                return 0;
        hcs_json_replace(parent, child, hcs_json_new_string(hcs_buf_cstr(&now)));
        return 1;
}

static unsigned redact_tree(struct hcs_json *node, const struct redact_options *o, unsigned depth) {
        unsigned n = 0;

        for (struct hcs_json *c = hcs_json_first(node), *next; c; c = next) {
                next = hcs_json_next(c);
                if (is_secret_member(o, hcs_json_key(c)) && !hcs_streq(hcs_json_string(c), HCS_SCRUBBED)) {
                        hcs_json_replace(node, c, hcs_json_new_string(HCS_SCRUBBED));
                        n++;
                } else if (hcs_json_string(c)) {
                        n += redact_string(node, c, o, depth);
                } else {
                        n += redact_tree(c, o, depth);
                }
        }
        return n;
}

static unsigned redact_output(struct hcs_json *record, const struct mock_line *l) {
        const struct hcs_json *text = hcs_json_get(record, "text");

        if (l->kind != MOCK_RECORD_STDIO || !(l->text.n || l->base64.n) ||
            hcs_streq(hcs_json_string(text), HCS_SCRUBBED))
                return 0;
        hcs_json_remove(record, "base64");
        hcs_json_set_string(record, "text", HCS_SCRUBBED);
        return 1;
}

/* What is no text, of streams and frames. */
static unsigned redact_bytes(struct hcs_json *record, const struct redact_options *o) {
        const char *base64 = hcs_json_get_string(record, "base64");
        _cleanup_buf_ struct hcs_buf was = {0}, is = {0}, text = {0};

        if (!base64 || !hcs_base64_decode(base64, strlen(base64), &was) ||
            !without(hcs_buf_cstr(&was), was.len, o, &is))
                return 0;
        hcs_base64_encode(is.data, is.len, &text);
        hcs_json_set_string(record, "base64", hcs_buf_cstr(&text));
        return 1;
}

/* One member with all below it. */
static unsigned redact_member(struct hcs_json *of, struct hcs_json *m, const struct redact_options *o) {
        return hcs_json_string(m) ? redact_string(of, m, o, 0) : redact_tree(m, o, 0);
}

/* Those of a record of ours that hold what was said. Others say what it is, and what is named by the caller may be
 * called like one of them. */
static bool is_document(const char *key) {
        static const char *const documents[] = {"args", "out", "result", "data", "document", "exact", "text"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(documents); i++)
                if (hcs_streq(key, documents[i]))
                        return true;
        return false;
}

/* What this version does not know, and a client's own record, may be anything. */
static unsigned redact_record(struct hcs_json *record, const struct mock_line *l, const struct redact_options *o) {
        unsigned n = hcs_scrub_json(record);

        if (o->output)
                n += redact_output(record, l);
        n += redact_bytes(record, o);
        for (struct hcs_json *m = hcs_json_first(record), *next; m; m = next) {
                const char *key = hcs_json_key(m);
                bool known = mock_line_knows(l->kind, (struct mock_slice){key, strlen(key)});

                next = hcs_json_next(m);
                if (!known && is_secret_member(o, key) && !hcs_streq(hcs_json_string(m), HCS_SCRUBBED)) {
                        hcs_json_replace(record, m, hcs_json_new_string(HCS_SCRUBBED));
                        n++;
                } else if (!known || is_document(key)) {
                        n += redact_member(record, m, o);
                }
        }
        return n;
}

static bool may_hold(struct mock_slice text, const struct mock_line *l, const struct redact_options *o) {
        return o->n_members || o->n_texts || (o->output && l->kind == MOCK_RECORD_STDIO) ||
               hcs_scrub_might_find(text.p, text.n);
}

static void put_key(struct trace_output *key, uint64_t line, struct mock_slice was, const char *is) {
        _cleanup_json_ struct hcs_json *o = NULL;
        char print[24];

        if (!key)
                return;
        o = hcs_json_new_object();
        snprintf(print, sizeof(print), "%016llx",
                 (unsigned long long)fingerprint_bytes(FINGERPRINT_START, is, strlen(is)));
        hcs_json_set_u64(o, "line", line);
        hcs_json_set_string(o, "is", print);
        hcs_json_set(o, "was", hcs_json_new_string_n(was.p, was.n));
        trace_output_json(key, o);
}

static HRESULT redact_line(const struct mock_trace_line *l, const struct redact_options *o, struct trace_output *out,
                           struct trace_output *key, uint64_t *n, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *record = NULL;
        _cleanup_free_ char *now = NULL;
        unsigned found = 0;

        if (may_hold(l->text, &l->parts, o)) {
                HRESULT hr = hcs_json_parse(l->text.p, l->text.n, &deep, &record, err);

                if (FAILED(hr))
                        return hcs_error_wrap(err, "line %llu", (unsigned long long)l->number);
                found = redact_record(record, &l->parts, o);
        }
        if (!found) {
                trace_output_line(out, l->text.p, l->text.n);
                return S_OK;
        }
        now = hcs_json_text(record, HCS_JSON_COMPACT);
        trace_output_line(out, now, strlen(now));
        put_key(key, l->number, l->text, now);
        *n += found;
        return S_OK;
}

/* What makes it a trace that can be read stays. */
static unsigned redact_header(struct hcs_json *h, const struct redact_options *o) {
        static const char *const kept[] = {"trace", "version", "redacted", "noise"};
        unsigned n = hcs_scrub_json(h);

        for (struct hcs_json *m = hcs_json_first(h), *next; m; m = next) {
                bool keep = false;

                next = hcs_json_next(m);
                for (size_t i = 0; i < HCS_ARRAY_SIZE(kept); i++)
                        keep |= hcs_streq(hcs_json_key(m), kept[i]);
                if (!keep)
                        n += redact_member(h, m, o);
        }
        return n;
}

static unsigned put_header(const struct hcs_json *header, const struct redact_options *o, struct trace_output *out,
                           struct trace_output *key) {
        _cleanup_free_ char *was = hcs_json_text(header, HCS_JSON_COMPACT), *is = NULL;
        _cleanup_json_ struct hcs_json *h = hcs_json_copy(header);
        unsigned n = redact_header(h, o);

        hcs_json_set_bool(h, "redacted", true);
        is = hcs_json_text(h, HCS_JSON_COMPACT);
        trace_output_line(out, is, strlen(is));
        put_key(key, 1, (struct mock_slice){was, strlen(was)}, is);
        return n;
}

static HRESULT open_key(const char *path, struct trace_output **ret, struct hcs_error **err) {
        static const char line[] = "{\"key\":\"hcs\",\"version\":1}";
        HRESULT hr = path ? trace_output_open(path, ret, err) : S_OK;

        if (path && SUCCEEDED(hr))
                trace_output_line(*ret, line, strlen(line));
        return hr;
}

HRESULT trace_redact(const char *path, const char *output, const struct redact_options *options, uint64_t *ret_n,
                     struct hcs_error **err) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        _cleanup_(trace_output_freep) struct trace_output *out = NULL, *key = NULL;
        uint64_t n = 0;
        HRESULT hr = mock_trace_reader_open(path, &reader, err);

        if (SUCCEEDED(hr))
                hr = trace_output_open(output, &out, err);
        if (SUCCEEDED(hr))
                hr = open_key(options->key, &key, err);
        if (FAILED(hr))
                return hr;
        n = put_header(mock_trace_reader_header(reader), options, out, key);
        while (SUCCEEDED(hr)) {
                struct mock_trace_line line;

                hr = mock_trace_reader_next_line(reader, &line, err);
                if (hr != S_OK)
                        break;
                hr = redact_line(&line, options, out, key, &n, err);
        }
        /* The key first: without it the trace would be without a way back. */
        if (SUCCEEDED(hr) && key)
                hr = trace_output_finish(steal_pointer(&key), err);
        reader = mock_trace_reader_free(reader);
        if (SUCCEEDED(hr))
                hr = trace_output_finish(steal_pointer(&out), err);
        if (SUCCEEDED(hr))
                *ret_n = n;
        return hr;
}

/* ---- back ---- */

struct key {
        uint64_t line; /* of the next change; 0: there is none */
        struct hcs_json *change;
};

static HRESULT next_change(struct key *k, FILE *f, const char *path, struct hcs_error **err) {
        _cleanup_free_ char *text = NULL;
        size_t cap = 0;
        ssize_t n = getline(&text, &cap, f);
        HRESULT hr;

        hcs_json_free(steal_pointer(&k->change));
        k->line = 0;
        if (n <= 0)
                return S_OK;
        hr = hcs_json_parse(text, (size_t)n, NULL, &k->change, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "%s", path);
        if (!hcs_json_u64(hcs_json_get(k->change, "line"), &k->line) || !k->line ||
            !hcs_json_get_string(k->change, "is") || !hcs_json_get_string(k->change, "was"))
                return hcs_error_make(err, E_INVALIDARG, "%s: not a line of a key: %.80s", path, text);
        return S_OK;
}

static HRESULT restore_line(struct key *k, FILE *f, const char *path, struct mock_slice text, uint64_t line,
                            struct trace_output *out, uint64_t *count, struct hcs_error **err) {
        char print[24];
        const char *was;

        if (k->line != line) {
                trace_output_line(out, text.p, text.n);
                return S_OK;
        }
        snprintf(print, sizeof(print), "%016llx",
                 (unsigned long long)fingerprint_bytes(FINGERPRINT_START, text.p, text.n));
        if (!hcs_streq(print, hcs_json_get_string(k->change, "is")))
                return hcs_error_make(err, E_INVALIDARG, "line %llu is not the one that the key %s belongs to",
                                      (unsigned long long)line, path);
        was = hcs_json_get_string(k->change, "was");
        trace_output_line(out, was, strlen(was));
        ++*count;
        return next_change(k, f, path, err);
}

static HRESULT restore(const char *path, const char *key, FILE *f, const char *output, uint64_t *ret_n,
                       struct hcs_error **err) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        _cleanup_(trace_output_freep) struct trace_output *out = NULL;
        _cleanup_free_ char *header = NULL, *first = NULL;
        size_t cap = 0;
        struct key k = {0};
        uint64_t n = 0;
        HRESULT hr = mock_trace_reader_open(path, &reader, err);

        if (SUCCEEDED(hr) &&
            (getline(&first, &cap, f) <= 0 || !hcs_str_starts(first, "{\"key\":\"hcs\",\"version\":1}")))
                hr = hcs_error_make(err, E_INVALIDARG, "%s: not a key of a redacted trace", key);
        if (SUCCEEDED(hr))
                hr = trace_output_open(output, &out, err);
        if (SUCCEEDED(hr))
                hr = next_change(&k, f, key, err);
        if (SUCCEEDED(hr)) {
                header = hcs_json_text(mock_trace_reader_header(reader), HCS_JSON_COMPACT);
                hr = restore_line(&k, f, key, (struct mock_slice){header, strlen(header)}, 1, out, &n, err);
        }
        while (SUCCEEDED(hr)) {
                struct mock_trace_line line;

                hr = mock_trace_reader_next_line(reader, &line, err);
                if (hr != S_OK)
                        break;
                hr = restore_line(&k, f, key, line.text, line.number, out, &n, err);
        }
        if (SUCCEEDED(hr) && k.line)
                hr = hcs_error_make(err, E_INVALIDARG, "%s: the key goes on to line %llu, the trace does not", key,
                                    (unsigned long long)k.line);
        reader = mock_trace_reader_free(reader);
        if (SUCCEEDED(hr))
                hr = trace_output_finish(steal_pointer(&out), err);
        if (SUCCEEDED(hr))
                *ret_n = n;
        hcs_json_free(k.change);
        return hr;
}

HRESULT trace_restore(const char *path, const char *key, const char *output, uint64_t *ret_n, struct hcs_error **err) {
        FILE *f = fopen(key, "re");
        HRESULT hr;

        if (!f)
                return hcs_error_errno(err, errno, "open `%s`", key);
        hr = restore(path, key, f, output, ret_n, err);
        fclose(f);
        return hr;
}
