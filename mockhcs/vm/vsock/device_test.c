/* SPDX-License-Identifier: MIT */

/* Streams through the vsock device, with a guest made by hand. */

#include <linux/virtio_vsock.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mockhcs/vm/test/guest_fixture.h"
#include "testing/hcs_test.h"

#define RCV  VIRTIO_VSOCK_SHUTDOWN_RCV
#define SEND VIRTIO_VSOCK_SHUTDOWN_SEND

static uint64_t open_connections(void) {
        fake_guest_run(&g);
        return g.device.n;
}

static void expect_text(int fd, const char *text) {
        char buf[256] = {0};

        fake_guest_run(&g);
        assert_int_equal(recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT), strlen(text));
        assert_string_equal(buf, text);
}

static void expect_end(int fd) {
        char byte;

        fake_guest_run(&g);
        assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
}

static void the_guest_connects_and_bytes_go_both_ways(void **state) {
        int fd = fake_guest_open(&g, 1000, 77);
        struct vsock_packet p;
        char payload[FAKE_BUFFER];

        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 1000, 77, 0, "hello", 5);
        expect_text(fd, "hello");
        assert_int_equal(send(fd, "world!", 6, 0), 6);
        assert_true(fake_guest_receive(&g, &p, payload));
        assert_int_equal(p.op, VIRTIO_VSOCK_OP_RW);
        assert_int_equal(p.src_cid, VSOCK_CID_HOST);
        assert_int_equal(p.dst_cid, FAKE_CID);
        assert_int_equal(p.src_port, 77);
        assert_int_equal(p.dst_port, 1000);
        assert_int_equal(p.len, 6);
        assert_memory_equal(payload, "world!", 6);
        assert_int_equal(p.fwd_cnt, 5);
        close(fd);
}

static void nobody_listening_is_a_reset(void **state) {
        fake_guest_send(&g, VIRTIO_VSOCK_OP_REQUEST, 1000, 78, 0, NULL, 0);
        fake_guest_expect(&g, VIRTIO_VSOCK_OP_RST);
        assert_int_equal(open_connections(), 0);
}

static void a_host_program_connects_by_line(void **state) {
        int fd = fake_guest_connect(&g);
        struct vsock_packet p;
        char line[32];

        /* In pieces, and with the first bytes of the stream right behind. */
        assert_int_equal(send(fd, "CONN", 4, 0), 4);
        assert_false(fake_guest_receive(&g, &p, NULL));
        assert_int_equal(send(fd, "ECT 5000\nearly", 14, 0), 14);
        p = fake_guest_expect(&g, VIRTIO_VSOCK_OP_REQUEST);
        assert_int_equal(p.dst_port, 5000);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RESPONSE, 5000, p.src_port, 0, NULL, 0);
        snprintf(line, sizeof(line), "OK %u\n", p.src_port);
        expect_text(fd, line);
        p = fake_guest_expect(&g, VIRTIO_VSOCK_OP_RW);
        assert_int_equal(p.len, 5);
        close(fd);
}

static void a_guest_that_refuses_is_end_of_file(void **state) {
        int fd = fake_guest_connect(&g);
        struct vsock_packet p;

        assert_int_equal(send(fd, "CONNECT 5000\n", 13, 0), 13);
        p = fake_guest_expect(&g, VIRTIO_VSOCK_OP_REQUEST);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RST, 5000, p.src_port, 0, NULL, 0);
        expect_end(fd);
        assert_int_equal(open_connections(), 0);
        close(fd);
}

static void a_wrong_line_is_end_of_file(void **state) {
        static const char *const lines[] = {"GET / HTTP/1.1\n",
                                            "CONNECT \n",
                                            "CONNECT 4294967296\n",
                                            "CONNECT -1\n",
                                            "CONNECT 5000 now\n",
                                            "connect 5000\n",
                                            "CONNECT 5000and so on without end of line, and on"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(lines); i++) {
                int fd = fake_guest_connect(&g);

                assert_int_equal(send(fd, lines[i], strlen(lines[i]), MSG_NOSIGNAL), strlen(lines[i]));
                fake_guest_run(&g);
                assert_int_equal(open_connections(), 0);
                close(fd);
        }
}

static void a_half_closed_host_is_told_as_such_and_a_full_close_after_it(void **state) {
        int fd = fake_guest_open(&g, 1000, 79);
        struct vsock_packet p;

        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        p = fake_guest_expect(&g, VIRTIO_VSOCK_OP_SHUTDOWN);
        assert_int_equal(p.flags, SEND);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 1000, 79, 0, "still", 5);
        expect_text(fd, "still");
        close(fd);
        p = fake_guest_expect(&g, VIRTIO_VSOCK_OP_SHUTDOWN);
        assert_int_equal(p.flags, SEND | RCV);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RST, 1000, 79, 0, NULL, 0);
        assert_int_equal(open_connections(), 0);
}

static void a_closed_host_is_told_as_a_full_close_behind_its_last_bytes(void **state) {
        int fd = fake_guest_open(&g, 1000, 80);
        struct vsock_packet p;

        assert_int_equal(send(fd, "bye", 3, 0), 3);
        close(fd);
        p = fake_guest_expect(&g, VIRTIO_VSOCK_OP_RW);
        assert_int_equal(p.len, 3);
        p = fake_guest_expect(&g, VIRTIO_VSOCK_OP_SHUTDOWN);
        assert_int_equal(p.flags, SEND | RCV);
        /* Data on its way meanwhile is no violation. */
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 1000, 80, 0, "late", 4);
        assert_false(fake_guest_receive(&g, &p, NULL));
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RST, 1000, 80, 0, NULL, 0);
        assert_int_equal(open_connections(), 0);
        assert_int_equal(g.device.counters.violations, 0);
}

static void a_half_closed_guest_ends_the_host_stream_behind_its_bytes(void **state) {
        int fd = fake_guest_open(&g, 1000, 81);
        struct vsock_packet p;

        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 1000, 81, 0, "last", 4);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_SHUTDOWN, 1000, 81, SEND, NULL, 0);
        expect_text(fd, "last");
        expect_end(fd);
        assert_int_equal(send(fd, "answer", 6, 0), 6);
        p = fake_guest_expect(&g, VIRTIO_VSOCK_OP_RW);
        assert_int_equal(p.len, 6);
        close(fd);
        p = fake_guest_expect(&g, VIRTIO_VSOCK_OP_SHUTDOWN);
        assert_int_equal(p.flags, SEND | RCV);
}

static void a_guest_that_reads_no_more_breaks_the_hosts_pipe(void **state) {
        int fd = fake_guest_open(&g, 1000, 82);

        fake_guest_send(&g, VIRTIO_VSOCK_OP_SHUTDOWN, 1000, 82, RCV, NULL, 0);
        assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), -1);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 1000, 82, 0, "more", 4);
        expect_text(fd, "more");
        close(fd);
}

static void a_guest_that_closes_is_answered_and_its_bytes_arrive_all_the_same(void **state) {
        static char block[FAKE_BUFFER * 15];
        int fd = fake_guest_open(&g, 1000, 83);
        size_t sent = 0, got = 0;
        ssize_t n;

        memset(block, 'x', sizeof(block));
        for (int i = 0; i < 4; i++, sent += sizeof(block))
                fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 1000, 83, 0, block, sizeof(block));
        assert_int_equal(send(fd, "unread", 6, 0), 6);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_SHUTDOWN, 1000, 83, SEND | RCV, NULL, 0);
        while (1) {
                struct vsock_packet p;

                assert_true(fake_guest_receive(&g, &p, NULL));
                if (p.op == VIRTIO_VSOCK_OP_RST)
                        break;
        }
        for (;;) {
                fake_guest_run(&g);
                n = recv(fd, block, sizeof(block), MSG_DONTWAIT);
                if (n <= 0)
                        break;
                got += (size_t)n;
        }
        assert_int_equal(n, 0); /* an end, not ECONNRESET, though the guest never read `unread' */
        assert_int_equal(got, sent);
        assert_int_equal(open_connections(), 0);
        close(fd);
}

static void the_hosts_data_waits_for_the_guests_window(void **state) {
        static char block[100000];
        struct vsock_packet p;
        uint32_t got = 0;
        int fd;

        g.window = 10000;
        fd = fake_guest_open(&g, 1000, 84);
        assert_true(send(fd, block, sizeof(block), MSG_DONTWAIT) == sizeof(block));
        while (fake_guest_receive(&g, &p, NULL))
                got += p.len;
        assert_int_equal(got, 10000);
        g.taken = 6000;
        fake_guest_send(&g, VIRTIO_VSOCK_OP_CREDIT_UPDATE, 1000, 84, 0, NULL, 0);
        while (fake_guest_receive(&g, &p, NULL))
                got += p.len;
        assert_int_equal(got, 16000);
        /* A host that hangs up behind a shut window costs nothing: the device is idle. */
        close(fd);
        fake_guest_run(&g);
        assert_false(vsock_device_busy(&g.device));
        /* What a guest says of bytes it cannot have taken gives it no window. */
        g.taken = 999999;
        fake_guest_send(&g, VIRTIO_VSOCK_OP_CREDIT_UPDATE, 1000, 84, 0, NULL, 0);
        assert_false(fake_guest_receive(&g, &p, NULL));
}

static void the_guests_data_waits_for_a_slow_host_and_its_window_opens_again(void **state) {
        static char block[65536], got[65536];
        int fd = fake_guest_open(&g, 1000, 85);
        struct vsock_packet p = {0};
        uint32_t sent = 0, on_the_way, taken = 0;
        size_t read_all = 0;

        do {
                while (fake_guest_receive(&g, &p, NULL))
                        taken = p.fwd_cnt;
                on_the_way = sent - taken;
                if (on_the_way + sizeof(block) > VSOCK_WINDOW)
                        break;
                for (size_t i = 0; i < sizeof(block); i++)
                        block[i] = (char)((sent + i) * 31 >> 3);
                fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 1000, 85, 0, block, sizeof(block));
                sent += sizeof(block);
        } while (1);
        assert_true(sent >= VSOCK_WINDOW);
        while (read_all < sent) {
                ssize_t n = recv(fd, got, sizeof(got), MSG_DONTWAIT);

                assert_true(n > 0);
                for (size_t i = 0; i < (size_t)n; i++)
                        assert_int_equal(got[i], (char)((read_all + i) * 31 >> 3));
                read_all += (size_t)n;
                fake_guest_run(&g);
        }
        while (fake_guest_receive(&g, &p, NULL))
                taken = p.fwd_cnt;
        assert_true(VSOCK_WINDOW - (sent - taken) >= VSOCK_WINDOW / 2);
        close(fd);
}

/* Newer kernels send no more than they would take, whatever the window. */
static void a_guest_of_a_small_window_is_told_when_half_of_it_is_taken(void **state) {
        static char block[65536];
        int fd;

        g.window = 2 * sizeof(block);
        fd = fake_guest_open(&g, 1000, 96);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 1000, 96, 0, block, sizeof(block));
        assert_int_equal(fake_guest_expect(&g, VIRTIO_VSOCK_OP_CREDIT_UPDATE).fwd_cnt, sizeof(block));
        close(fd);
}

static void a_guest_that_sends_much_is_told_of_it_once_and_in_a_moment(void **state) {
        static char block[65536];
        const uint32_t queue[2] = {VSOCK_TX, 0};
        int fd = fake_guest_open(&g, 1000, 97);
        uint64_t interrupts;

        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 1000, 97, 0, block, sizeof(block));
        while (read(g.call[VSOCK_TX], &interrupts, sizeof(interrupts)) > 0)
                continue;
        for (unsigned i = 1; i <= 3; i++) {
                fake_guest_offer(&g, VSOCK_TX, 0); /* the same packet again */
                vsock_device_step(&g.device, 0);
                assert_int_equal(vsock_queue_untold(&g.device.front_end.queues[VSOCK_TX]), i);
                assert_true(vsock_device_busy(&g.device));
        }
        assert_true(read(g.call[VSOCK_TX], &interrupts, sizeof(interrupts)) < 0);
        fake_guest_run(&g);
        assert_int_equal(read(g.call[VSOCK_TX], &interrupts, sizeof(interrupts)), sizeof(interrupts));
        assert_int_equal(interrupts, 1);
        assert_int_equal(fake_guest_used(&g, VSOCK_TX)->flags, 0); /* and it tells of its next packet */
        /* One that is paused in between is told before. */
        fake_guest_offer(&g, VSOCK_TX, 0);
        vsock_device_step(&g.device, 0);
        fake_guest_message(&g, VHOST_GET_VRING_BASE, VHOST_VERSION, queue, sizeof(queue), NULL, 0);
        fake_guest_answer(&g);
        assert_int_equal(read(g.call[VSOCK_TX], &interrupts, sizeof(interrupts)), sizeof(interrupts));
        fake_guest_run(&g);
        assert_false(vsock_device_busy(&g.device));
        close(fd);
}

static void a_guest_that_overruns_its_window_is_reset(void **state) {
        static char block[65536];
        int fd = fake_guest_open(&g, 1000, 86);
        struct vsock_packet p = {0};

        for (int i = 0; i < 64 && p.op != VIRTIO_VSOCK_OP_RST; i++) {
                fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 1000, 86, 0, block, sizeof(block));
                while (fake_guest_receive(&g, &p, NULL) && p.op != VIRTIO_VSOCK_OP_RST)
                        continue;
        }
        assert_int_equal(p.op, VIRTIO_VSOCK_OP_RST);
        assert_int_equal(g.device.counters.violations, 1);
        close(fd);
        assert_int_equal(open_connections(), 0);
}

static void a_host_that_stops_reading_is_told_to_the_guest(void **state) {
        int fd = fake_guest_open(&g, 1000, 87);
        struct vsock_packet p;

        assert_int_equal(shutdown(fd, SHUT_RD), 0);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RW, 1000, 87, 0, "lost", 4);
        p = fake_guest_expect(&g, VIRTIO_VSOCK_OP_SHUTDOWN);
        assert_int_equal(p.flags, RCV);
        assert_int_equal(send(fd, "kept", 4, 0), 4);
        p = fake_guest_expect(&g, VIRTIO_VSOCK_OP_RW);
        assert_int_equal(p.len, 4);
        close(fd);
}

static void a_full_backlog_is_tried_again(void **state) {
        int listener = fake_guest_listen(&g, 88, 0), first, fd;
        struct vsock_packet p;

        fake_guest_send(&g, VIRTIO_VSOCK_OP_REQUEST, 1, 88, 0, NULL, 0);
        fake_guest_expect(&g, VIRTIO_VSOCK_OP_RESPONSE);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_REQUEST, 2, 88, 0, NULL, 0);
        assert_false(fake_guest_receive(&g, &p, NULL));
        assert_int_equal(g.device.n_connecting, 1);
        first = accept(listener, NULL, NULL);
        while (g.device.n_connecting)
                vsock_device_step(&g.device, -1);
        fake_guest_expect(&g, VIRTIO_VSOCK_OP_RESPONSE);
        fd = accept(listener, NULL, NULL);
        assert_true(first >= 0 && fd >= 0);
        /* One that gives up before is forgotten. */
        fake_guest_send(&g, VIRTIO_VSOCK_OP_REQUEST, 3, 88, 0, NULL, 0);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_REQUEST, 4, 88, 0, NULL, 0);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_RST, 4, 88, 0, NULL, 0);
        assert_int_equal(g.device.n_connecting, 0);
        close(first);
        close(fd);
        close(listener);
}

static void packets_of_nobody_are_reset_and_resets_are_not(void **state) {
        struct vsock_packet p = {.src_cid = FAKE_CID,
                                 .dst_cid = VSOCK_CID_HOST,
                                 .src_port = 5,
                                 .dst_port = 6,
                                 .type = VIRTIO_VSOCK_TYPE_STREAM,
                                 .op = VIRTIO_VSOCK_OP_RST},
                            got;

        fake_guest_send_packet(&g, &p, NULL, 0);
        assert_false(fake_guest_receive(&g, &got, NULL));
        p.op = VIRTIO_VSOCK_OP_CREDIT_UPDATE;
        fake_guest_send_packet(&g, &p, NULL, 0);
        got = fake_guest_expect(&g, VIRTIO_VSOCK_OP_RST);
        assert_int_equal(got.dst_port, 5);
        p.type = 7;
        fake_guest_send_packet(&g, &p, NULL, 0);
        got = fake_guest_expect(&g, VIRTIO_VSOCK_OP_RST);
        assert_int_equal(got.type, 7);
        p.type = VIRTIO_VSOCK_TYPE_STREAM;
        p.dst_cid = 99;
        fake_guest_send_packet(&g, &p, NULL, 0);
        got = fake_guest_expect(&g, VIRTIO_VSOCK_OP_RST);
        assert_int_equal(got.src_cid, 99);
        p.src_cid = 4; /* somebody else's address: no answer */
        fake_guest_send_packet(&g, &p, NULL, 0);
        assert_false(fake_guest_receive(&g, &got, NULL));
}

static void answers_that_find_no_room_hold_the_questions_back(void **state) {
        struct vsock_packet got;
        unsigned resets = 0;

        g.refill = false;
        for (uint32_t i = 0; i < VSOCK_RESETS + FAKE_RING; i++)
                fake_guest_send(&g, VIRTIO_VSOCK_OP_CREDIT_UPDATE, i, 1, 0, NULL, 0);
        assert_int_equal(g.device.n_resets, VSOCK_RESETS);
        /* The packet memory is one place, so the last question counts for all that wait. */
        while (fake_guest_receive(&g, &got, NULL) || g.posted[VSOCK_RX] == g.seen[VSOCK_RX]) {
                if (g.posted[VSOCK_RX] == g.seen[VSOCK_RX])
                        fake_guest_post_buffer(&g);
                if (resets++ > 2 * VSOCK_RESETS)
                        break;
        }
        assert_int_equal(g.device.n_resets, 0);
        assert_int_equal(fake_guest_used(&g, VSOCK_TX)->idx, VSOCK_RESETS + FAKE_RING);
}

static void one_connection_too_many_is_reset(void **state) {
        int fds[2], third;

        fake_guest_deinit(&g);
        fake_guest_init(&g, true, 2);
        fds[0] = fake_guest_open(&g, 1, 90);
        fds[1] = fake_guest_open(&g, 2, 91);
        third = fake_guest_listen(&g, 92, 8);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_REQUEST, 3, 92, 0, NULL, 0);
        fake_guest_expect(&g, VIRTIO_VSOCK_OP_RST);
        close(fds[0]);
        close(fds[1]);
        close(third);
}

static void many_streams_take_turns(void **state) {
        enum { N = 100 };
        int fds[N];
        unsigned got[N] = {0};
        struct vsock_packet p;

        for (uint32_t i = 0; i < N; i++)
                fds[i] = fake_guest_open(&g, 1000 + i, 2000 + i);
        for (int round = 0; round < 3; round++)
                for (unsigned i = 0; i < N; i++)
                        assert_int_equal(send(fds[i], &i, sizeof(i), 0), sizeof(i));
        for (;;) {
                unsigned value;
                char payload[FAKE_BUFFER];

                if (!fake_guest_receive(&g, &p, payload))
                        break;
                memcpy(&value, payload, sizeof(value));
                assert_int_equal(p.src_port, 2000 + value);
                got[value] += p.len;
        }
        for (unsigned i = 0; i < N; i++) {
                assert_int_equal(got[i], 3 * sizeof(i));
                close(fds[i]);
        }
        while (fake_guest_receive(&g, &p, NULL)) {
                assert_int_equal(p.op, VIRTIO_VSOCK_OP_SHUTDOWN);
                fake_guest_send(&g, VIRTIO_VSOCK_OP_RST, p.dst_port, p.src_port, 0, NULL, 0);
        }
        assert_int_equal(open_connections(), 0);
}

static void a_guest_that_starts_over_loses_its_streams_and_a_paused_one_does_not(void **state) {
        int fd = fake_guest_open(&g, 1000, 93);
        uint32_t body[2] = {VSOCK_TX, 0};
        uint64_t answer;

        fake_guest_message(&g, VHOST_GET_VRING_BASE, VHOST_VERSION, body, sizeof(body), NULL, 0);
        answer = fake_guest_answer(&g);
        body[1] = (uint32_t)(answer >> 32);
        assert_int_equal(body[1], fake_guest_avail(&g, VSOCK_TX)->idx);
        assert_true(fake_guest_accepts(&g, VHOST_SET_VRING_BASE, body, sizeof(body), NULL, 0));
        assert_int_equal(open_connections(), 1);
        body[1] = 0;
        assert_true(fake_guest_accepts(&g, VHOST_SET_VRING_BASE, body, sizeof(body), NULL, 0));
        assert_int_equal(open_connections(), 0);
        expect_end(fd);
        close(fd);
}

static void a_front_end_that_goes_ends_every_stream(void **state) {
        int fd = fake_guest_open(&g, 1000, 94), late;
        uint64_t one = 1;

        close(g.socket);
        g.socket = -1;
        expect_end(fd);
        assert_int_equal(open_connections(), 0);
        /* The eventfd is still QEMU's too: it must not keep the device busy. */
        assert_int_equal(write(g.kick[VSOCK_TX], &one, sizeof(one)), sizeof(one));
        vsock_device_step(&g.device, 0);
        assert_int_equal(epoll_wait(g.device.epoll, &(struct epoll_event){0}, 1, 0), 0);
        late = fake_guest_connect(&g);
        assert_int_equal(send(late, "CONNECT 1\n", 10, 0), 10);
        expect_end(late);
        close(late);
        close(fd);
}

static void a_port_used_again_by_a_forgetful_guest_is_a_new_stream(void **state) {
        _cleanup_free_ char *path = hcs_asprintf("%s/v.sock_95", g.folder);
        int fd = fake_guest_open(&g, 1000, 95), listener;

        close(fd);
        fake_guest_expect(&g, VIRTIO_VSOCK_OP_SHUTDOWN);
        assert_int_equal(unlink(path), 0);
        listener = fake_guest_listen(&g, 95, 1);
        fake_guest_send(&g, VIRTIO_VSOCK_OP_REQUEST, 1000, 95, 0, NULL, 0);
        fake_guest_expect(&g, VIRTIO_VSOCK_OP_RESPONSE);
        assert_int_equal(open_connections(), 1);
        /* But not while it is open. */
        fake_guest_send(&g, VIRTIO_VSOCK_OP_REQUEST, 1000, 95, 0, NULL, 0);
        fake_guest_expect(&g, VIRTIO_VSOCK_OP_RST);
        assert_int_equal(open_connections(), 1);
        close(listener);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_guest_setup, fake_guest_teardown)

HCS_TESTS(T(the_guest_connects_and_bytes_go_both_ways), T(nobody_listening_is_a_reset),
          T(a_host_program_connects_by_line), T(a_guest_that_refuses_is_end_of_file), T(a_wrong_line_is_end_of_file),
          T(a_half_closed_host_is_told_as_such_and_a_full_close_after_it),
          T(a_closed_host_is_told_as_a_full_close_behind_its_last_bytes),
          T(a_half_closed_guest_ends_the_host_stream_behind_its_bytes),
          T(a_guest_that_reads_no_more_breaks_the_hosts_pipe),
          T(a_guest_that_closes_is_answered_and_its_bytes_arrive_all_the_same),
          T(the_hosts_data_waits_for_the_guests_window),
          T(the_guests_data_waits_for_a_slow_host_and_its_window_opens_again),
          T(a_guest_of_a_small_window_is_told_when_half_of_it_is_taken),
          T(a_guest_that_sends_much_is_told_of_it_once_and_in_a_moment), T(a_guest_that_overruns_its_window_is_reset),
          T(a_host_that_stops_reading_is_told_to_the_guest), T(a_full_backlog_is_tried_again),
          T(packets_of_nobody_are_reset_and_resets_are_not), T(answers_that_find_no_room_hold_the_questions_back),
          T(one_connection_too_many_is_reset), T(many_streams_take_turns),
          T(a_guest_that_starts_over_loses_its_streams_and_a_paused_one_does_not),
          T(a_front_end_that_goes_ends_every_stream), T(a_port_used_again_by_a_forgetful_guest_is_a_new_stream))
