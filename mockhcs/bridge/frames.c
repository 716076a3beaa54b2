/* SPDX-License-Identifier: MIT */

/* Recorded frames: loading, comparing, and putting this run's values into what is sent. */

#include "mockhcs/bridge/frames.h"

#include <string.h>

#include "base/str.h"
#include "hcsshim/gcs.h"
#include "mockhcs/trace/reader.h"

static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};

static void take_bytes(struct frames *f, const struct mock_record *r) {
        if (!hcs_streq(f->bridge, r->subject) || !r->n)
                return;
        if (r->n == HCS_GCS_BRIDGE) {
                f->end_line = r->line;
                return;
        }
        f->bytes = hcs_realloc(f->bytes, (f->n_bytes + 1) * sizeof(*f->bytes));
        f->bytes[f->n_bytes++] = (struct recorded_bytes){.port = (uint32_t)r->n,
                                                         .stream = r->stream,
                                                         .data = hcs_memdup(r->data, r->len),
                                                         .len = r->len,
                                                         .end = r->end,
                                                         .line = r->line};
}

/* The newest request of that number. */
static size_t request_of_number(const struct frames *f, uint64_t id) {
        for (size_t i = f->n; i-- > 0;)
                if (!f->items[i].from_guest && f->items[i].id == id)
                        return i;
        return SIZE_MAX;
}

static HRESULT take_record(struct frames *f, const struct mock_record *r, struct hcs_error **err) {
        struct recorded_frame *frame;
        size_t request;
        uint32_t type;

        if (r->kind == MOCK_RECORD_STDIO)
                take_bytes(f, r);
        if (r->kind != MOCK_RECORD_FRAME)
                return S_OK;
        if (!f->bridge)
                f->bridge = hcs_strdup(r->subject);
        if (!hcs_streq(f->bridge, r->subject))
                return S_OK;
        if (!hcs_gcs_type_parse(r->function, &type))
                return hcs_error_make(err, E_INVALIDARG, "line %llu: \"%s\" is no type of a message",
                                      (unsigned long long)r->line, r->function);
        request = r->from_guest ? request_of_number(f, r->n) : SIZE_MAX;
        f->items = hcs_realloc(f->items, (f->n + 1) * sizeof(*f->items));
        frame = &f->items[f->n++];
        *frame = (struct recorded_frame){.type = type,
                                         .id = r->n,
                                         .from_guest = r->from_guest,
                                         .broken = r->broken,
                                         .body = hcs_strndup(r->data, r->len),
                                         .len = r->len,
                                         .line = r->line,
                                         .request = request};
        if (!r->broken)
                hcs_json_parse(r->data, r->len, &lax, &frame->document, NULL); /* none is fine */
        return S_OK;
}

/* The frame that started the process with that stream; ports are not used twice. */
static size_t request_of_port(const struct frames *f, uint32_t port) {
        static const char *const names[] = {"StdIn", "StdOut", "StdErr"};

        for (size_t i = 0; i < f->n; i++) {
                const struct hcs_json *ports =
                        f->items[i].from_guest
                                ? NULL
                                : hcs_json_lookup(f->items[i].document, "Settings.VsockStdioRelaySettings");
                uint64_t n;

                for (size_t k = 0; ports && k < HCS_ARRAY_SIZE(names); k++)
                        if (hcs_json_u64(hcs_json_get(ports, names[k]), &n) && n == port)
                                return i;
        }
        return SIZE_MAX;
}

static const struct recorded_bytes *bytes_before(const struct frames *f, size_t i) {
        for (size_t k = i; k-- > 0;)
                if (f->bytes[k].port == f->bytes[i].port)
                        return &f->bytes[k];
        return NULL;
}

/* The process that each belongs to, and its place among the bytes of its port. */
static void place_bytes(struct frames *f) {
        for (size_t i = 0; i < f->n_bytes; i++) {
                const struct recorded_bytes *before = bytes_before(f, i);
                struct recorded_bytes *b = &f->bytes[i];

                b->request = before ? before->request : request_of_port(f, b->port);
                b->upto = (before ? before->upto : 0) + b->len;
        }
}

HRESULT frames_load(struct frames *f, const char *path, const char *bridge, struct hcs_error **err) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        HRESULT hr = mock_trace_reader_open(path, &reader, err);

        *f = (struct frames){.bridge = hcs_strdup(bridge)};
        while (SUCCEEDED(hr)) {
                struct mock_record r;

                hr = mock_trace_reader_next(reader, &r, err);
                if (hr != S_OK)
                        break;
                hr = take_record(f, &r, err);
                mock_record_deinit(&r);
        }
        if (SUCCEEDED(hr) && !f->n)
                hr = hcs_error_make(err, E_INVALIDARG, "%s: no frame of %s in it", path,
                                    bridge ? bridge : "any bridge");
        place_bytes(f);
        if (FAILED(hr))
                frames_deinit(f);
        return hr;
}

static bool has(char *const *names, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (hcs_streq(names[i], name))
                        return true;
        return false;
}

HRESULT frames_bridges(const char *path, char ***ret, size_t *ret_n, struct hcs_error **err) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        HRESULT hr = mock_trace_reader_open(path, &reader, err);
        char **names = NULL;
        size_t n = 0;

        while (SUCCEEDED(hr)) {
                struct mock_record r;

                hr = mock_trace_reader_next(reader, &r, err);
                if (hr != S_OK)
                        break;
                if (r.kind == MOCK_RECORD_FRAME && !has(names, n, r.subject)) {
                        names = hcs_realloc(names, (n + 1) * sizeof(*names));
                        names[n++] = hcs_strdup(r.subject);
                }
                mock_record_deinit(&r);
        }
        if (SUCCEEDED(hr)) {
                *ret = names;
                *ret_n = n;
                return S_OK;
        }
        for (size_t i = 0; i < n; i++)
                free(names[i]);
        free(names);
        return hr;
}

void frames_deinit(struct frames *f) {
        for (size_t i = 0; i < f->n; i++) {
                free(f->items[i].body);
                hcs_json_free(f->items[i].document);
        }
        for (size_t i = 0; i < f->n_bytes; i++)
                free(f->bytes[i].data);
        free(f->bytes);
        free(f->items);
        free(f->numbers);
        free(f->bridge);
        variables_deinit(&f->variables);
        *f = (struct frames){0};
}

/* Members whose numbers one of the two sides chose. */
static const char *invented_kind(const char *key) {
        static const char *const ports[] = {"StdIn", "StdOut", "StdErr"};

        if (!key)
                return NULL;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(ports); i++)
                if (hcs_strcaseeq(key, ports[i]))
                        return "port";
        return hcs_strcaseeq(key, "ProcessId") ? "process" : NULL;
}

static bool same_number(struct frames *f, const char *kind, const struct hcs_json *expected,
                        const struct hcs_json *got) {
        uint64_t recorded, live;

        if (!hcs_json_u64(expected, &recorded) || !hcs_json_u64(got, &live))
                return false;
        for (size_t i = 0; i < f->n_numbers; i++)
                if (f->numbers[i].kind == kind && (f->numbers[i].recorded == recorded || f->numbers[i].live == live))
                        return f->numbers[i].recorded == recorded && f->numbers[i].live == live;
        f->numbers = hcs_realloc(f->numbers, (f->n_numbers + 1) * sizeof(*f->numbers));
        f->numbers[f->n_numbers++] = (struct number){kind, recorded, live};
        return true;
}

static bool same(void *ctx, const char *key, const struct hcs_json *expected, const struct hcs_json *got) {
        struct frames *f = ctx;
        const char *kind = hcs_json_is(expected, HCS_JSON_NUMBER) ? invented_kind(key) : NULL;

        return kind ? same_number(f, kind, expected, got) : variables_same(&f->variables, key, expected, got);
}

static bool same_key(void *ctx, const char *expected, const char *got) {
        struct frames *f = ctx;

        return variables_same_key(&f->variables, expected, got);
}

static bool describe(void *ctx, const char *recorded, struct hcs_buf *out) {
        struct frames *f = ctx;

        return variables_describe(&f->variables, recorded, out);
}

unsigned frames_compare(struct frames *f, const struct recorded_frame *recorded, const struct hcs_json *live,
                        struct hcs_buf *lines) {
        const struct mock_diff_options options = {.same = same, .same_key = same_key, .describe = describe, .ctx = f};
        unsigned n;

        if (!recorded->document || !live) {
                if (lines && (recorded->document || live))
                        hcs_buf_printf(lines, "$: %s is no document\n", live ? "what was recorded" : "what came");
                return (recorded->document != NULL) + (live != NULL) == 1;
        }
        n = mock_diff(recorded->document, live, &options, lines);
        if (n) {
                variables_rollback(&f->variables);
                f->n_numbers = f->mark_numbers;
        } else {
                variables_commit(&f->variables);
                f->mark_numbers = f->n_numbers;
        }
        return n;
}

/* Puts this run's numbers into a tree; true when any differed. */
static bool put_numbers(const struct frames *f, struct hcs_json *node) {
        bool changed = false;

        for (struct hcs_json *c = hcs_json_first(node), *next; c; c = next) {
                const char *kind = invented_kind(hcs_json_key(c));
                uint64_t recorded;

                next = hcs_json_next(c);
                if (kind && hcs_json_u64(c, &recorded)) {
                        for (size_t i = 0; i < f->n_numbers; i++)
                                if (f->numbers[i].kind == kind && f->numbers[i].recorded == recorded &&
                                    f->numbers[i].live != recorded) {
                                        hcs_json_replace(node, c, hcs_json_new_u64(f->numbers[i].live));
                                        changed = true;
                                        break;
                                }
                } else {
                        changed |= put_numbers(f, c);
                }
        }
        return changed;
}

char *frames_body(const struct frames *f, const struct recorded_frame *recorded, size_t *ret_len) {
        _cleanup_json_ struct hcs_json *tree = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        char *body;

        if (!recorded->document) {
                *ret_len = recorded->len;
                return hcs_memdup(recorded->body, recorded->len + 1);
        }
        body = variables_substitute(&f->variables, recorded->body);
        if (f->n_numbers && SUCCEEDED(hcs_json_parse(body, strlen(body), &lax, &tree, NULL)) && put_numbers(f, tree)) {
                hcs_json_print(tree, HCS_JSON_GO_NO_HTML, &text);
                if (!recorded->from_guest)
                        hcs_buf_putc(&text, '\n');
                free(body);
                body = hcs_buf_steal(&text);
        }
        *ret_len = strlen(body);
        return body;
}

const char *frames_container(const struct recorded_frame *recorded) {
        const char *id = hcs_json_string(hcs_json_get_nocase(recorded->document, "ContainerId"));

        return id ? id : "";
}

bool frame_is(const struct recorded_frame *recorded, enum hcs_gcs_category category) {
        return (recorded->type & (uint32_t)HCS_GCS_CATEGORY_MASK) == (uint32_t)category;
}

struct recorded_frame *frames_request_of(struct frames *f, const struct recorded_frame *response) {
        return response->request == SIZE_MAX ? NULL : &f->items[response->request];
}

void frames_describe(const struct recorded_frame *recorded, struct hcs_buf *out) {
        char type[HCS_GCS_TYPE_TEXT_SIZE];

        hcs_buf_printf(out, "line %llu, %s #%llu", recorded->line, hcs_gcs_type_format(recorded->type, type),
                       (unsigned long long)recorded->id);
}

HRESULT frames_write(struct hcs_stream *stream, const void *data, size_t n, int64_t timeout_ms,
                     struct hcs_error **err) {
        struct hcs_call call = {.timeout_ms = timeout_ms ? timeout_ms : FRAMES_TIMEOUT_MS};
        HRESULT hr = hcs_stream_write(stream, data, n, &call, err);

        return hr == HCS_E_OPERATION_TIMEOUT ? hcs_error_wrap(err, "the other side does not read"), hr : hr;
}

bool frames_is_goodbye(HRESULT hr) {
        return hr == HCS_WIN32(109) || hr == hcs_hresult_from_errno(104); /* EPIPE and ECONNRESET */
}

HRESULT frames_send(struct hcs_stream *stream, uint32_t type, uint64_t id, const char *body, size_t len,
                    int64_t timeout_ms, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf out = {0};
        HRESULT hr = hcs_gcs_frame_append(&out, type, id, body, len, err);

        return FAILED(hr) ? hr : frames_write(stream, out.data, out.len, timeout_ms, err);
}
