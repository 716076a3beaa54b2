/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_FAULTS_FAULTS_H
#define MOCKHCS_FAULTS_FAULTS_H

/*
 * The layer of faults: hands calls down, and does to them, to their completions and to events what the rules want.
 * One lock guards the lists; neither the layer below nor the sink is called with it. What is done later runs on the
 * engine's dispatcher and its clock, so `speed=0` makes every delay due at once.
 */

#include "mockhcs/engine/backend.h"
#include "mockhcs/faults/plan.h"
#include "mockhcs/faults/told.h"
#include "platform/thread.h"

/* A call whose completion the layer waits for, or holds. */
struct fault_watch {
        struct fault_watch *next;
        struct fault_plan plan;
        uint64_t number;
        struct mock_handle *subject, *operation; /* referenced; NULL where there is none */
        struct mock_handle *system;              /* the one that exit is meant for; referenced */
        struct mock_completion completion;       /* once it came */
};

/* An event that is heard later. */
struct fault_event {
        struct fault_event *next;
        struct mock_handle *on; /* referenced */
        char *name, *data;
        HRESULT hr;
        bool duplicate;
};

/* A handle of a system or process that the client has. */
struct fault_handle {
        struct fault_handle *next;
        struct mock_handle *h; /* referenced */
        char *id;              /* of systems */
        HRESULT refuse;        /* what every call on it gets but closing; S_OK: none */
        bool dying;            /* its exit is on its way and is an unexpected one */
};

struct faults {
        struct mock_backend backend; /* first */
        struct mock_sink sink;       /* what the layer below reports to */
        struct fault_rules rules;
        uint64_t seed;
        struct hcs_mutex lock;
        struct fault_watch *waiting; /* for a completion */
        struct fault_watch *late, *reordered;
        struct fault_event *reordered_events;
        struct fault_event *late_events; /* of handles on which the client calls nothing yet */
        struct fault_handle *handles;
        bool disconnected;
        uint64_t internal; /* calls of our own */
        char *remark;      /* backend.remark */
        struct fault_told *told;
};

/* held.c: completions and events on their way up. */
struct fault_watch *fault_watch_new(const struct fault_plan *plan, const struct mock_call *call);
void fault_watch_free(struct fault_watch *w);
void fault_watch_list_free(struct fault_watch *list);
/* The completion came, at once or later: what the plan makes of it is in w. */
void fault_edit(struct faults *f, struct fault_watch *w, const struct mock_completion *came);
/* Does it come when it came, once and in its turn? Then one that was an answer may stay one. */
bool fault_stays(struct faults *f, const struct fault_watch *w);
/* Takes w; gives its completion up, holds it, or drops it. */
void fault_route(struct faults *f, struct fault_watch *w);
/* Whoever held on until the client's next call on that object or operation gets up now, and late events are heard. */
void fault_release_late(struct faults *f, const struct mock_handle *operation, const struct mock_handle *subject);
void fault_event(struct faults *f, const struct mock_event *event);
void fault_event_list_free(struct fault_event *list);
/* Keeps the calling thread for so long on the engine's clock. The dispatcher, which makes that clock go, is not kept.
 */
void fault_slow(struct faults *f, uint64_t ns);

/* The event data of a system that is gone; the number is HCS_E_UNEXPECTED_EXIT. */
#define FAULT_UNEXPECTED_EXIT "{\"Status\":-2143878906,\"ExitType\":\"UnexpectedExit\"}"

/* gone.c: handles that are of no use, systems that are gone, a service that is away. */
void fault_handle_add(struct faults *f, struct mock_handle *h, const char *id, HRESULT refuse);
void fault_handle_remove(struct faults *f, const struct mock_handle *h);
void fault_handle_list_free(struct fault_handle *list);
/* What a call on it is refused with; S_OK: it is not. */
HRESULT fault_handle_refusal(struct faults *f, const struct mock_handle *h);
bool fault_handle_dying(struct faults *f, const struct mock_handle *h);
void fault_kill_system(struct faults *f, struct mock_handle *system); /* later, on the dispatcher */
void fault_disconnect(struct faults *f, uint64_t ns);
bool fault_is_internal(uint64_t number);

#endif
