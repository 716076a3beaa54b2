/* SPDX-License-Identifier: MIT */

/* VMs side by side, each with a container, each by a thread of its own. */

#include "base/str.h"
#include "integration/lcow/scenarios.h"
#include "platform/thread.h"

#define VMS 4

struct booting {
        struct world *w;
        char *id, *container;
        struct machine m;
        struct hcs_thread thread;
};

static void boot_one(void *arg) {
        struct booting *b = arg;
        _cleanup_free_ char *said = hcs_asprintf("%s\n", b->container);

        if (machine_boot(b->w, b->id, 192, &b->m) &&
            box_says(&b->m, &(struct box){.id = b->container, .command = "hostname"}, NULL, said, 0))
                machine_stop(&b->m);
}

void scenario_four(struct world *w) {
        struct booting b[VMS] = {0};
        struct hcs_error *err = NULL;
        size_t n = 0;

        for (; n < VMS; n++) {
                b[n] = (struct booting){
                        .w = w, .id = hcs_asprintf("four%zu@vm", n), .container = hcs_asprintf("c%zu", n)};
                if (FAILED(hcs_thread_start(&b[n].thread, boot_one, &b[n], &err))) {
                        world_failed(w, err, "thread");
                        break;
                }
        }
        for (size_t i = 0; i < n; i++)
                hcs_thread_join(&b[i].thread);
        for (size_t i = 0; i < VMS; i++) {
                machine_deinit(&b[i].m);
                free(b[i].id);
                free(b[i].container);
        }
}
