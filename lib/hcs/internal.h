/* SPDX-License-Identifier: MIT */
#ifndef HCS_HCS_INTERNAL_H
#define HCS_HCS_INTERNAL_H

/*
 * The inside of the HCS client. A system and a process share struct hcs_object: the platform's handle, the exit that
 * was seen, vmcompute's completion notifications, and the user's callback with the events that came before it. Its lock
 * guards all of that and is never held during a call into the platform or into user code.
 * Two sets of functions, core.c and vm.c, stand behind struct hcs_api_ops; everything above them is the same for both.
 */

#include <stdatomic.h>

#include "base/mem.h"
#include "hcsshim/hcs.h"
#include "platform/abi_text.h"
#include "platform/bound.h"
#include "platform/dynlib.h"
#include "platform/thread.h"

enum hcs_verb {
        HCS_VERB_START,
        HCS_VERB_SHUTDOWN,
        HCS_VERB_TERMINATE,
        HCS_VERB_PAUSE,
        HCS_VERB_RESUME,
        HCS_VERB_SAVE,
        HCS_VERB_CRASH,
        HCS_VERB_PROPERTIES,
        HCS_VERB_MODIFY,
        HCS_VERB_MIGRATION_INITIALIZE,
        HCS_VERB_MIGRATION_START,
        HCS_VERB_MIGRATION_TRANSFER,
        HCS_VERB_MIGRATION_FINALIZE,
        HCS_VERB_MIGRATION_CANCEL,
        HCS_VERB_PROCESS_TERMINATE,
        HCS_VERB_PROCESS_SIGNAL,
        HCS_VERB_PROCESS_PROPERTIES,
        HCS_VERB_PROCESS_MODIFY,
};
enum hcs_timeout {
        HCS_TIMEOUT_CREATE,
        HCS_TIMEOUT_START,
        HCS_TIMEOUT_PAUSE,
        HCS_TIMEOUT_RESUME,
        HCS_TIMEOUT_SAVE,
        HCS_TIMEOUT_NONE
};

#define HCS_LATCHES    16u
#define HCS_EVENTS_MAX 64u

struct hcs_queued_event {
        struct hcs_queued_event *next;
        enum hcs_event_kind kind;
        uint32_t raw_type;
        HRESULT status;
        char *data;
};

struct hcs_object {
        atomic_uint refs;
        struct hcs_client *client; /* counted */
        bool is_process;
        void *handle;              /* HCS_SYSTEM or HCS_PROCESS */
        HCS_CALLBACK registration; /* vmcompute */
        struct hcs_mutex lock;
        struct hcs_cond changed;
        unsigned calls;  /* in flight on the handle */
        bool closing;    /* or closed */
        bool stays;      /* the platform refused to close: it may still call back */
        bool delivering; /* a thread is inside deliver() */
        bool exited, disconnected, exit_unknown;
        HRESULT exit_status;
        char *exit_data;
        struct {
                bool set;
                HRESULT hr;
        } latches[HCS_LATCHES];
        hcs_event_fn event_fn;
        void *event_ctx;
        struct hcs_queued_event *events, **events_tail;
        unsigned n_events;
};

/* The client's end of a pipe. Who reads or writes holds a reference, so that closing pulls no descriptor away. */
struct hcs_pipe_end {
        HANDLE h; /* 0 once it was taken */
        unsigned refs;
};

struct hcs_system {
        struct hcs_object o; /* first */
        char *id, *type, *os, *owner;
        GUID runtime_id;
        bool has_runtime_id;
};
struct hcs_process {
        struct hcs_object o;       /* first */
        struct hcs_system *system; /* counted */
        uint32_t pid;
        char *id;                      /* "system:pid" */
        struct hcs_pipe_end *pipes[3]; /* NULL where there is none; with the object's lock */
        bool killed;
};

/* data: what a query answers; result: the ResultError of a failure. Both are the caller's to free, NULL for none. */
struct hcs_api_ops {
        HRESULT(*enumerate)
        (struct hcs_client *c, const char *query, const struct hcs_bound *b, char **data, char **result);
        HRESULT(*create)
        (struct hcs_system *s, const char *id, const char *configuration, const struct hcs_bound *b, char **result);
        HRESULT (*open)(struct hcs_system *s, const char *id, char **result);
        HRESULT(*call)
        (struct hcs_object *o, enum hcs_verb verb, const char *document, HANDLE socket, const struct hcs_bound *b,
         char **data, char **result);
        HRESULT(*process_create)
        (struct hcs_process *p, const char *parameters, const struct hcs_bound *b, HCS_PROCESS_INFORMATION *info,
         char **result);
        HRESULT (*process_open)(struct hcs_process *p, uint32_t pid, char **result);
        HRESULT(*process_info)
        (struct hcs_process *p, const struct hcs_bound *b, HCS_PROCESS_INFORMATION *info, char **result);
        HRESULT (*service)(struct hcs_client *c, bool modify, const char *document, char **data, char **result);
        HRESULT (*access)(struct hcs_client *c, bool grant, const char *vm_id, const char *path);
        HRESULT (*watch)(struct hcs_object *o); /* registers the callback */
        HRESULT (*close)(struct hcs_object *o); /* drains it */
};
extern const struct hcs_api_ops hcs_core_ops, hcs_vm_ops;

struct hcs_client {
        atomic_uint refs;
        enum hcs_api api;
        const struct hcs_api_ops *ops;
        struct hcs_computecore_api core;
        struct hcs_vmcompute_api vm;
        int64_t timeouts_ms[HCS_TIMEOUT_NONE];
};

/* object.c */
void hcs_object_init(struct hcs_object *o, struct hcs_client *c, bool is_process);
void hcs_object_deinit(struct hcs_object *o);
HRESULT hcs_object_enter(struct hcs_object *o, struct hcs_error **err); /* E_HANDLE once closing */
void hcs_object_leave(struct hcs_object *o);
/* Closed for the client in any case; the platform's refusal is returned. */
HRESULT hcs_object_close(struct hcs_object *o, struct hcs_error **err);
/* Closing for the last time. False: the platform may still call back, the object must stay. */
bool hcs_object_release(struct hcs_object *o);
void hcs_object_event(struct hcs_object *o, enum hcs_event_kind kind, uint32_t raw_type, HRESULT status, PCWSTR data);
void hcs_object_latch(struct hcs_object *o, uint32_t notification, HRESULT hr);
/* Forgets a completion that came too late for its call, so that it cannot answer the next one. */
void hcs_object_unlatch(struct hcs_object *o, uint32_t notification);
HRESULT hcs_object_set_callback(struct hcs_object *o, hcs_event_fn fn, void *ctx, struct hcs_error **err);
/* Until the exit, or (notification != 0) until that notification, whose status is returned through ret_status. */
HRESULT hcs_object_wait(struct hcs_object *o, uint32_t notification, const struct hcs_bound *b, HRESULT *ret_status);
enum hcs_event_kind hcs_event_kind_of(enum hcs_api api, uint32_t raw_type);

/* call.c */
struct hcs_bound hcs_bound_of(struct hcs_client *c, const struct hcs_call *call, enum hcs_timeout kind);
/* Makes the error of a failed call out of its result document (freed). */
HRESULT hcs_fail(struct hcs_error **err, HRESULT hr, char *result, const char *operation, const char *id);

#endif
