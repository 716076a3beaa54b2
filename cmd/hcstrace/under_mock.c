/* SPDX-License-Identifier: MIT */

/* Running a program over the mock; see under_mock.h. */

#include "cmd/hcstrace/under_mock.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "platform/clock.h"
#include "platform/env.h"
#include "platform/file.h"

/* Our libraries: beside the program in a build tree, under lib when installed. */
static char *library_path(void) {
        static const char *const places[] = {"../../mockhcs/abi", "../lib", "../lib/x86_64-linux-gnu"};
        static const char *const more[] = {"../../mockhcs", "../lib", "../lib/x86_64-linux-gnu"};
        _cleanup_free_ char *old = hcs_env_get("LD_LIBRARY_PATH"), *self = hcs_process_path();
        const char *folder;

        if (!self)
                return NULL;
        folder = dirname(self);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(places); i++) {
                _cleanup_free_ char *library = hcs_asprintf("%s/%s/libcomputecore.so", folder, places[i]);

                if (hcs_file_exists(library))
                        return hcs_asprintf("LD_LIBRARY_PATH=%s/%s:%s/%s%s%s", folder, places[i], folder, more[i],
                                            old ? ":" : "", old ? old : "");
        }
        return NULL;
}

static void read_report(const char *file, struct mock_outcome *o) {
        _cleanup_buf_ struct hcs_buf text = {0};

        o->called = SUCCEEDED(hcs_file_read(file, (size_t)64 << 20, &text, NULL)) &&
                    SUCCEEDED(hcs_json_parse_cstr(hcs_buf_cstr(&text), &o->problems, NULL));
        if (!o->called)
                o->problems = hcs_json_new_array();
}

HRESULT wait_for_program(struct hcs_child *child, uint64_t limit_ns, bool alone, const char *mark,
                         struct mock_outcome *o, struct hcs_error **err) {
        if (limit_ns && !hcs_child_ended(child, hcs_clock_ns() + limit_ns)) {
                o->hung = true;
                hcs_child_kill_all(child, mark);
        } else if (alone && hcs_child_ended(child, UINT64_MAX)) {
                o->n_left = hcs_child_end_left(child, mark, hcs_clock_ns() + HCS_NS_PER_S, &o->left);
        }
        return hcs_child_wait(child, &o->code, err);
}

HRESULT run_under_mock(const struct mock_run *run, struct mock_outcome *ret, struct hcs_error **err) {
        char report_file[] = "/tmp/hcstrace.XXXXXX";
        int fd = mkstemp(report_file);
        _cleanup_free_ char *libraries = library_path(), *spec = hcs_asprintf("MOCKHCS=%s", run->composition),
                            *report = NULL;
        const char *environment[6];
        struct hcs_child *child = NULL;
        size_t n = 0;
        HRESULT hr;

        if (fd >= 0)
                close(fd);
        unlink(report_file); /* the mock makes it anew: then there was a run */
        report = hcs_asprintf("MOCKHCS_REPORT=%s", report_file);
        environment[n++] = spec;
        environment[n++] = report;
        environment[n++] = run->unasked ? "MOCKHCS_VERIFY=1" : "MOCKHCS_VERIFY=0";
        if (run->leaks)
                environment[n++] = "MOCKHCS_LEAKS=1";
        if (libraries)
                environment[n++] = libraries;
        environment[n] = NULL;
        *ret = (struct mock_outcome){0};
        hr = hcs_child_spawn(run->program, environment, run->output, &child, err);
        if (SUCCEEDED(hr))
                hr = wait_for_program(child, run->limit_ns, run->alone, report, ret, err);
        if (SUCCEEDED(hr))
                read_report(report_file, ret);
        unlink(report_file);
        return hr;
}

void mock_outcome_deinit(struct mock_outcome *o) {
        hcs_json_free(o->problems);
        o->problems = NULL;
        free(o->left);
        o->left = NULL;
}
