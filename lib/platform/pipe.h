/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_PIPE_H
#define HCS_PLATFORM_PIPE_H

/* Byte pipes between a process of the mock and its client, as HANDLEs of the ABI. Handles are owned by whoever holds
 * them and never inherited by child processes. */

#include <stdbool.h>
#include <stddef.h>

#include "hcsshim/abi/types.h"
#include "hcsshim/error.h"

/* Both ends blocking; descriptors are at least 3. */
HRESULT hcs_pipe_new(HANDLE *ret_read, HANDLE *ret_write, struct hcs_error **err);
void hcs_pipe_set_nonblocking(HANDLE h);
/* 0 and INVALID_HANDLE_VALUE are fine. */
void hcs_pipe_close(HANDLE h);
static inline void hcs_pipe_closep(HANDLE *h) {
        hcs_pipe_close(*h);
}

/* S_OK with ret > 0; S_FALSE at the end of the stream; HCS_WIN32(ERROR_NO_DATA) when a nonblocking read or write would
 * wait; HCS_WIN32(ERROR_BROKEN_PIPE) when the reader is gone. */
#define HCS_PIPE_WOULD_BLOCK HCS_WIN32(232)
#define HCS_PIPE_BROKEN      HCS_WIN32(109)
HRESULT hcs_pipe_read(HANDLE h, void *buf, size_t size, size_t *ret, struct hcs_error **err);
HRESULT hcs_pipe_write(HANDLE h, const void *buf, size_t size, size_t *ret, struct hcs_error **err);

/* A poller waits for pipes to become readable or writable, or to be woken. One thread waits; any may wake. */
struct hcs_poller;
struct hcs_poll_entry {
        HANDLE h;
        bool want_read, want_write; /* in */
        bool readable, writable;    /* out; also set when the other end is gone */
};
HRESULT hcs_poller_new(struct hcs_poller **ret, struct hcs_error **err);
struct hcs_poller *hcs_poller_free(struct hcs_poller *p);
/* Returns when an entry is ready, wake() was called since the last wait, or the monotonic deadline passed. */
void hcs_poller_wait(struct hcs_poller *p, struct hcs_poll_entry *entries, size_t n, uint64_t deadline_ns);
void hcs_poller_wake(struct hcs_poller *p);
/* As hcs_pipe_read(); HCS_PIPE_WOULD_BLOCK when the poller is woken, or was before, and the pipe holds nothing then. A
 * read that brings bytes may take a wake away. */
HRESULT hcs_pipe_read_unless_woken(HANDLE h, struct hcs_poller *p, void *buf, size_t size, size_t *ret,
                                   struct hcs_error **err);

#endif
