/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_BRIDGE_FRAMES_H
#define MOCKHCS_BRIDGE_FRAMES_H

/*
 * The frames of one recorded bridge in memory, what has become of each during a replay, and the values that differ from
 * run to run: GUIDs, ids and times as in other replays, the ids of messages, processes and ports. Owned by the player,
 * one thread at a time.
 */

#include "gcs/frame_stream.h"
#include "gcs/message.h"
#include "hcsshim/stream.h"
#include "mockhcs/replay/variables.h"
#include "mockhcs/trace/diff.h"
#include "mockhcs/trace/record.h"

struct recorded_frame {
        uint32_t type;
        uint64_t id;
        bool from_guest, broken;
        char *body; /* NUL terminated */
        size_t len;
        struct hcs_json *document; /* NULL: it is none */
        unsigned long long line;   /* in the trace */
        size_t request;            /* of a response: the index of what it answers; SIZE_MAX: not recorded */
        bool used;                 /* matched, or sent */
        uint64_t live_id;          /* of a request that was matched */
};

/* What went over a stream of a process, in either direction, or its end. */
struct recorded_bytes {
        uint32_t port;
        size_t request; /* index of the frame that started the process; SIZE_MAX: not recorded */
        enum mock_stream stream;
        char *data;
        size_t len;
        uint64_t upto; /* bytes of that port, these included */
        bool end;
        unsigned long long line;
        bool used; /* sent; of input: nothing */
};

/* A number that one side invents: which member it stands in, and what it is in this run. */
struct number {
        const char *kind;
        uint64_t recorded, live;
};

#define FRAMES_TIMEOUT_MS 30000

struct frames {
        struct recorded_frame *items;
        size_t n;
        struct recorded_bytes *bytes;
        size_t n_bytes;
        unsigned long long end_line; /* where the guest ended the bridge; 0: it is not recorded that it did */
        struct variables variables;
        struct number *numbers;
        size_t n_numbers, mark_numbers;
        char *bridge;
};

/* bridge: "bridge/1", NULL for the first that the trace has. E_INVALIDARG when it has none. */
HRESULT frames_load(struct frames *f, const char *path, const char *bridge, struct hcs_error **err);
void frames_deinit(struct frames *f);
/* The bridges that a trace has, in the order of their first frames: an array of *ret_n texts, which the caller frees.
 */
HRESULT frames_bridges(const char *path, char ***ret, size_t *ret_n, struct hcs_error **err);

/* The differences between a recorded document and a live one, as mock_diff(); binds what is invented when there are
 * none. */
unsigned frames_compare(struct frames *f, const struct recorded_frame *recorded, const struct hcs_json *live,
                        struct hcs_buf *lines);
/* The body to send in this run; caller frees. */
char *frames_body(const struct frames *f, const struct recorded_frame *recorded, size_t *ret_len);
/* The container that a document names; "" for none. */
const char *frames_container(const struct recorded_frame *recorded);
bool frame_is(const struct recorded_frame *recorded, enum hcs_gcs_category category);
/* The request that a recorded response answers; NULL when the trace has none. */
struct recorded_frame *frames_request_of(struct frames *f, const struct recorded_frame *response);
/* "line 7, Request(Start) #2" */
void frames_describe(const struct recorded_frame *recorded, struct hcs_buf *out);

/* What a player says is taken within its time, 30 s when it has none. */
HRESULT frames_write(struct hcs_stream *stream, const void *data, size_t n, int64_t timeout_ms, struct hcs_error **err);
/* What a write or read says of a side that is gone. */
bool frames_is_goodbye(HRESULT hr);
HRESULT frames_send(struct hcs_stream *stream, uint32_t type, uint64_t id, const char *body, size_t len,
                    int64_t timeout_ms, struct hcs_error **err);

#endif
