/* SPDX-License-Identifier: MIT */

/* Child programs of platform/process.h over posix_spawnp(). */

#include "platform/posix/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/clock.h"

#define ASK_PERSONALITY 0xffffffffu /* changes nothing */

struct hcs_child {
        pid_t pid;
};

static bool replaced(const char *entry, const char *const *environment) {
        const char *equals = strchr(entry, '=');
        size_t n = equals ? (size_t)(equals - entry) + 1 : 0;

        for (size_t i = 0; n && environment[i]; i++)
                if (strncmp(environment[i], entry, n) == 0)
                        return true;
        return false;
}

/* Ours without what is replaced, then the additions. The strings are borrowed. */
static char **merge_environment(const char *const *environment) {
        size_t n = 0, more = 0;
        char **merged;

        while (environ && environ[n])
                n++;
        while (environment[more])
                more++;
        merged = hcs_calloc(n + more + 1, sizeof(*merged));
        more = 0;
        for (size_t i = 0; i < n; i++)
                if (!replaced(environ[i], environment))
                        merged[more++] = environ[i];
        for (size_t i = 0; environment[i]; i++)
                merged[more++] = (char *)environment[i];
        return merged;
}

HRESULT hcs_child_spawn(char *const *argv, const char *const *environment, enum hcs_child_output output,
                        struct hcs_child **ret, struct hcs_error **err) {
        _cleanup_free_ char **merged = environment ? merge_environment(environment) : NULL;
        struct hcs_child *child;
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none;
        pid_t pid;
        int r;

        posix_spawn_file_actions_init(&actions);
        if (output == HCS_CHILD_MUTE) {
                posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
                posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
        } else if (output == HCS_CHILD_ERRS) {
                posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
        }
        posix_spawnattr_init(&attributes); /* it hears the signals that a thread of ours waits for */
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        r = posix_spawnp(&pid, argv[0], &actions, &attributes, argv, merged ? merged : environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);

        if (r)
                return hcs_error_errno(err, r, "start `%s`", argv[0]);
        child = hcs_calloc(1, sizeof(*child));
        child->pid = pid;
        *ret = child;
        return S_OK;
}

/* The child inherits it of this thread, and hands it on to what it starts. */
HRESULT hcs_child_spawn_settled(char *const *argv, const char *const *environment, enum hcs_child_output output,
                                struct hcs_child **ret, struct hcs_error **err) {
        int before = personality(ASK_PERSONALITY);
        bool settled = before != -1 && personality((unsigned long)before | ADDR_NO_RANDOMIZE) != -1;
        HRESULT hr = hcs_child_spawn(argv, environment, output, ret, err);

        if (settled)
                personality((unsigned long)before);
        return hr;
}

HRESULT hcs_child_wait(struct hcs_child *child, int *ret_exit_code, struct hcs_error **err) {
        _cleanup_free_ struct hcs_child *owned = child;
        int status;
        pid_t r;

        do
                r = waitpid(owned->pid, &status, 0);
        while (r < 0 && errno == EINTR);
        if (r < 0)
                return hcs_error_errno(err, errno, "wait for process %d", (int)owned->pid);
        *ret_exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        return S_OK;
}

/* Where no descriptor is to be had. */
static bool ended_by_looking(pid_t pid, uint64_t deadline_ns) {
        for (;;) {
                siginfo_t info = {0};

                if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ? info.si_pid != 0
                                                                                      : kill(pid, 0) < 0)
                        return true;
                if (hcs_clock_ns() >= deadline_ns)
                        return false;
                poll(NULL, 0, 10);
        }
}

bool hcs_pid_ended(pid_t pid, uint64_t deadline_ns) {
        struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
        int r;

        if (p.fd < 0)
                return errno == ESRCH || ended_by_looking(pid, deadline_ns);
        do {
                uint64_t now = hcs_clock_ns();
                uint64_t left_ms = deadline_ns > now ? (deadline_ns - now + 999999) / 1000000 : 0;

                r = poll(&p, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        } while (r < 0 && errno == EINTR);
        close(p.fd);
        return r > 0;
}

bool hcs_child_ended(struct hcs_child *child, uint64_t deadline_ns) {
        return hcs_pid_ended(child->pid, deadline_ns);
}

pid_t hcs_child_pid(const struct hcs_child *child) {
        return child->pid;
}

void hcs_child_kill(struct hcs_child *child) {
        kill(child->pid, SIGKILL);
}

int hcs_process_arguments(int argc, char **argv, char ***ret) {
        *ret = argv;
        return argc;
}

char *hcs_process_path(void) {
        char path[4096];
        ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

        return n > 0 && (size_t)n < sizeof(path) ? hcs_strndup(path, (size_t)n) : NULL;
}
