/* SPDX-License-Identifier: MIT */

/* Streams of processes: which ones go through us (tee.c), and which of the calls and events have to come behind what is
 * on its way in them. */

#include "mockhcs/real/passing.h"

/* An input that is closed ends for good, so a program that reads slowly has its time; else what is on its way arrives
 * later. */
#define CLOSING_QUIET 10
#define CLOSING_WHOLE 60

static bool same_handles(const HCS_PROCESS_INFORMATION *a, const HCS_PROCESS_INFORMATION *b) {
        return a->StdInput == b->StdInput && a->StdOutput == b->StdOutput && a->StdError == b->StdError;
}

/* What the operation gave before, and the client was given for it. */
static bool given_before(struct passing *p, HCS_PROCESS_INFORMATION *info) {
        const struct kept *k;

        hcs_guard(&p->r->lock);
        k = kept_find(&p->r->kept, MOCK_OPERATION, MOCK_COMPUTECORE, p->on[MOCK_OPERATION]);
        if (!k || !k->given.ProcessId || !same_handles(&k->given, info))
                return false;
        *info = k->ours;
        return true;
}

static void remember(struct passing *p, const HCS_PROCESS_INFORMATION *given, const HCS_PROCESS_INFORMATION *ours) {
        struct kept *k;

        hcs_guard(&p->r->lock);
        k = kept_find(&p->r->kept, MOCK_OPERATION, MOCK_COMPUTECORE, p->on[MOCK_OPERATION]);
        if (!k)
                return;
        k->given = *given;
        k->ours = *ours;
}

static void learn_id(struct passing *p, const struct owner *owner) {
        hcs_guard(&p->r->lock);
        kept_learn_id(&p->r->kept, owner->process, owner->id);
}

void streams_tee(struct passing *p, const struct owner *process, HCS_PROCESS_INFORMATION *info) {
        HCS_PROCESS_INFORMATION given = *info;
        struct owner owner = *process;
        HANDLE *const pipes[MOCK_STREAMS] = {&info->StdInput, &info->StdOutput, &info->StdError};

        if (!p->r->streams)
                return;
        hcs_guard(&p->r->giving);
        if (given_before(p, info))
                return;
        owner.id = info->ProcessId;
        if (owner.id != process->id)
                learn_id(p, &owner);
        for (int i = 0; i < MOCK_STREAMS; i++)
                if (*pipes[i])
                        tee_begin(p->r, &owner, (enum mock_stream)i, pipes[i]);
        remember(p, &given, info);
}

bool streams_of(const struct passing *p, enum mock_handle_kind kind, struct owner *ret) {
        const struct kept *k;

        hcs_guard(&p->r->lock);
        k = kept_find(&p->r->kept, kind, p->s->function->dll, p->on[kind]);
        if (k)
                *ret = k->owner;
        return k != NULL;
}

static void drain(struct real_recorder *r, const struct owner *owner, bool inputs, bool closes) {
        struct patience patience = {.quiet_ns = r->patience_ns * (closes ? CLOSING_QUIET : 1),
                                    .whole_ns = r->patience_ns * (closes ? CLOSING_WHOLE : 1)};

        tees_drain(r, owner, inputs, &patience);
}

void streams_before(struct passing *p) {
        enum mock_verb verb = p->s->function->verb;
        bool closes = mock_call_closes_stdin(&p->call);
        struct owner owner;

        if (!p->r->streams || (!closes && verb != MOCK_SIGNAL_PROCESS && verb != MOCK_TERMINATE_PROCESS))
                return;
        if (streams_of(p, MOCK_PROCESS, &owner))
                drain(p->r, &owner, true, closes);
        p->call.time_ns = real_now_ns(p->r);
}

void streams_ended(struct real_recorder *r, const struct owner *ended) {
        if (r->streams)
                drain(r, ended, false, false);
}
