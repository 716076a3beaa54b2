/* SPDX-License-Identifier: MIT */

/*
 * What a lifecycle (create, start, a process, exit, terminate, close) costs emulated, recorded and replayed, as ratios
 * to what cJSON alone needs to parse and print the same documents once, in one run; and what eight threads make of it.
 * All are measured in turns, several times, recording also by the processor's time, which others leave alone. Printed
 * are the medians of the times, and of the ratios within a turn: the machine is not ours alone, but what is compared
 * runs side by side. usage: bench [LIFECYCLES [COMPOSITION]]: with a composition, only that is run (for a profiler).
 */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computecore.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mockhcs/mockhcs.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define VM                                                                                                           \
        "{\"Owner\":\"bench\",\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"VirtualMachine\":{\"StopOnReset\":true," \
        "\"Chipset\":{\"LinuxKernelDirect\":{\"KernelFilePath\":\"C:\\\\boot\\\\vmlinux\",\"KernelCmdLine\":"        \
        "\"quiet\"}},"                                                                                               \
        "\"ComputeTopology\":{\"Memory\":{\"SizeInMB\":1024},\"Processor\":{\"Count\":2}}},"                         \
        "\"ShouldTerminateOnLastHandleClosed\":true}"
#define PROCESS "{\"CommandLine\":\"cmd /c exit 3\",\"WorkingDirectory\":\"C:\\\\\",\"Environment\":{\"A\":\"1\"}}"
#define PROPERTIES                                                                                            \
        "{\"Id\":\"bench\",\"SystemType\":\"VirtualMachine\",\"RuntimeOsType\":\"Linux\",\"Name\":\"bench\"," \
        "\"Owner\":\"bench\","                                                                                \
        "\"RuntimeId\":\"c900c46b-5f68-5bb8-98b3-cdb7399af938\",\"State\":\"Created\"}"
#define STATUS "{\"ProcessId\":1000,\"Exited\":true,\"ExitCode\":3}"
#define EXIT   "{\"Status\":0,\"ExitType\":\"ForcedExit\"}"

static const char *const documents[] = {VM, "{}", PROPERTIES, PROCESS, STATUS, EXIT};

static void cjson_once(void) {
        for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
                cJSON *j = cJSON_Parse(documents[i]);

                cJSON_free(cJSON_PrintUnformatted(j));
                cJSON_Delete(j);
        }
}

static void finish(HCS_OPERATION op) {
        PWSTR document = NULL;

        HcsWaitForOperationResult(op, INFINITE, &document);
        free(document);
        HcsCloseOperation(op);
}

static void lifecycle(PCWSTR id, PCWSTR vm, PCWSTR process) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HCS_PROCESS_INFORMATION info;
        HCS_SYSTEM s = NULL;
        HCS_PROCESS p = NULL;
        PWSTR status = NULL;

        HcsCreateComputeSystem(id, vm, op, NULL, &s);
        finish(op);
        op = HcsCreateOperation(NULL, NULL);
        HcsGetComputeSystemProperties(s, op, u"{}");
        finish(op);
        op = HcsCreateOperation(NULL, NULL);
        HcsStartComputeSystem(s, op, NULL);
        finish(op);
        op = HcsCreateOperation(NULL, NULL);
        HcsCreateProcess(s, process, op, NULL, &p);
        HcsWaitForOperationResultAndProcessInfo(op, INFINITE, &info, NULL);
        HcsCloseOperation(op);
        HcsWaitForProcessExit(p, INFINITE, &status);
        free(status);
        HcsCloseProcess(p);
        op = HcsCreateOperation(NULL, NULL);
        HcsTerminateComputeSystem(s, op, NULL);
        finish(op);
        HcsCloseComputeSystem(s);
}

#define ROUNDS  9
#define THREADS 8

static PWSTR vm_document, process_document;

static double measure_by(uint64_t (*clock)(void), const char *spec, unsigned n) {
        struct mockhcs *m = NULL;
        uint64_t start;
        double ns;

        if (FAILED(mockhcs_open(spec, &m, NULL)))
                exit(1);
        start = clock();
        for (unsigned i = 0; i < n; i++)
                lifecycle(u"bench", vm_document, process_document);
        ns = (double)(clock() - start) / n;
        mockhcs_close(m);
        return ns;
}

static double measure(const char *spec, unsigned n) {
        return measure_by(hcs_clock_ns, spec, n);
}

static double measure_cjson(unsigned n) {
        uint64_t start = hcs_clock_ns();

        for (unsigned i = 0; i < n; i++)
                cjson_once();
        return (double)(hcs_clock_ns() - start) / n;
}

/* All threads are there before the first begins: what it takes to start one is not asked for. */
struct start {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        unsigned ready;
        bool go;
};

struct worker {
        struct hcs_thread thread;
        struct start *start;
        unsigned n;
        WCHAR id[3];
        uint64_t ended_ns;
};

static void work(void *arg) {
        struct worker *w = arg;

        hcs_mutex_lock(&w->start->lock);
        w->start->ready++;
        hcs_cond_broadcast(&w->start->changed);
        while (!w->start->go)
                hcs_cond_wait(&w->start->changed, &w->start->lock);
        hcs_mutex_unlock(&w->start->lock);
        for (unsigned i = 0; i < w->n; i++)
                lifecycle(w->id, vm_document, process_document);
        w->ended_ns = hcs_clock_ns();
}

static uint64_t let_go(struct start *start) {
        uint64_t now;

        hcs_mutex_lock(&start->lock);
        while (start->ready < THREADS)
                hcs_cond_wait(&start->changed, &start->lock);
        now = hcs_clock_ns();
        start->go = true;
        hcs_cond_broadcast(&start->changed);
        hcs_mutex_unlock(&start->lock);
        return now;
}

/* Lifecycles of systems of their own, n by each of the threads. */
static double measure_threads(unsigned n) {
        struct worker workers[THREADS];
        struct mockhcs *m = NULL;
        struct start start = {0};
        uint64_t began, ended = 0;

        if (FAILED(mockhcs_open("emulate", &m, NULL)))
                exit(1);
        hcs_mutex_init(&start.lock);
        hcs_cond_init(&start.changed);
        for (unsigned i = 0; i < THREADS; i++) {
                workers[i] = (struct worker){.start = &start, .n = n, .id = {u'b', (WCHAR)(u'0' + i), 0}};
                if (FAILED(hcs_thread_start(&workers[i].thread, work, &workers[i], NULL)))
                        exit(1);
        }
        began = let_go(&start);
        for (unsigned i = 0; i < THREADS; i++) {
                hcs_thread_join(&workers[i].thread);
                ended = workers[i].ended_ns > ended ? workers[i].ended_ns : ended;
        }
        hcs_cond_deinit(&start.changed);
        hcs_mutex_deinit(&start.lock);
        mockhcs_close(m);
        return (double)(ended - began) / n / THREADS;
}

/* What was measured, by turn. */
struct series {
        double ns[ROUNDS];
};

static int by_size(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static double median(struct series s) {
        qsort(s.ns, ROUNDS, sizeof(*s.ns), by_size);
        return s.ns[ROUNDS / 2];
}

static double ratio(const struct series *s, const struct series *of) {
        struct series ratios;

        for (int i = 0; i < ROUNDS; i++)
                ratios.ns[i] = s->ns[i] / of->ns[i];
        return median(ratios);
}

static PWSTR widen(const char *text) {
        PWSTR wide = malloc((strlen(text) + 1) * sizeof(*wide));

        for (size_t i = 0; i <= strlen(text); i++)
                wide[i] = (unsigned char)text[i];
        return wide;
}

static void tell(const char *what, const struct series *s, const struct series *of, const char *unit, double goal) {
        printf("%-22s %8.1f us  %5.2f x %-8s (goal %.2f)\n", what, median(*s) / 1e3, ratio(s, of), unit, goal);
}

int main(int argc, char **argv) {
        unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
        char trace[] = "/tmp/hcsbench.XXXXXX", record[64], replay[64];
        struct series cjson, few, same, many, recorded, replayed, threads, busy, busy_recorded;

        vm_document = widen(VM);
        process_document = widen(PROCESS);
        if (argc > 2) {
                printf("%s %.1f us\n", argv[2], measure(argv[2], n) / 1e3);
                return 0;
        }
        close(mkstemp(trace));
        snprintf(record, sizeof(record), "record=%s,emulate", trace);
        snprintf(replay, sizeof(replay), "replay=%s", trace);
        for (int round = 0; round < ROUNDS; round++) {
                cjson.ns[round] = measure_cjson(n);
                few.ns[round] = measure("emulate", 100);
                many.ns[round] = measure("emulate", 10 * n);
                same.ns[round] = measure("emulate", n);
                recorded.ns[round] = measure(record, n);
                replayed.ns[round] = measure(replay, n);
                threads.ns[round] = measure_threads(n / THREADS + 1);
                busy.ns[round] = measure_by(hcs_processor_ns, "emulate", 10 * n);
                busy_recorded.ns[round] = measure_by(hcs_processor_ns, record, 10 * n);
        }
        unlink(trace);
        printf("%-22s %8.1f us\n", "cJSON alone", median(cjson) / 1e3);
        tell("emulated, 100", &few, &cjson, "cJSON", 4);
        tell("emulated, many", &many, &cjson, "cJSON", 4);
        tell("recorded", &recorded, &same, "emulated", 1.25);
        tell("recorded, processor", &busy_recorded, &busy, "emulated", 1.25);
        tell("replayed", &replayed, &cjson, "cJSON", 2);
        tell("emulated, 8 threads", &threads, &same, "emulated", 1);
        free(vm_document);
        free(process_document);
        return 0;
}
