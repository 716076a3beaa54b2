/* SPDX-License-Identifier: MIT */

/*
 * How long a utility VM takes until its agent has negotiated, next to guests of the same kernel that only connect: one
 * with nothing but the modules for that, and one with all the modules that the agent's has. They take turns, and each
 * figure is a ratio of the same round. usage: boot_bench [ROUNDS]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hcsshim/gcs.h"
#include "integration/vm/rig.h"
#include "platform/clock.h"
#include "platform/thread.h"

static void stop(const char *what, struct hcs_error *err) {
        _cleanup_free_ char *text = hcs_error_format(err);

        fprintf(stderr, "%s: %s\n", what, text);
        exit(1);
}

static double seconds_since(uint64_t start) {
        return (double)(hcs_clock_ns() - start) / 1e9;
}

/* From the start of QEMU to the guest's call. */
static double connect_only(const char *initrd) {
        struct vm_options o = rig_options(NULL);
        double result;
        struct rig r;

        o.initrd = initrd;
        rig_start(&r, &o);
        result = (double)(r.dialled_ns - r.started_ns) / 1e9;
        rig_stop(&r);
        return result;
}

static void serve_entropy(void *arg) {
        const struct hcs_call call = {.timeout_ms = 60000};

        hcs_gcs_serve_entropy(arg, &call, NULL);
}

struct listeners {
        struct hcs_gcs_listener *entropy, *log, *bridge;
};

/* A guest that is gone calls nobody. */
static void ended(void *ctx, struct vm *vm) {
        struct listeners *l = ctx;

        hcs_gcs_listener_wake(l->entropy);
        hcs_gcs_listener_wake(l->log);
        hcs_gcs_listener_wake(l->bridge);
}

static void listeners_deinit(struct listeners *l) {
        hcs_gcs_listener_close(l->entropy);
        hcs_gcs_listener_close(l->log);
        hcs_gcs_listener_close(l->bridge);
}

/* From the start of QEMU to the end of the negotiation; what the host does is what uvmboot does. */
static double negotiated(const char *initrd) {
        struct vm_options o = rig_options(NULL);
        const struct hcs_call call = {.timeout_ms = 60000};
        _cleanup_(hcs_gcs_transport_unrefp) struct hcs_gcs_transport *transport = NULL;
        _cleanup_(listeners_deinit) struct listeners l = {0};
        _cleanup_(hcs_gcs_connection_unrefp) struct hcs_gcs_connection *gc = NULL;
        struct hcs_stream *stream = NULL, *log_stream = NULL;
        struct hcs_gcs_log *reader = NULL;
        struct hcs_error *err = NULL;
        struct hcs_thread thread;
        struct vm *vm = NULL;
        uint64_t start;
        double result;

        o.ended = ended;
        o.ctx = &l;
        o.initrd = initrd;
        o.command_line = "console=ttyS0 quiet panic=-1 -- -e 1 /bin/vsockexec -e 109 /bin/gcs -v4 -log-format json "
                         "-loglevel info "
                         "-disable-time-sync";
        if (FAILED(vm_new(&o, &vm, &err)))
                stop("make the machine", err);
        {
                _cleanup_free_ char *name = hcs_asprintf("unix:%s/v.sock", vm_folder(vm));

                if (FAILED(hcs_gcs_transport_open(name, &transport, &err)) ||
                    FAILED(hcs_gcs_listen(transport, HCS_GCS_ENTROPY, &l.entropy, &err)) ||
                    FAILED(hcs_gcs_listen(transport, HCS_GCS_LOG, &l.log, &err)) ||
                    FAILED(hcs_gcs_listen(transport, HCS_GCS_BRIDGE, &l.bridge, &err)) ||
                    FAILED(hcs_thread_start(&thread, serve_entropy, l.entropy, &err)))
                        stop("listen", err);
        }
        start = hcs_clock_ns();
        if (FAILED(vm_start(vm, start + 120ull * HCS_NS_PER_S, &err)) ||
            FAILED(hcs_gcs_accept(l.log, &call, &log_stream, &err)) ||
            FAILED(hcs_gcs_log_new(log_stream, NULL, &reader, &err)) ||
            FAILED(hcs_gcs_accept(l.bridge, &call, &stream, &err)) ||
            FAILED(hcs_gcs_connect(stream, transport, NULL, &call, &gc, &err))) {
                struct hcs_error *whole = NULL;

                vm_fail(vm, E_FAIL, &whole, "boot: %s", hcs_error_message(err));
                stop("the agent", whole);
        }
        result = seconds_since(start);
        vm_free(vm);
        hcs_thread_join(&thread);
        hcs_gcs_log_free(reader);
        return result;
}

static int by_value(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static double median(double *values, size_t n) {
        qsort(values, n, sizeof(*values), by_value);
        return values[n / 2];
}

static void ignore(void *ctx, enum hcs_log_level level, const char *line) {
}

int main(int argc, char **argv) {
        const char *least = getenv("VM_LEAST_INITRD"), *agent = getenv("VM_AGENT_INITRD");
        size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 9;
        double *floor, *same, *whole, *ratio, *same_ratio;

        rig_skip_unless_possible();
        if (!least || !agent || rounds == 0)
                return 2;
        hcs_log_set_sink(ignore, NULL); /* of the guest */
        floor = hcs_calloc(rounds, sizeof(*floor));
        same = hcs_calloc(rounds, sizeof(*same));
        whole = hcs_calloc(rounds, sizeof(*whole));
        ratio = hcs_calloc(rounds, sizeof(*ratio));
        same_ratio = hcs_calloc(rounds, sizeof(*same_ratio));
        negotiated(agent); /* files are in memory, and the accelerator is known */
        for (size_t i = 0; i < rounds; i++) {
                floor[i] = connect_only(least);
                whole[i] = negotiated(agent);
                same[i] = connect_only(getenv("VM_INITRD"));
                ratio[i] = whole[i] / floor[i];
                same_ratio[i] = whole[i] / same[i];
        }
        printf("QEMU's start to the bridge negotiated: %.2f s (median of %zu)\n", median(whole, rounds), rounds);
        printf("an initrd that only connects:          %.2f s, %.2fx of it\n", median(floor, rounds),
               median(ratio, rounds));
        printf("the same with the agent's modules:     %.2f s, %.2fx of it\n", median(same, rounds),
               median(same_ratio, rounds));
        free(floor);
        free(same);
        free(whole);
        free(ratio);
        free(same_ratio);
        return 0;
}
