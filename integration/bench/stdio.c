/* SPDX-License-Identifier: MIT */

/*
 * What the streams of a process cost on the host's side: its output read by the library and by the relay, and its input
 * written, as ratios to the same bytes over a socket pair with nothing around it, turn about in one run.
 * usage: stdio [MIB]
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "integration/bench/guest.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define CHUNK  65536u
#define ROUNDS 5

static size_t total;

static void pour(void *stream) {
        static char buf[CHUNK];

        for (size_t n = 0; n < total; n += CHUNK)
                bench_must(hcs_stream_write(stream, buf, CHUNK, NULL, NULL), "write");
        hcs_stream_close_write(stream);
}

static void drain(void *stream) {
        static char buf[CHUNK];
        size_t n;

        while (hcs_stream_read(stream, buf, CHUNK, NULL, &n, NULL) == S_OK)
                continue;
}

/* ---- with nothing around it ---- */

static double run_raw(void) {
        struct hcs_stream *a = NULL, *b = NULL;
        struct hcs_thread thread;
        uint64_t start;

        bench_must(hcs_stream_pair(&a, &b, NULL), "pair");
        start = hcs_clock_ns();
        bench_must(hcs_thread_start(&thread, pour, a, NULL), "thread");
        drain(b);
        start = hcs_clock_ns() - start;
        hcs_thread_join(&thread);
        hcs_stream_close(a);
        hcs_stream_close(b);
        return (double)start;
}

/* ---- a guest whose processes write all they can, or read all there is ---- */

struct guest {
        struct bench_guest bridge; /* first */
        struct hcs_gcs_transport *transport;
        struct hcs_stream *process;
        struct hcs_thread thread;
        bool running;
};

static void end_process(struct guest *g) {
        if (g->running)
                hcs_thread_join(&g->thread);
        g->process = hcs_stream_close(g->process);
        g->running = false;
}

static void start_process(struct guest *g, const struct hcs_gcs_frame *f) {
        struct hcs_json *document = NULL;
        uint64_t in = 0, out = 0;

        end_process(g);
        bench_must(hcs_json_parse(f->body, f->len, NULL, &document, NULL), "request");
        hcs_json_u64(hcs_json_lookup(document, "Settings.VsockStdioRelaySettings.StdIn"), &in);
        hcs_json_u64(hcs_json_lookup(document, "Settings.VsockStdioRelaySettings.StdOut"), &out);
        hcs_json_free(document);
        bench_must(hcs_gcs_guest_dial(g->transport, (uint32_t)(in ? in : out), NULL, &g->process, NULL), "dial");
        bench_must(hcs_thread_start(&g->thread, in ? drain : pour, g->process, NULL), "thread");
        g->running = true;
        bench_guest_answer(&g->bridge, f, "{\"Result\":0,\"ProcessId\":7}");
}

static void on_frame(struct bench_guest *bridge, const struct hcs_gcs_frame *f) {
        if (f->type == (HCS_GCS_REQUEST | HCS_GCS_EXECUTE_PROCESS))
                start_process((struct guest *)bridge, f);
}

/* ---- the library's side ---- */

static size_t taken;

static void take(void *ctx, enum hcs_gcs_stream stream, const void *data, size_t n) {
        taken += n;
}

static void read_output(struct hcs_gcs_process *p) {
        static char buf[CHUNK];
        size_t n;

        while (hcs_gcs_process_read(p, HCS_GCS_STDOUT, buf, CHUNK, NULL, &n, NULL) == S_OK)
                taken += n;
}

static void relay_output(struct hcs_gcs_process *p) {
        bench_must(hcs_gcs_process_relay(p, &(struct hcs_gcs_relay){.write = take}, NULL), "relay");
        bench_must(hcs_gcs_process_relay_wait(p, NULL, NULL), "relay");
}

static void write_input(struct hcs_gcs_process *p) {
        static char buf[CHUNK];

        for (; taken < total; taken += CHUNK)
                bench_must(hcs_gcs_process_write(p, buf, CHUNK, NULL, NULL), "write");
        bench_must(hcs_gcs_process_close_stdin(p, NULL, NULL), "close");
}

static const struct {
        const char *name, *parameters;
        void (*run)(struct hcs_gcs_process *p);
} ways[] = {{"output read", "{\"CreateStdOutPipe\":true}", read_output},
            {"output relayed", "{\"CreateStdOutPipe\":true}", relay_output},
            {"input written", "{\"CreateStdInPipe\":true}", write_input}};

static double run_way(struct hcs_gcs_connection *gc, size_t i) {
        struct hcs_gcs_process *p = NULL;
        uint64_t start = hcs_clock_ns();

        taken = 0;
        bench_must(hcs_gcs_exec(gc, ways[i].parameters, NULL, &p, NULL), "ExecuteProcess");
        ways[i].run(p);
        start = hcs_clock_ns() - start;
        if (taken != total)
                bench_must(E_FAIL, "bytes are missing");
        hcs_gcs_process_unref(p);
        return (double)start;
}

int main(int argc, char **argv) {
        size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 256;
        double raw = 0, best[HCS_ARRAY_SIZE(ways)] = {0};
        struct hcs_gcs_connection *gc = NULL;
        struct hcs_stream *host = NULL;
        struct hcs_thread thread;
        struct guest g = {.bridge = {.on_frame = on_frame}};

        total = mib << 20;
        bench_must(hcs_gcs_transport_open("memory:", &g.transport, NULL), "transport");
        bench_must(hcs_stream_pair(&g.bridge.stream, &host, NULL), "pair");
        bench_must(hcs_thread_start(&thread, bench_guest_run, &g.bridge, NULL), "thread");
        bench_must(hcs_gcs_connect(host, g.transport, NULL, NULL, &gc, NULL), "connect");
        for (int round = 0; round < ROUNDS; round++) {
                double t = run_raw();

                raw = round && raw < t ? raw : t;
                for (size_t i = 0; i < HCS_ARRAY_SIZE(ways); i++) {
                        t = run_way(gc, i);
                        best[i] = round && best[i] < t ? best[i] : t;
                }
        }
        printf("raw socket pair %.0f MB/s\n", (double)total * 1e3 / raw);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(ways); i++)
                printf("%s %.0f MB/s: %.2f x\n", ways[i].name, (double)total * 1e3 / best[i], raw / best[i]);
        hcs_gcs_connection_unref(gc);
        hcs_thread_join(&thread);
        end_process(&g);
        hcs_stream_close(g.bridge.stream);
        hcs_gcs_transport_unref(g.transport);
        return 0;
}
