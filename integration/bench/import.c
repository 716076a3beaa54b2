/* SPDX-License-Identifier: MIT */

/*
 * A log turned into a trace: one of calls only, and one in which each twentieth line is a call, as loggers are turned
 * up when something is looked for. The floors, of the same run: the log is read and its lines are found; and, with
 * them, each document is taken out of its quotes and parsed by cJSON, which is the least that has to be done to know
 * that a document is one. The importer has two threads, the floors one. usage: import_bench HCSTRACE [MB]
 */

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "integration/bench/child.h"
#include "platform/clock.h"

#define ROUNDS 3 /* the best counts: the machine is not ours alone */

/* The life of a system, a span a line, in hcsshim's words. %T: a time, %S: its number. */
static const char *const life[] = {
        "configuration=\"{\\\"Owner\\\":\\\"containerd-shim-runhcs-v1.exe\\\",\\\"SchemaVersion\\\":{\\\"Major\\\":2,"
        "\\\"Minor\\\":1},\\\"VirtualMachine\\\":{\\\"StopOnReset\\\":true,\\\"Chipset\\\":{\\\"LinuxKernelDirect\\\":"
        "{\\\"KernelFilePath\\\":\\\"C:\\\\\\\\ContainerPlat\\\\\\\\LinuxBootFiles\\\\\\\\vmlinux\\\","
        "\\\"KernelCmdLine\\\":\\\" 8250_core.nr_uarts=0 panic=-1 quiet pci=off nr_cpus=2 brd.rd_nr=0 pmtmr=0 -- -e 1 "
        "/bin/vsockexec -e 109 /bin/gcs -v4 -log-format json -loglevel debug\\\"}},\\\"ComputeTopology\\\":"
        "{\\\"Memory\\\":{\\\"SizeInMB\\\":1024,\\\"AllowOvercommit\\\":true},\\\"Processor\\\":{\\\"Count\\\":2}},"
        "\\\"Devices\\\":{\\\"Scsi\\\":{\\\"0\\\":{},\\\"1\\\":{},\\\"2\\\":{},\\\"3\\\":{}},\\\"HvSocket\\\":"
        "{\\\"HvSocketConfig\\\":{\\\"DefaultBindSecurityDescriptor\\\":\\\"D:P(A;;FA;;;SY)(A;;FA;;;BA)\\\"}},"
        "\\\"VirtualPMem\\\":{\\\"Devices\\\":{\\\"0\\\":{\\\"HostPath\\\":\\\"C:\\\\\\\\ContainerPlat\\\\\\\\"
        "LinuxBootFiles\\\\\\\\rootfs.vhd\\\",\\\"ReadOnly\\\":true,\\\"ImageFormat\\\":\\\"Vhd1\\\"}},"
        "\\\"MaximumCount\\\":64,\\\"MaximumSizeBytes\\\":4294967296},\\\"Plan9\\\":{}}},"
        "\\\"ShouldTerminateOnLastHandleClosed\\\":true}\" duration=81.3ms endTime=\"%T\" name=HcsCreateComputeSystem",
        "duration=803.451ms endTime=\"%T\" name=HcsStartComputeSystem",
        "configuration=\"{\\\"ResourcePath\\\":\\\"VirtualMachine/Devices/VirtualSmb/Shares\\\",\\\"RequestType\\\":"
        "\\\"Add\\\",\\\"Settings\\\":{\\\"Name\\\":\\\"s7\\\",\\\"Path\\\":\\\"C:\\\\\\\\ProgramData\\\\\\\\containerd"
        "\\\\\\\\root\\\\\\\\io.containerd.snapshotter.v1.windows\\\\\\\\snapshots\\\\\\\\41\\\",\\\"Options\\\":"
        "{\\\"ReadOnly\\\":true,\\\"ShareRead\\\":true,\\\"CacheIo\\\":true,\\\"TakeBackupPrivilege\\\":true,"
        "\\\"PseudoOplocks\\\":true}}}\" duration=1.462ms endTime=\"%T\" name=HcsModifyComputeSystem",
        "configuration=\"{\\\"ResourcePath\\\":\\\"VirtualMachine/Devices/Scsi/0/Attachments/1\\\",\\\"RequestType\\\":"
        "\\\"Add\\\",\\\"Settings\\\":{\\\"Type\\\":\\\"VirtualDisk\\\",\\\"Path\\\":\\\"C:\\\\\\\\ProgramData\\\\\\\\"
        "containerd\\\\\\\\root\\\\\\\\io.containerd.snapshotter.v1.windows\\\\\\\\snapshots\\\\\\\\31\\\\\\\\"
        "sandbox.vhdx\\\"}}\" duration=17.388ms endTime=\"%T\" name=HcsModifyComputeSystem",
        "duration=1.2ms endTime=\"%T\" name=HcsGetComputeSystemProperties propertyQuery=\"{\\\"PropertyTypes\\\":"
        "[\\\"Statistics\\\"]}\" result=\"{\\\"Id\\\":\\\"vm%S\\\",\\\"State\\\":\\\"Running\\\"}\"",
        "duration=51.22ms endTime=\"%T\" name=HcsCreateProcess pid=%S processParameters=\"{\\\"CommandLine\\\":"
        "\\\"cmd.exe\\\",\\\"WorkingDirectory\\\":\\\"C:\\\\\\\\\\\",\\\"EmulateConsole\\\":true,\\\"CreateStdInPipe"
        "\\\":true,\\\"CreateStdOutPipe\\\":true,\\\"ConsoleSize\\\":[0,0]}\"",
        "duration=0.9ms endTime=\"%T\" name=HcsGetProcessInfo pid=%S",
        "duration=1.2ms endTime=\"%T\" name=HcsSignalProcess options=\"{\\\"Signal\\\":\\\"CtrlC\\\"}\" pid=%S",
        "configuration=\"{\\\"ResourcePath\\\":\\\"VirtualMachine/Devices/Scsi/0/Attachments/1\\\",\\\"RequestType\\\":"
        "\\\"Remove\\\"}\" duration=3.14ms endTime=\"%T\" error=\"The system cannot find the file specified.\" "
        "name=HcsModifyComputeSystem result=\"{\\\"Error\\\":-2147024894,\\\"ErrorMessage\\\":\\\"The system cannot "
        "find the file specified.\\\"}\"",
        "duration=31.3ms endTime=\"%T\" name=HcsTerminateComputeSystem",
};
/* What others log meanwhile. */
static const char *const chatter[] = {
        "time=\"%T\" level=debug msg=\"garbage collected\" d=41.2ms\n",
        "time=\"%T\" level=info msg=\"loading plugin \\\"io.containerd.snapshotter.v1.windows\\\"...\" "
        "type=io.containerd.snapshotter.v1\n",
        "time=\"%T\" level=debug msg=\"event published\" ns=k8s.io topic=/tasks/start "
        "type=containerd.events.TaskStart\n",
        "time=\"%T\" level=debug msg=\"connecting TTRPC\" pipe=\"\\\\\\\\.\\\\pipe\\\\containerd-shim-%S-pipe\" "
        "try=1\n",
        "time=\"%T\" level=info msg=\"PullImage \\\"mcr.microsoft.com/windows/nanoserver:ltsc2022\\\" returns image "
        "reference \\\"sha256:8165300a47e8b8026438ade4492e3acae04fc129da4002a3f6d9984808149afd\\\"\"\n",
};
#define N(a) (sizeof(a) / sizeof((a)[0]))

static void fail(const char *what) {
        fprintf(stderr, "import_bench: %s\n", what);
        exit(1);
}

/* ---- the log ---- */

struct log {
        FILE *f;
        unsigned long long ms, system, bytes;
};

static void put(struct log *l, const char *text) {
        for (const char *at; (at = strchr(text, '%')); text = at + 2) {
                unsigned long long s = l->ms / 1000;

                l->bytes += fwrite(text, 1, (size_t)(at - text), l->f);
                if (at[1] == 'S')
                        l->bytes += (unsigned long long)fprintf(l->f, "%llu", l->system + 100);
                else
                        l->bytes += (unsigned long long)fprintf(
                                l->f, "2025-01-%02lluT%02llu:%02llu:%02llu.%03llu203900Z", 1 + s / 86400 % 28,
                                s / 3600 % 24, s / 60 % 60, s % 60, l->ms % 1000);
        }
        l->bytes += fwrite(text, 1, strlen(text), l->f);
}

static void put_call(struct log *l, const char *span) {
        put(l, "time=\"%T\" level=info msg=Span cid=vm%S ");
        put(l, span);
        put(l, " parentSpanID=360e58906d423052 spanID=4d106735dfde12e5 startTime=\"%T\" "
               "traceID=8165300a47e8b8026438ade4492e3aca\n");
}

static unsigned long long write_log(const char *path, unsigned long long bytes, unsigned others) {
        struct log l = {.f = fopen(path, "we")};

        if (!l.f)
                fail("the log cannot be written");
        for (; l.bytes < bytes; l.system++)
                for (size_t i = 0; i < N(life); i++) {
                        put_call(&l, life[i]);
                        for (unsigned k = 0; k < others; k++, l.ms++)
                                put(&l, chatter[k % N(chatter)]);
                        l.ms++;
                }
        if (fclose(l.f) != 0)
                fail("the log cannot be written");
        return l.bytes;
}

/* ---- the floors ---- */

/* Documents of a line, out of their quotes as the log's own reader would take them. */
static void parse_documents(const char *line, const char *end, char *room) {
        static const char open[] = "=\"{";

        for (const char *p = line; (p = memmem(p, (size_t)(end - p), open, 3));) {
                size_t n = 0;

                for (p += 2; p < end && *p != '"'; p++) {
                        p += *p == '\\';
                        room[n++] = *p;
                }
                room[n] = '\0';
                cJSON_Delete(cJSON_Parse(room));
        }
}

static double floor_seconds(const char *path, bool documents) {
        enum { CHUNK = 256 << 10, LINE = 64 << 10 };
        static char data[LINE + CHUNK], room[LINE];
        uint64_t start = hcs_clock_ns(), lines = 0;
        FILE *f = fopen(path, "rbe");
        size_t kept = 0, n;

        if (!f)
                fail("the log cannot be read");
        while ((n = fread(data + kept, 1, CHUNK, f))) {
                const char *at = data, *end = data + kept + n;

                for (const char *newline; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
                        lines++;
                        if (documents)
                                parse_documents(at, newline, room);
                }
                kept = (size_t)(end - at);
                memmove(data, at, kept);
        }
        fclose(f);
        return lines ? (double)(hcs_clock_ns() - start) / 1e9 : 0;
}

/* ---- the importer ---- */

static double best(double a, double b) {
        return a > 0 && a < b ? a : b;
}

static void measure(const char *what, const char *hcstrace, unsigned long long bytes, unsigned others, double goal) {
        const char *argv[] = {hcstrace, "import", "-o", "out.trace", "a.log", NULL};
        struct bench_usage least = {0};
        double mb = (double)write_log("a.log", bytes, others) / 1e6, lines = 0, documents = 0;
        struct stat st = {0};

        for (int i = 0; i < ROUNDS; i++) {
                struct bench_usage usage;

                lines = best(lines, floor_seconds("a.log", false));
                documents = best(documents, floor_seconds("a.log", true));
                unlink("out.trace");
                if (bench_child(argv, &usage) != 0)
                        fail("hcstrace import failed");
                least.seconds = best(least.seconds, usage.seconds);
                least.cpu_seconds = best(least.cpu_seconds, usage.cpu_seconds);
                least.mib = usage.mib > least.mib ? usage.mib : least.mib;
        }
        if (stat("out.trace", &st) != 0 || st.st_size == 0)
                fail("there is no trace");
        printf("%s, %.0f MB, to a trace of %.0f MB\n", what, mb, (double)st.st_size / 1e6);
        printf("  read, lines found            %7.0f MB/s\n", mb / lines);
        printf("  and documents parsed (cJSON) %7.0f MB/s\n", mb / documents);
        printf("  imported                     %7.0f MB/s  (goal: %.0f), %.0f for a second of processor\n",
               mb / least.seconds, goal, mb / least.cpu_seconds);
        printf("  over the parsed documents    %7.2f times\n", least.seconds / documents);
        printf("  memory                       %7.1f MiB\n", least.mib);
}

int main(int argc, char **argv) {
        char folder[] = "/var/tmp/hcsimport.XXXXXX", hcstrace[PATH_MAX];
        unsigned long long bytes = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1000) * 1000000;

        if (argc < 2 || !bytes || !realpath(argv[1], hcstrace) || !mkdtemp(folder) || chdir(folder))
                return 2;
        measure("calls only", hcstrace, bytes, 0, 150);
        measure("a call in twenty lines", hcstrace, bytes, 19, 150);
        unlink("a.log");
        unlink("out.trace");
        return chdir("/") || rmdir(folder);
}
