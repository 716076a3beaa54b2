/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_IMPORT_REPORT_H
#define CMD_HCSTRACE_IMPORT_REPORT_H

/* What `hcstrace import` tells of a run: lines as it goes, a table at the end, or all as JSON. One thread. */

#include <stdbool.h>

#include "base/json.h"
#include "cmd/hcstrace/import/import.h"

struct import_report {
        bool json, all; /* set by the owner: as JSON; every line that made no call */
        unsigned told[IMPORT_REPAIRED + 1];
        struct hcs_json *notes; /* of the JSON, at most IMPORT_REPORT_NOTES */
        size_t kept;
        unsigned long long dropped;
};
#define IMPORT_REPORT_NOTES 10000

void import_report_note(struct import_report *r, const struct import_note *note);
void import_report_print(struct import_report *r, const struct import_stats *s);
void import_report_deinit(struct import_report *r);

#endif
