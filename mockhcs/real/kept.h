/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REAL_KEPT_H
#define MOCKHCS_REAL_KEPT_H

/*
 * What a recorder of the platform's own DLLs remembers: of every handle that the client holds, its name in the trace
 * and what is under way on it; and of every callback, who is to be called in truth. Embedded in the recorder and
 * guarded by its lock; what is returned is valid as long as the lock is held.
 */

#include "hcsshim/abi/types.h"
#include "mockhcs/engine/handle.h"

#define KEPT_BUCKETS   1024
#define KEPT_CLOSED    256 /* operations that were closed before they called back */
#define KEPT_GONE      64  /* callbacks that are gone, before the place of one is used again */
#define KEPT_COMPLETED 5   /* what vmcompute completes by a notification: create, start, pause, resume, save */

/* Whose streams: a process's; or a system's, which are those of all its processes. */
struct owner {
        uint64_t system;  /* a hash of its id: those of two systems that have the same are only waited for in vain */
        uint32_t id;      /* of the process for the platform; 0: not known yet */
        char process[24]; /* symbol of the handle that gives them; "" for a system */
};

struct kept {
        struct kept *next;
        struct mock_handle handle;        /* with the platform's value */
        uint32_t hearing;                 /* SYSTEM, PROCESS, CALLBACK: the callback that is registered; 0: none */
        bool exited;                      /* the trace says so */
        struct owner owner;               /* SYSTEM, PROCESS; OPERATION: whose process information its result has */
        uint64_t pending[KEPT_COMPLETED]; /* SYSTEM: numbers of vmcompute's calls that are not completed */

        /* OPERATION */
        uint64_t call; /* that it was started for; 0: not started */
        bool completed;
        bool called_back;
        bool gives_process;                  /* its result has process information */
        HCS_PROCESS_INFORMATION given, ours; /* that the platform gave, and the client was given */
        HCS_OPERATION_COMPLETION completion;
};

/* A callback of the client. Its context at the platform is its number, so that one that is gone is told from another.
 */
struct hearing {
        uint32_t generation;
        uint32_t next_gone;
        bool used;
        bool closing; /* what it hears of is closed, or is being closed */
        bool exited;  /* the same, and the trace has its exit */
        struct owner owner;
        HCS_EVENT_CALLBACK events;
        HCS_NOTIFICATION_CALLBACK notifications;
        void *context;
        enum mock_dll dll;
        char on[24];     /* symbol of what it hears of */
        uintptr_t value; /* and its value, for kept_find() */
        enum mock_handle_kind kind;
};

struct kept_closed {
        uintptr_t value;
        HCS_OPERATION_COMPLETION completion;
};

struct kept_table {
        struct kept *buckets[KEPT_BUCKETS];
        struct kept_closed closed[KEPT_CLOSED]; /* by value; the newer of two goes before the older */
        uint32_t numbers[MOCK_HANDLE_KINDS];
        struct hearing *hearings;
        uint32_t n_hearings, cap_hearings;
        uint32_t n_gone, first_gone, last_gone; /* in the order in which they went */
};

void kept_deinit(struct kept_table *t);

/* Are streams of the one among those of the other? */
bool owner_has(const struct owner *all, const struct owner *one);

/* A handle that is about to be made: it has its name, and no value yet. Owned by the caller. */
struct kept *kept_new(struct kept_table *t, enum mock_handle_kind kind, enum mock_dll dll);
/* Takes it over. */
void kept_add(struct kept_table *t, struct kept *k, uintptr_t value);
struct kept *kept_find(struct kept_table *t, enum mock_handle_kind kind, enum mock_dll dll, uintptr_t value);
/* The id of that process is known: its handle and all that hear of it know it, too. */
void kept_learn_id(struct kept_table *t, const char *process, uint32_t id);
/* Takes it out; NULL when it is not there. The caller adds it again or frees it. */
struct kept *kept_take(struct kept_table *t, enum mock_handle_kind kind, enum mock_dll dll, uintptr_t value);

/* A started operation is about to be closed: the platform may call back yet. */
void kept_close_operation(struct kept_table *t, const struct kept *k);
/* Whom such a one calls back, once; NULL when nobody. */
HCS_OPERATION_COMPLETION kept_closed_completion(struct kept_table *t, uintptr_t value);

/* Its number, never 0. */
uint32_t hearing_add(struct kept_table *t, const struct hearing *h);
void hearing_remove(struct kept_table *t, uint32_t number);
/* That handle was taken out to be closed, or stays after all: all that hear of it know, and whether its exit was
 * written. */
void hearings_closing(struct kept_table *t, const struct kept *handle, bool closing);
/* What the platform is given as context, and back; NULL when that one is gone. */
void *hearing_context(const struct kept_table *t, uint32_t number);
struct hearing *hearing_find(const struct kept_table *t, const void *context);
/* Also one that is gone, which is not `used': a call that the platform had begun by then comes late. */
const struct hearing *hearing_of(const struct kept_table *t, const void *context);

#endif
