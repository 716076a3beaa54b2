/* SPDX-License-Identifier: MIT */

/*
 * The guest of a virtual machine on paper (mockhcs/guest), for clients that listen for one. Its thread outlives the
 * system for as long as it takes to go; the emulator outlives it.
 */

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/emulate/machine.h"
#include "mockhcs/guest/guest.h"

struct system_guest {
        struct emulator *em;
        struct compute_system *system; /* NULL once it has stopped */
        struct paper_guest *guest;
};

static void powered_off(void *ctx) {
        struct system_guest *g = ctx;
        struct emulator *em = g->em;
        struct emissions out = {0};

        hcs_mutex_lock(&em->lock);
        if (g->system)
                system_stop(em, g->system, EXIT_GRACEFUL, &out);
        hcs_mutex_unlock(&em->lock);
        emissions_send(em, &out);
}

static void gone(void *ctx) {
        struct system_guest *g = ctx;
        struct emulator *em = g->em;

        free(g);
        hcs_guard(&em->lock);
        if (--em->machine_threads == 0)
                hcs_cond_broadcast(&em->machines_gone);
}

void paper_start(struct emulator *em, struct compute_system *s) {
        struct system_guest *g;
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (!s->hvsocket || s->guest)
                return;
        g = hcs_calloc(1, sizeof(*g));
        *g = (struct system_guest){.em = em, .system = s};
        em->machine_threads++;
        hr = paper_guest_start(&(struct paper_guest_options){.name = s->id,
                                                             .folder = s->hvsocket,
                                                             .script = em->script,
                                                             .powered_off = powered_off,
                                                             .gone = gone,
                                                             .ctx = g},
                               &g->guest, &err);
        if (hr == S_OK) {
                s->guest = g;
                return;
        }
        if (FAILED(hr))
                hcs_log(HCS_LOG_WARN, "a guest on paper does not start", "id", s->id, "error", hcs_error_message(err),
                        NULL);
        hcs_error_free(err);
        em->machine_threads--;
        free(g);
}

void paper_leave(struct compute_system *s) {
        struct system_guest *g = s->guest;

        if (!g)
                return;
        s->guest = NULL;
        g->system = NULL;
        paper_guest_kill(g->guest);
}
