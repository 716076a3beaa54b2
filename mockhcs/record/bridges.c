/* SPDX-License-Identifier: MIT */

/* Bridges into a recording. See bridges.h. */

#include "mockhcs/record/bridges.h"

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/bridge/tap.h"

struct recorded_bridge {
        struct recorded_bridge *older;
        char *id;
        struct mock_tap *tap;
};

void recorded_bridges_init(struct recorded_bridges *b, struct mock_trace_writer *writer, uint64_t started_ns,
                           bool redact) {
        *b = (struct recorded_bridges){.writer = writer, .started_ns = started_ns, .redact = redact};
        hcs_mutex_init(&b->lock);
}

void recorded_bridges_deinit(struct recorded_bridges *b) {
        while (b->newest) {
                struct recorded_bridge *gone = b->newest;

                b->newest = gone->older;
                mock_tap_free(gone->tap);
                free(gone->id);
                free(gone);
        }
        hcs_mutex_deinit(&b->lock);
}

void recorded_bridges_add(struct recorded_bridges *b, const char *id, uint32_t number) {
        struct recorded_bridge *one = hcs_calloc(1, sizeof(*one));
        char name[32];

        snprintf(name, sizeof(name), "bridge/%u", number);
        one->id = hcs_strdup(id);
        one->tap = mock_tap_new(b->writer, name, b->started_ns, b->redact);
        hcs_guard(&b->lock);
        one->older = b->newest;
        b->newest = one;
}

void recorded_bridges_note(struct recorded_bridges *b, const char *id, const struct hcs_gcs_tap_frame *frame,
                           const struct hcs_gcs_tap_bytes *bytes) {
        struct recorded_bridge *one;

        hcs_mutex_lock(&b->lock);
        for (one = b->newest; one && !hcs_strcaseeq(one->id, id); one = one->older)
                continue;
        hcs_mutex_unlock(&b->lock);
        if (!one)
                return;
        if (frame)
                mock_tap_frame(one->tap, frame);
        else
                mock_tap_bytes(one->tap, bytes);
}
