/* SPDX-License-Identifier: MIT */

/* A part is a name, and a file whose name differs from all others in more than its case: not every system tells those
 * apart. Each head is of one part, and what goes on with it too. The trace is read twice to say which, and once
 * to write: what goes to many parts is collected for each, up to a bound, before it is written. */

#include "mockhcs/workbench/split.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/engine/handle.h"
#include "mockhcs/trace/lines.h"
#include "mockhcs/workbench/catalog.h"
#include "mockhcs/workbench/fingerprint.h"
#include "mockhcs/workbench/output.h"
#include "platform/file.h"

#define COLLECTED ((size_t)32 << 20)
#define OTHERS    0

struct parts {
        char **names;
        uint64_t *records;
        uint32_t n, cap;
        struct keymap by_name, by_file;
        struct keymap parents; /* by symbol: the symbol, as a part, of what it was made through */
        struct keymap operations;
        uint32_t *of; /* by item */
        enum split_by by;
};

static uint64_t hash(const char *s, size_t n) {
        return fingerprint_bytes(FINGERPRINT_START, s, n);
}

static void parts_deinit(struct parts *p) {
        for (uint32_t i = 0; i < p->n; i++)
                free(p->names[i]);
        free(p->names);
        free(p->records);
        free(p->of);
        keymap_deinit(&p->by_name);
        keymap_deinit(&p->by_file);
        keymap_deinit(&p->parents);
        keymap_deinit(&p->operations);
}

/* What is no letter or digit becomes '-'. */
static char *file_name(const char *name, size_t n) {
        char *file = hcs_strndup(name, n < 120 ? n : 120);

        for (char *c = file; *c; c++)
                if (!((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_'))
                        *c = '-';
        return file;
}

/* Whether no part has such a file yet; from now on one has. */
static bool take_file(struct parts *p, const char *file) {
        _cleanup_free_ char *folded = hcs_strdup(file);
        uint32_t *place;

        for (char *c = folded; *c; c++)
                *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 32 : *c);
        place = keymap_place(&p->by_file, hash(folded, strlen(folded)));
        if (*place != KEYMAP_NONE)
                return false;
        *place = p->n;
        return true;
}

static char *free_file(struct parts *p, const char *name, size_t n) {
        _cleanup_free_ char *file = file_name(name, n);

        if (take_file(p, file))
                return steal_pointer(&file);
        for (unsigned k = 2;; k++) {
                _cleanup_free_ char *other = hcs_asprintf("%s-%u", file, k);

                if (take_file(p, other))
                        return steal_pointer(&other);
        }
}

static uint32_t part_of(struct parts *p, const char *name, size_t n) {
        uint32_t *place = keymap_place(&p->by_name, hash(name, n));

        if (*place != KEYMAP_NONE)
                return *place;
        *place = p->n;
        if (p->n == p->cap) {
                p->cap = p->cap ? 2 * p->cap : 16;
                p->names = hcs_realloc(p->names, p->cap * sizeof(*p->names));
                p->records = hcs_realloc(p->records, p->cap * sizeof(*p->records));
        }
        p->names[p->n] = free_file(p, name, n);
        p->records[p->n] = 0;
        return p->n++;
}

/* The object at the root of that one: what it was made through, and so on. */
static uint32_t part_of_symbol(struct parts *p, struct mock_slice symbol) {
        uint32_t parent = keymap_get(&p->parents, hash(symbol.p, symbol.n));

        if (parent != KEYMAP_NONE)
                return parent;
        if (symbol.n > 7 && memcmp(symbol.p, "bridge/", 7) == 0) {
                _cleanup_free_ char *system = hcs_asprintf("system/%.*s", (int)(symbol.n - 7), symbol.p + 7);

                parent = keymap_get(&p->by_name, hash(system, strlen(system)));
                if (parent != KEYMAP_NONE)
                        return parent;
        }
        return part_of(p, symbol.p, symbol.n);
}

/* The first handle among values that is no operation; absent for none. */
static struct mock_slice handle_in(const struct mock_line *l) {
        struct mock_line_values it;
        struct mock_line_value v;

        mock_line_values_init(&it, l->values, l->exact);
        while (mock_line_values_next(&it, &v))
                if (v.kind == MOCK_HANDLE && v.exact.n > 10 && memcmp(v.exact.p, "operation/", 10) == 0)
                        continue;
                else if (v.kind == MOCK_HANDLE && memchr(v.exact.p, '/', v.exact.n))
                        return v.exact;
        return (struct mock_slice){0};
}

static struct mock_slice operation_in(const struct mock_line *l) {
        struct mock_line_value v;

        return mock_line_value_find(l->values, l->exact, "operation", &v) && v.kind == MOCK_HANDLE
                       ? v.exact
                       : (struct mock_slice){0};
}

static struct mock_slice container_in(const struct mock_line *l) {
        struct mock_slice key, value;
        struct mock_scan s;

        mock_scan_init(&s, l->result.p, l->result.p ? l->result.n : 0);
        if (l->result.p && mock_scan_enter(&s, '{'))
                while (mock_scan_member(&s, &key) > 0 && mock_scan_value(&s, &value))
                        if (mock_slice_is(key, "ContainerId"))
                                return mock_slice_string(value);
        return (struct mock_slice){0};
}

static uint32_t part_of_thread(struct parts *p, uint32_t thread) {
        _cleanup_free_ char *name = hcs_asprintf("thread-%u", thread);

        return part_of(p, name, strlen(name));
}

static uint32_t part_of_line(struct parts *p, const struct mock_line *l) {
        struct mock_slice symbol = {0}, container;

        if (l->kind == MOCK_RECORD_CALL && p->by == SPLIT_BY_THREAD)
                return part_of_thread(p, l->thread);
        if (p->by == SPLIT_BY_THREAD)
                return OTHERS;
        if (l->kind == MOCK_RECORD_CALL)
                symbol = handle_in(l);
        else if (l->kind == MOCK_RECORD_EVENT || l->kind == MOCK_RECORD_STDIO || l->kind == MOCK_RECORD_FRAME)
                symbol = l->subject;
        if (!symbol.p)
                return OTHERS;
        container =
                l->kind == MOCK_RECORD_FRAME && p->by == SPLIT_BY_CONTAINER ? container_in(l) : (struct mock_slice){0};
        if (container.n) {
                _cleanup_free_ char *name =
                        hcs_asprintf("%.*s-%.*s", (int)symbol.n, symbol.p, (int)container.n, container.p);

                return part_of(p, name, strlen(name));
        }
        return part_of_symbol(p, symbol);
}

/* A handle that a return gives stands with the call that gave it: with its object, or in a part of its own. */
static void take_made(struct parts *p, const struct catalog *c, uint32_t call, const struct mock_line *l) {
        struct mock_slice made = handle_in(l);

        if (!made.p || p->by == SPLIT_BY_THREAD || c->items[call].made == CATALOG_NONE)
                return;
        if (p->of[call] == OTHERS)
                p->of[call] = part_of(p, made.p, made.n);
        *keymap_place(&p->parents, hash(made.p, made.n)) = p->of[call];
}

/* What goes on with a head is of its part: that is known when the head is. */
static uint32_t *heads_of(const struct catalog *c) {
        uint32_t *heads = hcs_malloc(((size_t)c->n + 1) * sizeof(*heads));

        for (uint32_t i = 0; i < c->n; i++)
                heads[i] = i;
        for (uint32_t i = 0; i < c->n; i++)
                if (c->items[i].next != CATALOG_NONE)
                        heads[c->items[i].next] = heads[i];
        return heads;
}

static HRESULT each_line(struct catalog *c, uint32_t i, struct mock_trace_line *ret, struct hcs_error **err) {
        HRESULT hr = i ? S_OK : mock_trace_reader_seek(c->reader, c->items[0].offset, 2, err);

        if (SUCCEEDED(hr))
                hr = mock_trace_reader_next_line(c->reader, ret, err);
        return hr == S_FALSE ? hcs_error_make(err, E_ABORT, "the trace became shorter while it was read") : hr;
}

static bool is_plumbing(const struct catalog *c, uint32_t i) {
        return c->items[i].kind == MOCK_RECORD_CALL && c->items[i].lane == CATALOG_NONE;
}

/* late: what was said of an object before the call that made it returned, and plumbing, whose call comes after it. */
static HRESULT say_parts(struct parts *p, struct catalog *c, const uint32_t *heads, bool late, struct hcs_error **err) {
        for (uint32_t i = 0; i < c->n; i++) {
                struct mock_trace_line line;
                const struct mock_line *l = &line.parts;
                struct mock_slice operation;
                HRESULT hr = each_line(c, i, &line, err);

                if (hr != S_OK)
                        return hr;
                operation = l->kind == MOCK_RECORD_CALL || l->kind == MOCK_RECORD_RETURN ? operation_in(l)
                                                                                         : (struct mock_slice){0};
                if (heads[i] != i) {
                        if (l->kind == MOCK_RECORD_RETURN)
                                take_made(p, c, heads[i], l);
                        if (late && operation.n && is_plumbing(c, heads[i])) {
                                uint32_t known = keymap_get(&p->operations, hash(operation.p, operation.n));

                                p->of[heads[i]] = known == KEYMAP_NONE ? p->of[heads[i]] : known;
                        }
                        continue;
                }
                if (!late || c->items[i].kind != MOCK_RECORD_CALL || c->items[i].made == CATALOG_NONE)
                        p->of[i] = part_of_line(p, l);
                if (!operation.n)
                        continue;
                if (is_plumbing(c, i)) {
                        uint32_t known = keymap_get(&p->operations, hash(operation.p, operation.n));

                        p->of[i] = known == KEYMAP_NONE ? p->of[i] : known;
                } else {
                        *keymap_place(&p->operations, hash(operation.p, operation.n)) = p->of[i];
                }
        }
        return S_OK;
}

/* One of the traces on its way: lines that are not in its file yet. */
struct part_file {
        struct trace_output *out;
        struct hcs_buf lines;
};

static HRESULT write_collected(const struct parts *p, struct part_file *files, const struct hcs_json *header,
                               const char *folder, struct hcs_error **err) {
        for (uint32_t i = 0; i < p->n; i++) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s.trace", folder, p->names[i]);
                struct part_file *f = &files[i];

                if (!f->lines.len)
                        continue;
                if (!f->out) {
                        HRESULT hr = trace_output_open(path, &f->out, err);

                        if (FAILED(hr))
                                return hr;
                        trace_output_json(f->out, header);
                }
                trace_output_line(f->out, f->lines.data, f->lines.len - 1);
                trace_output_rest(f->out);
                hcs_buf_deinit(&f->lines);
        }
        return S_OK;
}

static HRESULT collect(const struct parts *p, struct catalog *c, const uint32_t *heads, struct part_file *files,
                       const char *folder, struct hcs_error **err) {
        const struct hcs_json *header = mock_trace_reader_header(c->reader);
        size_t collected = 0;

        for (uint32_t i = 0; i < c->n; i++) {
                struct hcs_buf *lines = &files[p->of[heads[i]]].lines;
                struct mock_trace_line l;
                HRESULT hr = each_line(c, i, &l, err);

                if (hr != S_OK)
                        return hr;
                hcs_buf_append(lines, l.text.p, l.text.n);
                hcs_buf_putc(lines, '\n');
                collected += l.text.n + 1;
                if (collected < COLLECTED)
                        continue;
                hr = write_collected(p, files, header, folder, err);
                if (FAILED(hr))
                        return hr;
                collected = 0;
        }
        return write_collected(p, files, header, folder, err);
}

static HRESULT write_parts(const struct parts *p, struct catalog *c, const uint32_t *heads, const char *folder,
                           struct hcs_error **err) {
        _cleanup_free_ struct part_file *files = hcs_calloc(p->n, sizeof(*files));
        HRESULT hr = collect(p, c, heads, files, folder, err);

        for (uint32_t i = 0; i < p->n; i++) {
                if (SUCCEEDED(hr) && files[i].out)
                        hr = trace_output_finish(files[i].out, err);
                else
                        trace_output_free(files[i].out);
                hcs_buf_deinit(&files[i].lines);
        }
        return hr;
}

HRESULT trace_split(const char *path, const char *folder, enum split_by by,
                    void (*told)(void *ctx, const char *name, uint64_t records), void *ctx, struct hcs_error **err) {
        _cleanup_(catalog_freep) struct catalog *c = NULL;
        _cleanup_(parts_deinit) struct parts p = {.by = by};
        _cleanup_free_ uint32_t *heads = NULL;
        HRESULT hr = catalog_open(path, NULL, &c, err);

        if (SUCCEEDED(hr))
                hr = hcs_directory_create(folder, err);
        if (FAILED(hr))
                return hr;
        heads = heads_of(c);
        p.of = hcs_calloc((size_t)c->n + 1, sizeof(*p.of));
        part_of(&p, "others", 6);
        hr = say_parts(&p, c, heads, false, err);
        if (SUCCEEDED(hr))
                hr = say_parts(&p, c, heads, true, err);
        for (uint32_t i = 0; i < c->n; i++)
                p.records[p.of[heads[i]]]++;
        if (SUCCEEDED(hr))
                hr = write_parts(&p, c, heads, folder, err);
        for (uint32_t i = 0; i < p.n && SUCCEEDED(hr) && told; i++)
                if (p.records[i])
                        told(ctx, p.names[i], p.records[i]);
        return FAILED(hr) ? hr : S_OK;
}
