/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_EMULATE_NETWORK_ADDRESS_H
#define MOCKHCS_EMULATE_NETWORK_ADDRESS_H

/* IP addresses, prefixes and MAC addresses as numbers, and their texts. Pure functions, the same on every system. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned __int128 net_number;

struct net_address {
        net_number value;
        bool v6;
};
struct net_prefix {
        net_number first; /* host bits are zero */
        unsigned length;  /* 0..32 or 0..128 */
        bool v6;
};

#define NET_ADDRESS_TEXT 46
#define NET_PREFIX_TEXT  50
#define NET_MAC_TEXT     18

/* "10.0.0.1", or IPv6 in any of its spellings (no zone); false for anything else, NULL included. */
bool net_address_parse(const char *text, struct net_address *ret);
/* IPv6 in its shortest form (RFC 5952). Returns buf. */
char *net_address_format(const struct net_address *a, char buf[static NET_ADDRESS_TEXT]);
bool net_address_equal(const struct net_address *a, const struct net_address *b);
bool net_address_is_zero(const struct net_address *a);

/* "10.0.0.0/16". host_bits: may bits behind the prefix be set? They are dropped. */
bool net_prefix_parse(const char *text, bool host_bits, struct net_prefix *ret);
char *net_prefix_format(const struct net_prefix *p, char buf[static NET_PREFIX_TEXT]);
net_number net_prefix_last(const struct net_prefix *p);
bool net_prefix_contains(const struct net_prefix *p, const struct net_address *a);
bool net_prefix_overlaps(const struct net_prefix *a, const struct net_prefix *b);

/* "00-15-5D-00-00-01", or with colons; formatted in upper case with dashes. */
bool net_mac_parse(const char *text, net_number *ret);
char *net_mac_format(net_number mac, char buf[static NET_MAC_TEXT]);

#endif
