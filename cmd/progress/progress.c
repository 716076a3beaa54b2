/* SPDX-License-Identifier: MIT */

#include "cmd/progress/progress.h"

#include <stdio.h>

#include "platform/clock.h"
#include "platform/terminal.h"

#define EVERY (HCS_NS_PER_S / 10)

void progress_init(struct progress *p, const char *what) {
        *p = (struct progress){.what = what, .terminal = hcs_terminal_shows_progress()};
}

void progress_end(struct progress *p) {
        if (p->shown)
                fputs("\r\033[K", stderr);
        p->shown = false;
        p->next = 0;
}

/* Entries is 0 where there are none to count. */
static void show(struct progress *p, uint64_t done, uint64_t total, uint64_t entries) {
        uint64_t now;

        if (!p->terminal)
                return;
        now = hcs_clock_ns();
        if (now < p->next)
                return;
        p->next = now + EVERY;
        p->shown = true;
        fputc('\r', stderr);
        if (p->what)
                fprintf(stderr, "%s: ", p->what);
        if (total)
                fprintf(stderr, "%3u %%  ", (unsigned)(100.0 * (double)done / (double)total));
        fprintf(stderr, "%.1f MB", (double)done / 1e6);
        if (entries)
                fprintf(stderr, ", %llu entries", (unsigned long long)entries);
        fputs("\033[K", stderr);
}

void progress_convert(void *ctx, const struct ext4_progress *step) {
        show(ctx, step->done, step->total, step->entries);
}

void progress_bytes(void *ctx, uint64_t done, uint64_t total) {
        show(ctx, done, total, 0);
}
