/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_POSIX_ABOVE_STDIO_H
#define HCS_PLATFORM_POSIX_ABOVE_STDIO_H

/*
 * Standard descriptors may be closed in the client: what we open must never take their numbers.
 */

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

#endif
