/* SPDX-License-Identifier: MIT */

/*
 * What follows from an answered call: completions, events, output, at once or when their time comes, and not before the
 * client has said what the recorded one had said, nor before it has the handle. See replay.h; the sink is called
 * without the lock.
 */

#include "mockhcs/replay/replay.h"

#include <string.h>

#include "base/str.h"

/* What is to be said once the lock is given back. */
struct pending_follow {
        struct replay *replay;
        uint64_t number; /* of the live call, for a completion */
        bool completion;
        struct mock_record record;
};

static void send_completion(struct replay *r, const struct mock_record *rec, uint64_t number) {
        struct mock_completion c = {
                .number = number, .hr = hcs_hresult_to_computecore(rec->hr), .process = rec->process};

        if (rec->kind == MOCK_RECORD_COMPLETE && !mock_value_is_empty(&rec->result)) {
                hcs_mutex_lock(&r->lock);
                replay_guests_look(r, rec->result.text);
                mock_value_set_document(&c.result, "result", variables_substitute(&r->variables, rec->result.text));
                hcs_mutex_unlock(&r->lock);
        }
        r->backend.up->ops->complete(r->backend.up, &c);
        mock_value_deinit(&c.result);
}

/* An event or output of a live handle. */
static void say(struct replay *r, struct mock_handle *on, const struct mock_record *rec) {
        _cleanup_free_ char *data = NULL;

        if (rec->kind != MOCK_RECORD_EVENT) {
                r->backend.up->ops->output(r->backend.up,
                                           &(struct mock_stdio){on, rec->stream, rec->data, rec->len, rec->end});
                return;
        }
        if (!mock_value_is_empty(&rec->result)) {
                hcs_mutex_lock(&r->lock);
                data = variables_substitute(&r->variables, rec->result.text);
                hcs_mutex_unlock(&r->lock);
        }
        r->backend.up->ops->event(r->backend.up,
                                  &(struct mock_event){on, rec->event, hcs_hresult_to_computecore(rec->hr), data});
}

/* With the lock held: is there something that has to be said first? */
static bool is_put_off(const struct replay *r, uint32_t handle) {
        for (const struct replay_early *e = r->early; e; e = e->next)
                if (e->handle == handle)
                        return true;
        return false;
}

/* With the lock held: the record (taken over) waits for its handle. */
static void put_off(struct replay *r, uint32_t handle, struct mock_record *rec) {
        struct replay_early *e = hcs_malloc(sizeof(*e));

        *e = (struct replay_early){.handle = handle, .record = *rec};
        *rec = (struct mock_record){0};
        *r->early_tail = e;
        r->early_tail = &e->next;
}

/* Takes the record over while the client has no such handle. */
static void send_up(struct replay *r, struct mock_record *rec) {
        enum mock_handle_kind kind;
        struct mock_handle *on = NULL;
        uint32_t number, i;

        if (!mock_handle_symbol_parse(rec->subject, &kind, &number))
                return;
        hcs_mutex_lock(&r->lock);
        i = script_handle_find(r->script, kind, number);
        if (i && r->live[i] && !is_put_off(r, i))
                on = mock_handle_ref(r->live[i]);
        else if (i && !r->gone[i])
                put_off(r, i, rec);
        hcs_mutex_unlock(&r->lock);
        if (on)
                say(r, on, rec);
        mock_handle_unref(on);
}

/* With the lock held: takes the oldest that was put off for the handle. */
static struct replay_early *take_early(struct replay *r, uint32_t handle) {
        struct replay_early **at = &r->early, *e;

        while (*at && (*at)->handle != handle)
                at = &(*at)->next;
        e = *at;
        if (!e)
                return NULL;
        *at = e->next;
        if (!*at)
                r->early_tail = at;
        return e;
}

void replay_send_early(struct replay *r, uint32_t handle) {
        for (;;) {
                struct mock_handle *on;
                struct replay_early *e;

                hcs_mutex_lock(&r->lock);
                e = take_early(r, handle);
                on = e && r->live[handle] ? mock_handle_ref(r->live[handle]) : NULL;
                hcs_mutex_unlock(&r->lock);
                if (!e)
                        return;
                if (on)
                        say(r, on, &e->record);
                mock_handle_unref(on);
                mock_record_deinit(&e->record);
                free(e);
        }
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
                send_up(p->replay, &p->record);
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
void replay_let_happen(struct replay *r, const struct script_call *c, uint64_t offset, bool completion,
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
                uint32_t i = script_handle_find(r->script, kind, number);
                struct replay_input *in = &r->inputs[i];

                /* what is still in the pipe of a process whose handle is closed is not told any more */
                given = r->gone[i] || in->ended || (!rec.end && in->got >= in->passed + rec.len);
                if (given)
                        in->passed += rec.len;
        }
        mock_record_deinit(&rec);
        return given;
}

static void wait_for_client(struct replay *r, uint32_t call, uint32_t follow) {
        if (r->n_waiting == r->cap_waiting) {
                r->cap_waiting = r->cap_waiting ? r->cap_waiting * 2 : 8;
                r->waiting = hcs_realloc(r->waiting, r->cap_waiting * sizeof(*r->waiting));
        }
        r->waiting[r->n_waiting++] = (struct replay_chain){call, follow};
}

/* What followed from a call, up to where the recorded client had to say something first. */
void replay_run_chain(struct replay *r, uint32_t call, uint32_t follow) {
        while (follow != SCRIPT_NONE) {
                const struct script_follow *f = &r->script->follows[follow];
                bool given = true;

                if (f->input || f->system) {
                        hcs_mutex_lock(&r->lock);
                        given = replay_guests_heard(r, f->system, f->line) && (!f->input || input_given(r, f));
                        if (!given)
                                wait_for_client(r, call, follow);
                        hcs_mutex_unlock(&r->lock);
                }
                if (given && f->bridge_end) {
                        replay_guests_hang_up(r, f->system);
                } else if (given && !f->input) {
                        replay_let_happen(r, &r->script->calls[call], f->offset, false, 0);
                }
                if (!given)
                        return;
                follow = script_next(r->script, &r->script->calls[call], follow);
        }
}

void replay_input(struct replay *r, const struct mock_stdio *chunk) {
        hcs_mutex_lock(&r->lock);
        r->inputs[(uint32_t)(uintptr_t)chunk->process->object].got += chunk->len;
        r->inputs[(uint32_t)(uintptr_t)chunk->process->object].ended |= chunk->end;
        hcs_mutex_unlock(&r->lock);
        replay_go_on(r);
}

void replay_go_on(struct replay *r) {
        struct replay_chain *chains;
        size_t n;

        hcs_mutex_lock(&r->lock);
        chains = r->waiting;
        n = r->n_waiting;
        r->waiting = NULL;
        r->n_waiting = r->cap_waiting = 0;
        hcs_mutex_unlock(&r->lock);
        for (size_t i = 0; i < n; i++)
                replay_run_chain(r, chains[i].call, chains[i].follow);
        free(chains);
}
