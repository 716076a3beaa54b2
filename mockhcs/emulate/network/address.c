/* SPDX-License-Identifier: MIT */

/* Texts of addresses to numbers and back. See address.h. */

#include "mockhcs/emulate/network/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_v4(const char *text, uint32_t *ret) {
        uint32_t value = 0;

        for (int part = 0; part < 4; part++) {
                unsigned n = 0, digits = 0;

                while (*text >= '0' && *text <= '9' && digits < 4) {
                        n = n * 10 + (unsigned)(*text++ - '0');
                        digits++;
                }
                if (digits == 0 || digits > 3 || n > 255 || *text++ != (part < 3 ? '.' : '\0'))
                        return false;
                value = value << 8 | n;
        }
        *ret = value;
        return true;
}

static int hex_digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        return (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Up to eight groups, at most one gap, an IPv4 address in place of the last two groups. */
static bool parse_v6(const char *text, net_number *ret) {
        uint16_t groups[8];
        int n = 0, gap = -1;
        net_number value = 0;

        if (text[0] == ':' && text[1] != ':')
                return false;
        while (*text && n < 8) {
                unsigned group = 0, digits = 0;
                uint32_t v4;

                if (text[0] == ':' && text[1] == ':') {
                        if (gap >= 0)
                                return false;
                        gap = n;
                        text += 2;
                        continue;
                }
                if (n <= 6 && strchr(text, '.') && !strchr(text, ':') && parse_v4(text, &v4)) {
                        groups[n++] = (uint16_t)(v4 >> 16);
                        groups[n++] = (uint16_t)v4;
                        text += strlen(text);
                        break;
                }
                for (; hex_digit(*text) >= 0 && digits < 5; digits++)
                        group = group << 4 | (unsigned)hex_digit(*text++);
                if (digits == 0 || digits > 4)
                        return false;
                groups[n++] = (uint16_t)group;
                if (text[0] == ':' && text[1] != ':') {
                        text++;
                        if (!*text)
                                return false;
                } else if (*text && *text != ':') {
                        return false;
                }
        }
        if (*text || (gap < 0 && n != 8) || (gap >= 0 && n > 7))
                return false;
        for (int i = 0, missing = 8 - n; i < 8; i++) {
                bool in_gap = gap >= 0 && i >= gap && i < gap + missing;

                value = value << 16 | (in_gap ? 0 : groups[gap >= 0 && i >= gap ? i - missing : i]);
        }
        *ret = value;
        return true;
}

bool net_address_parse(const char *text, struct net_address *ret) {
        struct net_address a = {0};
        uint32_t v4;

        if (!text || !*text)
                return false;
        a.v6 = strchr(text, ':') != NULL;
        if (a.v6) {
                if (!parse_v6(text, &a.value))
                        return false;
        } else if (parse_v4(text, &v4)) {
                a.value = v4;
        } else {
                return false;
        }
        *ret = a;
        return true;
}

static void format_v6(net_number value, char *buf) {
        uint16_t groups[8];
        int best = -1, length = 1; /* a single zero group is not left out */

        for (int i = 0; i < 8; i++)
                groups[i] = (uint16_t)(value >> (112 - 16 * i));
        for (int i = 0; i < 8; i++) {
                int n = 0;

                while (i + n < 8 && groups[i + n] == 0)
                        n++;
                if (n > length) {
                        best = i;
                        length = n;
                }
        }
        for (int i = 0; i < 8; i++) {
                if (i == best) {
                        buf += sprintf(buf, "::");
                        i += length - 1;
                        continue;
                }
                buf += sprintf(buf, "%s%x", i && i != best + (best >= 0 ? length : 0) ? ":" : "", groups[i]);
        }
}

char *net_address_format(const struct net_address *a, char buf[static NET_ADDRESS_TEXT]) {
        uint32_t v4 = (uint32_t)a->value;

        if (a->v6)
                format_v6(a->value, buf);
        else
                snprintf(buf, NET_ADDRESS_TEXT, "%u.%u.%u.%u", v4 >> 24, v4 >> 16 & 255, v4 >> 8 & 255, v4 & 255);
        return buf;
}

bool net_address_equal(const struct net_address *a, const struct net_address *b) {
        return a->v6 == b->v6 && a->value == b->value;
}

bool net_address_is_zero(const struct net_address *a) {
        return a->value == 0;
}

static net_number host_mask(bool v6, unsigned length) {
        unsigned host = (v6 ? 128 : 32) - length;

        return host == 128 ? ~(net_number)0 : ((net_number)1 << host) - 1;
}

bool net_prefix_parse(const char *text, bool host_bits, struct net_prefix *ret) {
        const char *slash = text ? strchr(text, '/') : NULL;
        char address[NET_ADDRESS_TEXT];
        struct net_address a;
        unsigned long length;
        char *end;

        if (!slash || (size_t)(slash - text) >= sizeof(address) || slash[1] < '0' || slash[1] > '9')
                return false;
        memcpy(address, text, (size_t)(slash - text));
        address[slash - text] = '\0';
        length = strtoul(slash + 1, &end, 10);
        if (*end || !net_address_parse(address, &a) || length > (a.v6 ? 128 : 32))
                return false;
        if (!host_bits && (a.value & host_mask(a.v6, (unsigned)length)))
                return false;
        *ret = (struct net_prefix){
                .first = a.value & ~host_mask(a.v6, (unsigned)length), .length = (unsigned)length, .v6 = a.v6};
        return true;
}

char *net_prefix_format(const struct net_prefix *p, char buf[static NET_PREFIX_TEXT]) {
        struct net_address a = {.value = p->first, .v6 = p->v6};
        char text[NET_ADDRESS_TEXT];

        snprintf(buf, NET_PREFIX_TEXT, "%s/%u", net_address_format(&a, text), p->length);
        return buf;
}

net_number net_prefix_last(const struct net_prefix *p) {
        return p->first | host_mask(p->v6, p->length);
}

bool net_prefix_contains(const struct net_prefix *p, const struct net_address *a) {
        return a->v6 == p->v6 && a->value >= p->first && a->value <= net_prefix_last(p);
}

bool net_prefix_overlaps(const struct net_prefix *a, const struct net_prefix *b) {
        return a->v6 == b->v6 && a->first <= net_prefix_last(b) && b->first <= net_prefix_last(a);
}

bool net_mac_parse(const char *text, net_number *ret) {
        net_number value = 0;

        if (!text || strlen(text) != 17)
                return false;
        for (int i = 0; i < 17; i++) {
                if (i % 3 == 2) {
                        if (text[i] != text[2] || (text[i] != '-' && text[i] != ':'))
                                return false;
                } else if (hex_digit(text[i]) < 0) {
                        return false;
                } else {
                        value = value << 4 | (unsigned)hex_digit(text[i]);
                }
        }
        *ret = value;
        return true;
}

char *net_mac_format(net_number mac, char buf[static NET_MAC_TEXT]) {
        unsigned long long m = (unsigned long long)mac;

        snprintf(buf, NET_MAC_TEXT, "%02X-%02X-%02X-%02X-%02X-%02X", (unsigned)(m >> 40 & 255),
                 (unsigned)(m >> 32 & 255), (unsigned)(m >> 24 & 255), (unsigned)(m >> 16 & 255),
                 (unsigned)(m >> 8 & 255), (unsigned)(m & 255));
        return buf;
}
