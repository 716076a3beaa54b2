/* SPDX-License-Identifier: MIT */

/* Disks found in trees that look like /sys, and mounted from loop devices that such trees name. */

#include "guest/storage/scsi.h"

#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/storage/format.h"
#include "guest/storage/mount.h"
#include "guest/testing/fixture.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/thread.h"

#define SOON (hcs_clock_ns() + 60 * (uint64_t)HCS_NS_PER_S)

/* An adapter of QEMU's: SCSI host n at a PCI address. */
static void add_adapter(struct guest_fixture *f, unsigned host, const char *address, const char *kind) {
        _cleanup_free_ char *folder =
                hcs_asprintf("sys/devices/pci0000:00/%s/virtio0/host%u/scsi_host/host%u", address, host, host);
        _cleanup_free_ char *name = hcs_asprintf("%s/proc_name", folder);
        _cleanup_free_ char *link = hcs_asprintf("sys/class/scsi_host/host%u", host);
        _cleanup_free_ char *target = guest_fixture_path(f, "%s", folder), *text = hcs_asprintf("%s\n", kind);

        guest_fixture_file(f, name, text);
        guest_fixture_link(f, link, target);
}

static void a_controller_is_the_adapter_at_that_place_on_the_bus(void **state) {
        struct guest_fixture f;
        unsigned host = 99;

        guest_fixture_init(&f);
        add_adapter(&f, 0, "0000:00:1f.2", "ahci");
        add_adapter(&f, 1, "0000:00:05.0", "virtio_scsi");
        add_adapter(&f, 7, "0000:00:03.0", "virtio_scsi");
        add_adapter(&f, 12, "0000:00:04.0", "virtio_scsi");
        assert_ok(guest_scsi_host(&f.roots, 0, 0, &host, NULL), NULL);
        assert_int_equal(host, 7);
        assert_ok(guest_scsi_host(&f.roots, 1, 0, &host, NULL), NULL);
        assert_int_equal(host, 12);
        assert_ok(guest_scsi_host(&f.roots, 2, 0, &host, NULL), NULL);
        assert_int_equal(host, 1);
        guest_fixture_deinit(&f);
}

static void a_controller_that_does_not_come_is_named_after_the_deadline(void **state) {
        struct guest_fixture f;
        struct hcs_error *err = NULL;
        unsigned host = 99;

        guest_fixture_init(&f);
        add_adapter(&f, 0, "0000:00:1f.2", "ahci"); /* none of ours */
        assert_hresult(guest_scsi_host(&f.roots, 3, hcs_clock_ns() + 1000000, &host, &err), HCS_WIN32(1460));
        assert_non_null(strstr(hcs_error_message(err), "SCSI controller 3"));
        assert_int_equal(host, 99);
        hcs_error_free(err);
        guest_fixture_deinit(&f);
}

static void with_vmbus_a_controller_is_found_by_its_guid(void **state) {
        struct guest_fixture f;
        unsigned host = 99;

        guest_fixture_init(&f);
        add_adapter(&f, 1, "0000:00:05.0", "virtio_scsi");
        guest_fixture_folder(&f, "sys/bus/vmbus/devices/df6d0690-79e5-55b6-a5ec-c1e2f77f580a/host3");
        guest_fixture_folder(&f, "sys/bus/vmbus/devices/0110f83b-de10-5172-a266-78bca56bf50a/hostile");
        guest_fixture_folder(&f, "sys/bus/vmbus/devices/0110f83b-de10-5172-a266-78bca56bf50a/host0");
        guest_fixture_folder(&f, "sys/bus/vmbus/devices/305891a9-b251-5dfe-91a2-c25d9212275b/host12");
        assert_ok(guest_scsi_host(&f.roots, 0, 0, &host, NULL), NULL);
        assert_int_equal(host, 3);
        assert_ok(guest_scsi_host(&f.roots, 1, 0, &host, NULL), NULL);
        assert_int_equal(host, 0);
        assert_ok(guest_scsi_host(&f.roots, 3, 0, &host, NULL), NULL);
        assert_int_equal(host, 12);
        assert_hresult(guest_scsi_host(&f.roots, 2, 0, &host, NULL), HCS_WIN32(1460));
        assert_hresult(guest_scsi_host(&f.roots, 4, 0, &host, NULL), E_INVALIDARG);
        guest_fixture_deinit(&f);
}

static void a_disk_is_found_by_controller_and_lun_whatever_it_is_called(void **state) {
        struct guest_fixture f;
        _cleanup_free_ char *disk = NULL, *part = NULL, *expected = NULL, *expected_part = NULL;

        guest_fixture_init(&f);
        add_adapter(&f, 2, "0000:00:05.0", "virtio_scsi");
        guest_fixture_folder(&f, "sys/bus/scsi/devices/2:0:0:7/block/sdq/sdq3");
        guest_fixture_folder(&f, "sys/bus/scsi/devices/2:0:0:8/block/sda");
        guest_fixture_file(&f, "dev/sdq", "");
        guest_fixture_file(&f, "dev/sdq3", "");
        assert_ok(guest_scsi_device(&f.roots, 0, 7, 0, 0, &disk, NULL), NULL);
        assert_ok(guest_scsi_device(&f.roots, 0, 7, 3, 0, &part, NULL), NULL);
        expected = guest_fixture_path(&f, "dev/sdq");
        expected_part = guest_fixture_path(&f, "dev/sdq3");
        assert_string_equal(disk, expected);
        assert_string_equal(part, expected_part);
        guest_fixture_deinit(&f);
}

static void what_is_missing_of_a_disk_is_named(void **state) {
        struct guest_fixture f;
        struct hcs_error *err = NULL;
        char *path = NULL;

        guest_fixture_init(&f);
        add_adapter(&f, 2, "0000:00:05.0", "virtio_scsi");
        guest_fixture_folder(&f, "sys/bus/scsi/devices/2:0:0:7/block/sdq");
        guest_fixture_folder(&f, "sys/bus/scsi/devices/2:0:0:8/block/sda");
        guest_fixture_folder(&f, "sys/bus/scsi/devices/2:0:0:8/block/sdb");
        assert_hresult(guest_scsi_device(&f.roots, 0, 6, 0, 0, &path, &err), HCS_WIN32(1460));
        assert_non_null(strstr(hcs_error_message(err), "SCSI disk 2:0:0:6 (controller 0)"));
        err = hcs_error_free(err);
        assert_hresult(guest_scsi_device(&f.roots, 0, 7, 0, 0, &path, &err), HCS_WIN32(1460)); /* no node */
        err = hcs_error_free(err);
        guest_fixture_file(&f, "dev/sdq", "");
        assert_hresult(guest_scsi_device(&f.roots, 0, 7, 2, 0, &path, &err), HCS_WIN32(1460));
        assert_non_null(strstr(hcs_error_message(err), "partition 2 of SCSI disk 2:0:0:7"));
        err = hcs_error_free(err);
        assert_hresult(guest_scsi_device(&f.roots, 0, 8, 0, 0, &path, &err), E_FAIL);
        assert_non_null(strstr(hcs_error_message(err), "more than one block device"));
        hcs_error_free(err);
        assert_null(path);
        guest_fixture_deinit(&f);
}

static void add_disk_later(void *arg) {
        struct guest_fixture *f = arg;

        guest_fixture_file(f, "dev/sdz", "");
        guest_fixture_folder(f, "sys/bus/scsi/devices/2:0:0:1/block/sdz");
        add_adapter(f, 2, "0000:00:05.0", "virtio_scsi");
}

static void a_disk_that_appears_late_is_waited_for(void **state) {
        struct guest_fixture f;
        struct hcs_thread thread;
        _cleanup_free_ char *path = NULL;

        guest_fixture_init(&f);
        assert_ok(hcs_thread_start(&thread, add_disk_later, &f, NULL), NULL);
        assert_ok(guest_scsi_device(&f.roots, 0, 1, 0, SOON, &path, NULL), NULL);
        hcs_thread_join(&thread);
        guest_fixture_deinit(&f);
}

static void unplugging_writes_one_and_spares_what_is_not_there(void **state) {
        struct hcs_schema_guest_scsi_device device = {.Controller = 0, .Lun = 5}, other = {.Controller = 2, .Lun = 1};
        _cleanup_free_ char *text = NULL;
        struct guest_fixture f;

        guest_fixture_init(&f);
        assert_ok(guest_scsi_unplug(&f.roots, &device, NULL), NULL);
        add_adapter(&f, 2, "0000:00:05.0", "virtio_scsi");
        assert_ok(guest_scsi_unplug(&f.roots, &device, NULL), NULL);
        assert_ok(guest_scsi_unplug(&f.roots, &other, NULL), NULL);
        guest_fixture_file(&f, "sys/bus/scsi/devices/2:0:0:5/delete", "");
        assert_ok(guest_scsi_unplug(&f.roots, &device, NULL), NULL);
        text = guest_fixture_read(&f, "sys/bus/scsi/devices/2:0:0:5/delete");
        assert_string_equal(text, "1\n");
        guest_fixture_deinit(&f);
}

/* A fixture with one disk, LUN 4 of controller 0; skips where there can be none. */
static bool with_disk(struct guest_fixture *f, uint64_t size) {
        guest_fixture_init(f);
        if (!guest_fixture_private_mounts() || !guest_fixture_disk(f, "sdc", size))
                return false;
        add_adapter(f, 2, "0000:00:05.0", "virtio_scsi");
        guest_fixture_folder(f, "sys/bus/scsi/devices/2:0:0:4/block/sdc");
        return true;
}

static void a_disk_is_formatted_when_asked_and_mounted(void **state) {
        struct hcs_schema_guest_lcow_mapped_virtual_disk disk = {
                .Lun = 4, .EnsureFilesystem = true, .Filesystem = (char *)"ext4"};
        struct guest_fixture f;
        struct hcs_error *err = NULL;
        struct statvfs st;

        guest_skip_unless(guest_fixture_has_tool("mkfs.ext4") && with_disk(&f, 8u << 20));
        disk.MountPath = guest_fixture_path(&f, "scratch");
        assert_ok(guest_scsi_mount(&f.roots, &disk, SOON, &err), err);
        guest_fixture_file(&f, "scratch/kept", "yes");
        assert_ok(guest_scsi_unmount(&f.roots, &disk, SOON, &err), err);
        assert_false(hcs_file_exists(disk.MountPath));

        /* It has its file system now and keeps what is in it. */
        disk.ReadOnly = true;
        assert_ok(guest_scsi_mount(&f.roots, &disk, SOON, &err), err);
        free(guest_fixture_read(&f, "scratch/kept"));
        assert_int_equal(statvfs(disk.MountPath, &st), 0);
        assert_true(st.f_flag & ST_RDONLY);

        /* A second mount of the same disk at the same place is refused, and harms the first in no way. */
        assert_hresult(guest_scsi_mount(&f.roots, &disk, SOON, &err), HCS_WIN32(170));
        err = hcs_error_free(err);
        free(guest_fixture_read(&f, "scratch/kept"));
        assert_ok(guest_scsi_unmount(&f.roots, &disk, SOON, &err), err);
        /* And unmounting what is not mounted is fine. */
        assert_ok(guest_scsi_unmount(&f.roots, &disk, SOON, &err), err);
        free(disk.MountPath);
        guest_fixture_deinit(&f);
}

static void a_disk_without_a_file_system_is_refused_with_the_reason(void **state) {
        struct hcs_schema_guest_lcow_mapped_virtual_disk disk = {.Lun = 4};
        struct guest_fixture f;
        struct hcs_error *err = NULL;

        guest_skip_unless(with_disk(&f, 1u << 20));
        disk.MountPath = guest_fixture_path(&f, "layer");
        assert_hresult(guest_scsi_mount(&f.roots, &disk, SOON, &err), E_FAIL);
        assert_non_null(strstr(hcs_error_message(err), "getting device's filesystem"));
        err = hcs_error_free(err);
        disk.EnsureFilesystem = true;
        disk.Filesystem = (char *)"ntfs";
        assert_hresult(guest_scsi_mount(&f.roots, &disk, SOON, &err), E_INVALIDARG);
        assert_string_equal(hcs_error_message(err), "unsupported filesystem ntfs requested for device");
        err = hcs_error_free(err);
        disk.EnsureFilesystem = false;
        disk.Filesystem = (char *)"ext4";
        assert_true(FAILED(guest_scsi_mount(&f.roots, &disk, SOON, &err)));
        err = hcs_error_free(err);
        assert_false(hcs_file_exists(disk.MountPath));
        free(disk.MountPath);
        guest_fixture_deinit(&f);
}

static void propagation_options_are_carried_out(void **state) {
        char *options[] = {(char *)"ro", (char *)"shared"};
        struct hcs_schema_guest_lcow_mapped_virtual_disk disk = {
                .Lun = 4, .EnsureFilesystem = true, .Filesystem = (char *)"ext4", .Options = {options, 2}};
        struct guest_fixture f;
        struct hcs_error *err = NULL;
        _cleanup_buf_ struct hcs_buf info = {0};
        char *line;

        guest_skip_unless(guest_fixture_has_tool("mkfs.ext4") && with_disk(&f, 8u << 20));
        disk.MountPath = guest_fixture_path(&f, "shared");
        assert_ok(guest_scsi_mount(&f.roots, &disk, SOON, &err), err);
        assert_ok(hcs_file_read("/proc/self/mountinfo", 1u << 20, &info, NULL), NULL);
        line = strstr(info.data, disk.MountPath);
        assert_non_null(line);
        line[strcspn(line, "\n")] = '\0';
        assert_non_null(strstr(line, " shared:"));
        assert_null(strstr(line, " ro,")); /* as in the original: ReadOnly decides, not the word */
        assert_ok(guest_scsi_unmount(&f.roots, &disk, SOON, &err), err);
        free(disk.MountPath);
        guest_fixture_deinit(&f);
}

static void a_block_device_is_a_link(void **state) {
        struct hcs_schema_guest_lcow_mapped_virtual_disk disk = {.Lun = 4, .BlockDev = true};
        struct guest_fixture f;
        struct hcs_error *err = NULL;
        char target[256];
        ssize_t n;

        guest_fixture_init(&f);
        add_adapter(&f, 2, "0000:00:05.0", "virtio_scsi");
        guest_fixture_folder(&f, "sys/bus/scsi/devices/2:0:0:4/block/sdc");
        guest_fixture_file(&f, "dev/sdc", "");
        disk.MountPath = guest_fixture_path(&f, "devices/data");
        assert_ok(guest_scsi_mount(&f.roots, &disk, SOON, &err), err);
        n = readlink(disk.MountPath, target, sizeof(target) - 1);
        assert_true(n > 0);
        target[n] = '\0';
        assert_true(hcs_str_ends(target, "/dev/sdc"));
        assert_hresult(guest_scsi_mount(&f.roots, &disk, SOON, &err), HCS_WIN32(183));
        err = hcs_error_free(err);
        assert_ok(guest_scsi_unmount(&f.roots, &disk, SOON, &err), err);
        assert_int_equal(access(disk.MountPath, F_OK), -1);
        assert_ok(guest_scsi_unmount(&f.roots, &disk, SOON, &err), err);
        free(disk.MountPath);
        guest_fixture_deinit(&f);
}

HCS_TESTS(cmocka_unit_test(a_controller_is_the_adapter_at_that_place_on_the_bus),
          cmocka_unit_test(a_controller_that_does_not_come_is_named_after_the_deadline),
          cmocka_unit_test(with_vmbus_a_controller_is_found_by_its_guid),
          cmocka_unit_test(a_disk_is_found_by_controller_and_lun_whatever_it_is_called),
          cmocka_unit_test(what_is_missing_of_a_disk_is_named),
          cmocka_unit_test(a_disk_that_appears_late_is_waited_for),
          cmocka_unit_test(unplugging_writes_one_and_spares_what_is_not_there),
          cmocka_unit_test(a_disk_is_formatted_when_asked_and_mounted),
          cmocka_unit_test(a_disk_without_a_file_system_is_refused_with_the_reason),
          cmocka_unit_test(propagation_options_are_carried_out), cmocka_unit_test(a_block_device_is_a_link))
