/* SPDX-License-Identifier: MIT */

/*
 * What raw vsock of a machine costs, with a guest that does nothing else: the floor that figures of the agent are
 * compared to. The peer in each line is the same bytes over a Unix socket pair of this host, measured in the same run.
 * usage: bench [BOOTS]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "integration/median.h"
#include "integration/vm/pattern.h"
#include "integration/vm/rig.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define BYTES  (64u << 20)
#define TRIPS  2000
#define OPENS  300
#define ROUNDS 3

static void drain(void *arg) {
        static char data[65536];

        while (read((int)(intptr_t)arg, data, sizeof(data)) > 0)
                continue;
}

static void echo(void *arg) {
        int fd = (int)(intptr_t)arg;
        char data[65536];
        ssize_t n;

        while ((n = read(fd, data, sizeof(data))) > 0)
                if (write(fd, data, (size_t)n) != n)
                        return;
}

static void send_all(int fd) {
        static char data[65536];

        for (size_t sent = 0; sent < BYTES; sent += sizeof(data))
                for (size_t done = 0; done < sizeof(data);) {
                        ssize_t n = send(fd, data + done, sizeof(data) - done, MSG_NOSIGNAL);

                        if (n <= 0)
                                exit(1);
                        done += (size_t)n;
                }
        shutdown(fd, SHUT_WR);
}

/* Microseconds of one round trip of 64 bytes. */
static double trip(int fd) {
        double times[TRIPS];
        char data[64] = {0};

        for (size_t i = 0; i < TRIPS; i++) {
                uint64_t start = hcs_clock_ns();

                if (send(fd, data, sizeof(data), MSG_NOSIGNAL) != sizeof(data) ||
                    recv(fd, data, sizeof(data), MSG_WAITALL) != sizeof(data))
                        exit(1);
                times[i] = (double)(hcs_clock_ns() - start) / 1e3;
        }
        return median(times, TRIPS);
}

static double mb_per_s(uint64_t since) {
        return BYTES / 1e6 / ((double)(hcs_clock_ns() - since) / 1e9);
}

static double pair_throughput(void) {
        struct hcs_thread t;
        uint64_t start;
        int fds[2];
        double result;

        if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 ||
            FAILED(hcs_thread_start(&t, drain, (void *)(intptr_t)fds[1], NULL)))
                exit(1);
        start = hcs_clock_ns();
        send_all(fds[0]);
        hcs_thread_join(&t);
        result = mb_per_s(start);
        close(fds[0]);
        close(fds[1]);
        return result;
}

static double pair_trip(void) {
        struct hcs_thread t;
        double result;
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 ||
            FAILED(hcs_thread_start(&t, echo, (void *)(intptr_t)fds[1], NULL)))
                exit(1);
        result = trip(fds[0]);
        shutdown(fds[0], SHUT_RDWR);
        hcs_thread_join(&t);
        close(fds[0]);
        close(fds[1]);
        return result;
}

static double to_guest(struct rig *r) {
        int fd = rig_dial(r, GUEST_SINK);
        uint64_t start = hcs_clock_ns();
        char byte;
        double result;

        send_all(fd);
        if (read(fd, &byte, 1) != 0) /* it has read all of it and closes */
                exit(1);
        result = mb_per_s(start);
        close(fd);
        return result;
}

static double to_host(struct rig *r, int listener) {
        unsigned id = rig_tell(r, "send 500 %u", BYTES);
        int fd = accept(listener, NULL, NULL);
        uint64_t start = hcs_clock_ns();
        double result;

        drain((void *)(intptr_t)fd);
        result = mb_per_s(start);
        close(fd);
        rig_answer(r, id);
        return result;
}

static double guest_trip(struct rig *r, int listener) {
        uint64_t start = hcs_clock_ns();
        unsigned id = rig_tell(r, "trips 500 %u", TRIPS);
        int fd = accept(listener, NULL, NULL);

        echo((void *)(intptr_t)fd);
        close(fd);
        rig_answer(r, id);
        return (double)(hcs_clock_ns() - start) / 1e3 / TRIPS;
}

static double open_and_close(struct rig *r) {
        double times[OPENS];

        for (size_t i = 0; i < OPENS; i++) {
                uint64_t start = hcs_clock_ns();
                int fd;

                do
                        fd = rig_dial(r, GUEST_SINK);
                while (fd < 0);
                close(fd);
                times[i] = (double)(hcs_clock_ns() - start) / 1e3;
        }
        return median(times, OPENS);
}

static void print(const char *what, double value, const char *unit, double peer) {
        printf("%-34s %9.1f %-4s  %6.2f x the socket pair\n", what, value, unit, value / peer);
}

static void measure_streams(struct rig *r) {
        double pair[ROUNDS], in[ROUNDS], out[ROUNDS], pair_us[ROUNDS], host_us[ROUNDS], guest_us[ROUNDS];
        int listener = rig_listen(r, 500), fd = rig_dial(r, GUEST_ECHO);

        for (size_t i = 0; i < ROUNDS; i++) {
                pair[i] = pair_throughput();
                in[i] = to_guest(r);
                out[i] = to_host(r, listener);
                pair_us[i] = pair_trip();
                host_us[i] = trip(fd);
                guest_us[i] = guest_trip(r, listener);
        }
        close(fd);
        close(listener);
        print("host to guest", median(in, ROUNDS), "MB/s", median(pair, ROUNDS));
        print("guest to host", median(out, ROUNDS), "MB/s", median(pair, ROUNDS));
        print("round trip of 64 bytes, by the host", median(host_us, ROUNDS), "us", median(pair_us, ROUNDS));
        print("the same, by the guest", median(guest_us, ROUNDS), "us", median(pair_us, ROUNDS));
        print("connect and close, by the host", open_and_close(r), "us", median(pair_us, ROUNDS));
}

int main(int argc, char **argv) {
        size_t boots = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
        double *times = hcs_calloc(boots + 1, sizeof(*times));
        struct vm_options o;

        rig_skip_unless_possible();
        o = rig_options(NULL);
        for (size_t i = 0; i < boots; i++) {
                struct rig r;

                rig_start(&r, &o);
                times[i] = (double)(r.dialled_ns - r.started_ns) / 1e9;
                if (i + 1 == boots) {
                        printf("accelerator: %s\n", vm_accelerator_of(r.vm) == VM_ACCELERATOR_KVM ? "KVM" : "TCG");
                        measure_streams(&r);
                }
                rig_stop(&r);
        }
        printf("%-34s %9.2f s     median of %zu: the floor for an agent on the same kernel\n",
               "QEMU's start to the guest's call", median(times, boots), boots);
        free(times);
        return 0;
}
