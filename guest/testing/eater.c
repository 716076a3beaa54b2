/* SPDX-License-Identifier: MIT */

/* The process of eater.h. Nothing but the C library: checks inside a machine use it too. */

#include "guest/testing/eater.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

pid_t guest_start_eater(size_t bytes, int *ret_go) {
        int go[2];
        pid_t pid;
        char c;

        if (pipe(go) < 0 || (pid = fork()) < 0)
                return -1;
        if (pid == 0) {
                char *p;

                close(go[1]);
                if (read(go[0], &c, 1) != 1)
                        _exit(1);
                p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (p != MAP_FAILED)
                        memset(p, 1, bytes);
                pause();
        }
        close(go[0]);
        *ret_go = go[1];
        return pid;
}
