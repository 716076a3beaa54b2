/* SPDX-License-Identifier: MIT */

/*
 * Many threads at one connection, a guest whose answers overtake each other, a bridge that dies under all of them, and
 * what two hundred sessions leave behind. Made for the sanitizers as much as for the assertions.
 */

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "gcs/test/guest.h"
#include "testing/hcs_test.h"

#define THREADS  12
#define TURNS    25
#define SESSIONS 200

/* A guest that answers every request on a thread of its own. A process says its id on its output and ends. */
struct crowd {
        struct guest guest;
        struct hcs_mutex lock; /* all below, and who writes to the bridge */
        struct hcs_cond changed;
        struct program *programs;
        unsigned threads, frames, dies_at; /* dies_at 0: never */
        uint32_t next_pid;
        bool dead;
};
struct program {
        struct program *next;
        struct crowd *crowd;
        struct hcs_stream *out;
        struct hcs_gcs_frame wait;
        uint32_t pid;
        bool waited;
};
struct answer {
        struct crowd *crowd;
        struct hcs_gcs_frame frame;
};

/* With the lock held. */
static void leave(struct crowd *c) {
        c->threads--;
        hcs_cond_broadcast(&c->changed);
}

static void answer_run(void *arg) {
        struct answer *a = arg;
        struct crowd *c = a->crowd;

        hcs_mutex_lock(&c->lock);
        guest_answer(&c->guest, &a->frame, OK_TEXT);
        leave(c);
        hcs_mutex_unlock(&c->lock);
        free(a);
}

static void program_run(void *arg) {
        struct program *p = arg;
        struct crowd *c = p->crowd;
        _cleanup_free_ char *code = hcs_asprintf("{\"Result\":0,\"ExitCode\":%u}", (unsigned)p->pid),
                            *said = hcs_asprintf("%u", (unsigned)p->pid);
        char buf[16];
        size_t n;

        if (p->out) { /* the host may be gone */
                hcs_stream_write(p->out, said, strlen(said), NULL, NULL);
                hcs_stream_close_write(p->out);
                while (hcs_stream_read(p->out, buf, sizeof(buf), NULL, &n, NULL) == S_OK)
                        continue;
                hcs_stream_close(p->out);
        }
        hcs_mutex_lock(&c->lock);
        while (!p->waited && !c->dead)
                hcs_cond_wait(&c->changed, &c->lock);
        if (p->waited)
                guest_answer(&c->guest, &p->wait, code);
        for (struct program **at = &c->programs; *at; at = &(*at)->next)
                if (*at == p) {
                        *at = p->next;
                        break;
                }
        leave(c);
        hcs_mutex_unlock(&c->lock);
        free(p);
}

static void program_start(struct crowd *c, const struct hcs_gcs_frame *f) {
        _cleanup_json_ struct hcs_json *document = guest_document(f);
        struct program *p = hcs_calloc(1, sizeof(*p));
        _cleanup_free_ char *answer = NULL;
        uint64_t port = 0;

        hcs_json_u64(hcs_json_lookup(document, "Settings.VsockStdioRelaySettings.StdOut"), &port);
        *p = (struct program){
                .next = c->programs, .crowd = c, .out = guest_dial(&c->guest, (uint32_t)port), .pid = ++c->next_pid};
        c->programs = p;
        answer = hcs_asprintf("{\"Result\":0,\"ProcessId\":%u}", (unsigned)p->pid);
        guest_answer(&c->guest, f, answer);
        assert_ok(hcs_thread_start_detached(program_run, p, NULL), NULL);
}

static void program_wait(struct crowd *c, const struct hcs_gcs_frame *f) {
        _cleanup_json_ struct hcs_json *document = guest_document(f);
        struct program *p = c->programs;
        uint64_t pid = 0;

        hcs_json_u64(hcs_json_get(document, "ProcessId"), &pid);
        while (p->pid != pid)
                p = p->next;
        p->wait = *f;
        p->waited = true;
        hcs_cond_broadcast(&c->changed);
}

static bool serve(struct guest *g, const struct hcs_gcs_frame *f) {
        struct crowd *c = g->ctx;
        struct answer *a;
        hcs_guard(&c->lock);

        if (guest_frame_is(f, HCS_GCS_NEGOTIATE_PROTOCOL))
                return false;
        if (!c->dead && c->dies_at && ++c->frames >= c->dies_at) {
                c->dead = true;
                hcs_cond_broadcast(&c->changed);
                guest_hang_up(g);
        }
        if (c->dead)
                return true;
        if (guest_frame_is(f, HCS_GCS_WAIT_FOR_PROCESS)) {
                program_wait(c, f);
                return true;
        }
        c->threads++;
        if (guest_frame_is(f, HCS_GCS_EXECUTE_PROCESS)) {
                program_start(c, f);
                return true;
        }
        a = hcs_calloc(1, sizeof(*a));
        *a = (struct answer){c, *f};
        assert_ok(hcs_thread_start_detached(answer_run, a, NULL), NULL);
        return true;
}

static void count_frame(void *ctx, const struct hcs_gcs_tap_frame *frame) {
        atomic_fetch_add((atomic_uint *)ctx, 1);
}

/* transport NULL: in memory. */
static void crowd_init(struct crowd *c, const char *transport) {
        *c = (struct crowd){.dies_at = c->dies_at};
        hcs_mutex_init(&c->lock);
        hcs_cond_init(&c->changed);
        guest_init(&c->guest);
        c->guest.on_frame = serve;
        c->guest.ctx = c;
        if (!transport)
                return;
        hcs_gcs_transport_unref(c->guest.transport);
        assert_ok(hcs_gcs_transport_open(transport, &c->guest.transport, NULL), NULL);
}

static struct hcs_gcs_connection *crowd_connect(struct crowd *c, atomic_uint *frames) {
        crowd_init(c, NULL);
        return guest_connect(&c->guest, &(struct hcs_gcs_options){.tap = count_frame, .tap_ctx = frames});
}

static void crowd_end(struct crowd *c) {
        hcs_mutex_lock(&c->lock);
        c->dead = true;
        hcs_cond_broadcast(&c->changed);
        while (c->threads)
                hcs_cond_wait(&c->changed, &c->lock);
        hcs_mutex_unlock(&c->lock);
        guest_deinit(&c->guest);
        hcs_cond_deinit(&c->changed);
        hcs_mutex_deinit(&c->lock);
}

struct worker {
        struct hcs_thread thread;
        struct hcs_gcs_connection *gc;
        unsigned number, turns;
        HRESULT hr;
};

/* A process, its output, a signal to it, and its end: the output and the code are its id. */
static HRESULT use_process(struct hcs_gcs_connection *gc) {
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        HRESULT hr = hcs_gcs_exec(gc, "{\"CreateStdOutPipe\":true}", NULL, &p, NULL), end;
        _cleanup_free_ char *want = NULL;
        char said[16] = "";
        uint32_t code;
        size_t n = 0, got;

        if (FAILED(hr))
                return hr;
        want = hcs_asprintf("%u", (unsigned)hcs_gcs_process_pid(p));
        while ((end = hcs_gcs_process_read(p, HCS_GCS_STDOUT, said + n, sizeof(said) - n, NULL, &got, NULL)) == S_OK)
                n += got;
        assert_int_equal(end, S_FALSE);
        assert_string_equal(said, want);
        hr = hcs_gcs_process_signal(p, "{\"Signal\":15}", NULL, NULL, NULL);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_process_wait(p, NULL, &code, NULL);
        if (SUCCEEDED(hr))
                assert_int_equal(code, hcs_gcs_process_pid(p));
        return hr;
}

static HRESULT use_container(struct hcs_gcs_connection *gc, const char *id) {
        _cleanup_(hcs_gcs_container_unrefp) struct hcs_gcs_container *c = NULL;
        HRESULT hr = hcs_gcs_container_create(gc, id, "{}", NULL, &c, NULL);

        if (SUCCEEDED(hr))
                hr = hcs_gcs_container_start(c, NULL, NULL);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_container_delete_state(c, NULL, NULL);
        return hr;
}

static void work(void *arg) {
        struct worker *w = arg;

        for (unsigned i = 0; i < w->turns && SUCCEEDED(w->hr); i++) {
                _cleanup_free_ char *id = hcs_asprintf("c%u-%u", w->number, i);

                w->hr = use_container(w->gc, id);
                if (SUCCEEDED(w->hr))
                        w->hr = use_process(w->gc);
                if (SUCCEEDED(w->hr))
                        w->hr = hcs_gcs_modify(w->gc, "{}", NULL, NULL);
        }
}

static void run_workers(struct hcs_gcs_connection *gc, unsigned turns, HRESULT want) {
        struct worker workers[THREADS];

        for (unsigned i = 0; i < THREADS; i++) {
                workers[i] = (struct worker){.gc = gc, .number = i, .turns = turns};
                assert_ok(hcs_thread_start(&workers[i].thread, work, &workers[i], NULL), NULL);
        }
        for (unsigned i = 0; i < THREADS; i++) {
                hcs_thread_join(&workers[i].thread);
                assert_hresult(workers[i].hr, want);
        }
}

static void threads_share_a_connection_whose_answers_overtake_each_other(void **state) {
        struct crowd c = {0};
        struct hcs_gcs_connection *gc;
        atomic_uint frames = 0;

        gc = crowd_connect(&c, &frames);
        run_workers(gc, TURNS, S_OK);
        assert_int_equal(frames, 2 * hcs_gcs_next_id(gc)); /* each request and its answer */
        assert_int_equal(hcs_gcs_next_id(gc), 1 + THREADS * TURNS * 7);
        hcs_gcs_connection_unref(gc);
        crowd_end(&c);
}

static void a_bridge_that_dies_ends_what_every_thread_does_with_its_cause(void **state) {
        static const unsigned frames_before[] = {1, 5, 50, 333};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(frames_before); i++) {
                struct crowd c = {.dies_at = frames_before[i]};
                struct hcs_gcs_connection *gc;
                struct hcs_error *err = NULL;
                atomic_uint frames = 0;

                gc = crowd_connect(&c, &frames);
                run_workers(gc, UINT32_MAX, HCS_E_CONNECTION_CLOSED);
                assert_hresult(hcs_gcs_connection_error(gc, &err), HCS_E_CONNECTION_CLOSED);
                assert_non_null(strstr(hcs_error_message(err), "bridge closed: "));
                hcs_error_free(err);
                hcs_gcs_connection_unref(gc);
                crowd_end(&c);
        }
}

#define RACES 100

/* One process, used and closed by several threads at once, and a call that is cancelled as its answer comes. */
struct race {
        struct hcs_gcs_connection *gc;
        struct hcs_gcs_process *p;
        struct hcs_cancel *token;
        bool whole; /* the process is closed, not the stream */
};

static void race_read(void *arg) {
        struct race *r = arg;
        char buf[4];
        size_t n;
        HRESULT hr;

        while ((hr = hcs_gcs_process_read(r->p, HCS_GCS_STDOUT, buf, sizeof(buf), NULL, &n, NULL)) == S_OK)
                continue;
        assert_true(hr == S_FALSE || hr == E_HANDLE || hr == E_ABORT);
}

static void race_close(void *arg) {
        struct race *r = arg;

        hcs_cancel_set(r->token);
        if (r->whole)
                hcs_gcs_process_close(r->p);
        else
                hcs_gcs_process_close_stream(r->p, HCS_GCS_STDOUT);
}

static void race_wait(void *arg) {
        struct race *r = arg;
        HRESULT hr;

        do
                hr = hcs_gcs_process_wait(r->p, &(struct hcs_call){.timeout_ms = 1}, NULL, NULL);
        while (hr == HCS_E_OPERATION_TIMEOUT);
        assert_ok(hr, NULL);
}

static void race_call(void *arg) {
        struct race *r = arg;
        HRESULT hr = hcs_gcs_modify(r->gc, "{}", &(struct hcs_call){.cancel = r->token}, NULL);

        assert_true(hr == S_OK || hr == E_ABORT);
}

static void what_is_used_may_be_closed_and_cancelled_at_any_time(void **state) {
        static void (*const parts[])(void *) = {race_read, race_read, race_wait, race_call, race_close};
        struct crowd c = {0};
        struct hcs_gcs_connection *gc;
        struct hcs_error *err = NULL;
        atomic_uint frames = 0;

        gc = crowd_connect(&c, &frames);
        for (unsigned i = 0; i < RACES; i++) {
                struct race r = {.gc = gc, .token = hcs_cancel_new(), .whole = i % 2};
                struct hcs_thread threads[HCS_ARRAY_SIZE(parts)];

                assert_ok(hcs_gcs_exec(gc, "{\"CreateStdOutPipe\":true}", NULL, &r.p, &err), err);
                for (size_t k = 0; k < HCS_ARRAY_SIZE(parts); k++)
                        assert_ok(hcs_thread_start(&threads[k], parts[k], &r, NULL), NULL);
                for (size_t k = 0; k < HCS_ARRAY_SIZE(parts); k++)
                        hcs_thread_join(&threads[k]);
                hcs_gcs_process_unref(r.p);
                hcs_cancel_unref(r.token);
        }
        assert_hresult(hcs_gcs_connection_error(gc, NULL), HCS_E_INVALID_STATE);
        hcs_gcs_connection_unref(gc);
        crowd_end(&c);
}

/* The lowest number that is free: it grows with what is left open. */
static int lowest_descriptor(void) {
        int fd = dup(STDERR_FILENO);

        assert_true(fd >= 0);
        close(fd);
        return fd;
}

/* A session over Unix sockets, as a VM has it, and every fourth bridge dies. */
static void run_session(const char *name, unsigned number) {
        struct crowd c = {.dies_at = number % 4 == 3 ? 4 + number % 7 : 0};
        struct hcs_gcs_connection *gc;
        struct worker w = {.number = number, .turns = 2};
        atomic_uint frames = 0;

        crowd_init(&c, name);
        gc = guest_connect(&c.guest, &(struct hcs_gcs_options){.tap = count_frame, .tap_ctx = &frames});
        w.gc = gc;
        work(&w);
        assert_true(c.dies_at ? w.hr == HCS_E_CONNECTION_CLOSED || SUCCEEDED(w.hr) : SUCCEEDED(w.hr));
        hcs_gcs_connection_unref(gc);
        crowd_end(&c);
}

static void two_hundred_sessions_leave_no_descriptor_and_no_socket_behind(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *name = hcs_asprintf("unix:%s/v.sock", dir);
        int before;

        run_session(name, 0); /* what is made once */
        before = lowest_descriptor();
        for (unsigned i = 1; i < SESSIONS; i++)
                run_session(name, i);
        assert_int_equal(lowest_descriptor(), before);
        assert_int_equal(rmdir(dir), 0); /* nothing in it */
}

/* Bridges die here by the dozen. */
static void drop(void *ctx, enum hcs_log_level level, const char *line) {
}

static int mute(void **state) {
        hcs_log_set_sink(drop, NULL);
        return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, mute)

HCS_TESTS(TEST(threads_share_a_connection_whose_answers_overtake_each_other),
          TEST(a_bridge_that_dies_ends_what_every_thread_does_with_its_cause),
          TEST(what_is_used_may_be_closed_and_cancelled_at_any_time),
          TEST(two_hundred_sessions_leave_no_descriptor_and_no_socket_behind))
