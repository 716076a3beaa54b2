/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_CASES_H
#define CMD_HCSTRACE_CASES_H

/*
 * What came of a run as cases for machines: TAP in place of the text on standard output (--tap), JUnit XML in a file
 * beside whatever is printed (--junit). Without either nothing is kept. Owned by the command.
 */

#include "cmd/report/report.h"

#define CASES_OPTIONS                                    \
        {"junit", required_argument, NULL, OPT_JUNIT}, { \
                "tap", no_argument, NULL, OPT_TAP        \
        }
enum { OPT_JUNIT = 0x100, OPT_TAP };
#define CASES_USAGE                                                     \
        "  --tap            what came of it as TAP, in place of text\n" \
        "  --junit FILE     and as JUnit XML in FILE\n"

struct cases {
        const char *junit; /* from the options; borrowed */
        bool tap;
        struct report *report; /* NULL: nobody wants it */
};

/* Takes one of the two options; value is optarg. */
void cases_option(struct cases *c, int option, const char *value);
void cases_begin(struct cases *c, const char *suite);
/* Everything is copied. */
void cases_add(const struct cases *c, const struct report_case *k);
/* Ends TAP and writes the file. Gives code, or EXIT_PROBLEMS and says why when that was not possible. */
int cases_end(struct cases *c, const char *command, int code);
/* After cases_begin when cases_end is not reached. */
void cases_deinit(struct cases *c);

#endif
