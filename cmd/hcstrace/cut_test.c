/* SPDX-License-Identifier: MIT */

/*
 * A trace that ends anywhere, as that of a program that was killed while it wrote: what is whole in it is there for
 * every tool, and a beginning that is not even a header is an error for each, which leaves nothing behind.
 */

#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/hcstrace/page/page.h"
#include "hcsshim/log.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/trace/noise.h"
#include "mockhcs/trace/reader.h"
#include "mockhcs/workbench/differences.h"
#include "mockhcs/workbench/merge.h"
#include "mockhcs/workbench/noise.h"
#include "mockhcs/workbench/redact.h"
#include "mockhcs/workbench/selection.h"
#include "mockhcs/workbench/split.h"
#include "mockhcs/workbench/statistics.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define MAX_SHORTENED ((size_t)4 << 10) /* bytes of a real trace */

/* A record of each kind. */
static const char whole[] =
        "{\"trace\":\"hcs\",\"version\":1,\"redacted\":true}\n"
        "{\"call\":\"HcsCreateComputeSystem\",\"dll\":\"computecore\",\"n\":1,\"t\":1,\"thread\":1,\"args\":{\"id\":"
        "\"a\","
        "\"configuration\":{\"Owner\":\"\xc3\xbc\"},\"operation\":\"operation/1\"}}\n"
        "{\"return\":1,\"t\":2,\"hr\":\"0x00000000\",\"out\":{\"system\":\"system/1\"},\"pending\":true}\n"
        "{\"complete\":\"operation/"
        "1\",\"of\":1,\"t\":3,\"hr\":\"0x00000000\",\"result\":{\"x\":18446744073709551615}}\n"
        "{\"event\":\"SystemExited\",\"on\":\"system/1\",\"t\":4,\"data\":{}}\n"
        "{\"frame\":\"Request(Start)\",\"on\":\"bridge/"
        "1\",\"from\":\"host\",\"id\":2,\"t\":5,\"document\":{\"ContainerId\":\"c\"}}\n"
        "{\"frame\":\"Response(Start)\",\"on\":\"bridge/"
        "1\",\"from\":\"guest\",\"id\":2,\"t\":6,\"document\":{\"Result\":0}}\n"
        "{\"stdio\":\"process/1\",\"stream\":\"stdout\",\"t\":7,\"base64\":\"aGk=\",\"end\":true}\n"
        "{\"note\":\"of somebody\"}\n";

struct fixture {
        char *dir, *cut, *other, *out, *key, *parts;
        size_t n;         /* bytes of the one that is cut */
        uint64_t records; /* that are whole in it */
        bool is_trace;    /* its header is */
};

/* A failure says why, and leaves no file. */
static void check(const struct fixture *f, const char *what, HRESULT hr, struct hcs_error **err) {
        if (SUCCEEDED(hr) != f->is_trace)
                fail_msg("cut at %zu: %s: 0x%08X %s", f->n, what, (unsigned)hr, *err ? hcs_error_message(*err) : "");
        assert_int_equal(FAILED(hr), *err != NULL);
        hcs_error_free(*err);
        *err = NULL;
        if (FAILED(hr))
                assert_false(hcs_file_exists(f->out));
        unlink(f->out);
}

static void add(void *ctx, const char *name, uint64_t records) {
        *(uint64_t *)ctx += records;
}

static void read_it(struct fixture *f) {
        _cleanup_json_ struct hcs_json *stats = NULL;
        struct hcs_error *err = NULL;
        struct differences d;
        uint64_t n = 0;
        HRESULT hr = trace_statistics(f->cut, &stats, &err);

        check(f, "stats", hr, &err);
        assert_true(!f->is_trace || (hcs_json_u64(hcs_json_get(stats, "records"), &n) && n == f->records));
        hr = differences_find(f->cut, f->other, &(struct differences_options){0}, &d, &err);
        check(f, "diff", hr, &err);
        if (SUCCEEDED(hr)) {
                assert_int_equal(d.count[DIFFERENCE_ONLY_A], 0);
                differences_deinit(&d);
        }
        n = 0;
        hr = trace_split(f->cut, f->parts, SPLIT_BY_SYSTEM, add, &n, &err);
        check(f, "split", hr, &err);
        assert_int_equal(n, f->records);
}

static void write_it(struct fixture *f) {
        const char *const both[] = {f->cut, f->other};
        _cleanup_(catalog_freep) struct catalog *c = NULL;
        struct mock_noise noise = {0};
        struct hcs_error *err = NULL;
        struct selection s;
        uint64_t n = 0;
        HRESULT hr = trace_merge(both, 2, f->out, &n, &err);

        check(f, "merge", hr, &err);
        assert_int_equal(n, f->is_trace ? f->records + 8 : 0);
        hr = trace_update(f->other, f->cut, f->out, &n, &err);
        check(f, "merge --update", hr, &err);
        hr = trace_redact(f->cut, f->out, &(struct redact_options){.output = true, .key = f->key}, &n, &err);
        check(f, "redact", hr, &err);
        hr = trace_noise_find(f->cut, f->other, &noise, &n, &err);
        if (SUCCEEDED(hr))
                hr = trace_noise_write(f->cut, &noise, f->out, &err);
        mock_noise_deinit(&noise);
        check(f, "noise", hr, &err);
        hr = catalog_open(f->cut, NULL, &c, &err);
        if (SUCCEEDED(hr)) {
                selection_init(&s, c, true);
                hr = selection_settle(&s, &err);
                if (SUCCEEDED(hr))
                        hr = selection_write(&s, f->out, NULL, &err);
                assert_int_equal(selection_count(&s), f->records);
                selection_deinit(&s);
        }
        check(f, "prune", hr, &err);
}

static void show_it(struct fixture *f) {
        FILE *page = fopen("/dev/null", "we");
        struct hcs_error *err = NULL;
        HRESULT hr;

        assert_non_null(page);
        hr = page_write(page, f->cut, f->other, &err);
        fclose(page);
        check(f, "show --html", hr, &err);
}

static void play_it(struct fixture *f) {
        _cleanup_free_ char *spec = hcs_asprintf("replay=%s", f->cut);
        struct mockhcs *mock = NULL;
        struct hcs_error *err = NULL;
        HRESULT hr = mockhcs_open(spec, &mock, &err);

        check(f, "replay", hr, &err);
        mockhcs_close(mock);
}

static void drop(void *ctx, enum hcs_log_level level, const char *line) {
}

/* Without waiting for the disk, as hcs_file_write() does. */
static void write_beginning(const char *path, size_t n) {
        FILE *file = fopen(path, "we");

        assert_non_null(file);
        assert_int_equal(fwrite(whole, 1, n, file), n);
        assert_int_equal(fclose(file), 0);
}

static void cut_and_try(struct fixture *f) {
        size_t header = strcspn(whole, "\n");

        f->is_trace = f->n >= header;
        f->records = 0;
        for (size_t i = header + 1; i < f->n; i++) /* a line is whole with its brace, also without its end */
                f->records += whole[i] == '}' && whole[i + 1] == '\n';
        write_beginning(f->cut, f->n);
        read_it(f);
        write_it(f);
        show_it(f);
        play_it(f);
}

static void every_tool_takes_what_is_whole_of_a_trace_that_ends_anywhere(void **state) {
        struct fixture f = {.dir = hcs_test_tmpdir()};

        hcs_log_set_sink(drop, NULL); /* which says each time that the last line was cut off */
        f.cut = hcs_asprintf("%s/cut", f.dir);
        f.other = hcs_asprintf("%s/other", f.dir);
        f.out = hcs_asprintf("%s/out", f.dir);
        f.key = hcs_asprintf("%s/key", f.dir);
        f.parts = hcs_asprintf("%s/parts", f.dir);
        write_beginning(f.other, sizeof(whole) - 1);
        for (f.n = 0; f.n < sizeof(whole); f.n++)
                cut_and_try(&f);
        hcs_log_set_sink(NULL, NULL);
        free(f.cut);
        free(f.other);
        free(f.out);
        free(f.key);
        free(f.parts);
        free(f.dir);
}

/* How many can be read; -1: it is no trace. */
static int count_records(const char *path, bool *ret_truncated) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *reader = NULL;
        struct hcs_error *err = NULL;
        struct mock_record r;
        int n = 0;
        HRESULT hr = mock_trace_reader_open(path, &reader, &err);

        if (FAILED(hr)) {
                hcs_error_free(err);
                return -1;
        }
        for (; (hr = mock_trace_reader_next(reader, &r, &err)) == S_OK; n++)
                mock_record_deinit(&r);
        assert_ok(hr, err);
        *ret_truncated = mock_trace_reader_truncated(reader);
        return n;
}

/* One file, a byte shorter each time. */
static void shorten(const char *fixture, const char *path) {
        size_t len;
        _cleanup_free_ char *text = hcs_test_fixture(fixture, &len);
        size_t header = strcspn(text, "\n");
        FILE *file = fopen(path, "wbe");
        int records = 0;

        len = len < MAX_SHORTENED ? len : MAX_SHORTENED;
        for (size_t i = header + 1; i < len; i++)
                records += text[i] == '\n';
        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, len, file), len);
        assert_int_equal(fclose(file), 0);
        for (size_t n = len; n > 0; n--) {
                bool ends = text[n - 1] == '\n', closed = !ends && text[n] == '\n', truncated = false;
                int found;

                assert_int_equal(truncate(path, (off_t)n), 0);
                found = count_records(path, &truncated);
                if (found != (n < header ? -1 : records + (closed && n > header)) ||
                    truncated != (n > header && !ends && !closed))
                        fail_msg("%s, cut at %zu: %d records of %d", fixture, n, found, records);
                records -= ends && n > header + 1;
        }
}

static void every_whole_record_of_a_real_trace_is_read_wherever_it_ends(void **state) {
        static const char *const traces[] = {"traces/bridge/session.trace", "traces/bridge/container.trace",
                                             "traces/lcow/run.trace", "traces/lcow/network.trace",
                                             "traces/imported/log-05-tty-debu-2017-lcow-svm.trace"};
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/trace", dir);

        hcs_log_set_sink(drop, NULL);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(traces); i++)
                shorten(traces[i], path);
        hcs_log_set_sink(NULL, NULL);
}

HCS_TESTS(cmocka_unit_test(every_tool_takes_what_is_whole_of_a_trace_that_ends_anywhere),
          cmocka_unit_test(every_whole_record_of_a_real_trace_is_read_wherever_it_ends))
