/* SPDX-License-Identifier: MIT */

/* rtnetlink requests and their answers. A socket belongs to one thread. */

#include "guest/network/netlink.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "guest/network/netns.h"

#define ROOM 32768 /* the kernel sends no more at once */

struct guest_netlink {
        int fd;
        uint32_t sequence;
};

static HRESULT open_here(void *ctx, struct hcs_error **err) {
        struct guest_netlink *n = ctx;

        n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        return n->fd < 0 ? hcs_error_errno(err, errno, "open a netlink socket") : S_OK;
}

HRESULT guest_netlink_open(pid_t pid, struct guest_netlink **ret, struct hcs_error **err) {
        struct guest_netlink n = {.fd = -1};
        HRESULT hr = pid ? guest_netns_run(pid, open_here, &n, err) : open_here(&n, err);

        if (SUCCEEDED(hr))
                *ret = hcs_memdup(&n, sizeof(n));
        return hr;
}

struct guest_netlink *guest_netlink_close(struct guest_netlink *n) {
        if (!n)
                return NULL;
        close(n->fd);
        return hcs_free(n);
}

static void begin(struct hcs_buf *b, uint16_t type, uint16_t flags, const void *body, size_t n) {
        struct nlmsghdr h = {.nlmsg_type = type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)};

        hcs_buf_append(b, &h, sizeof(h));
        hcs_buf_append(b, body, n);
        hcs_buf_append(b, "\0\0\0", -n & 3);
}

static void add(struct hcs_buf *b, uint16_t type, const void *value, size_t n) {
        struct rtattr a = {.rta_type = type, .rta_len = (uint16_t)(sizeof(a) + n)};

        hcs_buf_append(b, &a, sizeof(a));
        hcs_buf_append(b, value, n);
        hcs_buf_append(b, "\0\0\0", -n & 3);
}

static void add_u32(struct hcs_buf *b, uint16_t type, uint32_t value) {
        add(b, type, &value, sizeof(value));
}

static size_t size_of(const struct guest_ip *ip) {
        return ip->family == AF_INET ? 4 : 16;
}

/* Called for each message of an answer. */
typedef void (*message_fn)(const struct nlmsghdr *h, void *ctx);

/* 1: more to come; 0 or an errno: the end. */
static int take(const struct nlmsghdr *h, uint32_t sequence, message_fn fn, void *ctx) {
        struct nlmsgerr e;

        if (h->nlmsg_seq != sequence)
                return -1;
        if (h->nlmsg_type == NLMSG_DONE)
                return 0;
        if (h->nlmsg_type == NLMSG_ERROR) {
                if (h->nlmsg_len < NLMSG_LENGTH(sizeof(e)))
                        return EPROTO;
                memcpy(&e, NLMSG_DATA(h), sizeof(e));
                return -e.error;
        }
        if (fn)
                fn(h, ctx);
        return -1;
}

/* Sends a request that is acknowledged or a dump. Returns 0 or an errno. */
static int transact(struct guest_netlink *n, struct hcs_buf *b, message_fn fn, void *ctx) {
        _cleanup_free_ char *room = hcs_malloc(ROOM);
        struct nlmsghdr h;

        memcpy(&h, b->data, sizeof(h));
        h.nlmsg_len = (uint32_t)b->len;
        h.nlmsg_seq = ++n->sequence;
        memcpy(b->data, &h, sizeof(h));
        if (send(n->fd, b->data, b->len, 0) < 0)
                return errno;
        for (;;) {
                ssize_t got = recv(n->fd, room, ROOM, 0);
                unsigned left;

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return errno;
                left = (unsigned)got;
                for (struct nlmsghdr *m = (struct nlmsghdr *)(void *)room; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
                        int r = take(m, n->sequence, fn, ctx);

                        if (r >= 0)
                                return r;
                }
        }
}

struct search {
        const char *name;
        const uint8_t *mac;
        struct guest_link link;
        bool found;
};

static void match_link(const struct nlmsghdr *h, void *ctx) {
        struct search *s = ctx;
        struct guest_link l = {0};
        struct ifinfomsg info;
        unsigned left = (unsigned)IFLA_PAYLOAD(h);

        if (h->nlmsg_type != RTM_NEWLINK || s->found)
                return;
        memcpy(&info, NLMSG_DATA(h), sizeof(info));
        l.index = info.ifi_index;
        l.flags = info.ifi_flags;
        for (struct rtattr *a = IFLA_RTA(NLMSG_DATA(h)); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
                if (a->rta_type == IFLA_IFNAME)
                        snprintf(l.name, sizeof(l.name), "%.*s", (int)RTA_PAYLOAD(a), (char *)RTA_DATA(a));
                else if (a->rta_type == IFLA_MTU && RTA_PAYLOAD(a) == sizeof(l.mtu))
                        memcpy(&l.mtu, RTA_DATA(a), sizeof(l.mtu));
                else if (a->rta_type == IFLA_ADDRESS && RTA_PAYLOAD(a) == sizeof(l.mac)) {
                        memcpy(l.mac, RTA_DATA(a), sizeof(l.mac));
                        l.has_mac = true;
                }
        }
        s->found = s->name ? hcs_streq(s->name, l.name) : l.has_mac && memcmp(s->mac, l.mac, sizeof(l.mac)) == 0;
        s->link = l;
}

static HRESULT find_link(struct guest_netlink *n, struct search *s, const char *what, struct guest_link *ret,
                         struct hcs_error **err) {
        struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
        _cleanup_buf_ struct hcs_buf b = {0};
        int r;

        begin(&b, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
        r = transact(n, &b, match_link, s);
        if (r)
                return hcs_error_errno(err, r, "list the network links");
        if (!s->found)
                return hcs_error_make(err, HCS_WIN32(1168), "there is no network link %s", what);
        *ret = s->link;
        return S_OK;
}

HRESULT guest_link_by_name(struct guest_netlink *n, const char *name, struct guest_link *ret, struct hcs_error **err) {
        struct search s = {.name = name};

        return find_link(n, &s, name, ret, err);
}

HRESULT guest_link_by_mac(struct guest_netlink *n, const uint8_t mac[static 6], struct guest_link *ret,
                          struct hcs_error **err) {
        struct search s = {.mac = mac};
        char what[40];

        snprintf(what, sizeof(what), "with MAC address %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                 mac[4], mac[5]);
        return find_link(n, &s, what, ret, err);
}

/* A change of a link: by its header, or by one attribute. */
static HRESULT change_link(struct guest_netlink *n, const struct guest_link *l, unsigned flags, unsigned change,
                           uint16_t type, const void *value, size_t size, const char *what, struct hcs_error **err) {
        struct ifinfomsg info = {
                .ifi_family = AF_UNSPEC, .ifi_index = l->index, .ifi_flags = flags, .ifi_change = change};
        _cleanup_buf_ struct hcs_buf b = {0};
        int r;

        begin(&b, RTM_NEWLINK, NLM_F_ACK, &info, sizeof(info));
        if (value)
                add(&b, type, value, size);
        r = transact(n, &b, NULL, NULL);
        return r ? hcs_error_errno(err, r, "network link %s: %s", l->name, what) : S_OK;
}

HRESULT guest_link_set_up(struct guest_netlink *n, const struct guest_link *l, bool up, struct hcs_error **err) {
        return change_link(n, l, up ? IFF_UP : 0, IFF_UP, 0, NULL, 0, up ? "set up" : "set down", err);
}

HRESULT guest_link_set_mtu(struct guest_netlink *n, const struct guest_link *l, uint32_t mtu, struct hcs_error **err) {
        char what[32];

        snprintf(what, sizeof(what), "set an MTU of %u", mtu);
        return change_link(n, l, 0, 0, IFLA_MTU, &mtu, sizeof(mtu), what, err);
}

HRESULT guest_link_rename(struct guest_netlink *n, const struct guest_link *l, const char *name,
                          struct hcs_error **err) {
        char what[32 + IF_NAMESIZE];

        if (!*name || strlen(name) >= IF_NAMESIZE)
                return hcs_error_make(err, E_INVALIDARG, "`%s' cannot be the name of a network link", name);
        snprintf(what, sizeof(what), "rename to %s", name);
        return change_link(n, l, 0, 0, IFLA_IFNAME, name, strlen(name) + 1, what, err);
}

HRESULT guest_link_move(struct guest_netlink *n, const struct guest_link *l, pid_t pid, struct hcs_error **err) {
        uint32_t id = (uint32_t)pid;
        char what[64];

        snprintf(what, sizeof(what), "move to the network namespace of process %d", (int)pid);
        return change_link(n, l, 0, 0, IFLA_NET_NS_PID, &id, sizeof(id), what, err);
}

HRESULT guest_address_add(struct guest_netlink *n, const struct guest_link *l, const struct guest_ip *ip,
                          struct hcs_error **err) {
        struct ifaddrmsg m = {
                .ifa_family = (uint8_t)ip->family, .ifa_prefixlen = ip->prefix, .ifa_index = (uint32_t)l->index};
        _cleanup_buf_ struct hcs_buf b = {0};
        int r;

        begin(&b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &m, sizeof(m));
        add(&b, IFA_LOCAL, ip->bytes, size_of(ip));
        add(&b, IFA_ADDRESS, ip->bytes, size_of(ip));
        if (ip->family == AF_INET && ip->prefix < 31) {
                uint8_t broadcast[4];

                for (unsigned i = 0; i < 4; i++) {
                        unsigned fixed = ip->prefix > 8 * i ? ip->prefix - 8 * i : 0;

                        broadcast[i] = (uint8_t)(ip->bytes[i] | (fixed >= 8 ? 0 : 0xFFu >> fixed));
                }
                add(&b, IFA_BROADCAST, broadcast, sizeof(broadcast));
        }
        r = transact(n, &b, NULL, NULL);
        return r ? hcs_error_errno(err, r, "network link %s: add an address", l->name) : S_OK;
}

HRESULT guest_route_add(struct guest_netlink *n, const struct guest_link *l, const struct guest_route *r,
                        struct hcs_error **err) {
        int family = r->gateway ? r->gateway->family : r->destination ? r->destination->family : AF_INET, errnum;
        struct rtmsg m = {
                .rtm_family = (uint8_t)family,
                .rtm_dst_len = r->destination ? r->destination->prefix : 0,
                .rtm_table = r->table && r->table < 256 ? (uint8_t)r->table : RT_TABLE_MAIN,
                .rtm_protocol = RTPROT_BOOT,
                .rtm_scope = RT_SCOPE_UNIVERSE,
                .rtm_type = RTN_UNICAST,
        };
        _cleanup_buf_ struct hcs_buf b = {0};

        if (r->destination && r->destination->family != family)
                return hcs_error_make(err, E_INVALIDARG,
                                      "network link %s: a route and its gateway of different families", l->name);
        begin(&b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &m, sizeof(m));
        if (r->destination)
                add(&b, RTA_DST, r->destination->bytes, size_of(r->destination));
        if (r->gateway)
                add(&b, RTA_GATEWAY, r->gateway->bytes, size_of(r->gateway));
        add_u32(&b, RTA_OIF, (uint32_t)l->index);
        if (r->metric)
                add_u32(&b, RTA_PRIORITY, r->metric);
        if (r->table)
                add_u32(&b, RTA_TABLE, r->table);
        errnum = transact(n, &b, NULL, NULL);
        /* IPv6 says that there is no route to the gateway. */
        if (errnum == ENETUNREACH || errnum == EHOSTUNREACH)
                return hcs_error_make(err, HCS_WIN32(1231), "network link %s: add a route: the gateway is unreachable",
                                      l->name);
        return errnum ? hcs_error_errno(err, errnum, "network link %s: add a route", l->name) : S_OK;
}

HRESULT guest_rule_add(struct guest_netlink *n, const struct guest_ip *source, uint32_t table, uint32_t priority,
                       struct hcs_error **err) {
        struct fib_rule_hdr m = {
                .family = (uint8_t)source->family,
                .src_len = source->prefix,
                .table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC,
                .action = FR_ACT_TO_TBL,
        };
        _cleanup_buf_ struct hcs_buf b = {0};
        int r;

        begin(&b, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &m, sizeof(m));
        add(&b, FRA_SRC, source->bytes, size_of(source));
        add_u32(&b, FRA_TABLE, table);
        add_u32(&b, FRA_PRIORITY, priority);
        r = transact(n, &b, NULL, NULL);
        return r ? hcs_error_errno(err, r, "add a routing rule to table %u", table) : S_OK;
}
