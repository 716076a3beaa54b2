/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_FAULTS_PLAN_H
#define MOCKHCS_FAULTS_PLAN_H

/*
 * What the rules want done to one call, event or frame. Which rules apply depends on the call, on how many such calls
 * there were, and on chance; and chance on the seed, the rule and that number alone, so that the same run fails the
 * same way, and a rule draws the same whatever stands beside it. Rules with a weight each draw when they would have
 * their way, the sooner the more they weigh, and the first one has it.
 */

#include "mockhcs/engine/backend.h"
#include "mockhcs/faults/rule.h"

#define FAULT_MAX_MET 4
struct fault_plan {
        bool any;
        bool never, late, early, duplicate, reorder, exit, stale, shuffle, omit;
        uint64_t delay_ns, slow_ns, disconnect_ns; /* disconnect_ns counts when disconnect */
        bool delay, disconnect;
        HRESULT refuse, complete;                 /* S_OK: no */
        const char *document;                     /* of the failure; the rule's */
        const char *omit_path;                    /* the rule's */
        uint64_t chance;                          /* for omit, shuffle, cut and corrupt */
        const struct fault_action *cut, *corrupt; /* the rule's; NULL: no */
        struct {
                const struct fault_rule *rule;
                uint64_t number; /* of the occasion, among those that it fits */
        } met[FAULT_MAX_MET];    /* the first rules that apply */
        size_t n_met;
};

/* What is known of a frame. */
struct fault_frame {
        const char *name;                /* "Request(Start)" */
        const char *container;           /* NULL: it names none */
        const struct hcs_json *document; /* NULL: it is none */
};

void fault_plan_call(struct fault_rules *rules, uint64_t seed, struct mock_call *call, struct fault_plan *ret);
void fault_plan_frame(struct fault_rules *rules, uint64_t seed, const struct fault_frame *frame,
                      struct fault_plan *ret);
void fault_plan_event(struct fault_rules *rules, uint64_t seed, const struct mock_event *event, struct fault_plan *ret);

#endif
