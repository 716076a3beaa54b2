/* SPDX-License-Identifier: MIT */

/* Machines by QEMU with the test guest in them. Machines are shared by the tests that leave them as they were. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "integration/vm/pattern.h"
#include "integration/vm/rig.h"
#include "platform/clock.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define SECONDS   ((uint64_t)HCS_NS_PER_S)
#define PATIENCE  (hcs_clock_ns() + 120 * SECONDS)
#define ECHO_SIZE (2u << 20)
#define STREAMS   8

static struct rig shared;
static char *folder; /* for disks, and where machines have their folders */

static char *make_file(const char *name, off_t size) {
        char *path = hcs_asprintf("%s/%s", folder, name);
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, size), 0);
        close(fd);
        return path;
}

static int boot_shared(void **state) {
        struct vm_options o = rig_options(NULL);
        _cleanup_free_ char *first = make_file("first.img", 4 << 20), *second = make_file("second, or so.img", 8 << 20),
                            *pmem = make_file("pmem.img", 4 << 20);
        const struct vm_disk disks[] = {{0, 0, first, false}, {1, 5, second, true}};
        const struct vm_pmem pmems[] = {{0, pmem, true}};
        const struct vm_nic nics[] = {{"first", "00-15-5D-52-C0-00", VM_NIC_NAT}};

        o.controllers = 2;
        o.disks = disks;
        o.n_disks = 2;
        o.pmem = pmems;
        o.n_pmem = 1;
        o.nics = nics;
        o.n_nics = 1;
        o.free_slots = 3;
        o.memory_limit_mb = 4096;
        rig_start(&shared, &o);
        return 0;
}

static int stop_shared(void **state) {
        rig_stop(&shared);
        return 0;
}

static void expect_in(const char *text, const char *word) {
        if (!strstr(text, word))
                print_error("no `%s' in `%s'\n", word, text);
        assert_non_null(strstr(text, word));
}

/* Asks the guest until the list has the word (or has not): a kernel finds devices in its own time. */
static void expect_list(const char *list, const char *word, bool there) {
        uint64_t deadline = PATIENCE;
        const char *text;

        do {
                assert_true(hcs_clock_ns() < deadline);
                text = rig_answer(&shared, rig_tell(&shared, "list %s", list));
        } while ((strstr(text, word) != NULL) != there);
}

static void the_guest_has_what_the_machine_was_given(void **state) {
        expect_list("/sys/class/scsi_device type", ":0:0:0=", true);
        expect_list("/sys/class/scsi_device type", ":0:0:5=", true);
        expect_list("/sys/block size", "=8192", true);
        expect_list("/sys/block size", "=16384", true);
        expect_list("/sys/block size", "pmem0=8192", true);
        expect_list("/sys/class/net address", "eth0=00:15:5d:52:c0:00", true);
        assert_true(strtol(rig_answer(&shared, rig_tell(&shared, "memory")), NULL, 10) > 150 * 1024);
}

/* A host end that gives back what it gets. */
static void echo_back(void *arg) {
        int fd = (int)(intptr_t)arg;
        char data[65536];
        ssize_t n;

        while ((n = read(fd, data, sizeof(data))) > 0)
                for (ssize_t done = 0, w; done < n; done += w) {
                        w = send(fd, data + done, (size_t)(n - done), MSG_NOSIGNAL);
                        if (w <= 0)
                                break;
                }
        close(fd);
}

struct host_echo {
        struct hcs_thread reader, writer;
        int fd;
        uint32_t seed;
        bool ok;
};

static void host_writes(void *arg) {
        struct host_echo *e = arg;
        uint8_t data[65536];

        for (uint64_t sent = 0; sent < ECHO_SIZE; sent += sizeof(data)) {
                pattern_fill(data, sizeof(data), sent, e->seed);
                for (size_t done = 0; done < sizeof(data);) {
                        ssize_t n = send(e->fd, data + done, sizeof(data) - done, MSG_NOSIGNAL);

                        if (n <= 0)
                                return;
                        done += (size_t)n;
                }
        }
        shutdown(e->fd, SHUT_WR);
}

static void host_reads(void *arg) {
        struct host_echo *e = arg;
        uint8_t data[65536];
        uint64_t got = 0;
        ssize_t n;

        while ((n = read(e->fd, data, sizeof(data))) > 0 && pattern_is(data, (size_t)n, got, e->seed))
                got += (uint64_t)n;
        e->ok = n == 0 && got == ECHO_SIZE;
}

static void sixteen_streams_at_once_carry_every_byte(void **state) {
        struct hcs_thread echoes[STREAMS];
        struct host_echo out[STREAMS];
        unsigned ids[STREAMS];
        int listeners[STREAMS];

        for (unsigned i = 0; i < STREAMS; i++) {
                listeners[i] = rig_listen(&shared, 100 + i);
                ids[i] = rig_tell(&shared, "echo %u %u %u", 100 + i, ECHO_SIZE, i);
                out[i] = (struct host_echo){.fd = rig_dial(&shared, GUEST_ECHO), .seed = 1000 + i};
                assert_true(out[i].fd >= 0);
                assert_ok(hcs_thread_start(&out[i].reader, host_reads, &out[i], NULL), NULL);
                assert_ok(hcs_thread_start(&out[i].writer, host_writes, &out[i], NULL), NULL);
        }
        for (unsigned i = 0; i < STREAMS; i++) {
                int fd = accept(listeners[i], NULL, NULL);

                assert_true(fd >= 0);
                assert_ok(hcs_thread_start(&echoes[i], echo_back, (void *)(intptr_t)fd, NULL), NULL);
        }
        for (unsigned i = 0; i < STREAMS; i++) {
                rig_answer(&shared, ids[i]);
                hcs_thread_join(&echoes[i]);
                hcs_thread_join(&out[i].writer);
                hcs_thread_join(&out[i].reader);
                assert_true(out[i].ok);
                close(out[i].fd);
                close(listeners[i]);
        }
}

static void half_closed_streams_go_on_in_the_other_direction(void **state) {
        int listener = rig_listen(&shared, 200), fd;
        unsigned id = rig_tell(&shared, "half 200");
        char data[64];

        fd = accept(listener, NULL, NULL);
        assert_int_equal(recv(fd, data, 8, MSG_WAITALL), 8);
        assert_int_equal(read(fd, data, sizeof(data)), 0);
        assert_int_equal(send(fd, "answer", 6, 0), 6);
        close(fd);
        rig_answer(&shared, id);
        close(listener);

        fd = rig_dial(&shared, GUEST_ECHO);
        assert_int_equal(send(fd, "once", 4, 0), 4);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        assert_int_equal(recv(fd, data, sizeof(data), MSG_WAITALL), 4); /* and its end */
        close(fd);
}

static void accept_and_close(void *arg) {
        int listener = (int)(intptr_t)arg;

        for (int i = 0; i < 500; i++) {
                int fd = accept(listener, NULL, NULL);

                if (fd < 0)
                        return;
                close(fd);
        }
}

static void a_thousand_short_connections_leave_none(void **state) {
        int listener = rig_listen(&shared, 300);
        unsigned id = rig_tell(&shared, "connects 300 500");
        struct vsock_stats stats;
        struct hcs_thread acceptor;

        assert_ok(hcs_thread_start(&acceptor, accept_and_close, (void *)(intptr_t)listener, NULL), NULL);
        for (int i = 0; i < 500; i++) {
                int fd;

                do /* a guest that is behind with accepting refuses */
                        fd = rig_dial(&shared, GUEST_SINK);
                while (fd < 0);
                close(fd);
        }
        rig_answer(&shared, id);
        hcs_thread_join(&acceptor);
        close(listener);
        /* The guest's answers to the last closes are on their way: what it says after them is behind them. */
        do {
                rig_answer(&shared, rig_tell(&shared, "memory"));
                assert_true(vm_vsock_stats(shared.vm, &stats));
        } while (stats.connections > 1);
        assert_true(stats.accepted >= 1000);
        assert_int_equal(stats.violations, 0);
}

static void a_port_where_nobody_listens_is_refused_both_ways(void **state) {
        int fd = rig_dial(&shared, 9999);

        assert_int_equal(fd, -1);
        /* The guest's side: its connect fails at once; a listener makes the next one work. */
        assert_int_equal(rig_dial(&shared, 0xffffffffu), -1);
}

static void a_paused_guest_goes_on_with_its_streams(void **state) {
        struct hcs_error *err = NULL;
        int fd = rig_dial(&shared, GUEST_ECHO);
        char byte = 'x';

        assert_ok(vm_pause(shared.vm, &err), err);
        assert_int_equal(send(fd, &byte, 1, 0), 1);
        assert_ok(vm_resume(shared.vm, &err), err);
        assert_int_equal(recv(fd, &byte, 1, MSG_WAITALL), 1);
        close(fd);
}

static void disks_come_and_go(void **state) {
        _cleanup_free_ char *path = make_file("third.img", 3 << 20);
        const struct vm_disk d = {1, 63, path, false};
        struct hcs_error *err = NULL;

        assert_ok(vm_disk_add(shared.vm, &d, &err), err);
        assert_hresult(vm_disk_add(shared.vm, &d, NULL), HCS_WIN32(183));
        expect_list("/sys/block size", "=6144", true);
        assert_ok(vm_disk_remove(shared.vm, 1, 63, &err), err);
        expect_list("/sys/block size", "=6144", false);
        assert_hresult(vm_disk_remove(shared.vm, 1, 63, NULL), HCS_WIN32(1168));
        assert_true(FAILED(vm_disk_add(shared.vm, &(struct vm_disk){0, 9, "/nonexistent.img", true}, &err)));
        expect_in(hcs_error_message(err), "/nonexistent.img");
        hcs_error_free(err);
        assert_hresult(vm_disk_add(shared.vm, &(struct vm_disk){2, 0, path, true}, NULL), E_INVALIDARG);
}

static void adapters_and_persistent_memory_come_and_go(void **state) {
        _cleanup_free_ char *path = make_file("more.img", 6 << 20), *odd = make_file("odd.img", 4095);
        const struct vm_nic nic = {"second", "00-15-5D-52-C0-01", VM_NIC_NETWORK};
        struct hcs_error *err = NULL;

        assert_ok(vm_nic_add(shared.vm, &nic, &err), err);
        assert_hresult(vm_nic_add(shared.vm, &nic, NULL), HCS_WIN32(183));
        expect_list("/sys/class/net address", "00:15:5d:52:c0:01", true);
        assert_ok(vm_nic_remove(shared.vm, "second", PATIENCE, &err), err);
        expect_list("/sys/class/net address", "00:15:5d:52:c0:01", false);
        assert_hresult(vm_nic_remove(shared.vm, "second", PATIENCE, NULL), HCS_WIN32(1168));
        assert_ok(vm_pmem_add(shared.vm, &(struct vm_pmem){1, path, false}, &err), err);
        expect_list("/sys/block size", "pmem1=12288", true);
        assert_hresult(vm_pmem_add(shared.vm, &(struct vm_pmem){2, odd, false}, NULL), E_INVALIDARG);
}

static void memory_grows_in_modules_up_to_its_limit(void **state) {
        struct hcs_error *err = NULL;

        assert_ok(vm_memory_set(shared.vm, 500, &err), err);
        expect_list("/sys/devices/system/memory state", "=offline", true);
        assert_hresult(vm_memory_set(shared.vm, 5000, NULL), E_INVALIDARG);
        /* The device follows the memory: streams still work. */
        half_closed_streams_go_on_in_the_other_direction(state);
}

static void a_guest_that_powers_off_is_a_clean_end(void **state) {
        struct hcs_error *err = NULL;
        struct vm_end end;
        char byte;

        rig_order(&shared, "off");
        assert_ok(vm_wait(shared.vm, PATIENCE, &end, &err), err);
        assert_int_equal(end.kind, VM_END_POWER_OFF);
        assert_int_equal(end.exit_code, 0);
        assert_int_equal(read(shared.control, &byte, 1), 0);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(the_guest_has_what_the_machine_was_given, boot_shared),
                cmocka_unit_test(sixteen_streams_at_once_carry_every_byte),
                cmocka_unit_test(half_closed_streams_go_on_in_the_other_direction),
                cmocka_unit_test(a_thousand_short_connections_leave_none),
                cmocka_unit_test(a_port_where_nobody_listens_is_refused_both_ways),
                cmocka_unit_test(a_paused_guest_goes_on_with_its_streams),
                cmocka_unit_test(disks_come_and_go),
                cmocka_unit_test(adapters_and_persistent_memory_come_and_go),
                cmocka_unit_test(memory_grows_in_modules_up_to_its_limit),
                cmocka_unit_test_teardown(a_guest_that_powers_off_is_a_clean_end, stop_shared),
        };

        rig_skip_unless_possible();
        folder = hcs_test_tmpdir();
        setenv("VM_RUN_BASE", folder, 0);
        return hcs_test_main(argc, argv, tests, HCS_ARRAY_SIZE(tests));
}
