/* SPDX-License-Identifier: MIT */

/* Two machines on networks of mockhcs/vm/network. Both are booted at once and shared by the tests. */

#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "integration/vm/rig.h"
#include "platform/clock.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define PATIENCE (hcs_clock_ns() + 120 * (uint64_t)HCS_NS_PER_S)
#define SERVED   5000

static struct vm_network *front, *back;
static struct rig a, b;

static void make_network(const char *subnet, const char *gateway, struct vm_network **ret) {
        struct hcs_error *err = NULL;

        assert_ok(vm_network_new(&(struct vm_network_options){.subnet = subnet, .gateway = gateway}, ret, &err), err);
}

static void boot_b(void *arg) {
        struct vm_options o = rig_options(NULL);

        o.memory_mb = 128;
        o.processors = 1;
        o.free_slots = 2;
        rig_start(&b, &o);
}

static int boot(void **state) {
        struct vm_options o = rig_options(NULL);
        struct hcs_thread t;
        struct vm_nic nics[] = {{"out", "00-15-5D-00-00-0A", VM_NIC_NETWORK, NULL, "172.20.0.2"},
                                {"later", "00-15-5D-00-00-1A", VM_NIC_NETWORK}};

        make_network("172.20.0.0/16", "172.20.0.1", &front);
        make_network("10.9.0.0/24", NULL, &back);
        nics[0].network = front;
        o.nics = nics;
        o.n_nics = 2;
        o.free_slots = 1;
        o.processors = 1;
        assert_ok(hcs_thread_start(&t, boot_b, NULL, NULL), NULL);
        rig_start(&a, &o);
        hcs_thread_join(&t);
        return 0;
}

static int stop(void **state) {
        rig_stop(&a);
        vm_network_unref(front);
        vm_network_unref(back);
        return 0;
}

/* Asks the guest until one of its adapters shows it: a kernel finds out in its own time. */
static void expect_adapter(struct rig *r, const char *file, const char *word, bool there) {
        uint64_t deadline = PATIENCE;
        const char *text;

        do {
                assert_true(hcs_clock_ns() < deadline);
                text = rig_answer(r, rig_tell(r, "list /sys/class/net %s", file));
        } while ((strstr(text, word) != NULL) != there);
}

static void answer_one(void *arg) {
        int fd = accept((int)(intptr_t)arg, NULL, NULL);
        char data[8];

        assert_int_equal(recv(fd, data, sizeof(data), MSG_WAITALL), 8);
        assert_int_equal(send(fd, "answer", 6, MSG_NOSIGNAL), 6);
        close(fd);
}

static void the_gateway_leads_to_the_hosts_loopback(void **state) {
        struct sockaddr_in s = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(s);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct hcs_thread t;

        assert_int_equal(bind(fd, (struct sockaddr *)&s, len), 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&s, &len), 0);
        rig_answer(&a, rig_tell(&a, "configure eth0 172.20.0.2 16 172.20.0.1"));
        rig_answer(&a, rig_tell(&a, "ping 172.20.0.1"));
        assert_ok(hcs_thread_start(&t, answer_one, (void *)(intptr_t)fd, NULL), NULL);
        rig_answer(&a, rig_tell(&a, "knock 172.20.0.1 %u", ntohs(s.sin_port)));
        hcs_thread_join(&t);
        close(fd);
}

static void machines_of_a_network_reach_each_other(void **state) {
        const struct vm_nic nic = {"in", "00-15-5D-00-00-0B", VM_NIC_NETWORK, front, "172.20.0.3"};
        struct vm_cable_stats stats;
        struct hcs_error *err = NULL;

        assert_ok(vm_nic_add(b.vm, &nic, &err), err);
        assert_hresult(vm_nic_add(b.vm, &nic, NULL), HCS_WIN32(183));
        expect_adapter(&b, "address", "eth0=00:15:5d:00:00:0b", true);
        rig_answer(&b, rig_tell(&b, "configure eth0 172.20.0.3 16 172.20.0.1"));
        rig_answer(&b, rig_tell(&b, "net-serve %d", SERVED));
        rig_answer(&a, rig_tell(&a, "ping 172.20.0.3"));
        rig_answer(&a, rig_tell(&a, "knock 172.20.0.3 %d", SERVED));
        rig_answer(&a, rig_tell(&a, "net-send 172.20.0.3 %d %d", SERVED, 1 << 20));
        assert_true(vm_nic_stats(b.vm, "in", &stats));
        assert_true(stats.received_bytes > 1 << 20);
        assert_true(stats.connected);
        assert_false(vm_nic_stats(b.vm, "out", &stats));
}

static void a_cable_that_is_out_is_seen_and_plugged_in_elsewhere(void **state) {
        const struct vm_nic nic = {"second", "00-15-5D-00-00-1B", VM_NIC_NETWORK};
        struct hcs_error *err = NULL;

        rig_answer(&a, rig_tell(&a, "configure eth1 10.9.0.2 24"));
        expect_adapter(&a, "carrier", "eth1=0", true);
        assert_ok(vm_nic_connect(a.vm, "later", back, "10.9.0.2", &err), err);
        expect_adapter(&a, "carrier", "eth1=1", true);
        assert_ok(vm_nic_add(b.vm, &nic, &err), err);
        expect_adapter(&b, "address", "eth1=00:15:5d:00:00:1b", true);
        rig_answer(&b, rig_tell(&b, "configure eth1 10.9.0.3 24"));
        expect_adapter(&b, "carrier", "eth1=0", true);
        assert_hresult(vm_nic_connect(b.vm, "second", back, "10.9.0.2", NULL), HCS_WIN32(183));
        assert_ok(vm_nic_connect(b.vm, "second", back, "10.9.0.3", &err), err);
        expect_adapter(&b, "carrier", "eth1=1", true);
        rig_answer(&b, rig_tell(&b, "ping 10.9.0.2"));
        assert_hresult(vm_nic_connect(b.vm, "third", back, NULL, NULL), HCS_WIN32(1168));
}

static void adapters_go_and_their_addresses_are_free(void **state) {
        const struct vm_nic nic = {"again", "00-15-5D-00-00-1A", VM_NIC_NETWORK, back, "10.9.0.2"};
        struct hcs_error *err = NULL;

        assert_ok(vm_nic_remove(a.vm, "later", PATIENCE, &err), err); /* it was there from the start */
        expect_adapter(&a, "address", "00:15:5d:00:00:1a", false);
        assert_hresult(vm_nic_remove(a.vm, "later", PATIENCE, NULL), HCS_WIN32(1168));
        assert_ok(vm_nic_remove(b.vm, "in", PATIENCE, &err), err);
        assert_ok(vm_nic_add(b.vm, &nic, &err), err);
        expect_adapter(&b, "address", "00:15:5d:00:00:1a", true);
}

/* What ends a machine ends its cables: the others go on, and the addresses are free when it is freed. */
static void a_machine_that_resets_leaves_the_network_whole(void **state) {
        const struct vm_nic nic = {"taken", "00-15-5D-00-00-2A", VM_NIC_NETWORK, back, "10.9.0.2"};
        struct vm_cable_stats stats;
        struct hcs_error *err = NULL;
        struct vm_end end;

        rig_order(&b, "reset");
        assert_ok(vm_wait(b.vm, PATIENCE, &end, &err), err);
        assert_int_equal(end.kind, VM_END_RESET);
        do
                assert_true(vm_nic_stats(b.vm, "again", &stats));
        while (stats.connected && sched_yield() == 0);
        rig_answer(&a, rig_tell(&a, "ping 172.20.0.1"));
        assert_hresult(vm_nic_add(a.vm, &nic, NULL), HCS_WIN32(183));
        rig_stop(&b);
        assert_ok(vm_nic_add(a.vm, &nic, &err), err);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(the_gateway_leads_to_the_hosts_loopback, boot),
                cmocka_unit_test(machines_of_a_network_reach_each_other),
                cmocka_unit_test(a_cable_that_is_out_is_seen_and_plugged_in_elsewhere),
                cmocka_unit_test(adapters_go_and_their_addresses_are_free),
                cmocka_unit_test_teardown(a_machine_that_resets_leaves_the_network_whole, stop),
        };
        char *folder;

        rig_skip_unless_possible();
        folder = hcs_test_tmpdir();
        setenv("VM_RUN_BASE", folder, 0);
        return hcs_test_main(argc, argv, tests, HCS_ARRAY_SIZE(tests));
}
