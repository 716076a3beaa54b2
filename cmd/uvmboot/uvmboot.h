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

#define MAX_MOUNTS 16 /* of a kind; all disks are at one SCSI controller of 64 */

struct uvmboot_mount {
        const char *host, *guest; /* guest NULL: where hcsshim would put it */
        const char *root_hash;    /* of a layer; NULL: what its tree says, if it has one */
        bool writable;
};

struct uvmboot_options {
        unsigned processors, memory_mb, count, parallel;
        unsigned timeout_s; /* for a VM to come up */
        bool measure, debug, quiet, gcs, tty, fwd_stdout, fwd_stderr, log_to_stdout, entropy, network, stats, json;
        const char *boot_files, *kernel, *root_fs, *kernel_arguments, *log_level, *artefacts;
        enum vm_accelerator accelerator;
        enum vm_vsock vsock;
        unsigned cid;
        const char *exec, *host_exec;
        char **arguments; /* of the command, NULL terminated; NULL: a shell */
        struct uvmboot_mount scsi[MAX_MOUNTS], vpmem[MAX_MOUNTS], layers[MAX_MOUNTS];
        unsigned n_scsi, n_vpmem, n_layers;
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

/* steps.c: "[  0.00s] uvmboot-0: what happens" on standard error, or an object of JSON a line; nothing with -q. */
struct hcs_json;
struct uvmboot_steps {
        const struct uvmboot_options *options;
        const char *name;
        uint64_t start_ns, last_ns;
};
void uvmboot_step(struct uvmboot_steps *s, const char *fmt, ...) _printf_(2, 3);
/* The whole of a container's statistics; only as JSON. */
void uvmboot_statistics(struct uvmboot_steps *s, const struct hcs_json *metrics);

/* command.c: the command as ProcessParameters for the VM itself. Caller frees. */
char *uvmboot_exec_parameters(const struct uvmboot_options *o);
/* Its name, for people. */
const char *uvmboot_command(const struct uvmboot_options *o);
bool uvmboot_wants_input(const struct uvmboot_options *o);

#endif
