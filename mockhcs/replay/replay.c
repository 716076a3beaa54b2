/* SPDX-License-Identifier: MIT */

/* The replay layer: answering a call from its record, and letting happen what followed from it. See replay.h. */

#include "mockhcs/replay/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"

/* What is to be said once the lock is given back. */
struct pending_follow {
        struct replay *replay;
        uint64_t number; /* of the live call, for a completion */
        bool completion;
        struct mock_record record;
};

static uint32_t index_of(const struct mock_handle *h) {
        return h ? (uint32_t)(uintptr_t)h->object : 0;
}

static char *result_text(struct replay *r, const struct mock_record *rec) {
        for (size_t i = 0; i < rec->n_args; i++)
                if (hcs_streq(rec->args[i].name, "result") || hcs_streq(rec->args[i].name, "properties"))
                        return variables_substitute(&r->variables, rec->args[i].text);
        return NULL;
}

/* The live handle behind a symbol of the trace, with a reference; NULL while the client has none. */
static struct mock_handle *live_handle(struct replay *r, const char *symbol) {
        enum mock_handle_kind kind;
        uint32_t number, i;
        struct mock_handle *h = NULL;

        if (!mock_handle_symbol_parse(symbol, &kind, &number))
                return NULL;
        hcs_mutex_lock(&r->lock);
        i = script_handle_find(r->script, kind, number);
        if (i && r->live[i])
                h = mock_handle_ref(r->live[i]);
        hcs_mutex_unlock(&r->lock);
        return h;
}

static void send_completion(struct replay *r, const struct mock_record *rec, uint64_t number) {
        struct mock_completion c = {
                .number = number, .hr = hcs_hresult_to_computecore(rec->hr), .process = rec->process};

        if (rec->kind == MOCK_RECORD_COMPLETE && !mock_value_is_empty(&rec->result)) {
                hcs_mutex_lock(&r->lock);
                mock_value_set_document(&c.result, "result", variables_substitute(&r->variables, rec->result.text));
                hcs_mutex_unlock(&r->lock);
        }
        r->backend.up->ops->complete(r->backend.up, &c);
        mock_value_deinit(&c.result);
}

static void send(struct replay *r, const struct mock_record *rec) {
        struct mock_handle *on = live_handle(r, rec->subject);
        _cleanup_free_ char *data = NULL;

        if (!on)
                return;
        if (rec->kind == MOCK_RECORD_EVENT) {
                if (!mock_value_is_empty(&rec->result)) {
                        hcs_mutex_lock(&r->lock);
                        data = variables_substitute(&r->variables, rec->result.text);
                        hcs_mutex_unlock(&r->lock);
                }
                r->backend.up->ops->event(
                        r->backend.up, &(struct mock_event){on, rec->event, hcs_hresult_to_computecore(rec->hr), data});
        } else {
                r->backend.up->ops->output(r->backend.up,
                                           &(struct mock_stdio){on, rec->stream, rec->data, rec->len, rec->end});
        }
        mock_handle_unref(on);
}

static void drop(void *arg) {
        struct pending_follow *p = arg;

        mock_record_deinit(&p->record);
        free(p);
}

static void happen(void *arg) {
        struct pending_follow *p = arg;

        if (p->completion)
                send_completion(p->replay, &p->record, p->number);
        else
                send(p->replay, &p->record);
        drop(p);
}

static uint64_t time_of(struct replay *r, const struct script_call *c) {
        struct mock_record call;
        uint64_t t = 0;

        hcs_mutex_lock(&r->lock);
        if (SUCCEEDED(script_read(r->script, c->offset, c->line, &call))) {
                t = call.t;
                mock_record_deinit(&call);
        }
        hcs_mutex_unlock(&r->lock);
        return t;
}

/* The record at that place: at once, or when its time comes. completion: of the live call `number`. */
static void let_happen(struct replay *r, const struct script_call *c, uint64_t offset, bool completion,
                       uint64_t number) {
        struct pending_follow *p = hcs_malloc(sizeof(*p));
        uint64_t start;
        HRESULT hr;

        *p = (struct pending_follow){.replay = r, .number = number, .completion = completion};
        hcs_mutex_lock(&r->lock);
        hr = script_read(r->script, offset, 0, &p->record);
        hcs_mutex_unlock(&r->lock);
        if (FAILED(hr)) {
                free(p);
        } else if (r->speed == 0) {
                happen(p);
        } else {
                start = time_of(r, c);
                mock_engine_after(r->backend.engine,
                                  p->record.t > start ? (uint64_t)((double)(p->record.t - start) * r->speed) : 0,
                                  happen, drop, p);
        }
}

/* With the lock held: has the client said what the record at this place says? */
static bool input_given(struct replay *r, const struct script_follow *f) {
        struct mock_record rec;
        enum mock_handle_kind kind;
        uint32_t number;
        bool given = true;

        if (FAILED(script_read(r->script, f->offset, f->line, &rec)))
                return true;
        if (mock_handle_symbol_parse(rec.subject, &kind, &number)) {
                struct replay_input *in = &r->inputs[script_handle_find(r->script, kind, number)];

                given = rec.end ? in->ended : in->ended || in->got >= in->passed + rec.len;
                if (given)
                        in->passed += rec.len;
        }
        mock_record_deinit(&rec);
        return given;
}

static void wait_for_input(struct replay *r, uint32_t call, uint32_t follow) {
        if (r->n_waiting == r->cap_waiting) {
                r->cap_waiting = r->cap_waiting ? r->cap_waiting * 2 : 8;
                r->waiting = hcs_realloc(r->waiting, r->cap_waiting * sizeof(*r->waiting));
        }
        r->waiting[r->n_waiting++] = (struct replay_chain){call, follow};
}

/* What followed from a call, up to where the recorded client had to say something first. */
static void run_chain(struct replay *r, uint32_t call, uint32_t follow) {
        while (follow != SCRIPT_NONE) {
                const struct script_follow *f = &r->script->follows[follow];
                bool given = true;

                if (f->input) {
                        hcs_mutex_lock(&r->lock);
                        given = input_given(r, f);
                        if (!given)
                                wait_for_input(r, call, follow);
                        hcs_mutex_unlock(&r->lock);
                } else {
                        let_happen(r, &r->script->calls[call], f->offset, false, 0);
                }
                if (!given)
                        return;
                follow = script_next(r->script, &r->script->calls[call], follow);
        }
}

static void input(struct mock_backend *b, const struct mock_stdio *chunk) {
        struct replay *r = (struct replay *)b;
        struct replay_chain *chains;
        size_t n;

        hcs_mutex_lock(&r->lock);
        r->inputs[index_of(chunk->process)].got += chunk->len;
        r->inputs[index_of(chunk->process)].ended |= chunk->end;
        chains = r->waiting;
        n = r->n_waiting;
        r->waiting = NULL;
        r->n_waiting = r->cap_waiting = 0;
        hcs_mutex_unlock(&r->lock);
        for (size_t i = 0; i < n; i++)
                run_chain(r, chains[i].call, chains[i].follow);
        free(chains);
}

static void bind_created(struct replay *r, struct mock_call *call, const struct mock_record *ret) {
        for (size_t i = 0; call->created && i < ret->n_args; i++) {
                enum mock_handle_kind kind;
                uint32_t number, handle;

                if (ret->args[i].kind != MOCK_HANDLE || !mock_handle_symbol_parse(ret->args[i].text, &kind, &number) ||
                    kind != call->created->kind)
                        continue;
                handle = script_handle_find(r->script, kind, number);
                if (!handle)
                        continue;
                mock_handle_unref(r->live[handle]);
                r->live[handle] = mock_handle_ref(call->created);
                call->created->object = (void *)(uintptr_t)handle;
        }
}

/* Fills the call's answer from the record of its return; with the lock held. */
static void answer(struct replay *r, struct mock_call *call, const struct script_call *c) {
        struct mock_record ret;
        bool pending;

        if (c->ret == 0 || FAILED(script_read(r->script, c->offset + c->ret, 0, &ret))) {
                mock_call_fail(call, E_ABORT,
                               hcs_asprintf("{\"Error\":%d,\"ErrorMessage\":\"The recorded process ended inside "
                                            "this call (trace line %u).\"}",
                                            (int32_t)E_ABORT, c->line));
                return;
        }
        pending = ret.pending || hcs_is_pending(ret.hr) || c->complete != 0;
        if (FAILED(ret.hr) && !hcs_is_pending(ret.hr)) {
                mock_call_fail(call, hcs_hresult_to_computecore(ret.hr), result_text(r, &ret));
        } else {
                bind_created(r, call, &ret);
                if (pending) {
                        mock_call_later(call);
                } else {
                        mock_call_done(call, result_text(r, &ret));
                        call->completion.process = ret.process;
                }
        }
        mock_record_deinit(&ret);
}

static void mismatch(struct replay *r, struct mock_call *call, const struct hcs_buf *why) {
        _cleanup_json_ struct hcs_json *doc = hcs_json_new_object();
        struct hcs_json *event;

        hcs_buf_append(&r->mismatches, why->data, why->len);
        r->n_mismatches++;
        hcs_json_set_i64(doc, "Error", (int32_t)E_UNEXPECTED);
        hcs_json_set_string(doc, "ErrorMessage", "The call does not match the trace that is replayed.");
        event = hcs_json_append(hcs_json_set_new_array(doc, "ErrorEvents"), hcs_json_new_object());
        hcs_json_set_string(event, "Message", why->data);
        hcs_json_set_string(event, "Source", "mockhcs replay");
        mock_call_fail(call, E_UNEXPECTED, hcs_json_text(doc, HCS_JSON_GO));
        hcs_log(HCS_LOG_ERROR, "replay mismatch", "report", why->data, NULL);
}

static void invoke(struct mock_backend *b, struct mock_call *call) {
        struct replay *r = (struct replay *)b;
        bool closes = mock_verb_closes(call->function->verb), first;
        struct mock_handle *on = mock_call_subject(call);
        uint32_t handle = index_of(on), i, follow = SCRIPT_NONE;
        _cleanup_buf_ struct hcs_buf why = {0};
        const struct script_call *c = NULL;

        hcs_mutex_lock(&r->lock);
        i = replay_match(r, call, handle, &why);
        if (i != SCRIPT_NONE) {
                c = &r->script->calls[i];
                first = !c->answered;
                r->script->calls[i].answered = true;
                r->newest = i > r->newest ? i : r->newest;
                if (first)
                        replay_take(r, handle, i);
                answer(r, call, c);
                follow = first ? script_first(r->script, c) : SCRIPT_NONE;
        } else if (!closes) {
                mismatch(r, call, &why);
        }
        if (closes) {
                mock_completion_deinit(&call->completion);
                mock_call_done(call, NULL); /* closing always works, whatever was recorded */
                on->object = NULL;
                if (handle && r->live[handle] == on)
                        r->live[handle] = mock_handle_unref(on);
        }
        hcs_mutex_unlock(&r->lock);
        if (c && SUCCEEDED(call->hr) && on && mock_call_closes_stdin(call))
                mock_engine_end_input(r->backend.engine, on);
        if (c && !call->completed && c->complete)
                let_happen(r, c, c->offset + c->complete, true, call->number);
        if (c)
                run_chain(r, i, follow);
}

static unsigned verify(struct mock_backend *b, bool failed, struct hcs_buf *report) {
        struct replay *r = (struct replay *)b;
        unsigned n = r->n_mismatches;

        hcs_mutex_lock(&r->lock);
        hcs_buf_append(report, r->mismatches.data, r->mismatches.len);
        /* What was never asked for says nothing once the run has gone another way. */
        for (uint32_t i = 0; !failed && r->n_mismatches == 0 && i < r->script->n_calls; i++) {
                const struct script_call *c = &r->script->calls[i];
                struct mock_record rec;

                if (c->answered || c->closes || FAILED(script_read(r->script, c->offset, c->line, &rec)))
                        continue;
                hcs_buf_printf(report, "%s:%u: %s was never asked for\n", r->script->path, c->line, rec.function);
                mock_record_deinit(&rec);
                n++;
        }
        hcs_mutex_unlock(&r->lock);
        return n;
}

static void replay_free(struct mock_backend *b) {
        struct replay *r = (struct replay *)b;

        for (uint32_t i = 0; r->live && i < r->script->n_handles; i++)
                mock_handle_unref(r->live[i]);
        free(r->live);
        free(r->inputs);
        free(r->waiting);
        script_free(r->script);
        variables_deinit(&r->variables);
        hcs_buf_deinit(&r->mismatches);
        hcs_mutex_deinit(&r->lock);
        free(r);
}

static const struct mock_backend_ops ops = {
        .name = "replay", .invoke = invoke, .input = input, .verify = verify, .free = replay_free};

static HRESULT parse_options(struct replay *r, const struct mock_options *options, struct hcs_error **err) {
        static const char *const orders[] = {"handle", "global", "any"};
        const char *order = mock_option(options, "order"), *speed = mock_option(options, "speed");
        size_t i = 0;
        char *end;

        while (order && i < HCS_ARRAY_SIZE(orders) && !hcs_streq(order, orders[i]))
                i++;
        if (i == HCS_ARRAY_SIZE(orders))
                return hcs_error_make(err, E_INVALIDARG, "order=%s: expected handle, global or any", order);
        r->order = (enum replay_order)i;
        if (speed) {
                r->speed = strtod(speed, &end);
                if (!*speed || *end || r->speed < 0 || r->speed > 1000)
                        return hcs_error_make(err, E_INVALIDARG,
                                              "speed=%s: expected 0 (at once), 1 (as recorded) or another factor",
                                              speed);
        }
        return S_OK;
}

static HRESULT open_replay(struct mock_engine *engine, struct mock_sink *up, const struct mock_options *options,
                           struct mock_backend *next, struct mock_backend **ret, struct hcs_error **err) {
        struct replay *r = hcs_calloc(1, sizeof(*r));
        HRESULT hr;

        r->backend = (struct mock_backend){.ops = &ops, .engine = engine, .up = up};
        hcs_mutex_init(&r->lock);
        hr = parse_options(r, options, err);
        if (SUCCEEDED(hr))
                hr = script_open(options->argument, &r->script, err);
        if (FAILED(hr)) {
                hcs_mutex_deinit(&r->lock);
                free(r);
                return hr;
        }
        r->live = hcs_calloc(r->script->n_handles, sizeof(*r->live));
        r->inputs = hcs_calloc(r->script->n_handles, sizeof(*r->inputs));
        *ret = &r->backend;
        return S_OK;
}

static const char *const keys[] = {"order", "speed", NULL};

const struct mock_backend_kind mock_replay_kind = {
        .name = "replay", .needs_argument = true, .keys = keys, .open = open_replay};
