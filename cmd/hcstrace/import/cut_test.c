/* SPDX-License-Identifier: MIT */

/*
 * Logs that end anywhere, as those of a program that was killed, or as much as somebody has copied: what was told on
 * whole lines is in the trace, and the trace is one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/hcstrace/import/import.h"
#include "cmd/hcstrace/import/sound.h"
#include "platform/file.h"
#include "platform/place.h"
#include "testing/hcs_test.h"

struct cut {
        const char *name, *text, *output;
        size_t len, n, at; /* whole, up to the cut, read so far */
};

static size_t read_beginning(void *ctx, char *buffer, size_t n) {
        struct cut *c = ctx;

        n = n < c->n - c->at ? n : c->n - c->at;
        memcpy(buffer, c->text + c->at, n);
        c->at += n;
        return n;
}

/* output: NULL: only counted. */
static struct import_stats import_beginning(struct cut *c, const char *output) {
        struct import_log log = {.name = c->name, .read = read_beginning, .ctx = c};
        struct import *i = import_new(&(struct import_options){.output = output}, &log, 1);
        const struct import_stats *stats = NULL;
        struct hcs_error *err = NULL;
        struct import_stats copy;

        c->at = 0;
        assert_ok(import_run(i, &stats, &err), err);
        copy = *stats;
        import_free(i);
        return copy;
}

static void must_be_sound(struct cut *c, const struct import_stats *stats) {
        uint64_t records, line;
        const char *problem;

        if (!hcs_file_exists(c->output)) {
                assert_int_equal(stats->calls + stats->frames, 0);
                return;
        }
        problem = import_sound(c->output, &records, &line);
        if (problem)
                fail_msg("%s, cut at %zu: line %llu of the trace: %s", c->name, c->n, (unsigned long long)line,
                         problem);
        assert_true(records >= 2 * stats->calls - stats->unreturned + stats->exits + stats->frames);
        unlink(c->output);
}

static uint64_t understood(const struct import_stats *stats) {
        uint64_t n = 0;

        for (size_t f = 0; f < IMPORT_FAMILIES; f++)
                n += stats->family_lines[f];
        return n;
}

/*
 * What is told by the lines before the one that is cut is not lost by it. One call may be: where a console has broken a
 * line, the first half of a name was that of a system that had to be opened.
 */
static void must_keep(const struct cut *c, const struct import_stats *before, const struct import_stats *stats) {
        if (understood(stats) < understood(before) || stats->calls + stats->exits + 1 < before->calls + before->exits)
                fail_msg("%s, cut at %zu: %llu lines, %llu calls, %llu exits; there were %llu, %llu and %llu", c->name,
                         c->n, (unsigned long long)understood(stats), (unsigned long long)stats->calls,
                         (unsigned long long)stats->exits, (unsigned long long)understood(before),
                         (unsigned long long)before->calls, (unsigned long long)before->exits);
}

/* The disk is what takes its time: a trace is written for some. */
static void cut_everywhere(struct cut *c) {
        struct import_stats stats, before = {0};

        for (c->n = 0; c->n <= c->len; c->n++) {
                bool line_ends = c->n && c->text[c->n - 1] == '\n';
                bool written = line_ends || c->n == c->len || c->n % 256 == 255;

                stats = import_beginning(c, written ? c->output : NULL);
                if (written)
                        must_be_sound(c, &stats);
                must_keep(c, &before, &stats);
                if (line_ends)
                        before = stats;
        }
}

static void a_log_that_ends_anywhere_keeps_what_was_told_before(void **state) {
        _cleanup_free_ char *folder = hcs_test_fixture_path("logs"), *dir = hcs_test_tmpdir(),
                            *output = hcs_asprintf("%s/trace", dir);
        struct hcs_names names = {0};
        struct hcs_error *err = NULL;

        assert_ok(hcs_folder_list(folder, &names, &err), err);
        assert_true(names.n > 50);
        for (size_t i = 0; i < names.n; i++) {
                _cleanup_free_ char *path = hcs_asprintf("logs/%s", names.items[i]), *text = NULL;
                struct cut c = {.name = names.items[i], .output = output};

                if (hcs_streq(c.name, "ORIGIN.md"))
                        continue;
                c.text = text = hcs_test_fixture(path, &c.len);
                cut_everywhere(&c);
        }
        hcs_names_deinit(&names);
}

HCS_TESTS(cmocka_unit_test(a_log_that_ends_anywhere_keeps_what_was_told_before))
