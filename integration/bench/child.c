/* SPDX-License-Identifier: MIT */

/* See child.h. */

#include "integration/bench/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/clock.h"

static double seconds(struct timeval t) {
        return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int bench_child(const char *const *argv, struct bench_usage *ret) {
        posix_spawn_file_actions_t quiet;
        uint64_t start = hcs_clock_ns();
        struct rusage usage;
        int status = -1;
        pid_t pid;

        fflush(stdout);
        posix_spawn_file_actions_init(&quiet);
        posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        if (posix_spawn(&pid, argv[0], &quiet, NULL, (char *const *)(uintptr_t)argv, environ) != 0 ||
            wait4(pid, &status, 0, &usage) != pid)
                return -1;
        posix_spawn_file_actions_destroy(&quiet);
        *ret = (struct bench_usage){.seconds = (double)(hcs_clock_ns() - start) / 1e9,
                                    .cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime),
                                    .mib = (double)usage.ru_maxrss / 1024};
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
