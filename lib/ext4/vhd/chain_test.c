/* SPDX-License-Identifier: MIT */

/* Disks that stand on one another, made by disk_make in a folder and opened by name. */

#include <stdio.h>

#include "base/str.h"
#include "ext4/vhd/bytes.h"
#include "ext4/vhd/chain.h"
#include "ext4/vhd/disk_make.h"
#include "testing/hcs_test.h"

#define SIZE (4u << 20)

static char *folder;

static char *in_folder(const char *path, const char *said) {
        return hcs_asprintf("%s/%s", folder, said);
}

static HRESULT make_on(const char *name, const char *parent, enum disk_format format) {
        _cleanup_free_ char *path = in_folder(NULL, name), *parent_path = parent ? in_folder(NULL, parent) : NULL;
        struct disk_make_options o = {.format = format, .type = VHD_DYNAMIC, .size = parent ? 0 : SIZE};
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;

        if (parent) {
                assert_int_equal(disk_chain_open(parent_path, &(struct disk_chain_options){0}, &c, NULL), S_OK);
                o.type = VHD_DIFFERENCING;
                o.parent = disk_image_facts(disk_chain_image(c, 0));
                o.parent_file = disk_chain_file(c, 0);
                o.parent_relative = o.parent_absolute = parent;
        }
        return disk_make(path, &o, NULL);
}

static HRESULT open_chain(const char *name, struct disk_chain **ret) {
        _cleanup_free_ char *path = in_folder(NULL, name);

        return disk_chain_open(path, &(struct disk_chain_options){.find = in_folder}, ret, NULL);
}

static HRESULT try_chain(const char *name) {
        struct disk_chain *c = NULL;
        HRESULT hr = open_chain(name, &c);

        disk_chain_close(c);
        return hr;
}

/* Another id of the parent in the header of a VHD, or another time. */
static void change_header(const char *name, size_t at, const void *bytes, size_t n) {
        _cleanup_free_ char *path = in_folder(NULL, name);
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        uint8_t header[VHD_SPARSE];
        size_t got;

        assert_ok(hcs_data_file_change(path, &f, NULL), NULL);
        assert_ok(hcs_data_file_read_at(f, 512, header, sizeof(header), &got, NULL), NULL);
        memcpy(header + at, bytes, n);
        vhd_put(header + 36, vhd_checksum(header, sizeof(header), 36), 4);
        assert_ok(hcs_data_file_write_at(f, 512, header, sizeof(header), NULL), NULL);
}

static void a_chain_has_all_its_disks(void **state) {
        for (enum disk_format format = DISK_VHD; format <= DISK_VHDX; format++) {
                struct disk_chain *c = NULL;
                uint8_t bytes[512];

                assert_ok(make_on("a", NULL, format), NULL);
                assert_ok(make_on("b", "a", format), NULL);
                assert_ok(make_on("c", "b", format), NULL);
                assert_int_equal(open_chain("c", &c), S_OK);
                assert_non_null(disk_chain_image(c, 2));
                assert_null(disk_chain_image(c, 3));
                assert_null(disk_chain_path(c, 3));
                assert_ok(disk_image_read(disk_chain_image(c, 0), 0, bytes, sizeof(bytes), NULL), NULL);
                disk_chain_close(c);
        }
}

static void what_is_not_the_parent_is_told(void **state) {
        _cleanup_free_ char *a = in_folder(NULL, "a");

        assert_ok(make_on("a", NULL, DISK_VHD), NULL);
        assert_ok(make_on("b", "a", DISK_VHD), NULL);
        assert_int_equal(try_chain("b"), S_OK);
        change_header("b", 56, "\0\0\0\1", 4);
        assert_hresult(try_chain("b"), VHD_E_PARENT_TIME);
        change_header("b", 40, "\1\2\3\4", 4);
        assert_hresult(try_chain("b"), VHD_E_PARENT_ID);
        remove(a);
        assert_hresult(try_chain("b"), VHD_E_PARENT_NOT_FOUND);
        assert_ok(make_on("a", NULL, DISK_VHDX), NULL);
        assert_hresult(try_chain("b"), VHD_E_ERROR_IN_PARENT);
        assert_int_equal(try_chain("nothing"), HCS_WIN32(2));
}

static void a_parent_without_its_structures_is_told(void **state) {
        _cleanup_free_ char *a = in_folder(NULL, "a");
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;

        assert_ok(make_on("a", NULL, DISK_VHD), NULL);
        assert_ok(make_on("b", "a", DISK_VHD), NULL);
        change_header("a", 0, "x", 1);
        assert_hresult(try_chain("b"), VHD_E_ERROR_IN_PARENT);
        assert_ok(hcs_data_file_create(a, &f, NULL), NULL);
        assert_ok(hcs_data_file_commit(f, NULL), NULL);
        assert_hresult(try_chain("b"), VHD_E_ERROR_IN_PARENT);
}

static void a_disk_that_stands_on_itself_is_told(void **state) {
        _cleanup_free_ char *path = in_folder(NULL, "a");
        struct disk_chain *c = NULL;
        GUID id;
        uint8_t bytes[16];

        assert_ok(make_on("a", NULL, DISK_VHD), NULL);
        assert_ok(make_on("b", "a", DISK_VHD), NULL);
        assert_ok(make_on("a", "b", DISK_VHD), NULL);
        assert_int_equal(disk_chain_open(path, &(struct disk_chain_options){0}, &c, NULL), S_OK);
        id = disk_image_facts(disk_chain_image(c, 0))->id;
        hcs_guid_to_rfc4122(&id, bytes);
        disk_chain_close(c);
        change_header("b", 40, bytes, 16);
        assert_hresult(try_chain("b"), VHD_E_CYCLE);
}

static int set_up(void **state) {
        folder = hcs_test_tmpdir();
        return folder ? 0 : -1;
}

static int tear_down(void **state) {
        free(folder);
        return 0;
}

HCS_TESTS(cmocka_unit_test_setup_teardown(a_chain_has_all_its_disks, set_up, tear_down),
          cmocka_unit_test_setup_teardown(what_is_not_the_parent_is_told, set_up, tear_down),
          cmocka_unit_test_setup_teardown(a_parent_without_its_structures_is_told, set_up, tear_down),
          cmocka_unit_test_setup_teardown(a_disk_that_stands_on_itself_is_told, set_up, tear_down))
