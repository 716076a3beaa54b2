/* SPDX-License-Identifier: MIT */
#ifndef CMD_REPORT_REPORT_H
#define CMD_REPORT_REPORT_H

/*
 * What came of a list of cases, for machines that read it: TAP while they run, JUnit XML when all is done. Made by a
 * command, one thread. Names and messages may hold anything; what has no place in XML becomes U+FFFD.
 */

#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "hcsshim/error.h"

enum report_outcome {
        REPORT_PASSED,
        REPORT_FAILED,  /* not as expected */
        REPORT_ERROR,   /* it could not be found out */
        REPORT_SKIPPED, /* not tried, message says why */
        REPORT_DIFFERS, /* not as expected, as is known: message says what is; counts as skipped */
};

struct report_case {
        const char *group; /* "network"; may be NULL */
        const char *name;
        enum report_outcome outcome;
        const char *message; /* why, in short: the first line counts. NULL for what passed */
        const char *details; /* more, any number of lines; may be NULL */
        uint64_t time_ns;
};

struct report;

/* suite: the name of the whole. tap: where each case is written when it is added, NULL for nowhere; borrowed. */
struct report *report_new(const char *suite, FILE *tap);
/* Everything is copied. */
void report_add(struct report *r, const struct report_case *c);
/* How many had that outcome. */
unsigned report_count(const struct report *r, enum report_outcome outcome);
/* Failed and error: what makes a run fail. */
unsigned report_problems(const struct report *r);
/* TAP's plan: after the last case. */
void report_end(struct report *r);
/* The whole as JUnit XML, appended to out. */
void report_junit(const struct report *r, struct hcs_buf *out);
/* The same as a file. */
HRESULT report_junit_write(const struct report *r, const char *path, struct hcs_error **err);
/* NULL is fine, returns NULL. */
struct report *report_free(struct report *r);
HCS_DEFINE_CLEANUP(struct report *, report_free)

#endif
