/* SPDX-License-Identifier: MIT */

/*
 * What a call costs through a service, over what it costs at least: the same call in the process, plus one round trip
 * of as many bytes through a socket to another process. Both floors are measured in turns with it, in one run; the goal
 * is 3 at most. Where the scheduler puts two processes decides more than what they do, so it is decided here: both on
 * one processor, then each on one of its own, and the floor's two processes are where the service and its client are.
 * usage: service_bench MOCKHCS
 */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computecore.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "integration/median.h"
#include "mockhcs/mockhcs.h"
#include "platform/abi_memory.h"
#include "platform/clock.h"
#include "platform/process.h"

#define ROUNDS 15
#define CALLS  2000
#define THERE  128 /* bytes of the frame of the call, and of its return, as on the wire */
#define BACK   288

static void must(bool ok, const char *what) {
        if (ok)
                return;
        fprintf(stderr, "service_bench: %s\n", what);
        exit(1);
}

/* ---- the call ---- */

static HCS_SYSTEM make_system(void) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HCS_SYSTEM s = NULL;

        must(SUCCEEDED((HRESULT)HcsCreateComputeSystem(u"bench", u"{\"Container\":{}}", op, NULL, &s)), "create");
        must(SUCCEEDED((HRESULT)HcsWaitForOperationResult(op, INFINITE, NULL)), "create");
        HcsCloseOperation(op);
        return s;
}

static void ask(HCS_SYSTEM s) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        PWSTR document = NULL;

        must(SUCCEEDED((HRESULT)HcsGetComputeSystemProperties(s, op, NULL)), "ask");
        must(SUCCEEDED((HRESULT)HcsWaitForOperationResult(op, INFINITE, &document)), "ask");
        hcs_abi_free(document);
        HcsCloseOperation(op);
}

static double time_calls(HCS_SYSTEM s) {
        uint64_t start = hcs_clock_ns();

        for (int i = 0; i < CALLS; i++)
                ask(s);
        return (double)(hcs_clock_ns() - start) / CALLS;
}

/* ---- the socket ---- */

static void move(int fd, char *data, size_t n, bool out) {
        while (n) {
                ssize_t done = out ? send(fd, data, n, MSG_NOSIGNAL) : recv(fd, data, n, 0);

                if (done <= 0)
                        exit(out ? 1 : 0); /* the other end is gone: the echo's way to end */
                data += done;
                n -= (size_t)done;
        }
}

static int start_echo(pid_t *ret_pid) {
        char data[BACK] = {0};
        int fds[2];

        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
        fflush(stdout);
        *ret_pid = fork();
        must(*ret_pid >= 0, "fork");
        if (*ret_pid == 0) {
                close(fds[0]);
                for (;;) {
                        move(fds[1], data, THERE, false);
                        move(fds[1], data, BACK, true);
                }
        }
        close(fds[1]);
        return fds[0];
}

static double time_echo(int fd) {
        char data[BACK] = {0};
        uint64_t start = hcs_clock_ns();

        for (int i = 0; i < CALLS; i++) {
                move(fd, data, THERE, true);
                move(fd, data, BACK, false);
        }
        return (double)(hcs_clock_ns() - start) / CALLS;
}

/* ---- the service ---- */

static struct hcs_child *start_service(const char *program, const char *socket) {
        const char *argv[] = {program, "service", "--foreground", "--socket", socket, NULL};
        struct hcs_child *child = NULL;

        must(SUCCEEDED(hcs_child_spawn((char *const *)(uintptr_t)argv, NULL, HCS_CHILD_MUTE, &child, NULL)), "start");
        while (access(socket, F_OK) != 0)
                must(!hcs_child_ended(child, hcs_clock_ns() + HCS_NS_PER_MS), "the service ended");
        return child;
}

/* What is started from then on, threads too, stays on that processor. */
static void stay_on(int processor) {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(processor, &set);
        must(sched_setaffinity(0, sizeof(set), &set) == 0, "choose a processor");
}

static int nth_processor(int n) {
        static cpu_set_t ours; /* those of the beginning */

        if (CPU_COUNT(&ours) == 0)
                must(sched_getaffinity(0, sizeof(ours), &ours) == 0, "ask for the processors");
        for (int i = 0; i < CPU_SETSIZE; i++)
                if (CPU_ISSET(i, &ours) && n-- == 0)
                        return i;
        return -1;
}

static void measure(const char *program, const char *folder, const char *where, int here_on, int there_on) {
        char socket[64], spec[80];
        double here[ROUNDS], there[ROUNDS], echo[ROUNDS], ratio[ROUNDS];
        struct mockhcs *inside = NULL, *remote = NULL;
        struct hcs_child *service;
        HCS_SYSTEM near, far;
        pid_t echo_pid;
        int fd, code;

        stay_on(there_on);
        fd = start_echo(&echo_pid);
        snprintf(socket, sizeof(socket), "%s/s", folder);
        snprintf(spec, sizeof(spec), "remote=%s", socket);
        service = start_service(program, socket);
        stay_on(here_on);
        for (int i = 0; i < ROUNDS; i++) { /* the engine opened last is the one behind the exports */
                must(SUCCEEDED(mockhcs_open("emulate", &inside, NULL)), "emulate");
                near = make_system();
                here[i] = time_calls(near);
                HcsCloseComputeSystem(near);
                inside = mockhcs_close(inside);
                echo[i] = time_echo(fd);
                must(SUCCEEDED(mockhcs_open(spec, &remote, NULL)), spec);
                if (i == 0)
                        far = make_system();
                else
                        must(SUCCEEDED((HRESULT)HcsOpenComputeSystem(u"bench", GENERIC_ALL, &far)), "open");
                there[i] = time_calls(far);
                HcsCloseComputeSystem(far);
                remote = mockhcs_close(remote);
                ratio[i] = there[i] / (here[i] + echo[i]);
        }
        hcs_child_kill(service);
        hcs_child_wait(service, &code, NULL);
        close(fd);
        waitpid(echo_pid, NULL, 0);
        printf("%s\n", where);
        printf("  a call in the process        %8.2f us\n", median(here, ROUNDS) / 1e3);
        printf("  a round trip by socket       %8.2f us\n", median(echo, ROUNDS) / 1e3);
        printf("  the call through a service   %8.2f us\n", median(there, ROUNDS) / 1e3);
        printf("  over both                    %8.2f  (goal: 3 at most)\n", median(ratio, ROUNDS));
        unlink(socket);
        strcat(socket, ".lock");
        unlink(socket);
}

int main(int argc, char **argv) {
        char folder[] = "/tmp/service-bench.XXXXXX";
        int one, other;

        must(argc == 2 && mkdtemp(folder), "usage: service_bench MOCKHCS");
        one = nth_processor(0);
        other = nth_processor(1);
        measure(argv[1], folder, "both on one processor", one, one);
        if (other >= 0)
                measure(argv[1], folder, "each on a processor of its own", one, other);
        rmdir(folder);
        return 0;
}
