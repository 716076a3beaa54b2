/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_BRIDGE_TAP_H
#define MOCKHCS_BRIDGE_TAP_H

/*
 * Records the frames of bridges into a trace: what hcs_gcs_options.tap wants. One tap a bridge; several may share a
 * writer. It never breaks what it records: what cannot be written is counted by the writer. Secrets are scrubbed unless
 * the tap is told not to; a body that is scrubbed is printed anew, any other stands as it was. Any thread.
 */

#include "hcsshim/gcs.h"
#include "mockhcs/trace/writer.h"

struct mock_tap;

/* name: "bridge/1"; writer stays the caller's and must live longer. started_ns: what its times count from
 * (hcs_clock_ns()). */
struct mock_tap *mock_tap_new(struct mock_trace_writer *writer, const char *name, uint64_t started_ns, bool redact);
struct mock_tap *mock_tap_free(struct mock_tap *t);
HCS_DEFINE_CLEANUP(struct mock_tap *, mock_tap_free)
/* A hcs_gcs_tap_fn; ctx is the tap. */
void mock_tap_frame(void *ctx, const struct hcs_gcs_tap_frame *frame);
/* A hcs_gcs_tap_bytes_fn: what streams carry stands there as it is, secrets too, as in other recordings. */
void mock_tap_bytes(void *ctx, const struct hcs_gcs_tap_bytes *bytes);

#endif
