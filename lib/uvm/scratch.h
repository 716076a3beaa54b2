/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_SCRATCH_H
#define HCS_UVM_SCRATCH_H

/*
 * Disks that Linux containers write to: a VHDX with an empty ext4, made as hcsshim does (internal/lcow): the disk is
 * attached to a VM, whose mkfs.ext4 formats it. What was made once is kept in a cache, by its size, and copied from
 * there; any number of processes may use one cache at the same time.
 */

#include "uvm/vm.h"

#define UVM_SCRATCH_GB 20 /* when nothing is said */

struct uvm_scratch_options {
        const char *path;  /* of the disk; replaced when it is there */
        const char *cache; /* a folder, made when needed; NULL: none */
        uint64_t gb;       /* 0: UVM_SCRATCH_GB; at most 65536 */
};

/* A copy of the cached one: S_FALSE, and nothing, when there is none of that size. */
HRESULT uvm_scratch_from_cache(const struct uvm_scratch_options *o, struct hcs_error **err);
/* Attaches a disk to that VM, formats it and takes it away. */
HRESULT uvm_scratch_format(struct uvm *vm, struct uvm_devices *devices, const char *path, const struct hcs_call *call,
                           struct hcs_error **err);
/* From the cache, or formatted in that VM, which must run, and then kept in the cache. */
HRESULT uvm_scratch_create(struct uvm *vm, struct uvm_devices *devices, const struct uvm_scratch_options *o,
                           const struct hcs_call *call, struct hcs_error **err);

#endif
