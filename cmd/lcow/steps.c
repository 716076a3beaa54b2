/* SPDX-License-Identifier: MIT */

/* Progress of a run: a line for each step with the time since the beginning, or, for programs, an object a line; and
 * the documents that go to HCS and to the guest, with --trace. Any thread. */

#include <stdarg.h>
#include <stdio.h>

#include "cmd/lcow/lcow.h"
#include "platform/clock.h"
#include "platform/thread.h"

static struct hcs_mutex lock = HCS_MUTEX_INIT;

static double seconds(uint64_t ns) {
        return (double)ns / HCS_NS_PER_S;
}

/* The lock is held. */
static void print_text(const struct lcow_steps *s, uint64_t before_ns, const char *text, const char *end) {
        char took[32] = "";

        if (s->measure)
                snprintf(took, sizeof(took), " %+8.1f ms", seconds(s->last_ns - before_ns) * 1e3);
        fprintf(stderr, s->measure ? "[%7.3fs%s] " : "[%6.2fs%s] ", seconds(s->last_ns - s->start_ns), took);
        fprintf(stderr, "%s%s%s%s", s->name ? s->name : "", s->name ? ": " : "", text, end);
}

/* One line, of text or, for programs, of these members, which are its. */
static void print(const struct lcow_run *r, const char *text, struct hcs_json *members) {
        _cleanup_json_ struct hcs_json *line = hcs_json_new_object();
        _cleanup_free_ char *printed = NULL;
        const char *end = r->tty ? "\r\n" : "\n";
        struct lcow_steps *s = r->steps;
        hcs_guard(&lock);
        uint64_t before = s->last_ns;

        s->last_ns = hcs_clock_ns();
        if (!s->start_ns)
                s->start_ns = before = s->last_ns;
        if (!s->json) {
                print_text(s, before, text, end);
                hcs_json_free(members);
                return;
        }
        if (s->name)
                hcs_json_set_string(line, "vm", s->name);
        hcs_json_set_u64(line, "ns", s->last_ns - s->start_ns);
        for (const struct hcs_json *m = hcs_json_first(members); m; m = hcs_json_next(m))
                hcs_json_set(line, hcs_json_key(m), hcs_json_copy(m));
        hcs_json_free(members);
        printed = hcs_json_text(line, HCS_JSON_COMPACT);
        fprintf(stderr, "%s%s", printed, end);
}

void lcow_step(const struct lcow_run *r, const char *fmt, ...) {
        struct hcs_json *members = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;
        va_list ap;

        if (r->steps->quiet) {
                hcs_json_free(members);
                return;
        }
        va_start(ap, fmt);
        text = hcs_vasprintf(fmt, ap);
        va_end(ap);
        hcs_json_set_string(members, "step", text);
        print(r, text, members);
}

void lcow_statistics(const struct lcow_run *r, const struct hcs_json *metrics) {
        struct hcs_json *members;

        if (!r->steps->json || r->steps->quiet || !metrics)
                return;
        members = hcs_json_new_object();
        hcs_json_set(members, "statistics", hcs_json_copy(metrics));
        print(r, NULL, members);
}

void lcow_show(const struct lcow_run *r, const char *to, const char *what, const char *document) {
        _cleanup_free_ char *text = NULL;
        struct hcs_json *members, *tree = NULL;

        if (!r->steps->trace)
                return;
        text = hcs_asprintf("%s %s: %s", to, what, document);
        members = hcs_json_new_object();
        hcs_json_set_string(members, "to", to);
        hcs_json_set_string(members, "what", what);
        if (SUCCEEDED(hcs_json_parse_cstr(document, &tree, NULL)))
                hcs_json_set(members, "document", tree);
        print(r, text, members);
}
