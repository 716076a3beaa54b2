/* SPDX-License-Identifier: MIT */

/* Chains that a hostile guest could write into its rings, and the few that are fine. */

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mockhcs/vm/test/guest_fixture.h"
#include "testing/hcs_test.h"

static struct vsock_queue *q;

static int setup(void **state) {
        fake_guest_setup(state);
        q = &g.device.front_end.queues[VSOCK_TX];
        return 0;
}

static struct vring_desc *desc(uint16_t i) {
        return &fake_guest_desc(&g, VSOCK_TX)[i];
}

static HRESULT pop(uint16_t head, struct vsock_chain *c, struct hcs_error **err) {
        fake_guest_offer(&g, VSOCK_TX, head);
        return vsock_queue_pop(q, &g.device.front_end.memory, c, err);
}

static void expect_broken(uint16_t head, const char *words) {
        struct hcs_error *err = NULL;
        struct vsock_chain c;

        assert_hresult(pop(head, &c, &err), E_INVALIDARG);
        assert_non_null(strstr(hcs_error_message(err), words));
        hcs_error_free(err);
        assert_true(q->broken);
        assert_hresult(vsock_queue_pop(q, &g.device.front_end.memory, &c, NULL), E_INVALIDARG);
}

static void a_chain_comes_out_in_pieces_readable_first(void **state) {
        struct hcs_error *err = NULL;
        struct vsock_chain c;

        *desc(0) = (struct vring_desc){0x100000, 10, VRING_DESC_F_NEXT, 3};
        *desc(3) = (struct vring_desc){0x100100, 20, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1};
        *desc(1) = (struct vring_desc){0x100200, 30, VRING_DESC_F_WRITE, 0};
        assert_ok(pop(0, &c, &err), err);
        assert_int_equal(c.n_read, 1);
        assert_int_equal(c.n_write, 2);
        assert_int_equal(c.read_len, 10);
        assert_int_equal(c.write_len, 50);
        assert_hresult(vsock_queue_pop(q, &g.device.front_end.memory, &c, &err), S_FALSE);
        vsock_queue_unpop(q);
        assert_ok(vsock_queue_pop(q, &g.device.front_end.memory, &c, &err), err);
        assert_int_equal(c.read_len, 10);
}

static void an_indirect_table_is_a_chain(void **state) {
        struct vring_desc *table = (void *)(g.memory + 0x180000);
        struct hcs_error *err = NULL;
        struct vsock_chain c;

        table[0] = (struct vring_desc){0x100000, 44, VRING_DESC_F_NEXT, 1};
        table[1] = (struct vring_desc){0x101000, 4096, 0, 0};
        *desc(0) = (struct vring_desc){0x180000, 32, VRING_DESC_F_INDIRECT, 0};
        assert_ok(pop(0, &c, &err), err);
        assert_int_equal(c.n_read, 2);
        assert_int_equal(c.read_len, 4140);
}

static void a_loop_breaks_the_queue(void **state) {
        *desc(0) = (struct vring_desc){0x100000, 1, VRING_DESC_F_NEXT, 1};
        *desc(1) = (struct vring_desc){0x100000, 1, VRING_DESC_F_NEXT, 0};
        expect_broken(0, "a loop in a chain");
}

static void a_loop_in_an_indirect_table_breaks_the_queue(void **state) {
        struct vring_desc *table = (void *)(g.memory + 0x180000);

        table[0] = (struct vring_desc){0x100000, 1, VRING_DESC_F_NEXT, 0};
        *desc(0) = (struct vring_desc){0x180000, 16, VRING_DESC_F_INDIRECT, 0};
        expect_broken(0, "a loop in an indirect table");
}

static void wrong_indirect_tables_break_the_queue(void **state) {
        static const struct {
                struct vring_desc entry, inside;
                const char *words;
        } cases[] = {
                {{0x180000, 0, VRING_DESC_F_INDIRECT, 0}, {0}, "wrong length"},
                {{0x180000, 17, VRING_DESC_F_INDIRECT, 0}, {0}, "wrong length"},
                {{0x180000, 16u << 20, VRING_DESC_F_INDIRECT, 0}, {0}, "wrong length"},
                {{0x180000, 16, VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT, 1}, {0}, "in the middle"},
                {{0x180000, 16, VRING_DESC_F_INDIRECT, 0}, {0x180000, 16, VRING_DESC_F_INDIRECT, 0}, "in an indirect"},
                {{0x180000, 16, VRING_DESC_F_INDIRECT, 0}, {0x100000, 1, VRING_DESC_F_NEXT, 9}, "outside of its"},
                {{FAKE_MEMORY - 8, 16, VRING_DESC_F_INDIRECT, 0}, {0}, "outside of memory"},
                {{UINT64_MAX - 4, 16, VRING_DESC_F_INDIRECT, 0}, {0}, "outside of memory"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                *(struct vring_desc *)(void *)(g.memory + 0x180000) = cases[i].inside;
                *desc(0) = cases[i].entry;
                expect_broken(0, cases[i].words);
                q->broken = false;
                q->next_avail = fake_guest_avail(&g, VSOCK_TX)->idx;
        }
}

static void buffers_outside_of_memory_break_the_queue(void **state) {
        static const struct {
                uint64_t addr;
                uint32_t len;
                const char *words;
        } cases[] = {{FAKE_MEMORY, 1, "outside"},
                     {FAKE_MEMORY - 1, 2, "outside"},
                     {UINT64_MAX, 2, "beyond the end"},
                     {0, UINT32_MAX, "outside"},
                     {FAKE_USER, 1, "outside"}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                *desc(0) = (struct vring_desc){cases[i].addr, cases[i].len, 0, 0};
                expect_broken(0, cases[i].words);
                q->broken = false;
                q->next_avail = fake_guest_avail(&g, VSOCK_TX)->idx;
        }
}

static void wrong_rings_break_the_queue(void **state) {
        struct vring_avail *a = fake_guest_avail(&g, VSOCK_TX);

        expect_broken(FAKE_RING, "outside of the ring");
        q->broken = false;
        q->next_avail = a->idx;
        *desc(0) = (struct vring_desc){0x100000, 1, VRING_DESC_F_NEXT, FAKE_RING};
        expect_broken(0, "outside of the ring");
        q->broken = false;
        q->next_avail = a->idx;
        *desc(0) = (struct vring_desc){0x100000, 1, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1};
        *desc(1) = (struct vring_desc){0x100000, 1, 0, 0};
        expect_broken(0, "behind a writable one");
        q->broken = false;
        q->next_avail = a->idx;
        a->idx = (uint16_t)(a->idx + FAKE_RING);
        expect_broken(0, "more chains available");
}

static void too_many_buffers_break_the_queue(void **state) {
        struct vring_desc *table = (void *)(g.memory + 0x180000);

        for (uint16_t i = 0; i <= VSOCK_CHAIN_IOVS; i++)
                table[i] = (struct vring_desc){0x100000, 1, VRING_DESC_F_NEXT, (uint16_t)(i + 1)};
        *desc(0) = (struct vring_desc){0x180000, (VSOCK_CHAIN_IOVS + 2) * 16, VRING_DESC_F_INDIRECT, 0};
        expect_broken(0, "too many buffers");
}

static void a_broken_queue_is_told_and_ends_nothing_else(void **state) {
        int fd = fake_guest_open(&g, 1000, 70);
        uint32_t body[2] = {VSOCK_TX, 0};
        char byte;

        *desc(0) = (struct vring_desc){FAKE_MEMORY, 1, 0, 0};
        fake_guest_offer(&g, VSOCK_TX, 0);
        fake_guest_run(&g);
        assert_true(q->broken);
        assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
        /* The guest resets the device: both begin again. */
        fake_guest_message(&g, VHOST_GET_VRING_BASE, VHOST_VERSION, body, sizeof(body), NULL, 0);
        fake_guest_answer(&g);
        *fake_guest_avail(&g, VSOCK_TX) = (struct vring_avail){0};
        close(g.kick[VSOCK_TX]);
        close(g.call[VSOCK_TX]);
        fake_guest_setup_ring(&g, VSOCK_TX);
        assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
        close(fd);
        fd = fake_guest_open(&g, 1001, 71);
        close(fd);
}

static void memory_that_cannot_be_written_is_only_read(void **state) {
        _cleanup_free_ char *path = hcs_asprintf("/proc/self/fd/%d", g.memory_fd);
        struct vsock_memory m = {0};
        struct hcs_error *err = NULL;
        FILE *f = fopen(path, "r");
        uint64_t len;

        assert_non_null(f);
        assert_ok(vsock_memory_add(&m, 0x10000, 0x1000, 0x10000, 0, fileno(f), &err), err);
        assert_non_null(vsock_memory_at(&m, 0x10800, 0x1000, false, &len));
        assert_int_equal(len, 0x800);
        assert_null(vsock_memory_at(&m, 0x10800, 1, true, &len));
        assert_null(vsock_memory_at_user(&m, 0x10000, 8));
        vsock_memory_clear(&m);
        fclose(f);
}

static void a_buffer_may_cross_regions_that_touch(void **state) {
        struct vsock_memory m = {0};
        struct hcs_error *err = NULL;
        struct vsock_chain c;

        assert_ok(vsock_memory_add(&m, 0, 0x180000, FAKE_USER, 0, g.memory_fd, &err), err);
        assert_ok(vsock_memory_add(&m, 0x180000, 0x1000, 0x1000, 0x300000, g.memory_fd, &err), err);
        *desc(0) = (struct vring_desc){0x17fff0, 32, 0, 0};
        fake_guest_offer(&g, VSOCK_TX, 0);
        assert_ok(vsock_queue_pop(q, &m, &c, &err), err);
        assert_int_equal(c.n_read, 2);
        assert_int_equal(c.iov[0].iov_len, 16);
        assert_int_equal(c.read_len, 32);
        vsock_memory_clear(&m);
}

static void regions_that_cannot_be_are_refused(void **state) {
        struct vsock_memory m = {0};
        struct hcs_error *err = NULL;

        assert_hresult(vsock_memory_add(&m, 0, 0, 0, 0, g.memory_fd, NULL), E_INVALIDARG);
        assert_hresult(vsock_memory_add(&m, UINT64_MAX - 10, 100, 0, 0, g.memory_fd, NULL), E_INVALIDARG);
        assert_hresult(vsock_memory_add(&m, 0, 100, UINT64_MAX - 10, 0, g.memory_fd, NULL), E_INVALIDARG);
        assert_hresult(vsock_memory_add(&m, 0, 100, 0, UINT64_MAX - 10, g.memory_fd, NULL), E_INVALIDARG);
        assert_hresult(vsock_memory_add(&m, 0, FAKE_MEMORY + 1, 0, 0, g.memory_fd, &err), E_INVALIDARG);
        assert_non_null(strstr(hcs_error_message(err), "has 4194304 bytes, 4194305 needed"));
        err = hcs_error_free(err);
        assert_true(FAILED(vsock_memory_add(&m, 0, 100, 0, 0, -1, NULL)));
        assert_ok(vsock_memory_add(&m, 0x1000, 0x1000, 0, 0, g.memory_fd, &err), err);
        assert_hresult(vsock_memory_add(&m, 0x1fff, 0x1000, 0, 0, g.memory_fd, NULL), E_INVALIDARG);
        assert_hresult(vsock_memory_remove(&m, 0x1000, 0x1001, 0, NULL), E_INVALIDARG);
        assert_ok(vsock_memory_remove(&m, 0x1000, 0x1000, 0, &err), err);
        assert_int_equal(m.n, 0);
}

static void an_interrupt_comes_when_it_is_wanted(void **state) {
        struct vring_avail *a = fake_guest_avail(&g, VSOCK_TX);
        uint64_t count;

        (void)!read(g.call[VSOCK_TX], &count, sizeof(count));
        vsock_queue_push(q, 0, 0);
        vsock_queue_signal(q);
        assert_int_equal(read(g.call[VSOCK_TX], &count, sizeof(count)), sizeof(count));
        a->flags = VRING_AVAIL_F_NO_INTERRUPT;
        vsock_queue_push(q, 0, 0);
        vsock_queue_signal(q);
        assert_int_equal(read(g.call[VSOCK_TX], &count, sizeof(count)), -1);
        q->event_idx = true;
        a->ring[FAKE_RING] = (uint16_t)(q->next_used + 1); /* when the second from now is used */
        vsock_queue_push(q, 0, 0);
        vsock_queue_signal(q);
        assert_int_equal(read(g.call[VSOCK_TX], &count, sizeof(count)), -1);
        vsock_queue_push(q, 0, 0);
        vsock_queue_signal(q);
        assert_int_equal(read(g.call[VSOCK_TX], &count, sizeof(count)), sizeof(count));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, fake_guest_teardown)

HCS_TESTS(T(a_chain_comes_out_in_pieces_readable_first), T(an_indirect_table_is_a_chain), T(a_loop_breaks_the_queue),
          T(a_loop_in_an_indirect_table_breaks_the_queue), T(wrong_indirect_tables_break_the_queue),
          T(buffers_outside_of_memory_break_the_queue), T(wrong_rings_break_the_queue),
          T(too_many_buffers_break_the_queue), T(a_broken_queue_is_told_and_ends_nothing_else),
          T(memory_that_cannot_be_written_is_only_read), T(a_buffer_may_cross_regions_that_touch),
          T(regions_that_cannot_be_are_refused), T(an_interrupt_comes_when_it_is_wanted))
