/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REAL_PASSING_H
#define MOCKHCS_REAL_PASSING_H

/* What the files of this folder share: the recorder, and a call that passes through it. */

#include "mockhcs/engine/call.h"
#include "mockhcs/real/kept.h"
#include "mockhcs/real/recorder.h"
#include "mockhcs/record/entry.h"
#include "mockhcs/trace/writer.h"
#include "platform/thread.h"

struct real_recorder {
        char *path;
        bool redact, streams;
        uint64_t patience_ns;
        struct hcs_mutex lock;
        struct kept_table kept; /* under the lock */
        bool tried;             /* under the lock: the trace was opened, or could not be */
        _Atomic(struct mock_trace_writer *) writer;
        uint64_t started_ns;
        atomic_uint_fast64_t calls;
        atomic_uint threads;
        void *_Atomic get_result; /* HcsGetOperationResult of the platform, as soon as it is known */
        struct hcs_cond passed;   /* with the lock: a stream has ended, or has passed something on that is waited for */
        struct tee *tees;         /* under the lock: streams that pass through, the newest first */
        uint64_t n_tees, drains;  /* under the lock: numbers that were given out */
        struct asking *askings;   /* under the lock */
        atomic_uint n_askings;
        struct hcs_mutex giving; /* taken before the lock: one process information at a time */
};

/* On the stack of the calling thread. */
struct passing {
        struct real_recorder *r;
        const struct signature *s;
        uint64_t args[SIGNATURE_MAX_PARAMS]; /* as they go to the platform */
        PWSTR *theirs[SIGNATURE_MAX_PARAMS]; /* where the client wants a string; the platform has a place of ours */
        PWSTR places[SIGNATURE_MAX_PARAMS];
        void *real;
        uint64_t value; /* what it returned */
        bool recorded;  /* writes a call and a return */
        struct mock_call call;
        struct kept *created;            /* about to be made */
        struct kept *closing;            /* taken out of the table */
        uint64_t asking;                 /* number of what it asks for; 0: not for pipes */
        uint32_t hearing;                /* the callback that is registered by this call */
        uintptr_t on[MOCK_HANDLE_KINDS]; /* values of handle arguments */
};

uint64_t real_now_ns(const struct real_recorder *r);
void real_write(struct real_recorder *r, const struct mock_record *record);
/* A call through a pointer, with as many arguments as any function has. */
uint64_t real_through(void *fn, const uint64_t *args, unsigned n);

/* arguments.c: what the call was given, and what it gave. */
void passing_arguments(struct passing *p);
/* Places of ours for strings, so that one that the platform leaves alone is not taken for an answer; and the client's.
 */
void passing_lend_places(struct passing *p);
void passing_return_places(struct passing *p);
void passing_results(struct passing *p);
/* Does the call ask for the result of an operation? Of that the trace has a completion. */
bool passing_is_completion(const struct passing *p);
/* The text behind an out pointer of the call; NULL when there is none. Caller frees. */
char *passing_text(const struct passing *p, int parameter);

/* completion.c: operations, and what vmcompute completes later. */
void completion_starts(struct passing *p);  /* before the call */
void completion_asks(struct passing *p);    /* the same: for whose pipes */
void completion_started(struct passing *p); /* after it */
void completion_heard(struct passing *p);   /* after a call that asked for a result */
void completion_closes(struct passing *p);  /* before an operation is closed */
void completion_called_back(struct real_recorder *r, HCS_OPERATION operation);
/* A notification of vmcompute: is it a completion? Then it is written as one. */
bool completion_notified(struct real_recorder *r, const struct hearing *h, uint32_t type, HRESULT hr, PCWSTR data);

/* callbacks.c: ours in place of the client's, in p->args. */
void callbacks_redirect(struct passing *p); /* before the call */
void callbacks_settle(struct passing *p);   /* after it */
void callbacks_began(struct real_recorder *r);
/* The exit of a handle's object is in the trace once, whoever hears of it first. */
void callbacks_exited(struct passing *p);

/* streams.c: pipes of ours in place of the platform's, what goes through is written. Of an operation that gives the
 * same ones again the client gets the same of ours again. */
void streams_tee(struct passing *p, const struct owner *process, HCS_PROCESS_INFORMATION *info);
/* Whose streams a call on a process or a system is about; false when it is on no handle that is one. */
bool streams_of(const struct passing *p, enum mock_handle_kind kind, struct owner *ret);
/* What the client has written before a call that ends an input or a process is at the platform before the call. */
void streams_before(struct passing *p);
/* What a process has written before it, or its system, ended is with the client before that hears of the end. */
void streams_ended(struct real_recorder *r, const struct owner *ended);

/* tee.c: one stream. False when it stays the platform's. */
bool tee_begin(struct real_recorder *r, const struct owner *owner, enum mock_stream stream, HANDLE *handle);
/* With the lock held: has the client a pipe of that stream that is newer than that number? */
bool tee_is_newer(const struct real_recorder *r, const char *process, enum mock_stream stream, uint64_t number);
void tee_note_end(struct real_recorder *r, const char *process, enum mock_stream stream);
/* How long is waited: at a time in which nothing passes, as when the reader does not read; and in all. */
struct patience {
        uint64_t quiet_ns, whole_ns;
};
/* Waits until what is in the inputs, or the outputs, of these has passed. False when the patience was at its end
 * before.
 */
bool tees_drain(struct real_recorder *r, const struct owner *owner, bool inputs, const struct patience *patience);
void tees_wait(struct real_recorder *r); /* for all of them to end */

/* asking.c: calls that may give new pipes of a process; the end of one that it has waits for what they give. */
void asking_begin(struct passing *p, const char *process); /* before the call */
/* The platform has answered: what the call has is its own again, and lost when its thread is ended from now on. */
void asking_answered(struct passing *p);
void asking_end(struct passing *p); /* when the answer has been dealt with */
/* With the lock held. True: the end of that stream is written when it is known whether there is another. */
bool asking_takes_end(struct real_recorder *r, const char *process, enum mock_stream stream, uint64_t number);
/* Calls that never return: of this thread, which calls anew, so that it has left them by an exception or longjmp();
 * and of threads that have ended. */
void askings_give_up(const struct passing *p);
void askings_end(struct real_recorder *r); /* all */

#endif
