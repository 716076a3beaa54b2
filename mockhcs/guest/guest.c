/* SPDX-License-Identifier: MIT */

/* The life of a guest on paper: what it dials while it boots, and the bridge. */

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/guest/private.h"
#include "platform/clock.h"
#include "platform/file.h"

#define DIAL_NS (10 * HCS_NS_PER_S) /* for a host whose queue is full */

static char *port_path(const struct paper_guest *g, uint32_t port) {
        return hcs_asprintf("%s/v.sock_%u", g->folder, port);
}

struct hcs_stream *guest_dial(struct paper_guest *g, uint32_t port) {
        _cleanup_free_ char *path = port_path(g, port);
        const struct hcs_bound b = {.deadline_ns = hcs_clock_ns() + DIAL_NS};
        struct hcs_stream *s = NULL;

        return SUCCEEDED(hcs_stream_connect_unix(path, &b, &s, NULL)) ? s : NULL;
}

static void send_frame(struct paper_guest *g, uint32_t type, uint64_t id, const struct hcs_buf *body) {
        _cleanup_buf_ struct hcs_buf frame = {0};
        hcs_guard(&g->sending);

        if (SUCCEEDED(hcs_gcs_frame_append(&frame, type, id, body->data, body->len, NULL)))
                hcs_stream_write(g->bridge, frame.data, frame.len, NULL,
                                 NULL); /* a host that is gone is read as such */
}

void guest_answer(struct paper_guest *g, enum hcs_gcs_rpc rpc, uint64_t request, const char *members) {
        _cleanup_buf_ struct hcs_buf body = {0};

        hcs_buf_printf(&body, "{\"Result\":0,\"ActivityId\":\"" HCS_GCS_NULL_ID "\"%s}", members);
        send_frame(g, (uint32_t)HCS_GCS_RESPONSE | (uint32_t)rpc, request, &body);
}

void guest_refuse(struct paper_guest *g, enum hcs_gcs_rpc rpc, uint64_t request, HRESULT hr, const char *fmt, ...) {
        _cleanup_buf_ struct hcs_buf body = {0};
        _cleanup_free_ char *what = NULL;
        va_list ap;

        va_start(ap, fmt);
        what = hcs_vasprintf(fmt, ap);
        va_end(ap);
        hcs_buf_printf(&body, "{\"Result\":%d,\"ActivityId\":\"" HCS_GCS_NULL_ID "\",\"ErrorMessage\":", (int)hr);
        hcs_json_print_string(what, strlen(what), HCS_JSON_GO_NO_HTML, &body);
        hcs_buf_putc(&body, '}');
        send_frame(g, (uint32_t)HCS_GCS_RESPONSE | (uint32_t)rpc, request, &body);
}

void guest_notify_exit(struct paper_guest *g, const char *container, const char *type) {
        _cleanup_buf_ struct hcs_buf body = {0};

        hcs_buf_puts(&body, "{\"ContainerId\":");
        hcs_json_print_string(container, strlen(container), HCS_JSON_GO_NO_HTML, &body);
        hcs_buf_printf(&body,
                       ",\"ActivityId\":\"" HCS_GCS_NULL_ID
                       "\",\"Type\":\"%s\",\"Operation\":\"None\",\"Result\":0,\"ResultInfo\":\"null\"}",
                       type);
        send_frame(g, HCS_GCS_NOTIFY_CONTAINER, 0, &body);
}

/* False when nobody listens, or the machine is gone. */
static bool connect_slot(struct paper_guest *g, struct hcs_stream **slot, uint32_t port) {
        struct hcs_stream *s = guest_dial(g, port);
        hcs_guard(&g->lock);

        *slot = s;
        return s && !g->dead;
}

static void take_entropy(struct paper_guest *g) {
        char bytes[512];
        size_t n;

        if (connect_slot(g, &g->entropy, HCS_GCS_PORT_ENTROPY))
                while (hcs_stream_read(g->entropy, bytes, sizeof(bytes), NULL, &n, NULL) == S_OK)
                        ;
        hcs_guard(&g->lock);
        g->entropy = hcs_stream_close(g->entropy);
}

static void open_log(struct paper_guest *g) {
        static const char line[] = "{\"level\":\"info\",\"msg\":\"a guest on paper\",\"time\":\"%s\"}\n";
        char when[40], text[160];

        if (!connect_slot(g, &g->log, HCS_GCS_PORT_LOG))
                return;
        snprintf(text, sizeof(text), line, hcs_wall_clock_format(hcs_wall_clock_ns(), when));
        hcs_stream_write(g->log, text, strlen(text), NULL, NULL);
}

static void answer_host(struct paper_guest *g) {
        struct hcs_gcs_reader r;
        struct hcs_gcs_frame f;

        hcs_gcs_reader_init(&r, HCS_GCS_MAX_TO_GUEST);
        while (hcs_gcs_frame_read(&r, g->bridge, NULL, &f, NULL) == S_OK)
                guest_handle(g, &f);
        hcs_gcs_reader_deinit(&r);
}

static void guest_free(struct paper_guest *g) {
        guest_processes_free(g);
        guest_containers_free(g);
        hcs_stream_close(g->bridge);
        hcs_stream_close(g->log);
        hcs_cond_deinit(&g->changed);
        hcs_mutex_deinit(&g->sending);
        hcs_mutex_deinit(&g->lock);
        free(g->folder);
        free(g->name);
        free(g);
}

/* An agent without a host waits for the end of its machine. */
static void run(void *arg) {
        struct paper_guest *g = arg;
        const struct paper_guest_options options = g->options;

        take_entropy(g);
        open_log(g);
        if (connect_slot(g, &g->bridge, HCS_GCS_PORT_BRIDGE))
                answer_host(g);
        {
                hcs_guard(&g->lock);
                guest_kill_processes(g, NULL, 137, NULL);
                while (!g->dead || g->threads)
                        hcs_cond_wait(&g->changed, &g->lock);
        }
        guest_free(g);
        options.gone(options.ctx);
}

HRESULT paper_guest_start(const struct paper_guest_options *options, struct paper_guest **ret, struct hcs_error **err) {
        struct paper_guest *g = hcs_calloc(1, sizeof(*g));
        _cleanup_free_ char *bridge = NULL;
        HRESULT hr;

        g->options = *options;
        g->name = hcs_strdup(options->name);
        g->folder = hcs_strdup(options->folder);
        g->next_pid = 100;
        hcs_mutex_init(&g->lock);
        hcs_mutex_init(&g->sending);
        hcs_cond_init(&g->changed);
        bridge = port_path(g, HCS_GCS_PORT_BRIDGE);
        hr = hcs_file_exists(bridge) ? hcs_thread_start_detached(run, g, err) : S_FALSE;
        if (hr != S_OK)
                guest_free(g);
        else
                *ret = g;
        return hr;
}

void paper_guest_kill(struct paper_guest *g) {
        hcs_guard(&g->lock);

        g->dead = true;
        if (g->bridge)
                hcs_stream_shutdown(g->bridge);
        if (g->log)
                hcs_stream_shutdown(g->log);
        if (g->entropy)
                hcs_stream_shutdown(g->entropy);
        guest_kill_processes(g, NULL, 137, NULL);
        hcs_cond_broadcast(&g->changed);
}
