/* SPDX-License-Identifier: MIT */

/* Handles that are of no use, systems that are gone, a service that is away; see faults.h. */

#include <stdlib.h>

#include "base/str.h"
#include "mockhcs/faults/faults.h"

#define INTERNAL (1ull << 63)

bool fault_is_internal(uint64_t number) {
        return (number & INTERNAL) != 0;
}

static struct fault_handle *find(struct faults *f, const struct mock_handle *h) {
        for (struct fault_handle *k = f->handles; k; k = k->next)
                if (k->h == h)
                        return k;
        return NULL;
}

static void handle_free(struct fault_handle *k) {
        mock_handle_unref(k->h);
        free(k->id);
        free(k);
}

void fault_handle_list_free(struct fault_handle *list) {
        while (list) {
                struct fault_handle *k = list;

                list = k->next;
                handle_free(k);
        }
}

void fault_handle_add(struct faults *f, struct mock_handle *h, const char *id, HRESULT refuse) {
        struct fault_handle *k = hcs_calloc(1, sizeof(*k));

        *k = (struct fault_handle){.h = mock_handle_ref(h), .id = hcs_strdup(id), .refuse = refuse};
        hcs_guard(&f->lock);
        k->next = f->handles;
        f->handles = k;
}

void fault_handle_remove(struct faults *f, const struct mock_handle *h) {
        struct fault_handle *gone = NULL;

        hcs_mutex_lock(&f->lock);
        for (struct fault_handle **at = &f->handles; *at; at = &(*at)->next)
                if ((*at)->h == h) {
                        gone = *at;
                        *at = gone->next;
                        break;
                }
        hcs_mutex_unlock(&f->lock);
        if (gone)
                handle_free(gone);
}

HRESULT fault_handle_refusal(struct faults *f, const struct mock_handle *h) {
        struct fault_handle *k;

        hcs_guard(&f->lock);
        k = find(f, h);
        return k ? k->refuse : S_OK;
}

bool fault_handle_dying(struct faults *f, const struct mock_handle *h) {
        struct fault_handle *k;

        hcs_guard(&f->lock);
        k = find(f, h);
        return k && k->dying;
}

/* ---- a system that is gone ---- */

struct victim {
        struct faults *f;
        struct mock_handle *system; /* referenced */
};

static void victim_free(void *arg) {
        struct victim *v = arg;

        mock_handle_unref(v->system);
        free(v);
}

/* The layer below is asked to stop it: its processes end, and its exit comes with the words of an unexpected one. */
static void terminate_below(struct faults *f, struct mock_handle *system) {
        struct mock_call call = {.function = mock_function_of_verb(system->dll, MOCK_TERMINATE_SYSTEM),
                                 .time_ns = mock_engine_now_ns(f->backend.engine),
                                 .system = system};

        hcs_mutex_lock(&f->lock);
        call.number = INTERNAL | ++f->internal;
        hcs_mutex_unlock(&f->lock);
        mock_value_set_handle(mock_call_add(&call), "system", system->symbol);
        mock_backend_invoke(f->backend.next, &call);
        mock_completion_deinit(&call.completion);
        mock_call_deinit(&call);
}

/* What answers from a trace has no such call in it: then the exit is only said. */
static bool answers_anything(const struct faults *f) {
        const struct mock_backend *b = f->backend.next;

        while (b->next)
                b = b->next;
        return !hcs_streq(b->ops->name, "replay");
}

static void mark(struct faults *f, const struct mock_handle *system, bool dying) {
        const struct fault_handle *first;

        hcs_guard(&f->lock);
        first = find(f, system);
        for (struct fault_handle *k = f->handles; first && k; k = k->next)
                if (k->h->kind == MOCK_SYSTEM && hcs_streq(k->id, first->id)) {
                        k->dying = dying;
                        if (!dying)
                                k->refuse = HCS_E_SYSTEM_ALREADY_STOPPED;
                }
}

static void kill_system(void *arg) {
        struct victim *v = arg;

        if (answers_anything(v->f)) {
                mark(v->f, v->system, true);
                terminate_below(v->f, v->system);
        } else {
                mark(v->f, v->system, false);
                fault_event(v->f, &(struct mock_event){v->system, "SystemExited", HCS_E_UNEXPECTED_EXIT,
                                                       FAULT_UNEXPECTED_EXIT});
        }
        victim_free(v);
}

void fault_kill_system(struct faults *f, struct mock_handle *system) {
        struct victim *v = hcs_calloc(1, sizeof(*v));

        *v = (struct victim){f, mock_handle_ref(system)};
        mock_engine_after(f->backend.engine, 0, kill_system, victim_free, v);
}

/* ---- a service that is away ---- */

static void come_back(void *arg) {
        struct faults *f = arg;

        hcs_guard(&f->lock);
        f->disconnected = false;
}

void fault_disconnect(struct faults *f, uint64_t ns) {
        struct mock_handle **all;
        size_t n = 0, i = 0;

        hcs_mutex_lock(&f->lock);
        f->disconnected = true;
        for (struct fault_handle *k = f->handles; k; k = k->next)
                n++;
        all = hcs_calloc(n + 1, sizeof(struct mock_handle *));
        for (struct fault_handle *k = f->handles; k; k = k->next)
                all[i++] = mock_handle_ref(k->h);
        hcs_mutex_unlock(&f->lock);
        while (i-- > 0) {
                fault_event(f, &(struct mock_event){all[i], "ServiceDisconnect", HCS_E_SERVICE_DISCONNECT, NULL});
                mock_handle_unref(all[i]);
        }
        free(all);
        mock_engine_after(f->backend.engine, ns, come_back, NULL, f);
}
