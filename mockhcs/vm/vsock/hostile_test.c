/* SPDX-License-Identifier: MIT */

/*
 * Guests that do what no driver does, in the middle of their streams: floods, lies, rings and memory that change under
 * the device. It loses them nothing but what is theirs, and nothing of it stays.
 */

#include <fcntl.h>
#include <linux/virtio_vsock.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mockhcs/vm/test/guest_fixture.h"
#include "testing/hcs_test.h"

#define BOTH  (VIRTIO_VSOCK_SHUTDOWN_RCV | VIRTIO_VSOCK_SHUTDOWN_SEND)
#define TABLE 0x380000u /* an indirect table's place in the guest's memory */

static unsigned open_descriptors(void) {
        unsigned n = 0;

        for (int fd = 0; fd < 2048; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

static bool is_idle(void) {
        struct pollfd p = {.fd = g.device.epoll, .events = POLLIN};

        fake_guest_run(&g);
        return !vsock_device_busy(&g.device) && poll(&p, 1, 0) == 0;
}

/* Works with a stream of its own: the device is as good as new. */
static void assert_serves(uint32_t port) {
        int fd = fake_guest_open(&g, 40000, port);
        char text[8];

        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 40000, port, 0, "alive", 5);
        assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), 5);
        close(fd);
        fake_guest_expect(&g, VIRTIO_VSOCK_OP_SHUTDOWN);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RST, 40000, port, 0, NULL, 0);
}

/* The guest's driver is reset: QEMU stops both rings and starts them at 0, in what memory there is. */
static void start_over(void) {
        for (unsigned i = 0; i < VSOCK_QUEUES; i++) {
                const uint32_t queue[2] = {i, 0};

                fake_guest_message(&g, VHOST_GET_VRING_BASE, VHOST_VERSION, queue, sizeof(queue), NULL, 0);
                fake_guest_answer(&g);
                fake_guest_avail(&g, i)->idx = fake_guest_used(&g, i)->idx = 0;
                g.seen[i] = g.posted[i] = 0;
        }
        for (unsigned i = 0; i < VSOCK_QUEUES; i++) {
                close(g.kick[i]);
                close(g.call[i]);
                fake_guest_setup_ring(&g, i);
        }
        for (unsigned i = 0; i < FAKE_RING; i++)
                fake_guest_post_buffer(&g);
        fake_guest_run(&g);
}

static void a_line_that_breaks_off_leaves_nothing(void **state) {
        unsigned before = open_descriptors();

        for (int i = 0; i < 8; i++) {
                int fd = fake_guest_connect(&g);

                assert_int_equal(send(fd, "CONNECT 50", (size_t)i, 0), i);
                if (i % 2 == 0)
                        fake_guest_run(&g);
                if (i % 4 < 2)
                        shutdown(fd, SHUT_WR);
                fake_guest_run(&g);
                close(fd);
                fake_guest_run(&g);
        }
        assert_int_equal(g.device.n, 0);
        assert_int_equal(open_descriptors(), before);
}

static void host_programs_wait_for_a_descriptor_and_the_device_for_nothing(void **state) {
        int fd = fake_guest_connect(&g), last = dup(fd);
        struct rlimit limit, less;

        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        less = (struct rlimit){(rlim_t)last, limit.rlim_max};
        close(last);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
        vsock_device_step(&g.device, 0);
        vsock_device_step(&g.device, 0);
        assert_int_equal(g.device.n, 0);
        assert_true(g.device.accept_waits);
        assert_true(is_idle());
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        while (g.device.n == 0)
                vsock_device_step(&g.device, -1);
        assert_false(g.device.accept_waits);
        close(fd);
}

/* Each is answered once: what found room, what did not, and what waited until nobody was there any more. */
static void connects_that_nobody_takes_are_answered_and_forgotten(void **state) {
        enum { N = 3000 };
        unsigned before = open_descriptors(), answers[2] = {0};
        int listener = fake_guest_listen(&g, 50, 3);
        struct vsock_packet p;

        for (uint32_t i = 0; i < N; i++) {
                fake_guest_send(&g, VIRTIO_VSOCK_OP_REQUEST, i, 50, 0, NULL, 0);
                while (fake_guest_receive(&g, &p, NULL))
                        answers[p.op == VIRTIO_VSOCK_OP_RST]++;
        }
        assert_in_range(g.device.n, 4, 1024);
        assert_true(is_idle());
        close(listener);
        while (g.device.n_connecting) {
                vsock_device_step(&g.device, -1);
                while (fake_guest_receive(&g, &p, NULL)) {
                        answers[p.op == VIRTIO_VSOCK_OP_RST] += p.op != VIRTIO_VSOCK_OP_SHUTDOWN;
                        if (p.op == VIRTIO_VSOCK_OP_SHUTDOWN)
                                fake_guest_send(&g, VIRTIO_VSOCK_OP_RST, p.dst_port, p.src_port, 0, NULL, 0);
                }
        }
        assert_int_equal(answers[0] + answers[1], N);
        fake_guest_run(&g);
        assert_int_equal(g.device.n, 0);
        assert_int_equal(open_descriptors(), before);
        assert_serves(51);
}

static void a_storm_of_resets_and_shutdowns_is_nothing(void **state) {
        struct vsock_packet p;
        int fd = fake_guest_open(&g, 7, 52);
        char byte;

        for (uint32_t i = 0; i < 5000; i++)
                fake_guest_send(&g, VIRTIO_VSOCK_OP_RST, i % 9, 52, 0, NULL, 0);
        assert_false(fake_guest_receive(&g, &p, NULL));
        assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
        for (uint32_t i = 0; i < 5000; i++) {
                fake_guest_send(&g, VIRTIO_VSOCK_OP_SHUTDOWN, 7, 52, BOTH, NULL, 0);
                fake_guest_expect(&g, VIRTIO_VSOCK_OP_RST);
        }
        assert_int_equal(g.device.n, 0);
        assert_int_equal(g.device.counters.violations, 0);
        close(fd);
        assert_serves(53);
}

/* What it sent is the host's all the same, and what was to come to it is nobody's. */
static void a_reset_in_the_middle_of_streams_ends_them_behind_their_bytes(void **state) {
        static char block[65536];
        unsigned before;
        int fd;
        size_t sent = 0, got = 0;
        ssize_t n;

        before = open_descriptors();
        g.window = 1000;
        fd = fake_guest_open(&g, 8, 54);
        assert_int_equal(send(fd, block, sizeof(block), MSG_DONTWAIT), sizeof(block));
        g.refill = false; /* and it does not take what comes */
        for (int i = 0; i < 12; i++, sent += sizeof(block))
                fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 8, 54, 0, block, sizeof(block));
        assert_true(g.device.all->out_len > 0);
        g.refill = true;
        start_over();
        for (;;) {
                fake_guest_run(&g);
                n = recv(fd, block, sizeof(block), MSG_DONTWAIT);
                if (n <= 0)
                        break;
                got += (size_t)n;
        }
        assert_int_equal(n, 0);
        assert_int_equal(got, sent);
        close(fd);
        fake_guest_run(&g);
        assert_int_equal(g.device.n, 0);
        g.window = 65536;
        assert_serves(55);
        assert_int_equal(open_descriptors(), before);
}

/* Each time the guest starts over, a host program is left that does not read. */
static void what_nobody_reads_keeps_no_place_over_resets(void **state) {
        static const char block[65536];
        enum { N = 3, MAX = 2 };
        unsigned before;
        int fds[N];

        fake_guest_deinit(&g);
        fake_guest_init(&g, true, MAX);
        before = open_descriptors();
        for (uint32_t i = 0; i < N; i++) {
                fds[i] = fake_guest_open(&g, 10 + i, 60 + i);
                for (int k = 0; k < 6; k++)
                        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 10 + i, 60 + i, 0, block, sizeof(block));
                assert_true(g.device.all->out_len > 0);
                start_over();
        }
        fake_guest_run(&g);
        assert_int_equal(g.device.n, MAX);
        assert_int_equal(g.device.counters.refused, 0);
        for (size_t i = 0; i < N; i++)
                close(fds[i]);
        fake_guest_run(&g);
        assert_int_equal(g.device.n, 0);
        assert_int_equal(open_descriptors(), before);
}

/* Reads what is there now. */
static size_t read_some(int fd) {
        static char block[65536];
        size_t n = 0;
        ssize_t got;

        while ((got = recv(fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
                n += (size_t)got;
        fake_guest_run(&g);
        return n;
}

/* The slow one came first, and is whole in the end. */
static void a_stream_that_is_read_slowly_keeps_its_place_before_one_that_nobody_reads(void **state) {
        static const char block[65536];
        enum { N = 2, BLOCKS = 12 };
        struct vsock_packet credit;
        size_t n[N] = {0}, more;
        int fds[N], newer[N];

        fake_guest_deinit(&g);
        fake_guest_init(&g, true, N);
        for (uint32_t i = 0; i < N; i++) {
                fds[i] = fake_guest_open(&g, 10 + i, 60 + i);
                for (int k = 0; k < BLOCKS; k++)
                        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 10 + i, 60 + i, 0, block, sizeof(block));
                while (fake_guest_receive(&g, &credit, NULL))
                        continue;
        }
        start_over();
        n[0] = read_some(fds[0]);
        newer[0] = fake_guest_open(&g, 20, 70);
        while ((more = read_some(fds[0])))
                n[0] += more;
        while ((more = read_some(fds[1])))
                n[1] += more;
        assert_int_equal(n[0], BLOCKS * sizeof(block));
        assert_in_range(n[1], 1, BLOCKS * sizeof(block) - 1);
        newer[1] = fake_guest_open(&g, 21, 71); /* both have gone */
        assert_int_equal(g.device.n, N);
        assert_int_equal(g.device.counters.refused, 0);
        for (size_t i = 0; i < N; i++) {
                close(fds[i]);
                close(newer[i]);
        }
}

static bool set_memory(uint64_t size) {
        const struct {
                uint32_t n, padding;
                uint64_t region[4];
        } table = {1, 0, {0, size, FAKE_USER, 0}};

        return fake_guest_accepts(&g, VHOST_SET_MEM_TABLE, &table, sizeof(table), &g.memory_fd, 1);
}

static void memory_that_is_mapped_anew_keeps_the_streams(void **state) {
        int fd = fake_guest_open(&g, 9, 56);
        char text[8];

        assert_true(set_memory(FAKE_MEMORY));
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 9, 56, 0, "again", 5);
        assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), 5);
        assert_int_equal(send(fd, "back", 4, 0), 4);
        assert_int_equal(fake_guest_expect(&g, VIRTIO_VSOCK_OP_RW).len, 4);
        close(fd);
}

/* The rings are still there, the buffers are not. */
static void memory_that_goes_under_the_buffers_stops_the_device_until_it_is_reset(void **state) {
        int fd = fake_guest_open(&g, 9, 57);
        struct vsock_packet p;
        char byte;

        assert_true(set_memory(FAKE_BUFFERS));
        assert_int_equal(send(fd, "lost", 4, 0), 4);
        assert_false(fake_guest_receive(&g, &p, NULL));
        assert_true(g.device.front_end.queues[VSOCK_RX].broken);
        assert_int_equal(g.device.counters.violations, 1);
        assert_true(is_idle());
        /* The other ring is no better off, and says so by itself. */
        fake_guest_offer(&g, VSOCK_TX, 0);
        assert_true(is_idle());
        assert_true(g.device.front_end.queues[VSOCK_TX].broken);
        assert_true(set_memory(FAKE_MEMORY));
        start_over();
        assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
        close(fd);
        assert_serves(58);
}

/* Rings at the front end's address 0, where the memory is, and then is not. */
static void rings_at_address_0_go_with_their_memory(void **state) {
        const uint64_t region[5] = {0, 0, FAKE_MEMORY, 0, 0};
        uint8_t address[40] = {VSOCK_TX};

        assert_true(
                fake_guest_accepts(&g, VHOST_SET_MEM_TABLE, &(uint64_t[5]){1, 0, FAKE_MEMORY}, 40, &g.memory_fd, 1));
        assert_true(fake_guest_accepts(&g, VHOST_SET_VRING_ADDR, address, sizeof(address), NULL, 0));
        assert_true(fake_guest_accepts(&g, VHOST_REM_MEM_REG, region, sizeof(region), NULL, 0));
        assert_false(vsock_queue_ready(&g.device.front_end.queues[VSOCK_TX]));
        assert_true(is_idle());
}

static void rings_go_round_more_often_than_their_index_does(void **state) {
        int fd = fake_guest_open(&g, 10, 59);
        struct vsock_packet p;
        char text[8];

        for (unsigned i = 0; i < 66000; i++) {
                fake_guest_send(&g, VIRTIO_VSOCK_OP_CREDIT_REQUEST, 10, 59, 0, NULL, 0);
                assert_true(fake_guest_receive(&g, &p, NULL));
        }
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 10, 59, 0, "round", 5);
        assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), 5);
        assert_int_equal(g.device.counters.violations, 0);
        close(fd);
}

static void buffers_that_hold_next_to_nothing_are_filled_or_given_back(void **state) {
        struct vring_desc *d = fake_guest_desc(&g, VSOCK_RX);
        int fd = fake_guest_open(&g, 11, 60);
        struct vsock_packet p;

        g.refill = false;
        while (g.device.front_end.queues[VSOCK_RX].next_avail != fake_guest_avail(&g, VSOCK_RX)->idx) {
                assert_int_equal(send(fd, "x", 1, 0), 1);
                assert_true(fake_guest_receive(&g, &p, NULL));
        }
        assert_int_equal(send(fd, "yz", 2, 0), 2);
        for (unsigned len = 0; len <= 1; len++)
                for (int i = 0; i < 2; i++) {
                        d[0] = (struct vring_desc){FAKE_BUFFERS, VSOCK_HEADER + len, VRING_DESC_F_WRITE, 0};
                        fake_guest_offer(&g, VSOCK_RX, 0);
                        fake_guest_run(&g);
                }
        /* Two were of no use, two took a byte each. */
        assert_int_equal(g.device.counters.violations, 2);
        assert_int_equal(fake_guest_used(&g, VSOCK_RX)->idx - g.seen[VSOCK_RX], 4);
        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(fake_guest_used(&g, VSOCK_RX)->ring[(g.seen[VSOCK_RX] + i) % FAKE_RING].len,
                                 i < 2 ? 0 : VSOCK_HEADER + 1);
        assert_int_equal(g.memory[FAKE_BUFFERS + VSOCK_HEADER], 'z');
        close(fd);
}

/* A header in pieces of one byte, by an indirect table. */
static void a_header_may_come_byte_by_byte(void **state) {
        struct vring_desc *table = (void *)(g.memory + TABLE);
        const struct vsock_packet p = {.src_cid = FAKE_CID,
                                       .dst_cid = VSOCK_CID_HOST,
                                       .src_port = 12,
                                       .dst_port = 61,
                                       .len = 3,
                                       .type = VIRTIO_VSOCK_TYPE_STREAM,
                                       .op = VIRTIO_VSOCK_OP_RW};
        int fd = fake_guest_open(&g, 12, 61);
        char text[8];

        vsock_packet_encode(&p, g.memory + FAKE_PACKETS);
        memcpy(g.memory + FAKE_PACKETS + VSOCK_HEADER, "abcdef", 6);
        for (uint16_t i = 0; i < VSOCK_HEADER + 6; i++)
                table[i] = (struct vring_desc){FAKE_PACKETS + i, 1, i < VSOCK_HEADER + 5 ? VRING_DESC_F_NEXT : 0,
                                               (uint16_t)(i + 1)};
        fake_guest_desc(&g, VSOCK_TX)[0] =
                (struct vring_desc){TABLE, (VSOCK_HEADER + 6) * sizeof(*table), VRING_DESC_F_INDIRECT, 0};
        fake_guest_offer(&g, VSOCK_TX, 0);
        fake_guest_run(&g);
        /* What is behind its length is not of the packet. */
        assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), 3);
        assert_memory_equal(text, "abc", 3);
        close(fd);
}

static void lengths_that_lie_are_counted_and_take_nothing(void **state) {
        struct vring_desc *d = fake_guest_desc(&g, VSOCK_TX);
        struct vsock_packet p = {.src_cid = FAKE_CID,
                                 .dst_cid = VSOCK_CID_HOST,
                                 .src_port = 13,
                                 .dst_port = 62,
                                 .type = VIRTIO_VSOCK_TYPE_STREAM,
                                 .op = VIRTIO_VSOCK_OP_RW};
        static const uint32_t lens[] = {4, 4096, 0x7fffffff, UINT32_MAX};
        int fd = fake_guest_open(&g, 13, 62);
        char byte;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(lens); i++) {
                p.len = lens[i];
                vsock_packet_encode(&p, g.memory + FAKE_PACKETS);
                d[0] = (struct vring_desc){FAKE_PACKETS, VSOCK_HEADER + 3, 0, 0};
                fake_guest_offer(&g, VSOCK_TX, 0);
                fake_guest_run(&g);
        }
        for (uint32_t len = 0; len < VSOCK_HEADER; len++) {
                d[0] = (struct vring_desc){FAKE_PACKETS, len, 0, 0};
                fake_guest_offer(&g, VSOCK_TX, 0);
                fake_guest_run(&g);
        }
        assert_int_equal(g.device.counters.violations, HCS_ARRAY_SIZE(lens) + VSOCK_HEADER);
        assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
        close(fd);
}

/* It may say of its window what it wants: more than it has is its own loss. */
static void windows_that_lie_move_no_more_than_there_is(void **state) {
        static char block[100000];
        struct vsock_packet p;
        uint32_t got = 0;
        int fd;

        g.window = UINT32_MAX;
        fd = fake_guest_open(&g, 14, 63);
        assert_int_equal(send(fd, block, sizeof(block), MSG_DONTWAIT), sizeof(block));
        g.taken = 0x80000000u;
        fake_guest_send(&g, VIRTIO_VSOCK_OP_CREDIT_UPDATE, 14, 63, 0, NULL, 0);
        g.window = 0;
        fake_guest_send(&g, VIRTIO_VSOCK_OP_CREDIT_UPDATE, 14, 63, 0, NULL, 0);
        while (fake_guest_receive(&g, &p, NULL))
                got += p.len;
        assert_true(got <= sizeof(block));
        assert_true(is_idle());
        g.window = UINT32_MAX;
        g.taken = got;
        fake_guest_send(&g, VIRTIO_VSOCK_OP_CREDIT_UPDATE, 14, 63, 0, NULL, 0);
        while (fake_guest_receive(&g, &p, NULL))
                got += p.len;
        assert_int_equal(got, sizeof(block));
        close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_guest_setup, fake_guest_teardown)

HCS_TESTS(T(a_line_that_breaks_off_leaves_nothing), T(host_programs_wait_for_a_descriptor_and_the_device_for_nothing),
          T(connects_that_nobody_takes_are_answered_and_forgotten), T(a_storm_of_resets_and_shutdowns_is_nothing),
          T(a_reset_in_the_middle_of_streams_ends_them_behind_their_bytes),
          T(what_nobody_reads_keeps_no_place_over_resets),
          T(a_stream_that_is_read_slowly_keeps_its_place_before_one_that_nobody_reads),
          T(memory_that_is_mapped_anew_keeps_the_streams),
          T(memory_that_goes_under_the_buffers_stops_the_device_until_it_is_reset),
          T(rings_at_address_0_go_with_their_memory), T(rings_go_round_more_often_than_their_index_does),
          T(buffers_that_hold_next_to_nothing_are_filled_or_given_back), T(a_header_may_come_byte_by_byte),
          T(lengths_that_lie_are_counted_and_take_nothing), T(windows_that_lie_move_no_more_than_there_is))
