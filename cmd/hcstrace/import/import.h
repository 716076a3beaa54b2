/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_IMPORT_IMPORT_H
#define CMD_HCSTRACE_IMPORT_IMPORT_H

/*
 * Logs of hcsshim and its users turned into a trace. Each log is a source: bytes become physical lines (decode.c),
 * those lose what a collector wrapped them in (unwrap.c), are put together to what was logged (join.c) and get fields
 * (line.c). The sources' lines are taken in the order of their times (import.c); families of messages (say_*.c) make
 * operations of them, which begin and end in the ledger (ledger.c) and are written as calls with handles of their own
 * (emit.c), in order of time (order.c).
 *
 * Nothing in a log is an error: what speaks of HCS or HNS and is not understood is told with its reason. Memory is
 * bounded by the longest line (16 MiB) and a number of systems, processes and unfinished operations.
 *
 * One thread drives an importer; each source may have another that reads ahead for it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/error.h"

struct import;

enum import_family {
        IMPORT_SPANS,
        IMPORT_NOTIFICATIONS,
        IMPORT_BEGIN_END,
        IMPORT_LAYERS,
        IMPORT_ANNOUNCEMENTS,
        IMPORT_NETWORKS,
        IMPORT_ERRORS,
        IMPORT_CLIENTS,
        IMPORT_DOCUMENTS,
        IMPORT_GUEST,
        IMPORT_FAMILIES,
};
const char *import_family_name(enum import_family f);

enum import_note_kind {
        IMPORT_NOT_UNDERSTOOD, /* speaks of HCS or HNS, and no family knows it */
        IMPORT_NO_CALL,        /* known, and nothing that a client asked HCS for */
        IMPORT_REPAIRED,       /* something was cut, masked or inferred; the record says so too */
};
const char *import_note_kind_name(enum import_note_kind k);

struct import_note {
        enum import_note_kind kind;
        const char *log; /* its name */
        uint64_t line;   /* the first physical line of it, 1.. */
        const char *reason, *text;
};

struct import_options {
        const char *output; /* where the trace goes, made when the first call is found; NULL: only count */
        bool keep_secrets;
        bool threads;                                            /* sources read ahead in threads of their own */
        void (*tell)(void *ctx, const struct import_note *note); /* may be NULL */
        void *ctx;
};

/* One log. */
struct import_log {
        const char *name; /* for notes and marks */
        unsigned index;   /* set by the importer */
        /* Gives up to n bytes, 0 at the end or when it fails (its owner knows why). Called by one thread at a time. */
        size_t (*read)(void *ctx, char *buffer, size_t n);
        void *ctx;
        int zone_seconds;  /* east of UTC, of times without a zone */
        int64_t offset_ns; /* added to all its times: a clock that was wrong */
        uint64_t day_ns; /* UTC midnight of the day that times without one belong to; 0: as other lines and logs say */
};

struct import_log_stats {
        const char *name, *encoding;
        uint64_t lines, logged; /* physical, and those that were logged */
        uint64_t first, last;   /* times, ns since 1970 or of an unknown day; 0: no line has one */
        bool dated;
        unsigned wrappers; /* bits of import_wrapper_name() */
};
const char *import_wrapper_name(unsigned bit); /* NULL behind the last */

struct import_stats {
        uint64_t lines;      /* physical lines */
        uint64_t calls;      /* written, with those that opened what the log never saw made */
        uint64_t failures;   /* of these */
        uint64_t unreturned; /* of these: the log does not say how they ended */
        uint64_t exits;      /* of systems and processes */
        uint64_t frames;     /* between a host and its guest, as the guest logs them */
        uint64_t notes[IMPORT_REPAIRED + 1];
        uint64_t first_unparsed;
        uint64_t family_lines[IMPORT_FAMILIES];
        struct import_log_stats *logs;
        size_t n_logs;
};

struct import *import_new(const struct import_options *options, const struct import_log *logs, size_t n_logs);
struct import *import_free(struct import *i);
/* Reads all logs to their ends. Fails when the trace could not be made. ret points into the importer. */
HRESULT import_run(struct import *i, const struct import_stats **ret, struct hcs_error **err);

#endif
