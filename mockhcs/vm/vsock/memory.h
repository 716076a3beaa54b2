/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_VSOCK_MEMORY_H
#define MOCKHCS_VM_VSOCK_MEMORY_H

/*
 * The guest's memory as the front end (QEMU) shares it: regions, each mapped from a descriptor. A guest address becomes
 * a pointer only through here, so that nothing a guest writes into a descriptor leads outside of its own memory or into
 * a region that cannot be written. Embedded by the device; the device's thread only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/error.h"

/* As QEMU's vhost-user offers it with CONFIGURE_MEM_SLOTS; without, a table has at most eight. */
#define VSOCK_MEMORY_SLOTS 256

struct vsock_region {
        uint64_t guest;  /* physical address in the guest */
        uint64_t size;   /* bytes, never 0 */
        uint64_t user;   /* address in the front end's process: how it names rings */
        uint64_t offset; /* into the descriptor */
        void *map;       /* the whole mapping, from the descriptor's start */
        size_t map_size;
        bool read_only;
};

struct vsock_memory {
        struct vsock_region regions[VSOCK_MEMORY_SLOTS];
        size_t n;
};

/*
 * Maps size bytes at offset of fd. The descriptor stays the caller's and may be closed after. Errors: E_INVALIDARG for
 * an empty, overflowing or overlapping region and for one that the file is too short for; what mmap says.
 */
HRESULT vsock_memory_add(struct vsock_memory *m, uint64_t guest, uint64_t size, uint64_t user, uint64_t offset, int fd,
                         struct hcs_error **err);
/* E_INVALIDARG when no region is exactly that one. */
HRESULT vsock_memory_remove(struct vsock_memory *m, uint64_t guest, uint64_t size, uint64_t user,
                            struct hcs_error **err);
/* Unmaps everything; the table can be used again. */
void vsock_memory_clear(struct vsock_memory *m);

/* Where guest memory [addr, addr + 1) is, and in *ret_len how many of the len bytes follow it in the same region. NULL
 * when the address is no memory, or when write is asked for and it is read-only. */
void *vsock_memory_at(const struct vsock_memory *m, uint64_t addr, uint64_t len, bool write, uint64_t *ret_len);
/* The same by the front end's address, and only if all len bytes are in one writable region. */
void *vsock_memory_at_user(const struct vsock_memory *m, uint64_t user, uint64_t len);

#endif
