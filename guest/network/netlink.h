/* SPDX-License-Identifier: MIT */
#ifndef GUEST_NETWORK_NETLINK_H
#define GUEST_NETWORK_NETLINK_H

/*
 * The few requests of rtnetlink(7) that adapters need. A socket works in the network namespace it was opened in and
 * belongs to one thread. Our own code: libmnl would save the framing of attributes, some forty lines, and none of the
 * message types, for a library more in a static binary.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/mem.h"
#include "hcsshim/error.h"

struct guest_netlink;

/* An address of either family; prefix counts bits. */
struct guest_ip {
        int family; /* AF_INET, AF_INET6 */
        uint8_t bytes[16];
        uint8_t prefix;
};

struct guest_link {
        int index;
        char name[IF_NAMESIZE];
        uint32_t mtu;
        unsigned flags; /* IFF_* */
        uint8_t mac[6];
        bool has_mac;
};

/* destination NULL: the default route; gateway NULL: on the link. metric 0: the kernel's. table 0: main. */
struct guest_route {
        const struct guest_ip *destination, *gateway;
        uint32_t metric, table;
};

/* "192.0.2.1" or "2001:db8::1", prefix of one host. E_INVALIDARG names the text. */
HRESULT guest_ip_parse(const char *text, struct guest_ip *ret, struct hcs_error **err);
/* With "/N" behind it, N within the family. */
HRESULT guest_ip_parse_prefix(const char *text, struct guest_ip *ret, struct hcs_error **err);
/* Six bytes in hexadecimal with "-" or ":" between them. */
HRESULT guest_mac_parse(const char *text, uint8_t ret[static 6], struct hcs_error **err);

/* In the namespace of the calling thread, or in that of a process when pid is not 0. */
HRESULT guest_netlink_open(pid_t pid, struct guest_netlink **ret, struct hcs_error **err);
struct guest_netlink *guest_netlink_close(struct guest_netlink *n);
HCS_DEFINE_CLEANUP(struct guest_netlink *, guest_netlink_close)
#define _cleanup_netlink_ _cleanup_(guest_netlink_closep)

/* HCS_WIN32(ERROR_NOT_FOUND) when there is none. */
HRESULT guest_link_by_name(struct guest_netlink *n, const char *name, struct guest_link *ret, struct hcs_error **err);
HRESULT guest_link_by_mac(struct guest_netlink *n, const uint8_t mac[static 6], struct guest_link *ret,
                          struct hcs_error **err);
HRESULT guest_link_set_up(struct guest_netlink *n, const struct guest_link *l, bool up, struct hcs_error **err);
HRESULT guest_link_set_mtu(struct guest_netlink *n, const struct guest_link *l, uint32_t mtu, struct hcs_error **err);
/* The link must be down. */
HRESULT guest_link_rename(struct guest_netlink *n, const struct guest_link *l, const char *name,
                          struct hcs_error **err);
HRESULT guest_link_move(struct guest_netlink *n, const struct guest_link *l, pid_t pid, struct hcs_error **err);

/* An address that is there already is ERROR_ALREADY_EXISTS. */
HRESULT guest_address_add(struct guest_netlink *n, const struct guest_link *l, const struct guest_ip *ip,
                          struct hcs_error **err);
/* A gateway that cannot be reached is HCS_WIN32(ERROR_NETWORK_UNREACHABLE). */
HRESULT guest_route_add(struct guest_netlink *n, const struct guest_link *l, const struct guest_route *r,
                        struct hcs_error **err);
/* "What comes from source is routed by table." */
HRESULT guest_rule_add(struct guest_netlink *n, const struct guest_ip *source, uint32_t table, uint32_t priority,
                       struct hcs_error **err);

#endif
