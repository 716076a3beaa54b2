/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_VSOCK_VSOCK_H
#define MOCKHCS_VM_VSOCK_VSOCK_H

/*
 * A vhost-user-vsock device: the back end that gives one QEMU guest a real AF_VSOCK with no kernel module on the host.
 * The host's side is Unix stream sockets in a folder, in the convention of Firecracker and vhost-device-vsock:
 *   - the guest connects to CID 2, port P: the device connects to FOLDER/v.sock_P (P in decimal). Nobody there: the
 *     guest's connect fails with ECONNRESET;
 *   - a host program connects to FOLDER/v.sock and writes "CONNECT P\n"; once the guest has accepted it reads
 *     "OK HOSTPORT\n" and then what the guest sends. A guest that is not there, or refuses, is end of file.
 * A stream keeps its half-closes in both directions, and each side feels the other's slowness: what is on its way is
 * bounded by 256 KiB each way.
 *
 * The device is one thread of the process that makes it. A guest that breaks the rules loses its connections, or its
 * device until it resets it; nothing else. Linux only: vhost-user is descriptors of memory and events.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/error.h"

struct vsock_device;

struct vsock_device_options {
        const char *folder; /* exists; v.sock is made in it and removed with the device */
        uint64_t guest_cid; /* 3 or more; each device is private, so all guests may have the same */
        int front_end;      /* a connected Unix stream socket whose other end QEMU gets; taken over, even on failure */
        unsigned max_connections; /* 0: 1024 */
};

struct vsock_stats {
        uint64_t connections;       /* open now, in every state */
        uint64_t accepted;          /* opened so far, either way */
        uint64_t refused;           /* the other side was not there, or one too many */
        uint64_t to_host, to_guest; /* bytes of payload */
        uint64_t violations;        /* packets and chains that broke a rule */
        bool running;               /* the guest's driver has the device */
};

/* Errors: what making the socket or the thread says; E_INVALIDARG for a CID below 3. */
HRESULT vsock_device_new(const struct vsock_device_options *options, struct vsock_device **ret, struct hcs_error **err);
/* Closes every connection, ends the thread, removes v.sock. NULL is fine, returns NULL. */
struct vsock_device *vsock_device_free(struct vsock_device *d);
HCS_DEFINE_CLEANUP(struct vsock_device *, vsock_device_free)
/* Any thread. */
void vsock_device_stats(const struct vsock_device *d, struct vsock_stats *ret);

#endif
