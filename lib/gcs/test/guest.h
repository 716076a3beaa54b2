/* SPDX-License-Identifier: MIT */
#ifndef HCS_GCS_TEST_GUEST_H
#define HCS_GCS_TEST_GUEST_H

/*
 * A guest for tests: the other end of a bridge, played by a thread. It answers what it has an answer for, and otherwise
 * what the test's function says. Also what tests of the bridge share: golden cases, hex.
 */

#include "base/json.h"
#include "gcs/frame_stream.h"
#include "gcs/message.h"
#include "hcsshim/gcs.h"
#include "platform/stream.h"
#include "platform/thread.h"

#define ZERO_ID "00000000-0000-0000-0000-000000000000"
#define OK_TEXT "{\"Result\":0,\"ActivityId\":\"" ZERO_ID "\"}"

struct guest {
        struct hcs_stream *stream; /* the guest's end; NULL once it hung up */
        struct hcs_stream *host;   /* for hcs_gcs_connect */
        struct hcs_gcs_transport *transport;
        struct hcs_thread thread;
        bool windows;
        /* Called for each frame before the guest's own answers; true: it was taken care of. */
        bool (*on_frame)(struct guest *g, const struct hcs_gcs_frame *f);
        void *ctx;
        unsigned frames;
};

/* Makes both ends and a memory: transport; guest_start() lets it run. */
void guest_init(struct guest *g);
void guest_start(struct guest *g);
/* Waits until the host is gone, and frees. */
void guest_deinit(struct guest *g);
/* init, start, connect. */
struct hcs_gcs_connection *guest_connect(struct guest *g, const struct hcs_gcs_options *options);

/* From on_frame. */
void guest_send(struct guest *g, uint32_t type, uint64_t id, const char *body);
void guest_send_bytes(struct guest *g, const void *data, size_t n);
void guest_answer(struct guest *g, const struct hcs_gcs_frame *f, const char *body);
void guest_hang_up(struct guest *g);
bool guest_frame_is(const struct hcs_gcs_frame *f, enum hcs_gcs_rpc rpc);
/* The frame's document; caller frees. */
struct hcs_json *guest_document(const struct hcs_gcs_frame *f);
struct hcs_stream *guest_dial(struct guest *g, uint32_t port);

size_t test_unhex(const char *hex, uint8_t *out, size_t size);
/* The body of a golden frame. The one sent in a span has a placeholder for the span's random ids; TEST_SPAN stands in
 * for it here, as long as what was sent. Caller frees. */
#define TEST_SPAN "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
char *test_golden_body(const struct hcs_json *event);

#endif
