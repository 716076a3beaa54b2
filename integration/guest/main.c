/* SPDX-License-Identifier: MIT */

/*
 * The conformance suite for Linux guest agents: `conform [OPTION...] [-- AGENT ARG...]`. With an agent it is started
 * here and must dial PATH_1073741824; without one somebody starts it (a VM whose vsock device knows PATH). Nothing here
 * knows whose agent it is.
 */

#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/guest/cases.h"

const char *suite_busybox = "/bin/busybox", *suite_golden, *suite_fault_file, *suite_root_hash, *suite_adapter;
uint64_t suite_layer_size;

static const struct case_table *const tables[] = {&protocol_cases,  &request_cases, &golden_cases, &uvm_cases,
                                                  &container_cases, &process_cases, &pod_cases,    &disk_cases,
                                                  &network_cases,   &policy_cases,  &fault_cases};

struct options {
        const char *path, *only, *layer;
        bool list, table, no_runtime, no_cgroups, no_reconnect, no_pod, bounded_close, power_off;
        const char *const *agent;
};

static int usage(void) {
        fprintf(stderr,
                "usage: conform --socket PATH [--golden FILE] [--busybox PATH] [-l] [--table] [-t PATTERN]\n"
                "       [--fault-file PATH] [--bounded-close] [--power-off] [--layer HASH:SIZE] [--adapter ID]\n"
                "       [--no-runtime] [--no-cgroups] [--no-reconnect] [--no-pod] [-- AGENT ARG...]\n"
                "  --socket PATH  the agent dials port N at PATH_N\n"
                "  --golden FILE  cases of the original agent, a JSON object a line\n"
                "  --busybox PATH a static busybox in the VM, for containers (/bin/busybox)\n"
                "  -l, --table    names the cases, or prints the table of them in integration/guest/CASES.md\n"
                "  -t PATTERN     only the cases of that name, a pattern as of ksh: @(uvm|disk): *\n"
                "  --layer HASH:SIZE  the VM has disks with this layer (integration/guest/vm.sh makes them)\n"
                "  --adapter ID   the VM has the adapter eth0 in QEMU's user network, with that id on the VMBus\n"
                "  --fault-file PATH  a file in the VM that tells the runtime to crash, hang or be lazy\n"
                "  --bounded-close    the agent gives up on hosts that do not close streams\n"
                "  --power-off        powering off ends the agent only, which is started again\n"
                "  --no-...       what this agent's surroundings lack; such cases are skipped, and counted\n");
        return 2;
}

/* HASH:SIZE */
static bool parse_layer(const char *text) {
        const char *colon = strchr(text, ':');

        if (!colon || !hcs_str_to_u64(colon + 1, &suite_layer_size))
                return false;
        suite_root_hash = hcs_strndup(text, (size_t)(colon - text)); /* as long as the program */
        return true;
}

static bool parse(int argc, char **argv, struct options *o) {
        const struct {
                const char *name;
                bool *flag;
                const char **value;
        } known[] = {
                {"-l", &o->list, NULL},
                {"--table", &o->table, NULL},
                {"--no-runtime", &o->no_runtime, NULL},
                {"--no-cgroups", &o->no_cgroups, NULL},
                {"--no-reconnect", &o->no_reconnect, NULL},
                {"--no-pod", &o->no_pod, NULL},
                {"--bounded-close", &o->bounded_close, NULL},
                {"--power-off", &o->power_off, NULL},
                {"--socket", NULL, &o->path},
                {"-t", NULL, &o->only},
                {"--golden", NULL, &suite_golden},
                {"--layer", NULL, &o->layer},
                {"--adapter", NULL, &suite_adapter},
                {"--fault-file", NULL, &suite_fault_file},
                {"--busybox", NULL, &suite_busybox},
        };

        for (int i = 1; i < argc; i++) {
                size_t k = 0;

                if (hcs_streq(argv[i], "--")) {
                        o->agent = (const char *const *)argv + i + 1;
                        break;
                }
                while (k < HCS_ARRAY_SIZE(known) && !hcs_streq(known[k].name, argv[i]))
                        k++;
                if (k == HCS_ARRAY_SIZE(known) || (known[k].value && i + 1 == argc))
                        return false;
                if (known[k].value)
                        *known[k].value = argv[++i];
                else
                        *known[k].flag = true;
        }
        return (!o->layer || parse_layer(o->layer)) && (o->list || o->table || o->path);
}

/* What a case may need, in words, and why it cannot run without. */
static const struct {
        unsigned need;
        const char *what, *lack;
} all_needs[] = {
        {NEEDS_RUNTIME, "an OCI runtime", "no OCI runtime"},
        {NEEDS_CGROUPS, "cgroups", "no cgroups"},
        {NEEDS_RECONNECT, "an agent that dials again", "the agent does not dial again"},
        {NEEDS_POD, "network namespaces", "no network namespaces"},
        {NEEDS_OWN_AGENT, "an agent of the suite's own", "the agent is not started by the suite"},
        {NEEDS_FAULTY_RUNTIME, "a runtime with faults on demand", "the runtime has no faults on demand"},
        {NEEDS_BOUNDED_CLOSE, "an agent that gives up on streams", "the agent waits for its host for ever"},
        {NEEDS_POWER_OFF, "power-off that ends the agent only", "powering off ends more than the agent"},
        {NEEDS_DISKS, "disks", "the VM has no disks for it"},
        {NEEDS_ADAPTER, "a network adapter", "the VM has no adapter"},
};

/* Why a case cannot run here; NULL when it can. */
static const char *lacking(const struct options *o, unsigned needs) {
        unsigned lack = (o->no_runtime ? NEEDS_RUNTIME : 0) | (o->no_cgroups ? NEEDS_CGROUPS : 0) |
                        (o->no_reconnect ? NEEDS_RECONNECT : 0) | (o->no_pod ? NEEDS_POD : 0) |
                        (o->agent ? 0 : NEEDS_OWN_AGENT) | (suite_fault_file ? 0 : NEEDS_FAULTY_RUNTIME) |
                        (o->bounded_close ? 0 : NEEDS_BOUNDED_CLOSE) | (o->power_off ? 0 : NEEDS_POWER_OFF) |
                        (suite_root_hash ? 0 : NEEDS_DISKS) | (suite_adapter ? 0 : NEEDS_ADAPTER);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(all_needs); i++)
                if (needs & lack & all_needs[i].need)
                        return all_needs[i].lack;
        return NULL;
}

static void print_row(const char *name, unsigned needs) {
        const char *comma = "";

        printf("| %s | ", name);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(all_needs); i++)
                if (needs & all_needs[i].need) {
                        printf("%s%s", comma, all_needs[i].what);
                        comma = ", ";
                }
        puts(" |");
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
        const char *name = t->cases ? t->cases[i].name : t->name(i);
        unsigned needs = t->cases ? t->cases[i].needs : t->needs ? t->needs(i) : 0;
        const char *lack = lacking(o, needs);

        if (o->list) {
                printf("%s\n", name);
        } else if (o->table) {
                print_row(name, needs);
        } else if (o->only && fnmatch(o->only, name, FNM_EXTMATCH) != 0) {
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
        if (!o.list && !o.table)
                printf("%u passed, %u failed, %u skipped\n", s.passed, s.failed, s.skipped);
        return o.list || o.table || (s.passed && !s.failed) ? 0 : 1;
}
