/* SPDX-License-Identifier: MIT */

/*
 * The relay of relay.h: up to three pumps and, per output connection, the wait for the host to close. A relay without
 * terminal has a pump each way for every stream; with a terminal one pump each way over two descriptors of the master.
 */

#include "guest/container/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/container/pump.h"
#include "hcsshim/log.h"
#include "platform/clock.h"

enum { STREAM_IN, STREAM_OUT, STREAM_ERR, N_STREAMS };
static const char *const stream_names[] = {"stdin", "stdout", "stderr"};

struct stream {
        struct guest_relay *relay;
        int conn;  /* the host's connection */
        int local; /* our end of the pipe, or a descriptor of the terminal's master */
        struct guest_pump pump;
        struct guest_source closing; /* the connection, while the host is to close it */
};

struct guest_relay {
        struct guest_relay_config config;
        char *name;
        bool terminal, finishing, in_call;
        int master;
        struct stream streams[N_STREAMS];
        struct guest_timer close_timer;
};

static void close_fd(int *fd) {
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

void guest_streams_close(struct guest_streams *s) {
        close_fd(&s->in);
        close_fd(&s->out);
        close_fd(&s->err);
}

static bool is_idle(const struct stream *s) {
        return !s->pump.running && !s->closing.events;
}

static void check_done(struct guest_relay *r) {
        if (r->in_call || !r->finishing || !is_idle(&r->streams[STREAM_OUT]) || !is_idle(&r->streams[STREAM_ERR]))
                return;
        guest_loop_clear_timer(r->config.loop, &r->close_timer);
        for (int i = 0; i < N_STREAMS; i++) {
                close_fd(&r->streams[i].conn);
                close_fd(&r->streams[i].local);
        }
        close_fd(&r->master);
        r->finishing = false;
        r->config.done(r->config.ctx);
}

static void closed_by_host(struct stream *s) {
        guest_loop_watch(s->relay->config.loop, &s->closing, 0);
        close_fd(&s->conn);
}

static void on_closing(struct guest_source *source, uint32_t events) {
        struct stream *s = (struct stream *)((char *)source - offsetof(struct stream, closing));
        char byte;
        ssize_t n = read(s->conn, &byte, 1);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n > 0)
                hcs_log(HCS_LOG_WARN, "host sent data on an output stream", "process", s->relay->name, "stream",
                        stream_names[s - s->relay->streams], NULL);
        closed_by_host(s);
        check_done(s->relay);
}

static void on_close_timeout(struct guest_timer *t) {
        struct guest_relay *r = (struct guest_relay *)((char *)t - offsetof(struct guest_relay, close_timer));

        for (int i = STREAM_OUT; i <= STREAM_ERR; i++)
                if (r->streams[i].closing.events) {
                        hcs_log(HCS_LOG_WARN, "host did not close its end in time", "process", r->name, "stream",
                                stream_names[i], NULL);
                        closed_by_host(&r->streams[i]);
                }
        check_done(r);
}

/* Everything of the process went out: say so, and wait for the host. The time runs from the process's end. */
static void begin_close(struct stream *s) {
        close_fd(&s->local);
        if (s->relay->terminal || shutdown(s->conn, SHUT_WR) < 0) {
                close_fd(&s->conn);
                return;
        }
        s->closing = (struct guest_source){.fd = s->conn, .fn = on_closing};
        guest_loop_watch(s->relay->config.loop, &s->closing, EPOLLIN | EPOLLRDHUP);
        if (s->relay->finishing && !s->relay->close_timer.deadline_ns)
                guest_loop_set_timer(s->relay->config.loop, &s->relay->close_timer,
                                     hcs_clock_ns() + s->relay->config.close_timeout_ns);
}

static void on_pump_done(struct guest_pump *p) {
        struct stream *s = (struct stream *)((char *)p - offsetof(struct stream, pump));
        struct guest_relay *r = s->relay;
        bool input = s == &r->streams[STREAM_IN];

        if (p->errnum && !(r->terminal && p->errnum == EIO) && !(input && p->errnum == EPIPE)) {
                char text[64] = "";

                hcs_log(HCS_LOG_WARN, "stream broke off", "process", r->name, "stream", stream_names[s - r->streams],
                        "error", strerror_r(p->errnum, text, sizeof(text)), NULL);
        }
        if (input)
                close_fd(&s->local);
        else
                begin_close(s);
        check_done(r);
}

static struct guest_relay *relay_new(const struct guest_relay_config *config, const struct guest_streams *host) {
        struct guest_relay *r = hcs_calloc(1, sizeof(*r));

        r->config = *config;
        r->name = hcs_strdup(config->name);
        r->config.name = r->name;
        r->master = -1;
        r->close_timer.fn = on_close_timeout;
        r->streams[STREAM_IN].conn = host->in;
        r->streams[STREAM_OUT].conn = host->out;
        r->streams[STREAM_ERR].conn = host->err;
        for (int i = 0; i < N_STREAMS; i++) {
                r->streams[i].relay = r;
                r->streams[i].local = -1;
        }
        return r;
}

static void start(struct guest_relay *r, int stream) {
        struct stream *s = &r->streams[stream];
        int tee = stream == STREAM_IN ? -1 : r->config.tee;

        if (s->local < 0)
                return;
        if (s->conn < 0) {
                close_fd(&s->local);
                return;
        }
        if (stream == STREAM_IN)
                guest_pump_start(&s->pump, r->config.loop, s->conn, s->local, -1, on_pump_done);
        else
                guest_pump_start(&s->pump, r->config.loop, s->local, s->conn, tee, on_pump_done);
}

static struct guest_relay *relay_start(struct guest_relay *r) {
        r->in_call = true;
        for (int i = 0; i < N_STREAMS; i++)
                start(r, i);
        r->in_call = false;
        return r;
}

struct guest_relay *guest_relay_new_pipes(const struct guest_relay_config *config, const struct guest_streams *host,
                                          const struct guest_streams *pipes) {
        struct guest_relay *r = relay_new(config, host);

        r->streams[STREAM_IN].local = pipes->in;
        r->streams[STREAM_OUT].local = pipes->out;
        r->streams[STREAM_ERR].local = pipes->err;
        return relay_start(r);
}

struct guest_relay *guest_relay_new_terminal(const struct guest_relay_config *config, const struct guest_streams *host,
                                             int master) {
        struct guest_relay *r = relay_new(config, host);

        r->terminal = true;
        r->master = master;
        /* One descriptor a direction: an event loop knows a descriptor once. */
        if (host->in >= 0)
                r->streams[STREAM_IN].local = fcntl(master, F_DUPFD_CLOEXEC, 3);
        if (host->out >= 0)
                r->streams[STREAM_OUT].local = fcntl(master, F_DUPFD_CLOEXEC, 3);
        return relay_start(r);
}

struct guest_relay *guest_relay_free(struct guest_relay *r) {
        if (!r)
                return NULL;
        guest_loop_clear_timer(r->config.loop, &r->close_timer);
        for (int i = 0; i < N_STREAMS; i++) {
                struct stream *s = &r->streams[i];

                guest_pump_stop(&s->pump);
                if (s->closing.events)
                        guest_loop_watch(r->config.loop, &s->closing, 0);
                close_fd(&s->conn);
                close_fd(&s->local);
        }
        close_fd(&r->master);
        free(r->name);
        return hcs_free(r);
}

void guest_relay_finish(struct guest_relay *r) {
        struct stream *in = &r->streams[STREAM_IN];

        r->finishing = true;
        if (in->conn >= 0)
                shutdown(in->conn, SHUT_RD);
        guest_pump_stop(&in->pump);
        close_fd(&in->local);
        for (int i = STREAM_OUT; i <= STREAM_ERR; i++)
                if (r->streams[i].closing.events)
                        guest_loop_set_timer(r->config.loop, &r->close_timer,
                                             hcs_clock_ns() + r->config.close_timeout_ns);
        check_done(r);
}

HRESULT guest_relay_resize(struct guest_relay *r, uint16_t height, uint16_t width, struct hcs_error **err) {
        struct winsize size = {.ws_row = height, .ws_col = width};

        if (!r->terminal)
                return hcs_error_make(err, E_FAIL, "process: %s, is not a tty and cannot be resized", r->name);
        if (r->master >= 0 && ioctl(r->master, TIOCSWINSZ, &size) < 0)
                return hcs_error_errno(err, errno, "resize the terminal of %s", r->name);
        return S_OK;
}
