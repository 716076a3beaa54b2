/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_MERGE_H
#define MOCKHCS_WORKBENCH_MERGE_H

/*
 * Several traces as one. By time: the records of all, in the order in which they happened; numbers of calls, handles
 * and threads are given anew, so that none of one trace is taken for one of another, and bridge/N stays that of
 * system/N. When each was begun is in its header; one that does not say so begins with the first that does. Memory is
 * that of one record and of the handles of each trace.
 */

#include <stddef.h>

#include "hcsshim/error.h"

HRESULT trace_merge(const char *const *paths, size_t n, const char *output, uint64_t *ret_records,
                    struct hcs_error **err);

/*
 * A trace and a newer recording of the same, as one: what both have is there once, as the newer one has it (align.h
 * tells what is the same; of a call whose end only the older one knows, the older one's word stands), and what only the
 * older one has stays at its place among what was done with its object. *ret_kept: records of the older one that stay.
 */
HRESULT trace_update(const char *older, const char *newer, const char *output, uint64_t *ret_kept,
                     struct hcs_error **err);

#endif
