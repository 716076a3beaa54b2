/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WORKBENCH_NOISE_H
#define MOCKHCS_WORKBENCH_NOISE_H

/* What varies by itself: where recordings of the same run differ. See mockhcs/trace/noise.h for the marks. */

#include "mockhcs/trace/noise.h"

/*
 * Adds to *noise (in which the marks of `path` itself may be already) each place in which `other` differs from it.
 * Calls that only one of them has cannot be marked; *ret_unmarked counts these.
 */
HRESULT trace_noise_find(const char *path, const char *other, struct mock_noise *noise, uint64_t *ret_unmarked,
                         struct hcs_error **err);
/* Writes the trace with these marks in its header. */
HRESULT trace_noise_write(const char *path, const struct mock_noise *noise, const char *output, struct hcs_error **err);

#endif
