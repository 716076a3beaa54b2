/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_POSIX_STREAM_FD_H
#define HCS_PLATFORM_POSIX_STREAM_FD_H

/* What streams and listeners share below their headers: descriptors. */

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "platform/stream.h"

struct sockaddr_un;

struct hcs_stream *hcs_stream_of_fd(int fd); /* takes it over */
int hcs_stream_fd(const struct hcs_stream *s);
/* tcp.c: a TCP socket with a port of the loopback interface; flags of socket(). */
HRESULT hcs_fd_tcp(int flags, uint16_t *ret_port, int *ret, struct hcs_error **err);
/* A vsock; flags of socket(). HCS_WIN32(10047): this kernel has none. */
HRESULT hcs_fd_vsock(int flags, int *ret, struct hcs_error **err);
/* S_OK when an event came, E_ABORT when wake_fd (-1: none) is readable, else why the bound ended. */
HRESULT hcs_fd_wait(int fd, short events, int wake_fd, const struct hcs_bound *b);
/* connect(), also of a descriptor that does not block. *ret_failure: its errno, 0 when it is connected; a failure: why
 * the bound ended. */
HRESULT hcs_fd_connect(int fd, const struct sockaddr *address, socklen_t size, const struct hcs_bound *b,
                       int *ret_failure);
HRESULT hcs_fd_unix_address(const char *path, struct sockaddr_un *ret, struct hcs_error **err);

static inline void hcs_fd_set_blocking(int fd) {
        int flags = fcntl(fd, F_GETFL);

        if (flags >= 0)
                fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

#endif
