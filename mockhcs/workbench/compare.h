/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_COMPARE_H
#define MOCKHCS_WORKBENCH_COMPARE_H

/*
 * Two heads of two catalogs word by word, with what belongs to them: arguments, code, outputs, result; the data of an
 * event; a request and its response; the bytes of a stream. What every run invents is bound at first sight, so that one
 * value of the one trace stands for one of the other. Owned by one thread.
 */

#include "mockhcs/replay/variables.h"
#include "mockhcs/trace/noise.h"
#include "mockhcs/workbench/catalog.h"

struct comparison {
        struct catalog *a, *b;
        struct variables variables;
        const struct mock_noise *noise; /* what does not count; may be NULL */
        /* Told of each difference; may be NULL. call: the function, event, message or stream. part:
         * "args.configuration", "out.result", "result", "hr", "data", "document", "answer", "stdout". A missing side is
         * NULL. */
        void (*found)(void *ctx, const char *call, const char *part, const char *path, const struct hcs_json *a,
                      const struct hcs_json *b);
        void *ctx;
};
void comparison_deinit(struct comparison *c);

/*
 * How many differences there are (counted to 20 in a document); lines (may be NULL) gets one for each, indented by two,
 * a message that differs only in its document has its paths at the begin of the line. *ret_n is untouched on failure.
 */
HRESULT comparison_of(struct comparison *c, uint32_t a, uint32_t b, unsigned *ret_n, struct hcs_buf *lines,
                      struct hcs_error **err);
/* "HcsModifyComputeSystem on system/1", "Request(Start) #4 on bridge/1", "stdout of process/2". */
HRESULT comparison_describe(struct catalog *c, uint32_t item, struct hcs_buf *out, struct hcs_error **err);

#endif
