/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_UNDER_MOCK_H
#define CMD_HCSTRACE_UNDER_MOCK_H

/*
 * A program run with our libraries in place of the platform's: they are found through the loader's path, the mock finds
 * its composition in MOCKHCS, and leaves its report in the file that MOCKHCS_REPORT names.
 */

#include "base/json.h"
#include "platform/process.h"

struct mock_run {
        char *const *program;
        const char *composition; /* of MOCKHCS */
        bool unasked;            /* what was never asked for is a problem */
        bool leaks;              /* what was left open is one */
        bool alone;              /* what it started is ended with it */
        enum hcs_child_output output;
        uint64_t limit_ns; /* it is ended after so long; 0: never */
};

struct mock_outcome {
        int code; /* 128 + N for a program that signal N ended */
        bool hung;
        size_t n_left; /* alone: programs that it left running, and their names; NULL: none */
        char *left;
        bool called;               /* it came near our libraries */
        struct hcs_json *problems; /* see mockhcs/trace/report.h; empty when it did not come near */
};

/* Waits for it and frees it; what runs longer has hung, and is ended with all that it started (mark: as in
 * hcs_child_kill_all()). alone: so is what it left running; what is just ending has a second to do so. */
HRESULT wait_for_program(struct hcs_child *child, uint64_t limit_ns, bool alone, const char *mark,
                         struct mock_outcome *o, struct hcs_error **err);
HRESULT run_under_mock(const struct mock_run *run, struct mock_outcome *ret, struct hcs_error **err);
void mock_outcome_deinit(struct mock_outcome *o);

#endif
