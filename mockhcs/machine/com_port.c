/* SPDX-License-Identifier: MIT */

#include "mockhcs/machine/com_port.h"

#include "base/buf.h"
#include "platform/clock.h"
#include "platform/stream.h"
#include "platform/thread.h"

#define KEPT          (64u << 10)
#define LAST_WORDS_NS (300 * HCS_NS_PER_MS) /* a client that does not read has them no longer */

struct com_port {
        struct hcs_listener *listener;
        void (*type)(void *ctx, const char *data, size_t n);
        void *ctx;
        struct hcs_thread server, writer;
        struct hcs_mutex lock;
        struct hcs_cond changed;
        struct hcs_buf said;       /* not yet written to a client */
        struct hcs_stream *client; /* of the server's thread, which closes it when it is not being written to */
        bool writing, closing;
        bool hung_up; /* of the owner's thread */
};

void com_port_say(struct com_port *c, const char *data, size_t n) {
        hcs_guard(&c->lock);

        hcs_buf_append(&c->said, data, n);
        if (c->said.len > KEPT)
                hcs_buf_drop(&c->said, c->said.len - KEPT);
        hcs_cond_broadcast(&c->changed);
}

static void read_client(struct com_port *c, struct hcs_stream *client) {
        char data[4096];
        size_t n;

        while (hcs_stream_read(client, data, sizeof(data), NULL, &n, NULL) == S_OK)
                c->type(c->ctx, data, n);
}

static void serve(void *arg) {
        struct com_port *c = arg;
        struct hcs_stream *client = NULL;

        while (SUCCEEDED(hcs_listener_accept(c->listener, NULL, &client, NULL))) {
                bool closing;

                {
                        hcs_guard(&c->lock);
                        c->client = client;
                        closing = c->closing;
                        hcs_cond_broadcast(&c->changed);
                }
                if (!closing)
                        read_client(c, client);
                hcs_stream_shutdown(client);
                {
                        hcs_guard(&c->lock);
                        c->client = NULL;
                        while (c->writing)
                                hcs_cond_wait(&c->changed, &c->lock);
                }
                client = hcs_stream_close(client);
        }
}

/* A client that is gone took only a part of it: the rest is for the next. */
static void put_back(struct com_port *c, const struct hcs_stream *gone, const struct hcs_buf *piece, size_t done) {
        struct hcs_buf all = {0};
        hcs_guard(&c->lock);

        if (c->client == gone)
                c->client = NULL; /* its reader has not seen it yet */
        hcs_buf_append(&all, piece->data + done, piece->len - done);
        hcs_buf_append(&all, c->said.data, c->said.len);
        hcs_buf_deinit(&c->said);
        c->said = all;
        if (c->said.len > KEPT)
                hcs_buf_drop(&c->said, c->said.len - KEPT);
}

/* What there is to say and to whom; NULL: no more. */
static struct hcs_stream *next(struct com_port *c, struct hcs_buf *ret) {
        hcs_guard(&c->lock);

        c->writing = false;
        hcs_cond_broadcast(&c->changed);
        while (!c->closing && (!c->client || c->said.len == 0))
                hcs_cond_wait(&c->changed, &c->lock);
        if (c->closing)
                return NULL;
        c->writing = true;
        *ret = c->said;
        c->said = (struct hcs_buf){0};
        return c->client;
}

static void write_clients(void *arg) {
        struct com_port *c = arg;
        struct hcs_buf piece = {0};
        struct hcs_stream *client;

        while ((client = next(c, &piece))) {
                size_t done = 0;

                if (FAILED(hcs_stream_write_bound(client, piece.data, piece.len, NULL, &done, NULL)))
                        put_back(c, client, &piece, done);
                hcs_buf_deinit(&piece);
                piece = (struct hcs_buf){0};
        }
}

HRESULT com_port_new(const char *path, void (*type)(void *ctx, const char *data, size_t n), void *ctx,
                     struct com_port **ret, struct hcs_error **err) {
        struct hcs_listener *listener = NULL;
        struct com_port *c;
        HRESULT hr = hcs_listener_unix(path, &listener, err);

        if (FAILED(hr))
                return hr;
        c = hcs_calloc(1, sizeof(*c));
        c->listener = listener;
        c->type = type;
        c->ctx = ctx;
        hcs_mutex_init(&c->lock);
        hcs_cond_init(&c->changed);
        hr = hcs_thread_start(&c->writer, write_clients, c, err);
        if (SUCCEEDED(hr)) {
                hr = hcs_thread_start(&c->server, serve, c, err);
                if (SUCCEEDED(hr)) {
                        *ret = c;
                        return S_OK;
                }
                {
                        hcs_guard(&c->lock);
                        c->closing = true;
                        hcs_cond_broadcast(&c->changed);
                }
                hcs_thread_join(&c->writer);
        }
        hcs_listener_close(listener);
        hcs_cond_deinit(&c->changed);
        hcs_mutex_deinit(&c->lock);
        free(c);
        return hr;
}

void com_port_hang_up(struct com_port *c) {
        if (!c || c->hung_up)
                return;
        {
                uint64_t deadline = hcs_clock_ns() + LAST_WORDS_NS;
                hcs_guard(&c->lock);

                while (c->client && (c->writing || c->said.len) && hcs_cond_wait_until(&c->changed, &c->lock, deadline))
                        ;
                c->closing = true;
                if (c->client)
                        hcs_stream_shutdown(c->client);
                hcs_cond_broadcast(&c->changed);
        }
        hcs_listener_wake(c->listener);
        hcs_thread_join(&c->server);
        hcs_thread_join(&c->writer);
        c->hung_up = true;
}

struct com_port *com_port_free(struct com_port *c) {
        if (!c)
                return NULL;
        com_port_hang_up(c);
        hcs_listener_close(c->listener);
        hcs_buf_deinit(&c->said);
        hcs_cond_deinit(&c->changed);
        hcs_mutex_deinit(&c->lock);
        free(c);
        return NULL;
}
