/* SPDX-License-Identifier: MIT */

/* A line that nobody could keep: its beginning is told of, the next one is read, and memory stays what it was. */

#include <sys/resource.h>

#include "base/mem.h"
#include "cmd/hcstrace/import/import.h"
#include "testing/hcs_test.h"

#define LINE       ((uint64_t)10000000000)
#define MAX_MEMORY 256 /* MiB: 16 of the line, copies of it, and what a sanitizer keeps */

static const char begin[] = "time=\"2025-01-12T00:46:23Z\" level=info msg=Span name=HcsModifyComputeSystem "
                            "configuration=\"{\\\"ResourcePath\\\":\\\"";
static const char behind[] = "\"\ntime=\"2025-01-12T00:46:24Z\" level=info msg=Span name=HcsTerminateComputeSystem\n";

struct endless {
        uint64_t at;
        unsigned notes;
        char told[80];
        uint64_t line;
};

static size_t read_endless(void *ctx, char *buffer, size_t n) {
        const size_t head = sizeof(begin) - 1, tail = sizeof(behind) - 1;
        struct endless *e = ctx;
        uint64_t left;

        if (e->at < head) {
                memcpy(buffer, begin, head);
                n = head;
        } else if (e->at < LINE) {
                left = LINE - e->at;
                n = left < n ? (size_t)left : n;
                memset(buffer, 'a', n);
        } else if (e->at == LINE) {
                memcpy(buffer, behind, tail);
                n = tail;
        } else {
                return 0;
        }
        e->at += n;
        return n;
}

static void keep_note(void *ctx, const struct import_note *note) {
        struct endless *e = ctx;

        if (note->kind != IMPORT_NOT_UNDERSTOOD)
                return;
        e->notes++;
        e->line = note->line;
        strncpy(e->told, note->reason, sizeof(e->told) - 1);
}

static void a_line_of_ten_gigabytes_is_told_of_and_takes_no_room(void **state) {
        struct endless e = {0};
        struct import_log log = {.name = "endless", .read = read_endless, .ctx = &e};
        struct import *i =
                import_new(&(struct import_options){.output = "/dev/null", .tell = keep_note, .ctx = &e}, &log, 1);
        const struct import_stats *stats = NULL;
        struct hcs_error *err = NULL;
        struct rusage usage;

        assert_ok(import_run(i, &stats, &err), err);
        assert_int_equal(stats->lines, 2);
        assert_int_equal(stats->calls, 3); /* the system is opened first */
        assert_int_equal(e.notes, 1);
        assert_int_equal(e.line, 1);
        assert_string_equal(e.told, "longer than 16 MiB; what is behind was left out");
        import_free(i);
        assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
        assert_true(usage.ru_maxrss < MAX_MEMORY * 1024);
}

HCS_TESTS(cmocka_unit_test(a_line_of_ten_gigabytes_is_told_of_and_takes_no_room))
