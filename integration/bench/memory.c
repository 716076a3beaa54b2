/* SPDX-License-Identifier: MIT */

/*
 * The memory and time that traces of a million records take: recorded by `bench`, then replayed by it, shown by
 * hcstrace, and put through all of the workbench, each in a process of its own. The floor of a comparison is that `cat`
 * reads both. Of 100,000 records a page is made and opened in a browser without a window, where there is one; the floor
 * of that is an empty page. usage: memory BENCH HCSTRACE
 */

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "integration/bench/child.h"

#define MILLION "21000" /* lifecycles of 48 records each */
#define FEWER   "2084"

/* What a run would say that never asked for each tenth object. */
#define REPORT                                                                                      \
        "(printf '{\"problems\":['; grep -n '\"call\":\"HcsCreate[CP]' a.trace | sed -n '1~10p' | " \
        "sed 's/:.*/}/; s/^/,{\"kind\":\"unasked\",\"line\":/; 1s/,//'; printf ']}') >report.json"
#define BROWSE                                                                                      \
        "b=$(command -v chromium-headless-shell || command -v chromium) || exit 77; HOME=$PWD "     \
        "exec \"$b\" --headless --no-sandbox --disable-gpu --no-first-run --user-data-dir=profile " \
        "--dump-dom \"file://$PWD/$0\" 2>/dev/null"

/* Ends the program when it fails; false: what it needs is not there (77). */
static bool run(const char *what, const char *const *argv) {
        struct bench_usage usage;
        int status = bench_child(argv, &usage);

        if (status == 77)
                return false;
        if (status != 0) {
                fprintf(stderr, "memory: %s: it failed\n", what);
                exit(1);
        }
        if (*what)
                printf("%-28s %8.1f MiB  %6.2f s\n", what, usage.mib, usage.seconds);
        return true;
}

#define RUN(what, ...)   run(what, (const char *const[]){__VA_ARGS__, NULL})
#define SHELL(what, ...) RUN(what, "/bin/sh", "-c", __VA_ARGS__)
#define TRACE(what, ...) RUN(what, hcstrace, __VA_ARGS__)

static void record_and_replay(const char *bench, const char *hcstrace) {
        RUN("recorded", bench, MILLION, "record=a.trace,emulate");
        RUN("replayed", bench, MILLION, "replay=a.trace");
        TRACE("shown", "show", "a.trace");
        puts("goal: replayed and shown in under 32 MiB");
}

static void work(const char *bench, const char *hcstrace) {
        RUN("recorded again", bench, MILLION, "record=b.trace,emulate");
        RUN("both read by cat", "/bin/cat", "a.trace", "b.trace");
        TRACE("compared", "diff", "a.trace", "b.trace");
        puts("goal: compared in under 10 s and 200 MiB");
        TRACE("counted", "stats", "a.trace");
        TRACE("merged", "merge", "-o", "out.trace", "a.trace", "b.trace");
        TRACE("updated", "merge", "--update", "-o", "out.trace", "a.trace", "b.trace");
        SHELL("", REPORT);
        TRACE("pruned by a tenth", "prune", "--report", "report.json", "-o", "out.trace", "a.trace");
        TRACE("redacted", "redact", "--key", "key", "-o", "out.trace", "a.trace");
        TRACE("marked for noise", "noise", "-o", "out.trace", "a.trace", "b.trace");
        TRACE("split into 21,000", "split", "-o", "parts", "a.trace");
}

static void open_page(const char *bench, const char *hcstrace) {
        struct stat st;

        RUN("", bench, FEWER, "record=small.trace,emulate");
        TRACE("a page of 100,000 records", "show", "--html", "-o", "page.html", "small.trace");
        SHELL("", "echo '<!doctype html><title>empty</title>' >empty.html");
        if (!SHELL("an empty page opened", BROWSE, "empty.html"))
                return;
        SHELL("that page opened", BROWSE, "page.html");
        if (stat("page.html", &st) == 0)
                printf("the page has %.1f MB\n", (double)st.st_size / 1e6);
}

int main(int argc, char **argv) {
        char folder[] = "/var/tmp/hcsmemory.XXXXXX", bench[PATH_MAX], hcstrace[PATH_MAX];

        if (argc != 3 || !realpath(argv[1], bench) || !realpath(argv[2], hcstrace) || !mkdtemp(folder) || chdir(folder))
                return 2;
        record_and_replay(bench, hcstrace);
        work(bench, hcstrace);
        open_page(bench, hcstrace);
        SHELL("", "rm -rf \"$0\"", folder);
        return 0;
}
