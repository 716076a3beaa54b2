/* SPDX-License-Identifier: MIT */

/* The gateway of mockhcs/vm/network/nat.h. Facts: libslirp.h and sotranslate_out4(), arp_input() of libslirp 4.7. */

#include "mockhcs/vm/network/nat.h"

#include <arpa/inet.h>
#include <slirp/libslirp.h>
#include <string.h>

#include "hcsshim/log.h"
#include "platform/clock.h"
#include "platform/dynlib.h"
#include "platform/thread.h"

#define DNS_PORT    53
#define MAX_SOCKETS 256u /* of a network: the guests' flows are descriptors of this process */
#define MAX_FD      65536u
#define TCP_FLAGS   13u
#define TCP_SYN     0x02
#define TCP_ACK     0x10
/* Where libslirp is to think the name server is: an address of documentation (RFC 5737), which no host has. */
#define DNS_ALIAS 0xc0000235u

struct nat {
        struct nat_options options;
        Slirp *slirp;
        unsigned sockets; /* that libslirp has open: those in `has` */
        uint8_t has[MAX_FD / 8];
        const struct nat_poll *polled; /* while libslirp looks at what came */
        struct nat_poll *filled;       /* while it says what it waits for */
        uint8_t scratch[FRAME_MAX];
};

static struct {
        struct hcs_dynlib *library;
        struct hcs_error *error;
        __typeof__(&slirp_new) new;
        __typeof__(&slirp_cleanup) cleanup;
        __typeof__(&slirp_input) input;
        __typeof__(&slirp_pollfds_fill) fill;
        __typeof__(&slirp_pollfds_poll) poll;
        struct hcs_mutex lock;
} lib;

static void load(void) {
        hcs_mutex_init(&lib.lock);
        if (FAILED(hcs_dynlib_open("libslirp.so.0", &lib.library, &lib.error)))
                return;
        lib.new = (__typeof__(lib.new))hcs_dynlib_symbol(lib.library, "slirp_new");
        lib.cleanup = (__typeof__(lib.cleanup))hcs_dynlib_symbol(lib.library, "slirp_cleanup");
        lib.input = (__typeof__(lib.input))hcs_dynlib_symbol(lib.library, "slirp_input");
        lib.fill = (__typeof__(lib.fill))hcs_dynlib_symbol(lib.library, "slirp_pollfds_fill");
        lib.poll = (__typeof__(lib.poll))hcs_dynlib_symbol(lib.library, "slirp_pollfds_poll");
}

static HRESULT need_library(struct hcs_error **err) {
        static struct hcs_once once = HCS_ONCE_INIT;

        hcs_once(&once, load);
        if (lib.error)
                return hcs_error_make(err, hcs_error_hresult(lib.error),
                                      "a network with a gateway needs libslirp.so.0 (Debian: libslirp0): %s",
                                      hcs_error_message(lib.error));
        if (!lib.new || !lib.cleanup || !lib.input || !lib.fill || !lib.poll)
                return hcs_error_make(err, HCS_WIN32(127), "libslirp.so.0 lacks functions of its version 4.7");
        return S_OK;
}

/* libslirp has a frame for a guest: names came from somewhere else than the guest thinks. */
static ssize_t send_packet(const void *data, size_t len, void *opaque) {
        struct nat *n = opaque;
        uint16_t port = n->options.dns_port ? n->options.dns_port : DNS_PORT;
        uint32_t address = n->options.dns_port ? n->options.gateway : DNS_ALIAS;
        struct frame f;

        if (len > sizeof(n->scratch))
                return (ssize_t)len;
        memcpy(n->scratch, data, len);
        if (frame_parse(n->scratch, len, &f) && f.type == FRAME_IPV4 && f.sender == address && f.sender_port == port)
                frame_set_sender(n->scratch, &f, n->options.gateway, DNS_PORT);
        n->options.send(n->options.ctx, n->scratch, len);
        return (ssize_t)len;
}

static void guest_error(const char *message, void *opaque) {
        hcs_log(HCS_LOG_DEBUG, "the gateway of a network", "error", message, NULL);
}

static int64_t clock_get(void *opaque) {
        return (int64_t)hcs_clock_ns();
}

/* Timers are for router advertisements of IPv6, which is off. */
static void *timer_new(SlirpTimerCb cb, void *cb_opaque, void *opaque) {
        return opaque;
}

static void timer_free(void *timer, void *opaque) {
}

static void timer_mod(void *timer, int64_t expire_ms, void *opaque) {
}

/* Every wait asks anew for its descriptors: here they are only counted. Some that fail to be opened are never said to
 * be closed, so that a number is counted once. */
static void opened(int fd, void *opaque) {
        struct nat *n = opaque;

        if (fd >= 0 && (unsigned)fd < MAX_FD && !(n->has[fd / 8] & 1 << fd % 8)) {
                n->has[fd / 8] |= (uint8_t)(1 << fd % 8);
                n->sockets++;
        }
}

static void closed(int fd, void *opaque) {
        struct nat *n = opaque;

        if (fd >= 0 && (unsigned)fd < MAX_FD && n->has[fd / 8] & 1 << fd % 8) {
                n->has[fd / 8] &= (uint8_t) ~(1 << fd % 8);
                n->sockets--;
        }
}

static void notify(void *opaque) {
        struct nat *n = opaque;

        n->options.wake(n->options.ctx);
}

static const SlirpCb callbacks = {
        .send_packet = send_packet,
        .guest_error = guest_error,
        .clock_get_ns = clock_get,
        .timer_new = timer_new,
        .timer_free = timer_free,
        .timer_mod = timer_mod,
        .register_poll_fd = opened,
        .unregister_poll_fd = closed,
        .notify = notify,
};

HRESULT nat_new(const struct nat_options *o, struct nat **ret, struct hcs_error **err) {
        const SlirpConfig config = {
                .version = 4,
                .in_enabled = true,
                .vnetwork.s_addr = htonl(o->subnet),
                .vnetmask.s_addr = htonl(o->mask),
                .vhost.s_addr = htonl(o->gateway),
                .vnameserver.s_addr = htonl(DNS_ALIAS),
                .disable_dhcp = true, /* addresses are the endpoints' */
        };
        HRESULT hr = need_library(err);
        struct nat *n;

        if (FAILED(hr))
                return hr;
        n = hcs_calloc(1, sizeof(*n));
        n->options = *o;
        hcs_guard(&lib.lock);
        n->slirp = lib.new(&config, &callbacks, n);
        if (!n->slirp) {
                free(n);
                return hcs_error_make(err, E_FAIL, "libslirp does not want to make the gateway");
        }
        *ret = n;
        return S_OK;
}

struct nat *nat_free(struct nat *n) {
        if (!n)
                return NULL;
        {
                hcs_guard(&lib.lock);
                lib.cleanup(n->slirp);
        }
        return hcs_free(n);
}

void nat_mac(uint32_t gateway, uint8_t ret[FRAME_MAC]) {
        const uint32_t address = htonl(gateway);

        ret[0] = 0x52;
        ret[1] = 0x55;
        memcpy(ret + 2, &address, sizeof(address));
}

/* The first of this network (0/8), of the host itself (127/8), groups (224/4) and all (255/8) have no way there. */
static bool is_outside(const struct nat *n, uint32_t address) {
        uint32_t first = address >> 24;

        return (address & n->options.mask) != n->options.subnet && first != 0 && first != 127 && first < 224;
}

/* A flow that may be new needs a socket: there is an end to them. */
static bool has_room(const struct nat *n, const uint8_t *data, const struct frame *f) {
        return n->sockets < MAX_SOCKETS || (f->protocol == FRAME_TCP && f->target_port &&
                                            (data[f->transport + TCP_FLAGS] & (TCP_SYN | TCP_ACK)) != TCP_SYN);
}

static void give(struct nat *n, const uint8_t *data, size_t len) {
        hcs_guard(&lib.lock);
        lib.input(n->slirp, data, (int)len);
}

static bool ask_for_name(struct nat *n, const uint8_t *data, size_t len, const struct frame *f) {
        if (n->options.dns == VM_DNS_REFUSED) {
                size_t size = frame_refuse_question(data, f, n->scratch);

                if (size > 0)
                        n->options.send(n->options.ctx, n->scratch, size);
                return size > 0;
        }
        memcpy(n->scratch, data, len);
        if (n->options.dns_port)
                frame_set_target(n->scratch, f, n->options.gateway, n->options.dns_port);
        else
                frame_set_target(n->scratch, f, DNS_ALIAS, DNS_PORT);
        give(n, n->scratch, len);
        return true;
}

bool nat_input(struct nat *n, const uint8_t *data, size_t len, const struct frame *f) {
        bool for_gateway = f->target == n->options.gateway;

        if (f->type == FRAME_ARP) {
                if (!for_gateway)
                        return false;
        } else if (f->type != FRAME_IPV4 || frame_is_for_many(f->to) ||
                   (!for_gateway && (n->options.only_host || !is_outside(n, f->target))) || !has_room(n, data, f)) {
                return false;
        } else if (for_gateway && f->target_port == DNS_PORT) {
                return ask_for_name(n, data, len, f);
        }
        give(n, data, len);
        return true;
}

void nat_poll_add(struct nat_poll *p, int fd, short events) {
        if (p->n == p->cap) {
                p->cap = p->cap ? p->cap * 2 : 32;
                p->fds = hcs_realloc(p->fds, p->cap * sizeof(*p->fds));
        }
        p->fds[p->n++] = (struct pollfd){.fd = fd, .events = events};
}

static const struct {
        int slirp;
        short poll;
} events[] = {{SLIRP_POLL_IN, POLLIN},
              {SLIRP_POLL_OUT, POLLOUT},
              {SLIRP_POLL_PRI, POLLPRI},
              {SLIRP_POLL_ERR, POLLERR},
              {SLIRP_POLL_HUP, POLLHUP}};

static int add_poll(int fd, int wanted, void *opaque) {
        struct nat *n = opaque;
        short mask = 0;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(events); i++)
                if (wanted & events[i].slirp)
                        mask |= events[i].poll;
        nat_poll_add(n->filled, fd, mask);
        return (int)n->filled->n - 1;
}

static int get_events(int index, void *opaque) {
        const struct nat *n = opaque;
        int got = 0;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(events); i++)
                if (n->polled->fds[index].revents & events[i].poll)
                        got |= events[i].slirp;
        return got;
}

void nat_fill(struct nat *n, struct nat_poll *p, uint32_t *timeout_ms) {
        hcs_guard(&lib.lock);

        n->filled = p;
        lib.fill(n->slirp, timeout_ms, add_poll, n);
        n->filled = NULL;
}

void nat_handle(struct nat *n, const struct nat_poll *p) {
        hcs_guard(&lib.lock);

        n->polled = p;
        lib.poll(n->slirp, 0, get_events, n);
        n->polled = NULL;
}
