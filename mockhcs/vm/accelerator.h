/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_ACCELERATOR_H
#define MOCKHCS_VM_ACCELERATOR_H

/*
 * Which accelerator a guest boots with on this host. /dev/kvm that can be opened says little: under some hypervisors a
 * guest hangs or crawls with it. So a machine of the given kernel and nothing else is booted with KVM: it must say its
 * name within 5 seconds, and a kernel that comes as far as not finding its root file system within the deadline has
 * shown that processors, timers and interrupts work. The answer is kept for this boot of the host in a cache file.
 */

#include "mockhcs/vm/vm.h"

struct vm_probe_options {
        const char *qemu; /* as in vm_options */
        const char *kernel;
        const char *cache;         /* NULL: accelerator in hcs_cache_folder(); "": none */
        uint64_t deadline_ns;      /* from now; 0: 15 s */
        const char *device;        /* NULL: /dev/kvm */
        void (*trying)(void *ctx); /* a guest is booted now, which takes its time; may be NULL */
        void *ctx;
};

/*
 * VM_ACCELERATOR_KVM or VM_ACCELERATOR_TCG, and in *ret_why a sentence for people (caller frees; may be NULL). Never
 * fails: what cannot be found out is TCG.
 */
enum vm_accelerator vm_accelerator_probe(const struct vm_probe_options *options, char **ret_why);

#endif
