/* SPDX-License-Identifier: MIT */

/* The layer's way down and up, and how it is opened; see faults.h. */

#include "mockhcs/faults/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "platform/random.h"

static struct faults *of_sink(struct mock_sink *s) {
        return (struct faults *)((char *)s - offsetof(struct faults, sink));
}

static bool is_disconnected(struct faults *f) {
        hcs_guard(&f->lock);
        return f->disconnected;
}

/* Refuses what the layer below shall not hear of; true when it did. */
static bool refuse(struct faults *f, struct mock_call *call, const struct fault_plan *plan) {
        HRESULT hr = fault_handle_refusal(f, mock_call_subject(call));
        const char *document = NULL;

        if (plan->disconnect)
                fault_disconnect(f, plan->disconnect_ns);
        if (plan->disconnect || is_disconnected(f))
                hr = HCS_E_SERVICE_DISCONNECT;
        if (FAILED(plan->refuse)) {
                hr = plan->refuse;
                document = plan->document;
        } else if (FAILED(plan->complete) && mock_call_is_network(call)) { /* which completes as it returns */
                hr = plan->complete;
                document = plan->document;
        }
        if (FAILED(hr))
                mock_call_fail(call, hr, document ? hcs_strdup(document) : NULL);
        return FAILED(hr);
}

static void watch(struct faults *f, struct fault_watch *w) {
        hcs_guard(&f->lock);
        w->next = f->waiting;
        f->waiting = w;
}

static struct fault_watch *unwatch(struct faults *f, uint64_t number) {
        hcs_guard(&f->lock);
        for (struct fault_watch **at = &f->waiting; *at; at = &(*at)->next)
                if ((*at)->number == number) {
                        struct fault_watch *w = *at;

                        *at = w->next;
                        return w;
                }
        return NULL;
}

/* The layer below answered at once: that stays the call's answer, or is taken back. */
static void answered(struct faults *f, struct mock_call *call, struct fault_watch *w) {
        struct mock_completion c = call->completion;

        call->completion = (struct mock_completion){0};
        fault_edit(f, w, &c);
        mock_completion_deinit(&c);
        if (fault_stays(f, w)) {
                call->completion = w->completion;
                w->completion = (struct mock_completion){0};
                fault_watch_free(w);
        } else {
                mock_call_later(call);
                fault_route(f, w);
        }
}

static void pass(struct faults *f, struct mock_call *call, const struct fault_plan *plan) {
        struct fault_watch *w;

        if (!plan->any) {
                mock_backend_invoke(f->backend.next, call);
                return;
        }
        w = fault_watch_new(plan, call);
        if (FAILED(plan->complete)) {
                mock_call_done(call, NULL); /* the layer below does not hear of it */
        } else {
                watch(f, w);
                mock_backend_invoke(f->backend.next, call);
                w = FAILED(call->hr) || call->completed ? unwatch(f, call->number) : NULL;
        }
        if (w && SUCCEEDED(call->hr))
                answered(f, call, w);
        else if (w)
                fault_watch_free(w);
}

static void invoke(struct mock_backend *b, struct mock_call *call) {
        struct faults *f = (struct faults *)b;
        bool closes = mock_verb_closes(call->function->verb);
        struct mock_handle *subject = mock_call_subject(call);
        struct fault_plan plan;

        fault_plan_call(&f->rules, f->seed, call, &plan);
        fault_tell(f->told, &plan, "call", call->function->name,
                   subject         ? subject->symbol
                   : call->created ? call->created->symbol
                                   : NULL);
        fault_release_late(f, NULL, subject); /* of the calls before, not of this one */
        if (closes)
                plan.any = false; /* closing always works, and at once */
        if (closes || !refuse(f, call, &plan))
                pass(f, call, &plan);
        if (plan.slow_ns)
                fault_slow(f, plan.slow_ns);
        call->heard_first |= plan.early;
        if (call->created && SUCCEEDED(call->hr))
                fault_handle_add(f, call->created, mock_call_text(call, "id"), plan.stale ? E_HANDLE : S_OK);
        if (closes && subject)
                fault_handle_remove(f, subject);
}

static void note(struct mock_backend *b, const struct mock_call *call) {
        struct faults *f = (struct faults *)b;

        mock_backend_note(b->next, call);
        if (call->function->verb == MOCK_CLOSE_OPERATION || call->function->verb == MOCK_CANCEL_OPERATION)
                fault_release_late(f, call->operation, NULL);
}

static void sink_complete(struct mock_sink *sink, const struct mock_completion *c) {
        struct faults *f = of_sink(sink);
        struct fault_watch *w = fault_is_internal(c->number) ? NULL : unwatch(f, c->number);

        if (w) {
                fault_edit(f, w, c);
                fault_route(f, w);
        } else if (!fault_is_internal(c->number)) {
                f->backend.up->ops->complete(f->backend.up, c);
        }
}

static void sink_event(struct mock_sink *sink, const struct mock_event *event) {
        struct faults *f = of_sink(sink);
        struct mock_event e = *event;

        if (hcs_streq(e.name, "SystemExited") && fault_handle_dying(f, e.on)) {
                e.hr = HCS_E_UNEXPECTED_EXIT;
                e.data = FAULT_UNEXPECTED_EXIT;
        }
        fault_event(f, &e);
}

static void sink_output(struct mock_sink *sink, const struct mock_stdio *chunk) {
        struct faults *f = of_sink(sink);

        f->backend.up->ops->output(f->backend.up, chunk);
}

static void faults_free(struct mock_backend *b) {
        struct faults *f = (struct faults *)b;

        mock_backend_free(b->next);
        fault_watch_list_free(f->waiting);
        fault_watch_list_free(f->late);
        fault_watch_list_free(f->reordered);
        fault_event_list_free(f->reordered_events);
        fault_event_list_free(f->late_events);
        fault_handle_list_free(f->handles);
        fault_rules_deinit(&f->rules);
        hcs_mutex_deinit(&f->lock);
        free(f->remark);
        fault_told_close(f->told);
        free(f);
}

/* A fault that never happened has tested nothing. */
static void verify(struct mock_backend *b, bool failed, struct hcs_json *problems) {
        struct faults *f = (struct faults *)b;

        for (size_t i = 0; i < f->rules.n; i++)
                if (atomic_load(&f->rules.rules[i].seen) < (f->rules.rules[i].from ? f->rules.rules[i].from : 1))
                        hcs_log(HCS_LOG_WARN, "a fault never had its occasion", "rule", f->rules.rules[i].text, NULL);
}

static const struct mock_sink_ops sink_ops = {sink_complete, sink_event, sink_output};
static const struct mock_backend_ops backend_ops = {
        .name = "faults", .invoke = invoke, .note = note, .verify = verify, .free = faults_free};

static HRESULT choose_seed(struct faults *f, const char *text, struct hcs_error **err) {
        HRESULT hr;

        if (text)
                return hcs_str_to_u64(text, &f->seed)
                               ? S_OK
                               : hcs_error_make(err, E_INVALIDARG, "seed=%s: a number is expected", text);
        hr = hcs_random(&f->seed, sizeof(f->seed), err);
        f->seed &= 0xffffffff; /* somebody may have to type it */
        return hr;
}

static char *describe(const struct faults *f, const char *argument) {
        _cleanup_json_ struct hcs_json *o = hcs_json_new_object();
        struct hcs_json *rules;

        hcs_json_set_string(o, "argument", argument);
        hcs_json_set_u64(o, "seed", f->seed);
        rules = hcs_json_set_new_array(o, "rules");
        for (size_t i = 0; i < f->rules.n; i++)
                hcs_json_append(rules, hcs_json_new_string(f->rules.rules[i].text));
        return hcs_json_text(o, HCS_JSON_COMPACT);
}

static HRESULT open_faults(struct mock_engine *engine, struct mock_sink *up, const struct mock_options *options,
                           struct mock_backend *next, struct mock_backend **ret, struct hcs_error **err) {
        struct faults *f = hcs_calloc(1, sizeof(*f));
        char seed[24];
        HRESULT hr;

        f->backend = (struct mock_backend){.ops = &backend_ops, .engine = engine, .up = up, .build = next->build};
        f->sink.ops = &sink_ops;
        hcs_mutex_init(&f->lock);
        hr = fault_rules_load(options->argument, &f->rules, err);
        if (SUCCEEDED(hr))
                hr = fault_rules_check(&f->rules, false, err);
        if (SUCCEEDED(hr))
                hr = choose_seed(f, mock_option(options, "seed"), err);
        if (SUCCEEDED(hr))
                hr = fault_told_open(mock_option(options, "told"), &f->told, err);
        if (FAILED(hr)) {
                faults_free(&f->backend);
                return hr;
        }
        f->backend.next = next;
        next->up = &f->sink;
        f->remark = describe(f, options->argument);
        f->backend.remark = f->remark;
        snprintf(seed, sizeof(seed), "%llu", (unsigned long long)f->seed);
        hcs_log(HCS_LOG_WARN, "faults are injected", "seed", seed, "rules", options->argument, NULL);
        *ret = &f->backend;
        return S_OK;
}

static const char *const keys[] = {"seed", "told", NULL};

const struct mock_backend_kind mock_faults_kind = {
        .name = "faults", .decorator = true, .needs_argument = true, .keys = keys, .open = open_faults};
