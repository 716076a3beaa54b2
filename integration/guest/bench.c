/* SPDX-License-Identifier: MIT */

/*
 * What the agent costs, next to a floor measured in the same run. `bench PATH BUSYBOX PIPED [AGENT ARG...]`: the agent
 * must dial PATH_1073741824, PIPED is the program of piped.c. With an agent the floor is a program that does nothing
 * but answer 176 bytes, and one that writes, over a socket. Without, the agent is in a machine, and the floor is raw
 * vsock: a process of the VM that has the connections for its streams, with nothing of an agent in between. Output of a
 * container is also compared to that of a process that has a pipe which PIPED empties: what no relay can do without.
 * Printed as ratios; figures of the original agent, taken elsewhere, stand beside them for orientation.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/guest/box.h"
#include "integration/guest/cases.h"
#include "integration/median.h"
#include "platform/clock.h"
#include "platform/file.h"

const char *suite_busybox, *suite_golden, *suite_fault_file;

#define ROUNDS 5000
#define STARTS 15
#define ANSWER 176

static bool in_machine;

static double median_us(uint64_t *ns, size_t n) {
        return (double)median_u64(ns, n) / 1000.0;
}

/* The floor: header and body in, as many bytes out as an answer has. */
static pid_t start_echo(int *ret_fd) {
        int fds[2];
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                exit(1);
        pid = fork();
        if (pid == 0) {
                char buf[4096];

                close(fds[0]);
                while (read(fds[1], buf, sizeof(buf)) > 0)
                        if (write(fds[1], buf, ANSWER) < 0)
                                break;
                _exit(0);
        }
        close(fds[1]);
        *ret_fd = fds[0];
        return pid;
}

static uint64_t echo_once(int in, int out) {
        char buf[4096] = {0};
        uint64_t start = hcs_clock_ns();
        size_t got = 0;

        if (write(in, buf, ANSWER) != ANSWER)
                exit(1);
        while (got < ANSWER) {
                ssize_t n = read(out, buf, sizeof(buf));

                if (n <= 0)
                        exit(1);
                got += (size_t)n;
        }
        return hcs_clock_ns() - start;
}

static uint64_t call_once(struct host *h, uint32_t rpc) {
        static const char body[] = "{\"ContainerId\":\"x\",\"ActivityId\":\"12345678-1234-1234-1234-123456789abc\"}";
        static struct hcs_buf frame;
        static uint8_t answer[65536];
        size_t got = 0, want = HCS_GCS_HEADER_SIZE;
        struct hcs_gcs_header header;
        uint64_t start;

        hcs_buf_clear(&frame);
        hcs_gcs_frame_append(&frame, HCS_GCS_REQUEST | rpc, h->next_id++, body, strlen(body), NULL);
        start = hcs_clock_ns();
        if (write(h->bridge, frame.data, frame.len) != (ssize_t)frame.len)
                exit(1);
        while (got < want) {
                ssize_t n = read(h->bridge, answer + got, sizeof(answer) - got);

                if (n <= 0)
                        exit(1);
                got += (size_t)n;
                if (got >= HCS_GCS_HEADER_SIZE) {
                        hcs_gcs_header_decode(answer, &header);
                        want = header.size;
                }
        }
        return hcs_clock_ns() - start;
}

static unsigned long rss_kb(struct host *h) {
        _cleanup_free_ char *path = hcs_asprintf("/proc/%d/status", h->agent_pid), *text = NULL;
        _cleanup_buf_ struct hcs_buf own = {0};
        const char *at;

        if (in_machine)
                text = host_sh(h, "cat /proc/$(pidof gcs)/status");
        else if (SUCCEEDED(hcs_file_read(path, 65536, &own, NULL)))
                text = hcs_strdup(own.data);
        at = text ? strstr(text, "VmRSS:") : NULL;
        return at ? strtoul(at + strlen("VmRSS:"), NULL, 10) : 0;
}

static double start_us(struct host *h) {
        uint64_t ns[STARTS];

        for (int i = 0; i < STARTS; i++) {
                uint64_t start;

                host_kill_agent(h);
                host_hang_up(h);
                start = hcs_clock_ns();
                host_accept(h);
                host_negotiate(h);
                ns[i] = hcs_clock_ns() - start;
        }
        return median_us(ns, STARTS);
}

/* A process that does nothing but start and connect, for the start of the agent. */
static double spawn_us(void) {
        uint64_t ns[STARTS];

        for (int i = 0; i < STARTS; i++) {
                uint64_t start = hcs_clock_ns();
                pid_t pid = fork();

                if (pid == 0) {
                        execl("/bin/true", "true", (char *)NULL);
                        _exit(1);
                }
                waitpid(pid, NULL, 0);
                ns[i] = hcs_clock_ns() - start;
        }
        return median_us(ns, STARTS);
}

/* So many bytes from a process of the VM or of a container, and into one. */
#define BLOCK 65536u
static unsigned blocks(void) {
        return in_machine ? 1536 : 4096;
}

static double mb_s(uint64_t start) {
        return (double)blocks() * BLOCK / 1e6 / ((double)(hcs_clock_ns() - start) / 1e9);
}

static double drain(int fd) {
        static char buf[2 * BLOCK];
        uint64_t start = hcs_clock_ns(), total = 0;
        ssize_t n;

        while ((n = read(fd, buf, sizeof(buf))) > 0)
                total += (uint64_t)n;
        if (total != (uint64_t)blocks() * BLOCK)
                fprintf(stderr, "bench: %llu bytes came\n", (unsigned long long)total);
        return mb_s(start);
}

static double socket_mb_s(void) {
        char count[32];
        double rate;
        int fds[2];
        pid_t pid;

        snprintf(count, sizeof(count), "count=%u", blocks());
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                exit(1);
        pid = fork();
        if (pid == 0) {
                dup2(fds[1], 1);
                execlp("dd", "dd", "if=/dev/zero", "bs=65536", count, "status=none", (char *)NULL);
                _exit(1);
        }
        close(fds[1]);
        rate = drain(fds[0]);
        close(fds[0]);
        waitpid(pid, NULL, 0);
        return rate;
}

/* args: a JSON array. */
static struct process run_in(struct host *h, const char *container, unsigned streams, const char *args) {
        _cleanup_free_ char *params =
                hcs_streq(container, UVM)
                        ? hcs_asprintf("{\"CommandArgs\":%s,\"Environment\":{\"PATH\":\"/bin:/usr/bin\"}}", args)
                        : hcs_asprintf("{\"OciProcess\":{\"args\":%s,\"env\":[\"PATH=/bin\"],\"cwd\":\"/\","
                                       "\"user\":{\"uid\":0,\"gid\":0}}}",
                                       args);

        return host_exec(h, container, streams, params);
}

/* behind: the program that starts it, as the first word of a JSON array, or nothing. */
static double written_mb_s(struct host *h, const char *container, const char *behind) {
        _cleanup_free_ char *args =
                hcs_asprintf("[%s\"dd\",\"if=/dev/zero\",\"bs=65536\",\"count=%u\"]", behind, blocks());
        struct process p = run_in(h, container, STREAM_OUT, args);
        double rate = drain(p.out);

        host_close(&p.out);
        host_wait_process(h, &p);
        return rate;
}

static double out_mb_s(struct host *h, const char *container) {
        return written_mb_s(h, container, "");
}

#define PLACE "/bin/piped" /* of PIPED in a machine */
static const char *piped;

static double piped_mb_s(struct host *h, const char *container) {
        _cleanup_free_ char *behind = hcs_asprintf("\"%s\",", in_machine ? PLACE : piped);

        return written_mb_s(h, UVM, behind);
}

static void send_piped(struct host *h) {
        _cleanup_buf_ struct hcs_buf program = {0};
        struct process p;

        if (FAILED(hcs_file_read(piped, 16u << 20, &program, NULL)))
                fail("cannot read `%s`", piped);
        p = run_in(h, UVM, STREAM_IN, "[\"sh\",\"-c\",\"cat >" PLACE " && chmod 755 " PLACE "\"]");
        for (size_t at = 0; at < program.len;) {
                ssize_t n = write(p.in, program.data + at, program.len - at);

                if (n < 0)
                        exit(1);
                at += (size_t)n;
        }
        host_close(&p.in);
        host_wait_process(h, &p);
}

/* Until the process has ended, which has read all of it then. */
static double in_mb_s(struct host *h, const char *container) {
        struct process p = run_in(h, container, STREAM_IN, "[\"dd\",\"of=/dev/null\",\"bs=65536\"]");
        static char buf[BLOCK];
        uint64_t start = hcs_clock_ns();

        for (unsigned i = 0; i < blocks(); i++)
                for (size_t at = 0; at < sizeof(buf);) {
                        ssize_t n = write(p.in, buf + at, sizeof(buf) - at);

                        if (n < 0)
                                exit(1);
                        at += (size_t)n;
                }
        host_close(&p.in);
        host_wait_process(h, &p);
        return mb_s(start);
}

typedef double (*rate_fn)(struct host *h, const char *container);
#define RUNS 7

static void sort(double rates[static RUNS]) {
        qsort(rates, RUNS, sizeof(*rates), median_by_double);
}

/* The ratios of runs that stood side by side: the median, and between which they were. Sorts both. */
static void tell(const char *what, double rates[static RUNS], const char *floor_name, double floors[static RUNS]) {
        double ratios[RUNS];

        for (size_t i = 0; i < RUNS; i++)
                ratios[i] = rates[i] / floors[i];
        sort(ratios);
        sort(rates);
        sort(floors);
        printf("%s of a container: %.2fx (%.2f to %.2f in %d runs; goal 0.9) of %s: %.0f of %.0f MB/s\n", what,
               ratios[RUNS / 2], ratios[0], ratios[RUNS - 1], RUNS, floor_name, rates[RUNS / 2], floors[RUNS / 2]);
}

/* Floor and container in turns, for what else the machine does. */
static void compare(struct host *h, const char *what, rate_fn floor, const char *floor_name, rate_fn rate,
                    const char *container) {
        double floors[RUNS], rates[RUNS];

        for (size_t i = 0; i < RUNS; i++) {
                floors[i] = floor(h, UVM);
                rates[i] = rate(h, container);
        }
        tell(what, rates, floor_name, floors);
}

static void throughput(struct host *h) {
        static const char itself[] = "a process that has the connection itself";
        struct box b;

        if (!in_machine) {
                double plain = socket_mb_s(), rate = out_mb_s(h, UVM);

                printf("stdout of a process of the VM: %.0f MB/s, %.2fx of a plain socket (%.0f MB/s)\n", rate,
                       rate / plain, plain);
        }
        box_init(&b, h, "[\"sleep\",\"1000\"]");
        box_create(&b, h);
        box_start(&b, h, 0);
        if (in_machine)
                send_piped(h);
        compare(h, "stdout", out_mb_s, itself, out_mb_s, b.id);
        compare(h, "stdout", piped_mb_s, "one that has a pipe, emptied by nothing but read and write", out_mb_s, b.id);
        compare(h, "stdin", in_mb_s, itself, in_mb_s, b.id);
        box_deinit(&b, h);
}

/* From the request to create it to the first byte that its process wrote. */
static double container_ms(struct host *h, double *ret_exec_ms) {
        uint64_t ns[9], exec_ns[9];
        size_t rounds = in_machine ? 3 : HCS_ARRAY_SIZE(ns);

        for (size_t i = 0; i < rounds; i++) {
                struct outcome o = {0};
                struct process p;
                struct box b;
                uint64_t start;
                char byte;

                box_init(&b, h, "[\"sh\",\"-c\",\"echo; sleep 1000\"]");
                start = hcs_clock_ns();
                box_create(&b, h);
                p = box_start(&b, h, STREAM_OUT);
                if (read(p.out, &byte, 1) != 1)
                        exit(1);
                ns[i] = hcs_clock_ns() - start;
                start = hcs_clock_ns();
                box_sh(&b, h, ":", &o);
                exec_ns[i] = hcs_clock_ns() - start;
                outcome_deinit(&o);
                host_close(&p.out);
                box_deinit(&b, h);
        }
        *ret_exec_ms = median_us(exec_ns, rounds) / 1000;
        return median_us(ns, rounds) / 1000;
}

static void startup(struct host *h, const char *agent) {
        double spawn = spawn_us(), start = start_us(h);
        struct stat st;

        if (stat(agent, &st) == 0)
                printf("agent: %lld bytes as built\n", (long long)st.st_size);
        printf("spawn to negotiated: %.0f us, %.1fx of spawning true (%.0f us) (original agent: 23000 to 36000 us)\n",
               start, start / spawn, spawn);
}

/* In turns, one of each, so that what else the machine does hits all alike. */
static void round_trips(struct host *h) {
        static uint64_t echoes[ROUNDS], starts[ROUNDS], failures[ROUNDS];
        size_t n = in_machine ? ROUNDS / 5 : ROUNDS;
        struct process p = {.in = -1, .out = -1};
        double echo, start, failure;
        pid_t pid = -1;

        if (in_machine)
                p = host_exec(h, UVM, STREAM_IN | STREAM_OUT,
                              "{\"CommandArgs\":[\"cat\"],\"Environment\":{\"PATH\":\"/bin:/usr/bin\"}}");
        else
                pid = start_echo(&p.in);
        for (size_t i = 0; i < n; i++) {
                echoes[i] = echo_once(p.in, in_machine ? p.out : p.in);
                starts[i] = call_once(h, HCS_GCS_START);
                failures[i] = call_once(h, HCS_GCS_GET_PROPERTIES);
        }
        host_close(&p.in);
        host_close(&p.out);
        if (in_machine)
                host_wait_process(h, &p);
        else
                waitpid(pid, NULL, 0);
        echo = median_us(echoes, n);
        start = median_us(starts, n);
        failure = median_us(failures, n);
        printf("round trip of Start: %.1f us, %.2fx of the echo (%.1f us; goal 1.5) (original agent: %s)\n", start,
               start / echo, echo, in_machine ? "5x to 13x" : "109 us");
        printf("round trip of a failure: %.1f us, %.2fx of the echo (original agent: %s)\n", failure, failure / echo,
               in_machine ? "7x to 12x" : "102 to 119 us");
}

int main(int argc, char **argv) {
        double exec_ms, start;
        struct host h;

        if (argc < 4) {
                fprintf(stderr, "usage: bench PATH BUSYBOX PIPED [AGENT ARG...]\n");
                return 2;
        }
        in_machine = argc == 4;
        suite_busybox = argv[2];
        piped = argv[3];
        signal(SIGPIPE, SIG_IGN);
        setvbuf(stdout, NULL, _IOLBF, 0);
        host_init(&h, argv[1], in_machine ? NULL : (const char *const *)argv + 4);
        if (setjmp(h.failed)) {
                fprintf(stderr, "bench: %s\n", h.reason.data);
                host_deinit(&h);
                return 1;
        }
        if (in_machine) {
                host_accept(&h);
                host_negotiate(&h);
        } else {
                startup(&h, argv[4]);
        }
        printf("memory after negotiation: VmRSS %lu kB (goal 1500) (original agent: %s)\n", rss_kb(&h),
               in_machine ? "9300 to 10100 kB" : "10600 kB natively");
        round_trips(&h);
        throughput(&h);
        start = container_ms(&h, &exec_ms);
        printf("create, start, first output: %.1f ms; exec in it to its end: %.1f ms\n", start, exec_ms);
        printf("memory after that: VmRSS %lu kB (goal 3000) (original agent: 13500 to 15100 kB)\n", rss_kb(&h));
        host_deinit(&h);
        return 0;
}
