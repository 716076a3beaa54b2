/* SPDX-License-Identifier: MIT */

/* Streams over TCP of the loopback interface; what is said at once is not held back for more. */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/posix/stream_fd.h"

static struct sockaddr_in loopback(uint16_t port) {
        return (struct sockaddr_in){
                .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

HRESULT hcs_fd_tcp(int flags, uint16_t *ret_port, int *ret, struct hcs_error **err) {
        struct sockaddr_in address = loopback(0);
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), on = 1, saved;

        if (fd < 0)
                return hcs_error_errno(err, errno, "make a TCP socket");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* those that are accepted have it from here */
        if (bind(fd, (struct sockaddr *)&address, size) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
                saved = errno;
                close(fd);
                return hcs_error_errno(err, saved, "bind a port of the loopback interface");
        }
        *ret_port = ntohs(address.sin_port);
        *ret = fd;
        return S_OK;
}

HRESULT hcs_stream_tcp_new(uint16_t *ret_port, struct hcs_stream **ret, struct hcs_error **err) {
        int fd = -1;
        HRESULT hr = hcs_fd_tcp(0, ret_port, &fd, err);

        if (SUCCEEDED(hr))
                *ret = hcs_stream_of_fd(fd);
        return hr;
}

HRESULT hcs_stream_tcp_connect(struct hcs_stream *s, uint16_t port, const struct hcs_bound *b, struct hcs_error **err) {
        struct sockaddr_in address = loopback(port);
        int fd = hcs_stream_fd(s), failure = 0;
        HRESULT hr;

        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        hr = hcs_fd_connect(fd, (struct sockaddr *)&address, sizeof(address), b, &failure);
        hcs_fd_set_blocking(fd);
        if (FAILED(hr))
                return hcs_bound_fail(hr, err);
        return failure ? hcs_error_errno(err, failure, "connect to port %u of the loopback interface", (unsigned)port)
                       : S_OK;
}

uint16_t hcs_stream_tcp_peer(const struct hcs_stream *s) {
        struct sockaddr_in address = {0};
        socklen_t size = sizeof(address);

        if (getpeername(hcs_stream_fd(s), (struct sockaddr *)&address, &size) < 0 || address.sin_family != AF_INET ||
            address.sin_addr.s_addr != htonl(INADDR_LOOPBACK)) /* 127.0.0.2 has the same ports once more */
                return 0;
        return ntohs(address.sin_port);
}
