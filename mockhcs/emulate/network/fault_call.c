/* SPDX-License-Identifier: MIT */

/* Calls that hang or fail, restarts of the service, and notifications that do not come as they should. Under the
 * emulator's lock. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/network/fault.h"
#include "platform/clock.h"

struct hang {
        struct net_model *m;
        bool over;
};

static void wake(void *arg) {
        struct hang *h = arg;

        hcs_mutex_lock(&h->m->em->lock);
        h->over = true;
        hcs_cond_broadcast(&h->m->wake);
        hcs_mutex_unlock(&h->m->em->lock);
}

/* The lock is given back meanwhile: only this call hangs. */
static void hang(struct net_model *m, uint64_t ms) {
        struct hang h = {.m = m};

        mock_engine_after(m->em->backend.engine, ms * HCS_NS_PER_MS, wake, NULL, &h);
        while (!h.over)
                hcs_cond_wait(&m->wake, &m->em->lock);
}

static void lose(struct net_model *m, bool all) {
        for (struct net_object *o = m->tables[NET_NETWORK].first, *next; o; o = next) {
                next = o->next;
                if (net_uint(o->doc, "Flags") & 8)
                        net_delete(m, o);
        }
        if (all)
                net_clear(m);
}

static void restart(struct net_model *m, const struct net_fault *f) {
        net_restarted(m);
        if (!hcs_streq(f->how, "kept"))
                lose(m, hcs_streq(f->how, "lost"));
}

bool net_fault_is_due(struct net_fault *f) {
        f->seen++;
        return f->seen >= f->nth && f->seen - f->nth < f->times;
}

static bool is_next(struct net_fault *f, const struct mock_call *call) {
        return (hcs_streq(f->call, "*") || hcs_streq(f->call, call->function->name)) && net_fault_is_due(f);
}

static void fail(const struct net_fault *f, struct mock_call *call) {
        char *record = net_error_record(f->hr, NULL);

        if (call->function->verb == MOCK_HNS_CALL)
                mock_call_done(call, record);
        else
                mock_call_fail(call, f->hr, record);
}

bool net_faults_before(struct net_model *m, struct mock_call *call, struct emissions *out) {
        m->calls++;
        for (size_t i = 0; i < m->n_faults; i++) {
                struct net_fault *f = &m->faults[i];

                if (f->type == NET_FAULT_RESTART && m->calls == f->after + 1) {
                        m->out = out;
                        restart(m, f);
                        m->out = NULL;
                } else if (f->type == NET_FAULT_HANG && is_next(f, call)) {
                        hang(m, f->ms);
                } else if (f->type == NET_FAULT_FAIL && is_next(f, call)) {
                        fail(f, call);
                        return true;
                }
        }
        return false;
}

/* ---- notifications ---- */

struct late_event {
        struct emulator *em;
        struct mock_handle *on;
        char *name, *data;
};

static void forget(void *arg) {
        struct late_event *l = arg;

        mock_handle_unref(l->on);
        free(l->name);
        free(l->data);
        free(l);
}

static void arrive(void *arg) {
        struct late_event *l = arg;
        struct emissions out = {0};

        emit_event(&out, l->on, l->name, S_OK, l->data);
        emissions_send(l->em, &out);
        forget(l);
}

enum net_fate net_faults_event(struct net_model *m, const char *event, uint64_t *ret_ms) {
        enum net_fate fate = NET_ARRIVES;

        for (size_t i = 0; i < m->n_faults; i++) {
                struct net_fault *f = &m->faults[i];

                if (f->type != NET_FAULT_EVENT || (*f->name && !hcs_streq(f->name, event)) || !net_fault_is_due(f))
                        continue;
                *ret_ms = f->ms;
                fate = hcs_streq(f->how, "lost")   ? NET_IS_LOST
                       : hcs_streq(f->how, "late") ? NET_IS_LATE
                                                   : NET_COMES_TWICE;
        }
        return fate;
}

void net_faults_raise(struct net_model *m, struct mock_handle *on, const char *event, const char *data,
                      enum net_fate fate, uint64_t ms) {
        struct late_event *l;

        if (fate == NET_IS_LOST)
                return;
        if (fate != NET_IS_LATE) {
                emit_event(m->out, on, event, S_OK, data);
                if (fate == NET_COMES_TWICE)
                        emit_event(m->out, on, event, S_OK, data);
                return;
        }
        l = hcs_malloc(sizeof(*l));
        *l = (struct late_event){
                .em = m->em, .on = mock_handle_ref(on), .name = hcs_strdup(event), .data = hcs_strdup(data)};
        mock_engine_after(m->em->backend.engine, ms * HCS_NS_PER_MS, arrive, forget, l);
}
