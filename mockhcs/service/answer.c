/* SPDX-License-Identifier: MIT */

/* What the layers say goes to the client that it is for; see session.h. Any thread; nothing here waits. */

#include <stdio.h>

#include "mockhcs/service/session.h"

/* The session that holds the handle, with a reference, and what it calls it; NULL when nobody does. */
static struct session *holder(struct mockhcs_service *service, struct mock_handle *h, char symbol[static 24]) {
        struct service_handle *sh;

        hcs_guard(&service->lock);
        sh = mock_live_of(h)->owner;
        if (!sh)
                return NULL;
        snprintf(symbol, 24, "%s", sh->symbol);
        return session_ref(sh->session);
}

struct service_pending *service_take_pending(struct mockhcs_service *s, uint64_t number) {
        for (struct service_pending **at = &s->pending[number % SERVICE_BUCKETS]; *at; at = &(*at)->next)
                if ((*at)->number == number) {
                        struct service_pending *p = *at;

                        *at = p->next;
                        p->session->n_pending--;
                        return p;
                }
        return NULL;
}

/* One that is this session's; NULL when there is none any more. */
static struct service_pending *take_any(struct session *s) {
        hcs_guard(&s->service->lock);
        for (size_t i = 0; s->n_pending && i < SERVICE_BUCKETS; i++)
                for (struct service_pending *p = s->service->pending[i]; p; p = p->next)
                        if (p->session == s)
                                return service_take_pending(s->service, p->number);
        return NULL;
}

void session_drop_pending(struct session *s) {
        struct service_pending *p;

        while ((p = take_any(s))) {
                free(p);
                session_unref(s); /* never the last one */
        }
}

static void complete(struct mock_sink *sink, const struct mock_completion *c) {
        struct mockhcs_service *service = (struct mockhcs_service *)sink;
        _cleanup_buf_ struct hcs_buf frame = {0};
        struct service_pending *p;

        hcs_mutex_lock(&service->lock);
        p = service_take_pending(service, c->number);
        hcs_mutex_unlock(&service->lock);
        if (!p) {
                atomic_fetch_add(&service->engine->late, 1);
                return;
        }
        mock_wire_put_complete(&frame, p->theirs, c);
        session_send(p->session, &frame);
        session_unref(p->session);
        free(p);
}

static void event(struct mock_sink *sink, const struct mock_event *e) {
        struct mockhcs_service *service = (struct mockhcs_service *)sink;
        _cleanup_buf_ struct hcs_buf frame = {0};
        char symbol[24];
        struct session *s = holder(service, e->on, symbol);

        if (!s)
                return;
        atomic_fetch_add(&service->engine->events, 1);
        mock_wire_put_event(&frame, symbol, e);
        session_send(s, &frame);
        session_unref(s);
}

static void send_stdio(struct mockhcs_service *service, const struct mock_stdio *chunk) {
        _cleanup_buf_ struct hcs_buf frame = {0};
        char symbol[24];
        struct session *s = holder(service, chunk->process, symbol);

        if (!s)
                return;
        if (chunk->stream != MOCK_STDIN)
                mock_stdio_sent(service->engine, chunk); /* first: the client may be quick to take it */
        mock_wire_put_stdio(&frame, symbol, chunk);
        session_send(s, &frame);
        session_unref(s);
}

static void output(struct mock_sink *sink, const struct mock_stdio *chunk) {
        send_stdio((struct mockhcs_service *)sink, chunk);
}

/* The client has the pipe: what is in it still comes, and then its end. */
void service_end_input(void *ctx, struct mock_handle *process) {
        send_stdio(ctx, &(struct mock_stdio){.process = process, .stream = MOCK_STDIN, .end = true});
}

const struct mock_sink_ops service_sink_ops = {complete, event, output};
