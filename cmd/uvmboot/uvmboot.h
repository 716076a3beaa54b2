/* SPDX-License-Identifier: MIT */
#ifndef CMD_UVMBOOT_UVMBOOT_H
#define CMD_UVMBOOT_UVMBOOT_H

/* What the parts of uvmboot share: its options, and one utility VM from beginning to end. */

#include <stdbool.h>
#include <stdint.h>

#include "hcsshim/call.h"
#include "hcsshim/error.h"
#include "mockhcs/vm/vm.h"

#define EXIT_USAGE 2
#define EXIT_UVM   125 /* the VM did not come up, or went; as other runners of containers say it */

#define MAX_MOUNTS 16

struct uvmboot_mount {
        const char *host, *guest; /* guest NULL: where hcsshim would put it */
        bool writable;
};

struct uvmboot_options {
        unsigned processors, memory_mb, count, parallel;
        unsigned timeout_s; /* for a VM to come up */
        bool measure, debug, quiet, gcs, tty, fwd_stdout, fwd_stderr, log_to_stdout, entropy, network;
        const char *boot_files, *kernel, *root_fs, *kernel_arguments, *log_level, *artefacts;
        enum vm_accelerator accelerator;
        enum vm_vsock vsock;
        unsigned cid;
        const char *exec, *host_exec;
        char **arguments; /* of the command, NULL terminated; NULL: a shell */
        struct uvmboot_mount scsi[MAX_MOUNTS], vpmem[MAX_MOUNTS];
        unsigned n_scsi, n_vpmem;
};

/* arguments.c: 0, or the exit code; -1: go on. */
int uvmboot_parse(int argc, char **argv, struct uvmboot_options *o);

/* boot_files.c: both paths are the caller's. */
HRESULT uvmboot_find_files(const struct uvmboot_options *o, char **ret_kernel, char **ret_initrd,
                           struct hcs_error **err);
/* What the kernel and the init behind it are told. Caller frees. */
char *uvmboot_command_line(const struct uvmboot_options *o);

/* uvm.c: boots one VM, runs the command, ends it. *ret_exit_code is the command's. */
HRESULT uvmboot_run(const struct uvmboot_options *o, unsigned index, struct hcs_cancel *cancel, int *ret_exit_code,
                    struct hcs_error **err);

/* steps.c: "[  0.00s] uvmboot-0: what happens" on standard error; nothing with -q. */
struct uvmboot_steps {
        const struct uvmboot_options *options;
        const char *name;
        uint64_t start_ns, last_ns;
};
void uvmboot_step(struct uvmboot_steps *s, const char *fmt, ...) _printf_(2, 3);

/* session.c: the command in the VM and what the user has to do with it. */
struct hcs_gcs_connection;
HRESULT uvmboot_session(const struct uvmboot_options *o, struct hcs_gcs_connection *gc, struct hcs_cancel *cancel,
                        int *ret_exit_code, struct hcs_error **err);
/* The terminal has another size: the session at it is told. */
void uvmboot_session_resized(void);

#endif
