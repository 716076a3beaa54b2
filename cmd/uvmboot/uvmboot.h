/* SPDX-License-Identifier: MIT */
#ifndef CMD_UVMBOOT_UVMBOOT_H
#define CMD_UVMBOOT_UVMBOOT_H

/*
 * What the parts of uvmboot share: its options, and one utility VM from beginning to end, which is a run of cmd/lcow
 * with work of its own. A VM belongs to one thread; its console and its agent's log come on others, which only write.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cmd/lcow/machine.h"
#include "mockhcs/bridge/tap.h"
#include "platform/stream.h"
#include "platform/thread.h"
#include "platform/work_folder.h"

#define EXIT_USAGE 2
#define EXIT_UVM   125 /* the VM did not come up, or went; as other runners of containers say it */

#define MAX_MOUNTS           16 /* of a kind */
#define UVMBOOT_MAX_PARALLEL 64

struct uvmboot_mount {
        const char *host, *guest; /* guest NULL: where hcsshim would put it */
        const char *root_hash;    /* of a layer; NULL: what its tree says, if it has one */
        bool writable;
};

struct uvmboot_options {
        unsigned processors, memory_mb; /* 0: not said */
        unsigned count, parallel;
        unsigned timeout_s; /* for a VM to come up */
        unsigned vpmem_count;
        unsigned cid; /* 0: not said */
        bool measure, debug, quiet, gcs, tty, fwd_stdout, fwd_stderr, log_to_stdout, stats, json, trace;
        bool disable_time_sync, allow_overcommit, deferred_commit;
        const char *boot_files, *kernel, *root_fs, *kernel_arguments, *log_level, *artefacts, *accelerator, *vsock,
                *network;
        const char *exec, *host_exec, *record, *replay;
        const char *not_replayed; /* the last flag that a recording decides */
        char **arguments;         /* of the command, NULL terminated; NULL: a shell */
        struct uvmboot_mount scsi[MAX_MOUNTS], vpmem[MAX_MOUNTS], shares[MAX_MOUNTS], layers[MAX_MOUNTS];
        const char *annotations[MAX_MOUNTS];
        unsigned n_scsi, n_vpmem, n_shares, n_layers, n_annotations;
};

/* arguments.c: 0, or the exit code; -1: go on. */
int uvmboot_parse(int argc, char **argv, struct uvmboot_options *o);

/* What stands behind HCS for all VMs of this process, and where their artefacts are; opened by the first VM. */
struct uvmboot_host {
        const struct uvmboot_options *options;
        struct hcs_cancel *cancel;
        struct hcs_mutex lock;
        struct mockhcs *mock;
        struct hcs_work_folder *folder; /* of what goes with us; what failed is kept of it */
        char *artefacts;                /* folder of a folder for each VM */
};
HRESULT uvmboot_host_init(struct uvmboot_host *h, struct hcs_error **err);
void uvmboot_host_deinit(struct uvmboot_host *h);

struct uvmboot_vm {
        struct uvmboot_host *host;
        const struct uvmboot_options *options;
        struct lcow_run run;
        struct lcow_steps steps;
        FILE *log;                       /* of the agent; NULL: not kept */
        struct mock_trace_writer *trace; /* of the bridge; NULL: not kept */
        struct mock_tap *tap;
        struct hcs_mutex lock;
        bool crashed; /* its kernel gave up; under the lock */
        struct hcs_stream *console;
        struct hcs_thread console_reader;
        struct hcs_error *console_error;
};

/* vm.c: boots one VM, runs the command, ends it. *ret_exit_code is the command's. */
HRESULT uvmboot_run(struct uvmboot_host *h, unsigned index, int *ret_exit_code, struct hcs_error **err);

/* mounts.c: what of the host the VM gets, as a run's plan keeps it. Paths become absolute. */
HRESULT uvmboot_plan_mounts(struct uvmboot_vm *v, struct hcs_error **err);
/* The disks of the container. */
HRESULT uvmboot_plan_layers(struct uvmboot_vm *v, struct hcs_error **err);
/* Given to the VM that runs, and mounted there. */
HRESULT uvmboot_mount(struct lcow_machine *m, struct hcs_error **err);

/* command.c: the command as ProcessParameters for the VM itself. The caller owns it. */
struct hcs_json *uvmboot_exec_parameters(const struct uvmboot_options *o, bool tty);
/* In the VM, as its plan says. */
HRESULT uvmboot_run_in_vm(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err);
/* Another program has the bridge; when it ends, so does the VM. */
HRESULT uvmboot_run_on_host(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err);
/* Where the sockets of a VM are that HCS has started; NULL: unknown. Caller frees. */
char *uvmboot_socket_folder(const struct lcow_machine *m);

/* console.c: of a VM whose document has a port for it. Opened when HCS has started the VM; what it says is copied to
 * our output, or with an agent to our errors, until the port is closed. */
void uvmboot_console_open(struct lcow_machine *m);
/* What is typed goes there until the VM ends. */
HRESULT uvmboot_at_console(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err);
void uvmboot_console_close(struct uvmboot_vm *v);

#endif
