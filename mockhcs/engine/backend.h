/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_BACKEND_H
#define MOCKHCS_ENGINE_BACKEND_H

/*
 * What stands behind the ABI: a stack of layers. The lowest answers (replay, emulate, later remote and real), those
 * above it decorate (record, faults). A call goes down by invoke(), completions, events and output come up
 * through the sink that each layer was given. A layer that decorates hands on what it does not care about.
 *
 * Threads: invoke(), note() and input() come from any number of client threads and from the engine's dispatcher at
 * once, with no engine lock held. The sink may be called from any thread at any time until free(), also from inside
 * invoke(); it never blocks and never calls back into the layer. Deferred work (delays, lifecycles) runs on the
 * engine's dispatcher through mock_engine_after().
 */

#include "mockhcs/engine/call.h"
#include "mockhcs/engine/handle.h"

struct mock_engine;

/* An event of a system or process, by its neutral name: SystemExited, ProcessExited, SystemCrashInitiated,
 * SystemCrashReport, SystemGuestConnectionClosed, SystemShutdownFailed, ServiceDisconnect, VmLifecycle, LiveMigration,
 * OperationInfo ... One is emitted for every handle that should hear of it. */
struct mock_event {
        struct mock_handle *on;
        const char *name;
        HRESULT hr;       /* vmcompute's status argument, computecore family */
        const char *data; /* EventData, NULL for none; copied by the sink */
};

struct mock_stdio {
        struct mock_handle *process;
        enum mock_stream stream;
        const void *data;
        size_t len;
        bool end; /* nothing more follows on this stream */
};

struct mock_sink;
struct mock_sink_ops {
        /* completion->result is copied. A number that is unknown or was completed before is dropped and counted. */
        void (*complete)(struct mock_sink *sink, const struct mock_completion *completion);
        void (*event)(struct mock_sink *sink, const struct mock_event *event);
        /* Output of a process on its way to the client. */
        void (*output)(struct mock_sink *sink, const struct mock_stdio *chunk);
};
struct mock_sink {
        const struct mock_sink_ops *ops;
};

struct hcs_gcs_tap_frame; /* hcsshim/gcs.h */
struct hcs_gcs_tap_bytes;
struct mock_backend;
struct mock_backend_ops {
        const char *name;
        /* Answers call (see mock_call_done and its siblings). The engine guarantees that documents are valid UTF-8 and
         * handles are live and of the right kind; it guarantees nothing else. */
        void (*invoke)(struct mock_backend *b, struct mock_call *call);
        /* A local call went by, after it was answered. Optional. */
        void (*note)(struct mock_backend *b, const struct mock_call *call);
        /* The client wrote to, or closed (end), the stdin of a process. Optional. */
        void (*input)(struct mock_backend *b, const struct mock_stdio *chunk);
        /* There is room again for output of a process, of which mock_engine_output_full() said that there was none, or
         * for which mock_engine_await_room() asked. On the dispatcher. Optional. */
        void (*room)(struct mock_backend *b, struct mock_handle *process);
        /* What went over the bridge of a system, or over a stream there: one of the two, the other is NULL. Optional.
         */
        void (*bridge)(struct mock_backend *b, const char *system, const struct hcs_gcs_tap_frame *frame,
                       const struct hcs_gcs_tap_bytes *bytes);
        /* A record of the client's own. Optional. */
        void (*record)(struct mock_backend *b, const char *line);
        /* The run is over: append what is left to say (did not match, was never asked for ...), see
         * mockhcs/trace/report.h. failed: the client's run failed for another reason. Optional. */
        void (*verify)(struct mock_backend *b, bool failed, struct hcs_json *problems);
        /* What is asked of the world itself and no call of the platform: {"control":"status"} and the others of
         * mockhcs/engine/control.h. The first layer that has it answers. Optional. */
        HRESULT(*control)
        (struct mock_backend *b, const struct hcs_json *request, struct hcs_json **ret, struct hcs_error **err);
        /* The engine ends: nothing is said to the sink any more once this returned. For layers with threads of their
         * own. Optional. */
        void (*stop)(struct mock_backend *b);
        void (*free)(struct mock_backend *b);
};
struct mock_backend {
        const struct mock_backend_ops *ops;
        struct mock_engine *engine;
        struct mock_sink *up;      /* where completions, events and output go */
        struct mock_backend *next; /* decorators: the layer below, owned */
        uint32_t build;            /* the Windows build that answers; 0: not known. Decorators say what is below. */
        const char *remark;        /* what the header of a recording says of the layer, as JSON; NULL: nothing */
};

/* The options that follow an element in the composition string. */
struct mock_options {
        const char *argument; /* the text after "record=" / "record:", "" when there is none */
        struct {
                const char *key;
                const char *value;
        } pairs[16];
        size_t n_pairs;
};
/* NULL when not given. */
const char *mock_option(const struct mock_options *o, const char *key);
/* "yes" or "no", in *ret; which is left alone when it is not given. E_INVALIDARG for any other word. */
HRESULT mock_option_yes(const struct mock_options *o, const char *key, bool *ret, struct hcs_error **err);

/*
 * A kind of layer: one row in the engine's table (mockhcs/engine/compose.c). For a decorator `next` is the layer below
 * and open() sets b->next = next (owned from then on, but only when it succeeds) and next->up to its own sink; for an
 * answering layer next is NULL. Unknown option keys are
 * refused by the engine from the `keys` list.
 */
struct mock_backend_kind {
        const char *name; /* "record" */
        bool decorator;
        bool needs_argument;
        const char *const *keys; /* option names, NULL terminated */
        HRESULT(*open)
        (struct mock_engine *engine, struct mock_sink *up, const struct mock_options *options,
         struct mock_backend *next, struct mock_backend **ret, struct hcs_error **err);
};
extern const struct mock_backend_kind mock_emulate_kind;
extern const struct mock_backend_kind mock_faults_kind;
extern const struct mock_backend_kind mock_record_kind;
extern const struct mock_backend_kind mock_remote_kind;
extern const struct mock_backend_kind mock_replay_kind;

/* Small helpers for layers. */
static inline void mock_backend_invoke(struct mock_backend *b, struct mock_call *call) {
        b->ops->invoke(b, call);
}
void mock_backend_note(struct mock_backend *b, const struct mock_call *call);
void mock_backend_input(struct mock_backend *b, const struct mock_stdio *chunk);
void mock_backend_room(struct mock_backend *b, struct mock_handle *process);
void mock_backend_bridge(struct mock_backend *b, const char *system, const struct hcs_gcs_tap_frame *frame,
                         const struct hcs_gcs_tap_bytes *bytes);
void mock_backend_verify(struct mock_backend *b, bool failed, struct hcs_json *problems);
/* E_NOTIMPL, naming the layer, when none of them has it. */
HRESULT mock_backend_control(struct mock_backend *b, const struct hcs_json *request, struct hcs_json **ret,
                             struct hcs_error **err);
struct mock_backend *mock_backend_free(struct mock_backend *b);

/* Services of the engine for layers. */
uint64_t mock_engine_now_ns(struct mock_engine *e); /* since the engine started, monotonic */
/* Runs fn(arg) on the dispatcher thread after delay_ns (0: as soon as it is idle), in order of due time, then order of
 * posting. Delays run on the engine's clock: `speed=0` makes them all due at once. Never runs after the engine was
 * freed; drop(arg) (may be NULL) is called instead for what never ran. */
void mock_engine_after(struct mock_engine *e, uint64_t delay_ns, void (*fn)(void *arg), void (*drop)(void *arg),
                       void *arg);
double mock_engine_speed(const struct mock_engine *e); /* how long a second of that clock takes; 0: no time */
/* Is this the dispatcher thread? Nothing may wait there for what runs later. */
bool mock_engine_is_dispatcher(struct mock_engine *e);
/* The client asked for stdin to be closed (CloseHandle): what it wrote before still comes as input, then its end. */
void mock_engine_end_input(struct mock_engine *e, struct mock_handle *process);
/* The client reads so slowly that no more output should be said; room() is called when that is over. A layer may go on
 * all the same: nothing is lost. */
bool mock_engine_output_full(struct mock_engine *e, struct mock_handle *process, enum mock_stream stream);
/* How much output the client has still to read; room() comes once that is MOCK_OUTPUT_LITTLE at most, maybe at once. */
#define MOCK_OUTPUT_LITTLE ((size_t)64 << 10)
size_t mock_engine_output_waiting(struct mock_engine *e, struct mock_handle *process, enum mock_stream stream);
void mock_engine_await_room(struct mock_engine *e, struct mock_handle *process, enum mock_stream stream);
/* Input stays in the client's pipe, until it is held no more. What was read already still comes. */
void mock_engine_hold_input(struct mock_engine *e, struct mock_handle *process, bool hold);

#endif
