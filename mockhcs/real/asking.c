/* SPDX-License-Identifier: MIT */

/*
 * Calls that may give new pipes of a process. The platform ends the pipes that it gave before, whose end then is not
 * that of the stream: it is left here until the call has answered. A call need not return, when its thread leaves it
 * by an exception, or is ended: so nothing of it is on the stack of that thread, and nobody waits for it.
 */

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/real/passing.h"

struct asking {
        struct asking *next; /* in the recorder's list, the newest first */
        uint64_t number;     /* of the call */
        uint32_t thread;     /* the recorder's number of it */
        struct hcs_thread_watch *watch;
        uintptr_t frame;       /* where on its stack */
        struct mock_call call; /* and what it has, which is nobody's when the platform never answers */
        struct kept *created;
        bool is_gone;
        char process[24];
        uint64_t ended[MOCK_STREAMS]; /* numbers of pipes that have ended meanwhile; 0: none */
};

void asking_begin(struct passing *p, const char *process) {
        struct asking *a = hcs_calloc(1, sizeof(*a));

        a->number = p->asking = p->call.number;
        a->thread = p->call.thread;
        a->watch = hcs_thread_watch_new();
        a->frame = (uintptr_t)__builtin_frame_address(0);
        a->call = p->call;
        a->created = p->created;
        snprintf(a->process, sizeof(a->process), "%s", process);
        hcs_guard(&p->r->lock);
        a->next = p->r->askings;
        p->r->askings = a;
        atomic_fetch_add(&p->r->n_askings, 1);
}

static struct asking **place_of(struct passing *p) {
        struct asking **at = &p->r->askings;

        while (*at && (*at)->number != p->asking)
                at = &(*at)->next;
        return at;
}

void asking_answered(struct passing *p) {
        struct asking *a;

        if (!p->asking)
                return;
        hcs_guard(&p->r->lock);
        a = *place_of(p);
        if (!a)
                return;
        a->call = (struct mock_call){0};
        a->created = NULL;
}

static struct asking *of_process(struct real_recorder *r, const char *process) {
        struct asking *a = r->askings;

        while (a && (!hcs_streq(a->process, process) || hcs_thread_watch_has_ended(a->watch)))
                a = a->next;
        return a;
}

bool asking_takes_end(struct real_recorder *r, const char *process, enum mock_stream stream, uint64_t number) {
        struct asking *a = of_process(r, process);

        if (a && a->ended[stream] < number)
                a->ended[stream] = number;
        return a != NULL;
}

/* With the lock held. What it leaves is to be written. */
static void take_out(struct real_recorder *r, struct asking **at) {
        struct asking *a = *at;

        *at = a->next;
        atomic_fetch_sub(&r->n_askings, 1);
        for (int i = 0; i < MOCK_STREAMS; i++)
                if (a->ended[i] && (tee_is_newer(r, a->process, (enum mock_stream)i, a->ended[i]) ||
                                    asking_takes_end(r, a->process, (enum mock_stream)i, a->ended[i])))
                        a->ended[i] = 0;
        a->next = NULL;
}

static void settle(struct real_recorder *r, struct asking *a) {
        while (a) {
                struct asking *next = a->next;

                for (int i = 0; i < MOCK_STREAMS; i++)
                        if (a->ended[i])
                                tee_note_end(r, a->process, (enum mock_stream)i);
                if (a->is_gone) {
                        mock_call_deinit(&a->call);
                        free(a->created);
                }
                hcs_thread_watch_free(a->watch);
                free(a);
                a = next;
        }
}

void asking_end(struct passing *p) {
        struct asking **at, *a;

        if (!p->asking)
                return;
        hcs_mutex_lock(&p->r->lock);
        at = place_of(p);
        a = *at;
        if (a)
                take_out(p->r, at);
        hcs_mutex_unlock(&p->r->lock);
        settle(p->r, a);
}

static bool leaves_an_end(const struct asking *a) {
        return a->ended[MOCK_STDIN] || a->ended[MOCK_STDOUT] || a->ended[MOCK_STDERR];
}

/* thread: 0 for any. Who leaves nothing does no harm. */
static bool is_left(const struct asking *a, uint32_t thread) {
        return thread == 0 || a->thread == thread || (leaves_an_end(a) && hcs_thread_watch_has_ended(a->watch));
}

/* frame: where that thread is, which is below a call that it is still in against all expectation. */
static void end_left(struct real_recorder *r, uint32_t thread, uintptr_t frame) {
        struct asking *left = NULL;

        hcs_mutex_lock(&r->lock);
        for (struct asking **at = &r->askings; *at;) {
                struct asking *a = *at;

                if (!is_left(a, thread)) {
                        at = &a->next;
                        continue;
                }
                take_out(r, at);
                a->is_gone = a->thread != thread || a->frame <= frame;
                a->next = left;
                left = a;
        }
        hcs_mutex_unlock(&r->lock);
        settle(r, left);
}

/* The platform calls nobody on a thread that asks for pipes. */
void askings_give_up(const struct passing *p) {
        if (atomic_load(&p->r->n_askings) > 0)
                end_left(p->r, p->call.thread, (uintptr_t)__builtin_frame_address(0));
}

void askings_end(struct real_recorder *r) {
        end_left(r, 0, 0);
}
