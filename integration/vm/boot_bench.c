/* SPDX-License-Identifier: MIT */

/*
 * How long a utility VM takes until its agent has negotiated, next to guests of the same kernel that only connect: one
 * with nothing but the modules for that, and one with all the modules that the agent's has. They take turns, and each
 * figure is a ratio of the same round. usage: boot_bench [ROUNDS]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hcsshim/gcs.h"
#include "integration/median.h"
#include "integration/vm/rig.h"
#include "mockhcs/vm/stats.h"
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

struct cost {
        double seconds; /* since QEMU's start */
        double work;    /* seconds of processors that QEMU took: what a busy host changes less */
};

static double work_of(struct vm *vm) {
        return (double)vm_host_time(vm) / 1e9;
}

/* From the start of QEMU to the guest's call. */
static struct cost connect_only(const char *initrd) {
        struct vm_options o = rig_options(NULL);
        struct cost result;
        struct rig r;

        o.initrd = initrd;
        rig_start(&r, &o);
        result = (struct cost){(double)(r.dialled_ns - r.started_ns) / 1e9, work_of(r.vm)};
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
static struct cost negotiated(const char *initrd) {
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
        struct cost result;

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
        result = (struct cost){seconds_since(start), work_of(vm)};
        vm_free(vm);
        hcs_thread_join(&thread);
        hcs_gcs_log_free(reader);
        return result;
}

static void ignore(void *ctx, enum hcs_log_level level, const char *line) {
}

int main(int argc, char **argv) {
        const char *least = getenv("VM_LEAST_INITRD"), *agent = getenv("VM_AGENT_INITRD");
        size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 9;
        double *times[3], *ratios[4];

        rig_skip_unless_possible();
        if (!least || !agent || rounds == 0)
                return 2;
        hcs_log_set_sink(ignore, NULL); /* of the guest */
        for (size_t i = 0; i < 3; i++)
                times[i] = hcs_calloc(rounds, sizeof(**times));
        for (size_t i = 0; i < 4; i++)
                ratios[i] = hcs_calloc(rounds, sizeof(**ratios));
        negotiated(agent); /* files are in memory, and the accelerator is known */
        for (size_t i = 0; i < rounds; i++) {
                struct cost floor = connect_only(least), whole = negotiated(agent),
                            same = connect_only(getenv("VM_INITRD"));

                times[0][i] = whole.seconds;
                times[1][i] = floor.seconds;
                times[2][i] = same.seconds;
                ratios[0][i] = whole.seconds / floor.seconds;
                ratios[1][i] = whole.work / floor.work;
                ratios[2][i] = whole.seconds / same.seconds;
                ratios[3][i] = whole.work / same.work;
        }
        printf("QEMU's start to the bridge negotiated: %.2f s (median of %zu)\n", median(times[0], rounds), rounds);
        printf("an initrd that only connects:          %.2f s, %.2fx of it; %.2fx of QEMU's processor time\n",
               median(times[1], rounds), median(ratios[0], rounds), median(ratios[1], rounds));
        printf("the same with the agent's modules:     %.2f s, %.2fx of it; %.2fx of QEMU's processor time\n",
               median(times[2], rounds), median(ratios[2], rounds), median(ratios[3], rounds));
        for (size_t i = 0; i < 3; i++)
                free(times[i]);
        for (size_t i = 0; i < 4; i++)
                free(ratios[i]);
        return 0;
}
