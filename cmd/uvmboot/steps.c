/* SPDX-License-Identifier: MIT */

/* Progress: a line for each step, with the time since the VM's beginning, and with --measure since the step before. */

#include <stdio.h>

#include "cmd/uvmboot/uvmboot.h"
#include "platform/clock.h"

void uvmboot_step(struct uvmboot_steps *s, const char *fmt, ...) {
        _cleanup_free_ char *text = NULL;
        uint64_t now = hcs_clock_ns();
        const char *end = s->options->tty ? "\r\n" : "\n";
        va_list ap;

        if (s->start_ns == 0)
                s->start_ns = s->last_ns = now;
        if (!s->options->quiet) {
                va_start(ap, fmt);
                text = hcs_vasprintf(fmt, ap);
                va_end(ap);
                if (s->options->measure)
                        fprintf(stderr, "[%7.3fs %+8.1f ms] %s: %s%s", (double)(now - s->start_ns) / 1e9,
                                (double)(now - s->last_ns) / 1e6, s->name, text, end);
                else
                        fprintf(stderr, "[%6.2fs] %s: %s%s", (double)(now - s->start_ns) / 1e9, s->name, text, end);
        }
        s->last_ns = now;
}
