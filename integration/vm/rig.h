/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_VM_RIG_H
#define INTEGRATION_VM_RIG_H

/*
 * A machine with the test guest in it (guest.c) and the line to that guest, for tests and benchmarks. Kernel and initrd
 * come from the environment: VM_KERNEL, VM_INITRD.
 */

#include "mockhcs/vm/vm.h"

struct rig {
        struct vm *vm;
        int listener, control;
        char in[8192];
        size_t in_len;
        unsigned next_id;
        uint64_t started_ns, dialled_ns; /* QEMU's start, and when the guest was there */
};

/* Options with the rig's kernel, initrd and a command line whose guest gets `argument` (NULL for none). */
struct vm_options rig_options(const char *argument);
/* Exit code 77, with the reason, when there is no QEMU or no image. */
void rig_skip_unless_possible(void);
/* Boots and waits for the guest. Ends the program with what went wrong when it does not come. */
void rig_start(struct rig *r, const struct vm_options *options);
/* Makes the machine and its listener only. */
void rig_prepare(struct rig *r, const struct vm_options *options);
/* Accepts the guest's call; fails as vm_fail() does. */
HRESULT rig_wait(struct rig *r, uint64_t deadline_ns, struct hcs_error **err);
void rig_stop(struct rig *r);

/* A listener for guests that dial `port`; a connection to the guest's port. Blocking sockets. */
int rig_listen(struct rig *r, unsigned port);
int rig_dial(struct rig *r, unsigned port);
/* Tells the guest to do something and returns the command's number; waits for the answer to one of them. */
unsigned rig_tell(struct rig *r, const char *fmt, ...) _printf_(2, 3);
/* The text behind "ok"; the program ends when it was not. Valid until the next call. */
const char *rig_answer(struct rig *r, unsigned id);
/* Sends a line that nobody answers. */
void rig_order(struct rig *r, const char *line);

#endif
