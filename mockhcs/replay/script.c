/* SPDX-License-Identifier: MIT */

/* Reading a trace into its index, in one pass. See script.h. */

#include "mockhcs/replay/script.h"

#include <string.h>

#include "base/str.h"
#include "hcsshim/gcs.h"

struct script *script_free(struct script *s) {
        if (!s)
                return NULL;
        for (uint32_t i = 0; i < s->n_handles; i++)
                free(s->handles[i].id);
        mock_trace_reader_free(s->reader);
        mock_noise_deinit(&s->noise);
        free(s->path);
        free(s->calls);
        free(s->follows);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(s->by_number); i++)
                free(s->by_number[i].index);
        free(s->handles);
        free(s);
        return NULL;
}

uint32_t script_handle_find(struct script *s, enum mock_handle_kind kind, uint32_t number) {
        return number < s->by_number[kind].cap ? s->by_number[kind].index[number] : 0;
}

/* A trace that numbers its handles wildly is refused: the index would take gigabytes. */
#define MAX_HANDLE_NUMBER (1u << 24)

static bool enter_number(struct script *s, enum mock_handle_kind kind, uint32_t number, uint32_t index) {
        uint32_t cap = s->by_number[kind].cap;

        if (number >= MAX_HANDLE_NUMBER)
                return false;
        if (number >= cap) {
                uint32_t want = number * 2 + 16;

                s->by_number[kind].index = hcs_realloc(s->by_number[kind].index, want * sizeof(uint32_t));
                memset(s->by_number[kind].index + cap, 0, (want - cap) * sizeof(uint32_t));
                s->by_number[kind].cap = want;
        }
        s->by_number[kind].index[number] = index;
        return true;
}

static uint32_t add_handle(struct script *s, enum mock_handle_kind kind, uint32_t number, uint32_t root) {
        uint32_t i = s->n_handles;

        if (s->n_handles == s->cap_handles) {
                s->cap_handles = s->cap_handles ? s->cap_handles * 2 : 16;
                s->handles = hcs_realloc(s->handles, s->cap_handles * sizeof(*s->handles));
        }
        s->handles[s->n_handles++] = (struct script_handle){.number = number,
                                                            .kind = (uint8_t)kind,
                                                            .root = root ? root : i,
                                                            .head = SCRIPT_NONE,
                                                            .tail = SCRIPT_NONE,
                                                            .gate = SCRIPT_NONE,
                                                            .early = SCRIPT_NONE};
        return i;
}

/* "system/what": other kinds may come from newer recorders. */
static bool is_kind_of_ours(const char *symbol) {
        for (int kind = 0; symbol && kind < MOCK_HANDLE_KINDS; kind++) {
                const char *name = mock_handle_kind_name((enum mock_handle_kind)kind);

                if (hcs_str_starts(symbol, name) && symbol[strlen(name)] == '/')
                        return true;
        }
        return false;
}

static uint32_t known_handle(struct script *s, const char *symbol, uint32_t root) {
        enum mock_handle_kind kind;
        uint32_t number, i;

        if (!mock_handle_symbol_parse(symbol, &kind, &number)) {
                s->bad_symbol |= is_kind_of_ours(symbol);
                return 0;
        }
        if (kind == MOCK_OPERATION)
                return 0;
        i = script_handle_find(s, kind, number);
        if (i)
                return i;
        if (!enter_number(s, kind, number, s->n_handles)) {
                s->bad_symbol = true;
                return 0;
        }
        return add_handle(s, kind, number, kind > MOCK_PROCESS ? SCRIPT_NETWORKING : root);
}

static const struct mock_value *value_of(const struct mock_record *r, const char *name) {
        for (size_t i = 0; i < r->n_args; i++)
                if (strcmp(r->args[i].name, name) == 0)
                        return &r->args[i];
        return NULL;
}

static const char *text_of(const struct mock_record *r, const char *name) {
        const struct mock_value *v = value_of(r, name);

        return v ? v->text : NULL;
}

/* The handle that a record is about (of a return: that it made), as mock_call_subject() says it of a call. */
static const char *subject_of(const struct mock_record *r) {
        const char *found = NULL;
        enum mock_handle_kind best = MOCK_OPERATION, kind;
        uint32_t number;

        for (size_t i = 0; i < r->n_args; i++) {
                if (r->args[i].kind != MOCK_HANDLE || !mock_handle_symbol_parse(r->args[i].text, &kind, &number) ||
                    kind == MOCK_OPERATION)
                        continue;
                if (!found || kind == MOCK_PROCESS || (kind > MOCK_CALLBACK && best != MOCK_PROCESS)) {
                        found = r->args[i].text;
                        best = kind;
                }
        }
        return found;
}

static bool has_bad_handle(const struct mock_record *r) {
        for (size_t i = 0; i < r->n_args; i++)
                if (r->args[i].kind == MOCK_HANDLE && hcs_streq(r->args[i].text, "invalid"))
                        return true;
        return false;
}

static void add_call(struct script *s, const struct mock_record *r) {
        const struct mock_function *f = mock_function_find(r->dll, r->function);
        struct script_call *c;
        uint32_t index = s->n_calls, handle;

        if (!f || mock_verb_is_local(f->verb) || f->verb == MOCK_VERB_NONE || has_bad_handle(r))
                return;
        if (s->n_calls == s->cap_calls) {
                s->cap_calls = s->cap_calls ? s->cap_calls + s->cap_calls / 2 : 64;
                s->calls = hcs_realloc(s->calls, s->cap_calls * sizeof(*s->calls));
        }
        c = &s->calls[s->n_calls++];
        *c = (struct script_call){.offset = r->offset,
                                  .hash = script_hash(r->args, r->n_args),
                                  .line = (uint32_t)r->line,
                                  .number = (uint32_t)r->n,
                                  .next = SCRIPT_NONE,
                                  .last = SCRIPT_NONE,
                                  .verb = (uint8_t)f->verb,
                                  .read_only = mock_call_is_read_only(f, text_of(r, "method")),
                                  .closes = mock_verb_closes(f->verb)};
        handle = known_handle(s, subject_of(r), 0);
        if (s->handles[handle].tail == SCRIPT_NONE)
                s->handles[handle].head = index;
        else
                s->calls[s->handles[handle].tail].next = index;
        s->handles[handle].tail = index;
        if (c->read_only || c->closes)
                return;
        if (handle)
                s->handles[s->handles[handle].root].gate = index;
        s->handles[SCRIPT_NETWORKING].gate = index;
}

static uint32_t add_follow(struct script *s, const struct mock_record *r) {
        if (s->n_follows == s->cap_follows) {
                s->cap_follows = s->cap_follows ? s->cap_follows + s->cap_follows / 2 : 64;
                s->follows = hcs_realloc(s->follows, s->cap_follows * sizeof(*s->follows));
        }
        s->follows[s->n_follows] =
                (struct script_follow){.offset = r->offset,
                                       .input = r->kind == MOCK_RECORD_STDIO && r->stream == MOCK_STDIN,
                                       .line = (uint32_t)r->line,
                                       .next = s->n_follows};
        return s->n_follows++;
}

/* The system whose bridge a record is of; 0: of none. */
static uint32_t system_of_bridge(const struct script *s, const struct mock_record *r) {
        uint64_t number;

        if (!r->subject || !hcs_str_starts(r->subject, "bridge/") ||
            !hcs_str_to_u64(r->subject + strlen("bridge/"), &number) || number >= s->by_number[MOCK_SYSTEM].cap)
                return 0;
        return s->by_number[MOCK_SYSTEM].index[number];
}

/* Answers come soon after their call, and calls are numbered in nearly the order they stand in (threads overtake each
 * other a little): a short look back finds it, or there is none. */
#define OVERTAKEN 64

static struct script_call *find_call(struct script *s, uint64_t number) {
        unsigned older = 0;

        for (uint32_t i = s->n_calls; i-- > 0 && older < OVERTAKEN;) {
                if (s->calls[i].number == number)
                        return &s->calls[i];
                older += s->calls[i].number < number;
        }
        return NULL;
}

/* The newest handle of the system with that id, or 0. */
static uint32_t handle_of_id(const struct script *s, const char *id) {
        for (uint32_t i = s->n_handles; i-- > 1;)
                if (hcs_streq(s->handles[i].id, id))
                        return i;
        return 0;
}

static HRESULT set_distance(const struct script *s, const struct script_call *c, uint64_t offset, uint64_t line,
                            uint32_t *ret, struct hcs_error **err) {
        uint64_t distance = offset - c->offset;

        if (distance > UINT32_MAX)
                return hcs_error_make(err, HCS_WIN32(223), "%s: line %llu: 4 GiB or more behind the call of line %u",
                                      s->path, (unsigned long long)line, c->line);
        *ret = (uint32_t)distance;
        return S_OK;
}

/* Rings are known by their last: the one of `ring` is put behind the one of *last. */
static void join_ring(struct script *s, uint32_t *last, uint32_t ring) {
        if (ring == SCRIPT_NONE)
                return;
        if (*last != SCRIPT_NONE) {
                uint32_t first = s->follows[*last].next;

                s->follows[*last].next = s->follows[ring].next;
                s->follows[ring].next = first;
        }
        *last = ring;
}

/* The handle that a call made belongs to the system it was made in, or to the one of the same id opened before. */
static uint32_t root_of_made(struct script *s, const struct script_call *c, const struct mock_record *call) {
        uint32_t in = 0;

        if (text_of(call, "system"))
                in = known_handle(s, text_of(call, "system"), 0);
        else if (c->verb == MOCK_OPEN_SYSTEM)
                in = handle_of_id(s, text_of(call, "id"));
        return s->handles[in].root;
}

static HRESULT add_made_handle(struct script *s, struct script_call *c, const struct mock_record *ret,
                               struct hcs_error **err) {
        const char *symbol = subject_of(ret);
        struct script_handle *h;
        struct mock_record call;
        uint32_t root, made;
        HRESULT hr = S_OK;

        if (!symbol || FAILED(script_read(s, c->offset, c->line, &call)))
                return S_OK;
        root = root_of_made(s, c, &call);
        made = known_handle(s, symbol, root);
        if (made) {
                h = &s->handles[made];
                if (root)
                        h->root = root;
                if (!h->id && text_of(&call, "id"))
                        h->id = hcs_strdup(text_of(&call, "id"));
                s->handles[h->root].gate = (uint32_t)(c - s->calls);
                /* What other threads wrote down of it first can only happen once the client has it. */
                join_ring(s, &c->last, h->early);
                h->early = SCRIPT_NONE;
                if (h->early_completion)
                        hr = set_distance(s, c, h->early_completion, ret->line, &c->complete, err);
        }
        mock_record_deinit(&call);
        return hr;
}

/* A return or a completion; S_OK also for that of a local call, which is not in the index. */
static HRESULT add_answer(struct script *s, const struct mock_record *r, struct hcs_error **err) {
        struct script_call *c = find_call(s, r->n);
        HRESULT hr;

        if (!c)
                return S_OK;
        if (r->kind == MOCK_RECORD_COMPLETE)
                return set_distance(s, c, r->offset, r->line, &c->complete, err);
        hr = add_made_handle(s, c, r, err);
        return FAILED(hr) ? hr : set_distance(s, c, r->offset, r->line, &c->ret, err);
}

/* vmcompute's completions are notifications: they belong to the call that is pending. */
static bool is_completion(const struct mock_record *r) {
        return r->event && hcs_str_starts(r->event, "System") && hcs_str_ends(r->event, "Completed");
}

/* Where a guest was first spoken to. */
static void note_frame(struct script *s, const struct mock_record *r) {
        uint32_t system = system_of_bridge(s, r);

        if (system && !r->from_guest && !s->handles[system].bridge_line)
                s->handles[system].bridge_line = r->line;
}

/* What streams of a bridge carried is its player's; its end happens as an event does. */
static void add_bridge_end(struct script *s, const struct mock_record *r) {
        uint32_t system = system_of_bridge(s, r), gate = system ? s->handles[system].gate : SCRIPT_NONE, follow;

        if (gate == SCRIPT_NONE || r->n != HCS_GCS_BRIDGE)
                return;
        follow = add_follow(s, r);
        s->follows[follow].bridge_end = true;
        s->follows[follow].input = false;
        s->follows[follow].system = system;
        join_ring(s, &s->calls[gate].last, follow);
}

static uint32_t add_behind_bridge(struct script *s, const struct mock_record *r, uint32_t root) {
        uint32_t follow = add_follow(s, r);

        if (s->handles[root].bridge_line)
                s->follows[follow].system = root;
        return follow;
}

static HRESULT add_gated(struct script *s, const struct mock_record *r, struct hcs_error **err) {
        uint32_t index = known_handle(s, r->subject, 0);
        struct script_handle *handle = &s->handles[index];
        uint32_t gate = s->handles[handle->root].gate;

        if (!index)
                return S_OK;
        if (gate == SCRIPT_NONE && is_completion(r))
                handle->early_completion = r->offset;
        else if (gate == SCRIPT_NONE)
                join_ring(s, &handle->early, add_follow(s, r));
        else if (is_completion(r))
                return set_distance(s, &s->calls[gate], r->offset, r->line, &s->calls[gate].complete, err);
        else
                join_ring(s, &s->calls[gate].last, add_behind_bridge(s, r, handle->root));
        return S_OK;
}

uint32_t script_first(const struct script *s, const struct script_call *c) {
        return c->last == SCRIPT_NONE ? SCRIPT_NONE : s->follows[c->last].next;
}

uint32_t script_next(const struct script *s, const struct script_call *c, uint32_t follow) {
        return follow == c->last ? SCRIPT_NONE : s->follows[follow].next;
}

static uint64_t mix(uint64_t h, const void *data, size_t n) {
        const char *p = data;

        for (; n; p += 8) {
                size_t step = n < 8 ? n : 8;
                uint64_t lane = 0;

                memcpy(&lane, p, step);
                h = (h ^ lane) * 0x9e3779b97f4a7c15u;
                h ^= h >> 29;
                n -= step;
        }
        return h;
}

uint64_t script_hash(const struct mock_value *args, size_t n) {
        uint64_t h = 1;

        for (size_t i = 0; i < n; i++) {
                if (args[i].kind == MOCK_HANDLE || mock_value_is_empty(&args[i]))
                        continue;
                h = mix(h, args[i].name, strlen(args[i].name) + 1);
                h = args[i].kind == MOCK_NUMBER ? mix(h, &args[i].number, sizeof(args[i].number))
                                                : mix(h ^ args[i].len, args[i].text, args[i].len);
        }
        return h;
}

static HRESULT add_record(struct script *s, const struct mock_record *r, struct hcs_error **err) {
        switch (r->kind) {
        case MOCK_RECORD_CALL:
                add_call(s, r);
                return S_OK;
        case MOCK_RECORD_RETURN:
        case MOCK_RECORD_COMPLETE:
                return add_answer(s, r, err);
        case MOCK_RECORD_FRAME:
                note_frame(s, r);
                return S_OK;
        case MOCK_RECORD_STDIO:
                if (hcs_str_starts(r->subject, "bridge/"))
                        return add_bridge_end(s, r), S_OK;
                return add_gated(s, r, err);
        case MOCK_RECORD_EVENT:
                return add_gated(s, r, err);
        default:
                return S_OK;
        }
}

/* One pass is enough: a handle's name is first seen in the answer that made it. Reading the call's line again needs a
 * reader of its own, so that the pass is not disturbed. */
static HRESULT index_trace(struct script *s, struct mock_trace_reader *pass, struct hcs_error **err) {
        for (;;) {
                struct mock_record r;
                HRESULT hr = mock_trace_reader_next(pass, &r, err);

                if (hr != S_OK)
                        return hr;
                hr = add_record(s, &r, err);
                if (SUCCEEDED(hr) && s->bad_symbol)
                        hr = mock_trace_reader_fail(pass, r.line, E_INVALIDARG, 1,
                                                    "a handle whose number is none, or too large", err);
                mock_record_deinit(&r);
                if (FAILED(hr))
                        return hr;
        }
}

HRESULT script_read(struct script *s, uint64_t offset, uint32_t line, struct mock_record *ret) {
        HRESULT hr = mock_trace_reader_seek(s->reader, offset, line, NULL);

        return SUCCEEDED(hr) ? mock_trace_reader_next(s->reader, ret, NULL) : hr;
}

HRESULT script_open(const char *path, struct script **ret, struct hcs_error **err) {
        struct mock_trace_reader *pass = NULL;
        struct script *s = hcs_calloc(1, sizeof(*s));
        HRESULT hr;

        s->path = hcs_strdup(path);
        add_handle(s, MOCK_SYSTEM, 0, 0);
        add_handle(s, MOCK_CALLBACK, 0, 0); /* SCRIPT_NETWORKING */
        hr = mock_trace_reader_open(path, &s->reader, err);
        if (SUCCEEDED(hr))
                hr = mock_noise_read(mock_trace_reader_header(s->reader), &s->noise, err);
        if (SUCCEEDED(hr))
                hr = mock_trace_reader_open(path, &pass, err);
        if (SUCCEEDED(hr))
                hr = index_trace(s, pass, err);
        if (pass)
                s->truncated = mock_trace_reader_truncated(pass);
        mock_trace_reader_free(pass);
        if (FAILED(hr)) {
                script_free(s);
                return hr;
        }
        *ret = s;
        return S_OK;
}
