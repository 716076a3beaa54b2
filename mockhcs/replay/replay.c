/* SPDX-License-Identifier: MIT */

/* The replay layer: answering a call from its record, and letting happen what followed from it. See replay.h. */

#include "mockhcs/replay/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/trace/report.h"

static uint32_t index_of(const struct mock_handle *h) {
        return h ? (uint32_t)(uintptr_t)h->object : 0;
}

static char *result_text(struct replay *r, const struct mock_record *rec) {
        for (size_t i = 0; i < rec->n_args; i++)
                if (hcs_streq(rec->args[i].name, "result") || hcs_streq(rec->args[i].name, "properties")) {
                        replay_guests_look(r, rec->args[i].text);
                        return variables_substitute(&r->variables, rec->args[i].text);
                }
        return NULL;
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

static void mismatch(struct replay *r, struct mock_call *call, struct hcs_json *problem) {
        const char *text = hcs_json_string(hcs_json_get(problem, "text"));
        _cleanup_json_ struct hcs_json *doc = hcs_json_new_object();
        struct hcs_json *event;

        hcs_json_append(r->mismatches, problem);
        hcs_json_set_i64(doc, "Error", (int32_t)E_UNEXPECTED);
        hcs_json_set_string(doc, "ErrorMessage", "The call does not match the trace that is replayed.");
        event = hcs_json_append(hcs_json_set_new_array(doc, "ErrorEvents"), hcs_json_new_object());
        hcs_json_set_string(event, "Message", text);
        hcs_json_set_string(event, "Source", "mockhcs replay");
        mock_call_fail(call, E_UNEXPECTED, hcs_json_text(doc, HCS_JSON_GO));
        hcs_log(HCS_LOG_ERROR, "replay mismatch", "report", text, NULL);
}

static void invoke(struct mock_backend *b, struct mock_call *call) {
        struct replay *r = (struct replay *)b;
        bool closes = mock_verb_closes(call->function->verb), first;
        struct mock_handle *on = mock_call_subject(call);
        uint32_t handle = index_of(on), i, follow = SCRIPT_NONE;
        const struct script_call *c = NULL;
        struct hcs_json *problem = NULL;

        hcs_mutex_lock(&r->lock);
        i = replay_match(r, call, handle, closes ? NULL : &problem);
        if (i != SCRIPT_NONE) {
                c = &r->script->calls[i];
                first = !c->answered;
                r->script->calls[i].answered = true;
                r->newest = i > r->newest ? i : r->newest;
                if (first)
                        replay_take(r, handle, i);
                answer(r, call, c);
                follow = first ? script_first(r->script, c) : SCRIPT_NONE;
        } else if (problem) {
                mismatch(r, call, problem);
        }
        if (closes) {
                mock_completion_deinit(&call->completion);
                mock_call_done(call, NULL); /* closing always works, whatever was recorded */
                on->object = NULL;
                if (handle && r->live[handle] == on) {
                        r->live[handle] = mock_handle_unref(on);
                        r->gone[handle] = true;
                }
        }
        hcs_mutex_unlock(&r->lock);
        if (closes)
                replay_go_on(r);
        if (c && SUCCEEDED(call->hr) && call->function->verb == MOCK_START_SYSTEM)
                replay_guests_start(r, r->script->handles[handle].root);
        if (c && SUCCEEDED(call->hr) && on && mock_call_closes_stdin(call))
                mock_engine_end_input(r->backend.engine, on);
        if (c && !call->completed && c->complete)
                replay_let_happen(r, c, c->offset + c->complete, true, call->number);
        if (c)
                replay_run_chain(r, i, follow);
        if (c && SUCCEEDED(call->hr) && call->created)
                replay_send_early(r, index_of(call->created));
}

/* A call that its arguments decided: it was asked for, and its record answers nobody else. */
static void note(struct mock_backend *b, const struct mock_call *call) {
        struct replay *r = (struct replay *)b;
        struct mock_call *asked = (struct mock_call *)(uintptr_t)call; /* trees of its documents may be made */
        uint32_t handle = index_of(mock_call_subject(call)), i;

        if (mock_verb_is_local(call->function->verb))
                return;
        for (size_t n = 0; n < call->n_args; n++)
                if (call->args[n].kind == MOCK_HANDLE && hcs_streq(call->args[n].text, "invalid"))
                        return; /* such records are passed over from the start */
        hcs_guard(&r->lock);
        i = replay_match(r, asked, handle, NULL);
        if (i == SCRIPT_NONE || r->script->calls[i].answered)
                return;
        r->script->calls[i].answered = true;
        replay_take(r, handle, i);
}

static void verify(struct mock_backend *b, bool failed, struct hcs_json *problems) {
        struct replay *r = (struct replay *)b;

        replay_guests_verify(r, failed || hcs_json_first(r->mismatches), problems);
        hcs_guard(&r->lock);
        for (const struct hcs_json *p = hcs_json_first(r->mismatches); p; p = hcs_json_next(p))
                hcs_json_append(problems, hcs_json_copy(p));
        /* What was never asked for says nothing once the run has gone another way. */
        for (uint32_t i = 0; !failed && !hcs_json_first(r->mismatches) && i < r->script->n_calls; i++) {
                const struct script_call *c = &r->script->calls[i];
                struct mock_record rec;
                struct hcs_json *p;

                if (c->answered || c->closes || FAILED(script_read(r->script, c->offset, c->line, &rec)))
                        continue;
                p = hcs_json_append(problems, mock_problem_new("unasked", "%s:%u: %s was never asked for\n",
                                                               r->script->path, c->line, rec.function));
                hcs_json_set_string(p, "call", rec.function);
                hcs_json_set_string(p, "trace", r->script->path);
                hcs_json_set_u64(p, "line", c->line);
                mock_record_deinit(&rec);
        }
}

static void replay_free(struct mock_backend *b) {
        struct replay *r = (struct replay *)b;

        replay_guests_deinit(r);
        for (uint32_t i = 0; r->live && i < r->script->n_handles; i++)
                mock_handle_unref(r->live[i]);
        while (r->early) {
                struct replay_early *e = r->early;

                r->early = e->next;
                mock_record_deinit(&e->record);
                free(e);
        }
        free(r->live);
        free(r->gone);
        free(r->inputs);
        free(r->waiting);
        script_free(r->script);
        variables_deinit(&r->variables);
        hcs_json_free(r->mismatches);
        hcs_mutex_deinit(&r->lock);
        free(r);
}

static void input(struct mock_backend *b, const struct mock_stdio *chunk) {
        replay_input((struct replay *)b, chunk);
}

static const struct mock_backend_ops ops = {
        .name = "replay", .invoke = invoke, .note = note, .input = input, .verify = verify, .free = replay_free};

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
        r->early_tail = &r->early;
        hcs_mutex_init(&r->lock);
        hr = parse_options(r, options, err);
        if (SUCCEEDED(hr))
                hr = script_open(options->argument, &r->script, err);
        if (FAILED(hr)) {
                hcs_mutex_deinit(&r->lock);
                free(r);
                return hr;
        }
        r->mismatches = hcs_json_new_array();
        r->live = hcs_calloc(r->script->n_handles, sizeof(*r->live));
        r->gone = hcs_calloc(r->script->n_handles, sizeof(*r->gone));
        r->inputs = hcs_calloc(r->script->n_handles, sizeof(*r->inputs));
        replay_guests_init(r);
        *ret = &r->backend;
        return S_OK;
}

static const char *const keys[] = {"order", "speed", NULL};

const struct mock_backend_kind mock_replay_kind = {
        .name = "replay", .needs_argument = true, .keys = keys, .open = open_replay};
