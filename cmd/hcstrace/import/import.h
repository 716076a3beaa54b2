/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_IMPORT_IMPORT_H
#define CMD_HCSTRACE_IMPORT_IMPORT_H

/*
 * Debug logs of hcsshim and its users turned into traces. Bytes become physical lines (decode.c), those the lines that
 * were logged (join.c), those fields (line.c); families of messages (say_*.c) make operations of them, which begin and
 * end in the ledger (ledger.c) and are written as calls with handles of their own (emit.c).
 *
 * Nothing in a log is an error: what speaks of HCS or HNS and is not understood is counted and told. Memory is bounded
 * by the longest line and by the number of systems, processes and unfinished operations that the log speaks of.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/error.h"

struct import;

struct import_options {
        const char *output; /* where the trace goes, made when the first call is found; NULL: only count */
        bool keep_secrets;
        /* A line that speaks of HCS but says no call; may be NULL. */
        void (*tell)(void *ctx, uint64_t line, const char *text);
        void *ctx;
};

struct import_stats {
        uint64_t lines;      /* physical lines */
        uint64_t calls;      /* written, with those that opened what the log never saw made */
        uint64_t failures;   /* of these */
        uint64_t unreturned; /* of these: the log does not say how they ended */
        uint64_t exits;      /* of systems and processes */
        uint64_t unparsed;   /* lines that speak of HCS but were not understood */
        uint64_t first_unparsed;
};

struct import *import_new(const struct import_options *options);
struct import *import_free(struct import *i);
/* More of the log, cut anywhere. UTF-8, or UTF-16 with a byte order mark. */
void import_feed(struct import *i, const char *data, size_t len);
/* The end of the log. Fails when the trace could not be made. */
HRESULT import_finish(struct import *i, struct import_stats *ret, struct hcs_error **err);

#endif
