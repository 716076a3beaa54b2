/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_NETWORK_NAT_H
#define MOCKHCS_VM_NETWORK_NAT_H

/*
 * The gateway of a network: libslirp, which ends the guests' TCP and UDP and goes on with sockets of this process. It
 * is loaded when it is needed, as QEMU is, and has one instance for each gateway. The library has variables that all
 * instances share, so one lock is around every call into it. Owned by the network, used under the network's lock.
 */

#include <poll.h>

#include "hcsshim/error.h"
#include "mockhcs/vm/network/frame.h"
#include "mockhcs/vm/network/network.h"

struct nat;

struct nat_options {
        uint32_t subnet, mask, gateway; /* host byte order */
        bool only_host;
        enum vm_network_dns dns;
        uint16_t dns_port;
        void (*send)(void *ctx, uint8_t *frame, size_t len); /* to the machines; may change the frame */
        void (*wake)(void *ctx);                             /* the next wait is to be computed again */
        void *ctx;
};

/* HCS_WIN32(126) without libslirp. */
HRESULT nat_new(const struct nat_options *options, struct nat **ret, struct hcs_error **err);
struct nat *nat_free(struct nat *n);
/* The gateway's MAC address, as libslirp makes it. */
void nat_mac(uint32_t gateway, uint8_t ret[FRAME_MAC]);
/* A frame that is for the gateway or for all. False when it is of no use to it. */
bool nat_input(struct nat *n, const uint8_t *data, size_t len, const struct frame *f);

/* What it waits for: appends to *fds, and lowers *timeout_ms (UINT32_MAX: without end). */
struct nat_poll {
        struct pollfd *fds;
        size_t n, cap;
};
void nat_poll_add(struct nat_poll *p, int fd, short events);
void nat_fill(struct nat *n, struct nat_poll *p, uint32_t *timeout_ms);
/* What came of it: the same fds. Call after each wait. */
void nat_handle(struct nat *n, const struct nat_poll *p);

#endif
