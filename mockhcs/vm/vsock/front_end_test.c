/* SPDX-License-Identifier: MIT */

/* vhost-user messages as QEMU sends them, and as it should not. */

#include <fcntl.h>
#include <linux/virtio_config.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mockhcs/vm/test/guest_fixture.h"
#include "testing/hcs_test.h"

static int setup(void **state) {
        fake_guest_init(&g, false, 0);
        return 0;
}

static uint64_t ask(uint32_t request, const void *body, uint32_t size) {
        fake_guest_message(&g, request, VHOST_VERSION, body, size, NULL, 0);
        return fake_guest_answer(&g);
}

/* The device hangs up on what cannot be. */
static void expect_hang_up(void) {
        char byte;

        fake_guest_run(&g);
        assert_int_equal(recv(g.socket, &byte, 1, MSG_DONTWAIT), 0);
}

static void what_it_can_is_what_qemu_needs(void **state) {
        uint64_t features = ask(VHOST_GET_FEATURES, NULL, 0);

        assert_true(features & (1ull << VIRTIO_F_VERSION_1));
        assert_true(features & (1ull << VIRTIO_RING_F_EVENT_IDX));
        assert_true(features & VHOST_F_PROTOCOL_FEATURES);
        assert_int_equal(ask(VHOST_GET_PROTOCOL_FEATURES, NULL, 0) & 0x209, 0x209);
        assert_int_equal(ask(VHOST_GET_QUEUE_NUM, NULL, 0), 2);
        assert_int_equal(ask(VHOST_GET_MAX_MEM_SLOTS, NULL, 0), VSOCK_MEMORY_SLOTS);
}

static void the_configuration_is_the_cid(void **state) {
        struct {
                uint32_t offset, size, flags;
                uint8_t data[8];
        } body = {0, 8, 0, {0}};
        uint8_t answer[12 + 12 + 8];
        uint64_t cid;

        fake_guest_message(&g, VHOST_GET_CONFIG, VHOST_VERSION, &body, 20, NULL, 0);
        fake_guest_run(&g);
        assert_int_equal(recv(g.socket, answer, sizeof(answer), MSG_DONTWAIT), sizeof(answer));
        memcpy(&cid, answer + 24, sizeof(cid));
        assert_int_equal(cid, FAKE_CID);
}

static void a_configuration_beyond_its_end_is_refused(void **state) {
        const uint32_t body[5] = {4, 8};

        fake_guest_message(&g, VHOST_GET_CONFIG, VHOST_VERSION, body, sizeof(body), NULL, 0);
        expect_hang_up();
}

static void messages_come_in_any_pieces(void **state) {
        const uint32_t header[3] = {VHOST_GET_QUEUE_NUM, VHOST_VERSION, 0};

        for (size_t i = 0; i < sizeof(header); i++) {
                assert_int_equal(send(g.socket, (const char *)header + i, 1, 0), 1);
                fake_guest_run(&g);
        }
        assert_int_equal(fake_guest_answer(&g), 2);
}

static void wrong_headers_are_hung_up_on(void **state) {
        static const uint32_t headers[][3] = {{VHOST_GET_FEATURES, 0, 0},
                                              {VHOST_GET_FEATURES, 2, 0},
                                              {VHOST_GET_FEATURES, 1, VHOST_BODY_MAX + 1},
                                              {VHOST_GET_FEATURES, 1, UINT32_MAX},
                                              {999, 1, 0}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(headers); i++) {
                assert_int_equal(send(g.socket, headers[i], sizeof(headers[i]), 0), sizeof(headers[i]));
                expect_hang_up();
                fake_guest_deinit(&g);
                fake_guest_init(&g, false, 0);
        }
}

/* Every request, with a body of every length from nothing to what it needs and beyond: refused or taken, no harm. */
static void short_bodies_are_refused(void **state) {
        static const uint32_t requests[] = {VHOST_SET_MEM_TABLE,  VHOST_SET_VRING_NUM,    VHOST_SET_VRING_ADDR,
                                            VHOST_SET_VRING_BASE, VHOST_SET_VRING_ENABLE, VHOST_SET_VRING_KICK,
                                            VHOST_SET_VRING_CALL, VHOST_SET_VRING_ERR,    VHOST_ADD_MEM_REG,
                                            VHOST_REM_MEM_REG,    VHOST_SET_CONFIG};
        uint8_t body[64];

        memset(body, 0xff, sizeof(body));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(requests); i++)
                for (uint32_t size = 0; size <= sizeof(body); size += 4)
                        assert_false(fake_guest_accepts(&g, requests[i], body, size, NULL, 0));
}

static void wrong_rings_are_refused(void **state) {
        static const uint32_t sizes[] = {0, 3, 2 * VSOCK_QUEUE_MAX, UINT32_MAX};
        uint32_t body[10] = {2, 16};

        assert_false(fake_guest_accepts(&g, VHOST_SET_VRING_NUM, body, 8, NULL, 0)); /* no third queue */
        body[0] = VSOCK_RX;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(sizes); i++) {
                body[1] = sizes[i];
                assert_false(fake_guest_accepts(&g, VHOST_SET_VRING_NUM, body, 8, NULL, 0));
        }
        body[1] = 16;
        assert_true(fake_guest_accepts(&g, VHOST_SET_VRING_NUM, body, 8, NULL, 0));
        /* Where no memory is. */
        assert_false(fake_guest_accepts(&g, VHOST_SET_VRING_ADDR, body, 40, NULL, 0));
}

static void a_running_ring_keeps_its_size(void **state) {
        const uint32_t body[2] = {VSOCK_RX, 32};

        assert_false(fake_guest_accepts(&g, VHOST_SET_VRING_NUM, body, sizeof(body), NULL, 0));
}

static void memory_needs_its_descriptors(void **state) {
        struct {
                uint32_t n, padding;
                uint64_t region[8][4];
        } table = {1, 0, {{0, FAKE_MEMORY, FAKE_USER, 0}}};
        int fds[2] = {g.memory_fd, g.memory_fd};

        assert_false(fake_guest_accepts(&g, VHOST_SET_MEM_TABLE, &table, 40, NULL, 0));
        assert_true(fake_guest_accepts(&g, VHOST_SET_MEM_TABLE, &table, 40, fds, 2)); /* one too many is closed */
        table.n = 2;
        assert_false(fake_guest_accepts(&g, VHOST_SET_MEM_TABLE, &table, 40, fds, 2)); /* the second is not there */
        table.n = UINT32_MAX;
        assert_false(fake_guest_accepts(&g, VHOST_SET_MEM_TABLE, &table, sizeof(table), fds, 2));
        table.n = 9;
        assert_false(fake_guest_accepts(&g, VHOST_SET_MEM_TABLE, &table, sizeof(table), fds, 2));
}

static void regions_come_and_go(void **state) {
        uint64_t body[5] = {0, FAKE_MEMORY, 4096, FAKE_USER + FAKE_MEMORY, 0};
        uint64_t len;

        assert_true(fake_guest_accepts(&g, VHOST_ADD_MEM_REG, body, sizeof(body), &g.memory_fd, 1));
        assert_non_null(vsock_memory_at(&g.device.front_end.memory, FAKE_MEMORY, 1, true, &len));
        assert_false(fake_guest_accepts(&g, VHOST_ADD_MEM_REG, body, sizeof(body), &g.memory_fd, 1));
        assert_true(fake_guest_accepts(&g, VHOST_REM_MEM_REG, body, sizeof(body), NULL, 0));
        assert_null(vsock_memory_at(&g.device.front_end.memory, FAKE_MEMORY, 1, true, &len));
        /* The rings go on in what is left. */
        assert_true(vsock_front_end_running(&g.device.front_end));
}

static void rings_stop_with_their_memory(void **state) {
        const uint64_t body[5] = {0, 0, FAKE_MEMORY, FAKE_USER, 0};

        assert_true(fake_guest_accepts(&g, VHOST_REM_MEM_REG, body, sizeof(body), NULL, 0));
        assert_false(vsock_front_end_running(&g.device.front_end));
        fake_guest_run(&g);
}

/* QEMU takes its device out and makes another on the same socket. */
static void another_owner_begins_with_nothing(void **state) {
        const uint64_t body[5] = {0, 0, FAKE_MEMORY, FAKE_USER, 0};

        fake_guest_message(&g, VHOST_SET_OWNER, VHOST_VERSION, NULL, 0, NULL, 0);
        fake_guest_run(&g);
        assert_false(vsock_front_end_running(&g.device.front_end));
        assert_true(fake_guest_accepts(&g, VHOST_ADD_MEM_REG, body, sizeof(body), &g.memory_fd, 1));
        assert_false(vsock_front_end_running(&g.device.front_end));
        for (unsigned q = 0; q < VSOCK_QUEUES; q++)
                fake_guest_setup_ring(&g, q);
        fake_guest_run(&g);
        assert_true(vsock_front_end_running(&g.device.front_end));
}

static void features_that_were_not_offered_are_refused(void **state) {
        const uint64_t wanted = 1ull << VIRTIO_F_RING_PACKED;

        assert_false(fake_guest_accepts(&g, VHOST_SET_FEATURES, &wanted, sizeof(wanted), NULL, 0));
}

static unsigned open_descriptors(void) {
        unsigned n = 0;

        for (int fd = 0; fd < 256; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

static void no_descriptor_is_lost(void **state) {
        int fds[12];
        unsigned before;
        uint64_t value = 0;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(fds); i++)
                fds[i] = g.memory_fd;
        before = open_descriptors();
        fake_guest_accepts(&g, VHOST_SET_FEATURES, &value, sizeof(value), fds, 12);
        fake_guest_accepts(&g, 999, &value, sizeof(value), fds, 3);
        value = 77;
        fake_guest_accepts(&g, VHOST_SET_VRING_CALL, &value, sizeof(value), fds, 2);
        value = 0;
        fake_guest_accepts(&g, VHOST_SET_VRING_ERR, &value, sizeof(value), fds, 1);
        fake_guest_accepts(&g, VHOST_SET_VRING_ERR, &value, sizeof(value), fds, 1);
        value = 0x100;
        fake_guest_accepts(&g, VHOST_SET_VRING_ERR, &value, sizeof(value), fds, 1);
        assert_int_equal(open_descriptors(), before);
}

static void a_device_is_its_thread_and_its_socket(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *path = hcs_asprintf("%s/v.sock", folder);
        struct vsock_device *d = NULL, *again = NULL;
        struct hcs_error *err = NULL;
        struct vsock_stats stats;
        unsigned before = open_descriptors();
        int sockets[2], more[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
        assert_ok(vsock_device_new(&(struct vsock_device_options){folder, 3, sockets[1], 0}, &d, &err), err);
        assert_int_equal(access(path, F_OK), 0);
        vsock_device_stats(d, &stats);
        assert_false(stats.running);
        /* A second one in the same place is refused and takes nothing away. */
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, more), 0);
        assert_true(FAILED(vsock_device_new(&(struct vsock_device_options){folder, 3, more[1], 0}, &again, &err)));
        assert_non_null(strstr(hcs_error_message(err), path));
        err = hcs_error_free(err);
        assert_int_equal(access(path, F_OK), 0);
        vsock_device_free(d);
        assert_int_equal(access(path, F_OK), -1);
        close(sockets[0]);
        close(more[0]);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, more), 0);
        assert_hresult(vsock_device_new(&(struct vsock_device_options){folder, 2, more[1], 0}, &again, NULL),
                       E_INVALIDARG);
        close(more[0]);
        assert_int_equal(open_descriptors(), before);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, fake_guest_teardown)
#define R(name) cmocka_unit_test_setup_teardown(name, fake_guest_setup, fake_guest_teardown)

HCS_TESTS(T(what_it_can_is_what_qemu_needs), T(the_configuration_is_the_cid),
          T(a_configuration_beyond_its_end_is_refused), T(messages_come_in_any_pieces), T(wrong_headers_are_hung_up_on),
          T(short_bodies_are_refused), T(wrong_rings_are_refused), R(a_running_ring_keeps_its_size),
          T(memory_needs_its_descriptors), R(regions_come_and_go), R(rings_stop_with_their_memory),
          R(another_owner_begins_with_nothing), T(features_that_were_not_offered_are_refused), R(no_descriptor_is_lost),
          cmocka_unit_test(a_device_is_its_thread_and_its_socket))
