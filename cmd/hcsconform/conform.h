/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSCONFORM_CONFORM_H
#define CMD_HCSCONFORM_CONFORM_H

/* The command: its options, how cases are run against a target, and the tables of what came of it. One thread. */

#include "base/json.h"
#include "cmd/hcsconform/suite.h"
#include "cmd/report/report.h"

#define MAX_GROUPS 4

struct conform_options {
        bool real, replay, service, strict;
        const char *groups[MAX_GROUPS];
        size_t n_groups;
        uint32_t patience_ms;
        const char *only;         /* a case, with or without its group */
        const char *library_path; /* of the DLLs; NULL: the system's search */
        const char *record;       /* folder for traces */
        const char *recorder;     /* the program that records a platform's calls */
        const char *image;
        const char *junit, *results, *parity, *compare;
};

/* target.c: loads the exports, makes the folder of the run. Errors name the library. */
HRESULT target_open(const struct conform_options *o, struct hcs_error **err);
void target_close(void);
/* "windows 10.0.20348" of a real target as far as it says so, else the emulator. Caller frees. */
char *target_name(void);

/* run.c */
bool conform_chosen(const struct conform_options *o, const struct conform_case *c);
/* Runs all that are chosen; ret_results is an array of what parity.c takes. */
void conform_run(const struct conform_options *o, struct report *report, struct hcs_json *results);
void conform_each(conform_fn fn, void *ctx);

/* parity.c: results as a document, read and written, and as a table with those of another run beside them. */
struct hcs_json *results_document(const struct conform_options *o, struct hcs_json *cases);
HRESULT results_read(const char *path, struct hcs_json **ret, struct hcs_error **err);
/* other may be NULL. Caller frees. */
char *parity_table(const struct hcs_json *results, const struct hcs_json *other);
const char *how_name(enum conform_how how);

#endif
