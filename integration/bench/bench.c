/* SPDX-License-Identifier: MIT */

/*
 * What a lifecycle (create, start, a process, exit, terminate, close) costs emulated, recorded and replayed, as ratios
 * to what cJSON alone needs to parse and print the same documents once, in one run. usage: bench [LIFECYCLES
 * [COMPOSITION]]: with a composition, only that is run (for a profiler).
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

static void lifecycle(PCWSTR vm, PCWSTR process) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HCS_PROCESS_INFORMATION info;
        HCS_SYSTEM s = NULL;
        HCS_PROCESS p = NULL;
        PWSTR status = NULL;

        HcsCreateComputeSystem(u"bench", vm, op, NULL, &s);
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

static double measure(const char *spec, unsigned n, PCWSTR vm, PCWSTR process) {
        struct mockhcs *m = NULL;
        uint64_t start;
        double ns;

        if (FAILED(mockhcs_open(spec, &m, NULL)))
                exit(1);
        start = hcs_clock_ns();
        for (unsigned i = 0; i < n; i++)
                lifecycle(vm, process);
        ns = (double)(hcs_clock_ns() - start) / n;
        mockhcs_close(m);
        return ns;
}

static PWSTR widen(const char *text) {
        PWSTR wide = malloc((strlen(text) + 1) * sizeof(*wide));

        for (size_t i = 0; i <= strlen(text); i++)
                wide[i] = (unsigned char)text[i];
        return wide;
}

int main(int argc, char **argv) {
        unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 3000;
        char trace[] = "/tmp/hcsbench.XXXXXX", record[64], replay[64];
        PWSTR vm = widen(VM), process = widen(PROCESS);
        double base, emulated, many, recorded, replayed;
        uint64_t start = hcs_clock_ns();

        if (argc > 2) {
                printf("%s %.1f us\n", argv[2], measure(argv[2], n, vm, process) / 1e3);
                free(vm);
                free(process);
                return 0;
        }
        for (unsigned i = 0; i < n; i++)
                cjson_once();
        base = (double)(hcs_clock_ns() - start) / n;
        close(mkstemp(trace));
        snprintf(record, sizeof(record), "record=%s,emulate", trace);
        snprintf(replay, sizeof(replay), "replay=%s", trace);
        emulated = measure("emulate", 100, vm, process);
        many = measure("emulate", 10000, vm, process);
        recorded = measure(record, n, vm, process);
        replayed = measure(replay, n, vm, process);
        unlink(trace);
        printf("cJSON alone        %8.1f us\n", base / 1e3);
        printf("emulated, 100      %8.1f us  %5.2f x cJSON\n", emulated / 1e3, emulated / base);
        printf("emulated, 10000    %8.1f us  %5.2f x cJSON\n", many / 1e3, many / base);
        printf("recorded           %8.1f us  %5.2f x emulated\n", recorded / 1e3, recorded / many);
        printf("replayed           %8.1f us  %5.2f x cJSON\n", replayed / 1e3, replayed / base);
        free(vm);
        free(process);
        return 0;
}
