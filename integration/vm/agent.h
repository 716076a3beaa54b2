/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_VM_AGENT_H
#define INTEGRATION_VM_AGENT_H

/* A machine with the agent in it, and the host's side of its bridge, for tests of machines. */

#include "hcsshim/gcs.h"
#include "mockhcs/vm/vm.h"
#include "platform/thread.h"

struct agent {
        struct vm *vm;
        struct hcs_gcs_transport *transport;
        struct hcs_gcs_listener *entropy, *log, *bridge;
        struct hcs_gcs_connection *gc;
        struct hcs_stream *log_stream;
        struct hcs_thread entropy_server;
        bool serves_entropy;
};

/* The agent's kernel and initrd (VM_AGENT_INITRD). */
struct vm_options agent_options(void);
/* Makes the machine and starts it; a machine of options->saved is not asked for entropy and a log. */
void agent_start(struct agent *a, const struct vm_options *options);
/* Accepts the bridge and negotiates: the first time, or again (the old connection is closed). */
void agent_connect(struct agent *a);
/* Runs a command in the VM; its exit code. */
unsigned agent_run(struct agent *a, const char *command);
void agent_stop(struct agent *a);

#endif
