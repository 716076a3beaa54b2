/* SPDX-License-Identifier: MIT */

/* Cases of a run for machines; see cases.h. */

#include "cmd/hcstrace/cases.h"

#include "cmd/hcstrace/hcstrace.h"

void cases_option(struct cases *c, int option, const char *value) {
        if (option == OPT_TAP)
                c->tap = true;
        else
                c->junit = value;
}

void cases_begin(struct cases *c, const char *suite) {
        if (c->tap || c->junit)
                c->report = report_new(suite, c->tap ? stdout : NULL);
}

void cases_add(const struct cases *c, const struct report_case *k) {
        if (c->report)
                report_add(c->report, k);
}

int cases_end(struct cases *c, const char *command, int code) {
        struct hcs_error *err = NULL;

        if (!c->report)
                return code;
        report_end(c->report);
        if (c->junit && FAILED(report_junit_write(c->report, c->junit, &err)))
                code = tell_error(command, err);
        cases_deinit(c);
        return code;
}

void cases_deinit(struct cases *c) {
        c->report = report_free(c->report);
}
