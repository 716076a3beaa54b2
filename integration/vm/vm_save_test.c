/* SPDX-License-Identifier: MIT */

/*
 * A machine with the agent in it that changes while it runs, is saved, goes on, is saved again and ends, and goes on in
 * another QEMU. The tests are steps of one life: each goes on from the one before.
 */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "integration/vm/agent.h"
#include "integration/vm/rig.h"
#include "mockhcs/vm/stats.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define PATIENCE (hcs_clock_ns() + 120 * (uint64_t)HCS_NS_PER_S)

static char *folder, *saved, *disk;
static struct agent a;
static struct vm_network *network;

static struct vm_options options(void) {
        struct vm_options o = agent_options();

        o.memory_mb = 256;
        o.memory_limit_mb = 1024;
        o.processors = 1;
        o.processor_limit = 2;
        o.controllers = 1;
        o.free_slots = 1;
        return o;
}

static int boot(void **state) {
        struct vm_options o = options();
        struct hcs_error *err = NULL;

        saved = hcs_asprintf("%s/saved", folder);
        disk = hcs_asprintf("%s/disk", folder);
        assert_ok(hcs_file_write(disk, "disk", 4, NULL), NULL);
        assert_int_equal(truncate(disk, 1 << 20), 0);
        assert_ok(vm_network_new(&(struct vm_network_options){.subnet = "10.1.0.0/24", .gateway = "10.1.0.1"}, &network,
                                 &err),
                  err);
        agent_start(&a, &o);
        agent_connect(&a);
        return 0;
}

static int stop(void **state) {
        agent_stop(&a);
        vm_network_unref(network);
        free(saved);
        free(disk);
        return 0;
}

/* A kernel finds things in its own time: the shell waits. */
static void expect(const char *condition) {
        _cleanup_free_ char *command =
                hcs_asprintf("i=0; until %s; do i=$((i+1)); [ $i -lt 600 ] || exit 1; sleep 0.1; done", condition);

        if (agent_run(&a, command) != 0)
                fail_msg("in the guest never: %s", condition);
}

static void processors_come_up_to_their_limit(void **state) {
        struct hcs_error *err = NULL;

        assert_hresult(vm_processors_set(a.vm, 3, NULL), E_INVALIDARG);
        assert_ok(vm_processors_set(a.vm, 2, &err), err);
        expect("[ -e /sys/devices/system/cpu/cpu1/online ]");
        expect("echo 1 > /sys/devices/system/cpu/cpu1/online && [ $(nproc) = 2 ]");
        assert_hresult(vm_processors_set(a.vm, 1, NULL), E_NOTIMPL);
}

static void it_gets_what_it_has_to_have_after_it_was_saved(void **state) {
        const struct vm_disk d = {0, 3, disk, false};
        const struct vm_nic nic = {"eth", "00-15-5D-00-00-0A", VM_NIC_NETWORK, network, "10.1.0.2"};
        struct hcs_error *err = NULL;

        assert_ok(vm_disk_add(a.vm, &d, &err), err);
        assert_ok(vm_nic_add(a.vm, &nic, &err), err);
        assert_ok(vm_memory_set(a.vm, 384, &err), err);
        expect("[ -e /sys/class/net/eth0 ]");
        expect("[ -e /sys/class/scsi_device/*:0:0:3/device/block ]");
        assert_int_equal(agent_run(&a, "ip addr add 10.1.0.2/24 dev eth0 && ip link set eth0 up"), 0);
        assert_int_equal(agent_run(&a, "ping -c 1 10.1.0.1"), 0);
        assert_int_equal(agent_run(&a, "echo before > /tmp/mark && (sleep 100000 & echo $! > /tmp/pid)"), 0);
}

static void its_figures_are_those_of_what_it_did(void **state) {
        struct hcs_error *err = NULL;
        struct vm_stats s;

        assert_int_equal(agent_run(&a, "cat /dev/$(ls /sys/class/scsi_device/*:0:0:3/device/block) > /dev/null"), 0);
        assert_ok(vm_stats_get(a.vm, &s, &err), err);
        assert_true(s.running);
        assert_true(s.uptime_ns > 0);
        assert_int_equal(s.processors, 2);
        assert_true(s.processor_ns > 0 && s.processor_ns <= s.host_ns);
        assert_true(s.processor_each_ns[0] > 0 && s.processor_each_ns[0] <= s.processor_ns);
        assert_int_equal(s.memory_wanted, 384ull << 20);
        assert_int_equal(s.memory_assigned, 384ull << 20);
        assert_int_equal(s.memory_limit, 1024ull << 20);
        assert_true(s.memory_known);
        assert_true(s.memory_free > 0 && s.memory_available > 0);
        assert_true(s.memory_total > 150ull << 20 && s.memory_total <= 384ull << 20);
        assert_int_equal(s.n_disks, 1);
        assert_int_equal(s.disks[0].controller, 0);
        assert_int_equal(s.disks[0].lun, 3);
        assert_true(s.disks[0].read_bytes >= 1 << 20 && s.disks[0].reads > 0);
        assert_int_equal(s.disks[0].written_bytes, 0);
        assert_int_equal(s.n_nics, 1);
        assert_string_equal(s.nics[0].id, "eth");
        assert_true(s.nics[0].has_cable && s.nics[0].cable.sent_frames >= 2 && s.nics[0].cable.received_bytes > 0);
        vm_stats_deinit(&s);
}

static void less_memory_is_taken_by_the_balloon(void **state) {
        struct hcs_error *err = NULL;
        struct vm_stats s;
        uint64_t deadline = PATIENCE, assigned;

        assert_ok(vm_memory_set(a.vm, 340, &err), err);
        do { /* the guest gives it page by page */
                assert_true(hcs_clock_ns() < deadline);
                assert_ok(vm_stats_get(a.vm, &s, &err), err);
                assigned = s.memory_assigned;
                assert_int_equal(s.memory_wanted, 340ull << 20);
                vm_stats_deinit(&s);
        } while (assigned > 340ull << 20);
        assert_ok(vm_memory_set(a.vm, 384, &err), err);
}

static void a_machine_that_was_saved_can_go_on_itself(void **state) {
        struct hcs_error *err = NULL;
        struct vm_stats s;
        struct stat st;

        assert_ok(vm_pause(a.vm, &err), err);
        assert_ok(vm_stats_get(a.vm, &s, &err), err);
        assert_false(s.running);
        assert_true(s.memory_known); /* from before */
        vm_stats_deinit(&s);
        assert_ok(vm_save(a.vm, saved, PATIENCE, &err), err);
        assert_int_equal(stat(saved, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_ok(vm_resume(a.vm, &err), err);
        agent_connect(&a);
        assert_int_equal(agent_run(&a, "echo after > /tmp/mark"), 0);
}

static void what_cannot_be_saved_goes_on_as_before(void **state) {
        _cleanup_free_ char *nowhere = hcs_asprintf("%s/nowhere/file", folder);
        struct hcs_error *err = NULL;

        assert_hresult(vm_save(a.vm, nowhere, PATIENCE, &err), HCS_WIN32(2));
        assert_non_null(strstr(hcs_error_message(err), nowhere));
        hcs_error_free(err);
        agent_connect(&a);
        assert_int_equal(agent_run(&a, "grep after /tmp/mark"), 0);
}

static void expect_refused(const struct vm_options *o, const char *words) {
        struct hcs_error *err = NULL;
        struct vm *vm = NULL;

        assert_true(FAILED(vm_new(o, &vm, &err)));
        if (!strstr(hcs_error_message(err), words))
                fail_msg("no `%s' in `%s'", words, hcs_error_message(err));
        hcs_error_free(err);
}

static void another_machine_cannot_go_on_from_it(void **state) {
        const struct vm_disk disks[] = {{0, 3, disk, false}, {0, 4, disk, true}};
        const struct vm_nic nic = {"eth", "00-15-5D-00-00-0A", VM_NIC_NAT};
        struct vm_options o = options();

        o.processors = 2;
        o.saved = disk;
        expect_refused(&o, "this is no saved machine");
        o.saved = saved;
        expect_refused(&o, "disks: 0:3 is missing");
        o.disks = disks;
        o.n_disks = 2;
        expect_refused(&o, "disks: 0:4 was not there when it was saved");
        o.n_disks = 1;
        expect_refused(&o, "adapters: eth is missing");
        o.nics = &nic;
        o.n_nics = 1;
        o.memory_mb = 300;
        expect_refused(&o, "memory_mb is 300, it was saved with 256");
}

static void a_machine_goes_on_in_another_qemu(void **state) {
        const struct vm_disk d = {0, 3, disk, false};
        const struct vm_nic nic = {"eth", "00-15-5D-00-00-0A", VM_NIC_NETWORK, network, "10.1.0.2"};
        struct hcs_error *err = NULL;
        struct vm_options o = options();

        assert_ok(vm_save(a.vm, saved, PATIENCE, &err), err);
        agent_stop(&a);
        o.saved = saved;
        o.disks = &d;
        o.n_disks = 1;
        o.nics = &nic;
        o.n_nics = 1;
        o.processors = 2;
        agent_start(&a, &o);
        agent_connect(&a);
        assert_int_equal(agent_run(&a, "grep after /tmp/mark && kill -0 $(cat /tmp/pid)"), 0);
        assert_int_equal(agent_run(&a, "[ $(nproc) = 2 ]"), 0);
        assert_int_equal(agent_run(&a, "head -c 4 /dev/$(ls /sys/class/scsi_device/*:0:0:3/device/block) | grep disk"),
                         0);
        assert_int_equal(agent_run(&a, "ping -c 1 10.1.0.1"), 0);
        assert_int_equal(agent_run(&a, "ls /sys/devices/system/memory | grep -c memory4"), 0);
        /* It can change as the other one could. */
        assert_ok(vm_disk_remove(a.vm, 0, 3, &err), err);
        expect("! ls /sys/class/scsi_device/*:0:0:3");
        assert_ok(vm_nic_remove(a.vm, "eth", PATIENCE, &err), err);
}

static void a_damaged_file_is_told_by_qemu(void **state) {
        struct vm_options o = options();
        const struct vm_disk d = {0, 3, disk, false};
        const struct vm_nic nic = {"eth", "00-15-5D-00-00-0A", VM_NIC_NETWORK};
        struct hcs_error *err = NULL;
        struct vm *vm;

        assert_int_equal(truncate(saved, 100000), 0);
        o.saved = saved;
        o.disks = &d;
        o.n_disks = 1;
        o.nics = &nic;
        o.n_nics = 1;
        o.processors = 2;
        o.expendable = true;
        assert_ok(vm_new(&o, &vm, &err), err);
        assert_hresult(vm_start(vm, PATIENCE, &err), HCS_E_UNEXPECTED_EXIT);
        assert_non_null(strstr(hcs_error_message(err), "load of migration failed"));
        hcs_error_free(err);
        vm_free(vm);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(processors_come_up_to_their_limit, boot),
                cmocka_unit_test(it_gets_what_it_has_to_have_after_it_was_saved),
                cmocka_unit_test(its_figures_are_those_of_what_it_did),
                cmocka_unit_test(less_memory_is_taken_by_the_balloon),
                cmocka_unit_test(a_machine_that_was_saved_can_go_on_itself),
                cmocka_unit_test(what_cannot_be_saved_goes_on_as_before),
                cmocka_unit_test(another_machine_cannot_go_on_from_it),
                cmocka_unit_test(a_machine_goes_on_in_another_qemu),
                cmocka_unit_test_teardown(a_damaged_file_is_told_by_qemu, stop),
        };

        rig_skip_unless_possible();
        folder = hcs_test_tmpdir();
        setenv("VM_RUN_BASE", folder, 0);
        return hcs_test_main(argc, argv, tests, HCS_ARRAY_SIZE(tests));
}
