/* SPDX-License-Identifier: MIT */

/* The terminals of console.h. */

#include "guest/container/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

HRESULT guest_console_open(int *ret_master, char **ret_path, struct hcs_error **err) {
        int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), unlock = 0, number, errnum;
        _cleanup_free_ char *path = NULL;

        if (master < 0)
                return hcs_error_errno(err, errno, "open the master of a terminal");
        if (ioctl(master, TIOCGPTN, &number) == 0 && ioctl(master, TIOCSPTLCK, &unlock) == 0) {
                path = hcs_asprintf("/dev/pts/%d", number);
                if (chmod(path, 0600) == 0 && chown(path, 0, 0) == 0) {
                        *ret_master = master;
                        *ret_path = steal_pointer(&path);
                        return S_OK;
                }
        }
        errnum = errno;
        close(master);
        return hcs_error_errno(err, errnum, "set up a terminal");
}

HRESULT guest_console_listen(const char *path, int *ret_fd, struct hcs_error **err) {
        struct sockaddr_un addr = {.sun_family = AF_UNIX};
        int fd, errnum;

        if (strlen(path) >= sizeof(addr.sun_path))
                return hcs_error_make(err, E_INVALIDARG, "console socket `%s`: the path is too long", path);
        memcpy(addr.sun_path, path, strlen(path) + 1);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return hcs_error_errno(err, errno, "console socket");
        if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 1) < 0) {
                errnum = errno;
                close(fd);
                return hcs_error_errno(err, errnum, "console socket `%s`", path);
        }
        *ret_fd = fd;
        return S_OK;
}

static HRESULT wait_readable(int fd, int timeout_ms, struct hcs_error **err) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int r;

        while ((r = poll(&p, 1, timeout_ms)) < 0 && errno == EINTR)
                ;
        if (r < 0)
                return hcs_error_errno(err, errno, "console socket");
        return r ? S_OK : hcs_error_make(err, HCS_WIN32(1460), "the runtime sent no terminal");
}

static HRESULT receive(int fd, int *ret_master, struct hcs_error **err) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = {0};
        char name[4096];
        struct iovec iov = {.iov_base = name, .iov_len = sizeof(name)};
        struct msghdr m = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
        struct cmsghdr *c;

        if (recvmsg(fd, &m, MSG_CMSG_CLOEXEC) < 0)
                return hcs_error_errno(err, errno, "receive the terminal");
        c = CMSG_FIRSTHDR(&m);
        if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
                return hcs_error_make(err, E_FAIL, "the runtime sent something else than one terminal");
        memcpy(ret_master, CMSG_DATA(c), sizeof(int));
        return S_OK;
}

HRESULT guest_console_receive(int listener, int timeout_ms, int *ret_master, struct hcs_error **err) {
        HRESULT hr = wait_readable(listener, timeout_ms, err);
        int fd;

        if (FAILED(hr))
                return hr;
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
                return hcs_error_errno(err, errno, "accept on the console socket");
        hr = wait_readable(fd, timeout_ms, err);
        if (SUCCEEDED(hr))
                hr = receive(fd, ret_master, err);
        close(fd);
        return hr;
}
