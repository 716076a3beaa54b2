/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REPLAY_SCRIPT_H
#define MOCKHCS_REPLAY_SCRIPT_H

/*
 * A trace as an index: where each call stands, what answers it and what follows from it. The index is small (the text
 * stays in the file and is read again when it is needed), so that a trace of a million records fits in little memory.
 */

#include "mockhcs/engine/handle.h"
#include "mockhcs/trace/lines.h"
#include "mockhcs/trace/noise.h"

#define SCRIPT_NONE UINT32_MAX
/* The root of every handle of host networking: what a callback hears may come of any call. */
#define SCRIPT_NETWORKING 1

/* An event, output or input. It hangs on the call that has to be answered before it may happen. */
struct script_follow {
        uint64_t offset : 56;
        uint64_t input : 1;      /* the client's: what comes after it waits until the client has said as much */
        uint64_t bridge_end : 1; /* the guest of `system` ended its bridge */
        uint32_t line;
        uint32_t next;   /* in the ring of the gate: the last one's next is the first */
        uint32_t system; /* whose bridge comes before it: what the host had said there is waited for; 0: none */
};

struct script_call {
        uint64_t offset : 48;
        uint64_t verb : 8;
        uint64_t answered : 1, read_only : 1, closes : 1;
        uint64_t hash; /* of its arguments, see script_hash() */
        uint32_t line;
        uint32_t number;   /* n of the record */
        uint32_t next;     /* next call on the same handle */
        uint32_t ret;      /* where its return record stands: bytes behind offset; 0: the process died in it */
        uint32_t complete; /* the same of its completion record; 0: none */
        uint32_t last;     /* of the events and output that it gates */
};

/* A handle of the trace. */
struct script_handle {
        uint32_t number;
        uint8_t kind;        /* enum mock_handle_kind */
        uint32_t root;       /* the system it belongs to, as a handle index: its own for systems */
        uint32_t head, tail; /* unanswered calls, oldest first */
        uint32_t gate;       /* while reading: the last call that concerned its root */
        /* While reading: what was said of it before the call that makes it returned, and that call's completion. */
        uint32_t early;
        uint64_t early_completion;
        char *id;             /* systems: the id they were made or opened with */
        uint64_t bridge_line; /* systems: the first that was said to their guest; 0: no bridge is recorded */
};

struct script {
        char *path;
        struct mock_trace_reader *reader;
        struct script_call *calls;
        uint32_t n_calls, cap_calls;
        struct script_follow *follows;
        uint32_t n_follows, cap_follows;
        struct script_handle *handles; /* [0] stands for calls on no handle, then SCRIPT_NETWORKING */
        uint32_t n_handles, cap_handles;
        struct {
                uint32_t *index;
                uint32_t cap;
        } by_number[MOCK_HANDLE_KINDS]; /* number to index, 0 for none; numbers are dense in a trace */
        struct mock_noise noise;        /* what varies by itself, as the header says */
        bool truncated;
        bool bad_symbol; /* while reading: the record names a handle that cannot be one */
};

HRESULT script_open(const char *path, struct script **ret, struct hcs_error **err);
struct script *script_free(struct script *s);
/* Reads the record at that place again; line only shows up in ret. */
HRESULT script_read(struct script *s, uint64_t offset, uint32_t line, struct mock_record *ret);
/* The first of what follows from a call, or SCRIPT_NONE; and the one after, within the ring of the same call. */
uint32_t script_first(const struct script *s, const struct script_call *c);
uint32_t script_next(const struct script *s, const struct script_call *c, uint32_t follow);
/* Arguments of equal bytes have equal hashes; handles do not count. So most calls match without a look at the file. */
uint64_t script_hash(const struct mock_value *args, size_t n);
/* The index of that handle; 0 when no call was seen on it. */
uint32_t script_handle_find(struct script *s, enum mock_handle_kind kind, uint32_t number);

#endif
