/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_SELECTION_H
#define MOCKHCS_WORKBENCH_SELECTION_H

/*
 * Which records of a trace are kept, and the trace that these make: their lines as they stand. What belongs together is
 * kept together: a call with its return and completion, a request with its response. Calls on operations are kept with
 * the call that used the operation. Owned by one thread; the catalog must outlive it.
 */

#include "mockhcs/workbench/catalog.h"

struct selection {
        struct catalog *catalog;
        uint8_t *keep; /* by item */
        /* By handle, so that leaving out much costs no more than there is of it: */
        uint32_t *turns, n_turns; /* those whose records go next */
        uint32_t *dropped;        /* in which round they went */
        uint32_t round;
};

/* all: to begin with, everything is kept; else nothing. */
void selection_init(struct selection *s, struct catalog *c, bool all);
void selection_deinit(struct selection *s);
/* A head, or a call that is plumbing, with what goes on with it. */
void selection_set(struct selection *s, uint32_t item, bool keep);
/* From here on: what is said of one handle is gone through once, until the next round. */
void selection_begin_drop(struct selection *s);
/* Leaves out a head with what goes on with it; an object goes with the call that made it, and so does all that was made
 * through it. Only within a round in which nothing is taken back. */
void selection_drop(struct selection *s, uint32_t item);
uint64_t selection_count(const struct selection *s);
/* Plumbing follows what it was for: it is kept where a kept call uses its operation, and where it is about a callback.
 */
HRESULT selection_settle(struct selection *s, struct hcs_error **err);
/* The header is that of the trace, with `more` (may be NULL) added. */
HRESULT selection_write(const struct selection *s, const char *path, const struct hcs_json *more,
                        struct hcs_error **err);

#endif
