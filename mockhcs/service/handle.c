/* SPDX-License-Identifier: MIT */

/* What a client holds: its names for handles of ours. Lists are guarded by the service's lock; see session.h. */

#include <stdio.h>

#include "mockhcs/service/session.h"

static struct service_handle **bucket(struct session *s, enum mock_handle_kind kind, uint32_t number) {
        return &s->handles[(number * MOCK_HANDLE_KINDS + (unsigned)kind) % SERVICE_BUCKETS];
}

struct service_handle *session_find_handle(struct session *s, enum mock_handle_kind kind, uint32_t number) {
        struct service_handle *sh = *bucket(s, kind, number);

        while (sh && (sh->kind != kind || sh->number != number))
                sh = sh->next;
        return sh;
}

struct service_handle *session_find_symbol(struct session *s, const char *symbol) {
        enum mock_handle_kind kind;
        struct service_handle *sh = NULL;
        uint32_t number;

        if (mock_handle_symbol_parse(symbol, &kind, &number))
                sh = session_find_handle(s, kind, number);
        return sh && !sh->making ? sh : NULL;
}

void session_take_handle(struct service_handle *sh) {
        struct session *s = sh->session;
        struct service_handle **at = bucket(s, sh->kind, sh->number);

        while (*at != sh)
                at = &(*at)->next;
        *at = sh->next;
        if (sh->newer)
                sh->newer->older = sh->older;
        else
                s->newest = sh->older;
        if (sh->older)
                sh->older->newer = sh->newer;
        s->n_handles--;
        mock_live_of(sh->h)->owner = NULL;
}

struct mock_handle *session_new_handle(struct mock_engine *e, const struct mock_call *call,
                                       enum mock_handle_kind kind) {
        struct mock_live *l;

        hcs_guard(&e->lock);
        l = mock_live_new(e, &e->handles, kind, call->function->dll);
        if (kind == MOCK_PROCESS && call->system)
                l->h.system = mock_handle_ref(call->system);
        return &l->h;
}

void session_enter_handle(struct session *s, struct mock_handle *h, uint32_t number, bool making) {
        struct service_handle *sh = hcs_calloc(1, sizeof(*sh)), **at = bucket(s, h->kind, number);

        *sh = (struct service_handle){.next = *at,
                                      .older = s->newest,
                                      .session = s,
                                      .h = mock_handle_ref(h),
                                      .kind = h->kind,
                                      .number = number,
                                      .making = making};
        snprintf(sh->symbol, sizeof(sh->symbol), "%s/%u", mock_handle_kind_name(h->kind), (unsigned)number);
        *at = sh;
        if (s->newest)
                s->newest->newer = sh;
        s->newest = sh;
        s->n_handles++;
        mock_live_of(h)->owner = sh;
}

void session_drop_handle(struct session *s, const struct mock_handle *h) {
        struct service_handle *sh;

        hcs_mutex_lock(&s->service->lock);
        sh = mock_live_of((struct mock_handle *)(uintptr_t)h)->owner;
        if (sh)
                session_take_handle(sh);
        hcs_mutex_unlock(&s->service->lock);
        if (sh)
                mock_handle_unref(sh->h);
        free(sh);
}
