/* SPDX-License-Identifier: MIT */

/*
 * The in-process API, and which engine is behind the exports: the innermost mockhcs_open(), else one opened from the
 * environment on first use, which lives to the end of the process and reports its leaks there when asked to.
 */

#include "mockhcs/mockhcs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/engine/engine.h"
#include "mockhcs/trace/report.h"
#include "platform/dynlib.h"
#include "platform/process_end.h"

#define MAX_OPEN 16

static struct hcs_mutex current_lock = HCS_MUTEX_INIT;
static struct mock_engine *stack[MAX_OPEN];
static size_t depth;
static struct mock_engine *ambient; /* from the environment */
static bool ambient_tried;

struct mockhcs {
        struct mock_engine *engine;
};

static const char *spec_of(const char *spec) {
        const char *env = getenv("MOCKHCS");

        return spec ? spec : env && *env ? env : "emulate";
}

static bool wants_leaks(const struct mock_engine *e) {
        const char *env = getenv("MOCKHCS_LEAKS");

        return e->report_leaks || hcs_streq(env, "1") || hcs_streq(env, "yes");
}

static void append_problems(struct mock_engine *e, bool failed, struct hcs_json *problems) {
        uint64_t stale = atomic_load(&e->stale);

        mock_backend_verify(e->top, failed, problems);
        if (stale) {
                struct hcs_json *p = mock_problem_new(
                        "stale", "%llu calls named a handle that is closed, of another kind or was never given out\n",
                        (unsigned long long)stale);

                hcs_json_set_u64(hcs_json_append(problems, p), "count", stale);
        }
}

static void append_leaks(struct mock_engine *e, struct hcs_json *problems) {
        hcs_guard(&e->lock);
        for (uint32_t i = 0; i < e->handles.n; i++) {
                struct mock_live *l = e->handles.slots[i].live;
                bool never_waited = l && l->h.kind == MOCK_OPERATION && l->op.state != MOCK_OPERATION_UNUSED &&
                                    !l->op.waited && !l->op.callback;
                struct hcs_json *p;

                if (!l)
                        continue;
                p = mock_problem_new("leak", "%s was never closed%s\n", l->h.symbol,
                                     never_waited ? ", nor was its result waited for" : "");
                hcs_json_set_string(hcs_json_append(problems, p), "on", l->h.symbol);
        }
}

/* Gives the number of problems, and their text or themselves if the caller wants those. */
static unsigned give(const struct hcs_json *problems, char **ret_text, char **ret_json) {
        if (ret_text) {
                _cleanup_buf_ struct hcs_buf b = {0};

                mock_report_text(problems, &b);
                *ret_text = hcs_buf_steal(&b);
        }
        if (ret_json)
                *ret_json = hcs_json_text(problems, HCS_JSON_COMPACT);
        return (unsigned)hcs_json_count(problems);
}

/* Where the report of a run goes: the file that MOCKHCS_REPORT names (hcstrace reads it there, as JSON), else stderr.
 */
static void report(const char *title, const struct hcs_json *problems) {
        const char *path = getenv("MOCKHCS_REPORT");
        FILE *f = path && *path ? fopen(path, "w") : NULL;
        _cleanup_free_ char *text = NULL, *json = NULL;

        give(problems, &text, &json);
        if (f) {
                fputs(json, f);
                fclose(f);
        } else if (*text) {
                fprintf(stderr, "mockhcs: %s:\n%s", title, text);
        }
}

/* At the end of the process: what did not match or was never asked for (MOCKHCS_VERIFY=0: only the former), and what
 * was left open. */
static void end_ambient(void) {
        struct mock_engine *e = ambient;
        _cleanup_json_ struct hcs_json *problems = hcs_json_new_array();

        if (!e)
                return;
        if (!hcs_process_has_ended())
                mock_dispatcher_drain(e->dispatcher);
        append_problems(e, hcs_streq(getenv("MOCKHCS_VERIFY"), "0"), problems);
        if (wants_leaks(e))
                append_leaks(e, problems);
        report("the run is not as it should be", problems); /* an empty list says that there was a run */
        hcs_mutex_lock(&current_lock);
        ambient = NULL;
        hcs_mutex_unlock(&current_lock);
        if (!hcs_process_has_ended())
                mock_engine_close(e);
}

static void open_ambient(void) {
        struct hcs_error *err = NULL;

        ambient_tried = true;
        if (FAILED(mock_engine_open(spec_of(NULL), &ambient, &err))) {
                _cleanup_free_ char *text = hcs_error_format(err);

                fprintf(stderr, "mockhcs: %s\n", text);
                hcs_error_free(err);
                return;
        }
        hcs_dynlib_stay();
        hcs_process_at_end(end_ambient);
}

struct mock_engine *mock_engine_current(void) {
        struct mock_engine *e;

        hcs_mutex_lock(&current_lock);
        if (depth == 0 && !ambient && !ambient_tried)
                open_ambient();
        e = depth ? stack[depth - 1] : ambient;
        if (e)
                mock_engine_ref(e);
        hcs_mutex_unlock(&current_lock);
        return e;
}

HRESULT mockhcs_open(const char *spec, struct mockhcs **ret, struct hcs_error **err) {
        struct mock_engine *e = NULL;
        HRESULT hr = mock_engine_open(spec_of(spec), &e, err);

        if (FAILED(hr))
                return hr;
        hcs_mutex_lock(&current_lock);
        if (depth < MAX_OPEN)
                stack[depth++] = e;
        else
                hr = HCS_WIN32(4);
        hcs_mutex_unlock(&current_lock);
        if (FAILED(hr)) {
                mock_engine_close(e);
                return hcs_error_make(err, hr, "more than %d engines are open", MAX_OPEN);
        }
        *ret = hcs_calloc(1, sizeof(**ret));
        (*ret)->engine = e;
        return S_OK;
}

struct mock_engine *mockhcs_engine(struct mockhcs *m) {
        return m->engine;
}

struct mockhcs *mockhcs_close(struct mockhcs *m) {
        size_t i;

        if (!m)
                return NULL;
        hcs_mutex_lock(&current_lock);
        for (i = 0; i < depth && stack[i] != m->engine; i++)
                continue;
        if (i < depth)
                memmove(&stack[i], &stack[i + 1], (--depth - i) * sizeof(stack[0]));
        hcs_mutex_unlock(&current_lock);
        mock_engine_close(m->engine);
        free(m);
        return NULL;
}

unsigned mockhcs_verify(struct mockhcs *m, bool failed, char **ret_report) {
        _cleanup_json_ struct hcs_json *problems = hcs_json_new_array();

        append_problems(m->engine, failed, problems);
        return give(problems, ret_report, NULL);
}

unsigned mockhcs_verify_json(struct mockhcs *m, bool failed, char **ret_json) {
        _cleanup_json_ struct hcs_json *problems = hcs_json_new_array();

        append_problems(m->engine, failed, problems);
        return give(problems, NULL, ret_json);
}

unsigned mockhcs_leaks(struct mockhcs *m, char **ret_report) {
        _cleanup_json_ struct hcs_json *problems = hcs_json_new_array();

        append_leaks(m->engine, problems);
        return give(problems, ret_report, NULL);
}

void mockhcs_drain(struct mockhcs *m) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object(), *ignored = NULL;

        /* A service first: what it has to say is here when it answers. Other worlds have nothing of their own. */
        hcs_json_set_string(request, "control", "drain");
        mock_backend_control(m->engine->top, request, &ignored, NULL);
        mock_dispatcher_drain_pipes(m->engine->dispatcher);
}

void mockhcs_counters(struct mockhcs *m, struct mockhcs_counters *ret) {
        struct mock_engine *e = m->engine;

        *ret = (struct mockhcs_counters){
                .calls = atomic_load(&e->calls),
                .failures = atomic_load(&e->failures),
                .stale_handles = atomic_load(&e->stale),
                .not_implemented = atomic_load(&e->not_implemented),
                .late_completions = atomic_load(&e->late),
                .events = atomic_load(&e->events),
        };
}

void mockhcs_note_frame(struct mockhcs *m, const char *system, const struct hcs_gcs_tap_frame *frame) {
        mock_backend_bridge(m->engine->top, system, frame, NULL);
}

void mockhcs_note_bytes(struct mockhcs *m, const char *system, const struct hcs_gcs_tap_bytes *bytes) {
        mock_backend_bridge(m->engine->top, system, NULL, bytes);
}

void mockhcs_note_record(struct mockhcs *m, const char *line) {
        for (struct mock_backend *b = m->engine->top; b; b = b->next)
                if (b->ops->record)
                        b->ops->record(b, line);
}
