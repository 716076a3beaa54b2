/* SPDX-License-Identifier: MIT */

/* Messages of mockhcs/vm/vsock/message.h over a Unix stream socket. */

#include "mockhcs/vm/vsock/message.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_TIMEOUT_MS 5000

static const struct {
        uint32_t request;
        const char *name;
} names[] = {
        {VHOST_GET_FEATURES, "GET_FEATURES"},
        {VHOST_SET_FEATURES, "SET_FEATURES"},
        {VHOST_SET_OWNER, "SET_OWNER"},
        {VHOST_RESET_OWNER, "RESET_OWNER"},
        {VHOST_SET_MEM_TABLE, "SET_MEM_TABLE"},
        {VHOST_SET_VRING_NUM, "SET_VRING_NUM"},
        {VHOST_SET_VRING_ADDR, "SET_VRING_ADDR"},
        {VHOST_SET_VRING_BASE, "SET_VRING_BASE"},
        {VHOST_GET_VRING_BASE, "GET_VRING_BASE"},
        {VHOST_SET_VRING_KICK, "SET_VRING_KICK"},
        {VHOST_SET_VRING_CALL, "SET_VRING_CALL"},
        {VHOST_SET_VRING_ERR, "SET_VRING_ERR"},
        {VHOST_GET_PROTOCOL_FEATURES, "GET_PROTOCOL_FEATURES"},
        {VHOST_SET_PROTOCOL_FEATURES, "SET_PROTOCOL_FEATURES"},
        {VHOST_GET_QUEUE_NUM, "GET_QUEUE_NUM"},
        {VHOST_SET_VRING_ENABLE, "SET_VRING_ENABLE"},
        {VHOST_GET_CONFIG, "GET_CONFIG"},
        {VHOST_SET_CONFIG, "SET_CONFIG"},
        {VHOST_GET_MAX_MEM_SLOTS, "GET_MAX_MEM_SLOTS"},
        {VHOST_ADD_MEM_REG, "ADD_MEM_REG"},
        {VHOST_REM_MEM_REG, "REM_MEM_REG"},
};

const char *vhost_request_name(uint32_t request, char buf[static 24]) {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (names[i].request == request)
                        return names[i].name;
        snprintf(buf, 24, "request %u", request);
        return buf;
}

/* Descriptors beyond what a message may have are closed: their sender keeps its own. */
static void take_descriptors(struct vhost_message *m, struct msghdr *msg) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
                size_t n;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < n; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
                        if (m->n_fds < VHOST_FDS_MAX)
                                m->fds[m->n_fds++] = fd;
                        else
                                close(fd);
                }
        }
}

static HRESULT receive(struct vhost_reader *r, int socket, void *data, size_t len, size_t *ret_n,
                       struct hcs_error **err) {
        union {
                char bytes[CMSG_SPACE(sizeof(int) * VHOST_FDS_MAX)];
                struct cmsghdr align;
        } control;
        struct iovec iov = {.iov_base = data, .iov_len = len};
        struct msghdr msg = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control)};
        ssize_t n;

        do
                n = recvmsg(socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno == EAGAIN)
                return S_FALSE;
        if (n < 0 && errno != ECONNRESET)
                return hcs_error_errno(err, errno, "read from the front end");
        if (n <= 0)
                return hcs_error_make(err, HCS_E_CONNECTION_CLOSED, "the front end closed the connection%s",
                                      r->have ? " in the middle of a message" : "");
        take_descriptors(&r->message, &msg);
        *ret_n = (size_t)n;
        return S_OK;
}

static uint32_t get32(const uint8_t *p) {
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return le32toh(v);
}

static HRESULT read_header(struct vhost_reader *r, struct hcs_error **err) {
        struct vhost_message *m = &r->message;
        char buf[24];

        m->request = get32(r->header);
        m->flags = get32(r->header + 4);
        m->size = get32(r->header + 8);
        if ((m->flags & VHOST_VERSION_MASK) != VHOST_VERSION)
                return hcs_error_make(err, HCS_E_PROTOCOL_ERROR, "%s: version %u of vhost-user, 1 is expected",
                                      vhost_request_name(m->request, buf), m->flags & VHOST_VERSION_MASK);
        if (m->size > VHOST_BODY_MAX)
                return hcs_error_make(err, HCS_E_PROTOCOL_ERROR, "%s: a body of %u bytes",
                                      vhost_request_name(m->request, buf), m->size);
        return S_OK;
}

HRESULT vhost_reader_read(struct vhost_reader *r, int socket, struct hcs_error **err) {
        struct vhost_message *m = &r->message;

        /* Header and body apart, so that descriptors of the next message are not taken for this one's. */
        for (;;) {
                size_t n = 0;
                HRESULT hr;

                if (r->have < VHOST_HEADER) {
                        hr = receive(r, socket, r->header + r->have, VHOST_HEADER - r->have, &n, err);
                        r->have += n;
                        if (hr == S_OK && r->have == VHOST_HEADER)
                                hr = read_header(r, err);
                } else if (r->have < VHOST_HEADER + m->size) {
                        size_t done = r->have - VHOST_HEADER;

                        hr = receive(r, socket, m->body + done, m->size - done, &n, err);
                        r->have += n;
                } else {
                        return S_OK;
                }
                if (hr != S_OK)
                        return hr;
        }
}

void vhost_reader_next(struct vhost_reader *r) {
        for (unsigned i = 0; i < r->message.n_fds; i++)
                if (r->message.fds[i] >= 0)
                        close(r->message.fds[i]);
        r->message.n_fds = 0;
        r->have = 0;
}

uint32_t vhost_get32(const struct vhost_message *m, size_t at) {
        return at + 4 <= m->size ? get32(m->body + at) : 0;
}

uint64_t vhost_get64(const struct vhost_message *m, size_t at) {
        uint64_t v;

        if (at + sizeof(v) > m->size)
                return 0;
        memcpy(&v, m->body + at, sizeof(v));
        return le64toh(v);
}

int vhost_take_fd(struct vhost_message *m, unsigned i) {
        int fd;

        if (i >= m->n_fds)
                return -1;
        fd = m->fds[i];
        m->fds[i] = -1;
        return fd;
}

/* A front end that asks and does not read the answer is not waited for without end. */
static HRESULT send_all(int socket, const uint8_t *data, size_t len, struct hcs_error **err) {
        while (len > 0) {
                ssize_t n = send(socket, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n < 0 && errno == EAGAIN) {
                        struct pollfd p = {.fd = socket, .events = POLLOUT};

                        if (poll(&p, 1, REPLY_TIMEOUT_MS) == 0)
                                return hcs_error_make(err, HCS_E_CONNECTION_TIMEOUT,
                                                      "the front end does not read its answers");
                        continue;
                }
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return hcs_error_errno(err, errno, "answer the front end");
                data += n;
                len -= (size_t)n;
        }
        return S_OK;
}

HRESULT vhost_reply(int socket, uint32_t request, const void *body, uint32_t size, struct hcs_error **err) {
        uint8_t data[VHOST_HEADER + VHOST_BODY_MAX];
        const uint32_t header[3] = {htole32(request), htole32(VHOST_VERSION | VHOST_REPLY), htole32(size)};

        memcpy(data, header, VHOST_HEADER);
        memcpy(data + VHOST_HEADER, body, size);
        return send_all(socket, data, VHOST_HEADER + size, err);
}

HRESULT vhost_reply_u64(int socket, uint32_t request, uint64_t value, struct hcs_error **err) {
        uint64_t v = htole64(value);

        return vhost_reply(socket, request, &v, sizeof(v), err);
}
