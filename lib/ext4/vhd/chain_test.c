/* SPDX-License-Identifier: MIT */

/* Disks that stand on one another, made by disk_make in a folder and opened by name. */

#include <stdio.h>
#include <utime.h>

#include "base/str.h"
#include "ext4/vhd/bytes.h"
#include "ext4/vhd/chain.h"
#include "ext4/vhd/disk_compact.h"
#include "ext4/vhd/disk_make.h"
#include "ext4/vhd/disk_merge.h"
#include "testing/hcs_test.h"

#define SIZE (4u << 20)

static char *folder;

static char *in_folder(const char *path, const char *said) {
        return hcs_asprintf("%s/%s", folder, said);
}

static HRESULT make_of_size(const char *name, const char *parent, enum disk_format format, uint64_t size) {
        _cleanup_free_ char *path = in_folder(NULL, name), *parent_path = parent ? in_folder(NULL, parent) : NULL;
        struct disk_make_options o = {.format = format, .type = VHD_DYNAMIC, .size = size};
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

static HRESULT make_on(const char *name, const char *parent, enum disk_format format) {
        return make_of_size(name, parent, format, parent ? 0 : SIZE);
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

/* Sectors of a disk that are all one byte; its file is an old one then. */
static void fill(const char *name, uint64_t offset, uint8_t byte) {
        _cleanup_free_ char *path = in_folder(NULL, name);
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        uint8_t bytes[512];

        memset(bytes, byte, sizeof(bytes));
        assert_ok(disk_chain_open(path, &(struct disk_chain_options){.find = in_folder, .writable = 1}, &c, NULL),
                  NULL);
        assert_ok(disk_image_write(disk_chain_image(c, 0), offset, bytes, sizeof(bytes), NULL), NULL);
        c = disk_chain_close(c);
        assert_int_equal(utime(path, &(struct utimbuf){1000000000, 1000000000}), 0);
}

static void holds(const char *name, uint64_t offset, uint8_t byte) {
        _cleanup_(disk_chain_closep) struct disk_chain *c = NULL;
        uint8_t bytes[512];

        assert_int_equal(open_chain(name, &c), S_OK);
        assert_ok(disk_image_read(disk_chain_image(c, 0), offset, bytes, sizeof(bytes), NULL), NULL);
        for (size_t k = 0; k < sizeof(bytes); k++)
                assert_int_equal(bytes[k], byte);
}

/* "c" on "b" on "a", each with a sector of its own and one that they all have. */
static void make_three(enum disk_format format, uint64_t size) {
        assert_ok(make_on("a", NULL, format), NULL);
        fill("a", 0, 1);
        fill("a", 4096, 1);
        assert_ok(make_on("b", "a", format), NULL);
        fill("b", 512, 2);
        fill("b", 4096, 2);
        assert_ok(make_of_size("c", "b", format, size), NULL);
        fill("c", 3u << 20, 3);
        fill("c", 4096, 3);
}

static HRESULT open_to_merge(struct disk_chain **ret) {
        _cleanup_free_ char *path = in_folder(NULL, "c");

        return disk_chain_open(path, &(struct disk_chain_options){.find = in_folder, .writable = 3}, ret, NULL);
}

static void a_merged_chain_reads_as_before(void **state) {
        for (enum disk_format format = DISK_VHD; format <= DISK_VHDX; format++)
                for (size_t depth = 1; depth <= 2; depth++) {
                        const char *target = depth == 1 ? "b" : "a";
                        struct disk_chain *c = NULL;
                        struct hcs_error *err = NULL;

                        make_three(format, 0);
                        assert_int_equal(open_to_merge(&c), S_OK);
                        assert_hresult(disk_chain_merge(c, 0, NULL), E_INVALIDARG);
                        assert_hresult(disk_chain_merge(c, 3, NULL), E_INVALIDARG);
                        assert_ok(disk_chain_merge(c, depth, &err), err);
                        disk_chain_close(c);
                        for (const char *const *name = (const char *const[]){target, "c", NULL}; *name; name++) {
                                holds(*name, 0, 1);
                                holds(*name, 512, 2);
                                holds(*name, 4096, 3);
                                holds(*name, 3u << 20, 3);
                                holds(*name, 1024, 0);
                        }
                        assert_int_equal(open_to_merge(&c), S_OK);
                        assert_ok(disk_chain_merge(c, depth, &err), err);
                        disk_chain_close(c);
                        holds(target, 4096, 3);
                }
}

static void a_merge_that_does_not_fit_changes_nothing(void **state) {
        struct disk_chain *c = NULL;

        make_three(DISK_VHDX, 2 * SIZE);
        assert_int_equal(open_to_merge(&c), S_OK);
        assert_hresult(disk_chain_merge(c, 2, NULL), VHD_E_SIZE);
        disk_chain_close(c);
        holds("a", 512, 0);
        holds("a", 4096, 1);
        holds("c", 4096, 3);
}

/* What "b" has is merged when "c" turns out to be cut off. */
static void a_merge_that_fails_leaves_a_chain(void **state) {
        for (enum disk_format format = DISK_VHD; format <= DISK_VHDX; format++) {
                _cleanup_free_ char *path = in_folder(NULL, "c");
                _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
                struct disk_chain *c = NULL;
                uint64_t at;

                make_three(format, 0);
                assert_int_equal(open_to_merge(&c), S_OK);
                assert_int_equal(disk_image_block(disk_chain_image(c, 0), 0, &at, NULL), S_OK);
                assert_ok(hcs_data_file_change(path, &f, NULL), NULL);
                assert_ok(hcs_data_file_resize(f, at, NULL), NULL);
                assert_hresult(disk_chain_merge(c, 2, NULL), VHD_E_FILE_SIZE);
                disk_chain_close(c);
                holds("a", 512, 2);
                holds("b", 512, 2);
                holds("b", 4096, 2);
        }
}

static void a_child_stands_on_a_parent_that_was_compacted(void **state) {
        for (enum disk_format format = DISK_VHD; format <= DISK_VHDX; format++) {
                _cleanup_free_ char *a = in_folder(NULL, "a");
                struct hcs_data_file *f = NULL;
                uint64_t before, after;

                assert_ok(make_on("a", NULL, format), NULL);
                fill("a", 0, 0);
                fill("a", 3u << 20, 1);
                assert_ok(make_on("b", "a", format), NULL);
                assert_ok(hcs_data_file_change(a, &f, NULL), NULL);
                assert_ok(hcs_data_file_size(f, &before, NULL), NULL);
                assert_ok(disk_compact(f, NULL), NULL);
                assert_ok(hcs_data_file_size(f, &after, NULL), NULL);
                hcs_data_file_close(f);
                assert_true(after < before);
                holds("b", 3u << 20, 1);
                holds("b", 0, 0);
        }
}

static void sectors_are_those_of_what_a_disk_is_made_from(void **state) {
        _cleanup_free_ char *a = in_folder(NULL, "a"), *to = in_folder(NULL, "to");
        struct disk_make_options o = {.format = DISK_VHDX, .type = VHD_DYNAMIC, .size = SIZE, .logical_sector = 4096};
        struct disk_chain *c = NULL, *made = NULL;

        assert_ok(disk_make(a, &o, NULL), NULL);
        assert_ok(make_on("b", "a", DISK_VHDX), NULL);
        fill("b", 8192, 4);
        assert_int_equal(open_chain("b", &c), S_OK);
        assert_int_equal(disk_image_facts(disk_chain_image(c, 0))->sector, 4096);
        o = (struct disk_make_options){.format = DISK_VHDX, .source = disk_chain_image(c, 0), .type = VHD_DYNAMIC};
        assert_ok(disk_make(to, &o, NULL), NULL);
        assert_int_equal(open_chain("to", &made), S_OK);
        assert_int_equal(disk_image_facts(disk_chain_image(made, 0))->sector, 4096);
        disk_chain_close(made);
        holds("to", 8192, 4);
        o.logical_sector = 512;
        assert_hresult(disk_make(to, &o, NULL), VHDX_E_UNKNOWN);
        o.logical_sector = 0;
        o.format = DISK_VHD;
        assert_hresult(disk_make(to, &o, NULL), VHDX_E_UNKNOWN);
        disk_chain_close(c);
        o = (struct disk_make_options){
                .format = DISK_VHDX, .type = VHD_DYNAMIC, .size = SIZE + 512, .logical_sector = 4096};
        assert_hresult(disk_make(to, &o, NULL), E_INVALIDARG);
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
          cmocka_unit_test_setup_teardown(a_disk_that_stands_on_itself_is_told, set_up, tear_down),
          cmocka_unit_test_setup_teardown(a_merged_chain_reads_as_before, set_up, tear_down),
          cmocka_unit_test_setup_teardown(a_child_stands_on_a_parent_that_was_compacted, set_up, tear_down),
          cmocka_unit_test_setup_teardown(sectors_are_those_of_what_a_disk_is_made_from, set_up, tear_down),
          cmocka_unit_test_setup_teardown(a_merge_that_does_not_fit_changes_nothing, set_up, tear_down),
          cmocka_unit_test_setup_teardown(a_merge_that_fails_leaves_a_chain, set_up, tear_down))
