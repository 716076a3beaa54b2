/* SPDX-License-Identifier: MIT */

/* AF_VSOCK to CID 2. Stateless. */

#include "guest/init/vsock.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* After sys/socket.h. */
#include <linux/vm_sockets.h>

int vsock_connect(unsigned port) {
        struct sockaddr_vm addr = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = port};
        int fd = socket(AF_VSOCK, SOCK_STREAM, 0), errnum;

        if (fd < 0)
                return -1;
        if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
                return fd;
        errnum = errno;
        close(fd);
        errno = errnum;
        return -1;
}
