/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_GUEST_GUEST_H
#define MOCKHCS_GUEST_GUEST_H

/*
 * The guest of a virtual machine on paper: a Linux that boots in no time. It takes entropy, sends a line of log, and
 * its agent answers the bridge: containers that hold nothing, processes that are programs of the emulator's table, with
 * their streams over the ports that the host names. Changes of its devices and limits are accepted.
 *
 * It has a thread for the bridge, which owns it, and one for each process. It is started by the emulator when a client
 * listens for it (platform/hvsocket.h), and told that its machine is gone.
 */

#include "base/json.h"
#include "hcsshim/error.h"

struct paper_guest;

struct paper_guest_options {
        const char *name;
        const char *folder;            /* of its sockets */
        const struct hcs_json *script; /* of programs, NULL: none; stays as it is while the guest lives */
        /* The agent was asked to power off. On the guest's thread. */
        void (*powered_off)(void *ctx);
        /* The last call: the guest is gone. On its thread. */
        void (*gone)(void *ctx);
        void *ctx;
};

/* S_FALSE: nobody listens for a bridge, so there is no guest. */
HRESULT paper_guest_start(const struct paper_guest_options *options, struct paper_guest **ret, struct hcs_error **err);
/* Its machine is gone: returns at once. Neither powered_off() nor this may be called after it; gone() follows. */
void paper_guest_kill(struct paper_guest *g);

#endif
