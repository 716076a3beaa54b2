/* SPDX-License-Identifier: MIT */

/*
 * Progress: a line for each step, with the time since the VM's beginning, and with --measure since the step before; or,
 * for programs, an object a line.
 */

#include <stdio.h>

#include "base/json.h"
#include "cmd/uvmboot/uvmboot.h"
#include "platform/clock.h"

static double seconds(uint64_t ns) {
        return (double)ns / HCS_NS_PER_S;
}

static const char *line_end(const struct uvmboot_steps *s) {
        return s->options->tty ? "\r\n" : "\n";
}

static void print_json(const struct uvmboot_steps *s, const char *member, struct hcs_json *value) {
        _cleanup_json_ struct hcs_json *line = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;

        hcs_json_set_string(line, "vm", s->name);
        hcs_json_set_u64(line, "ns", s->last_ns - s->start_ns);
        hcs_json_set(line, member, value);
        text = hcs_json_text(line, HCS_JSON_COMPACT);
        fprintf(stderr, "%s%s", text, line_end(s));
}

void uvmboot_step(struct uvmboot_steps *s, const char *fmt, ...) {
        _cleanup_free_ char *text = NULL;
        uint64_t before = s->last_ns;
        va_list ap;

        s->last_ns = hcs_clock_ns();
        if (s->start_ns == 0)
                s->start_ns = before = s->last_ns;
        if (s->options->quiet)
                return;
        va_start(ap, fmt);
        text = hcs_vasprintf(fmt, ap);
        va_end(ap);
        if (s->options->json)
                print_json(s, "step", hcs_json_new_string(text));
        else if (s->options->measure)
                fprintf(stderr, "[%7.3fs %+8.1f ms] %s: %s%s", seconds(s->last_ns - s->start_ns),
                        seconds(s->last_ns - before) * 1e3, s->name, text, line_end(s));
        else
                fprintf(stderr, "[%6.2fs] %s: %s%s", seconds(s->last_ns - s->start_ns), s->name, text, line_end(s));
}

void uvmboot_statistics(struct uvmboot_steps *s, const struct hcs_json *metrics) {
        if (s->options->json && metrics)
                print_json(s, "statistics", hcs_json_copy(metrics));
}
