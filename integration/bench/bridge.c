/* SPDX-License-Identifier: MIT */

/*
 * What a request over the bridge costs: DumpStacks and its answer over a socket pair, as a ratio to an echo of the same
 * bytes over another pair with nothing around it, turn about in one run. usage: bridge [REQUESTS]
 */

#include <stdio.h>
#include <stdlib.h>

#include "integration/bench/guest.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define ANSWER       "{\"Result\":0,\"ActivityId\":\"00000000-0000-0000-0000-000000000000\"}"
#define REQUEST_SIZE 130 /* of DumpStacks with its header */
#define ANSWER_SIZE  (HCS_GCS_HEADER_SIZE + sizeof(ANSWER) - 1)
#define ROUNDS       5

/* Reads requests of a known size and answers with as much as the guest would. */
static void echo(void *arg) {
        char buf[REQUEST_SIZE];
        size_t have = 0, n;

        while (hcs_stream_read(arg, buf + have, sizeof(buf) - have, NULL, &n, NULL) == S_OK) {
                have += n;
                if (have < sizeof(buf))
                        continue;
                have = 0;
                if (FAILED(hcs_stream_write(arg, buf, ANSWER_SIZE, NULL, NULL)))
                        return;
        }
}

static void answer(struct bench_guest *g, const struct hcs_gcs_frame *f) {
        bench_guest_answer(g, f, ANSWER);
}

static uint64_t run_echo(struct hcs_stream *s, unsigned n) {
        uint64_t start = hcs_clock_ns();
        char buf[REQUEST_SIZE] = {0};

        for (unsigned i = 0; i < n; i++) {
                size_t have = 0, got;

                bench_must(hcs_stream_write(s, buf, sizeof(buf), NULL, NULL), "write");
                while (have < ANSWER_SIZE) {
                        bench_must(hcs_stream_read(s, buf + have, ANSWER_SIZE - have, NULL, &got, NULL), "read");
                        have += got;
                }
        }
        return hcs_clock_ns() - start;
}

static uint64_t run_bridge(struct hcs_gcs_connection *gc, unsigned n) {
        uint64_t start = hcs_clock_ns();

        for (unsigned i = 0; i < n; i++) {
                char *stacks = NULL;

                bench_must(hcs_gcs_dump_stacks(gc, NULL, &stacks, NULL), "DumpStacks");
                free(stacks);
        }
        return hcs_clock_ns() - start;
}

int main(int argc, char **argv) {
        unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 5000;
        struct hcs_stream *echo_near, *echo_far, *near;
        struct bench_guest guest = {.on_frame = answer};
        struct hcs_gcs_connection *gc = NULL;
        struct hcs_thread threads[2];
        double best_echo = 0, best_bridge = 0;

        bench_must(hcs_stream_pair(&echo_near, &echo_far, NULL), "pair");
        bench_must(hcs_stream_pair(&near, &guest.stream, NULL), "pair");
        bench_must(hcs_thread_start(&threads[0], echo, echo_far, NULL), "thread");
        bench_must(hcs_thread_start(&threads[1], bench_guest_run, &guest, NULL), "thread");
        bench_must(hcs_gcs_connect(near, NULL, NULL, NULL, &gc, NULL), "connect");
        for (int i = 0; i < ROUNDS; i++) {
                double e = (double)run_echo(echo_near, n) / n / 1e3, b = (double)run_bridge(gc, n) / n / 1e3;

                best_echo = i && best_echo < e ? best_echo : e;
                best_bridge = i && best_bridge < b ? best_bridge : b;
        }
        printf("raw echo %.2f us, request %.2f us: %.2f x\n", best_echo, best_bridge, best_bridge / best_echo);
        hcs_gcs_connection_unref(gc);
        hcs_stream_close(echo_near);
        hcs_thread_join(&threads[0]);
        hcs_thread_join(&threads[1]);
        hcs_stream_close(echo_far);
        hcs_stream_close(guest.stream);
        return 0;
}
