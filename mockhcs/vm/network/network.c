/* SPDX-License-Identifier: MIT */

/* Networks of mockhcs/vm/network/network.h: the switch and its thread. */

#include "mockhcs/vm/network/network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/vm/network/cable.h"
#include "mockhcs/vm/network/nat.h"

#define ALREADY_EXISTS HCS_WIN32(183)
#define BROADCAST      0xffffffffu

struct vm_network {
        atomic_uint refs;
        char *name;
        uint32_t subnet, mask, gateway;
        uint8_t gateway_mac[FRAME_MAC];
        struct nat *nat; /* NULL: no gateway */
        int wake;
        struct hcs_thread thread;

        struct hcs_mutex lock;
        struct vm_cable *cables;
        bool stop;
        struct nat_poll polls; /* of the thread; [0] is wake */
};

static void wake(void *ctx) {
        struct vm_network *n = ctx;
        uint64_t one = 1;

        (void)!write(n->wake, &one, sizeof(one));
}

/* May the adapter send it? Nobody is the gateway but the gateway. */
static bool is_its_own(const struct vm_network *n, const struct vm_cable *c, const struct frame *f) {
        if (memcmp(f->from, c->mac, FRAME_MAC) != 0)
                return false;
        if (f->type == FRAME_ARP && memcmp(f->sender_mac, c->mac, FRAME_MAC) != 0)
                return false;
        if (f->type == FRAME_IPV6 || f->sender == 0)
                return true;
        return f->sender != n->gateway && (!c->bound || f->sender == c->address);
}

static bool deliver(struct vm_network *n, const struct vm_cable *from, const uint8_t *data, size_t len,
                    const uint8_t *to) {
        bool taken = false, many = frame_is_for_many(to);

        for (struct vm_cable *c = n->cables; c; c = c->next)
                if (c != from && (many || memcmp(c->mac, to, FRAME_MAC) == 0)) {
                        cable_push(c, data, len);
                        taken = true;
                }
        return taken;
}

static void from_machine(void *ctx, struct vm_cable *c, const uint8_t *data, size_t len) {
        struct vm_network *n = ctx;
        bool taken = false;
        struct frame f;

        if (frame_parse(data, len, &f) && is_its_own(n, c, &f)) {
                taken = deliver(n, c, data, len, f.to);
                if (n->nat && (frame_is_for_many(f.to) || memcmp(f.to, n->gateway_mac, FRAME_MAC) == 0))
                        taken = nat_input(n->nat, data, len, &f) || taken;
        }
        /* Last the frame itself: who sees it counted sees what became of it. */
        if (!taken)
                cable_count(&c->sent_dropped, 1);
        cable_count(&c->sent_bytes, len);
        cable_count(&c->sent_frames, 1);
}

static void from_gateway(void *ctx, uint8_t *data, size_t len) {
        if (len >= FRAME_HEADER)
                deliver(ctx, NULL, data, len, data);
}

static int fill(struct vm_network *n) {
        uint32_t timeout = UINT32_MAX;

        n->polls.n = 0;
        nat_poll_add(&n->polls, n->wake, POLLIN);
        for (struct vm_cable *c = n->cables; c; c = c->next) {
                c->polled = 0;
                if (atomic_load(&c->lost))
                        continue;
                c->polled = n->polls.n;
                nat_poll_add(&n->polls, c->fd, (short)(POLLIN | (c->out_len ? POLLOUT : 0)));
        }
        if (n->nat)
                nat_fill(n->nat, &n->polls, &timeout);
        return timeout > INT32_MAX ? -1 : (int)timeout;
}

static void handle(struct vm_network *n) {
        uint64_t count;

        if (n->polls.fds[0].revents)
                (void)!read(n->wake, &count, sizeof(count));
        for (struct vm_cable *c = n->cables; c; c = c->next)
                if (c->polled && n->polls.fds[c->polled].revents & (POLLIN | POLLHUP | POLLERR))
                        cable_read(c, from_machine, n);
        if (n->nat)
                nat_handle(n->nat, &n->polls);
        for (struct vm_cable *c = n->cables; c; c = c->next)
                cable_flush(c);
}

static void run(void *arg) {
        struct vm_network *n = arg;
        hcs_guard(&n->lock);

        while (!n->stop) {
                int timeout = fill(n);

                hcs_mutex_unlock(&n->lock);
                poll(n->polls.fds, n->polls.n, timeout);
                hcs_mutex_lock(&n->lock);
                handle(n);
        }
}

static HRESULT parse_subnet(const char *text, uint32_t *ret, uint32_t *ret_mask, struct hcs_error **err) {
        const char *slash = text ? strchr(text, '/') : NULL;
        _cleanup_free_ char *address = slash ? hcs_strndup(text, (size_t)(slash - text)) : NULL;
        uint64_t bits;

        if (!address || !frame_parse_address(address, ret) || !hcs_str_to_u64(slash + 1, &bits) || bits < 1 ||
            bits > 30)
                return hcs_error_make(err, E_INVALIDARG, "subnet `%s': \"172.20.0.0/16\" is expected, at most /30",
                                      text ? text : "");
        *ret_mask = BROADCAST << (32 - bits);
        if (*ret & ~*ret_mask)
                return hcs_error_make(err, E_INVALIDARG, "subnet `%s': there are bits behind the prefix", text);
        return S_OK;
}

/* An address that a host of the network can have. */
static HRESULT parse_host(const struct vm_network *n, const char *what, const char *text, uint32_t *ret,
                          struct hcs_error **err) {
        if (!frame_parse_address(text, ret))
                return hcs_error_make(err, E_INVALIDARG, "%s `%s' is no IPv4 address", what, text);
        if ((*ret & n->mask) != n->subnet || *ret == n->subnet || *ret == (n->subnet | ~n->mask))
                return hcs_error_make(err, E_INVALIDARG, "%s %s is no host of the subnet", what, text);
        return S_OK;
}

static HRESULT parse(struct vm_network *n, const struct vm_network_options *o, struct hcs_error **err) {
        HRESULT hr = parse_subnet(o->subnet, &n->subnet, &n->mask, err);

        if (FAILED(hr) || !o->gateway)
                return hr;
        hr = parse_host(n, "the gateway", o->gateway, &n->gateway, err);
        if (FAILED(hr) || o->reach == VM_REACH_MACHINES)
                return hr;
        nat_mac(n->gateway, n->gateway_mac);
        return nat_new(&(struct nat_options){.subnet = n->subnet,
                                             .mask = n->mask,
                                             .gateway = n->gateway,
                                             .only_host = o->reach == VM_REACH_HOST,
                                             .dns = o->dns,
                                             .dns_port = o->dns_port,
                                             .send = from_gateway,
                                             .wake = wake,
                                             .ctx = n},
                       &n->nat, err);
}

static void network_free(struct vm_network *n) {
        nat_free(n->nat);
        if (n->wake >= 0)
                close(n->wake);
        hcs_mutex_deinit(&n->lock);
        free(n->polls.fds);
        free(n->name);
        free(n);
}

HRESULT vm_network_new(const struct vm_network_options *options, struct vm_network **ret, struct hcs_error **err) {
        struct vm_network *n = hcs_calloc(1, sizeof(*n));
        HRESULT hr;

        n->refs = 1;
        n->name = hcs_strdup(options->name ? options->name : "network");
        n->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        hcs_mutex_init(&n->lock);
        hr = n->wake < 0 ? hcs_error_errno(err, errno, "make an event") : parse(n, options, err);
        if (SUCCEEDED(hr))
                hr = hcs_thread_start(&n->thread, run, n, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "%s", n->name);
                network_free(n);
                return hr;
        }
        *ret = n;
        return S_OK;
}

struct vm_network *vm_network_ref(struct vm_network *n) {
        n->refs++;
        return n;
}

struct vm_network *vm_network_unref(struct vm_network *n) {
        if (!n || --n->refs > 0)
                return NULL;
        {
                hcs_guard(&n->lock);
                n->stop = true;
        }
        wake(n);
        hcs_thread_join(&n->thread);
        network_free(n);
        return NULL;
}

/* With the lock. */
static HRESULT check_taken(const struct vm_network *n, const struct vm_cable *c, struct hcs_error **err) {
        bool mac = n->nat && memcmp(c->mac, n->gateway_mac, FRAME_MAC) == 0;
        bool address = c->bound && n->gateway == c->address;

        for (const struct vm_cable *o = n->cables; o; o = o->next) {
                mac = mac || memcmp(o->mac, c->mac, FRAME_MAC) == 0;
                address = address || (c->bound && o->bound && o->address == c->address);
        }
        if (!mac && !address)
                return S_OK;
        return hcs_error_make(err, ALREADY_EXISTS, "%s: another adapter has the %s address", n->name,
                              mac ? "MAC" : "IPv4");
}

static void enter(struct vm_network *n, struct vm_cable *c) {
        c->polled = 0;
        c->next = n->cables;
        n->cables = c;
        c->network = n;
}

static HRESULT plug(struct vm_network *n, struct vm_cable *c, const char *address, struct hcs_error **err) {
        bool was_bound = c->bound;
        uint32_t was = c->address;
        HRESULT hr = S_OK;

        c->bound = address != NULL;
        if (address)
                hr = parse_host(n, "the address", address, &c->address, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "%s", n->name);
        } else {
                hcs_guard(&n->lock);
                hr = check_taken(n, c, err);
                if (SUCCEEDED(hr))
                        enter(n, c);
        }
        if (FAILED(hr)) {
                c->bound = was_bound;
                c->address = was;
                return hr;
        }
        vm_network_ref(n);
        wake(n);
        return S_OK;
}

/* Its reference of the network is the caller's now; NULL when it is in none. */
static struct vm_network *take_out(struct vm_cable *c) {
        struct vm_network *n = c->network;
        struct vm_cable **p;

        if (!n)
                return NULL;
        hcs_guard(&n->lock);
        for (p = &n->cables; *p != c;)
                p = &(*p)->next;
        *p = c->next;
        c->network = NULL;
        return n;
}

HRESULT vm_network_plug(struct vm_network *n, int socket, const char *mac, const char *address, struct vm_cable **ret,
                        struct hcs_error **err) {
        struct vm_cable *c = cable_new(socket);
        HRESULT hr = S_OK;

        if (!mac || !frame_parse_mac(mac, c->mac))
                hr = hcs_error_make(err, E_INVALIDARG, "`%s' is no MAC address of an adapter", mac ? mac : "");
        if (SUCCEEDED(hr) && n)
                hr = plug(n, c, address, err);
        if (FAILED(hr)) {
                cable_free(c);
                return hr;
        }
        *ret = c;
        return S_OK;
}

struct vm_cable *vm_network_unplug(struct vm_cable *c) {
        if (!c)
                return NULL;
        vm_network_unref(take_out(c));
        return cable_free(c);
}

HRESULT vm_cable_move(struct vm_cable *c, struct vm_network *to, const char *address, struct hcs_error **err) {
        hcs_guard(&c->moving);
        struct vm_network *from = take_out(c);
        HRESULT hr = to ? plug(to, c, address, err) : S_OK;

        if (FAILED(hr) && from) {
                hcs_guard(&from->lock);
                enter(from, c);
                wake(from);
                return hr;
        }
        vm_network_unref(from);
        return hr;
}

void vm_cable_stats_get(struct vm_cable *c, struct vm_cable_stats *ret) {
        *ret = (struct vm_cable_stats){
                .sent_frames = c->sent_frames,
                .sent_bytes = c->sent_bytes,
                .received_frames = c->received_frames,
                .received_bytes = c->received_bytes,
                .sent_dropped = c->sent_dropped,
                .received_dropped = c->received_dropped,
                .connected = !atomic_load(&c->lost),
        };
}
