/* SPDX-License-Identifier: MIT */

/* The way of a call through the recorder; see recorder.h. */

#include "mockhcs/real/recorder.h"

#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/real/passing.h"
#include "platform/clock.h"
#include "platform/os.h"
#include "platform/saved_error.h"

struct real_recorder *real_recorder_new(const struct real_recorder_options *options) {
        struct real_recorder *r = hcs_calloc(1, sizeof(*r));

        r->path = hcs_strdup(options->path);
        r->redact = !options->keep_secrets;
        r->streams = !options->no_streams;
        r->patience_ns = options->patience_ns ? options->patience_ns : HCS_NS_PER_S;
        hcs_mutex_init(&r->lock);
        hcs_mutex_init(&r->giving);
        hcs_cond_init(&r->passed);
        callbacks_began(r);
        return r;
}

struct real_recorder *real_recorder_free(struct real_recorder *r) {
        if (!r)
                return NULL;
        callbacks_began(NULL);
        tees_wait(r);
        askings_end(r);
        kept_deinit(&r->kept);
        mock_trace_writer_free(atomic_load(&r->writer));
        hcs_cond_deinit(&r->passed);
        hcs_mutex_deinit(&r->giving);
        hcs_mutex_deinit(&r->lock);
        free(r->path);
        free(r);
        return NULL;
}

void real_recorder_end(struct real_recorder *r) {
        r->tried = true;
        askings_end(r);
        mock_trace_writer_free(atomic_exchange(&r->writer, NULL));
}

void real_recorder_learn(struct real_recorder *r, const struct signature *s, void *real) {
        if (s->function->verb == MOCK_GET_OPERATION_RESULT && signature_find(s, PARAMETER_PROCESS_INFORMATION) < 0)
                atomic_store(&r->get_result, real);
}

uint64_t real_now_ns(const struct real_recorder *r) {
        return hcs_clock_ns() - r->started_ns;
}

/* NULL when the trace cannot be written: then calls only go by. */
static struct mock_trace_writer *writer_of(struct real_recorder *r) {
        struct mock_trace_writer *w = atomic_load(&r->writer);
        struct mock_trace_header header = {.recorder = "hcstrace record", .os = hcs_os_name()};
        struct hcs_error *err = NULL;

        if (w)
                return w;
        hcs_guard(&r->lock);
        if (r->tried)
                return atomic_load(&r->writer);
        r->tried = true;
        header.redacted = r->redact;
        header.build = hcs_os_build();
        r->started_ns = hcs_clock_ns();
        if (FAILED(mock_trace_writer_open(r->path, &header, &w, &err))) {
                hcs_log(HCS_LOG_ERROR, "nothing is recorded", "error", hcs_error_message(err), NULL);
                hcs_error_free(err);
                return NULL;
        }
        atomic_store(&r->writer, w);
        return w;
}

void real_write(struct real_recorder *r, const struct mock_record *record) {
        struct mock_trace_writer *w = atomic_load(&r->writer);

        if (w)
                mock_trace_write(w, record);
}

uint64_t real_through(void *fn, const uint64_t *args, unsigned n) {
        typedef uint64_t(HCS_ABI_CALL * function)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                                  uint64_t);
        uint64_t a[SIGNATURE_MAX_PARAMS] = {0};

        memcpy(a, args, n * sizeof(*a));
        return ((function)(uintptr_t)fn)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
}

static void enter(struct passing *p) {
        /* A thread keeps its number within one recorder. */
        static _Thread_local const struct real_recorder *numbered_by;
        static _Thread_local uint32_t number;

        if (numbered_by != p->r) {
                numbered_by = p->r;
                number = atomic_fetch_add(&p->r->threads, 1) + 1;
        }
        p->recorded = !(p->s->function->flags & MOCK_UNRECORDED);
        p->call.function = p->s->function;
        p->call.thread = number;
        p->call.number = p->recorded ? atomic_fetch_add(&p->r->calls, 1) + 1 : 0;
        p->call.time_ns = real_now_ns(p->r);
}

static bool closes(const struct mock_function *f) {
        return mock_verb_closes(f->verb) || f->verb == MOCK_CLOSE_OPERATION || f->verb == MOCK_UNREGISTER_CALLBACK;
}

/* The handle is taken from the table first: its value may be given out again as soon as the platform has it back. */
static void take_closing(struct passing *p) {
        const struct parameter *first = &p->s->parameters[0];

        if (!closes(p->s->function) || first->kind != PARAMETER_HANDLE)
                return;
        completion_closes(p);
        hcs_guard(&p->r->lock);
        p->closing = kept_take(&p->r->kept, first->handle, p->s->function->dll, p->args[0]);
        if (!p->closing)
                return;
        hearings_closing(&p->r->kept, p->closing, true);
        if (first->handle == MOCK_OPERATION)
                kept_close_operation(&p->r->kept, p->closing);
}

static void settle_closing(struct passing *p) {
        if (!p->closing)
                return;
        hcs_guard(&p->r->lock);
        if (FAILED(p->call.hr)) { /* it stays */
                hearings_closing(&p->r->kept, p->closing, false);
                kept_add(&p->r->kept, p->closing, p->closing->handle.value);
                return;
        }
        hearing_remove(&p->r->kept, p->closing->hearing);
        free(p->closing);
}

static void settle_created(struct passing *p) {
        int i = signature_find(p->s, PARAMETER_CREATES);
        uintptr_t value = p->s->returns == RETURNS_OPERATION ? p->value : 0;

        if (!p->created)
                return;
        if (i >= 0 && p->args[i] && SUCCEEDED(p->call.hr))
                value = *(const uintptr_t *)(uintptr_t)p->args[i];
        if (!value) {
                free(steal_pointer(&p->created));
                p->call.created = NULL;
                return;
        }
        hcs_guard(&p->r->lock);
        kept_add(&p->r->kept, p->created, value);
}

static void write_call(struct passing *p) {
        struct record_entry e;

        record_entry_call(&e, &p->call, p->r->redact);
        real_write(p->r, &e.record);
        record_entry_deinit(&e);
}

static void write_return(struct passing *p) {
        struct record_entry e;

        record_entry_return(&e, &p->call, real_now_ns(p->r), p->r->redact);
        real_write(p->r, &e.record);
        record_entry_deinit(&e);
}

static void before(struct passing *p) {
        enter(p);
        askings_give_up(p);
        passing_arguments(p);
        streams_before(p);
        if (p->recorded)
                write_call(p);
        take_closing(p);
        completion_starts(p);
        completion_asks(p);
        callbacks_redirect(p);
}

/* What the platform returned, in the family of computecore, in which documents of calls are. Of a function that returns
 * nothing it is what a handle says that nobody gave out. */
static HRESULT outcome(const struct passing *p) {
        switch (p->s->returns) {
        case RETURNS_HRESULT:
                return hcs_hresult_to_computecore((HRESULT)(uint32_t)p->value);
        case RETURNS_OPERATION:
                return p->value ? S_OK : E_OUTOFMEMORY;
        case RETURNS_NOTHING:
                return p->on[p->s->parameters[0].handle] ? S_OK : E_HANDLE;
        default:
                return S_OK;
        }
}

static void after(struct passing *p) {
        asking_answered(p);
        p->call.hr = outcome(p);
        p->call.completed = true;
        completion_started(p);
        settle_created(p);
        passing_results(p);
        callbacks_settle(p);
        completion_heard(p);
        asking_end(p);
        callbacks_exited(p);
        if (p->recorded)
                write_return(p);
        settle_closing(p);
        mock_call_deinit(&p->call);
}

uint64_t real_recorder_call(struct real_recorder *r, const struct signature *s, const uint64_t *args, void *real) {
        struct hcs_saved_error theirs = hcs_error_save();
        struct passing p = {.r = r, .s = s, .real = real};

        memcpy(p.args, args, s->n * sizeof(*args));
        if (!writer_of(r)) {
                hcs_error_restore(theirs);
                return real_through(real, args, s->n);
        }
        before(&p);
        passing_lend_places(&p);
        hcs_error_restore(theirs);
        p.value = real_through(real, p.args, s->n);
        theirs = hcs_error_save();
        passing_return_places(&p);
        after(&p);
        hcs_error_restore(theirs);
        return p.value;
}
