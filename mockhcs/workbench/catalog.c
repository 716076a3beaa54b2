/* SPDX-License-Identifier: MIT */

/* A trace read once, line by line. See catalog.h for what becomes of it. */

#include "mockhcs/workbench/catalog.h"

#include <stdlib.h>

#include "mockhcs/engine/handle.h"
#include "mockhcs/trace/reader.h"
#include "mockhcs/workbench/fingerprint.h"

/* A call with more completions than that was written by nobody's DLL. */
#define SHORT_CHAIN 4

enum group {
        GROUP_CALLS = 1,
        GROUP_MAKES,
        GROUP_FUNCTION,
        GROUP_EVENTS,
        GROUP_STREAM,
        GROUP_HOST,
        GROUP_GUEST,
        GROUP_ODD
};

static uint64_t hash(struct mock_slice s) {
        return fingerprint_bytes(FINGERPRINT_START, s.p, s.n);
}

static uint64_t add(uint64_t sum, const char *name, uint64_t value) {
        return sum + fingerprint_mix(fingerprint_bytes(FINGERPRINT_START, name, strlen(name)) ^ value);
}

struct catalog *catalog_free(struct catalog *c) {
        if (!c)
                return NULL;
        mock_trace_reader_free(c->reader);
        free(c->items);
        free(c->handles);
        free(c->lanes);
        free(c->order);
        keymap_deinit(&c->names);
        keymap_deinit(&c->by_handle);
        keymap_deinit(&c->by_lane);
        keymap_deinit(&c->calls);
        keymap_deinit(&c->operations);
        keymap_deinit(&c->requests);
        keymap_deinit(&c->streams);
        keymap_deinit(&c->tails);
        keymap_deinit(&c->functions);
        hcs_buf_deinit(&c->scratch);
        free(c);
        return NULL;
}

static uint32_t handle_of(struct catalog *c, struct mock_slice symbol) {
        uint64_t key = hash(symbol);
        uint32_t *place = keymap_place(&c->by_handle, key);
        const char *slash = memchr(symbol.p, '/', symbol.n);
        uint64_t number;

        if (*place != KEYMAP_NONE)
                return *place;
        *place = c->n_handles;
        if (c->n_handles == c->cap_handles) {
                c->cap_handles = c->cap_handles ? c->cap_handles + c->cap_handles / 2 : 16;
                c->handles = hcs_realloc(c->handles, c->cap_handles * sizeof(*c->handles));
        }
        c->handles[c->n_handles] = (struct catalog_handle){.key = key, .lanes = CATALOG_NONE, .maker = CATALOG_NONE};
        if (slash && mock_slice_u64((struct mock_slice){slash + 1, (size_t)(symbol.p + symbol.n - slash - 1)}, &number))
                c->handles[c->n_handles].number = (uint32_t)number;
        symbol.n = slash ? (size_t)(slash - symbol.p) : symbol.n;
        c->handles[c->n_handles].kind = (uint32_t)hash(symbol);
        return c->n_handles++;
}

/* more: what parts lanes of one group, as the container of a bridge. */
static uint32_t lane_of(struct catalog *c, uint32_t handle, enum group group, uint64_t word, uint64_t more) {
        uint64_t kind = fingerprint_mix(word + group);
        uint64_t key = fingerprint_mix(kind ^ fingerprint_mix(more ^ ((uint64_t)handle << 32)));
        uint32_t *place = keymap_place(&c->by_lane, key);

        if (*place != KEYMAP_NONE)
                return *place;
        *place = c->n_lanes;
        if (c->n_lanes == c->cap_lanes) {
                c->cap_lanes = c->cap_lanes ? c->cap_lanes + c->cap_lanes / 2 : 16;
                c->lanes = hcs_realloc(c->lanes, c->cap_lanes * sizeof(*c->lanes));
        }
        c->lanes[c->n_lanes] =
                (struct catalog_lane){.handle = handle,
                                      .group = (uint32_t)kind,
                                      .next = CATALOG_NONE,
                                      .free = group == GROUP_MAKES || group == GROUP_FUNCTION || group == GROUP_ODD};
        if (handle != CATALOG_NONE) {
                c->lanes[c->n_lanes].next = c->handles[handle].lanes;
                c->handles[handle].lanes = c->n_lanes;
        }
        return c->n_lanes++;
}

static void put_head(struct catalog *c, struct catalog_item *item, uint32_t lane) {
        item->lane = lane;
        c->lanes[lane].n++;
        c->n_heads++;
}

/* Makes the newest item go on with what `head` says. Where much does, the last of it is remembered. */
static struct catalog_item *attach(struct catalog *c, uint32_t head) {
        uint32_t last = head, n = 0;

        for (; n < SHORT_CHAIN && c->items[last].next != CATALOG_NONE; n++)
                last = c->items[last].next;
        if (n == SHORT_CHAIN) {
                uint32_t *tail = keymap_place(&c->tails, (uint64_t)head + 1);

                last = *tail == KEYMAP_NONE ? last : *tail;
                *tail = c->n;
        }
        c->items[last].next = c->n;
        return &c->items[head];
}

/* A document or text under its name; one in `exact` stands in the line as a string. */
static uint64_t value_shape(struct catalog *c, const struct mock_line_value *v) {
        struct mock_slice text;
        bool plain;

        if (v->kind == MOCK_NUMBER)
                return fingerprint_is_invented(v->name.p, v->name.n, v->raw.p, v->raw.n) ? 1 : hash(v->raw);
        if (v->kind == MOCK_DOCUMENT && !v->exact.p)
                return fingerprint_document(v->raw, &c->names);
        text = mock_line_value_text(v, &c->scratch);
        if (text.n && (text.p[0] == '{' || text.p[0] == '[') && mock_scan_is_json(text.p, text.n, &plain))
                return fingerprint_document(text, &c->names);
        return text.n ? fingerprint_text(text, &c->names) : 0;
}

static bool is_empty(const struct mock_line_value *v) {
        return v->kind == MOCK_ABSENT || (v->exact.p ? v->exact.n == 0 : mock_slice_is(v->raw, "null"));
}

static uint64_t values_shape(struct catalog *c, const struct mock_line *l, bool is_create) {
        struct mock_line_values it;
        struct mock_line_value v;
        uint64_t sum = 0;

        mock_line_values_init(&it, l->values, l->exact);
        while (mock_line_values_next(&it, &v)) {
                uint64_t name =
                        mock_slice_is(v.name, "properties") ? hash((struct mock_slice){"result", 6}) : hash(v.name);

                if (v.kind == MOCK_HANDLE || is_empty(&v) || mock_slice_is(v.name, "access") ||
                    mock_slice_is(v.name, "timeout"))
                        continue;
                if (is_create && mock_slice_is(v.name, "id")) {
                        struct mock_slice id = mock_line_value_text(&v, &c->scratch);

                        *keymap_place(&c->names, hash(id)) = 1;
                        sum += fingerprint_mix(name ^ fingerprint_text(id, NULL));
                } else {
                        sum += fingerprint_mix(name ^ value_shape(c, &v));
                }
        }
        return sum;
}

/* The handle that a call is about, or that a return gives: as mock_call_subject() says it. */
static bool subject(const struct mock_line *l, struct mock_slice *ret) {
        enum mock_handle_kind best = MOCK_OPERATION, kind;
        struct mock_line_values it;
        struct mock_line_value v;
        bool found = false;

        mock_line_values_init(&it, l->values, l->exact);
        while (mock_line_values_next(&it, &v)) {
                char symbol[40];
                uint32_t number;

                if (v.kind != MOCK_HANDLE || v.exact.n >= sizeof(symbol))
                        continue;
                memcpy(symbol, v.exact.p, v.exact.n);
                symbol[v.exact.n] = '\0';
                if (!mock_handle_symbol_parse(symbol, &kind, &number) || kind == MOCK_OPERATION ||
                    kind == MOCK_CALLBACK)
                        continue;
                if (!found || kind == MOCK_PROCESS || (kind > MOCK_CALLBACK && best != MOCK_PROCESS)) {
                        *ret = v.exact;
                        best = kind;
                        found = true;
                }
        }
        return found;
}

enum call_class { CLASS_PLUMBING, CLASS_MAKES_SYSTEM, CLASS_MAKES, CLASS_OTHER };

static bool makes(enum mock_verb v) {
        return v == MOCK_CREATE_PROCESS || v == MOCK_OPEN_PROCESS ||
               (mock_verb_is_hcn(v) &&
                (mock_verb_hcn_action(v) == MOCK_HCN_CREATE || mock_verb_hcn_action(v) == MOCK_HCN_OPEN));
}

/* A class and a word in one number: the word is the same for both DLLs that export what means the same. */
static uint32_t classify(const struct mock_line *l, uint64_t key) {
        const struct mock_function *f = NULL;
        enum call_class is = CLASS_OTHER;
        char name[80];

        if (l->function.n < sizeof(name)) {
                memcpy(name, l->function.p, l->function.n);
                name[l->function.n] = '\0';
                f = mock_function_find(l->dll, name);
        }
        if (f && mock_verb_is_local(f->verb))
                is = CLASS_PLUMBING;
        else if (f && (f->verb == MOCK_CREATE_SYSTEM || f->verb == MOCK_OPEN_SYSTEM))
                is = CLASS_MAKES_SYSTEM;
        else if (f && makes(f->verb))
                is = CLASS_MAKES;
        return (uint32_t)is | (f && f->verb != MOCK_VERB_NONE ? (uint32_t)f->verb << 2
                                                              : ((uint32_t)key & 0x0fffffff) << 2 | 0x40000000);
}

static enum call_class class_of(struct catalog *c, const struct mock_line *l, uint32_t *ret_word) {
        uint64_t key = hash(l->function) + l->dll;
        uint32_t *known = keymap_place(&c->functions, key);

        if (*known == KEYMAP_NONE)
                *known = classify(l, key);
        *ret_word = *known >> 2;
        return (enum call_class)(*known & 3);
}

static void take_call(struct catalog *c, struct catalog_item *item, const struct mock_line *l) {
        enum call_class is = class_of(c, l, &item->word);
        struct mock_line_value v;
        struct mock_slice symbol;
        uint32_t handle;

        *keymap_place(&c->calls, l->n + 1) = c->n;
        if (mock_line_value_find(l->values, l->exact, "operation", &v) && v.kind == MOCK_HANDLE && is != CLASS_PLUMBING)
                *keymap_place(&c->operations, hash(v.exact)) = c->n;
        if (is == CLASS_PLUMBING)
                return;
        item->shape = fingerprint_mix(item->word + values_shape(c, l, is == CLASS_MAKES_SYSTEM));
        handle = subject(l, &symbol) ? handle_of(c, symbol) : CATALOG_NONE;
        put_head(c, item,
                 handle == CATALOG_NONE ? lane_of(c, handle, GROUP_FUNCTION, item->word, 0)
                 : is == CLASS_OTHER    ? lane_of(c, handle, GROUP_CALLS, 0, 0)
                                        : lane_of(c, handle, GROUP_MAKES, item->word, 0));
}

/* What both DLLs mean is the same. */
static uint64_t code(HRESULT hr) {
        return (uint32_t)hcs_hresult_to_computecore(hr);
}

static uint64_t document_shape(struct catalog *c, const struct mock_line *l, const char *name) {
        struct mock_slice text =
                l->result.p ? mock_line_document(l->result, l->exact, name, &c->scratch) : (struct mock_slice){0};
        bool plain;

        if (!text.n || mock_slice_is(text, "null"))
                return 0;
        return mock_scan_is_json(text.p, text.n, &plain) ? fingerprint_document(text, &c->names)
                                                         : fingerprint_text(text, &c->names);
}

static void take_answer(struct catalog *c, struct catalog_item *item, const struct mock_line *l) {
        uint32_t head = keymap_get(&c->calls, l->n + 1);
        struct mock_slice symbol;
        struct catalog_item *call;
        uint64_t result;

        if (l->kind == MOCK_RECORD_COMPLETE && (!l->n || head == KEYMAP_NONE))
                head = keymap_get(&c->operations, hash(l->subject));
        if (head == KEYMAP_NONE)
                return;
        call = attach(c, head);
        if (l->kind == MOCK_RECORD_RETURN)
                call->outcome += values_shape(c, l, false);
        if (!l->pending)
                call->outcome = add(call->outcome, "hr", code(l->hr));
        result = document_shape(c, l, "result");
        if (result)
                call->outcome = add(call->outcome, "result", result);
        /* A call that returns twice gave what it gave first. */
        if (l->kind == MOCK_RECORD_RETURN && call->lane != CATALOG_NONE && call->made == CATALOG_NONE &&
            subject(l, &symbol)) {
                call->made = handle_of(c, symbol);
                c->handles[call->made].maker = head;
        }
}

static void take_event(struct catalog *c, struct catalog_item *item, const struct mock_line *l) {
        uint64_t shape = add(hash(l->event), "data", document_shape(c, l, "data"));

        item->word = (uint32_t)hash(l->event);
        item->shape = add(shape, "hr", code(l->hr));
        put_head(c, item, lane_of(c, handle_of(c, l->subject), GROUP_EVENTS, 0, 0));
}

static void take_stdio(struct catalog *c, struct catalog_item *item, const struct mock_line *l) {
        uint64_t key = hash(l->subject) + l->stream + fingerprint_mix(l->n); /* n: the port, of a bridge */
        uint32_t *newest = keymap_place(&c->streams, key);
        struct catalog_item *head = item;
        struct mock_slice data = l->text;

        if (*newest == KEYMAP_NONE) {
                item->word = (uint32_t)l->stream;
                item->shape = l->stream;
                item->outcome = FINGERPRINT_START;
                item->made = c->n; /* the head, which the newest one names */
                put_head(c, item, lane_of(c, handle_of(c, l->subject), GROUP_STREAM, l->stream, l->n));
        } else {
                item->made = c->items[*newest].made;
                c->items[*newest].next = c->n;
                head = &c->items[item->made];
        }
        *newest = c->n;
        hcs_buf_clear(&c->scratch);
        if (l->base64.p && mock_base64_decode(l->base64, &c->scratch))
                data = (struct mock_slice){hcs_buf_cstr(&c->scratch), c->scratch.len};
        else if (data.p && memchr(data.p, '\\', data.n)) {
                mock_scan_unescape(data, &c->scratch);
                data = (struct mock_slice){hcs_buf_cstr(&c->scratch), c->scratch.len};
        }
        head->outcome = fingerprint_bytes(head->outcome, data.p, data.n);
        if (l->end)
                head->outcome = fingerprint_mix(head->outcome);
}

static bool starts(struct mock_slice s, const char *with) {
        size_t n = strlen(with);

        return s.n >= n && memcmp(s.p, with, n) == 0;
}

/* The container that a message is about, as a hash; 0: none. */
static uint64_t container_of(struct mock_slice document) {
        struct mock_slice key, value, found = {0};
        struct mock_scan s;

        mock_scan_init(&s, document.p, document.n);
        if (!document.p || !mock_scan_enter(&s, '{'))
                return 0;
        while (mock_scan_member(&s, &key) > 0 && mock_scan_value(&s, &value))
                if (mock_slice_is(key, "ContainerId"))
                        found = mock_slice_string(value);
        return found.n ? hash(found) : 0;
}

static void take_frame(struct catalog *c, struct catalog_item *item, const struct mock_line *l) {
        struct mock_slice body =
                l->result.p ? mock_line_document(l->result, l->exact, "document", &c->scratch) : l->base64;
        uint64_t exchange = fingerprint_mix(hash(l->subject) ^ fingerprint_mix(l->n));
        uint64_t container;
        bool is_json, plain;
        uint32_t head;

        while (body.n && body.p[body.n - 1] == '\n')
                body.n--;
        is_json = body.p && mock_scan_is_json(body.p, body.n, &plain);
        item->word = (uint32_t)hash(l->function);
        item->shape = add(item->word, "document", is_json ? fingerprint_document(body, &c->names) : hash(body));
        container = is_json ? container_of(body) : 0;
        head = l->from_guest && starts(l->function, "Response(") ? keymap_get(&c->requests, exchange) : KEYMAP_NONE;
        if (head != KEYMAP_NONE) {
                attach(c, head)->outcome += item->shape;
                return;
        }
        if (!l->from_guest)
                *keymap_place(&c->requests, exchange) = c->n;
        put_head(c, item, lane_of(c, handle_of(c, l->subject), l->from_guest ? GROUP_GUEST : GROUP_HOST, 0, container));
}

static void take_line(struct catalog *c, const struct mock_line *l, struct mock_slice text, uint64_t offset,
                      const char *bridge) {
        struct catalog_item *item;

        if (c->n == c->cap) {
                c->cap = c->cap ? c->cap + c->cap / 4 : 256;
                c->items = hcs_realloc(c->items, c->cap * sizeof(*c->items));
        }
        item = &c->items[c->n];
        *item = (struct catalog_item){
                .offset = offset, .kind = l->kind, .lane = CATALOG_NONE, .next = CATALOG_NONE, .made = CATALOG_NONE};
        if (!bridge || (l->kind == MOCK_RECORD_FRAME && mock_slice_is(l->subject, bridge)))
                switch (l->kind) {
                case MOCK_RECORD_CALL:
                        take_call(c, item, l);
                        break;
                case MOCK_RECORD_RETURN:
                case MOCK_RECORD_COMPLETE:
                        take_answer(c, item, l);
                        break;
                case MOCK_RECORD_EVENT:
                        take_event(c, item, l);
                        break;
                case MOCK_RECORD_STDIO:
                        take_stdio(c, item, l);
                        break;
                case MOCK_RECORD_FRAME:
                        take_frame(c, item, l);
                        break;
                default:
                        item->shape = hash(text);
                        put_head(c, item, lane_of(c, CATALOG_NONE, GROUP_ODD, 0, 0));
                }
        c->n++;
}

/* Heads by lane: a count, sums, and each to its place. */
static void sort_heads(struct catalog *c) {
        uint32_t at = 0;

        c->order = hcs_malloc((c->n_heads + 1) * sizeof(*c->order));
        for (uint32_t i = 0; i < c->n_lanes; i++) {
                c->lanes[i].first = at;
                at += c->lanes[i].n;
                c->lanes[i].n = 0;
        }
        for (uint32_t i = 0; i < c->n; i++) {
                struct catalog_lane *lane;

                if (c->items[i].lane == CATALOG_NONE)
                        continue;
                lane = &c->lanes[c->items[i].lane];
                lane->content = fingerprint_mix(lane->content ^ c->items[i].shape) + c->items[i].outcome;
                c->order[lane->first + lane->n++] = i;
        }
        keymap_deinit(&c->calls);
        keymap_deinit(&c->operations);
        keymap_deinit(&c->requests);
        keymap_deinit(&c->streams);
        keymap_deinit(&c->tails);
        keymap_deinit(&c->by_lane);
}

HRESULT catalog_open(const char *path, const char *bridge, struct catalog **ret, struct hcs_error **err) {
        _cleanup_(catalog_freep) struct catalog *c = hcs_calloc(1, sizeof(*c));
        HRESULT hr = mock_trace_reader_open(path, &c->reader, err);

        while (SUCCEEDED(hr)) {
                struct mock_trace_line line;

                hr = mock_trace_reader_next_line(c->reader, &line, err);
                if (hr != S_OK)
                        break;
                if (c->n == CATALOG_NONE - 2)
                        return hcs_error_make(err, HCS_WIN32(223), "%s: more than %u records", path, CATALOG_NONE - 2);
                take_line(c, &line.parts, line.text, line.offset, bridge);
        }
        if (FAILED(hr))
                return hr;
        sort_heads(c);
        *ret = steal_pointer(&c);
        return S_OK;
}

uint32_t catalog_find(const struct catalog *c, const char *symbol) {
        return keymap_get(&c->by_handle, hash((struct mock_slice){symbol, strlen(symbol)}));
}

HRESULT catalog_read(struct catalog *c, uint32_t item, struct mock_record *ret, struct hcs_error **err) {
        HRESULT hr = mock_trace_reader_seek(c->reader, c->items[item].offset, catalog_line(item), err);

        if (SUCCEEDED(hr))
                hr = mock_trace_reader_next(c->reader, ret, err);
        return hr == S_FALSE ? hcs_error_make(err, E_ABORT, "the trace became shorter while it was read") : hr;
}
