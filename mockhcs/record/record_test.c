/* SPDX-License-Identifier: MIT */

/* The recorder under the conditions it is for: processes that are killed, disks that are full, secrets. */

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/core.h"
#include "mockhcs/trace/reader.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define VM "{\"Owner\":\"t\",\"VirtualMachine\":{},\"ShouldTerminateOnLastHandleClosed\":true}"

static char *spec_of(const char *path, const char *more) {
        return hcs_asprintf("record=%s%s,emulate", path, more);
}

static char *trace_path(void) {
        _cleanup_free_ char *dir = hcs_test_tmpdir();

        return hcs_asprintf("%s/run.trace", dir);
}

static HCS_SYSTEM create(void) {
        HCS_SYSTEM s = NULL;

        core_create("demo", VM, &s, NULL);
        return s;
}

/* Runs fn in a process of its own; returns what waitpid() says. */
static int in_child(void (*fn)(const char *path), const char *path) {
        pid_t pid = fork();
        int status = 0;

        if (pid == 0) {
                fn(path);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

struct tally {
        unsigned calls, returns, creates;
        bool truncated;
};

static struct tally count(const char *path) {
        _cleanup_(mock_trace_reader_freep) struct mock_trace_reader *r = NULL;
        struct tally t = {0};
        struct mock_record rec;
        HRESULT hr;

        assert_ok(mock_trace_reader_open(path, &r, NULL), NULL);
        while ((hr = mock_trace_reader_next(r, &rec, NULL)) == S_OK) {
                t.calls += rec.kind == MOCK_RECORD_CALL;
                t.returns += rec.kind == MOCK_RECORD_RETURN;
                t.creates += rec.kind == MOCK_RECORD_CALL && hcs_streq(rec.function, "HcsCreateComputeSystem");
                mock_record_deinit(&rec);
        }
        assert_hresult(hr, S_FALSE);
        t.truncated = mock_trace_reader_truncated(r);
        return t;
}

static void record_and_be_killed(const char *path) {
        _cleanup_free_ char *spec = spec_of(path, "");
        struct mockhcs *m;

        if (SUCCEEDED(mockhcs_open(spec, &m, NULL))) {
                for (unsigned i = 0; i < 1000; i++)
                        HcsCloseComputeSystem(create());
                raise(SIGKILL);
        }
}

static void a_killed_process_loses_no_record(void **state) {
        _cleanup_free_ char *path = trace_path();
        int status = in_child(record_and_be_killed, path);
        struct tally t;

        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        t = count(path);
        assert_int_equal(t.creates, 1000);
        assert_int_equal(t.calls, 5000); /* create operation, create, wait, close, close */
        assert_int_equal(t.returns, 5000);
        assert_false(t.truncated); /* the zeros behind the last record are no record */
}

static void record_beyond_the_limit(const char *path) {
        _cleanup_free_ char *spec = spec_of(path, "");
        _cleanup_free_ char *report = NULL;
        struct mockhcs *m;

        setrlimit(RLIMIT_FSIZE, &(struct rlimit){200000, 200000});
        if (FAILED(mockhcs_open(spec, &m, NULL)))
                _exit(2);
        for (unsigned i = 0; i < 1000; i++) {
                HCS_SYSTEM s = create();

                if (!s)
                        _exit(3);
                HcsCloseComputeSystem(s);
        }
        if (mockhcs_verify(m, false, &report) == 0 || !strstr(report, "could not be written"))
                _exit(4);
        mockhcs_close(m);
}

static void a_full_disk_disturbs_nothing_and_is_told(void **state) {
        _cleanup_free_ char *path = trace_path();
        int status = in_child(record_beyond_the_limit, path);
        struct tally t;

        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        t = count(path);
        assert_true(t.creates > 50 && t.creates < 1000);
}

/* The first process holds the file until it is told that the second one is done. */
static void a_second_process_records_beside_the_first(void **state) {
        _cleanup_free_ char *path = trace_path(), *spec = spec_of(path, ""), *beside = NULL;
        int go[2], done[2];
        struct mockhcs *m;
        pid_t first;
        char c;

        assert_int_equal(pipe(go) | pipe(done), 0);
        first = fork();
        if (first == 0) {
                if (FAILED(mockhcs_open(spec, &m, NULL)))
                        _exit(2);
                HcsCloseComputeSystem(create());
                if (write(done[1], "", 1) != 1 || read(go[0], &c, 1) != 1)
                        _exit(3);
                HcsCloseComputeSystem(create());
                mockhcs_close(m);
                _exit(0);
        }
        assert_int_equal(read(done[0], &c, 1), 1);
        assert_ok(mockhcs_open(spec, &m, NULL), NULL);
        HcsCloseComputeSystem(create());
        mockhcs_close(m);
        assert_int_equal(write(go[1], "", 1), 1);
        waitpid(first, NULL, 0);
        beside = hcs_asprintf("%s.%ld", path, (long)getpid());
        assert_int_equal(count(path).creates, 2);
        assert_int_equal(count(beside).creates, 1);
}

static char *recorded_text(const char *more) {
        _cleanup_free_ char *path = trace_path(), *spec = spec_of(path, more);
        struct hcs_buf text = {0};
        struct mockhcs *m;
        HCS_SYSTEM s;
        HCS_PROCESS p = NULL;

        assert_ok(mockhcs_open(spec, &m, NULL), NULL);
        s = create();
        core_start(s);
        core_process(s, "{\"CommandLine\":\"cmd /c exit\",\"Environment\":{\"KEY\":\"hunter2\"}}", &p, NULL);
        HcsCloseProcess(p);
        HcsCloseComputeSystem(s);
        mockhcs_close(m);
        assert_ok(hcs_file_read(path, 1 << 20, &text, NULL), NULL);
        return hcs_buf_steal(&text);
}

static void secrets_are_left_out_unless_asked_for(void **state) {
        _cleanup_free_ char *redacted = recorded_text(""), *whole = recorded_text(",redact=no");

        assert_null(strstr(redacted, "hunter2"));
        assert_non_null(strstr(redacted, "{\"KEY\":\"<redacted>\"}"));
        assert_non_null(strstr(redacted, "\"redacted\":true"));
        assert_non_null(strstr(whole, "{\"KEY\":\"hunter2\"}"));
        assert_non_null(strstr(whole, "\"redacted\":false"));
}

HCS_TESTS(cmocka_unit_test(a_killed_process_loses_no_record),
          cmocka_unit_test(a_full_disk_disturbs_nothing_and_is_told),
          cmocka_unit_test(a_second_process_records_beside_the_first),
          cmocka_unit_test(secrets_are_left_out_unless_asked_for))
