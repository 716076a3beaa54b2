/* SPDX-License-Identifier: MIT */

/* Packets between the queues and the connections of a device. */

#include <linux/virtio_vsock.h>
#include <string.h>

#include "hcsshim/log.h"
#include "mockhcs/vm/vsock/device.h"
#include "platform/clock.h"

#define ROUND  128                /* packets a direction before the other one, and the sockets, have their turn */
#define BULK   (32 * 1024)        /* taken in one turn: there will be more in a moment */
#define NAP_NS (500 * 1000)       /* that moment: much less than a guest needs to fill its window */
#define UNTOLD (VSOCK_WINDOW / 2) /* taken before the guest is told, which keeps the packets' memory until then */

/* The guest broke a rule of the protocol; what it was about is reset. */
static void violation(struct vsock_device *d, const struct vsock_packet *p, const char *what) {
        if (atomic_fetch_add_explicit(&d->counters.violations, 1, memory_order_relaxed) == 0)
                hcs_log(HCS_LOG_WARN, "the guest broke a rule of vsock", "rule", what, NULL);
        vsock_traffic_reset(d, p);
}

void vsock_traffic_reset(struct vsock_device *d, const struct vsock_packet *about) {
        if (about->op == VIRTIO_VSOCK_OP_RST || d->n_resets == VSOCK_RESETS)
                return;
        d->resets[(d->first_reset + d->n_resets++) % VSOCK_RESETS] = (struct vsock_packet){
                .src_cid = about->dst_cid,
                .dst_cid = about->src_cid,
                .src_port = about->dst_port,
                .dst_port = about->src_port,
                .type = about->type,
                .op = VIRTIO_VSOCK_OP_RST,
        };
}

static void receive(struct vsock_device *d, struct vsock_connection *c, const struct vsock_packet *p,
                    const struct iovec *iov, unsigned n) {
        vsock_connection_learn(c, p);
        switch (p->op) {
        case VIRTIO_VSOCK_OP_RESPONSE:
                if (c->state == VSOCK_REQUESTED && !c->say_request)
                        vsock_host_accepted(d, c);
                break;
        case VIRTIO_VSOCK_OP_RST:
                if (c->state == VSOCK_REQUESTED)
                        vsock_count(&d->counters.refused, 1);
                vsock_table_finish(d, c);
                break;
        case VIRTIO_VSOCK_OP_SHUTDOWN:
                vsock_connection_guest_shutdown(c, p->flags);
                if ((c->guest_shutdown & p->flags) == (VIRTIO_VSOCK_SHUTDOWN_RCV | VIRTIO_VSOCK_SHUTDOWN_SEND)) {
                        /* Its end waits for this answer; what it sent is written to the host behind its back. */
                        vsock_traffic_reset(d, p);
                        vsock_table_finish(d, c);
                }
                break;
        case VIRTIO_VSOCK_OP_RW:
                if (c->state == VSOCK_HOST_GONE)
                        break; /* on its way when the host closed */
                if (c->state != VSOCK_OPEN || !vsock_connection_deliver(c, iov, n, p->len)) {
                        violation(d, p, "data that its window does not allow");
                        vsock_table_finish(d, c);
                        break;
                }
                vsock_count(&d->counters.to_host, p->len);
                break;
        case VIRTIO_VSOCK_OP_CREDIT_REQUEST:
                c->say_credit = c->state == VSOCK_OPEN;
                break;
        case VIRTIO_VSOCK_OP_CREDIT_UPDATE:
                break;
        default:
                violation(d, p, "an operation that is none");
        }
        vsock_table_changed(d, c);
}

static void handle(struct vsock_device *d, const struct vsock_packet *p, const struct iovec *iov, unsigned n) {
        struct vsock_connection *c;

        if (p->src_cid != d->front_end.guest_cid) {
                vsock_count(&d->counters.violations, 1);
                return; /* an answer would go to somebody else */
        }
        if (p->dst_cid != VSOCK_CID_HOST || p->type != VIRTIO_VSOCK_TYPE_STREAM) {
                vsock_traffic_reset(d, p);
                return;
        }
        c = vsock_table_find(d, p->dst_port, p->src_port);
        if (p->op == VIRTIO_VSOCK_OP_REQUEST) {
                if (c && c->state == VSOCK_HOST_GONE) {
                        vsock_table_finish(d, c); /* the guest forgot it without a word */
                        c = NULL;
                }
                if (c)
                        violation(d, p, "a second connection of the same ports");
                else
                        vsock_host_connect(d, p->dst_port, p);
        } else if (c) {
                receive(d, c, p, iov, n);
        } else {
                vsock_traffic_reset(d, p);
        }
}

/* The guest has sent nothing more for now. True when it did after all. */
static bool rest(struct vsock_device *d, struct vsock_queue *q, size_t taken) {
        d->tx_nap_until = taken >= BULK ? hcs_clock_ns() + NAP_NS : 0;
        return !d->tx_nap_until && vsock_queue_want_kicks(q, true);
}

/* A guest whose queue is full waits until it is told. */
static void tell(struct vsock_device *d, struct vsock_queue *q) {
        if (d->tx_nap_until && d->tx_untold < UNTOLD && vsock_queue_untold(q) < q->size / 4)
                return;
        d->tx_untold = 0;
        vsock_queue_signal(q);
}

bool vsock_traffic_from_guest(struct vsock_device *d) {
        struct vsock_queue *q = &d->front_end.queues[VSOCK_TX];
        struct vsock_chain chain;
        struct hcs_error *err = NULL;
        unsigned n = 0;
        size_t taken = 0;
        bool more = true;

        d->tx_nap_until = 0;
        if (!vsock_queue_ready(q))
                return false;
        vsock_queue_want_kicks(q, false);
        /* While answers find no room, there are no more questions. */
        while (more && n < ROUND && d->n_resets < VSOCK_RESETS) {
                struct iovec *iov = chain.iov;
                uint8_t header[VSOCK_HEADER];
                struct vsock_packet p;
                HRESULT hr = vsock_queue_pop(q, &d->front_end.memory, &chain, &err);

                if (FAILED(hr)) {
                        vsock_count(&d->counters.violations, 1);
                        vsock_device_log("the guest's device is out of order", err);
                        return false;
                }
                if (hr == S_FALSE) {
                        more = rest(d, q, taken);
                        continue;
                }
                n++;
                taken += chain.read_len;
                if (chain.read_len < VSOCK_HEADER) {
                        vsock_count(&d->counters.violations, 1);
                } else {
                        vsock_iov_take(&iov, &chain.n_read, header, VSOCK_HEADER);
                        vsock_packet_decode(header, &p);
                        if (p.len > chain.read_len - VSOCK_HEADER) {
                                vsock_count(&d->counters.violations, 1);
                        } else {
                                vsock_iov_limit(iov, &chain.n_read, p.len);
                                handle(d, &p, iov, chain.n_read);
                        }
                }
                vsock_queue_push(q, chain.head, 0);
        }
        d->tx_untold += taken;
        tell(d, q);
        d->tx_stalled = more && d->n_resets == VSOCK_RESETS;
        return more && !d->tx_stalled;
}

/* The next packet into the pieces; false when nobody has anything to say. */
static bool compose(struct vsock_device *d, struct iovec *iov, unsigned n, struct vsock_packet *ret) {
        struct vsock_connection *c;

        if (d->n_resets > 0) {
                *ret = d->resets[d->first_reset];
                d->first_reset = (d->first_reset + 1) % VSOCK_RESETS;
                d->n_resets--;
                return true;
        }
        while ((c = vsock_table_next_news(d))) {
                struct iovec copy[VSOCK_CHAIN_IOVS];
                bool said;

                memcpy(copy, iov, n * sizeof(*iov));
                said = vsock_connection_next(c, copy, n, ret);
                if (said) {
                        ret->src_cid = VSOCK_CID_HOST;
                        ret->dst_cid = d->front_end.guest_cid;
                        ret->src_port = c->host_port;
                        ret->dst_port = c->guest_port;
                        ret->type = VIRTIO_VSOCK_TYPE_STREAM;
                        ret->buf_alloc = VSOCK_WINDOW;
                        ret->fwd_cnt = c->told = c->taken;
                        vsock_count(&d->counters.to_guest, ret->len);
                }
                vsock_table_changed(d, c); /* behind the others */
                if (said)
                        return true;
        }
        return false;
}

bool vsock_traffic_to_guest(struct vsock_device *d) {
        struct vsock_queue *q = &d->front_end.queues[VSOCK_RX];
        struct vsock_chain chain;
        struct hcs_error *err = NULL;
        unsigned n = 0;
        HRESULT hr = S_OK;

        if (!vsock_queue_ready(q))
                return false;
        vsock_queue_want_kicks(q, false);
        while (n < ROUND && (d->news || d->n_resets)) {
                uint8_t header[VSOCK_HEADER];
                struct iovec *iov = chain.iov;
                struct vsock_packet p;
                uint16_t head;

                hr = vsock_queue_pop(q, &d->front_end.memory, &chain, &err);
                if (hr == S_FALSE && vsock_queue_want_kicks(q, true))
                        continue; /* filled just now */
                if (hr != S_OK)
                        break;
                head = chain.head;
                iov += chain.n_read;
                if (chain.write_len <= VSOCK_HEADER) {
                        vsock_count(&d->counters.violations, 1);
                        vsock_queue_push(q, head, 0);
                        n++;
                        continue;
                }
                /* The header comes last: what it says is known then. */
                struct iovec whole[VSOCK_CHAIN_IOVS], *to = whole;
                unsigned pieces = chain.n_write, left = pieces;

                memcpy(whole, iov, pieces * sizeof(*iov));
                vsock_iov_take(&iov, &left, header, VSOCK_HEADER);
                if (!compose(d, iov, left, &p)) {
                        vsock_queue_unpop(q);
                        break;
                }
                vsock_packet_encode(&p, header);
                vsock_iov_put(&to, &pieces, header, VSOCK_HEADER);
                vsock_queue_push(q, head, VSOCK_HEADER + p.len);
                n++;
        }
        vsock_queue_signal(q);
        if (FAILED(hr)) {
                vsock_count(&d->counters.violations, 1);
                vsock_device_log("the guest's device is out of order", err);
                return false;
        }
        return n == ROUND;
}
