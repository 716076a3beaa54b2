/* SPDX-License-Identifier: MIT */

/*
 * The memory and time that a trace of a million records takes: recorded by `bench`, then replayed by it, shown by
 * hcstrace and compared by it with another recording, each in a process of its own. The floor of a comparison is that
 * `cat` reads both. usage: memory BENCH HCSTRACE
 */

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/clock.h"

#define LIFECYCLES "21000" /* of 48 records each */

static void run(const char *what, char *const *argv) {
        posix_spawn_file_actions_t quiet;
        uint64_t start = hcs_clock_ns();
        struct rusage usage;
        int status = 1;
        pid_t pid;

        posix_spawn_file_actions_init(&quiet);
        posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        if (posix_spawn(&pid, argv[0], &quiet, NULL, argv, environ) != 0 || wait4(pid, &status, 0, &usage) != pid ||
            status != 0)
                exit(1);
        posix_spawn_file_actions_destroy(&quiet);
        printf("%-9s %8.1f MiB  %5.2f s\n", what, (double)usage.ru_maxrss / 1024,
               (double)(hcs_clock_ns() - start) / 1e9);
}

int main(int argc, char **argv) {
        char trace[] = "/tmp/hcsmemory.XXXXXX", other[] = "/tmp/hcsmemory.XXXXXX", record[64], replay[64],
             count[] = LIFECYCLES, show[] = "show", diff[] = "diff", cat[] = "/bin/cat";

        if (argc != 3)
                return 2;
        close(mkstemp(trace));
        close(mkstemp(other));
        snprintf(record, sizeof(record), "record=%s,emulate", trace);
        snprintf(replay, sizeof(replay), "replay=%s", trace);
        run("recorded", (char *[]){argv[1], count, record, NULL});
        run("replayed", (char *[]){argv[1], count, replay, NULL});
        run("shown", (char *[]){argv[2], show, trace, NULL});
        puts("goal: replayed and shown in under 32 MiB");
        snprintf(record, sizeof(record), "record=%s,emulate", other);
        run("again", (char *[]){argv[1], count, record, NULL});
        run("read", (char *[]){cat, trace, other, NULL});
        run("compared", (char *[]){argv[2], diff, trace, other, NULL});
        puts("goal: compared in under 10 s and 200 MiB");
        unlink(trace);
        unlink(other);
        return 0;
}
