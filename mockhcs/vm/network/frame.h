/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_NETWORK_FRAME_H
#define MOCKHCS_VM_NETWORK_FRAME_H

/*
 * What the switch has to know of an Ethernet frame, and the few changes that the gateway makes to one. Everything in a
 * frame is a guest's: a length is believed only as far as there are bytes. IPv4 addresses are in host byte order.
 * Stateless.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAC     6u
#define FRAME_HEADER  14u
#define FRAME_MAX     (65535u + FRAME_HEADER)
#define FRAME_ARP     0x0806u
#define FRAME_IPV4    0x0800u
#define FRAME_IPV6    0x86ddu
#define FRAME_TCP     6u
#define FRAME_UDP     17u
#define FRAME_ARP_ASK 1u

struct frame {
        const uint8_t *to, *from; /* MAC addresses */
        uint16_t type;
        /* ARP */
        uint16_t operation;
        const uint8_t *sender_mac;
        /* ARP, IPv4 */
        uint32_t sender, target;
        /* IPv4: ports are 0 in what is neither TCP nor UDP, and in pieces of a packet */
        uint8_t protocol;
        size_t transport, end; /* where its header and the packet's end are in the frame */
        uint16_t sender_port, target_port;
};

/* False when the frame is no ARP, IPv4 or IPv6, when it has a VLAN tag, or when its lengths cannot be. */
bool frame_parse(const uint8_t *data, size_t len, struct frame *ret);
static inline bool frame_is_for_many(const uint8_t mac[FRAME_MAC]) {
        return mac[0] & 1;
}

/* "00-15-5d-..." or with colons; false when it is no address of one adapter. */
bool frame_parse_mac(const char *text, uint8_t ret[FRAME_MAC]);
/* Dotted decimal. */
bool frame_parse_address(const char *text, uint32_t *ret);

/* Other addresses and ports in an IPv4 packet with TCP or UDP in it; its checksums follow. */
void frame_set_target(uint8_t *data, const struct frame *f, uint32_t address, uint16_t port);
void frame_set_sender(uint8_t *data, const struct frame *f, uint32_t address, uint16_t port);

/*
 * The answer REFUSED to a DNS question in UDP, in `out` of at least len bytes: its length, or 0 when it was no question
 * that has an answer.
 */
size_t frame_refuse_question(const uint8_t *data, const struct frame *f, uint8_t *out);

#endif
