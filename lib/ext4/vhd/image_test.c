/* SPDX-License-Identifier: MIT */

/* What is in disks: written and read in every format and type, through parents; qemu reads them in integration/ext4. */

#include "ext4/format.h"
#include "ext4/vhd/bytes.h"
#include "ext4/vhd/disk_copy.h"
#include "ext4/vhd/vhd_create.h"
#include "ext4/vhd/vhdx_create.h"
#include "testing/hcs_test.h"

#define MIB  1048576ull
#define SIZE (16 * MIB + 512)

static const GUID no_id = {1};

/* A disk of some type in a file without a name, on another one or none. */
struct disk {
        struct hcs_data_file *file;
        struct disk_image *image;
};

static void make(enum disk_format format, enum vhd_type type, const struct disk *parent, struct disk *ret) {
        bool differs = type == VHD_DIFFERENCING;
        struct hcs_error *err = NULL;

        assert_ok(hcs_data_file_temporary(&ret->file, NULL), NULL);
        if (format == DISK_VHD)
                assert_ok(vhd_create(ret->file,
                                     &(struct vhd_create_options){.type = type,
                                                                  .size = SIZE,
                                                                  .parent_id = no_id,
                                                                  .parent_relative = differs ? ".\\p.vhd" : NULL,
                                                                  .parent_absolute = differs ? "C:\\p.vhd" : NULL},
                                     &err),
                          err);
        else
                assert_ok(vhdx_create(ret->file,
                                      &(struct vhdx_create_options){.size = SIZE,
                                                                    .fixed = type == VHD_FIXED,
                                                                    .parent_linkage = no_id,
                                                                    .parent_relative = differs ? ".\\p.vhdx" : NULL,
                                                                    .parent_absolute = differs ? "C:\\p.vhdx" : NULL},
                                      &err),
                          err);
        assert_ok(disk_image_open(ret->file, parent ? parent->image : NULL, &ret->image, &err), err);
        assert_int_equal(disk_image_facts(ret->image)->type, type);
        assert_true(disk_image_facts(ret->image)->size == SIZE);
}

static void deinit(struct disk *d) {
        d->image = disk_image_close(d->image);
        d->file = hcs_data_file_close(d->file);
}

static void reopen(struct disk *d, const struct disk *parent) {
        struct hcs_error *err = NULL;

        d->image = disk_image_close(d->image);
        assert_ok(disk_image_open(d->file, parent ? parent->image : NULL, &d->image, &err), err);
}

static void fill(const struct disk *d, uint64_t offset, uint8_t byte, size_t n) {
        _cleanup_free_ uint8_t *bytes = hcs_malloc(n);
        struct hcs_error *err = NULL;

        memset(bytes, byte, n);
        assert_ok(disk_image_write(d->image, offset, bytes, n, &err), err);
}

static void holds(const struct disk *d, uint64_t offset, uint8_t byte, size_t n) {
        _cleanup_free_ uint8_t *bytes = hcs_malloc(n);
        struct hcs_error *err = NULL;

        assert_ok(disk_image_read(d->image, offset, bytes, n, &err), err);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(bytes[i], byte);
}

static void what_is_written_is_read_again(void **state) {
        static const enum vhd_type types[] = {VHD_FIXED, VHD_DYNAMIC};

        for (enum disk_format format = DISK_VHD; format <= DISK_VHDX; format++)
                for (size_t i = 0; i < HCS_ARRAY_SIZE(types); i++) {
                        struct disk d;

                        make(format, types[i], NULL, &d);
                        fill(&d, 2 * MIB - 512, 7, 1024);
                        fill(&d, SIZE - 512, 9, 512);
                        reopen(&d, NULL);
                        holds(&d, 0, 0, 2 * MIB - 512);
                        holds(&d, 2 * MIB - 512, 7, 1024);
                        holds(&d, 2 * MIB + 512, 0, 14 * MIB - 512);
                        holds(&d, SIZE - 512, 9, 512);
                        deinit(&d);
                }
}

static void a_dynamic_disk_grows_by_what_it_holds(void **state) {
        uint64_t before, after;
        struct disk d;

        make(DISK_VHD, VHD_DYNAMIC, NULL, &d);
        assert_ok(hcs_data_file_size(d.file, &before, NULL), NULL);
        assert_true(before < 4096);
        fill(&d, 5 * MIB, 1, 512);
        assert_ok(hcs_data_file_size(d.file, &after, NULL), NULL);
        assert_true(after > before + 2 * MIB && after < before + 2 * MIB + 8192);
        deinit(&d);
}

static void a_child_reads_through_its_parent(void **state) {
        for (enum disk_format format = DISK_VHD; format <= DISK_VHDX; format++) {
                struct disk parent, child, grandchild;

                make(format, VHD_DYNAMIC, NULL, &parent);
                make(format, VHD_DIFFERENCING, &parent, &child);
                make(format, VHD_DIFFERENCING, &child, &grandchild);
                fill(&parent, 0, 1, 4 * MIB);
                fill(&child, MIB, 2, 1536);
                fill(&child, 5 * MIB, 3, 512);
                fill(&grandchild, MIB + 512, 4, 512);
                reopen(&child, &parent);
                reopen(&grandchild, &child);
                holds(&grandchild, 0, 1, MIB);
                holds(&grandchild, MIB, 2, 512);
                holds(&grandchild, MIB + 512, 4, 512);
                holds(&grandchild, MIB + 1024, 2, 512);
                holds(&grandchild, MIB + 1536, 1, 3 * MIB - 1536);
                holds(&grandchild, 5 * MIB, 3, 512);
                holds(&grandchild, 5 * MIB + 512, 0, MIB);
                holds(&child, MIB, 2, 1536);
                deinit(&grandchild);
                deinit(&child);
                deinit(&parent);
        }
}

static void a_childs_own_bytes_are_found(void **state) {
        struct disk_range r = {0};
        struct disk d;

        make(DISK_VHD, VHD_DIFFERENCING, NULL, &d);
        assert_int_equal(disk_image_next(d.image, 0, &r, NULL), S_FALSE);
        fill(&d, 3 * MIB + 1024, 0, 512);
        fill(&d, 3 * MIB + 2048, 0, 1024);
        assert_int_equal(disk_image_next(d.image, 0, &r, NULL), S_OK);
        assert_true(r.offset == 3 * MIB + 1024 && r.n == 512);
        assert_int_equal(disk_image_next(d.image, r.offset + r.n, &r, NULL), S_OK);
        assert_true(r.offset == 3 * MIB + 2048 && r.n == 1024);
        assert_int_equal(disk_image_next(d.image, r.offset + r.n, &r, NULL), S_FALSE);
        deinit(&d);
}

static void a_merged_parent_reads_as_the_child_did(void **state) {
        for (enum disk_format format = DISK_VHD; format <= DISK_VHDX; format++) {
                struct disk parent, child;
                struct hcs_error *err = NULL;

                make(format, VHD_DYNAMIC, NULL, &parent);
                make(format, VHD_DIFFERENCING, &parent, &child);
                fill(&parent, 0, 1, MIB);
                fill(&child, 512, 0, 512);
                fill(&child, 9 * MIB, 5, 4096);
                assert_ok(disk_copy_own(child.image, parent.image, &err), err);
                holds(&parent, 0, 1, 512);
                holds(&parent, 512, 0, 512);
                holds(&parent, 1024, 1, MIB - 1024);
                holds(&parent, 9 * MIB, 5, 4096);
                deinit(&child);
                deinit(&parent);
        }
}

/* As Windows writes them: a block with the sectors that its bits say. */
static void a_vhdx_block_may_be_there_in_part(void **state) {
        uint64_t ratio = (512ull << 23) / VHDX_DEFAULT_BLOCK;
        uint8_t entry[8], bits[2] = {0x02, 0}, data[1024];
        struct disk parent, child;
        struct vhdx_info i = {0};
        struct disk_range r = {0};

        make(DISK_VHDX, VHD_DYNAMIC, NULL, &parent);
        fill(&parent, 0, 1, 4096);
        make(DISK_VHDX, VHD_DIFFERENCING, &parent, &child);
        assert_int_equal(vhdx_read(child.file, &i, NULL), S_OK);
        ext4_put64(entry, 4 * MIB | 7);
        assert_ok(hcs_data_file_write_at(child.file, i.bat_offset, entry, 8, NULL), NULL);
        ext4_put64(entry, 5 * MIB | 6);
        assert_ok(hcs_data_file_write_at(child.file, i.bat_offset + 8 * ratio, entry, 8, NULL), NULL);
        assert_ok(hcs_data_file_resize(child.file, 6 * MIB, NULL), NULL);
        assert_ok(hcs_data_file_write_at(child.file, 5 * MIB, bits, 2, NULL), NULL);
        memset(data, 8, sizeof(data));
        assert_ok(hcs_data_file_write_at(child.file, 4 * MIB, data, sizeof(data), NULL), NULL);
        reopen(&child, &parent);
        holds(&child, 0, 1, 512);
        holds(&child, 512, 8, 512);
        holds(&child, 1024, 1, 3072);
        assert_int_equal(disk_image_next(child.image, 0, &r, NULL), S_OK);
        assert_true(r.offset == 512 && r.n == 512);
        /* Written to, it is there as a whole. */
        fill(&child, 2048, 9, 512);
        reopen(&child, &parent);
        holds(&child, 0, 1, 512);
        holds(&child, 512, 8, 512);
        holds(&child, 1024, 1, 1024);
        holds(&child, 2048, 9, 512);
        vhdx_info_deinit(&i);
        deinit(&child);
        deinit(&parent);
}

static void a_vhdx_that_is_written_to_is_another_one(void **state) {
        GUID before;
        struct disk d;

        make(DISK_VHDX, VHD_DYNAMIC, NULL, &d);
        before = disk_image_facts(d.image)->linkage;
        fill(&d, 0, 1, 512);
        assert_false(hcs_guid_equal(&disk_image_facts(d.image)->linkage, &before));
        before = disk_image_facts(d.image)->linkage;
        reopen(&d, NULL);
        assert_true(hcs_guid_equal(&disk_image_facts(d.image)->linkage, &before));
        deinit(&d);
}

static void a_lost_footer_is_written_again(void **state) {
        uint64_t size;
        struct disk d;

        make(DISK_VHD, VHD_DYNAMIC, NULL, &d);
        fill(&d, 0, 1, 512);
        assert_ok(hcs_data_file_size(d.file, &size, NULL), NULL);
        assert_ok(hcs_data_file_resize(d.file, size - VHD_FOOTER, NULL), NULL);
        reopen(&d, NULL);
        holds(&d, 0, 1, 512);
        fill(&d, 512, 2, 512);
        assert_ok(hcs_data_file_write_at(d.file, 0, "", 1, NULL), NULL); /* the copy does not count any more */
        reopen(&d, NULL);
        holds(&d, 0, 1, 512);
        holds(&d, 512, 2, 512);
        deinit(&d);
}

static void what_cannot_be_is_refused(void **state) {
        uint8_t bytes[1024] = {0};
        struct disk d;

        make(DISK_VHD, VHD_DYNAMIC, NULL, &d);
        assert_hresult(disk_image_read(d.image, SIZE - 512, bytes, 1024, NULL), E_INVALIDARG);
        assert_hresult(disk_image_read(d.image, UINT64_MAX, bytes, 1, NULL), E_INVALIDARG);
        assert_hresult(disk_image_write(d.image, SIZE, bytes, 512, NULL), E_INVALIDARG);
        assert_hresult(disk_image_write(d.image, 100, bytes, 512, NULL), E_INVALIDARG);
        deinit(&d);
}

/* A dynamic VHD with one block, and some bytes of its file changed. */
static HRESULT open_changed(uint64_t offset, const void *bytes, size_t n, bool fix_checksum) {
        struct disk_image *again = NULL;
        uint8_t header[VHD_SPARSE];
        struct disk d;
        size_t got;
        HRESULT hr;

        make(DISK_VHD, VHD_DYNAMIC, NULL, &d);
        fill(&d, 0, 1, 512);
        assert_ok(hcs_data_file_write_at(d.file, offset, bytes, n, NULL), NULL);
        if (fix_checksum) {
                assert_ok(hcs_data_file_read_at(d.file, 512, header, sizeof(header), &got, NULL), NULL);
                vhd_put(header + 36, vhd_checksum(header, sizeof(header), 36), 4);
                assert_ok(hcs_data_file_write_at(d.file, 512, header, sizeof(header), NULL), NULL);
        }
        hr = disk_image_open(d.file, NULL, &again, NULL);
        disk_image_close(again);
        deinit(&d);
        return hr;
}

static void damaged_structures_have_their_codes(void **state) {
        assert_hresult(open_changed(0, "", 1, false), S_OK); /* the copy of a good footer */
        assert_hresult(open_changed(512, "x", 1, false), VHD_E_SPARSE_CORRUPT);
        assert_hresult(open_changed(700, "x", 1, false), VHD_E_SPARSE_CHECKSUM);
        assert_hresult(open_changed(512 + 24, "\0\2", 2, true), VHD_E_SPARSE_VERSION);
        assert_hresult(open_changed(512 + 32, "\0\3\0\0", 4, true), VHD_E_BLOCK_SIZE);
        assert_hresult(open_changed(512 + 32, "\0\0\0\0", 4, true), VHD_E_BLOCK_SIZE);
        assert_hresult(open_changed(512 + 28, "\0\0\0\1", 4, true), VHD_E_TABLE_CORRUPT);
        assert_hresult(open_changed(512 + 28, "\xff\xff\xff\xff", 4, true), VHD_E_TABLE_CORRUPT);
        assert_hresult(open_changed(512 + 16, "\x7f\0\0\0\0\0\0\0", 8, true), VHD_E_TABLE_CORRUPT);
        assert_hresult(open_changed(512 + 16, "\xff\xff\xff\xff\xff\xff\xfe\0", 8, true), VHD_E_TABLE_CORRUPT);
        assert_hresult(open_changed(1536, "\xff\xff\xff\xfe", 4, false), VHD_E_TABLE_CORRUPT);
        assert_hresult(open_changed(1536, "\0\0\0\0", 4, false), VHD_E_TABLE_CORRUPT);
}

static void places_of_parents_are_read_in_every_form(void **state) {
        struct vhd_create_options o = {.type = VHD_DIFFERENCING,
                                       .size = MIB,
                                       .parent_id = no_id,
                                       .parent_time = 77,
                                       .parent_relative = "..\\b\xc3\xa4se.vhd",
                                       .parent_absolute = "C:\\b\xc3\xa4se.vhd"};
        static const uint8_t bytes_form[] = {'W', 'i', '2', 'r'};
        struct hcs_data_file *f = NULL;
        struct vhd_info i = {0};
        uint8_t header[VHD_SPARSE];
        size_t n;

        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        assert_ok(vhd_create(f, &o, NULL), NULL);
        assert_int_equal(vhd_info_read(f, &i, NULL), S_OK);
        assert_string_equal(i.parents[VHDX_RELATIVE], o.parent_relative);
        assert_string_equal(i.parents[VHDX_ABSOLUTE], o.parent_absolute);
        assert_string_equal(i.sparse.parent_name, o.parent_absolute);
        assert_int_equal(i.sparse.parent_time, 77);
        assert_true(hcs_guid_equal(&i.sparse.parent_id, &no_id));
        vhd_info_deinit(&i);

        /* The older form of the first; no second one: the name of the header counts, which has no end. */
        assert_ok(hcs_data_file_read_at(f, 512, header, sizeof(header), &n, NULL), NULL);
        memcpy(header + 576, bytes_form, 4);
        vhd_put(header + 576 + 8, 5, 4);
        memset(header + 600, 0, 24);
        for (size_t k = 0; k < 256; k++)
                vhd_put(header + 64 + 2 * k, k == 0 ? '\\' : 'x', 2);
        vhd_put(header + 36, vhd_checksum(header, sizeof(header), 36), 4);
        assert_ok(hcs_data_file_write_at(f, 512, header, sizeof(header), NULL), NULL);
        assert_ok(hcs_data_file_write_at(f, 1536, "p.vhd", 5, NULL), NULL);
        assert_int_equal(vhd_info_read(f, &i, NULL), S_OK);
        assert_string_equal(i.parents[VHDX_RELATIVE], "p.vhd");
        assert_int_equal(strlen(i.parents[VHDX_ABSOLUTE]), 256);
        vhd_info_deinit(&i);

        /* A place outside of the file. */
        vhd_put(header + 576 + 16, UINT64_MAX - 2, 8);
        vhd_put(header + 36, vhd_checksum(header, sizeof(header), 36), 4);
        assert_ok(hcs_data_file_write_at(f, 512, header, sizeof(header), NULL), NULL);
        assert_hresult(vhd_info_read(f, &i, NULL), VHD_E_SPARSE_CORRUPT);
        hcs_data_file_close(f);
}

static void impossible_vhds_are_not_made(void **state) {
        static const struct {
                struct vhd_create_options o;
                HRESULT hr;
        } bad[] = {
                {{.type = VHD_DYNAMIC}, VHD_E_SIZE},
                {{.type = VHD_DYNAMIC, .size = 1000}, VHD_E_SIZE},
                {{.type = VHD_DYNAMIC, .size = VHD_MAX_SIZE + 512}, VHD_E_SIZE},
                {{.type = VHD_DYNAMIC, .size = MIB, .block_size = 1048576}, VHD_E_BLOCK_SIZE},
        };
        struct hcs_data_file *f = NULL;

        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++)
                assert_hresult(vhd_create(f, &bad[i].o, NULL), bad[i].hr);
        hcs_data_file_close(f);
}

HCS_TESTS(cmocka_unit_test(what_is_written_is_read_again), cmocka_unit_test(a_dynamic_disk_grows_by_what_it_holds),
          cmocka_unit_test(a_child_reads_through_its_parent), cmocka_unit_test(a_childs_own_bytes_are_found),
          cmocka_unit_test(a_merged_parent_reads_as_the_child_did), cmocka_unit_test(a_vhdx_block_may_be_there_in_part),
          cmocka_unit_test(a_vhdx_that_is_written_to_is_another_one), cmocka_unit_test(a_lost_footer_is_written_again),
          cmocka_unit_test(what_cannot_be_is_refused), cmocka_unit_test(damaged_structures_have_their_codes),
          cmocka_unit_test(places_of_parents_are_read_in_every_form), cmocka_unit_test(impossible_vhds_are_not_made))
