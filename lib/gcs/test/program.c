/* SPDX-License-Identifier: MIT */

/* The process of program.h; a thread of its own copies its input. */

#include "gcs/test/program.h"

#include "base/str.h"
#include "testing/hcs_test.h"

static void read_to_the_end(struct hcs_stream *s) {
        char buf[64];
        size_t n;

        while (s && hcs_stream_read(s, buf, sizeof(buf), NULL, &n, NULL) == S_OK)
                continue;
}

static void program_run(void *arg) {
        struct program *p = arg;
        char buf[4096];
        size_t n;

        if (p->deaf)
                p->streams[0] = hcs_stream_close(p->streams[0]);
        while (p->streams[0] && hcs_stream_read(p->streams[0], buf, sizeof(buf), NULL, &n, NULL) == S_OK)
                for (int i = 1; i < 3; i++)
                        if (p->streams[i])
                                hcs_stream_write(p->streams[i], buf, n, NULL, NULL);
        for (int i = 1; i < 3; i++)
                if (p->streams[i])
                        hcs_stream_close_write(p->streams[i]);
        for (int i = 1; i < 3; i++)
                read_to_the_end(p->streams[i]); /* until the host closed its end */
        hcs_mutex_lock(&p->lock);
        while (!p->waited)
                hcs_cond_wait(&p->changed, &p->lock);
        hcs_mutex_unlock(&p->lock);
        guest_answer(p->guest, &p->wait, "{\"Result\":0,\"ExitCode\":3}");
}

static void program_dial(struct program *p, const struct hcs_gcs_frame *f) {
        static const char *const names[] = {"StdIn", "StdOut", "StdErr"};
        _cleanup_json_ struct hcs_json *j = guest_document(f);
        const struct hcs_json *ports = hcs_json_lookup(j, "Settings.VsockStdioRelaySettings");
        uint64_t port;

        for (size_t i = 0; i < 3 && !p->no_dial; i++)
                if (hcs_json_u64(hcs_json_get(ports, names[i]), &port))
                        p->streams[i] = guest_dial(p->guest, (uint32_t)port);
}

static bool play(struct guest *g, const struct hcs_gcs_frame *f) {
        struct program *p = g->ctx;

        if (guest_frame_is(f, HCS_GCS_EXECUTE_PROCESS)) {
                p->guest = g;
                program_dial(p, f);
                p->started = SUCCEEDED(hcs_thread_start(&p->thread, program_run, p, NULL));
                return false;
        }
        if (guest_frame_is(f, HCS_GCS_WAIT_FOR_PROCESS)) {
                hcs_guard(&p->lock);
                p->wait = *f;
                p->waited = true;
                hcs_cond_signal(&p->changed);
                return true;
        }
        return false;
}

void fixture_init_program(struct fixture *f, const char *parameters, int64_t stdio_ms) {
        struct hcs_error *err = NULL;

        hcs_log_set_level(HCS_LOG_ERROR);
        hcs_mutex_init(&f->program.lock);
        hcs_cond_init(&f->program.changed);
        guest_init(&f->g);
        f->g.on_frame = play;
        f->g.ctx = &f->program;
        f->gc = guest_connect(&f->g, &(struct hcs_gcs_options){.stdio_ms = stdio_ms});
        assert_ok(hcs_gcs_exec(f->gc, parameters, NULL, &f->p, &err), err);
}

void fixture_init(struct fixture *f, const char *parameters, bool no_dial, int64_t stdio_ms) {
        *f = (struct fixture){.program.no_dial = no_dial};
        fixture_init_program(f, parameters, stdio_ms);
}

void fixture_deinit(struct fixture *f) {
        hcs_gcs_process_unref(f->p);
        if (f->program.started)
                hcs_thread_join(&f->program.thread);
        hcs_gcs_connection_unref(f->gc);
        guest_deinit(&f->g);
        for (int i = 0; i < 3; i++)
                hcs_stream_close(f->program.streams[i]);
        hcs_cond_deinit(&f->program.changed);
        hcs_mutex_deinit(&f->program.lock);
}
