/* SPDX-License-Identifier: MIT */

/*
 * The vsock device against a front end and a guest that are the input: nothing outside of the guest's memory is read or
 * written, every loop ends, and no descriptor is left.
 */

#include "integration/fuzz/vsock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hcsshim/log.h"
#include "mockhcs/vm/vsock/device.h"

#define MEMORY (256u * 1024)
#define RING   16u
#define STEPS  32
#define DATA   0x6000u

static char folder[] = "/tmp/fuzz-vsock.XXXXXX";
static int memory_fd = -1, listener = -1;
static uint8_t *memory;

static void must(bool ok) {
        if (!ok)
                abort();
}

static void remove_folder(void) {
        char path[64];

        snprintf(path, sizeof(path), "%s/v.sock_1", folder);
        unlink(path);
        rmdir(folder);
}

static void prepare(void) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};

        if (listener >= 0)
                return;
        hcs_log_set_level(HCS_LOG_ERROR);
        must(mkdtemp(folder) != NULL);
        atexit(remove_folder);
        memory_fd = memfd_create("guest", MFD_CLOEXEC);
        must(memory_fd >= 0 && ftruncate(memory_fd, MEMORY) == 0);
        memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
        must(memory != MAP_FAILED);
        listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        snprintf(a.sun_path, sizeof(a.sun_path), "%s/v.sock_1", folder);
        must(bind(listener, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(listener, 8) == 0);
}

static void start(struct vsock_device *d, int *ret_socket) {
        int sockets[2];

        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets) == 0);
        must(SUCCEEDED(vsock_device_init(
                d,
                &(struct vsock_device_options){
                        .folder = folder, .guest_cid = 3, .front_end = sockets[1], .max_connections = 8},
                NULL)));
        *ret_socket = sockets[0];
}

static void step(struct vsock_device *d) {
        for (int i = 0; i < STEPS; i++)
                vsock_device_step(d, 0);
}

/* The host's ends: a few bytes each way, then closed. */
static void play_host(struct vsock_device *d) {
        char data[256] = "hello";

        for (int i = 0; i < 4; i++) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

                if (fd < 0)
                        return;
                (void)!send(fd, data, sizeof(data), MSG_NOSIGNAL);
                step(d);
                (void)!recv(fd, data, sizeof(data), 0);
                if (i & 1)
                        shutdown(fd, SHUT_WR);
                step(d);
                close(fd);
                step(d);
        }
}

static void send_piece(int socket, const uint8_t *data, size_t n, unsigned n_fds, int event) {
        const int fds[2] = {n_fds & 2 ? event : memory_fd, event};
        union {
                char bytes[CMSG_SPACE(sizeof(fds))];
                struct cmsghdr align;
        } control = {0};
        struct iovec iov = {(void *)(uintptr_t)data, n};
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

        if (n_fds) {
                struct cmsghdr *c;

                n_fds = n_fds == 3 ? 2 : 1;
                msg.msg_control = control.bytes;
                msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                c = CMSG_FIRSTHDR(&msg);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
        }
        (void)!sendmsg(socket, &msg, MSG_NOSIGNAL);
}

/* Pieces: a byte of length, a byte of which descriptors go along, the bytes. */
static void fuzz_messages(const uint8_t *data, size_t size) {
        int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), socket;
        struct vsock_device d;
        char answers[4096];

        start(&d, &socket);
        while (size > 2) {
                size_t n = data[0] < size - 2 ? data[0] : size - 2;

                if (n > 0)
                        send_piece(socket, data + 2, n, data[1] & 3, event);
                data += 2 + n;
                size -= 2 + n;
                vsock_device_step(&d, 0);
                while (recv(socket, answers, sizeof(answers), 0) > 0)
                        continue;
        }
        step(&d);
        vsock_device_deinit(&d);
        close(socket);
        close(event);
}

static void set_up(struct vsock_device *d, unsigned queue, int event) {
        struct vsock_queue *q = &d->front_end.queues[queue];

        q->size = RING;
        q->desc_user = 0x3000u * queue;
        q->avail_user = q->desc_user + 0x1000;
        q->used_user = q->desc_user + 0x2000;
        q->event_idx = event & 1;
        q->call = dup(event);
        must(SUCCEEDED(vsock_queue_resolve(q, &d->front_end.memory, NULL)));
        q->started = q->enabled = true;
}

static size_t place(size_t at, const uint8_t *data, size_t size, size_t n) {
        if (n > size)
                n = size;
        memcpy(memory + at, data, n);
        return n;
}

/* Both rings and what they point at, as the guest would have them. */
static void fuzz_rings(const uint8_t *data, size_t size) {
        static const struct {
                size_t at, n;
        } parts[] = {{0x3000, 16 * RING}, {0x4000, 6 + 2 * RING}, {0, 16 * RING}, {0x1000, 6 + 2 * RING}, {DATA, 4096}};
        int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), socket;
        struct vsock_device d;

        memset(memory, 0, DATA + 4096);
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                size_t n = place(parts[i].at, data, size, parts[i].n);

                data += n;
                size -= n;
        }
        start(&d, &socket);
        must(SUCCEEDED(vsock_memory_add(&d.front_end.memory, 0, MEMORY, 0, 0, memory_fd, NULL)));
        set_up(&d, VSOCK_RX, event);
        set_up(&d, VSOCK_TX, event);
        step(&d);
        play_host(&d);
        must(d.n <= 8);
        vsock_device_deinit(&d);
        close(socket);
        close(event);
}

bool fuzz_vsock(uint8_t which, const uint8_t *data, size_t size) {
        if (which != 's' && which != 'q')
                return false;
        prepare();
        if (which == 's')
                fuzz_messages(data, size);
        else
                fuzz_rings(data, size);
        return true;
}
