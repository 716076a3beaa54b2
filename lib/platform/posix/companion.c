/* SPDX-License-Identifier: MIT */

/* Companions of platform/companion.h: fork(), a death signal, and a pidfd. */

#include "platform/companion.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/pipe.h"
#include "platform/posix/above_stdio.h"

struct hcs_companion {
        pid_t pid;
        int pidfd;
        bool ended;
};

HRESULT hcs_companion_socket(HANDLE *ret_ours, int *ret_theirs, struct hcs_error **err) {
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 || above_stdio_pair(fds) < 0)
                return hcs_error_errno(err, errno, "make a pair of sockets");
        *ret_ours = hcs_abi_handle_from_fd(fds[0]);
        *ret_theirs = fds[1];
        hcs_pipe_set_nonblocking(*ret_ours);
        return S_OK;
}

/* In the child, which shares nothing with us any more but may only call what a signal handler may. */
static void become(const struct hcs_companion_options *o, pid_t parent, int output, int input, int report) {
        sigset_t none;
        int failed;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(127); /* we ended before that took effect */
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        setpgid(0, 0); /* a ^C at the terminal is for us to handle */
        if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0) {
                for (size_t i = 0; i < o->n_keep; i++)
                        fcntl(o->keep[i], F_SETFD, 0);
                execvp(o->argv[0], o->argv);
        }
        failed = errno;
        (void)!write(report, &failed, sizeof(failed));
        _exit(127);
}

static HRESULT start(const struct hcs_companion_options *o, int output, int input, const int report[2], pid_t *ret_pid,
                     struct hcs_error **err) {
        pid_t parent = getpid(), pid = fork();
        int failed;
        ssize_t n;

        if (pid == 0)
                become(o, parent, output, input, report[1]);
        if (pid < 0) {
                failed = errno;
                close(report[1]);
                return hcs_error_errno(err, failed, "start `%s`", o->argv[0]);
        }
        close(report[1]);
        do
                n = read(report[0], &failed, sizeof(failed));
        while (n < 0 && errno == EINTR);
        if (n > 0) {
                waitpid(pid, NULL, 0);
                return hcs_error_errno(err, failed, "start `%s`", o->argv[0]);
        }
        *ret_pid = pid;
        return S_OK;
}

HRESULT hcs_companion_start(const struct hcs_companion_options *o, struct hcs_companion **ret, struct hcs_error **err) {
        struct hcs_companion *c;
        int output, input, report[2];
        pid_t pid = -1;
        HRESULT hr;

        output = above_stdio(open(o->output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
        if (output < 0)
                return hcs_error_errno(err, errno, "open `%s`", o->output);
        input = above_stdio(open("/dev/null", O_RDONLY | O_CLOEXEC));
        if (input < 0 || pipe2(report, O_CLOEXEC) < 0) {
                hr = hcs_error_errno(err, errno, "start `%s`", o->argv[0]);
        } else {
                report[0] = above_stdio(report[0]);
                report[1] = above_stdio(report[1]);
                hr = start(o, output, input, report, &pid, err);
                close(report[0]);
        }
        close(output);
        if (input >= 0)
                close(input);
        if (FAILED(hr))
                return hr;
        c = hcs_calloc(1, sizeof(*c));
        c->pid = pid;
        c->pidfd = above_stdio((int)syscall(SYS_pidfd_open, pid, 0));
        if (c->pidfd < 0) {
                hr = hcs_error_errno(err, errno, "watch process %d", (int)pid);
                hcs_companion_free(c);
                return hr;
        }
        fcntl(c->pidfd, F_SETFD, FD_CLOEXEC);
        *ret = c;
        return S_OK;
}

int64_t hcs_companion_pid(const struct hcs_companion *c) {
        return c->pid;
}

HANDLE hcs_companion_handle(const struct hcs_companion *c) {
        return hcs_abi_handle_from_fd(c->pidfd);
}

void hcs_companion_kill(struct hcs_companion *c) {
        if (!c->ended)
                kill(c->pid, SIGKILL); /* not waited for yet: the number is still its own */
}

int hcs_companion_wait(struct hcs_companion *c) {
        int status = 0;
        pid_t r;

        do
                r = waitpid(c->pid, &status, 0);
        while (r < 0 && errno == EINTR);
        c->ended = true;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

struct hcs_companion *hcs_companion_free(struct hcs_companion *c) {
        if (!c)
                return NULL;
        if (!c->ended) {
                hcs_companion_kill(c);
                hcs_companion_wait(c);
        }
        if (c->pidfd >= 0)
                close(c->pidfd);
        free(c);
        return NULL;
}
