/* SPDX-License-Identifier: MIT */

/* Tables of device-mapper, and what a kernel without it is told. Devices themselves are tested in a VM. */

#include "guest/storage/dm.h"

#include "guest/storage/crypt.h"
#include "guest/storage/pci.h"
#include "guest/storage/plan9.h"
#include "guest/storage/pmem.h"
#include "guest/testing/fixture.h"
#include "platform/file.h"

#define ROOT "2aa4f7b7b6f4952060e8"
#define SALT "762307f4bc8d2a6b7595d8"

static struct hcs_schema_guest_device_verity_info verity(void) {
        return (struct hcs_schema_guest_device_verity_info){
                .Ext4SizeInBytes = 417792 * 512,
                .Version = 1,
                .Algorithm = (char *)"sha256",
                .SuperBlock = true,
                .RootDigest = (char *)ROOT,
                .Salt = (char *)SALT,
                .BlockSize = 4096,
        };
}

static void a_verity_table_has_data_and_hashes_on_one_device(void **state) {
        struct hcs_schema_guest_device_verity_info info = verity();
        struct guest_dm_target t;

        assert_ok(guest_dm_verity("/dev/sdb", &info, &t, NULL), NULL);
        assert_int_equal(t.start, 0);
        assert_int_equal(t.length, 417792);
        assert_string_equal(t.type, "verity");
        assert_string_equal(t.params, "1 /dev/sdb /dev/sdb 4096 4096 52224 52225 sha256 " ROOT " " SALT);
        guest_dm_target_deinit(&t);
        info.SuperBlock = false;
        info.Salt = NULL;
        assert_ok(guest_dm_verity("/dev/sdb", &info, &t, NULL), NULL);
        assert_string_equal(t.params, "1 /dev/sdb /dev/sdb 4096 4096 52224 52224 sha256 " ROOT " -");
        guest_dm_target_deinit(&t);
}

static void check_refused(const struct hcs_schema_guest_device_verity_info *info, const char *member) {
        struct guest_dm_target t = {0};
        struct hcs_error *err = NULL;

        assert_hresult(guest_dm_verity("/dev/sdb", info, &t, &err), E_INVALIDARG);
        assert_non_null(strstr(hcs_error_message(err), member));
        assert_null(t.params);
        hcs_error_free(err);
}

static void a_verity_table_that_cannot_be_is_refused_by_member(void **state) {
        struct hcs_schema_guest_device_verity_info info = verity();

        info.BlockSize = 0;
        check_refused(&info, "VerityInfo.BlockSize");
        info.BlockSize = 3000;
        check_refused(&info, "VerityInfo.BlockSize");
        info = verity();
        info.Ext4SizeInBytes = -4096;
        check_refused(&info, "VerityInfo.Ext4SizeInBytes");
        info.Ext4SizeInBytes = 4097;
        check_refused(&info, "VerityInfo.Ext4SizeInBytes");
        info = verity();
        info.RootDigest = (char *)"2aa4 1 ignore_corruption"; /* would add options */
        check_refused(&info, "VerityInfo.RootDigest");
        info = verity();
        info.Salt = (char *)"xyz";
        check_refused(&info, "VerityInfo.Salt");
        info = verity();
        info.Algorithm = NULL;
        check_refused(&info, "VerityInfo.Algorithm");
}

static void a_linear_table_counts_in_sectors(void **state) {
        struct guest_dm_target t = {0};

        assert_ok(guest_dm_linear("/dev/pmem0", 2097152, 1048576, &t, NULL), NULL);
        assert_int_equal(t.length, 2048);
        assert_string_equal(t.type, "linear");
        assert_string_equal(t.params, "/dev/pmem0 4096");
        guest_dm_target_deinit(&t);
        assert_hresult(guest_dm_linear("/dev/pmem0", 1, 512, &t, NULL), E_INVALIDARG);
        assert_hresult(guest_dm_linear("/dev/pmem0", 0, 513, &t, NULL), E_INVALIDARG);
        assert_hresult(guest_dm_linear("/dev/pmem0", 0, 0, &t, NULL), E_INVALIDARG);
}

static void a_kernel_without_device_mapper_is_named(void **state) {
        struct guest_dm_target t = {.length = 8, .type = "zero", .params = (char *)""};
        struct guest_fixture f;
        struct hcs_error *err = NULL;
        char *node = NULL;

        guest_fixture_init(&f);
        assert_hresult(guest_dm_create(&f.roots, "x", true, &t, 1, 0, &node, &err), HCS_WIN32(50));
        assert_non_null(strstr(hcs_error_message(err), "no device-mapper"));
        err = hcs_error_free(err);
        assert_hresult(guest_dm_remove(&f.roots, "x", NULL), HCS_WIN32(50));
        assert_hresult(guest_dm_status(&f.roots, "x", &node, NULL), HCS_WIN32(50));
        assert_null(node);
        guest_fixture_deinit(&f);
}

static void a_name_that_would_leave_the_folder_is_refused(void **state) {
        struct guest_dm_target t = {.length = 8, .type = "zero", .params = (char *)""};
        char long_name[200];
        char *node = NULL;

        memset(long_name, 'x', sizeof(long_name) - 1);
        long_name[sizeof(long_name) - 1] = '\0';
        assert_hresult(guest_dm_create(&guest_real_roots, "../sda", true, &t, 1, 0, &node, NULL), E_INVALIDARG);
        assert_hresult(guest_dm_create(&guest_real_roots, "", true, &t, 1, 0, &node, NULL), E_INVALIDARG);
        assert_hresult(guest_dm_remove(&guest_real_roots, long_name, NULL), E_INVALIDARG);
}

static void an_encrypted_disk_needs_its_device_and_leaves_nothing(void **state) {
        struct guest_fixture f;
        struct hcs_error *err = NULL;
        char *node = NULL;

        guest_fixture_init(&f);
        guest_fixture_file(&f, "dev/sdc", "");
        assert_true(FAILED(guest_crypt_open(&f.roots, "/nonexistent/disk", "dm-crypt-x", 0, &node, &err)));
        assert_non_null(strstr(hcs_error_message(err), "/nonexistent/disk"));
        err = hcs_error_free(err);
        assert_null(node);
        guest_fixture_deinit(&f);
}

static void persistent_memory_that_is_absent_is_named(void **state) {
        struct hcs_schema_guest_lcow_mapped_vp_mem_device device = {.DeviceNumber = 3};
        struct guest_fixture f;
        struct hcs_error *err = NULL;

        guest_fixture_init(&f);
        device.MountPath = guest_fixture_path(&f, "layer");
        assert_hresult(guest_pmem_mount(&f.roots, &device, 0, &err), HCS_WIN32(1460));
        assert_non_null(strstr(hcs_error_message(err), "/pmem3"));
        err = hcs_error_free(err);
        assert_false(hcs_file_exists(device.MountPath));
        assert_ok(guest_pmem_unmount(&f.roots, &device, NULL), NULL);
        free(device.MountPath);
        guest_fixture_deinit(&f);
}

static void a_mapping_of_half_sectors_is_refused(void **state) {
        struct hcs_schema_guest_lcowvp_mem_mapping_info mapping = {.DeviceOffsetInBytes = 100,
                                                                   .DeviceSizeInBytes = 512};
        struct hcs_schema_guest_lcow_mapped_vp_mem_device device = {.DeviceNumber = 0, .MappingInfo = &mapping};
        struct guest_fixture f;
        struct hcs_error *err = NULL;

        guest_fixture_init(&f);
        guest_fixture_file(&f, "dev/pmem0", "");
        assert_hresult(guest_pmem_mount(&f.roots, &device, 0, &err), E_INVALIDARG);
        assert_non_null(strstr(hcs_error_message(err), "DeviceOffsetInBytes"));
        hcs_error_free(err);
        guest_fixture_deinit(&f);
}

static void a_pci_device_is_found_by_its_vmbus_id(void **state) {
        struct guest_fixture f;
        struct hcs_error *err = NULL;
        _cleanup_free_ char *found = NULL, *expected = NULL;

        guest_fixture_init(&f);
        assert_hresult(guest_pci_wait(&f.roots, "../etc", 0, NULL, &err), E_INVALIDARG);
        err = hcs_error_free(err);
        assert_hresult(guest_pci_wait(&f.roots, "ABCD-01", 0, NULL, &err), HCS_WIN32(1460));
        err = hcs_error_free(err);
        guest_fixture_folder(&f, "sys/bus/vmbus/devices/abcd-01/pci0001:00/0001:00:00.0");
        assert_ok(guest_pci_wait(&f.roots, "ABCD-01", 0, &found, &err), err);
        expected = guest_fixture_path(&f, "sys/bus/vmbus/devices/abcd-01/pci0001:00/0001:00:00.0");
        assert_string_equal(found, expected);
        guest_fixture_folder(&f, "sys/bus/vmbus/devices/abcd-01/pci0002:00");
        assert_hresult(guest_pci_wait(&f.roots, "abcd-01", 0, NULL, &err), E_FAIL);
        hcs_error_free(err);
        guest_fixture_deinit(&f);
}

static void a_share_with_a_comma_is_refused(void **state) {
        struct hcs_schema_guest_lcow_mapped_directory d = {.ShareName = (char *)"a,uname=x",
                                                           .MountPath = (char *)"/mnt"};

        assert_hresult(guest_plan9_mount(-1, &d, NULL), E_INVALIDARG);
        d.ShareName = (char *)"a";
        assert_hresult(guest_plan9_mount(-1, &d, NULL), HCS_WIN32(6));
}

HCS_TESTS(cmocka_unit_test(a_verity_table_has_data_and_hashes_on_one_device),
          cmocka_unit_test(a_verity_table_that_cannot_be_is_refused_by_member),
          cmocka_unit_test(a_linear_table_counts_in_sectors), cmocka_unit_test(a_kernel_without_device_mapper_is_named),
          cmocka_unit_test(a_name_that_would_leave_the_folder_is_refused),
          cmocka_unit_test(an_encrypted_disk_needs_its_device_and_leaves_nothing),
          cmocka_unit_test(persistent_memory_that_is_absent_is_named),
          cmocka_unit_test(a_mapping_of_half_sectors_is_refused),
          cmocka_unit_test(a_pci_device_is_found_by_its_vmbus_id), cmocka_unit_test(a_share_with_a_comma_is_refused))
