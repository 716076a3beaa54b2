/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REPLAY_REPLAY_H
#define MOCKHCS_REPLAY_REPLAY_H

/*
 * The replay layer: answers calls from a trace. One lock guards everything; the sink is called without it.
 *
 * A call is answered by the oldest unanswered record of its handle that has the same verb and equal arguments. Records
 * of read-only queries and of closing may be passed over; any other record that is not asked for in its turn is a
 * mismatch (order=handle). order=any takes the first that fits wherever it stands, order=global also keeps the order
 * between handles.
 */

#include "mockhcs/engine/backend.h"
#include "mockhcs/replay/guests.h"
#include "mockhcs/replay/script.h"
#include "mockhcs/replay/variables.h"
#include "platform/thread.h"

enum replay_order { ORDER_HANDLE, ORDER_GLOBAL, ORDER_ANY };

/* What the client has written to a process, and how much of it the trace has been told to expect so far. */
struct replay_input {
        uint64_t got, passed;
        bool ended;
};

/* A chain of follow-ups that waits for what the client gives to a process, or says to a guest. */
struct replay_chain {
        uint32_t call, follow;
};

/* What was said of a handle that the client does not have yet: another thread of it was quicker than in the trace. */
struct replay_early {
        struct replay_early *next;
        uint32_t handle;
        struct mock_record record;
};

struct replay {
        struct mock_backend backend; /* first */
        struct hcs_mutex lock;
        struct script *script;
        struct variables variables;
        struct mock_handle **live;   /* by handle index of the script; referenced */
        bool *gone;                  /* by handle index: closed, what is said of it goes nowhere */
        struct replay_input *inputs; /* by handle index */
        struct replay_chain *waiting;
        size_t n_waiting, cap_waiting;
        struct replay_early *early, **early_tail;
        enum replay_order order;
        double speed;
        struct replay_guests guests;
        uint32_t oldest;             /* every call before this one is answered or passed over */
        uint32_t newest;             /* no call behind this one is answered */
        struct hcs_json *mismatches; /* see mockhcs/trace/report.h */
};

/* happen.c: without the lock. */
/* The record at that place of the trace: at once, or when its time comes. completion: of the live call `number`. */
void replay_let_happen(struct replay *r, const struct script_call *c, uint64_t offset, bool completion,
                       uint64_t number);
/* What followed from a call, up to where the recorded client had to say something first. */
void replay_run_chain(struct replay *r, uint32_t call, uint32_t follow);
void replay_input(struct replay *r, const struct mock_stdio *chunk);
/* The client has said something: chains that waited for it go on. */
void replay_go_on(struct replay *r);
/* What was put off for a handle that the client has now. */
void replay_send_early(struct replay *r, uint32_t handle);

/* match.c: with the lock held. The index of the call that answers, or SCRIPT_NONE and the problem (may be NULL). */
uint32_t replay_match(struct replay *r, struct mock_call *call, uint32_t handle, struct hcs_json **ret_problem);
/* Takes an answered call out of its handle's list. */
void replay_take(struct replay *r, uint32_t handle, uint32_t index);

#endif
