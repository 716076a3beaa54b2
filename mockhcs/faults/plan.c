/* SPDX-License-Identifier: MIT */

/* Which rules apply, and what they add up to; see plan.h. */

#include "mockhcs/faults/plan.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/faults/document.h"

static double fraction(uint64_t *state) {
        return (double)(fault_next(state) >> 11) * 0x1p-53;
}

static bool is_object(const struct fault_rule *r, const struct mock_handle *subject, const struct mock_handle *created,
                      const char *id) {
        return !r->object || (subject && fault_glob(r->object, subject->symbol)) ||
               (created && fault_glob(r->object, created->symbol)) || (id && fault_glob(r->object, id));
}

static bool has_member(const struct fault_rule *r, const struct hcs_json *document, const char *path) {
        const struct hcs_json *member = hcs_json_lookup(document, path);
        _cleanup_free_ char *text = NULL;

        if (!member || !r->value)
                return member != NULL;
        text = hcs_json_string(member) ? hcs_strdup(hcs_json_string(member)) : hcs_json_text(member, HCS_JSON_COMPACT);
        return fault_glob(r->value, text);
}

/* "configuration.VirtualMachine" is a member of the argument of that name. */
static bool has_argument(const struct fault_rule *r, struct mock_call *call) {
        size_t n = r->path ? strcspn(r->path, ".") : 0;
        _cleanup_free_ char *name = r->path ? hcs_strndup(r->path, n) : NULL;
        struct mock_value *v = name ? mock_call_arg(call, name) : NULL;

        if (!r->path)
                return true;
        if (!v || mock_value_is_empty(v))
                return false;
        if (!r->path[n])
                return !r->value || fault_glob(r->value, v->text ? v->text : "");
        return has_member(r, mock_value_tree(v, NULL), r->path + n + 1);
}

/* The rule fits but for number and chance: counts, and decides those. */
static bool happens(struct fault_rule *r, uint64_t seed, uint64_t *ret_n, uint64_t *ret_state) {
        uint64_t n = *ret_n = atomic_fetch_add(&r->seen, 1) + 1;

        *ret_state = seed ^ r->hash * 0x9e3779b97f4a7c15u ^ n * 0xd1b54a32d192ed03u;
        if (r->from && (n < r->from || n > r->to))
                return false;
        return r->probability >= 1 || fraction(ret_state) < r->probability;
}

static void add(struct fault_plan *p, struct fault_rule *r, uint64_t n, uint64_t *state) {
        if (p->n_met < FAULT_MAX_MET) {
                p->met[p->n_met].rule = r;
                p->met[p->n_met++].number = n;
        }
        for (size_t i = 0; i < r->n_actions; i++) {
                const struct fault_action *a = &r->actions[i];
                double chance = fraction(state), chance2 = fraction(state);

                p->any = true;
                switch (a->type) {
                case FAULT_DELAY:
                        p->delay = true;
                        p->delay_ns += fault_delay_draw(&a->delay, chance, chance2);
                        break;
                case FAULT_NEVER:
                        p->never = true;
                        break;
                case FAULT_LATE:
                        p->late = true;
                        break;
                case FAULT_EARLY:
                        p->early = true;
                        break;
                case FAULT_SLOW:
                        p->slow_ns += fault_delay_draw(&a->delay, chance, chance2);
                        break;
                case FAULT_FAIL:
                case FAULT_STOPPED:
                        p->refuse = a->type == FAULT_FAIL ? a->hr : HCS_E_SYSTEM_ALREADY_STOPPED;
                        p->document = r->document;
                        break;
                case FAULT_COMPLETE:
                        p->complete = a->hr;
                        p->document = r->document;
                        break;
                case FAULT_DUPLICATE:
                        p->duplicate = true;
                        break;
                case FAULT_REORDER:
                        p->reorder = true;
                        break;
                case FAULT_EXIT:
                        p->exit = true;
                        break;
                case FAULT_DISCONNECT:
                        p->disconnect = true;
                        p->disconnect_ns = fault_delay_draw(&a->delay, chance, chance2);
                        break;
                case FAULT_HANG:
                        atomic_store(&r->hangs, true);
                        p->never = true;
                        break;
                case FAULT_OMIT:
                        p->omit = true;
                        p->omit_path = a->path;
                        p->chance = fault_next(state);
                        break;
                case FAULT_SHUFFLE:
                        p->shuffle = true;
                        p->chance = fault_next(state);
                        break;
                case FAULT_STALE:
                        p->stale = true;
                        break;
                case FAULT_CUT:
                        p->cut = a;
                        p->chance = fault_next(state);
                        break;
                case FAULT_CORRUPT:
                        p->corrupt = a;
                        p->chance = fault_next(state);
                        break;
                case FAULT_TYPES:
                        break;
                }
        }
}

/* Of the rules with a weight that apply, the one that has its way so far. */
struct race {
        struct fault_rule *first;
        double time;
        uint64_t n, state;
};

static void apply(struct fault_plan *p, struct race *race, struct fault_rule *r, uint64_t seed) {
        uint64_t n, state;
        double time;

        if (!happens(r, seed, &n, &state))
                return;
        if (r->weight <= 0) {
                add(p, r, n, &state);
                return;
        }
        time = -log1p(-fraction(&state)) / r->weight;
        if (!race->first || time < race->time)
                *race = (struct race){r, time, n, state};
}

static void finish_race(struct fault_plan *p, struct race *race) {
        if (race->first)
                add(p, race->first, race->n, &race->state);
}

void fault_plan_call(struct fault_rules *rules, uint64_t seed, struct mock_call *call, struct fault_plan *ret) {
        const char *id = mock_call_text(call, "id");
        struct race race = {0};

        *ret = (struct fault_plan){0};
        for (size_t i = 0; i < rules->n; i++) {
                struct fault_rule *r = &rules->rules[i];

                if (r->on != FAULT_ON_CALL || !fault_glob(r->name, call->function->name))
                        continue;
                if (atomic_load(&r->hangs))
                        ret->any = ret->never = true;
                if (is_object(r, mock_call_subject(call), call->created, id) && has_argument(r, call))
                        apply(ret, &race, r, seed);
        }
        finish_race(ret, &race);
}

void fault_plan_event(struct fault_rules *rules, uint64_t seed, const struct mock_event *event,
                      struct fault_plan *ret) {
        struct race race = {0};

        *ret = (struct fault_plan){0};
        for (size_t i = 0; i < rules->n; i++) {
                struct fault_rule *r = &rules->rules[i];

                if (r->on == FAULT_ON_EVENT && fault_glob(r->name, event->name) && is_object(r, event->on, NULL, NULL))
                        apply(ret, &race, r, seed);
        }
        finish_race(ret, &race);
}

void fault_plan_frame(struct fault_rules *rules, uint64_t seed, const struct fault_frame *frame,
                      struct fault_plan *ret) {
        struct race race = {0};

        *ret = (struct fault_plan){0};
        for (size_t i = 0; i < rules->n; i++) {
                struct fault_rule *r = &rules->rules[i];

                if (r->on != FAULT_ON_FRAME || !fault_glob(r->name, frame->name))
                        continue;
                if (atomic_load(&r->hangs))
                        ret->any = ret->never = true;
                if (is_object(r, NULL, NULL, frame->container) && (!r->path || has_member(r, frame->document, r->path)))
                        apply(ret, &race, r, seed);
        }
        finish_race(ret, &race);
}
