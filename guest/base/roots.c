/* SPDX-License-Identifier: MIT */

/* The real folders, and tools run by the calling thread. Stateless. */

#include "guest/base/roots.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/clock.h"

#define MAX_SHOWN 1024

const struct guest_roots guest_real_roots = {
        .sys = "/sys",
        .dev = "/dev",
        .proc = "/proc",
        .run = "/run",
        .run_tool = guest_tool_run_here,
};

/* In the child of a program that may have threads: nothing but system calls. */
static _Noreturn void exec_tool(char *const argv[], int output, int failed) {
        sigset_t none;
        int null = open("/dev/null", O_RDONLY), errnum;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        dup2(null, STDIN_FILENO);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        execvp(argv[0], argv);
        errnum = errno;
        _exit(write(failed, &errnum, sizeof(errnum)) == sizeof(errnum) ? 127 : 126);
}

/* The child's end, or its death after the timeout. Returns false for the latter. */
static bool wait_tool(pid_t pid, uint64_t timeout_ns, int *ret_status) {
        int fd = (int)syscall(SYS_pidfd_open, pid, 0), r = 1;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint64_t deadline = hcs_clock_ns() + timeout_ns;

        while (fd >= 0) {
                uint64_t now = hcs_clock_ns();

                r = poll(&p, 1, now < deadline ? (int)((deadline - now) / HCS_NS_PER_MS) + 1 : 0);
                if (r > 0 || (r == 0 && hcs_clock_ns() >= deadline))
                        break;
        }
        if (fd >= 0)
                close(fd);
        if (r == 0)
                kill(pid, SIGKILL);
        while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
                ;
        return r != 0;
}

HRESULT guest_tool_run_here(void *ctx, char *const argv[], int output, uint64_t timeout_ns, int *ret_exit_code,
                            struct hcs_error **err) {
        int failed[2], status = 0, errnum = 0;
        pid_t pid;
        bool in_time;

        if (pipe2(failed, O_CLOEXEC) < 0)
                return hcs_error_errno(err, errno, "run %s", argv[0]);
        pid = fork();
        if (pid == 0)
                exec_tool(argv, output, failed[1]);
        close(failed[1]);
        if (pid < 0) {
                errnum = errno;
                close(failed[0]);
                return hcs_error_errno(err, errnum, "run %s", argv[0]);
        }
        if (read(failed[0], &errnum, sizeof(errnum)) != sizeof(errnum))
                errnum = 0;
        close(failed[0]);
        in_time = wait_tool(pid, timeout_ns, &status);
        if (errnum)
                return hcs_error_errno(err, errnum, "run %s", argv[0]);
        if (!in_time)
                return hcs_error_make(err, HCS_WIN32(1460), "%s: it did not end within %llu ms", argv[0],
                                      (unsigned long long)(timeout_ns / HCS_NS_PER_MS));
        *ret_exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return S_OK;
}

/* The end of what a tool wrote, on one line. */
static char *last_words(int fd) {
        char text[MAX_SHOWN + 1];
        off_t size = lseek(fd, 0, SEEK_END);
        ssize_t n = pread(fd, text, MAX_SHOWN, size > MAX_SHOWN ? size - MAX_SHOWN : 0);

        text[n > 0 ? n : 0] = '\0';
        while (n > 0 && strchr("\r\n\t ", text[n - 1]))
                text[--n] = '\0';
        for (char *p = text; *p; p++)
                if (*p == '\n' || *p == '\r')
                        *p = ' ';
        return hcs_strdup(text);
}

HRESULT guest_tool(const struct guest_roots *roots, char *const argv[], uint64_t timeout_ns, struct hcs_error **err) {
        int fd = memfd_create("tool", MFD_CLOEXEC), code = 0;
        _cleanup_free_ char *words = NULL;
        HRESULT hr;

        if (fd < 0)
                return hcs_error_errno(err, errno, "run %s", argv[0]);
        hr = roots->run_tool(roots->ctx, argv, fd, timeout_ns, &code, err);
        words = last_words(fd);
        close(fd);
        if (FAILED(hr) && *words)
                hcs_error_wrap(err, "[%s]", words);
        if (SUCCEEDED(hr) && code != 0)
                hr = hcs_error_make(err, E_FAIL, "%s: exit code %d: %s", argv[0], code, words);
        return hr;
}
