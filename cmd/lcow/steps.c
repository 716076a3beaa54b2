/* SPDX-License-Identifier: MIT */

/* Progress of a run: a line for each step with the time since the beginning, or, for programs, an object a line; and
 * the documents that go to HCS and to the guest, with --trace. Any thread. */

#include <stdarg.h>
#include <stdio.h>

#include "cmd/lcow/lcow.h"
#include "platform/clock.h"
#include "platform/thread.h"

static struct hcs_mutex lock = HCS_MUTEX_INIT;

static void print(const struct lcow_run *r, const char *text, const char *to, const char *what, const char *document) {
        uint64_t now = hcs_clock_ns();
        _cleanup_json_ struct hcs_json *line = hcs_json_new_object();
        _cleanup_free_ char *printed = NULL;
        const char *end = r->tty ? "\r\n" : "\n";
        struct hcs_json *tree = NULL;
        struct lcow_steps *s = r->steps;
        hcs_guard(&lock);

        if (!s->start_ns)
                s->start_ns = now;
        if (!s->json) {
                if (text)
                        fprintf(stderr, "[%6.2fs] %s%s", (double)(now - s->start_ns) / HCS_NS_PER_S, text, end);
                else
                        fprintf(stderr, "[%6.2fs] %s %s: %s%s", (double)(now - s->start_ns) / HCS_NS_PER_S, to, what,
                                document, end);
                return;
        }
        hcs_json_set_u64(line, "ns", now - s->start_ns);
        if (text) {
                hcs_json_set_string(line, "step", text);
        } else {
                hcs_json_set_string(line, "to", to);
                hcs_json_set_string(line, "what", what);
                if (SUCCEEDED(hcs_json_parse_cstr(document, &tree, NULL)))
                        hcs_json_set(line, "document", tree);
        }
        printed = hcs_json_text(line, HCS_JSON_COMPACT);
        fprintf(stderr, "%s%s", printed, end);
}

void lcow_step(const struct lcow_run *r, const char *fmt, ...) {
        _cleanup_free_ char *text = NULL;
        va_list ap;

        if (r->steps->quiet)
                return;
        va_start(ap, fmt);
        text = hcs_vasprintf(fmt, ap);
        va_end(ap);
        print(r, text, NULL, NULL, NULL);
}

void lcow_show(const struct lcow_run *r, const char *to, const char *what, const char *document) {
        if (r->steps->trace)
                print(r, NULL, to, what, document);
}
