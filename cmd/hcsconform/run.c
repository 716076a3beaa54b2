/* SPDX-License-Identifier: MIT */

/*
 * Cases against the target. The emulator gives each an engine of its own; recorded, a case may run once more against
 * the recording alone. A platform has one service for all of them; there a recorded case is a process of its own under
 * the recorder.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/hcsconform/conform.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/through_service.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/place.h"
#include "platform/process.h"

struct runner {
        const struct conform_options *o;
        struct report *report;
        struct hcs_json *results;
};

void conform_each(conform_fn fn, void *ctx) {
        hcs_each(fn, ctx);
        operations_each(fn, ctx);
        machines_each(fn, ctx);
        network_each(fn, ctx);
        storage_each(fn, ctx);
}

bool conform_chosen(const struct conform_options *o, const struct conform_case *c) {
        _cleanup_free_ char *whole = hcs_asprintf("%s: %s", c->group, c->name);
        bool of_group = o->n_groups == 0;

        for (size_t i = 0; i < o->n_groups; i++)
                of_group |= hcs_streq(o->groups[i], c->group);
        return of_group && (!o->only || hcs_streq(o->only, c->name) || hcs_streq(o->only, whole));
}

/* "a system starts (vmcompute)" as the name of a file: what is no letter or digit is a dash. */
static char *trace_of(const struct conform_options *o, const struct conform_case *c, const char *ending) {
        _cleanup_free_ char *name = hcs_asprintf("%s-%s", c->group, c->name);
        size_t n = 0;

        for (const char *p = name; *p; p++) {
                char ch = *p >= 'A' && *p <= 'Z' ? (char)(*p | 32) : *p;
                bool plain = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');

                if (plain)
                        name[n++] = ch;
                else if (n && name[n - 1] != '-')
                        name[n++] = '-';
        }
        while (n && name[n - 1] == '-')
                n--;
        return hcs_asprintf("%s/%.*s%s", o->record, (int)n, name, ending);
}

/* Handles that are none are no problem of a replay here: cases use them on purpose. */
static unsigned problems(struct mockhcs *mock, bool failed, char **ret_report) {
        unsigned n = mockhcs_verify(mock, failed, ret_report);
        struct mockhcs_counters counters;

        mockhcs_counters(mock, &counters);
        return n - (n && counters.stale_handles);
}

static bool run_in_engine(const struct conform_options *o, const struct conform_case *c, const char *spec) {
        bool replaying = hcs_str_starts(spec, "replay"), ok;
        _cleanup_free_ char *leaks = NULL, *report = NULL;
        struct mockhcs *mock = NULL;
        struct hcs_error *err = NULL;

        if (FAILED(o->service ? through_service_open(spec, &mock, &err) : mockhcs_open(spec, &mock, &err))) {
                conform_failed("%s: %s", spec, hcs_error_message(err));
                hcs_error_free(err);
                return false;
        }
        conform_target.replaying = replaying;
        ok = c->run(c);
        conform_target.replaying = false;
        if (mockhcs_leaks(mock, &leaks) && ok)
                ok = conform_failed("left open: %s", leaks);
        if (replaying && problems(mock, !ok, &report))
                ok = conform_failed("replayed: %s", report);
        if (o->service)
                through_service_close(mock);
        else
                mockhcs_close(mock);
        return ok;
}

static bool run_in_emulator(const struct conform_options *o, const struct conform_case *c) {
        _cleanup_free_ char *trace = o->record ? trace_of(o, c, ".trace") : NULL,
                            *emulate = hcs_asprintf("emulate,machines=paper%s%s", c->options ? "," : "",
                                                    c->options ? c->options : ""),
                            *spec = trace ? hcs_asprintf("speed=0,record=%s,redact=no,%s", trace, emulate)
                                          : hcs_asprintf("speed=0,%s", emulate),
                            *replay = hcs_asprintf("replay=%s", trace ? trace : "");

        return run_in_engine(o, c, spec) && (!o->replay || run_in_engine(o, c, replay));
}

/*
 * This program again, for one case, under the recorder. What came of it is read from its results: *ret_skipped is why
 * it was skipped.
 */
static bool run_recorded(const struct conform_options *o, const struct conform_case *c, char **ret_skipped) {
        _cleanup_free_ char *trace = trace_of(o, c, ".trace"), *results = trace_of(o, c, ".json"),
                            *patience = hcs_asprintf("%u", (unsigned)o->patience_ms / 1000), *self = hcs_process_path(),
                            *name = hcs_asprintf("%s: %s", c->group, c->name);
        const char *argv[24] = {o->recorder,  "record", "-o",     trace, "--",        self ? self : "hcsconform",
                                "--target",   "real",   "--case", name,  "--results", results,
                                "--patience", patience};
        _cleanup_json_ struct hcs_json *doc = NULL;
        struct hcs_error *err = NULL;
        struct hcs_child *child = NULL;
        const struct hcs_json *first;
        int code = 0;
        size_t n = 14;

        if (o->library_path) {
                argv[n++] = "--library-path";
                argv[n++] = o->library_path;
        }
        if (o->image) {
                argv[n++] = "--image";
                argv[n++] = o->image;
        }
        if (FAILED(hcs_child_spawn((char *const *)(uintptr_t)argv, NULL, HCS_CHILD_MUTE, &child, &err)) ||
            FAILED(hcs_child_wait(child, &code, &err)) || FAILED(results_read(results, &doc, &err))) {
                conform_failed("%s: %s", o->recorder, hcs_error_message(err));
                hcs_error_free(err);
                return false;
        }
        hcs_file_remove(results, NULL);
        first = hcs_json_first(hcs_json_get(doc, "cases"));
        if (hcs_streq(hcs_json_get_string(first, "outcome"), "passed") && code == 0) {
                if (hcs_json_get_string(first, "notes"))
                        conform_note(hcs_json_get_string(first, "notes"));
                return true;
        }
        if (hcs_streq(hcs_json_get_string(first, "outcome"), "skipped")) {
                *ret_skipped = hcs_strdup(hcs_json_get_string(first, "message") ?: "skipped under the recorder");
                return false;
        }
        return conform_failed("%s", hcs_json_get_string(first, "notes") ? hcs_json_get_string(first, "notes")
                                                                        : "the case did not run to its end");
}

/* A platform that lacks a function says nothing about what it would do. */
static bool run_on_platform(const struct conform_options *o, const struct conform_case *c, char **ret_skipped) {
        bool ok;

        if (o->record)
                return run_recorded(o, c, ret_skipped);
        ok = c->run(c);
        if (!ok && conform_target.too_old)
                *ret_skipped = hcs_strdup("needs a function that this platform does not have");
        return ok;
}

static const char *outcome_name(enum report_outcome outcome) {
        static const char *const names[] = {"passed", "failed", "error", "skipped", "differs"};

        return names[outcome];
}

static void note_result(struct runner *r, const struct conform_case *c, const struct report_case *came) {
        struct hcs_json *result = hcs_json_append(r->results, hcs_json_new_object());

        hcs_json_set_string(result, "group", c->group);
        hcs_json_set_string(result, "name", c->name);
        hcs_json_set_string(result, "outcome", outcome_name(came->outcome));
        if (came->message)
                hcs_json_set_string(result, "message", came->message);
        if (came->details || *conform_notes())
                hcs_json_set_string(result, "notes", came->details ? came->details : conform_notes());
        hcs_json_set_string(result, "how", how_name(c->how));
        hcs_json_set_string(result, "source", c->source ? c->source : "");
}

static void set_failed(struct report_case *came, const struct conform_options *o, const struct conform_case *c) {
        came->outcome = o->real && c->differs && !o->strict ? REPORT_DIFFERS : REPORT_FAILED;
        came->message = came->outcome == REPORT_DIFFERS ? c->differs : "not as expected";
        came->details = conform_notes();
}

static void run_case(const struct conform_case *c, void *ctx) {
        struct runner *r = ctx;
        const struct conform_options *o = r->o;
        struct report_case came = {.group = c->group, .name = c->name};
        _cleanup_free_ char *skipped = NULL;
        uint64_t begin = hcs_clock_ns();

        if (!conform_chosen(o, c))
                return;
        conform_notes_clear();
        conform_target.was_missing = conform_target.too_old = false;
        if (!conform_may_run(c, &came.message)) {
                came.outcome = REPORT_SKIPPED;
        } else if (!(o->real ? run_on_platform(o, c, &skipped) : run_in_emulator(o, c))) {
                if (skipped) {
                        came.outcome = REPORT_SKIPPED;
                        came.message = skipped;
                } else {
                        set_failed(&came, o, c);
                }
        }
        came.time_ns = hcs_clock_ns() - begin;
        report_add(r->report, &came);
        note_result(r, c, &came);
}

void conform_run(const struct conform_options *o, struct report *report, struct hcs_json *results) {
        struct runner r = {o, report, results};

        conform_each(run_case, &r);
}
