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
        struct uvmboot_host host;
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

static void tell(struct hcs_error *err) {
        _cleanup_free_ char *text = hcs_error_format(err);

        fprintf(stderr, "uvmboot: %s\n", text);
        hcs_error_free(err);
}

static void boot_some(void *arg) {
        struct work *w = arg;

        for (;;) {
                struct hcs_error *err = NULL;
                unsigned index;
                int code = 0;

                {
                        hcs_guard(&w->lock);
                        if (w->next == w->host.options->count || hcs_cancel_is_set(w->host.cancel))
                                return;
                        index = w->next++;
                }
                if (FAILED(uvmboot_run(&w->host, index, &code, &err))) {
                        tell(err);
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
static void free_mounts(struct uvmboot_mount *mounts, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                free((void *)(uintptr_t)mounts[i].host);
}

static void free_options(struct uvmboot_options *o) {
        free_mounts(o->scsi, o->n_scsi);
        free_mounts(o->vpmem, o->n_vpmem);
        free_mounts(o->shares, o->n_shares);
        free_mounts(o->layers, o->n_layers);
}

static void boot_all(struct work *w) {
        const struct uvmboot_options *o = w->host.options;
        struct hcs_thread threads[UVMBOOT_MAX_PARALLEL];
        unsigned n = 0;

        if (o->count == 1) {
                boot_some(w); /* who waits for a key of ours goes with the process */
                return;
        }
        while (n < o->parallel && n < o->count && SUCCEEDED(hcs_thread_start(&threads[n], boot_some, w, NULL)))
                n++;
        if (!n)
                boot_some(w);
        while (n > 0)
                hcs_thread_join(&threads[--n]);
}

/* Who was interrupted did not do what was asked, also when no VM was there yet that could fail. */
static void count_missing(struct work *w) {
        unsigned missing = w->host.options->count - w->next;

        if (!missing)
                return;
        fprintf(stderr, "uvmboot: interrupted: %u VM%s not booted\n", missing, missing == 1 ? " was" : "s were");
        w->exit_code = EXIT_UVM;
}

int main(int argc, char **argv) {
        struct uvmboot_options o = {.count = 1,
                                    .parallel = 1,
                                    .timeout_s = 120,
                                    .vpmem_count = 64,
                                    .gcs = true,
                                    .fwd_stderr = true,
                                    .allow_overcommit = true};
        struct work w = {.host = {.options = &o, .lock = HCS_MUTEX_INIT}, .lock = HCS_MUTEX_INIT};
        struct hcs_error *err = NULL;
        int code = uvmboot_parse(argc, argv, &o);

        if (code >= 0) {
                free_options(&o);
                return code;
        }
        if (o.debug)
                hcs_log_set_level(HCS_LOG_DEBUG);
        else
                hcs_log_set_sink(drop_log, NULL);
        w.host.cancel = hcs_cancel_new();
        if (SUCCEEDED(hcs_interrupts_watch(interrupted, w.host.cancel, &err)) &&
            SUCCEEDED(uvmboot_host_init(&w.host, &err))) {
                boot_all(&w);
                count_missing(&w);
        } else {
                tell(err);
                w.exit_code = EXIT_UVM;
        }
        uvmboot_host_deinit(&w.host);
        free_options(&o);
        return w.exit_code;
}
