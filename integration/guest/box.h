/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_GUEST_BOX_H
#define INTEGRATION_GUEST_BOX_H

/* Containers for cases: a bundle in the VM with a root of busybox, made by processes of the VM like any host could, and
 * an OCI spec to be edited before it is sent. Owned by its case. */

#include "integration/guest/host.h"

struct box {
        char *id, *bundle;
        struct hcs_json *spec;
};

/* args: JSON array. A fresh id. */
void box_init(struct box *b, struct host *h, const char *args);
/* Whatever state the guest has of it is deleted, failures ignored. */
void box_deinit(struct box *b, struct host *h);
/* Sets a member of the spec by a path of names ("process.user"), from JSON text. */
void box_set(struct box *b, struct host *h, const char *path, const char *json);

/* One mount more, from JSON text. */
void box_add_mount(struct box *b, struct host *h, const char *json);

struct hcs_json *box_try_create(struct box *b, struct host *h);
void box_create(struct box *b, struct host *h);
/* The first process. */
struct process box_start(struct box *b, struct host *h, unsigned streams);
/* Creates, starts, feeds, reads and waits. */
void box_run(struct box *b, struct host *h, const char *input, struct outcome *ret);
/* Another process: a shell script. */
void box_sh(struct box *b, struct host *h, const char *script, struct outcome *ret);
void box_delete(struct box *b, struct host *h);

/* A box that is taken down at the end of its case. After a failure the agent is gone, and with it the box. */
struct boxed {
        struct host *h;
        struct box box;
};
void boxed_deinit(struct boxed *b);
#define BOX(b, args)                                       \
        _cleanup_(boxed_deinit) struct boxed b = {.h = h}; \
        box_init(&b.box, h, args)

#endif
