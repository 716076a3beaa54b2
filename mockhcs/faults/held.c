/* SPDX-License-Identifier: MIT */

/* Completions and events that come later, twice, in another order or never; see faults.h. */

#include <stdlib.h>

#include "base/str.h"
#include "mockhcs/faults/document.h"
#include "mockhcs/faults/faults.h"
#include "platform/clock.h"

static struct mock_handle *ref(struct mock_handle *h) {
        return h ? mock_handle_ref(h) : NULL;
}

struct fault_watch *fault_watch_new(const struct fault_plan *plan, const struct mock_call *call) {
        struct fault_watch *w = hcs_calloc(1, sizeof(*w));
        struct mock_handle *subject = mock_call_subject(call);

        w->plan = *plan;
        w->number = call->number;
        w->subject = ref(subject ? subject : call->created);
        w->operation = ref(call->operation);
        w->system = ref(call->system                                          ? call->system
                        : call->process                                       ? call->process->system
                        : call->created && call->created->kind == MOCK_SYSTEM ? call->created
                                                                              : NULL);
        return w;
}

void fault_watch_free(struct fault_watch *w) {
        mock_handle_unref(w->subject);
        mock_handle_unref(w->operation);
        mock_handle_unref(w->system);
        mock_completion_deinit(&w->completion);
        free(w);
}

void fault_watch_list_free(struct fault_watch *list) {
        while (list) {
                struct fault_watch *w = list;

                list = w->next;
                fault_watch_free(w);
        }
}

/* ---- completions ---- */

struct posted {
        struct faults *f;
        struct fault_watch *watch;
};

/* Does one wait for the next one already? Then that is not held as well: it goes first. */
static bool holds(struct faults *f, bool events) {
        hcs_guard(&f->lock);
        return events ? f->reordered_events != NULL : f->reordered != NULL;
}

static void give(struct faults *f, struct fault_watch *w) {
        struct fault_watch *held;

        f->backend.up->ops->complete(f->backend.up, &w->completion);
        if (w->plan.duplicate)
                f->backend.up->ops->complete(f->backend.up, &w->completion);
        fault_watch_free(w);
        hcs_mutex_lock(&f->lock);
        held = f->reordered;
        f->reordered = NULL;
        hcs_mutex_unlock(&f->lock);
        while (held) {
                w = held;
                held = w->next;
                w->plan.reorder = false;
                give(f, w);
        }
}

static void run_posted(void *arg) {
        struct posted *p = arg;

        give(p->f, p->watch);
        free(p);
}

static void drop_posted(void *arg) {
        struct posted *p = arg;

        fault_watch_free(p->watch);
        free(p);
}

static void hold(struct faults *f, struct fault_watch **list, struct fault_watch *w) {
        hcs_mutex_lock(&f->lock);
        w->next = *list;
        *list = w;
        hcs_mutex_unlock(&f->lock);
}

void fault_edit(struct faults *f, struct fault_watch *w, const struct mock_completion *came) {
        struct mock_completion *c = &w->completion;

        c->number = w->number;
        c->hr = came->hr;
        c->process = came->process;
        mock_value_copy(&c->result, &came->result);
        if (FAILED(w->plan.complete)) {
                c->hr = w->plan.complete;
                mock_value_deinit(&c->result);
                mock_value_set_document(&c->result, "result", hcs_strdup(w->plan.document ? w->plan.document : ""));
        }
        if (w->plan.omit)
                fault_omit(&c->result, w->plan.omit_path, w->plan.chance);
        if (w->plan.shuffle)
                fault_shuffle(&c->result, w->plan.chance);
        if (w->plan.exit && w->system && SUCCEEDED(c->hr))
                fault_kill_system(f, w->system);
}

bool fault_stays(struct faults *f, const struct fault_watch *w) {
        const struct fault_plan *p = &w->plan;

        return !p->never && !p->late && !p->reorder && !p->delay && !p->duplicate && SUCCEEDED(p->complete) &&
               !holds(f, false);
}

void fault_route(struct faults *f, struct fault_watch *w) {
        if (w->plan.never) {
                fault_watch_free(w);
        } else if (w->plan.late) {
                hold(f, &f->late, w);
        } else if (w->plan.reorder && !holds(f, false)) {
                hold(f, &f->reordered, w);
        } else if (w->plan.delay || FAILED(w->plan.complete)) {
                struct posted *p = hcs_calloc(1, sizeof(*p));

                *p = (struct posted){f, w};
                mock_engine_after(f->backend.engine, w->plan.delay_ns, run_posted, drop_posted, p);
        } else {
                give(f, w);
        }
}

/* ---- events ---- */

struct posted_event {
        struct faults *f;
        struct fault_event *event;
};

static void event_free(struct fault_event *e) {
        mock_handle_unref(e->on);
        free(e->name);
        free(e->data);
        free(e);
}

void fault_event_list_free(struct fault_event *list) {
        while (list) {
                struct fault_event *e = list;

                list = e->next;
                event_free(e);
        }
}

static struct fault_event *event_copy(const struct mock_event *event, bool duplicate) {
        struct fault_event *e = hcs_calloc(1, sizeof(*e));

        e->on = mock_handle_ref(event->on);
        e->name = hcs_strdup(event->name);
        e->data = event->data ? hcs_strdup(event->data) : NULL;
        e->hr = event->hr;
        e->duplicate = duplicate;
        return e;
}

/* Once, or twice. */
static void say_event(struct faults *f, const struct mock_event *event, bool duplicate) {
        f->backend.up->ops->event(f->backend.up, event);
        if (duplicate)
                f->backend.up->ops->event(f->backend.up, event);
}

static void say_held(struct faults *f, const struct fault_event *e) {
        say_event(f, &(struct mock_event){e->on, e->name, e->hr, e->data}, e->duplicate);
}

/* What was held for the next one to go first comes behind it. */
static void release_reordered_events(struct faults *f) {
        struct fault_event *held;

        hcs_mutex_lock(&f->lock);
        held = f->reordered_events;
        f->reordered_events = NULL;
        hcs_mutex_unlock(&f->lock);
        for (struct fault_event *e = held; e; e = e->next)
                say_held(f, e);
        fault_event_list_free(held);
}

static void run_event(void *arg) {
        struct posted_event *p = arg;

        say_held(p->f, p->event);
        release_reordered_events(p->f);
        event_free(p->event);
        free(p);
}

static void drop_event(void *arg) {
        struct posted_event *p = arg;

        event_free(p->event);
        free(p);
}

/* The first event is the first in the list. */
static void hold_event(struct faults *f, struct fault_event **list, const struct mock_event *event, bool duplicate) {
        struct fault_event *e = event_copy(event, duplicate);

        hcs_guard(&f->lock);
        while (*list)
                list = &(*list)->next;
        *list = e;
}

void fault_event(struct faults *f, const struct mock_event *event) {
        struct fault_plan plan;

        fault_plan_event(&f->rules, f->seed, event, &plan);
        fault_tell(f->told, &plan, "event", event->name, event->on->symbol);
        if (plan.never)
                return;
        if (plan.late) {
                hold_event(f, &f->late_events, event, plan.duplicate);
        } else if (plan.reorder && !holds(f, true)) {
                hold_event(f, &f->reordered_events, event, plan.duplicate);
        } else if (plan.delay) {
                struct posted_event *p = hcs_calloc(1, sizeof(*p));

                *p = (struct posted_event){f, event_copy(event, plan.duplicate)};
                mock_engine_after(f->backend.engine, plan.delay_ns, run_event, drop_event, p);
        } else {
                say_event(f, event, plan.duplicate);
                release_reordered_events(f);
        }
}

/* ---- what was held until the client calls again ---- */

static void release_late_events(struct faults *f, const struct mock_handle *on) {
        struct fault_event *due = NULL, **end = &due;

        hcs_mutex_lock(&f->lock);
        for (struct fault_event **at = &f->late_events; *at;)
                if ((*at)->on == on) {
                        *end = *at;
                        *at = (*at)->next;
                        end = &(*end)->next;
                } else {
                        at = &(*at)->next;
                }
        *end = NULL;
        hcs_mutex_unlock(&f->lock);
        for (struct fault_event *e = due; e; e = e->next) {
                say_held(f, e);
                release_reordered_events(f);
        }
        fault_event_list_free(due);
}

void fault_release_late(struct faults *f, const struct mock_handle *operation, const struct mock_handle *subject) {
        struct fault_watch *due = NULL;

        hcs_mutex_lock(&f->lock);
        for (struct fault_watch **at = &f->late; *at;) {
                struct fault_watch *w = *at;

                if ((operation && w->operation == operation) || (subject && w->subject == subject)) {
                        *at = w->next;
                        w->next = due;
                        due = w;
                } else {
                        at = &w->next;
                }
        }
        hcs_mutex_unlock(&f->lock);
        while (due) {
                struct fault_watch *w = due;

                due = w->next;
                give(f, w);
        }
        if (subject)
                release_late_events(f, subject);
}

/* ---- a client that is kept ---- */

/* Of the caller and of what ends it, whoever is the last. */
struct pause {
        struct hcs_mutex lock;
        struct hcs_cond over;
        bool done, left; /* it is over; one of the two is gone */
};

/* Takes the lock back, and the pause with it when nobody else has it. */
static void leave(struct pause *p) {
        bool last = p->left;

        p->left = true;
        hcs_mutex_unlock(&p->lock);
        if (!last)
                return;
        hcs_cond_deinit(&p->over);
        hcs_mutex_deinit(&p->lock);
        free(p);
}

static void end_pause(void *arg) {
        struct pause *p = arg;

        hcs_mutex_lock(&p->lock);
        p->done = true;
        hcs_cond_broadcast(&p->over);
        leave(p);
}

/* The engine's clock ends it, but its thread may be in a callback that waits for this very caller: then the time does.
 */
void fault_slow(struct faults *f, uint64_t ns) {
        double speed = mock_engine_speed(f->backend.engine);
        uint64_t deadline = hcs_clock_ns() + (speed > 0 ? (uint64_t)((double)ns * speed) : ns);
        struct pause *p;

        if (mock_engine_is_dispatcher(f->backend.engine))
                return;
        p = hcs_calloc(1, sizeof(*p));
        hcs_mutex_init(&p->lock);
        hcs_cond_init(&p->over);
        mock_engine_after(f->backend.engine, ns, end_pause, end_pause, p);
        hcs_mutex_lock(&p->lock);
        while (!p->done && hcs_clock_ns() < deadline)
                hcs_cond_wait_until(&p->over, &p->lock, deadline);
        leave(p);
}
