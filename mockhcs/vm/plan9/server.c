/* SPDX-License-Identifier: MIT */

/* The server of mockhcs/vm/plan9/plan9.h: its socket, its threads, its shares. */

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/vm/plan9/session.h"
#include "platform/thread.h"

#define MAX_CONNECTIONS 64
#define BACKLOG         64
#define RETRY_MS        100

struct connection {
        struct connection *next;
        struct plan9_server *server;
        struct hcs_thread thread;
        int fd;
        bool ended;
};

struct plan9_server {
        char *path;
        int listener, wake;
        struct hcs_thread thread;
        struct hcs_mutex lock;
        struct plan9_export *exports;
        struct connection *connections;
        size_t n_connections;
};

static struct plan9_export *find(void *ctx, const char *name) {
        struct plan9_server *s = ctx;
        hcs_guard(&s->lock);

        for (struct plan9_export *e = s->exports; e; e = e->next)
                if (hcs_streq(e->name, name))
                        return plan9_export_ref(e);
        return NULL;
}

static bool read_all(int fd, void *data, size_t n) {
        for (size_t got = 0; got < n;) {
                ssize_t r = recv(fd, (char *)data + got, n - got, 0);

                if (r < 0 && errno == EINTR)
                        continue;
                if (r <= 0)
                        return false;
                got += (size_t)r;
        }
        return true;
}

static bool write_all(int fd, const void *data, size_t n) {
        for (size_t done = 0; done < n;) {
                ssize_t r = send(fd, (const char *)data + done, n - done, MSG_NOSIGNAL);

                if (r < 0 && errno == EINTR)
                        continue;
                if (r <= 0)
                        return false;
                done += (size_t)r;
        }
        return true;
}

static void serve(void *arg) {
        struct connection *c = arg;
        struct plan9_session session = {.find = find, .ctx = c->server};
        uint8_t *message = hcs_malloc(PLAN9_MESSAGE_MAX);
        struct plan9_out out = {.data = hcs_malloc(PLAN9_MESSAGE_MAX), .size = PLAN9_MESSAGE_MAX};
        uint32_t size;

        while (read_all(c->fd, &size, sizeof(size))) {
                memcpy(message, &size, sizeof(size));
                size = le32toh(size);
                if (size < PLAN9_HEADER || size > PLAN9_MESSAGE_MAX ||
                    !read_all(c->fd, message + sizeof(size), size - sizeof(size)) ||
                    !plan9_session_handle(&session, message, size, &out) || !write_all(c->fd, out.data, out.len))
                        break;
        }
        plan9_session_deinit(&session);
        free(message);
        free(out.data);
        shutdown(c->fd, SHUT_RDWR);
        hcs_guard(&c->server->lock);
        c->ended = true;
}

/* Those that have ended, or all of them. */
static void collect(struct plan9_server *s, bool all) {
        struct connection *gone = NULL, *c;

        {
                hcs_guard(&s->lock);
                for (struct connection **p = &s->connections; (c = *p);) {
                        if (!all && !c->ended) {
                                p = &c->next;
                                continue;
                        }
                        *p = c->next;
                        s->n_connections--;
                        c->next = gone;
                        gone = c;
                        if (all)
                                shutdown(c->fd, SHUT_RDWR);
                }
        }
        while ((c = gone)) {
                gone = c->next;
                hcs_thread_join(&c->thread);
                close(c->fd);
                free(c);
        }
}

static void welcome(struct plan9_server *s, int fd) {
        struct connection *c = hcs_calloc(1, sizeof(*c));
        struct hcs_error *err = NULL;

        *c = (struct connection){.server = s, .fd = fd};
        hcs_guard(&s->lock);
        if (s->n_connections == MAX_CONNECTIONS || FAILED(hcs_thread_start(&c->thread, serve, c, &err))) {
                hcs_log(HCS_LOG_WARN, "a connection to shares is refused", "error",
                        err ? hcs_error_message(err) : "there are too many", NULL);
                hcs_error_free(err);
                close(fd);
                free(c);
                return;
        }
        c->next = s->connections;
        s->connections = c;
        s->n_connections++;
}

static void run(void *arg) {
        struct plan9_server *s = arg;

        for (;;) {
                struct pollfd p[2] = {{.fd = s->listener, .events = POLLIN}, {.fd = s->wake, .events = POLLIN}};
                bool is_full;
                int fd;

                poll(p, 2, -1);
                if (p[1].revents)
                        return;
                fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
                is_full = fd < 0 && (errno == EMFILE || errno == ENFILE);
                collect(s, false);
                if (fd >= 0)
                        welcome(s, fd);
                else if (is_full)
                        poll(&p[1], 1, RETRY_MS); /* who calls stays there, so that poll() would not wait */
        }
}

static HRESULT listen_at(struct plan9_server *s, struct hcs_error **err) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};

        if (strlen(s->path) >= sizeof(a.sun_path))
                return hcs_error_make(err, E_INVALIDARG, "the name is too long");
        memcpy(a.sun_path, s->path, strlen(s->path));
        s->wake = eventfd(0, EFD_CLOEXEC);
        s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (s->wake < 0 || s->listener < 0)
                return hcs_error_errno(err, errno, "make a socket");
        unlink(s->path);
        if (bind(s->listener, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(s->listener, BACKLOG) < 0)
                return hcs_error_errno(err, errno, "listen");
        return S_OK;
}

static void server_free(struct plan9_server *s) {
        struct plan9_export *next;

        for (struct plan9_export *e = s->exports; e; e = next) {
                next = e->next;
                plan9_export_unref(e);
        }
        if (s->listener >= 0)
                close(s->listener);
        if (s->wake >= 0)
                close(s->wake);
        hcs_mutex_deinit(&s->lock);
        free(s->path);
        free(s);
}

HRESULT plan9_server_new(const char *path, struct plan9_server **ret, struct hcs_error **err) {
        struct plan9_server *s = hcs_calloc(1, sizeof(*s));
        HRESULT hr;

        s->path = hcs_strdup(path);
        s->listener = s->wake = -1;
        hcs_mutex_init(&s->lock);
        hr = listen_at(s, err);
        if (SUCCEEDED(hr))
                hr = hcs_thread_start(&s->thread, run, s, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "serve shares at `%s'", path);
                server_free(s);
                return hr;
        }
        *ret = s;
        return S_OK;
}

struct plan9_server *plan9_server_free(struct plan9_server *s) {
        uint64_t one = 1;

        if (!s)
                return NULL;
        (void)!write(s->wake, &one, sizeof(one));
        hcs_thread_join(&s->thread);
        collect(s, true);
        unlink(s->path);
        server_free(s);
        return NULL;
}

HRESULT plan9_server_add(struct plan9_server *s, const struct plan9_share *share, struct hcs_error **err) {
        struct plan9_export *made;
        HRESULT hr = plan9_export_new(share, &made, err);

        if (FAILED(hr))
                return hr;
        hcs_guard(&s->lock);
        for (struct plan9_export *e = s->exports; e; e = e->next)
                if (hcs_streq(e->name, share->name)) {
                        plan9_export_unref(made);
                        return hcs_error_make(err, HCS_WIN32(183), "there is a share %s already", share->name);
                }
        made->next = s->exports;
        s->exports = made;
        return S_OK;
}

HRESULT plan9_server_remove(struct plan9_server *s, const char *name, struct hcs_error **err) {
        hcs_guard(&s->lock);

        for (struct plan9_export **p = &s->exports, *e; (e = *p); p = &e->next)
                if (hcs_streq(e->name, name)) {
                        *p = e->next;
                        atomic_store(&e->gone, true);
                        plan9_export_unref(e);
                        return S_OK;
                }
        return hcs_error_make(err, HCS_WIN32(1168), "there is no share %s", name);
}

size_t plan9_server_count(struct plan9_server *s) {
        hcs_guard(&s->lock);
        size_t n = 0;

        for (const struct plan9_export *e = s->exports; e; e = e->next)
                n++;
        return n;
}
