/* SPDX-License-Identifier: MIT */

/* A recorded guest at the sockets of its machine. See stand_in.h. */

#include "mockhcs/bridge/stand_in.h"

#include "base/mem.h"
#include "hcsshim/gcs.h"
#include "mockhcs/bridge/play.h"
#include "platform/clock.h"
#include "platform/stream.h"
#include "platform/thread.h"

#define RETRY_NS (2 * (uint64_t)HCS_NS_PER_MS)

struct mock_stand_in {
        char *trace, *name, *folder;
        void (*heard)(void *ctx, unsigned long long line);
        void *ctx;
        struct hcs_thread thread;
        struct hcs_mutex lock;
        struct hcs_cond changed;
        struct hcs_stream *log, *bridge;
        bool is_playing, gone;
        struct mock_bridge_report report;
};

static HRESULT dial(void *ctx, uint32_t port, struct hcs_stream **ret, struct hcs_error **err) {
        struct mock_stand_in *s = ctx;
        _cleanup_free_ char *path = hcs_asprintf("%s/v.sock_%u", s->folder, (unsigned)port);
        struct hcs_bound bound = {.deadline_ns = hcs_clock_ns() + 10 * (uint64_t)HCS_NS_PER_S};

        return hcs_stream_connect_unix(path, &bound, ret, err);
}

/* What the host sends is not looked at; who does not listen gives none. */
static void take_entropy(struct mock_stand_in *s) {
        struct hcs_stream *stream = NULL;
        char buf[1024];
        size_t n;

        if (FAILED(dial(s, HCS_GCS_ENTROPY, &stream, NULL)))
                return;
        while (hcs_stream_read(stream, buf, sizeof(buf), &(struct hcs_call){.timeout_ms = 10000}, &n, NULL) == S_OK)
                continue;
        hcs_stream_close(stream);
}

/* As init, which starts the agent again: until the host listens, or the machine goes. */
static bool connect_bridge(struct mock_stand_in *s) {
        struct hcs_stream *stream = NULL;

        while (FAILED(dial(s, HCS_GCS_BRIDGE, &stream, NULL))) {
                hcs_guard(&s->lock);
                if (s->gone)
                        return false;
                hcs_cond_wait_until(&s->changed, &s->lock, hcs_clock_ns() + RETRY_NS);
                if (s->gone)
                        return false;
        }
        hcs_guard(&s->lock);
        s->bridge = stream;
        return !s->gone;
}

static void tell_heard(void *ctx, unsigned long long line) {
        struct mock_stand_in *s = ctx;

        if (s->heard)
                s->heard(s->ctx, line);
}

/* With the lock held. */
static void shut_streams(struct mock_stand_in *s) {
        if (s->bridge)
                hcs_stream_shutdown(s->bridge);
        if (s->log)
                hcs_stream_shutdown(s->log);
}

static void play(void *arg) {
        struct mock_stand_in *s = arg;
        const struct mock_bridge_options o = {
                .bridge = s->name, .dial = dial, .heard = tell_heard, .is_hung_up = true, .ctx = s};
        struct mock_bridge_report report = {0};
        struct hcs_stream *log = NULL;
        struct hcs_error *err = NULL;
        bool connected;
        HRESULT hr = S_OK;

        take_entropy(s);
        dial(s, HCS_GCS_LOG, &log, NULL);
        hcs_mutex_lock(&s->lock);
        s->log = log;
        hcs_mutex_unlock(&s->lock);
        connected = connect_bridge(s);
        if (connected)
                hr = mock_bridge_play_guest(s->trace, s->bridge, &o, &report, &err);
        if (FAILED(hr) || !connected) {
                report.left++;
                hcs_buf_printf(&report.text, "%s: %s\n", s->name,
                               connected ? hcs_error_message(err) : "nobody listened for the guest");
        }
        hcs_error_free(err);
        hcs_guard(&s->lock);
        s->report = report;
        shut_streams(s);
}

HRESULT mock_stand_in_start(const struct mock_stand_in_options *o, struct mock_stand_in **ret, struct hcs_error **err) {
        struct mock_stand_in *s = hcs_calloc(1, sizeof(*s));
        HRESULT hr;

        s->trace = hcs_strdup(o->trace);
        s->name = hcs_strdup(o->bridge);
        s->folder = hcs_strdup(o->folder);
        s->heard = o->heard;
        s->ctx = o->ctx;
        hcs_mutex_init(&s->lock);
        hcs_cond_init(&s->changed);
        hr = hcs_thread_start(&s->thread, play, s, err);
        s->is_playing = SUCCEEDED(hr);
        if (FAILED(hr))
                return mock_stand_in_free(s), hr;
        *ret = s;
        return S_OK;
}

void mock_stand_in_hang_up(struct mock_stand_in *s) {
        hcs_guard(&s->lock);

        s->gone = true;
        hcs_cond_broadcast(&s->changed);
        shut_streams(s);
}

const struct mock_bridge_report *mock_stand_in_end(struct mock_stand_in *s) {
        mock_stand_in_hang_up(s);
        if (s->is_playing)
                hcs_thread_join(&s->thread);
        s->is_playing = false;
        return &s->report;
}

struct mock_stand_in *mock_stand_in_free(struct mock_stand_in *s) {
        if (!s)
                return NULL;
        mock_stand_in_end(s);
        hcs_stream_close(s->log);
        hcs_stream_close(s->bridge);
        mock_bridge_report_deinit(&s->report);
        hcs_cond_deinit(&s->changed);
        hcs_mutex_deinit(&s->lock);
        free(s->trace);
        free(s->name);
        free(s->folder);
        free(s);
        return NULL;
}
