/* SPDX-License-Identifier: MIT */

/* The guest of mockhcs/vm/test/fake_guest.h. */

#include "mockhcs/vm/test/fake_guest.h"

#include <linux/virtio_config.h>
#include <linux/virtio_vsock.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "testing/hcs_test.h"

#define RINGS 0x1000u /* each ring of each queue on a page of its own */

static uint64_t ring_at(unsigned queue, unsigned which) {
        return RINGS + (queue * 3u + which) * 0x1000u;
}

struct vring_desc *fake_guest_desc(struct fake_guest *g, unsigned queue) {
        return (void *)(g->memory + ring_at(queue, 0));
}

struct vring_avail *fake_guest_avail(struct fake_guest *g, unsigned queue) {
        return (void *)(g->memory + ring_at(queue, 1));
}

struct vring_used *fake_guest_used(struct fake_guest *g, unsigned queue) {
        return (void *)(g->memory + ring_at(queue, 2));
}

static void put32(uint8_t *p, uint32_t v) {
        memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v) {
        memcpy(p, &v, sizeof(v));
}

void fake_guest_message(struct fake_guest *g, uint32_t request, uint32_t flags, const void *body, uint32_t size,
                        const int *fds, unsigned n_fds) {
        uint32_t header[3] = {request, flags, size};
        struct iovec iov[2] = {{header, sizeof(header)}, {(void *)(uintptr_t)body, size}};
        union {
                char bytes[CMSG_SPACE(sizeof(int) * 16)];
                struct cmsghdr align;
        } control = {0};
        struct msghdr msg = {.msg_iov = iov, .msg_iovlen = size ? 2 : 1};

        if (n_fds) {
                struct cmsghdr *c;

                msg.msg_control = control.bytes;
                msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                c = CMSG_FIRSTHDR(&msg);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
        }
        assert_int_equal(sendmsg(g->socket, &msg, MSG_NOSIGNAL), sizeof(header) + size);
}

uint64_t fake_guest_answer(struct fake_guest *g) {
        uint8_t answer[12 + 256] = {0};
        uint64_t value;
        ssize_t n;

        fake_guest_run(g);
        n = recv(g->socket, answer, sizeof(answer), MSG_DONTWAIT);
        assert_true(n >= 12 + 8);
        memcpy(&value, answer + 12, sizeof(value));
        return value;
}

bool fake_guest_accepts(struct fake_guest *g, uint32_t request, const void *body, uint32_t size, const int *fds,
                        unsigned n_fds) {
        fake_guest_message(g, request, VHOST_VERSION | VHOST_NEED_REPLY, body, size, fds, n_fds);
        return fake_guest_answer(g) == 0;
}

static void set_u64(struct fake_guest *g, uint32_t request, uint64_t value) {
        assert_true(fake_guest_accepts(g, request, &value, sizeof(value), NULL, 0));
}

static void set_vring(struct fake_guest *g, uint32_t request, uint32_t queue, uint32_t value) {
        const uint32_t body[2] = {queue, value};

        assert_true(fake_guest_accepts(g, request, body, sizeof(body), NULL, 0));
}

void fake_guest_setup_ring(struct fake_guest *g, unsigned queue) {
        uint8_t address[40] = {0};
        uint64_t index = queue;

        g->kick[queue] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        g->call[queue] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        set_vring(g, VHOST_SET_VRING_NUM, queue, FAKE_RING);
        set_vring(g, VHOST_SET_VRING_BASE, queue, 0);
        put32(address, queue);
        put64(address + 8, FAKE_USER + ring_at(queue, 0));
        put64(address + 16, FAKE_USER + ring_at(queue, 2));
        put64(address + 24, FAKE_USER + ring_at(queue, 1));
        assert_true(fake_guest_accepts(g, VHOST_SET_VRING_ADDR, address, sizeof(address), NULL, 0));
        assert_true(fake_guest_accepts(g, VHOST_SET_VRING_CALL, &index, sizeof(index), &g->call[queue], 1));
        assert_true(fake_guest_accepts(g, VHOST_SET_VRING_KICK, &index, sizeof(index), &g->kick[queue], 1));
        set_vring(g, VHOST_SET_VRING_ENABLE, queue, 1);
}

void fake_guest_init(struct fake_guest *g, bool setup, unsigned max_connections) {
        uint8_t table[8 + 32] = {0};
        struct hcs_error *err = NULL;
        int sockets[2];

        *g = (struct fake_guest){
                .folder = hcs_test_tmpdir(), .kick = {-1, -1}, .call = {-1, -1}, .window = 65536, .refill = true};
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
        g->socket = sockets[0];
        assert_ok(vsock_device_init(&g->device,
                                    &(struct vsock_device_options){.folder = g->folder,
                                                                   .guest_cid = FAKE_CID,
                                                                   .front_end = sockets[1],
                                                                   .max_connections = max_connections},
                                    &err),
                  err);
        g->memory_fd = memfd_create("guest", MFD_CLOEXEC);
        assert_int_equal(ftruncate(g->memory_fd, FAKE_MEMORY), 0);
        g->memory = mmap(NULL, FAKE_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, g->memory_fd, 0);
        assert_true(g->memory != MAP_FAILED);
        if (!setup)
                return;
        set_u64(g, VHOST_SET_PROTOCOL_FEATURES, VHOST_PROTOCOL_REPLY_ACK | VHOST_PROTOCOL_CONFIG);
        set_u64(g, VHOST_SET_FEATURES,
                (1ull << VIRTIO_F_VERSION_1) | (1ull << VIRTIO_RING_F_INDIRECT_DESC) | VHOST_F_PROTOCOL_FEATURES);
        put32(table, 1);
        put64(table + 8, 0);
        put64(table + 16, FAKE_MEMORY);
        put64(table + 24, FAKE_USER);
        assert_true(fake_guest_accepts(g, VHOST_SET_MEM_TABLE, table, sizeof(table), &g->memory_fd, 1));
        fake_guest_setup_ring(g, VSOCK_RX);
        fake_guest_setup_ring(g, VSOCK_TX);
        for (unsigned i = 0; i < FAKE_RING; i++)
                fake_guest_post_buffer(g);
        fake_guest_run(g);
}

void fake_guest_deinit(struct fake_guest *g) {
        vsock_device_deinit(&g->device);
        munmap(g->memory, FAKE_MEMORY);
        close(g->memory_fd);
        if (g->socket >= 0)
                close(g->socket);
        for (unsigned i = 0; i < VSOCK_QUEUES; i++) {
                close(g->kick[i]);
                close(g->call[i]);
        }
        free(g->folder);
}

void fake_guest_run(struct fake_guest *g) {
        struct pollfd p = {.fd = g->device.epoll, .events = POLLIN};

        do
                vsock_device_step(&g->device, 0);
        while (vsock_device_busy(&g->device) || poll(&p, 1, 0) > 0);
}

void fake_guest_offer(struct fake_guest *g, unsigned queue, uint16_t head) {
        struct vring_avail *a = fake_guest_avail(g, queue);
        uint64_t one = 1;

        a->ring[a->idx % FAKE_RING] = head;
        __atomic_store_n(&a->idx, (uint16_t)(a->idx + 1), __ATOMIC_RELEASE);
        assert_int_equal(write(g->kick[queue], &one, sizeof(one)), sizeof(one));
}

/* Each buffer is an entry for the header and one for the payload, in turn of the ring. */
void fake_guest_post_buffer(struct fake_guest *g) {
        uint16_t i = (uint16_t)(g->posted[VSOCK_RX]++ % (FAKE_RING / 2)), head = (uint16_t)(i * 2);
        struct vring_desc *d = fake_guest_desc(g, VSOCK_RX);
        uint64_t at = FAKE_BUFFERS + i * (uint64_t)(FAKE_BUFFER + 64);

        if (g->posted[VSOCK_RX] - g->seen[VSOCK_RX] > FAKE_RING / 2) {
                g->posted[VSOCK_RX]--;
                return;
        }
        d[head] = (struct vring_desc){at, VSOCK_HEADER, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT, (uint16_t)(head + 1)};
        d[head + 1] = (struct vring_desc){at + 64, FAKE_BUFFER, VRING_DESC_F_WRITE, 0};
        fake_guest_offer(g, VSOCK_RX, head);
}

void fake_guest_send_packet(struct fake_guest *g, const struct vsock_packet *p, const void *payload, uint32_t len) {
        struct vring_desc *d = fake_guest_desc(g, VSOCK_TX);

        vsock_packet_encode(p, g->memory + FAKE_PACKETS);
        if (len)
                memcpy(g->memory + FAKE_PACKETS + 64, payload, len);
        d[0] = (struct vring_desc){FAKE_PACKETS, VSOCK_HEADER, len ? VRING_DESC_F_NEXT : 0, 1};
        d[1] = (struct vring_desc){FAKE_PACKETS + 64, len, 0, 0};
        fake_guest_offer(g, VSOCK_TX, 0);
        fake_guest_run(g);
}

void fake_guest_send(struct fake_guest *g, uint16_t op, uint32_t guest_port, uint32_t host_port, uint32_t flags,
                     const void *payload, uint32_t len) {
        fake_guest_send_packet(g,
                               &(struct vsock_packet){
                                       .src_cid = FAKE_CID,
                                       .dst_cid = VSOCK_CID_HOST,
                                       .src_port = guest_port,
                                       .dst_port = host_port,
                                       .len = len,
                                       .type = VIRTIO_VSOCK_TYPE_STREAM,
                                       .op = op,
                                       .flags = flags,
                                       .buf_alloc = g->window,
                                       .fwd_cnt = g->taken,
                               },
                               payload, len);
}

bool fake_guest_receive(struct fake_guest *g, struct vsock_packet *ret, void *payload) {
        struct vring_used *u = fake_guest_used(g, VSOCK_RX);
        struct vring_desc *d = fake_guest_desc(g, VSOCK_RX);
        uint32_t head;

        fake_guest_run(g);
        if (__atomic_load_n(&u->idx, __ATOMIC_ACQUIRE) == g->seen[VSOCK_RX])
                return false;
        head = u->ring[g->seen[VSOCK_RX]++ % FAKE_RING].id;
        vsock_packet_decode(g->memory + d[head].addr, ret);
        assert_true(ret->len <= FAKE_BUFFER);
        if (payload)
                memcpy(payload, g->memory + d[head + 1].addr, ret->len);
        if (g->refill)
                fake_guest_post_buffer(g);
        return true;
}

struct vsock_packet fake_guest_expect(struct fake_guest *g, uint16_t op) {
        struct vsock_packet p = {0};

        assert_true(fake_guest_receive(g, &p, NULL));
        assert_int_equal(p.op, op);
        return p;
}

static int make_socket(struct fake_guest *g, const char *name, struct sockaddr_un *ret) {
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/%s", g->folder, name);
        return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int fake_guest_listen(struct fake_guest *g, uint32_t port, int backlog) {
        _cleanup_free_ char *name = hcs_asprintf("v.sock_%u", port);
        struct sockaddr_un address;
        int fd = make_socket(g, name, &address);

        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, backlog), 0);
        return fd;
}

int fake_guest_connect(struct fake_guest *g) {
        struct sockaddr_un address;
        int fd = make_socket(g, "v.sock", &address);

        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

int fake_guest_open(struct fake_guest *g, uint32_t guest_port, uint32_t host_port) {
        int listener = fake_guest_listen(g, host_port, 8), fd;

        fake_guest_send(g, VIRTIO_VSOCK_OP_REQUEST, guest_port, host_port, 0, NULL, 0);
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        assert_true(fd >= 0);
        close(listener);
        fake_guest_expect(g, VIRTIO_VSOCK_OP_RESPONSE);
        fake_guest_run(g);
        return fd;
}
