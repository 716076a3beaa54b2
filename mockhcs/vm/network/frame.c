/* SPDX-License-Identifier: MIT */

/* Frames of mockhcs/vm/network/frame.h. */

#include "mockhcs/vm/network/frame.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/hex.h"

#define ARP_SIZE      28u
#define IPV4_HEADER   20u
#define TCP_HEADER    20u
#define UDP_HEADER    8u
#define IPV4_LENGTH   2u /* where these are in their headers */
#define IPV4_FRAGMENT 6u
#define IPV4_TTL      8u
#define IPV4_CHECKSUM 10u
#define IPV4_SENDER   12u
#define IPV4_TARGET   16u
#define TCP_CHECKSUM  16u
#define UDP_LENGTH    4u
#define UDP_CHECKSUM  6u
#define DNS_HEADER    12u
#define DNS_REFUSED   5u

static uint16_t get16(const uint8_t *p) {
        return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p) {
        return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint16_t v) {
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v) {
        put16(p, (uint16_t)(v >> 16));
        put16(p + 2, (uint16_t)v);
}

static bool parse_arp(const uint8_t *data, size_t len, struct frame *f) {
        const uint8_t *arp = data + FRAME_HEADER;

        /* Ethernet and IPv4, and their sizes */
        if (len < FRAME_HEADER + ARP_SIZE || get16(arp) != 1 || get16(arp + 2) != FRAME_IPV4 || arp[4] != FRAME_MAC ||
            arp[5] != 4)
                return false;
        f->operation = get16(arp + 6);
        f->sender_mac = arp + 8;
        f->sender = get32(arp + 14);
        f->target = get32(arp + 24);
        return true;
}

static bool parse_ipv4(const uint8_t *data, size_t len, struct frame *f) {
        const uint8_t *ip = data + FRAME_HEADER;
        size_t header, total;

        if (len < FRAME_HEADER + IPV4_HEADER || ip[0] >> 4 != 4)
                return false;
        header = (size_t)(ip[0] & 15) * 4;
        total = get16(ip + IPV4_LENGTH);
        if (header < IPV4_HEADER || total < header || total > len - FRAME_HEADER)
                return false;
        f->sender = get32(ip + IPV4_SENDER);
        f->target = get32(ip + IPV4_TARGET);
        f->protocol = ip[9];
        f->transport = FRAME_HEADER + header;
        f->end = FRAME_HEADER + total;
        if (get16(ip + IPV4_FRAGMENT) & 0x3fff) /* more of it comes, or came before */
                return true;
        if ((f->protocol == FRAME_TCP && f->end - f->transport >= TCP_HEADER) ||
            (f->protocol == FRAME_UDP && f->end - f->transport >= UDP_HEADER)) {
                f->sender_port = get16(data + f->transport);
                f->target_port = get16(data + f->transport + 2);
        }
        return true;
}

bool frame_parse(const uint8_t *data, size_t len, struct frame *ret) {
        *ret = (struct frame){0};
        if (len < FRAME_HEADER || len > FRAME_MAX)
                return false;
        ret->to = data;
        ret->from = data + FRAME_MAC;
        ret->type = get16(data + 2 * FRAME_MAC);
        switch (ret->type) {
        case FRAME_ARP:
                return parse_arp(data, len, ret);
        case FRAME_IPV4:
                return parse_ipv4(data, len, ret);
        case FRAME_IPV6:
                return true;
        default:
                return false;
        }
}

bool frame_parse_mac(const char *text, uint8_t ret[FRAME_MAC]) {
        char digits[2 * FRAME_MAC + 1] = "";
        uint8_t mac[FRAME_MAC];

        if (strlen(text) != 3 * FRAME_MAC - 1)
                return false;
        for (size_t i = 0; i < FRAME_MAC; i++) {
                if (i > 0 && text[3 * i - 1] != '-' && text[3 * i - 1] != ':')
                        return false;
                memcpy(digits + 2 * i, text + 3 * i, 2);
        }
        if (!hcs_hex_parse(digits, mac, FRAME_MAC) || frame_is_for_many(mac))
                return false;
        memcpy(ret, mac, sizeof(mac));
        return true;
}

bool frame_parse_address(const char *text, uint32_t *ret) {
        struct in_addr a;

        if (inet_pton(AF_INET, text, &a) != 1)
                return false;
        *ret = ntohl(a.s_addr);
        return true;
}

/* RFC 1624: a checksum after one of the numbers it is over has changed. */
static void follow(uint8_t *checksum, uint16_t was, uint16_t is) {
        uint32_t sum = (uint16_t)~get16(checksum) + (uint32_t)(uint16_t)~was + is;

        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        put16(checksum, (uint16_t)~sum);
}

static void change(uint8_t *data, const struct frame *f, size_t address_at, size_t port_at, uint32_t address,
                   uint16_t port) {
        uint8_t *ip = data + FRAME_HEADER, *transport = data + f->transport;
        uint8_t *sum = transport + (f->protocol == FRAME_TCP ? TCP_CHECKSUM : UDP_CHECKSUM);
        bool has_sum = f->protocol == FRAME_TCP || get16(sum) != 0; /* in UDP 0 is none */

        for (size_t i = 0; i < 2; i++) {
                uint16_t was = get16(ip + address_at + 2 * i), is = (uint16_t)(address >> (i ? 0 : 16));

                follow(ip + IPV4_CHECKSUM, was, is);
                if (has_sum)
                        follow(sum, was, is);
        }
        if (has_sum)
                follow(sum, get16(transport + port_at), port);
        if (has_sum && f->protocol == FRAME_UDP && get16(sum) == 0)
                put16(sum, 0xffff);
        put32(ip + address_at, address);
        put16(transport + port_at, port);
}

void frame_set_target(uint8_t *data, const struct frame *f, uint32_t address, uint16_t port) {
        change(data, f, IPV4_TARGET, 2, address, port);
}

void frame_set_sender(uint8_t *data, const struct frame *f, uint32_t address, uint16_t port) {
        change(data, f, IPV4_SENDER, 0, address, port);
}

/* Where the only question ends; 0 when there is none that makes sense. */
static size_t question_end(const uint8_t *data, const struct frame *f) {
        size_t at = f->transport + UDP_HEADER;
        const uint8_t *dns = data + at;

        /* a question (not an answer), one */
        if (f->end - at < DNS_HEADER || dns[2] & 0x80 || get16(dns + 4) != 1)
                return 0;
        at += DNS_HEADER;
        while (at < f->end && data[at] != 0) {
                if (data[at] > 63)
                        return 0;
                at += 1u + data[at];
        }
        at += 1 + 4; /* the root, type and class */
        return at <= f->end ? at : 0;
}

static uint16_t checksum(const uint8_t *p, size_t n) {
        uint32_t sum = 0;

        for (size_t i = 0; i + 1 < n; i += 2)
                sum += get16(p + i);
        sum = (sum & 0xffff) + (sum >> 16);
        return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

size_t frame_refuse_question(const uint8_t *data, const struct frame *f, uint8_t *out) {
        size_t end = f->protocol == FRAME_UDP && f->target_port ? question_end(data, f) : 0;
        uint8_t *ip = out + FRAME_HEADER, *udp = out + f->transport, *dns = udp + UDP_HEADER;

        if (end == 0)
                return 0;
        memcpy(out, data, end);
        memcpy(out, f->from, FRAME_MAC);
        memcpy(out + FRAME_MAC, f->to, FRAME_MAC);
        put16(ip + IPV4_LENGTH, (uint16_t)(end - FRAME_HEADER));
        ip[IPV4_TTL] = 64;
        put32(ip + IPV4_SENDER, f->target);
        put32(ip + IPV4_TARGET, f->sender);
        put16(ip + IPV4_CHECKSUM, 0);
        put16(ip + IPV4_CHECKSUM, checksum(ip, f->transport - FRAME_HEADER));
        put16(udp, f->target_port);
        put16(udp + 2, f->sender_port);
        put16(udp + UDP_LENGTH, (uint16_t)(end - f->transport));
        put16(udp + UDP_CHECKSUM, 0);
        dns[2] |= 0x80;
        dns[3] = DNS_REFUSED;
        memset(dns + 6, 0, 6); /* no records */
        return end;
}
