/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_NETWORK_NETWORK_H
#define MOCKHCS_VM_NETWORK_NETWORK_H

/*
 * A network that adapters of machines are plugged into: a switch in this process, one thread for each network, with a
 * gateway that has the way to the host and beyond (libslirp, loaded when the first network with a gateway is made).
 *
 * A frame goes to the adapter with its MAC address, to all when it is for all or for a group, and to the gateway. What
 * a guest may send is bound to its adapter, as on a Hyper-V switch without MAC address spoofing: a frame from another
 * MAC address is dropped, and when the adapter was plugged in with an address, so is an IPv4 packet or an ARP answer
 * from another one. Each adapter has room for a while of what its guest does not take; what is more is dropped.
 *
 * The gateway answers ARP and ICMP echo. TCP and UDP to its address reach the loopback of the host; to other addresses
 * outside of the subnet they go where the host can reach them, from the host's own address. Nothing of the host reaches
 * a machine that has not asked. It has up to 256 flows at once for all machines. IPv6 goes between machines only.
 *
 * Counted references: whoever made it has one, each adapter that is plugged in another. Any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/error.h"

struct vm_network;

enum vm_network_reach {
        VM_REACH_ALL,     /* the host, and what it reaches: HNS's NAT */
        VM_REACH_HOST,    /* only the gateway's address, the host's loopback: Internal */
        VM_REACH_MACHINES /* no gateway: Private */
};

/* Questions for names, UDP and TCP port 53 of the gateway. Other name servers are hosts as any other. */
enum vm_network_dns {
        VM_DNS_HOST,   /* go to the first name server of the host (/etc/resolv.conf) */
        VM_DNS_REFUSED /* are answered with REFUSED (UDP), or with nothing (TCP) */
};

struct vm_network_options {
        const char *name;    /* for errors and the log; NULL: "network" */
        const char *subnet;  /* "172.20.0.0/16"; at least /30 */
        const char *gateway; /* inside of it; NULL: none, and reach is VM_REACH_MACHINES */
        enum vm_network_reach reach;
        enum vm_network_dns dns;
        uint16_t dns_port; /* VM_DNS_HOST: this port of the host's loopback instead of its name server; 0: not */
};

/* E_INVALIDARG, naming what is wrong; HCS_WIN32(126) when a gateway is asked for and there is no libslirp. */
HRESULT vm_network_new(const struct vm_network_options *options, struct vm_network **ret, struct hcs_error **err);
struct vm_network *vm_network_ref(struct vm_network *n);
/* The last one ends the thread and all that goes through the gateway. NULL is fine, returns NULL. */
struct vm_network *vm_network_unref(struct vm_network *n);
HCS_DEFINE_CLEANUP(struct vm_network *, vm_network_unref)

/* From the machine's point of view. A frame counts with its Ethernet header. */
struct vm_cable_stats {
        uint64_t sent_frames, sent_bytes;
        uint64_t received_frames, received_bytes;
        uint64_t sent_dropped;     /* from an address that is not the adapter's, malformed, or of no use to anybody */
        uint64_t received_dropped; /* the guest did not take them in time */
        bool connected;            /* the other end of the cable is there */
};

/*
 * The cable of one adapter. Frames come and go on a stream socket as QEMU's `-netdev socket` has them: four bytes of
 * length, big endian, in front of each.
 */
struct vm_cable;

/*
 * Plugs the cable in; n may be NULL for a cable that is in no network yet. `socket` is taken over, even on failure.
 * `mac` is "00-15-5D-..." or with colons; `address` is IPv4 or NULL for whichever the guest takes.
 * HCS_WIN32(ERROR_ALREADY_EXISTS) when another adapter has that MAC address or that address, or the gateway does.
 */
HRESULT vm_network_plug(struct vm_network *n, int socket, const char *mac, const char *address, struct vm_cable **ret,
                        struct hcs_error **err);
/* Takes it out and closes it; its reference of the network goes. NULL is fine, returns NULL. */
struct vm_cable *vm_network_unplug(struct vm_cable *c);
/* Moves the cable to another network, or to none (NULL), with the counters. On failure it stays where it was. */
HRESULT vm_cable_move(struct vm_cable *c, struct vm_network *to, const char *address, struct hcs_error **err);
void vm_cable_stats_get(struct vm_cable *c, struct vm_cable_stats *ret);

#endif
