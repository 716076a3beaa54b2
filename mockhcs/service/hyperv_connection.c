/* SPDX-License-Identifier: MIT */

/* One connection between a program's TCP socket and a machine's: a thread for each direction. See hyperv.h. */

#include "mockhcs/service/hyperv.h"
#include "platform/clock.h"

#define CHUNK      65536u
#define CONNECT_NS (10 * HCS_NS_PER_S)

struct hyperv_connection {
        struct hyperv_connection *next;
        struct hyperv_program *program; /* referenced */
        struct hcs_stream *tcp, *machine;
        uint16_t port, connect_to;
        unsigned directions;    /* that go on; the program's lock guards this and what follows */
        bool closed, said_last; /* by the program, and it has said all */
};

static void end_both(struct hyperv_connection *c) {
        hcs_stream_shutdown(c->tcp);
        hcs_stream_shutdown(c->machine);
}

static void leave(struct hyperv_connection *c) {
        struct hyperv_program *p = c->program;
        bool last;

        hcs_mutex_lock(&p->lock);
        last = --c->directions == 0;
        for (struct hyperv_connection **at = &p->connections; last && *at; at = &(*at)->next)
                if (*at == c) {
                        *at = c->next;
                        p->n_connections--;
                        break;
                }
        hcs_mutex_unlock(&p->lock);
        if (!last)
                return;
        hcs_stream_close(c->tcp);
        hcs_stream_close(c->machine);
        free(c);
        hyperv_program_unref(p);
}

/* Until one end says no more (true), or the other takes no more. */
static bool copy(struct hcs_stream *from, struct hcs_stream *to) {
        char buf[CHUNK];
        size_t n = 0, written = 0;
        HRESULT hr;

        for (;;) {
                hr = hcs_stream_read_bound(from, buf, sizeof(buf), NULL, &n, NULL);
                if (hr == S_FALSE)
                        return true;
                if (FAILED(hr) || FAILED(hcs_stream_write_bound(to, buf, n, NULL, &written, NULL)))
                        return false;
        }
}

static void from_machine(void *arg) {
        struct hyperv_connection *c = arg;

        if (copy(c->machine, c->tcp))
                hcs_stream_close_write(c->tcp);
        else
                end_both(c);
        leave(c);
}

/* What the program has said reaches the machine before it hears that the program has gone. */
static void from_program(struct hyperv_connection *c) {
        bool closed;

        if (!copy(c->tcp, c->machine)) {
                end_both(c);
                return;
        }
        hcs_mutex_lock(&c->program->lock);
        c->said_last = true;
        closed = c->closed || c->program->ended;
        hcs_mutex_unlock(&c->program->lock);
        if (closed)
                end_both(c);
        else
                hcs_stream_close_write(c->machine);
}

static void run(void *arg) {
        struct hyperv_connection *c = arg;
        struct hcs_bound b = {hcs_clock_ns() + CONNECT_NS, NULL};

        if (c->connect_to && FAILED(hcs_stream_tcp_connect(c->tcp, c->connect_to, &b, NULL))) {
                end_both(c);
                leave(c);
                leave(c); /* for the direction that was not begun */
                return;
        }
        if (FAILED(hcs_thread_start_detached(from_machine, c, NULL))) {
                end_both(c);
                leave(c);
        } else {
                from_program(c);
        }
        leave(c);
}

bool hyperv_connection_begin(struct hyperv_program *p, struct hcs_stream *tcp, struct hcs_stream *machine,
                             uint16_t port, uint16_t connect_to) {
        struct hyperv_connection *c = hcs_calloc(1, sizeof(*c));
        bool refused;

        *c = (struct hyperv_connection){.program = hyperv_program_ref(p),
                                        .tcp = tcp,
                                        .machine = machine,
                                        .port = port,
                                        .connect_to = connect_to,
                                        .directions = 2};
        hcs_mutex_lock(&p->lock);
        refused = p->ended || p->n_connections >= HYPERV_MAX_CONNECTIONS;
        if (!refused) {
                c->next = p->connections;
                p->connections = c;
                p->n_connections++;
        }
        hcs_mutex_unlock(&p->lock);
        if (refused || FAILED(hcs_thread_start_detached(run, c, NULL))) {
                leave(c);
                leave(c);
                return false;
        }
        return true;
}

bool hyperv_connections_full(struct hyperv_program *p) {
        hcs_guard(&p->lock);
        return p->n_connections >= HYPERV_MAX_CONNECTIONS;
}

void hyperv_connection_close(struct hyperv_program *p, uint16_t port) {
        hcs_guard(&p->lock);
        for (struct hyperv_connection *c = p->connections; c; c = c->next)
                if (c->port == port) {
                        c->closed = true;
                        if (c->said_last)
                                end_both(c);
                        return;
                }
}

void hyperv_connections_end(struct hyperv_program *p) {
        hcs_guard(&p->lock);
        p->ended = true;
        for (struct hyperv_connection *c = p->connections; c; c = c->next)
                end_both(c);
}
