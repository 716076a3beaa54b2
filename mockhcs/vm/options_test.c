/* SPDX-License-Identifier: MIT */

/* What a machine is made of: options that cannot be, and QEMU's arguments for those that can. */

#include <stdio.h>
#include <unistd.h>

#include "mockhcs/vm/accelerator.h"
#include "mockhcs/vm/machine.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

static char *folder, *kernel, *disk, *pmem;

static char *make_file(const char *name, const char *content, off_t size) {
        char *path = hcs_asprintf("%s/%s", folder, name);

        assert_ok(hcs_file_write(path, content, strlen(content), NULL), NULL);
        assert_int_equal(truncate(path, size), 0);
        return path;
}

static int setup(void **state) {
        folder = hcs_test_tmpdir();
        kernel = make_file("kernel", "", 1);
        disk = make_file("a disk, with \"marks\"", "", 512);
        pmem = make_file("pmem", "", 4 << 20);
        return 0;
}

static int teardown(void **state) {
        free(folder);
        free(kernel);
        free(disk);
        free(pmem);
        return 0;
}

static struct vm_options options(void) {
        return (struct vm_options){.kernel = kernel, .run_base = folder, .accelerator = VM_ACCELERATOR_TCG};
}

static void expect_refused(const struct vm_options *o, HRESULT hr, const char *words) {
        struct hcs_error *err = NULL;
        struct vm *vm = NULL;

        assert_hresult(vm_new(o, &vm, &err), hr);
        if (!strstr(hcs_error_message(err), words))
                print_error("no `%s' in `%s'\n", words, hcs_error_message(err));
        assert_non_null(strstr(hcs_error_message(err), words));
        assert_null(vm);
        hcs_error_free(err);
}

static void options_that_cannot_be_are_refused(void **state) {
        const struct vm_disk twice[] = {{0, 1, disk, true}, {0, 1, disk, true}}, far[] = {{1, 0, disk, true}},
                             high[] = {{0, 64, disk, true}};
        const struct vm_nic nics[] = {{"a", NULL, VM_NIC_NAT}, {"a", NULL, VM_NIC_NAT}},
                            bad_nic[] = {{"a,b", NULL, VM_NIC_NAT}}, no_mac[] = {{"a", NULL, VM_NIC_NETWORK}};
        const struct vm_pmem pmems[] = {{3, pmem, true}, {3, pmem, true}};
        struct vm_options o = options();

        o.kernel = NULL;
        expect_refused(&o, E_INVALIDARG, "no kernel");
        o = options();
        o.initrd = "/nonexistent";
        expect_refused(&o, HCS_WIN32(2), "initrd: `/nonexistent` not found");
        o = options();
        o.name = "a/b";
        expect_refused(&o, E_INVALIDARG, "cannot be called `a/b`");
        o = options();
        o.processors = 3;
        o.processor_limit = 2;
        expect_refused(&o, E_INVALIDARG, "3 processors with a limit of 2");
        o.processor_limit = 65;
        expect_refused(&o, E_INVALIDARG, "more than 64 processors");
        o = options();
        o.free_slots = 57;
        expect_refused(&o, E_INVALIDARG, "more than 56 free slots");
        o = options();
        o.saved = "/nonexistent";
        expect_refused(&o, HCS_WIN32(2), "open `/nonexistent`");
        o.saved = disk;
        expect_refused(&o, HCS_E_INVALID_JSON, "this is no saved machine");
        o = options();
        o.controllers = 5;
        expect_refused(&o, E_INVALIDARG, "SCSI controller count can't be more than 4");
        o.controllers = 1;
        o.disks = twice;
        o.n_disks = 2;
        expect_refused(&o, E_INVALIDARG, "two disks at SCSI 0:1");
        o.disks = far;
        o.n_disks = 1;
        expect_refused(&o, E_INVALIDARG, "at SCSI 1:0: there are 1 controllers of 64");
        o.disks = high;
        expect_refused(&o, E_INVALIDARG, "at SCSI 0:64");
        o = options();
        o.memory_mb = 16;
        expect_refused(&o, E_INVALIDARG, "16 MB of memory");
        o.memory_mb = 256;
        o.memory_limit_mb = 128;
        expect_refused(&o, E_INVALIDARG, "256 MB of memory with a limit of 128 MB");
        o = options();
        o.nics = nics;
        o.n_nics = 2;
        expect_refused(&o, E_INVALIDARG, "an adapter cannot be called `a`");
        o.nics = bad_nic;
        o.n_nics = 1;
        expect_refused(&o, E_INVALIDARG, "an adapter cannot be called `a,b`");
        o.nics = no_mac;
        expect_refused(&o, E_INVALIDARG, "adapter a on a cable needs a MAC address");
        o = options();
        o.pmem = pmems;
        o.n_pmem = 2;
        expect_refused(&o, E_INVALIDARG, "cannot have the number 3");
        o = options();
        o.guest_cid = 2;
        expect_refused(&o, E_INVALIDARG, "a guest cannot have the CID 2");
        if (!hcs_file_exists("/dev/vhost-vsock")) {
                o = options();
                o.vsock = VM_VSOCK_KERNEL;
                expect_refused(&o, HCS_WIN32(2), "load the module vhost_vsock");
        }
}

static char *arguments_of(const struct vm_options *o) {
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_error *err = NULL;
        struct vm *vm = NULL;
        char **argv = NULL;

        assert_ok(vm_new(o, &vm, &err), err);
        vm->accelerator = VM_ACCELERATOR_TCG;
        assert_ok(machine_command_line(vm, &argv, &err), err);
        for (size_t i = 0; argv[i]; i++)
                hcs_buf_printf(&text, "%s\n", argv[i]);
        machine_free_command_line(argv);
        vm_free(vm);
        return hcs_buf_steal(&text);
}

static void expect_argument(const char *text, const char *part) {
        if (!strstr(text, part))
                print_error("no `%s' in:\n%s\n", part, text);
        assert_non_null(strstr(text, part));
}

static void every_option_becomes_an_argument(void **state) {
        _cleanup_free_ char *text = NULL, *vhdx = make_file("v.vhdx", "vhdxfile", 4096),
                            *dynamic = make_file("v.vhd", "conectix", 4096);
        const struct vm_disk disks[] = {{0, 0, disk, true}, {1, 63, vhdx, false}, {1, 2, dynamic, false}};
        const struct vm_nic nics[] = {{"eth-1", "00-15-5D-00-00-01", VM_NIC_NAT}};
        const struct vm_pmem pmems[] = {{7, pmem, true}};
        struct vm_options o = options();

        o.name = "box";
        o.processors = 3;
        o.memory_mb = 300;
        o.command_line = "console=ttyS0 -- a b";
        o.controllers = 2;
        o.disks = disks;
        o.n_disks = 3;
        o.nics = nics;
        o.n_nics = 1;
        o.pmem = pmems;
        o.n_pmem = 1;
        o.free_slots = 2;
        o.processor_limit = 5;
        text = arguments_of(&o);
        expect_argument(text, "guest=box,");
        expect_argument(text, "-smp\n3,maxcpus=5,sockets=1,cores=5,threads=1\n");
        expect_argument(text, "-m\n300M,slots=11,maxmem=4396M\n");
        expect_argument(text, "memory-backend-memfd,id=mem,size=300M,share=on\n");
        expect_argument(text, "-append\nno_timer_check cryptomgr.notests swiotlb=1024 console=ttyS0 -- a b\n");
        expect_argument(text, "-no-reboot\n");
        expect_argument(text,
                        "\"driver\":\"vhost-user-vsock-pci\",\"id\":\"vsock\",\"chardev\":\"vsock\",\"bus\":\"slot3\"");
        expect_argument(text, "virtio-scsi-pci,id=scsi1\n");
        expect_argument(text, "a disk, with \\\"marks\\\"\"");
        expect_argument(text, "\"driver\":\"raw\",\"node-name\":\"disk-0-0\",\"read-only\":true");
        expect_argument(text, "\"driver\":\"vhdx\",\"node-name\":\"disk-1-63\",\"read-only\":false");
        expect_argument(text, "\"driver\":\"vpc\",\"node-name\":\"disk-1-2\"");
        expect_argument(text, "\"bus\":\"scsi1.0\",\"channel\":0,\"scsi-id\":0,\"lun\":63");
        expect_argument(text, "\"qom-type\":\"memory-backend-file\",\"id\":\"pmem-memory-7\"");
        expect_argument(text, "\"size\":4194304,\"share\":true,\"readonly\":true");
        expect_argument(text, "\"mac\":\"00:15:5D:00:00:01\"");
        expect_argument(text, "pcie-root-port,id=slot1,chassis=2\n");
}

static void without_a_way_to_the_host_there_is_no_vsock(void **state) {
        struct vm_options o = options();
        _cleanup_free_ char *text = NULL;

        o.vsock = VM_VSOCK_NONE;
        text = arguments_of(&o);
        assert_null(strstr(text, "vsock"));
        expect_argument(text, "-m\n1024M\n");
}

static void what_the_probe_knows_it_does_not_try_again(void **state) {
        _cleanup_free_ char *cache = hcs_asprintf("%s/deep/cache", folder), *why = NULL, *again = NULL;
        const struct vm_probe_options o = {
                .qemu = "/nonexistent/qemu", .kernel = kernel, .cache = cache, .deadline_ns = 1, .device = "/dev/null"};

        assert_int_equal(vm_accelerator_probe(&o, &why), VM_ACCELERATOR_TCG);
        assert_non_null(strstr(why, "TCG, not KVM: "));
        assert_null(strstr(why, "known from before"));
        assert_int_equal(vm_accelerator_probe(&o, &again), VM_ACCELERATOR_TCG);
        assert_non_null(strstr(again, "known from before"));
        /* What is no cache is made one. */
        assert_ok(hcs_file_write(cache, "[1", 2, NULL), NULL);
        free(again);
        again = NULL;
        assert_int_equal(vm_accelerator_probe(&o, &again), VM_ACCELERATOR_TCG);
        assert_null(strstr(again, "known from before"));
}

static void who_is_stopped_before_it_starts_does_not_start(void **state) {
        struct vm_options o = options();
        struct hcs_error *err = NULL;
        struct vm *vm = NULL;

        o.accelerator = VM_ACCELERATOR_TCG;
        o.qemu = "/nonexistent/qemu";
        assert_ok(vm_new(&o, &vm, &err), err);
        vm_kill_soon(vm);
        assert_hresult(vm_start(vm, 0, &err), E_ABORT);
        assert_non_null(strstr(hcs_error_message(err), "was stopped before it ran"));
        hcs_error_free(err);
        vm_free(vm);
}

static void a_probe_that_fails_names_no_folder_that_is_not_kept(void **state) {
        const struct vm_probe_options o = {
                .qemu = "/bin/false", .kernel = kernel, .cache = "", .deadline_ns = 0, .device = "/dev/null"};
        _cleanup_free_ char *why = NULL;

        assert_int_equal(vm_accelerator_probe(&o, &why), VM_ACCELERATOR_TCG);
        assert_non_null(strstr(why, "QEMU ended"));
        assert_null(strstr(why, "logs are in"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

HCS_TESTS(T(options_that_cannot_be_are_refused), T(every_option_becomes_an_argument),
          T(without_a_way_to_the_host_there_is_no_vsock), T(what_the_probe_knows_it_does_not_try_again),
          T(who_is_stopped_before_it_starts_does_not_start), T(a_probe_that_fails_names_no_folder_that_is_not_kept))
