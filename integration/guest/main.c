/* SPDX-License-Identifier: MIT */

/*
 * The conformance suite for Linux guest agents: `conform [OPTION...] [-- AGENT ARG...]`. With an agent it is started
 * here and must dial PATH_1073741824; without one somebody starts it (a VM whose vsock device knows PATH). Nothing here
 * knows whose agent it is.
 */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/guest/cases.h"

const char *suite_busybox = "/bin/busybox", *suite_golden, *suite_fault_file;

static const struct case_table *const tables[] = {&protocol_cases,  &request_cases, &golden_cases, &uvm_cases,
                                                  &container_cases, &pod_cases,     &fault_cases};

struct options {
        const char *path, *only;
        bool list, no_runtime, no_cgroups, no_reconnect, no_pod, bounded_close, power_off;
        const char *const *agent;
};

static int usage(void) {
        fprintf(stderr, "usage: conform --socket PATH [--golden FILE] [--busybox PATH] [-l] [-t NAME]\n"
                        "       [--fault-file PATH] [--bounded-close] [--power-off]\n"
                        "       [--no-runtime] [--no-cgroups] [--no-reconnect] [--no-pod] [-- AGENT ARG...]\n"
                        "  --socket PATH  the agent dials port N at PATH_N\n"
                        "  --golden FILE  cases of the original agent, a JSON object a line\n"
                        "  --busybox PATH a static busybox in the VM, for containers (/bin/busybox)\n"
                        "  --fault-file PATH  a file in the VM that tells the runtime to crash, hang or be lazy\n"
                        "  --bounded-close    the agent gives up on hosts that do not close streams\n"
                        "  --power-off        powering off ends the agent only, which is started again\n"
                        "  --no-...       what this agent's surroundings lack; such cases are skipped, and counted\n");
        return 2;
}

static bool parse(int argc, char **argv, struct options *o) {
        for (int i = 1; i < argc; i++) {
                const char *value = i + 1 < argc ? argv[i + 1] : NULL;

                if (hcs_streq(argv[i], "--")) {
                        o->agent = (const char *const *)argv + i + 1;
                        break;
                }
                if (hcs_streq(argv[i], "-l"))
                        o->list = true;
                else if (hcs_streq(argv[i], "--no-runtime"))
                        o->no_runtime = true;
                else if (hcs_streq(argv[i], "--no-cgroups"))
                        o->no_cgroups = true;
                else if (hcs_streq(argv[i], "--no-reconnect"))
                        o->no_reconnect = true;
                else if (hcs_streq(argv[i], "--no-pod"))
                        o->no_pod = true;
                else if (hcs_streq(argv[i], "--bounded-close"))
                        o->bounded_close = true;
                else if (hcs_streq(argv[i], "--power-off"))
                        o->power_off = true;
                else if (!value)
                        return false;
                else if (hcs_streq(argv[i], "--socket"))
                        o->path = argv[++i];
                else if (hcs_streq(argv[i], "-t"))
                        o->only = argv[++i];
                else if (hcs_streq(argv[i], "--golden"))
                        suite_golden = argv[++i];
                else if (hcs_streq(argv[i], "--fault-file"))
                        suite_fault_file = argv[++i];
                else if (hcs_streq(argv[i], "--busybox"))
                        suite_busybox = argv[++i];
                else
                        return false;
        }
        return o->list || o->path;
}

/* Why a case cannot run here; NULL when it can. */
static const char *lacking(const struct options *o, unsigned needs) {
        if ((needs & NEEDS_RUNTIME) && o->no_runtime)
                return "no OCI runtime";
        if ((needs & NEEDS_CGROUPS) && o->no_cgroups)
                return "no cgroups";
        if ((needs & NEEDS_RECONNECT) && o->no_reconnect)
                return "the agent does not dial again";
        if ((needs & NEEDS_POD) && o->no_pod)
                return "no network namespaces";
        if ((needs & NEEDS_OWN_AGENT) && !o->agent)
                return "the agent is not started by the suite";
        if ((needs & NEEDS_FAULTY_RUNTIME) && !suite_fault_file)
                return "the runtime has no faults on demand";
        if ((needs & NEEDS_BOUNDED_CLOSE) && !o->bounded_close)
                return "the agent waits for its host for ever";
        if ((needs & NEEDS_POWER_OFF) && !o->power_off)
                return "powering off ends more than the agent";
        return NULL;
}

/* A case that failed may have left anything: the next one gets a fresh connection. */
static bool run(struct host *h, const struct case_table *t, size_t i) {
        if (setjmp(h->failed)) {
                host_hang_up(h);
                host_kill_agent(h);
                return false;
        }
        if (h->bridge < 0) {
                host_accept(h);
                host_negotiate(h);
        }
        if (t->cases)
                t->cases[i].fn(h);
        else
                t->run(h, i);
        return true;
}

struct summary {
        unsigned passed, failed, skipped;
};

static void run_one(struct host *h, const struct options *o, const struct case_table *t, size_t i, struct summary *s) {
        const char *name = t->cases ? t->cases[i].name : t->name(i), *lack;

        lack = lacking(o, t->cases ? t->cases[i].needs : t->needs ? t->needs(i) : 0);
        if (o->list) {
                printf("%s\n", name);
        } else if (o->only && !hcs_streq(o->only, name)) {
                return;
        } else if (lack) {
                printf("SKIP %s: %s\n", name, lack);
                s->skipped++;
        } else if (run(h, t, i)) {
                printf("ok   %s\n", name);
                s->passed++;
        } else {
                printf("FAIL %s: %s\n", name, h->reason.data);
                s->failed++;
        }
}

int main(int argc, char **argv) {
        struct options o = {0};
        struct host h;
        struct summary s = {0};

        if (!parse(argc, argv, &o))
                return usage();
        signal(SIGPIPE, SIG_IGN);
        setvbuf(stdout, NULL, _IOLBF, 0);
        host_init(&h, o.path, o.agent);
        for (size_t t = 0; t < HCS_ARRAY_SIZE(tables); t++)
                for (size_t i = 0, n = tables[t]->cases ? tables[t]->n : tables[t]->count(); i < n; i++)
                        run_one(&h, &o, tables[t], i, &s);
        host_deinit(&h);
        if (!o.list)
                printf("%u passed, %u failed, %u skipped\n", s.passed, s.failed, s.skipped);
        return o.list || (s.passed && !s.failed) ? 0 : 1;
}
