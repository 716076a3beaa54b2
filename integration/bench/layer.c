/* SPDX-License-Identifier: MIT */

/*
 * tar2ext4 against cp of the same tar, in one run: 2 GB of large files, 120,000 small files (370 MB), a million empty
 * ones; and beside them mkfs.ext4 -d of the files that tar extracted. The tar is in the page cache before the first run
 * (it is read once), dirty pages are written back before each, runs take turns, and the best of each counts: what is
 * compared is the work, not the disk. Memory is the kernel's count of the largest resident set.
 * usage: layer TAR2EXT4 MAKE_TAR [RUNS]
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "platform/clock.h"

static char directory[] = "/var/tmp/hcslayer.XXXXXX";

struct best {
        uint64_t ns;
        double processor; /* seconds, of the run that took the fewest */
        long kilobytes;
};

static double seconds(const struct timeval *t) {
        return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* Runs a command, ends the program when it fails, and keeps the best. */
static void run(const char *const *argv, struct best *best) {
        uint64_t start, ns;
        struct rusage usage;
        double processor;
        int status;
        pid_t pid;

        fflush(stdout);
        sync();
        start = hcs_clock_ns();
        pid = fork();
        if (pid == 0) {
                if (!freopen("/dev/null", "w", stdout))
                        _exit(127);
                execvp(argv[0], (char *const *)argv);
                _exit(127);
        }
        if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || status != 0) {
                fprintf(stderr, "%s failed\n", argv[0]);
                exit(1);
        }
        ns = hcs_clock_ns() - start;
        processor = seconds(&usage.ru_utime) + seconds(&usage.ru_stime);
        if (best->ns == 0 || processor < best->processor)
                best->processor = processor;
        if (best->ns == 0 || ns < best->ns)
                best->ns = ns;
        if (usage.ru_maxrss > best->kilobytes)
                best->kilobytes = usage.ru_maxrss;
}

static void shell(const char *script, const char *a, const char *b, const char *c) {
        const char *argv[] = {"sh", "-c", script, a, b, c, NULL};
        struct best unused = {0};

        run(argv, &unused);
}

struct set {
        const char *name;
        const char *what; /* arguments of make_tar */
        double goal;      /* of the ratio to cp; 0: none */
        double entries;
        bool mkfs;
};

static void report(const struct set *s, const struct best *cp, const struct best *ours, const struct best *mkfs) {
        double limit = 16 * 1024 + s->entries * 200 / 1024;

        printf("%s\n  cp         %8.3f s, %.3f s of processor\n", s->name, (double)cp->ns / 1e9, cp->processor);
        printf("  tar2ext4   %8.3f s, %.3f s of processor  %5.2f x cp", (double)ours->ns / 1e9, ours->processor,
               (double)ours->ns / (double)cp->ns);
        if (s->goal > 0)
                printf("  (goal %.2f)", s->goal);
        printf("\n             %8ld KiB (goal: under %.0f, that is 16 MiB and 200 bytes an entry)\n", ours->kilobytes,
               limit);
        if (s->mkfs)
                printf("  mkfs.ext4  %8.3f s, %.3f s of processor  %5.2f x cp, %ld KiB\n", (double)mkfs->ns / 1e9,
                       mkfs->processor, (double)mkfs->ns / (double)cp->ns, mkfs->kilobytes);
        fflush(stdout);
}

static void measure(const struct set *s, const char *tar2ext4, const char *make_tar, unsigned runs) {
        _cleanup_free_ char *tar = hcs_asprintf("%s/tar", directory), *out = hcs_asprintf("%s/out", directory);
        _cleanup_free_ char *tree = hcs_asprintf("%s/tree", directory), *make = NULL;
        const char *cp_argv[] = {"cp", "--reflink=never", tar, out, NULL};
        const char *our_argv[] = {tar2ext4, "-i", tar, "-o", out, NULL};
        const char *mkfs_argv[] = {"mkfs.ext4", "-q", "-d", tree, out, "4G", NULL};
        struct best cp = {0}, ours = {0}, mkfs = {0};

        make = hcs_asprintf("\"$0\" %s >\"$1\" && cat \"$1\" >/dev/null", s->what);
        shell(make, make_tar, tar, NULL);
        for (unsigned i = 0; i < runs; i++) {
                run(cp_argv, &cp);
                unlink(out);
                run(our_argv, &ours);
                unlink(out);
        }
        if (s->mkfs) {
                shell("mkdir \"$0\" && tar -C \"$0\" -xf \"$1\"", tree, tar, NULL);
                for (unsigned i = 0; i < 2; i++) {
                        run(mkfs_argv, &mkfs);
                        unlink(out);
                }
                shell("rm -rf \"$0\"", tree, NULL, NULL);
        }
        unlink(tar);
        report(s, &cp, &ours, &mkfs);
}

int main(int argc, char **argv) {
        static const struct set sets[] = {
                {"2 GB of large files", "large 20 100000000", 1.15, 20, true},
                {"120,000 small files, 370 MB", "small 120000 2340", 2.0, 121200, true},
                {"1,000,000 empty files", "empty 1000000", 0, 1000000, false},
        };
        unsigned runs = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 7;

        if (argc < 3 || runs == 0) {
                fputs("usage: layer TAR2EXT4 MAKE_TAR [RUNS]\n", stderr);
                return 2;
        }
        setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", 1);
        if (!mkdtemp(directory))
                return 1;
        printf("best of %u runs in turns\n", runs);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(sets); i++)
                measure(&sets[i], argv[1], argv[2], runs);
        rmdir(directory);
        return 0;
}
