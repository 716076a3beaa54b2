/* SPDX-License-Identifier: MIT */

/* Frames of mockhcs/vm/test/packets.h. */

#include "mockhcs/vm/test/packets.h"

#include <string.h>

#define IP (FRAME_HEADER)
#define L4 (FRAME_HEADER + 20)

const uint8_t packet_everybody[FRAME_MAC] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void put16(uint8_t *p, uint16_t v) {
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v) {
        put16(p, (uint16_t)(v >> 16));
        put16(p + 2, (uint16_t)v);
}

static uint32_t sum(const uint8_t *p, size_t n, uint32_t so_far) {
        for (size_t i = 0; i < n; i++)
                so_far += (uint32_t)p[i] << (i % 2 ? 0 : 8);
        while (so_far >> 16)
                so_far = (so_far & 0xffff) + (so_far >> 16);
        return so_far;
}

/* Over the pseudo header and what follows the header of IPv4. */
static uint32_t transport_sum(const uint8_t *data, size_t transport, size_t end, uint8_t protocol) {
        const uint8_t rest[4] = {0, protocol, (uint8_t)((end - transport) >> 8), (uint8_t)(end - transport)};

        return sum(data + transport, end - transport, sum(rest, 4, sum(data + IP + 12, 8, 0)));
}

static void ethernet(struct packet *p, const uint8_t *to, const uint8_t *from, uint16_t type) {
        memset(p, 0, sizeof(*p));
        memcpy(p->data, to, FRAME_MAC);
        memcpy(p->data + FRAME_MAC, from, FRAME_MAC);
        put16(p->data + 2 * FRAME_MAC, type);
}

void packet_arp(struct packet *p, const uint8_t *to, const uint8_t *from, uint16_t operation, uint32_t sender,
                uint32_t target) {
        static const uint8_t head[] = {0, 1, 8, 0, 6, 4};

        ethernet(p, to, from, FRAME_ARP);
        memcpy(p->data + IP, head, sizeof(head));
        put16(p->data + IP + 6, operation);
        memcpy(p->data + IP + 8, from, FRAME_MAC);
        put32(p->data + IP + 14, sender);
        put32(p->data + IP + 24, target);
        p->len = IP + 28;
}

static void ipv4(struct packet *p, uint8_t protocol, uint32_t sender, uint32_t target, size_t len) {
        p->data[IP] = 0x45;
        put16(p->data + IP + 2, (uint16_t)(20 + len));
        p->data[IP + 8] = 64;
        p->data[IP + 9] = protocol;
        put32(p->data + IP + 12, sender);
        put32(p->data + IP + 16, target);
        put16(p->data + IP + 10, (uint16_t)~sum(p->data + IP, 20, 0));
        p->len = L4 + len;
}

void packet_udp(struct packet *p, const uint8_t *to, const uint8_t *from, uint32_t sender, uint16_t sender_port,
                uint32_t target, uint16_t target_port, const void *data, size_t len) {
        ethernet(p, to, from, FRAME_IPV4);
        put16(p->data + L4, sender_port);
        put16(p->data + L4 + 2, target_port);
        put16(p->data + L4 + 4, (uint16_t)(8 + len));
        memcpy(p->data + L4 + 8, data, len);
        ipv4(p, FRAME_UDP, sender, target, 8 + len);
        put16(p->data + L4 + 6, (uint16_t)~transport_sum(p->data, L4, p->len, FRAME_UDP));
}

void packet_tcp_syn(struct packet *p, const uint8_t *to, const uint8_t *from, uint32_t sender, uint16_t sender_port,
                    uint32_t target, uint16_t target_port) {
        ethernet(p, to, from, FRAME_IPV4);
        put16(p->data + L4, sender_port);
        put16(p->data + L4 + 2, target_port);
        p->data[L4 + 12] = 0x50;
        p->data[L4 + 13] = 0x02;
        put16(p->data + L4 + 14, 8192);
        ipv4(p, FRAME_TCP, sender, target, 20);
        put16(p->data + L4 + 16, (uint16_t)~transport_sum(p->data, L4, p->len, FRAME_TCP));
}

void packet_echo(struct packet *p, const uint8_t *to, const uint8_t *from, uint32_t sender, uint32_t target,
                 uint16_t id) {
        ethernet(p, to, from, FRAME_IPV4);
        p->data[L4] = 8;
        put16(p->data + L4 + 4, id);
        put16(p->data + L4 + 2, (uint16_t)~sum(p->data + L4, 16, 0));
        ipv4(p, 1, sender, target, 16);
}

size_t packet_question(uint8_t out[64]) {
        static const uint8_t question[] = "\x12\x34\x01\x20\0\1\0\0\0\0\0\1\1a\7example\0\0\1\0\1"
                                          "\0\0\x29\x04\xd0\0\0\0\0\0";

        memcpy(out, question, sizeof(question));
        return sizeof(question);
}

bool packet_is_sound(const uint8_t *data, const struct frame *f) {
        const uint8_t *l4 = data + f->transport;

        if (sum(data + IP, f->transport - IP, 0) != 0xffff)
                return false;
        if (f->protocol == FRAME_UDP && l4[6] == 0 && l4[7] == 0)
                return true;
        return transport_sum(data, f->transport, f->end, f->protocol) == 0xffff;
}
