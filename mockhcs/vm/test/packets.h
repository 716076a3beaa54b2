/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_TEST_PACKETS_H
#define MOCKHCS_VM_TEST_PACKETS_H

/* Frames as a guest would send them, for tests of networks. Addresses are in host byte order. */

#include "mockhcs/vm/network/frame.h"

struct packet {
        uint8_t data[2048];
        size_t len;
};

extern const uint8_t packet_everybody[FRAME_MAC];

void packet_arp(struct packet *p, const uint8_t *to, const uint8_t *from, uint16_t operation, uint32_t sender,
                uint32_t target);
/* Right checksums. */
void packet_udp(struct packet *p, const uint8_t *to, const uint8_t *from, uint32_t sender, uint16_t sender_port,
                uint32_t target, uint16_t target_port, const void *data, size_t len);
void packet_tcp_syn(struct packet *p, const uint8_t *to, const uint8_t *from, uint32_t sender, uint16_t sender_port,
                    uint32_t target, uint16_t target_port);
void packet_echo(struct packet *p, const uint8_t *to, const uint8_t *from, uint32_t sender, uint32_t target,
                 uint16_t id);
/* The question for the address of "a.example", with one additional record (EDNS). */
size_t packet_question(uint8_t out[64]);
/* Do the checksums of an IPv4 packet with TCP or UDP in it fit? */
bool packet_is_sound(const uint8_t *data, const struct frame *f);

#endif
