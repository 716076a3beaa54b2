/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_POSIX_ABOVE_STDIO_H
#define HCS_PLATFORM_POSIX_ABOVE_STDIO_H

/*
 * Standard descriptors may be closed in the client: what we open must never take their numbers.
 */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The same file at a number above 2; takes fd over. Below 0 and errno as it came, or when there is no other. */
static inline int above_stdio(int fd) {
        int moved;

        if (fd > 2 || fd < 0)
                return fd;
        moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        close(fd);
        return moved;
}

/* Both of a pair; below 0 and errno when one has no other number: then both are closed. */
static inline int above_stdio_pair(int fds[2]) {
        int saved;

        fds[0] = above_stdio(fds[0]);
        saved = errno;
        fds[1] = above_stdio(fds[1]);
        if (fds[0] >= 0 && fds[1] >= 0)
                return 0;
        if (fds[0] >= 0)
                saved = errno;
        for (int i = 0; i < 2; i++)
                if (fds[i] >= 0)
                        close(fds[i]);
        errno = saved;
        return -1;
}

#endif
