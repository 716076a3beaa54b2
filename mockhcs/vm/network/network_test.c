/* SPDX-License-Identifier: MIT */

/* Networks with stations that write their frames by hand, and the real gateway. */

#include "mockhcs/vm/network/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mockhcs/vm/test/packets.h"
#include "testing/hcs_test.h"

#define GATEWAY  0xac140001u /* 172.20.0.1 */
#define A        0xac140002u
#define B        0xac140003u
#define PATIENCE 60000

struct station {
        int fd;
        struct vm_cable *cable;
        uint8_t mac[FRAME_MAC];
        uint8_t in[4 + 2048];
};

static const uint8_t gateway_mac[FRAME_MAC] = {0x52, 0x55, 172, 20, 0, 1};
static struct vm_network *network;
static struct station a, b;

static void plug(struct station *s, struct vm_network *n, const char *mac, const char *address) {
        struct hcs_error *err = NULL;
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        *s = (struct station){.fd = fds[1]};
        assert_true(frame_parse_mac(mac, s->mac));
        assert_ok(vm_network_plug(n, fds[0], mac, address, &s->cable, &err), err);
}

static void pull(struct station *s) {
        vm_network_unplug(s->cable);
        close(s->fd);
}

static void make(const struct vm_network_options *changes) {
        struct vm_network_options o = *changes;
        struct hcs_error *err = NULL;

        o.subnet = "172.20.0.0/16";
        o.gateway = "172.20.0.1";
        assert_ok(vm_network_new(&o, &network, &err), err);
        plug(&a, network, "00-15-5D-00-00-0A", "172.20.0.2");
        plug(&b, network, "00-15-5D-00-00-0B", "172.20.0.3");
}

static int setup(void **state) {
        make(&(struct vm_network_options){0});
        return 0;
}

static int teardown(void **state) {
        pull(&a);
        pull(&b);
        network = vm_network_unref(network);
        return 0;
}

static void say(struct station *s, const struct packet *p) {
        const uint32_t len = htonl((uint32_t)p->len);

        assert_int_equal(send(s->fd, &len, 4, MSG_NOSIGNAL), 4);
        assert_int_equal(send(s->fd, p->data, p->len, MSG_NOSIGNAL), p->len);
}

static size_t read_all(struct station *s, uint8_t *to, size_t n) {
        for (size_t got = 0; got < n;) {
                struct pollfd p = {.fd = s->fd, .events = POLLIN};
                ssize_t r;

                assert_int_equal(poll(&p, 1, PATIENCE), 1);
                r = recv(s->fd, to + got, n - got, 0);
                assert_true(r > 0);
                got += (size_t)r;
        }
        return n;
}

/* The next frame it gets. */
static struct frame hear(struct station *s) {
        uint32_t len;
        struct frame f;

        read_all(s, (uint8_t *)&len, 4);
        assert_in_range(ntohl(len), FRAME_HEADER, sizeof(s->in));
        read_all(s, s->in, ntohl(len));
        assert_true(frame_parse(s->in, ntohl(len), &f));
        return f;
}

/* Waits until its cable has passed n frames on or dropped them. */
static struct vm_cable_stats after(struct station *s, uint64_t n) {
        struct vm_cable_stats stats;

        do
                vm_cable_stats_get(s->cable, &stats);
        while (stats.connected && stats.sent_frames < n && sched_yield() == 0);
        return stats;
}

static void a_frame_goes_to_whom_it_is_for(void **state) {
        struct vm_cable_stats stats;
        struct packet p;
        struct frame f;

        packet_arp(&p, packet_everybody, a.mac, FRAME_ARP_ASK, A, B);
        say(&a, &p);
        f = hear(&b);
        assert_int_equal(f.target, B);
        packet_arp(&p, a.mac, b.mac, 2, B, A);
        say(&b, &p);
        f = hear(&a);
        assert_int_equal(f.sender, B);
        packet_udp(&p, b.mac, a.mac, A, 1000, B, 7, "hello", 5);
        say(&a, &p);
        f = hear(&b);
        assert_memory_equal(b.in + f.transport + 8, "hello", 5);
        stats = after(&a, 2);
        assert_int_equal(stats.sent_bytes, 42 + 47);
        assert_int_equal(stats.received_frames, 1);
        assert_int_equal(stats.sent_dropped, 0);
}

static void what_is_not_its_own_an_adapter_cannot_send(void **state) {
        static const uint8_t other[FRAME_MAC] = {0, 0x15, 0x5d, 0, 0, 0x0b};
        struct packet p;

        packet_udp(&p, b.mac, other, A, 1000, B, 7, "", 0); /* another's MAC address */
        say(&a, &p);
        packet_udp(&p, b.mac, a.mac, A + 7, 1000, B, 7, "", 0); /* another address */
        say(&a, &p);
        packet_arp(&p, packet_everybody, a.mac, 2, GATEWAY, B); /* "I am the gateway" */
        say(&a, &p);
        packet_arp(&p, packet_everybody, a.mac, 2, A, B);
        memcpy(p.data + FRAME_HEADER + 8, other, FRAME_MAC);
        say(&a, &p);
        memset(&p, 0x99, sizeof(p));
        p.len = 100;
        say(&a, &p);
        p.len = 3;
        say(&a, &p);
        packet_udp(&p, other, a.mac, A, 1000, B, 7, "only this", 9);
        say(&a, &p);
        hear(&b);
        assert_int_equal(after(&a, 7).sent_dropped, 6);
        assert_memory_equal(b.in + FRAME_HEADER + 28, "only this", 9);
}

static void the_gateway_answers_arp_and_echo(void **state) {
        struct packet p;
        struct frame f;

        packet_arp(&p, packet_everybody, a.mac, FRAME_ARP_ASK, A, GATEWAY);
        say(&a, &p);
        f = hear(&a);
        assert_int_equal(f.operation, 2);
        assert_int_equal(f.sender, GATEWAY);
        assert_memory_equal(f.sender_mac, gateway_mac, FRAME_MAC);
        packet_echo(&p, gateway_mac, a.mac, A, GATEWAY, 77);
        say(&a, &p);
        f = hear(&a);
        assert_int_equal(f.protocol, 1);
        assert_int_equal(a.in[f.transport], 0);
        assert_int_equal(a.in[f.transport + 5], 77);
}

/* A socket of the host's loopback; its port. */
static int host_socket(int type, uint16_t *ret_port) {
        struct sockaddr_in s = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(s);
        int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&s, len), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&s, &len), 0);
        *ret_port = ntohs(s.sin_port);
        return fd;
}

static void answer_one(int fd, const char *expected) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        struct sockaddr_in from;
        socklen_t len = sizeof(from);
        char data[64] = "";

        assert_int_equal(poll(&p, 1, PATIENCE), 1);
        assert_int_equal(recvfrom(fd, data, sizeof(data) - 1, 0, (struct sockaddr *)&from, &len), strlen(expected));
        assert_string_equal(data, expected);
        assert_int_equal(sendto(fd, "answer", 6, 0, (struct sockaddr *)&from, len), 6);
}

/* The gateway does not know the station yet: it may ask for it. */
static struct frame hear_ipv4(struct station *s) {
        struct frame f = hear(s);

        while (f.type == FRAME_ARP) {
                struct packet p;

                packet_arp(&p, f.from, s->mac, 2, f.target, f.sender);
                say(s, &p);
                f = hear(s);
        }
        return f;
}

static void the_gateway_leads_to_the_hosts_loopback(void **state) {
        struct packet p;
        struct frame f;
        uint16_t port;
        int fd = host_socket(SOCK_DGRAM, &port);

        packet_udp(&p, gateway_mac, a.mac, A, 1000, GATEWAY, port, "hello", 5);
        say(&a, &p);
        answer_one(fd, "hello");
        f = hear_ipv4(&a);
        assert_int_equal(f.sender, GATEWAY);
        assert_int_equal(f.sender_port, port);
        assert_int_equal(f.target_port, 1000);
        assert_true(packet_is_sound(a.in, &f));
        assert_memory_equal(a.in + f.transport + 8, "answer", 6);
        close(fd);
}

static void names_are_asked_where_the_network_says(void **state) {
        struct vm_network_options o = {0};
        uint8_t question[64];
        size_t size = packet_question(question);
        struct packet p;
        struct frame f;
        int fd = host_socket(SOCK_DGRAM, &o.dns_port);

        make(&o);
        packet_udp(&p, gateway_mac, a.mac, A, 1000, GATEWAY, 53, "question", 8);
        say(&a, &p);
        answer_one(fd, "question");
        f = hear_ipv4(&a);
        assert_int_equal(f.sender, GATEWAY);
        assert_int_equal(f.sender_port, 53);
        assert_true(packet_is_sound(a.in, &f));
        close(fd);
        teardown(state);

        make(&(struct vm_network_options){.dns = VM_DNS_REFUSED});
        packet_udp(&p, gateway_mac, b.mac, B, 1000, GATEWAY, 53, question, size);
        say(&b, &p);
        f = hear(&b);
        assert_int_equal(f.sender_port, 53);
        assert_int_equal(b.in[f.transport + 8 + 3], 5);
        packet_tcp_syn(&p, gateway_mac, b.mac, B, 1000, GATEWAY, 53);
        say(&b, &p);
        assert_int_equal(after(&b, 2).sent_dropped, 1);
        teardown(state);
}

static void a_network_reaches_as_far_as_it_is_said(void **state) {
        struct packet p;

        make(&(struct vm_network_options){.reach = VM_REACH_HOST});
        packet_udp(&p, gateway_mac, a.mac, A, 1000, 0xc0000201, 7, "", 0);
        say(&a, &p);
        packet_arp(&p, packet_everybody, a.mac, FRAME_ARP_ASK, A, GATEWAY);
        say(&a, &p);
        hear(&a);
        assert_int_equal(after(&a, 2).sent_dropped, 1);
        teardown(state);

        make(&(struct vm_network_options){.reach = VM_REACH_MACHINES});
        packet_udp(&p, gateway_mac, a.mac, A, 1000, GATEWAY, 7, "", 0);
        say(&a, &p);
        packet_arp(&p, packet_everybody, a.mac, FRAME_ARP_ASK, A, B);
        say(&a, &p);
        hear(&b);
        assert_int_equal(after(&a, 2).sent_dropped, 1);
        teardown(state);
}

/* 127/8, the network's own other addresses and groups are no way into the host. */
static void nothing_but_its_address_is_the_gateways(void **state) {
        static const uint32_t targets[] = {0x7f000001, 0x00000001, 0xac14ffff, 0xac140009, 0xe0000001, 0xffffffff};
        struct packet p;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(targets); i++) {
                packet_udp(&p, gateway_mac, a.mac, A, 1000, targets[i], 7, "", 0);
                say(&a, &p);
        }
        assert_int_equal(after(&a, HCS_ARRAY_SIZE(targets)).sent_dropped, HCS_ARRAY_SIZE(targets));
}

static void a_guest_that_opens_without_end_is_stopped(void **state) {
        struct packet p;
        uint16_t port;
        int fd = host_socket(SOCK_STREAM, &port);

        assert_int_equal(listen(fd, 1024), 0);
        for (uint16_t i = 1; i <= 1000; i++) {
                packet_tcp_syn(&p, gateway_mac, a.mac, A, i, GATEWAY, port);
                say(&a, &p);
        }
        assert_true(after(&a, 1000).sent_dropped >= 700);
        /* The others go on. */
        packet_udp(&p, b.mac, a.mac, A, 1000, B, 7, "", 0);
        say(&a, &p);
        while (memcmp(hear(&b).from, a.mac, FRAME_MAC) != 0)
                continue; /* the gateway's questions are for all */
        close(fd);
}

static void a_cable_moves_with_its_counters(void **state) {
        struct vm_network *second;
        struct hcs_error *err = NULL;
        struct packet p;
        int fds[2];
        struct vm_cable *c;

        assert_ok(vm_network_new(&(struct vm_network_options){.subnet = "10.0.0.0/24"}, &second, &err), err);
        packet_arp(&p, packet_everybody, a.mac, FRAME_ARP_ASK, A, B);
        say(&a, &p);
        hear(&b);
        assert_hresult(vm_cable_move(a.cable, second, "172.20.0.9", &err), E_INVALIDARG);
        assert_string_equal(hcs_error_message(err), "network: the address 172.20.0.9 is no host of the subnet");
        err = hcs_error_free(err);
        say(&a, &p); /* it is still where it was */
        hear(&b);
        assert_ok(vm_cable_move(b.cable, NULL, NULL, &err), err);
        assert_ok(vm_cable_move(a.cable, second, NULL, &err), err);
        assert_ok(vm_cable_move(b.cable, second, "10.0.0.3", &err), err);
        say(&a, &p);
        hear(&b);
        assert_int_equal(after(&a, 3).sent_frames, 3);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_hresult(vm_network_plug(second, fds[0], "00-15-5D-00-00-0B", NULL, &c, &err), HCS_WIN32(183));
        assert_string_equal(hcs_error_message(err), "network: another adapter has the MAC address");
        err = hcs_error_free(err);
        close(fds[1]);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_hresult(vm_network_plug(second, fds[0], "00-15-5D-00-00-0C", "10.0.0.3", &c, NULL), HCS_WIN32(183));
        close(fds[1]);
        vm_network_unref(second); /* the cables have it */
}

static void a_guest_that_does_not_read_holds_nobody_up(void **state) {
        struct vm_cable_stats stats;
        struct packet p;
        char data[1400] = "";
        uint64_t n = 0;

        packet_udp(&p, b.mac, a.mac, A, 1000, B, 7, data, sizeof(data));
        do {
                say(&a, &p);
                after(&a, ++n);
                vm_cable_stats_get(b.cable, &stats);
        } while (stats.received_dropped == 0);
        the_gateway_answers_arp_and_echo(state);
        hear(&b); /* and what had room is there */
}

static void a_length_that_cannot_be_ends_the_cable(void **state) {
        struct vm_cable_stats stats;

        assert_int_equal(send(a.fd, "\xff\xff\xff\xff", 4, MSG_NOSIGNAL), 4);
        do
                vm_cable_stats_get(a.cable, &stats);
        while (stats.connected && sched_yield() == 0);
        assert_int_equal(stats.sent_frames, 0);
}

static void options_that_cannot_be_are_named(void **state) {
        static const struct {
                const char *subnet, *gateway, *words;
        } cases[] = {
                {NULL, NULL, "net: subnet `': \"172.20.0.0/16\" is expected, at most /30"},
                {"10.0.0.0/31", NULL, "net: subnet `10.0.0.0/31': \"172.20.0.0/16\" is expected, at most /30"},
                {"10.0.0.1/24", NULL, "net: subnet `10.0.0.1/24': there are bits behind the prefix"},
                {"10.0.0.0/24", "10.0.0", "net: the gateway `10.0.0' is no IPv4 address"},
                {"10.0.0.0/24", "10.0.1.1", "net: the gateway 10.0.1.1 is no host of the subnet"},
                {"10.0.0.0/24", "10.0.0.255", "net: the gateway 10.0.0.255 is no host of the subnet"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                const struct vm_network_options o = {"net", cases[i].subnet, cases[i].gateway};
                struct hcs_error *err = NULL;
                struct vm_network *n = NULL;

                assert_hresult(vm_network_new(&o, &n, &err), E_INVALIDARG);
                assert_string_equal(hcs_error_message(err), cases[i].words);
                hcs_error_free(err);
                assert_null(n);
        }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

HCS_TESTS(T(a_frame_goes_to_whom_it_is_for), T(what_is_not_its_own_an_adapter_cannot_send),
          T(the_gateway_answers_arp_and_echo), T(the_gateway_leads_to_the_hosts_loopback),
          cmocka_unit_test(names_are_asked_where_the_network_says),
          cmocka_unit_test(a_network_reaches_as_far_as_it_is_said), T(nothing_but_its_address_is_the_gateways),
          T(a_guest_that_opens_without_end_is_stopped), T(a_cable_moves_with_its_counters),
          T(a_guest_that_does_not_read_holds_nobody_up), T(a_length_that_cannot_be_ends_the_cable),
          cmocka_unit_test(options_that_cannot_be_are_named))
