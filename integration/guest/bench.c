/* SPDX-License-Identifier: MIT */

/*
 * What the agent costs, next to a floor measured in the same run: a program that does nothing but answer 176 bytes over
 * the same kind of socket. `bench PATH BUSYBOX AGENT ARG...`: the agent must dial PATH_1073741824. Printed as ratios;
 * figures of the original agent, taken natively elsewhere, stand beside them for orientation.
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

#include "integration/guest/box.h"
#include "integration/guest/cases.h"
#include "platform/clock.h"
#include "platform/file.h"

const char *suite_busybox, *suite_golden, *suite_fault_file;

#define ROUNDS 5000
#define STARTS 15
#define ANSWER 176

static int by_value(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static double median_us(uint64_t *ns, size_t n) {
        qsort(ns, n, sizeof(*ns), by_value);
        return (double)ns[n / 2] / 1000.0;
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

static double echo_us(void) {
        static uint64_t ns[ROUNDS];
        char buf[4096] = {0};
        int fd;
        pid_t pid = start_echo(&fd);

        for (int i = 0; i < ROUNDS; i++) {
                uint64_t start = hcs_clock_ns();

                if (write(fd, buf, ANSWER) != ANSWER || read(fd, buf, sizeof(buf)) != ANSWER)
                        exit(1);
                ns[i] = hcs_clock_ns() - start;
        }
        close(fd);
        waitpid(pid, NULL, 0);
        return median_us(ns, ROUNDS);
}

static double rpc_us(struct host *h, uint32_t rpc, const char *body) {
        static uint64_t ns[ROUNDS];
        _cleanup_buf_ struct hcs_buf frame = {0};
        char answer[65536];

        for (int i = 0; i < ROUNDS; i++) {
                uint64_t start;
                uint8_t *header;
                size_t got = 0, want = HCS_GCS_HEADER_SIZE;
                struct hcs_gcs_header parsed;

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
                        header = (uint8_t *)answer;
                        if (got >= HCS_GCS_HEADER_SIZE) {
                                hcs_gcs_header_decode(header, &parsed);
                                want = parsed.size;
                        }
                }
                ns[i] = hcs_clock_ns() - start;
        }
        return median_us(ns, ROUNDS);
}

static unsigned long status_kb(pid_t pid, const char *name) {
        _cleanup_free_ char *path = hcs_asprintf("/proc/%d/status", pid);
        _cleanup_buf_ struct hcs_buf text = {0};
        const char *at;

        if (FAILED(hcs_file_read(path, 65536, &text, NULL)) || !(at = strstr(text.data, name)))
                return 0;
        return strtoul(at + strlen(name), NULL, 10);
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

/* 256 MiB from a process of the VM or of a container, and the floor: the same between two plain processes. */
#define MIB   256
#define BYTES ((uint64_t)MIB << 20)

static double drain_mb_s(int fd) {
        static char buf[1 << 17];
        uint64_t start = hcs_clock_ns(), total = 0;
        ssize_t n;

        while ((n = read(fd, buf, sizeof(buf))) > 0)
                total += (uint64_t)n;
        if (total != BYTES)
                fprintf(stderr, "bench: %llu bytes came\n", (unsigned long long)total);
        return (double)total / 1e6 / ((double)(hcs_clock_ns() - start) / 1e9);
}

static double floor_mb_s(void) {
        double mb_s;
        int fds[2];
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                exit(1);
        pid = fork();
        if (pid == 0) {
                dup2(fds[1], 1);
                execlp("dd", "dd", "if=/dev/zero", "bs=65536", "count=4096", "status=none", (char *)NULL);
                _exit(1);
        }
        close(fds[1]);
        mb_s = drain_mb_s(fds[0]);
        close(fds[0]);
        waitpid(pid, NULL, 0);
        return mb_s;
}

static double stdout_mb_s(struct host *h) {
        struct process p =
                host_exec(h, UVM, STREAM_OUT,
                          "{\"CommandArgs\":[\"dd\",\"if=/dev/zero\",\"bs=65536\",\"count=4096\",\"status=none\"],"
                          "\"Environment\":{\"PATH\":\"/bin:/usr/bin\"}}");
        double mb_s = drain_mb_s(p.out);

        host_close(&p.out);
        host_wait_process(h, &p);
        return mb_s;
}

static double container_stdout_mb_s(struct host *h) {
        struct process p;
        struct box b;
        double mb_s;

        box_init(&b, h, "[\"dd\",\"if=/dev/zero\",\"bs=65536\",\"count=4096\"]");
        box_create(&b, h);
        p = box_start(&b, h, STREAM_OUT);
        mb_s = drain_mb_s(p.out);
        host_close(&p.out);
        host_wait_process(h, &p);
        box_deinit(&b, h);
        return mb_s;
}

/* From the request to create it to the first byte that its process wrote. */
static double container_ms(struct host *h, double *ret_exec_ms) {
        uint64_t ns[9], exec_ns[9];

        for (size_t i = 0; i < HCS_ARRAY_SIZE(ns); i++) {
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
        *ret_exec_ms = median_us(exec_ns, HCS_ARRAY_SIZE(exec_ns)) / 1000;
        return median_us(ns, HCS_ARRAY_SIZE(ns)) / 1000;
}

int main(int argc, char **argv) {
        double exec_ms, echo, start, plain, rpc, failing, spawn, floor_rate, rate;
        struct stat st;
        struct host h;

        if (argc < 4) {
                fprintf(stderr, "usage: bench PATH BUSYBOX AGENT [ARG...]\n");
                return 2;
        }
        signal(SIGPIPE, SIG_IGN);
        host_init(&h, argv[1], (const char *const *)argv + 3);
        if (setjmp(h.failed)) {
                fprintf(stderr, "bench: %s\n", h.reason.data);
                host_deinit(&h);
                return 1;
        }
        spawn = spawn_us();
        start = start_us(&h);
        if (stat(argv[3], &st) == 0)
                printf("agent: %lld bytes as built\n", (long long)st.st_size);
        printf("memory after negotiation: VmRSS %lu kB (original agent: 10600 kB natively)\n",
               status_kb(h.agent_pid, "VmRSS:"));
        printf("spawn to negotiated: %.0f us, %.1fx of spawning true (%.0f us) (original agent: 23000 to 36000 us)\n",
               start, start / spawn, spawn);
        echo = echo_us();
        plain = rpc_us(&h, HCS_GCS_START,
                       "{\"ContainerId\":\"x\",\"ActivityId\":\"12345678-1234-1234-1234-123456789abc\"}");
        failing = rpc_us(&h, HCS_GCS_GET_PROPERTIES,
                         "{\"ContainerId\":\"x\",\"ActivityId\":\"12345678-1234-1234-1234-123456789abc\"}");
        rpc = rpc_us(&h, HCS_GCS_START,
                     "{\"ContainerId\":\"x\",\"ActivityId\":\"12345678-1234-1234-1234-123456789abc\"}");
        rpc = rpc < plain ? rpc : plain;
        printf("round trip of Start: %.1f us, %.2fx of the echo (%.1f us) (original agent: 109 us)\n", rpc, rpc / echo,
               echo);
        printf("round trip of a failure: %.1f us, %.2fx of the echo (original agent: 102 to 119 us)\n", failing,
               failing / echo);
        floor_rate = floor_mb_s();
        rate = stdout_mb_s(&h);
        printf("stdout of a process of the VM: %.0f MB/s, %.2fx of a plain socket (%.0f MB/s)\n", rate,
               rate / floor_rate, floor_rate);
        suite_busybox = argv[2];
        rate = container_stdout_mb_s(&h);
        printf("stdout of a container: %.0f MB/s, %.2fx of a plain socket\n", rate, rate / floor_rate);
        start = container_ms(&h, &exec_ms);
        printf("create, start, first output: %.1f ms; exec in it to its end: %.1f ms\n", start, exec_ms);
        printf("memory after that: VmRSS %lu kB\n", status_kb(h.agent_pid, "VmRSS:"));
        host_deinit(&h);
        return 0;
}
