/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_BRIDGE_STAND_IN_H
#define MOCKHCS_BRIDGE_STAND_IN_H

/*
 * A recorded guest in the place of a virtual machine: it dials what a guest dials when it boots, in the folder of the
 * machine's Hyper-V sockets (port 1 for entropy, 109 for its log, 0x40000000 for the bridge), and then answers as
 * play.h says. It has a thread, and belongs to its maker.
 */

#include "mockhcs/bridge/play.h"

struct mock_stand_in;

struct mock_stand_in_options {
        const char *trace, *bridge; /* "bridge/1" */
        const char *folder;         /* where v.sock_PORT are */
        /* As mock_bridge_options.heard. Must not call into the stand-in. */
        void (*heard)(void *ctx, unsigned long long line);
        void *ctx;
};

/* The texts are copied. */
HRESULT mock_stand_in_start(const struct mock_stand_in_options *options, struct mock_stand_in **ret,
                            struct hcs_error **err);
/* The guest goes: its machine has ended. Any thread, any number of times. */
void mock_stand_in_hang_up(struct mock_stand_in *s);
/* Hangs up, waits, and gives what was not as recorded; valid as long as the stand-in. */
const struct mock_bridge_report *mock_stand_in_end(struct mock_stand_in *s);
/* Hangs up and waits. NULL is fine, returns NULL. */
struct mock_stand_in *mock_stand_in_free(struct mock_stand_in *s);

#endif
