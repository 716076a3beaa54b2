/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_RECORD_BRIDGES_H
#define MOCKHCS_RECORD_BRIDGES_H

/*
 * The bridges of the systems in a recording: bridge/N is that of system/N. Embedded in the recorder, with a lock of its
 * own; any thread.
 */

#include "mockhcs/engine/backend.h"
#include "mockhcs/trace/writer.h"
#include "platform/thread.h"

struct recorded_bridge;

struct recorded_bridges {
        struct hcs_mutex lock;
        struct recorded_bridge *newest;
        struct mock_trace_writer *writer; /* the recorder's */
        uint64_t started_ns;              /* what times count from */
        bool redact;
};

void recorded_bridges_init(struct recorded_bridges *b, struct mock_trace_writer *writer, uint64_t started_ns,
                           bool redact);
void recorded_bridges_deinit(struct recorded_bridges *b);
/* A system was made. */
void recorded_bridges_add(struct recorded_bridges *b, const char *id, uint32_t number);
/* One of the two; of the newest system with that id. */
void recorded_bridges_note(struct recorded_bridges *b, const char *id, const struct hcs_gcs_tap_frame *frame,
                           const struct hcs_gcs_tap_bytes *bytes);

#endif
