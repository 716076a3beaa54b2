/* SPDX-License-Identifier: MIT */

/* uvmboot: boots utility VMs, several at a time if wanted, and tells how it went. */

#include <stdio.h>
#include <stdlib.h>

#include "cmd/session/session.h"
#include "cmd/uvmboot/uvmboot.h"
#include "hcsshim/log.h"
#include "platform/terminal.h"
#include "platform/thread.h"

/* The VMs that are still to be booted, and the worst of what came of them. */
struct work {
        const struct uvmboot_options *options;
        struct hcs_cancel *cancel;
        struct hcs_mutex lock;
        unsigned next;
        int exit_code;
};

static void interrupted(void *ctx, enum hcs_interrupt what) {
        if (what == HCS_INTERRUPT_RESIZE)
                session_resized();
        else
                hcs_cancel_set(ctx);
}

static void boot_some(void *arg) {
        struct work *w = arg;

        for (;;) {
                struct hcs_error *err = NULL;
                unsigned index;
                int code = 0;

                {
                        hcs_guard(&w->lock);
                        if (w->next == w->options->count || hcs_cancel_is_set(w->cancel))
                                return;
                        index = w->next++;
                }
                if (FAILED(uvmboot_run(w->options, index, w->cancel, &code, &err))) {
                        _cleanup_free_ char *text = hcs_error_format(err);

                        fprintf(stderr, "uvmboot: %s\n", text);
                        hcs_error_free(err);
                        code = EXIT_UVM;
                }
                hcs_guard(&w->lock);
                if (code > w->exit_code)
                        w->exit_code = code;
        }
}

/* What matters comes as an error; the guest's log is among the artefacts. */
static void drop_log(void *ctx, enum hcs_log_level level, const char *line) {
}

/* The guest's path is in the same text. */
static void free_mounts(struct uvmboot_options *o) {
        for (unsigned i = 0; i < o->n_scsi; i++)
                free((void *)(uintptr_t)o->scsi[i].host);
        for (unsigned i = 0; i < o->n_vpmem; i++)
                free((void *)(uintptr_t)o->vpmem[i].host);
        for (unsigned i = 0; i < o->n_layers; i++)
                free((void *)(uintptr_t)o->layers[i].host);
}

int main(int argc, char **argv) {
        struct uvmboot_options o = {
                .count = 1, .parallel = 1, .timeout_s = 120, .gcs = true, .fwd_stderr = true, .entropy = true};
        struct hcs_thread threads[64];
        struct work w = {.options = &o, .lock = HCS_MUTEX_INIT};
        unsigned n = 0;
        int code = uvmboot_parse(argc, argv, &o);

        if (code >= 0) {
                free_mounts(&o);
                return code;
        }
        if (o.debug)
                hcs_log_set_level(HCS_LOG_DEBUG);
        else
                hcs_log_set_sink(drop_log, NULL);
        w.cancel = hcs_cancel_new();
        if (FAILED(hcs_interrupts_watch(interrupted, w.cancel, NULL)))
                return EXIT_UVM;
        if (o.count == 1) {
                boot_some(&w);
                free_mounts(&o);
                return w.exit_code; /* who waits for a key of ours goes with the process */
        }
        while (n < o.parallel && n < o.count && SUCCEEDED(hcs_thread_start(&threads[n], boot_some, &w, NULL)))
                n++;
        while (n > 0)
                hcs_thread_join(&threads[--n]);
        free_mounts(&o);
        return w.exit_code;
}
