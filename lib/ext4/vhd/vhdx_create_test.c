/* SPDX-License-Identifier: MIT */

/* Disks that are made and grown, read back by our reader; qemu-img reads them in integration/storage. */

#include "ext4/vhd/vhdx_create.h"

#include "testing/hcs_test.h"

#define MIB 1048576ull
#define GIB (1024 * MIB)

static struct hcs_data_file *made(const struct vhdx_create_options *o) {
        struct hcs_data_file *f = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        assert_ok(vhdx_create(f, o, &err), err);
        return f;
}

static void a_dynamic_disk_says_what_it_was_made_with(void **state) {
        static const GUID id = {1, 2, 3, {4}};
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = made(
                &(struct vhdx_create_options){.size = 20 * GIB, .block_size = 2 * MIB, .creator = "me", .id = &id});
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        uint64_t size;

        assert_int_equal(vhdx_read(f, &i, NULL), S_OK);
        assert_int_equal(i.type, VHDX_DYNAMIC);
        assert_true(i.virtual_size == 20 * GIB);
        assert_int_equal(i.block_size, 2 * MIB);
        assert_int_equal(i.logical_sector, 512);
        assert_int_equal(i.physical_sector, 4096);
        assert_string_equal(i.creator, "me");
        assert_true(hcs_guid_equal(&i.disk_id, &id));
        assert_null(i.header[0].damage);
        assert_null(i.header[1].damage);
        assert_null(i.region_damage[0]);
        assert_null(i.region_damage[1]);
        assert_true(hcs_guid_is_null(&i.header[i.current].log));
        assert_false(hcs_guid_is_null(&i.disk_id));
        assert_ok(hcs_data_file_size(f, &size, NULL), NULL);
        assert_int_equal(size, 4 * MIB);
}

static void a_differencing_disk_names_its_parent(void **state) {
        struct vhdx_create_options o = {.size = 20 * GIB,
                                        .parent_relative = "..\\base\\blank-base.vhdx",
                                        .parent_absolute = "C:\\base\\blank-base.vhdx"};
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        struct hcs_data_file *f;

        assert_ok(hcs_guid_parse("a0b4e0c1-1111-4222-8333-444455556666", &o.parent_linkage, NULL), NULL);
        f = made(&o);
        assert_int_equal(vhdx_read(f, &i, NULL), S_OK);
        assert_int_equal(i.type, VHDX_DIFFERENCING);
        assert_string_equal(i.parents[VHDX_RELATIVE], "..\\base\\blank-base.vhdx");
        assert_string_equal(i.parents[VHDX_ABSOLUTE], "C:\\base\\blank-base.vhdx");
        assert_string_equal(i.parent_linkage, "{a0b4e0c1-1111-4222-8333-444455556666}");
        assert_int_equal(i.block_size, VHDX_DEFAULT_BLOCK);
        hcs_data_file_close(f);
}

static void a_long_path_of_a_parent_is_read_back(void **state) {
        char relative[6001], absolute[9001];
        struct vhdx_create_options o = {.size = GIB, .parent_relative = relative, .parent_absolute = absolute};
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        struct hcs_error *err = NULL;

        memset(relative, 'r', sizeof(relative) - 1);
        memset(absolute, 'a', sizeof(absolute) - 1);
        relative[sizeof(relative) - 1] = absolute[sizeof(absolute) - 1] = '\0';
        f = made(&o);
        assert_ok(vhdx_read(f, &i, &err), err);
        assert_string_equal(i.parents[VHDX_RELATIVE], relative);
        assert_string_equal(i.parents[VHDX_ABSOLUTE], absolute);
}

static void sizes_that_cannot_be_are_refused(void **state) {
        static const struct vhdx_create_options bad[] = {
                {.size = 0},
                {.size = 513},
                {.size = (64ull << 40) + 512},
                {.size = GIB, .block_size = 3 * MIB},
                {.size = GIB, .block_size = 512 * MIB},
                {.size = GIB, .block_size = 4096},
        };
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;

        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++)
                assert_hresult(vhdx_create(f, &bad[i], NULL), E_INVALIDARG);
}

static void grow(struct hcs_data_file *from, uint64_t size, struct hcs_data_file **ret, struct vhdx_info *i) {
        struct hcs_error *err = NULL;

        assert_ok(hcs_data_file_temporary(ret, NULL), NULL);
        assert_ok(vhdx_grow(from, *ret, size, &err), err);
        assert_int_equal(vhdx_read(*ret, i, NULL), S_OK);
        assert_true(i->virtual_size == size);
}

static void a_disk_grows_within_its_bat_and_beyond(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = made(&(struct vhdx_create_options){.size = GIB}),
                                                             *larger = NULL, *huge = NULL;
        _cleanup_(vhdx_info_deinit) struct vhdx_info was = {0}, within = {0}, beyond = {0};
        static const uint8_t entry[8] = {6, 0, 0x40, 0, 0, 0, 0, 0};
        uint8_t got[8];
        size_t n;

        assert_int_equal(vhdx_read(f, &was, NULL), S_OK);
        assert_ok(hcs_data_file_write_at(f, was.bat_offset + 8, entry, 8, NULL), NULL);
        grow(f, 20 * GIB, &larger, &within);
        assert_true(within.bat_offset == was.bat_offset);
        assert_true(within.header[within.current].sequence > was.header[was.current].sequence);
        grow(larger, 200 * GIB, &huge, &beyond);
        assert_true(beyond.bat_offset > was.bat_offset);
        assert_int_equal(beyond.bat_length, 2 * MIB);
        assert_ok(hcs_data_file_read_at(huge, beyond.bat_offset + 8, got, 8, &n, NULL), NULL);
        assert_memory_equal(got, entry, 8);
        assert_true(hcs_guid_equal(&beyond.disk_id, &was.disk_id));
}

static void a_disk_does_not_shrink(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = made(&(struct vhdx_create_options){.size = GIB}),
                                                             *to = NULL;

        assert_ok(hcs_data_file_temporary(&to, NULL), NULL);
        assert_hresult(vhdx_grow(f, to, MIB, NULL), E_INVALIDARG);
        assert_hresult(vhdx_grow(to, f, GIB, NULL), VHDX_E_UNKNOWN);
}

HCS_TESTS(cmocka_unit_test(a_dynamic_disk_says_what_it_was_made_with),
          cmocka_unit_test(a_differencing_disk_names_its_parent),
          cmocka_unit_test(a_long_path_of_a_parent_is_read_back), cmocka_unit_test(sizes_that_cannot_be_are_refused),
          cmocka_unit_test(a_disk_grows_within_its_bat_and_beyond), cmocka_unit_test(a_disk_does_not_shrink))
