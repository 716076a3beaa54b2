/* SPDX-License-Identifier: MIT */
#ifndef CMD_UVMBOOT_UVM_H
#define CMD_UVMBOOT_UVM_H

/*
 * One utility VM on its way, for the files that take part in it. It belongs to the thread of uvmboot_run(); the
 * machine's and the log's threads only wake it and write to files.
 */

#include <stdio.h>

#include "base/json.h"
#include "cmd/uvmboot/uvmboot.h"
#include "hcsshim/gcs.h"
#include "platform/thread.h"

struct uvm {
        const struct uvmboot_options *options;
        struct hcs_cancel *cancel;
        struct uvmboot_steps steps;
        char name[32];
        uint32_t cid;
        struct hcs_json *verity[MAX_MOUNTS]; /* of the layers, for the agent */
        char *kernel, *initrd, *command_line;
        struct vm *vm;
        uint64_t deadline_ns;
        struct hcs_gcs_transport *transport;
        struct hcs_gcs_listener *entropy, *log_listener, *bridge_listener;
        struct hcs_thread entropy_thread;
        bool entropy_started, entropy_served;
        struct hcs_gcs_log *log;
        FILE *log_file;
        struct mock_trace_writer *trace;
        struct mock_tap *tap;
        struct hcs_gcs_connection *gc;
        struct hcs_gcs_container *container;
};

/* uvm.c: the time that is left for the VM to come up. */
struct hcs_call uvm_until_deadline(const struct uvm *u);
/*
 * Why a step failed, in place of *err: the machine's end comes before everything else, an interrupt before that.
 * Returns the code.
 */
HRESULT uvm_explain(struct uvm *u, HRESULT hr, struct hcs_error **err, const char *what);

/* mounts.c: the disks and persistent memory of the command line, by the agent. */
HRESULT uvm_mount(struct uvm *u, struct hcs_error **err);
/* Before the VM is booted: is each of the layers one? */
HRESULT uvm_look_at_layers(struct uvm *u, struct hcs_error **err);
/* The layers, and a scratch disk that is made for them; their mount points, the topmost layer first, are the caller's.
 */
HRESULT uvm_mount_layers(struct uvm *u, char ***ret_layers, char **ret_scratch, struct hcs_error **err);

/* container.c: a container over the layers, and the command in it. */
HRESULT uvm_run_container(struct uvm *u, int *ret_exit_code, struct hcs_error **err);

#endif
