/* SPDX-License-Identifier: MIT */

/* Both sides are read again from their files, a record at a time, and compared value by value. See compare.h. */

#include "mockhcs/workbench/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/trace/diff.h"
#include "mockhcs/workbench/fingerprint.h"

#define MAX_STREAM ((size_t)1 << 20) /* of a stream is looked at */
#define LIMIT      20

static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};

/* A head with what goes on with it. */
struct told {
        struct mock_record head, ret, complete;
        bool has_return, has_complete;
        struct hcs_buf stream;
};

static void told_deinit(struct told *t) {
        mock_record_deinit(&t->head);
        mock_record_deinit(&t->ret);
        mock_record_deinit(&t->complete);
        hcs_buf_deinit(&t->stream);
}

/* The comparison of one pair: where differences are put. */
struct pair {
        struct comparison *c;
        struct hcs_buf *lines;
        const char *call, *part;
        size_t root; /* bytes of a path that name the part */
        unsigned n;
};

void comparison_deinit(struct comparison *c) {
        variables_deinit(&c->variables);
}

static HRESULT read_all(struct catalog *c, uint32_t item, struct told *ret, struct hcs_error **err) {
        HRESULT hr = catalog_read(c, item, &ret->head, err);

        if (SUCCEEDED(hr) && ret->head.kind == MOCK_RECORD_STDIO)
                hcs_buf_append(&ret->stream, ret->head.data, ret->head.len);
        for (item = c->items[item].next; SUCCEEDED(hr) && item != CATALOG_NONE; item = c->items[item].next) {
                struct mock_record r = {0};

                if (ret->stream.len > MAX_STREAM)
                        break;
                hr = catalog_read(c, item, &r, err);
                if (FAILED(hr))
                        break;
                if (r.kind == MOCK_RECORD_STDIO) {
                        hcs_buf_append(&ret->stream, r.data, r.len);
                } else if (r.kind == MOCK_RECORD_COMPLETE && !ret->has_complete) {
                        ret->complete = r;
                        ret->has_complete = true;
                        continue;
                } else if (!ret->has_return) {
                        ret->ret = r;
                        ret->has_return = true;
                        continue;
                }
                mock_record_deinit(&r);
        }
        return hr;
}

static bool same(void *ctx, const char *key, const struct hcs_json *a, const struct hcs_json *b) {
        struct pair *p = ctx;
        char text_a[40], text_b[40];

        if (key && hcs_json_is(a, HCS_JSON_NUMBER) && hcs_json_is(b, HCS_JSON_NUMBER)) {
                hcs_json_number_text(a, text_a, sizeof(text_a));
                hcs_json_number_text(b, text_b, sizeof(text_b));
                if (fingerprint_is_invented(key, strlen(key), text_a, strlen(text_a)) &&
                    fingerprint_is_invented(key, strlen(key), text_b, strlen(text_b)))
                        return true;
        }
        return variables_same(&p->c->variables, key, a, b);
}

static bool same_key(void *ctx, const char *a, const char *b) {
        return variables_same_key(&((struct pair *)ctx)->c->variables, a, b);
}

static void found(void *ctx, const char *path, const struct hcs_json *a, const struct hcs_json *b) {
        struct pair *p = ctx;

        if (p->c->found)
                p->c->found(p->c->ctx, p->call, p->part, path + p->root, a, b);
}

static bool is_noise(const struct pair *p, const char *part, const char *path) {
        return p->c->noise && mock_noise_has(p->c->noise, p->call, part, path);
}

static bool ignored(void *ctx, const char *path) {
        const struct pair *p = ctx;

        return is_noise(p, p->part, path + p->root);
}

static void documents(struct pair *p, const char *part, const char *root, const struct hcs_json *a,
                      const struct hcs_json *b) {
        const struct mock_diff_options options = {.limit = LIMIT,
                                                  .root = root,
                                                  .same = same,
                                                  .same_key = same_key,
                                                  .found = found,
                                                  .ignored = ignored,
                                                  .ctx = p};

        p->part = part;
        p->root = strlen(root) - 1;
        p->n += mock_diff(a, b, &options, p->lines);
}

static void texts(struct pair *p, const char *part, const char *a, const char *b) {
        if (is_noise(p, part, "$"))
                return;
        if (p->lines)
                hcs_buf_printf(p->lines, "  %s: expected %s, got %s\n", part, a, b);
        if (p->c->found) {
                _cleanup_json_ struct hcs_json *x = hcs_json_new_string(a), *y = hcs_json_new_string(b);

                p->c->found(p->c->ctx, p->call, part, "$", x, y);
        }
        p->n++;
}

static struct hcs_json *tree_of(const struct mock_value *v) {
        struct hcs_json *tree = NULL;

        if (mock_value_is_empty(v))
                return NULL;
        if (v->kind == MOCK_NUMBER)
                return hcs_json_new_u64(v->number);
        if (v->kind == MOCK_DOCUMENT)
                hcs_json_parse(v->text, v->len, &lax, &tree, NULL);
        return tree ? tree : hcs_json_new_string_n(v->text, v->len);
}

/* Either may be absent. */
static void values(struct pair *p, const char *part, const struct mock_value *a, const struct mock_value *b) {
        _cleanup_json_ struct hcs_json *x = a ? tree_of(a) : NULL, *y = b ? tree_of(b) : NULL;
        _cleanup_free_ char *root = hcs_asprintf("  %s: $", part);
        const char *name = a ? a->name : b->name;

        if (!x && !y)
                return;
        if (x && y && a->kind == MOCK_NUMBER && same(p, name, x, y))
                return;
        documents(p, part, root, x, y);
}

static const struct mock_value *value_of(const struct mock_record *r, const char *name) {
        for (size_t i = 0; i < r->n_args; i++)
                if (hcs_streq(r->args[i].name, name))
                        return &r->args[i];
        return NULL;
}

/* The one of b that stands for a's at `i`: of several with one name, that which is as far on. */
static const struct mock_value *partner_of(const struct mock_record *a, size_t i, const struct mock_record *b) {
        size_t before = 0;

        for (size_t k = 0; k < i; k++)
                before += hcs_streq(a->args[k].name, a->args[i].name);
        for (size_t k = 0; k < b->n_args; k++)
                if (hcs_streq(b->args[k].name, a->args[i].name) && before-- == 0)
                        return &b->args[k];
        return NULL;
}

static bool counts(const struct mock_value *v) {
        return v->kind != MOCK_HANDLE && !hcs_streq(v->name, "access") && !hcs_streq(v->name, "timeout");
}

static const char *other_name(const char *name) {
        return hcs_streq(name, "properties") ? "result" : hcs_streq(name, "result") ? "properties" : NULL;
}

/* The id that a system is made with stands for whatever the other one's is, also when the rest differs. */
static void bind_id(struct pair *p, const struct mock_record *a, const struct mock_record *b) {
        const struct mock_function *f = mock_function_find(a->dll, a->function);
        const struct mock_value *x = value_of(a, "id"), *y = value_of(b, "id");

        if (f && (f->verb == MOCK_CREATE_SYSTEM || f->verb == MOCK_OPEN_SYSTEM) && x && y && x->text && y->text &&
            variables_bind(&p->c->variables, "id", x->text, y->text))
                variables_commit(&p->c->variables);
}

static void all_values(struct pair *p, const char *where, const struct mock_record *a, const struct mock_record *b) {
        for (size_t i = 0; i < a->n_args; i++) {
                _cleanup_free_ char *part = hcs_asprintf("%s.%s", where, a->args[i].name);
                const struct mock_value *other = partner_of(a, i, b);

                if (!other && other_name(a->args[i].name))
                        other = value_of(b, other_name(a->args[i].name));
                if (counts(&a->args[i]))
                        values(p, part, &a->args[i], other);
        }
        for (size_t i = 0; i < b->n_args; i++) {
                _cleanup_free_ char *part = hcs_asprintf("%s.%s", where, b->args[i].name);
                const char *other = other_name(b->args[i].name);

                if (counts(&b->args[i]) && !partner_of(b, i, a) && !(other && value_of(a, other)))
                        values(p, part, NULL, &b->args[i]);
        }
}

static uint32_t code(HRESULT hr) {
        return (uint32_t)hcs_hresult_to_computecore(hr);
}

static char *code_text(const struct told *t) {
        const struct mock_record *r = t->has_complete ? &t->complete : &t->ret;
        const char *name;

        if (!t->has_return)
                return hcs_strdup("no return");
        if (t->ret.pending && !t->has_complete && SUCCEEDED(t->ret.hr))
                return hcs_strdup("no completion");
        name = hcs_hresult_name((HRESULT)code(r->hr));
        return name ? hcs_asprintf("%s (0x%08X)", name, code(r->hr)) : hcs_asprintf("0x%08X", code(r->hr));
}

/* What a query answers is its result, wherever it stands. */
static const struct mock_value *result_of(const struct told *t) {
        const struct mock_value *v = t->has_complete && !mock_value_is_empty(&t->complete.result) ? &t->complete.result
                                     : !mock_value_is_empty(&t->ret.result)                       ? &t->ret.result
                                                                                                  : NULL;

        return v;
}

static void compare_calls(struct pair *p, const struct told *a, const struct told *b) {
        _cleanup_free_ char *code_a = code_text(a), *code_b = code_text(b);
        static const struct mock_record none = {0};
        const struct mock_value *x = result_of(a), *y = result_of(b);

        bind_id(p, &a->head, &b->head);
        all_values(p, "args", &a->head, &b->head);
        if (!hcs_streq(code_a, code_b))
                texts(p, "hr", code_a, code_b);
        all_values(p, "out", a->has_return ? &a->ret : &none, b->has_return ? &b->ret : &none);
        if (x || y)
                values(p, "result", x, y);
}

static void compare_bodies(struct pair *p, const char *part, const struct mock_record *a, const struct mock_record *b) {
        _cleanup_json_ struct hcs_json *x = NULL, *y = NULL;

        hcs_json_parse(a->data, a->len, &lax, &x, NULL); /* none is fine */
        hcs_json_parse(b->data, b->len, &lax, &y, NULL);
        if (x || y)
                documents(p, part, "$", x, y);
        else if (!is_noise(p, part, "$") && (a->len != b->len || memcmp(a->data, b->data, a->len) != 0)) {
                if (p->lines)
                        hcs_buf_printf(p->lines, "$: expected %zu bytes, got %zu others\n", a->len, b->len);
                if (p->c->found)
                        p->c->found(p->c->ctx, p->call, part, "$", NULL, NULL);
                p->n++;
        }
}

static void compare_frames(struct pair *p, const struct told *a, const struct told *b) {
        compare_bodies(p, "document", &a->head, &b->head);
        if (a->has_return && b->has_return)
                compare_bodies(p, "answer", &a->ret, &b->ret);
        else if (a->has_return || b->has_return)
                texts(p, "answer", a->has_return ? "an answer" : "none", b->has_return ? "an answer" : "none");
}

static void compare_streams(struct pair *p, const struct told *a, const struct told *b) {
        const char *x = hcs_buf_cstr(&a->stream), *y = hcs_buf_cstr(&b->stream);
        size_t same_bytes = 0, line = 1, start = 0;

        while (same_bytes < a->stream.len && same_bytes < b->stream.len && x[same_bytes] == y[same_bytes])
                if (x[same_bytes++] == '\n') {
                        line++;
                        start = same_bytes;
                }
        if (same_bytes == a->stream.len && same_bytes == b->stream.len)
                return;
        if (!variables_same_text(&p->c->variables, NULL, x, y)) {
                _cleanup_free_ char *of_a =
                        hcs_asprintf("line %zu \"%.*s\"", line, (int)strcspn(x + start, "\r\n"), x + start);
                _cleanup_free_ char *of_b = hcs_asprintf("\"%.*s\"", (int)strcspn(y + start, "\r\n"), y + start);

                texts(p, mock_stream_name(a->head.stream), of_a, of_b);
        }
}

static void compare_events(struct pair *p, const struct mock_record *a, const struct mock_record *b) {
        if (!hcs_streq(a->event, b->event))
                texts(p, "event", a->event, b->event);
        if (code(a->hr) != code(b->hr)) {
                _cleanup_free_ char *x = hcs_asprintf("0x%08X", code(a->hr)), *y = hcs_asprintf("0x%08X", code(b->hr));

                texts(p, "hr", x, y);
        }
        values(p, "data", &a->result, &b->result);
}

HRESULT comparison_of(struct comparison *c, uint32_t a, uint32_t b, unsigned *ret_n, struct hcs_buf *lines,
                      struct hcs_error **err) {
        _cleanup_(told_deinit) struct told x = {0}, y = {0};
        struct pair p = {.c = c, .lines = lines};
        HRESULT hr = read_all(c->a, a, &x, err);

        if (SUCCEEDED(hr))
                hr = read_all(c->b, b, &y, err);
        if (FAILED(hr))
                return hr;
        p.call = x.head.kind == MOCK_RECORD_EVENT   ? x.head.event
                 : x.head.kind == MOCK_RECORD_STDIO ? mock_stream_name(x.head.stream)
                 : x.head.function                  ? x.head.function
                                                    : "";
        switch (x.head.kind) {
        case MOCK_RECORD_CALL:
                compare_calls(&p, &x, &y);
                break;
        case MOCK_RECORD_EVENT:
                compare_events(&p, &x.head, &y.head);
                break;
        case MOCK_RECORD_STDIO:
                compare_streams(&p, &x, &y);
                break;
        case MOCK_RECORD_FRAME:
                compare_frames(&p, &x, &y);
                break;
        default:
                p.n += c->a->items[a].shape != c->b->items[b].shape;
        }
        if (p.n)
                variables_rollback(&c->variables);
        else
                variables_commit(&c->variables);
        *ret_n = p.n;
        return S_OK;
}

HRESULT comparison_describe(struct catalog *c, uint32_t item, struct hcs_buf *out, struct hcs_error **err) {
        struct mock_record r = {0};
        HRESULT hr = catalog_read(c, item, &r, err);

        if (FAILED(hr))
                return hr;
        switch (r.kind) {
        case MOCK_RECORD_CALL:
                hcs_buf_puts(out, r.function);
                for (size_t i = 0; i < r.n_args; i++)
                        if (r.args[i].kind == MOCK_HANDLE && !hcs_str_starts(r.args[i].text, "operation/"))
                                hcs_buf_printf(out, " on %s", r.args[i].text);
                        else if (hcs_streq(r.args[i].name, "id") || hcs_streq(r.args[i].name, "method") ||
                                 hcs_streq(r.args[i].name, "path"))
                                hcs_buf_printf(out, " %.80s", r.args[i].text ? r.args[i].text : "");
                break;
        case MOCK_RECORD_EVENT:
                hcs_buf_printf(out, "%s of %s", r.event, r.subject);
                break;
        case MOCK_RECORD_STDIO:
                hcs_buf_printf(out, "%s of %s", mock_stream_name(r.stream), r.subject);
                break;
        case MOCK_RECORD_FRAME:
                hcs_buf_printf(out, "%s #%llu on %s", r.function, (unsigned long long)r.n, r.subject);
                break;
        default:
                hcs_buf_puts(out, "a record of a kind this version does not know");
        }
        mock_record_deinit(&r);
        return S_OK;
}
