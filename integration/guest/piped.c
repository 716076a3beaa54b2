/* SPDX-License-Identifier: MIT */

/*
 * The floor of a container's output: a program that writes to a pipe, and the least that can carry it on to our own
 * output, with the same sizes as the agent's relay and nothing of an agent. The benchmark puts it into the machine.
 * `piped COMMAND [ARGUMENT...]`
 */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_BYTES (1024 * 1024)
#define PIECE      65024
#define BUFFER     (4 * PIECE)

static void carry(int from, int to) {
        static char buf[BUFFER];
        ssize_t n, done;

        while ((n = read(from, buf, sizeof(buf))) > 0)
                for (ssize_t at = 0; at < n; at += done) {
                        done = write(to, buf + at, (size_t)(n - at < PIECE ? n - at : PIECE));
                        if (done <= 0)
                                exit(1);
                }
}

int main(int argc, char **argv) {
        int fds[2], status;
        pid_t pid;

        if (argc < 2 || pipe2(fds, O_CLOEXEC) < 0)
                return 2;
        fcntl(fds[0], F_SETPIPE_SZ, PIPE_BYTES);
        pid = fork();
        if (pid == 0) {
                dup2(fds[1], STDOUT_FILENO);
                execvp(argv[1], argv + 1);
                _exit(127);
        }
        close(fds[1]);
        carry(fds[0], STDOUT_FILENO);
        return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
