/* SPDX-License-Identifier: MIT */

/*
 * What the whole path costs: from HcsStart to the bridge of a utility VM, from `lcowctl run` of a cached image to the
 * first byte of its command, and a replay of that run. The peer is QEMU alone with the same kernel, initrd and words
 * for the kernel, from its start until init's program says a word on the console; replay is compared to the run. All
 * take turns, a ratio is of one round, and the median of the rounds is told. usage: lcow_bench LCOWCTL IMAGE-FOLDER
 * WORK-FOLDER ROUNDS LAYER...
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "integration/median.h"
#include "platform/clock.h"

#define ROUNDS 32
#define WORDS  64
#define READY  "the program of init runs"

enum figure { BARE, TOLD, START, FIRST_BYTE, RUN, REPLAY, FIGURES };

struct child {
        pid_t pid;
        int out, err;
        uint64_t start_ns, first_ns; /* when the first byte of its output came */
        struct hcs_buf said, errors;
};

static void fail(const char *what) {
        fprintf(stderr, "lcow bench: %s\n", what);
        exit(1);
}

static void start(struct child *c, char *const *argv) {
        int out[2], err[2];

        *c = (struct child){0};
        if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
                fail(strerror(errno));
        c->start_ns = hcs_clock_ns();
        c->pid = fork();
        if (c->pid < 0)
                fail(strerror(errno));
        if (!c->pid) {
                int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

                dup2(nothing, 0);
                dup2(out[1], 1);
                dup2(err[1], 2);
                execvp(argv[0], argv);
                _exit(127);
        }
        close(out[1]);
        close(err[1]);
        c->out = out[0];
        c->err = err[0];
}

/* False: it is closed. */
static bool take(int fd, struct hcs_buf *b) {
        char data[4096];
        ssize_t n = read(fd, data, sizeof(data));

        if (n > 0)
                hcs_buf_append(b, data, (size_t)n);
        return n > 0;
}

/* Until it has said that word, or both its outputs are closed. */
static void listen_to(struct child *c, const char *word) {
        struct pollfd p[2] = {{.fd = c->out, .events = POLLIN}, {.fd = c->err, .events = POLLIN}};

        while (p[0].fd >= 0 || p[1].fd >= 0) {
                if (poll(p, 2, 120000) <= 0)
                        fail("nothing is heard any more");
                if (p[0].revents) {
                        if (!c->first_ns)
                                c->first_ns = hcs_clock_ns();
                        if (!take(c->out, &c->said))
                                p[0].fd = -1;
                        if (word && strstr(hcs_buf_cstr(&c->said), word))
                                return;
                }
                if (p[1].revents && !take(c->err, &c->errors))
                        p[1].fd = -1;
        }
        if (word)
                fail(hcs_buf_cstr(&c->errors));
}

static int end(struct child *c) {
        int status = 0;

        waitpid(c->pid, &status, 0);
        close(c->out);
        close(c->err);
        hcs_buf_deinit(&c->said);
        hcs_buf_deinit(&c->errors);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static double seconds(uint64_t ns) {
        return (double)ns / HCS_NS_PER_S;
}

static double boot_alone(const char *image, const char *words) {
        static const char format[] =
                "no_timer_check %s8250_core.nr_uarts=1 console=ttyS0,115200 panic=-1 quiet nr_cpus=2 "
                "brd.rd_nr=0 -- sh -c \"echo " READY "\"";
        char kernel[4096], initrd[4096], line[512];
        const char *argv[] = {"qemu-system-x86_64",
                              "-nodefaults",
                              "-no-user-config",
                              "-no-reboot",
                              "-display",
                              "none",
                              "-machine",
                              "q35",
                              "-accel",
                              "tcg,thread=multi",
                              "-cpu",
                              "max,-erms,-fsrm",
                              "-smp",
                              "2",
                              "-m",
                              "1024M",
                              "-serial",
                              "stdio",
                              "-kernel",
                              kernel,
                              "-initrd",
                              initrd,
                              "-append",
                              line,
                              NULL};
        struct child c;
        double result;

        snprintf(line, sizeof(line), format, words);
        snprintf(kernel, sizeof(kernel), "%s/kernel", image);
        snprintf(initrd, sizeof(initrd), "%s/initrd.img", image);
        start(&c, (char *const *)(uintptr_t)argv);
        listen_to(&c, READY);
        result = seconds(hcs_clock_ns() - c.start_ns);
        kill(c.pid, SIGKILL);
        end(&c);
        return result;
}

/* When a step was told that ends like this, in seconds since the program's first one. */
static double step(const struct child *c, const char *words) {
        for (const char *at = c->errors.data; at && *at;) {
                size_t n = strcspn(at, "\n");
                _cleanup_free_ char *line = hcs_strndup(at, n);
                _cleanup_json_ struct hcs_json *json = NULL;
                uint64_t ns = 0;

                if (strstr(line, words) && SUCCEEDED(hcs_json_parse_cstr(line, &json, NULL)) &&
                    hcs_json_u64(hcs_json_get(json, "ns"), &ns))
                        return seconds(ns);
                at += n + (at[n] == '\n');
        }
        fail(hcs_buf_cstr(&c->errors));
        return 0;
}

static void run(char *const *argv, double figures[FIGURES]) {
        struct child c;
        int code;

        start(&c, argv);
        listen_to(&c, NULL);
        figures[FIRST_BYTE] = seconds(c.first_ns - c.start_ns);
        figures[START] = step(&c, "its guest is there") - step(&c, "is created");
        if (getenv("LCOW_BENCH_STEPS"))
                fputs(hcs_buf_cstr(&c.errors), stderr);
        code = end(&c);
        figures[RUN] = seconds(hcs_clock_ns() - c.start_ns);
        if (code != 0)
                fail("lcowctl run does not run");
}

static double replay(char *const *argv) {
        struct child c;

        start(&c, argv);
        listen_to(&c, NULL);
        if (end(&c) != 0)
                fail("the recording is not played");
        return seconds(hcs_clock_ns() - c.start_ns);
}

static void tell(const char *what, const double figures[][FIGURES], unsigned n, enum figure which, enum figure peer,
                 const char *goal) {
        double own[ROUNDS], ratios[ROUNDS];

        for (unsigned i = 0; i < n; i++) {
                own[i] = figures[i][which];
                ratios[i] = which == REPLAY ? figures[i][peer] / own[i] : own[i] / figures[i][peer];
        }
        printf("%-42s %8.3f s", what, median(own, n));
        if (which != peer)
                printf("  %7.2f x %s%s", median(ratios, n), which == REPLAY ? "faster than " : "", goal);
        putchar('\n');
}

int main(int argc, char **argv) {
        static double figures[ROUNDS][FIGURES];
        unsigned rounds = argc > 5 ? (unsigned)strtoul(argv[4], NULL, 10) : 0;
        char trace[4096], cache[4096];
        const char *words[WORDS] = {argv[1], "run",      "--json", "--boot-files-path", argv[2], "--cache",
                                    cache,   "--record", trace};
        const char *again[] = {argv[1], "run", "--quiet", "--replay", trace, NULL};
        size_t n = 9;

        if (rounds == 0 || rounds > ROUNDS || argc > 20) {
                fputs("usage: lcow_bench LCOWCTL IMAGE-FOLDER WORK-FOLDER ROUNDS LAYER...\n", stderr);
                return 2;
        }
        snprintf(trace, sizeof(trace), "%s/run.trace", argv[3]);
        snprintf(cache, sizeof(cache), "%s/cache", argv[3]);
        for (int i = 5; i < argc; i++) {
                words[n++] = "--layer";
                words[n++] = argv[i];
        }
        words[n++] = "--";
        words[n++] = "echo";
        words[n++] = "hello";
        run((char *const *)(uintptr_t)words, figures[0]); /* fills the cache */
        for (unsigned i = 0; i < rounds; i++) {
                figures[i][BARE] = boot_alone(argv[2], "");
                figures[i][TOLD] = boot_alone(argv[2], "cryptomgr.notests "); /* as mockhcs/vm tells it */
                run((char *const *)(uintptr_t)words, figures[i]);
                figures[i][REPLAY] = replay((char *const *)(uintptr_t)again);
        }
        tell("QEMU alone, to the program of init", figures, rounds, BARE, BARE, "");
        tell("  without the self-tests of its kernel", figures, rounds, TOLD, BARE, "QEMU alone");
        tell("HcsStart to the bridge", figures, rounds, START, BARE, "QEMU alone");
        tell("", figures, rounds, START, TOLD, "  without the self-tests");
        tell("lcowctl run, cached, to the first byte", figures, rounds, FIRST_BYTE, BARE, "QEMU alone");
        tell("", figures, rounds, FIRST_BYTE, TOLD, "  without the self-tests");
        tell("lcowctl run, to its end", figures, rounds, RUN, RUN, "");
        tell("its replay", figures, rounds, REPLAY, RUN, "the run");
        return 0;
}
