/* SPDX-License-Identifier: MIT */

/* The thread of played_guest.h. */

#include "mockhcs/test/played_guest.h"

#include "testing/hcs_test.h"

static HRESULT dial(void *ctx, uint32_t port, struct hcs_stream **ret, struct hcs_error **err) {
        struct played_guest *p = ctx;

        return hcs_gcs_guest_dial(p->transport, port, NULL, ret, err);
}

static void note_heard(void *ctx, unsigned long long line) {
        struct played_guest *p = ctx;

        assert_true(line >= p->heard);
        p->heard = line;
}

static void play(void *arg) {
        struct played_guest *p = arg;
        const struct mock_bridge_options o = {.dial = dial, .heard = note_heard, .ctx = p};

        p->hr = mock_bridge_play_guest(p->trace, p->stream, &o, &p->report, NULL);
        hcs_stream_shutdown(p->stream);
}

struct hcs_gcs_connection *played_guest_connect(struct played_guest *p, const char *trace) {
        struct hcs_gcs_connection *gc = NULL;
        struct hcs_error *err = NULL;

        *p = (struct played_guest){.trace = trace};
        assert_ok(hcs_stream_pair(&p->stream, &p->host, NULL), NULL);
        assert_ok(hcs_gcs_transport_open("memory:", &p->transport, NULL), NULL);
        assert_ok(hcs_thread_start(&p->thread, play, p, NULL), NULL);
        assert_ok(hcs_gcs_connect(p->host, p->transport, NULL, NULL, &gc, &err), err);
        return gc;
}

void played_guest_end(struct played_guest *p, struct hcs_gcs_connection *gc) {
        hcs_gcs_connection_unref(gc);
        hcs_thread_join(&p->thread);
        assert_ok(p->hr, NULL);
        hcs_stream_close(p->stream);
        hcs_gcs_transport_unref(p->transport);
}
