/* SPDX-License-Identifier: MIT */

/* platform/background.h by fork(), with a pipe to say when it is ready. */

#include "platform/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int ready_pipe = -1;

/* Never returns: the command waits for a byte, or for the end of its other half. */
static void wait_for(pid_t pid, int fd) {
        char byte;
        int status;
        ssize_t n;

        do
                n = read(fd, &byte, 1);
        while (n < 0 && errno == EINTR);
        if (n == 1)
                _exit(0);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

HRESULT hcs_background_begin(struct hcs_error **err) {
        int fds[2];
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return hcs_error_errno(err, errno, "make a pipe");
        pid = fork();
        if (pid < 0) {
                int saved = errno;

                close(fds[0]);
                close(fds[1]);
                return hcs_error_errno(err, saved, "make a second process");
        }
        if (pid > 0) {
                close(fds[1]);
                wait_for(pid, fds[0]);
        }
        close(fds[0]);
        setsid();
        ready_pipe = fds[1];
        return S_OK;
}

void hcs_background_ready(void) {
        int null;

        if (ready_pipe < 0)
                return;
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int fd = 0; null >= 0 && fd <= 2; fd++)
                dup2(null, fd);
        if (null > 2)
                close(null);
        while (write(ready_pipe, "", 1) < 0 && errno == EINTR)
                continue;
        close(ready_pipe);
        ready_pipe = -1;
}
