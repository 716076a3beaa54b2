/* SPDX-License-Identifier: MIT */

/*
 * What the switch of VM networks lets through: frames of 1514 bytes from one adapter to another, as QEMU's socket
 * backend writes them. The peer is a thread that copies the same bytes from one Unix socket to another and looks at
 * nothing, in turns with it. The sender has at most a window under way, so nothing is dropped. usage: switch_bench [MB]
 */

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "integration/median.h"
#include "mockhcs/vm/network/network.h"
#include "mockhcs/vm/test/packets.h"
#include "platform/clock.h"
#include "platform/thread.h"

#define ROUNDS  5
#define PAYLOAD 1472 /* of UDP: 1514 bytes with its headers */
#define WINDOW  (128u << 10)
#define BATCH   16 /* frames a write, as a busy guest has them under way */

static const uint8_t from[FRAME_MAC] = {0, 0x15, 0x5d, 0, 0, 0x0a}, to[FRAME_MAC] = {0, 0x15, 0x5d, 0, 0, 0x0b};

struct path {
        int in, out; /* what the sender writes to, what the receiver reads from */
        uint64_t bytes;
        atomic_ullong received;
        struct hcs_mutex lock;
        struct hcs_cond moved;
};

static void must(bool ok, const char *what) {
        if (!ok) {
                perror(what);
                exit(1);
        }
}

static void receive(void *arg) {
        static char data[256 << 10];
        struct path *p = arg;

        for (uint64_t got = 0; got < p->bytes;) {
                ssize_t n = read(p->out, data, sizeof(data));

                must(n > 0, "receive");
                got += (uint64_t)n;
                atomic_store(&p->received, got);
                hcs_guard(&p->lock);
                hcs_cond_signal(&p->moved);
        }
}

static void send_all(struct path *p, const uint8_t *data, size_t n) {
        for (uint64_t sent = 0; sent < p->bytes;) {
                {
                        hcs_guard(&p->lock);
                        while (sent - atomic_load(&p->received) > WINDOW)
                                hcs_cond_wait(&p->moved, &p->lock);
                }
                for (size_t done = 0; done < n;) {
                        ssize_t w = send(p->in, data + done, n - done, MSG_NOSIGNAL);

                        must(w > 0, "send");
                        done += (size_t)w;
                }
                sent += n;
        }
}

/* Seconds for so many batches. */
static double carry(struct path *p, uint64_t batches) {
        static uint8_t data[BATCH * 2048], payload[PAYLOAD];
        struct hcs_thread receiver;
        struct packet frame;
        size_t n = 0;
        uint64_t start;

        packet_udp(&frame, to, from, 0xac140002, 5001, 0xac140003, 5001, payload, sizeof(payload));
        for (unsigned i = 0; i < BATCH; i++) {
                const uint32_t len = htonl((uint32_t)frame.len);

                memcpy(data + n, &len, 4);
                memcpy(data + n + 4, frame.data, frame.len);
                n += 4 + frame.len;
        }
        p->bytes = batches * n;
        atomic_store(&p->received, 0);
        hcs_mutex_init(&p->lock);
        hcs_cond_init(&p->moved);
        start = hcs_clock_ns();
        must(SUCCEEDED(hcs_thread_start(&receiver, receive, p, NULL)), "thread");
        send_all(p, data, n);
        hcs_thread_join(&receiver);
        hcs_cond_deinit(&p->moved);
        hcs_mutex_deinit(&p->lock);
        return (double)(hcs_clock_ns() - start) / HCS_NS_PER_S;
}

static void pair(int fds[2]) {
        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
}

static double through_switch(uint64_t batches) {
        const struct vm_network_options o = {.subnet = "172.20.0.0/16", .reach = VM_REACH_MACHINES};
        struct vm_cable *cables[2] = {0};
        struct vm_network *n = NULL;
        struct path p = {0};
        int a[2], b[2];
        double result;

        pair(a);
        pair(b);
        must(SUCCEEDED(vm_network_new(&o, &n, NULL)) &&
                     SUCCEEDED(vm_network_plug(n, a[1], "00-15-5D-00-00-0A", "172.20.0.2", &cables[0], NULL)) &&
                     SUCCEEDED(vm_network_plug(n, b[1], "00-15-5D-00-00-0B", "172.20.0.3", &cables[1], NULL)),
             "network");
        p.in = a[0];
        p.out = b[0];
        result = carry(&p, batches);
        vm_network_unplug(cables[0]);
        vm_network_unplug(cables[1]);
        vm_network_unref(n);
        close(a[0]);
        close(b[0]);
        return result;
}

struct copier {
        int from, to;
};

static void copy(void *arg) {
        static char data[64 << 10];
        const struct copier *c = arg;
        ssize_t n;

        while ((n = read(c->from, data, sizeof(data))) > 0)
                for (ssize_t done = 0; done < n;) {
                        ssize_t w = send(c->to, data + done, (size_t)(n - done), MSG_NOSIGNAL);

                        if (w <= 0)
                                return;
                        done += w;
                }
}

static double through_copier(uint64_t batches) {
        struct hcs_thread thread;
        struct copier c;
        struct path p = {0};
        int a[2], b[2];
        double result;

        pair(a);
        pair(b);
        c = (struct copier){a[1], b[1]};
        must(SUCCEEDED(hcs_thread_start(&thread, copy, &c, NULL)), "thread");
        p.in = a[0];
        p.out = b[0];
        result = carry(&p, batches);
        close(a[0]);
        hcs_thread_join(&thread);
        close(a[1]);
        close(b[0]);
        close(b[1]);
        return result;
}

int main(int argc, char **argv) {
        unsigned long mb = argc > 1 ? strtoul(argv[1], NULL, 10) : 256;
        uint64_t batches = ((uint64_t)mb << 20) / (BATCH * 1518);
        double ours[ROUNDS], peer[ROUNDS], ratios[ROUNDS], all = (double)(batches * BATCH), theirs, own;

        for (unsigned i = 0; i < ROUNDS; i++) {
                peer[i] = through_copier(batches);
                ours[i] = through_switch(batches);
                ratios[i] = ours[i] / peer[i];
        }
        theirs = median(peer, ROUNDS);
        own = median(ours, ROUNDS);
        printf("a thread that copies   %7.0f MB/s  %8.0f frames/s\n", all * 1514 / theirs / 1e6, all / theirs);
        printf("the switch             %7.0f MB/s  %8.0f frames/s  %5.2f x the time of the copy\n",
               all * 1514 / own / 1e6, all / own, median(ratios, ROUNDS));
        return 0;
}
