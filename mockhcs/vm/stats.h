/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_STATS_H
#define MOCKHCS_VM_STATS_H

/*
 * What a machine uses and has used, by QMP, /proc of QEMU, and the switch's own counters: of what HCS answers for
 * Memory, Processor, Statistics and the like. All of it is read when it is asked for; nothing is polled in between.
 */

#include "mockhcs/vm/vm.h"

struct vm_disk_stats {
        unsigned controller, lun;
        uint64_t reads, writes; /* requests */
        uint64_t read_bytes, written_bytes;
};

struct vm_nic_stats {
        char *id;
        bool has_cable; /* else nothing is known */
        struct vm_cable_stats cable;
};

struct vm_stats {
        bool running;       /* false: paused */
        uint64_t uptime_ns; /* since vm_start() succeeded, pauses included */

        unsigned processors;
        uint64_t processor_ns;                     /* of all processors of the guest, in steps of 10 ms */
        uint64_t processor_each_ns[VM_PROCESSORS]; /* [processors] */
        uint64_t host_ns;                          /* of all of QEMU */

        uint64_t memory_assigned; /* bytes that the guest has now: without what the balloon took */
        uint64_t memory_wanted;   /* bytes: what vm_memory_set() said last */
        uint64_t memory_limit;    /* bytes */
        /* What the guest says; false from one that has no balloon driver, or none yet, or was never asked while it ran.
         */
        bool memory_known;
        uint64_t memory_total, memory_free, memory_available; /* bytes; as MemTotal, MemFree, MemAvailable of Linux */

        struct vm_disk_stats *disks;
        size_t n_disks;
        struct vm_nic_stats *nics;
        size_t n_nics;
};

/* HCS_E_CONNECTION_CLOSED when the machine has ended; a guest that does not say what it has in half a second is no
 * error. */
HRESULT vm_stats_get(struct vm *vm, struct vm_stats *ret, struct hcs_error **err);
void vm_stats_deinit(struct vm_stats *s);
/* Processor time of QEMU alone, without asking it anything; 0 when it is not known. */
uint64_t vm_host_time(struct vm *vm);

#endif
