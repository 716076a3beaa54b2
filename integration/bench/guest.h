/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_BENCH_GUEST_H
#define INTEGRATION_BENCH_GUEST_H

/* What benchmarks of the host's side share: a guest that answers negotiation itself and the rest as it is told, on the
 * thread that runs it; and an end with the first failure. */

#include "gcs/frame_stream.h"
#include "gcs/message.h"
#include "hcsshim/gcs.h"
#include "platform/stream.h"

void bench_must(HRESULT hr, const char *what);

struct bench_guest {
        struct hcs_stream *stream;
        void (*on_frame)(struct bench_guest *g, const struct hcs_gcs_frame *f); /* all but negotiation */
};
/* Until the host is gone; for hcs_thread_start(). */
void bench_guest_run(void *guest);
void bench_guest_answer(struct bench_guest *g, const struct hcs_gcs_frame *f, const char *body);

#endif
