/* SPDX-License-Identifier: MIT */

/* The transports of transport.h. */

#include "guest/base/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* After sys/socket.h. */
#include <linux/vm_sockets.h>

#include "base/mem.h"
#include "base/str.h"

#define ATTEMPTS        10
#define RETRY_SLEEP_MS  100
#define CONNECT_LIMIT_S 10

struct guest_transport {
        enum { TRANSPORT_VSOCK, TRANSPORT_UNIX, TRANSPORT_NULL } kind;
        char *path;
};

HRESULT guest_transport_new(const char *text, struct guest_transport **ret, struct hcs_error **err) {
        struct guest_transport t = {0};

        if (hcs_streq(text, "vsock")) {
                t.kind = TRANSPORT_VSOCK;
        } else if (hcs_streq(text, "null")) {
                t.kind = TRANSPORT_NULL;
        } else if (hcs_str_starts(text, "unix:") && text[5]) {
                /* Room for "_" and ten digits. */
                if (strlen(text + 5) + 12 > sizeof(((struct sockaddr_un *)NULL)->sun_path))
                        return hcs_error_make(err, E_INVALIDARG, "transport `%s`: the path is too long", text);
                t.kind = TRANSPORT_UNIX;
                t.path = hcs_strdup(text + 5);
        } else {
                return hcs_error_make(err, E_INVALIDARG, "transport `%s`: neither vsock nor unix:PATH", text);
        }
        *ret = hcs_memdup(&t, sizeof(t));
        return S_OK;
}

struct guest_transport *guest_transport_free(struct guest_transport *t) {
        if (!t)
                return NULL;
        free(t->path);
        return hcs_free(t);
}

static int connect_to(int family, const void *addr, socklen_t len) {
        int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), r;
        struct timeval limit = {.tv_sec = CONNECT_LIMIT_S}, none = {0};

        if (fd < 0)
                return -errno;
        /* A Unix listener with a full backlog would hold us for ever; vsock has a time limit of its own. */
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        while ((r = connect(fd, addr, len)) < 0 && errno == EINTR)
                ;
        if (r < 0) {
                r = -errno;
                close(fd);
                return r;
        }
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
        return fd;
}

static int dial_vsock(uint32_t port) {
        struct sockaddr_vm addr = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = port};
        int fd = -ETIMEDOUT;

        for (int i = 0; i < ATTEMPTS && fd == -ETIMEDOUT; i++) {
                if (i > 0)
                        poll(NULL, 0, RETRY_SLEEP_MS);
                fd = connect_to(AF_VSOCK, &addr, sizeof(addr));
        }
        return fd;
}

static int dial_unix(const char *path, uint32_t port) {
        struct sockaddr_un addr = {.sun_family = AF_UNIX};

        snprintf(addr.sun_path, sizeof(addr.sun_path), "%s_%u", path, port);
        return connect_to(AF_UNIX, &addr, sizeof(addr));
}

static int dial_null(void) {
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

HRESULT guest_transport_dial(const struct guest_transport *t, uint32_t port, int *ret_fd, struct hcs_error **err) {
        int fd = t->kind == TRANSPORT_VSOCK  ? dial_vsock(port)
                 : t->kind == TRANSPORT_UNIX ? dial_unix(t->path, port)
                                             : dial_null();

        if (fd < 0)
                return hcs_error_errno(err, -fd, "dial port %u", port);
        *ret_fd = fd;
        return S_OK;
}
