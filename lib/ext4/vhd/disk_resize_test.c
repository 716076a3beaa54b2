/* SPDX-License-Identifier: MIT */

/* Disks made larger, smaller and shorter with what is in them, and how small partitions let one be. */

#include "ext4/format.h"
#include "ext4/vhd/bytes.h"
#include "ext4/vhd/disk_compact.h"
#include "ext4/vhd/disk_resize.h"
#include "ext4/vhd/measure.h"
#include "ext4/vhd/vhd_create.h"
#include "ext4/vhd/vhdx_create.h"
#include "testing/hcs_test.h"

#define MIB 1048576ull
#define GIB (1024 * MIB)

static struct hcs_data_file *make(enum disk_format format, enum vhd_type type, uint64_t size) {
        struct hcs_data_file *f = NULL;

        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        if (format == DISK_VHD)
                assert_ok(vhd_create(f, &(struct vhd_create_options){.type = type, .size = size}, NULL), NULL);
        else
                assert_ok(vhdx_create(f, &(struct vhdx_create_options){.size = size, .fixed = type == VHD_FIXED}, NULL),
                          NULL);
        return f;
}

static struct disk_image *opened(struct hcs_data_file *f) {
        struct disk_image *i = NULL;
        struct hcs_error *err = NULL;

        assert_ok(disk_image_open(f, NULL, &i, &err), err);
        return i;
}

static void put(struct hcs_data_file *f, uint64_t offset, const void *data, size_t n) {
        _cleanup_(disk_image_closep) struct disk_image *i = opened(f);

        assert_ok(disk_image_write(i, offset, data, n, NULL), NULL);
}

static void holds(struct hcs_data_file *f, uint64_t offset, uint8_t byte) {
        _cleanup_(disk_image_closep) struct disk_image *i = opened(f);
        uint8_t bytes[512];

        assert_ok(disk_image_read(i, offset, bytes, sizeof(bytes), NULL), NULL);
        for (size_t k = 0; k < sizeof(bytes); k++)
                assert_int_equal(bytes[k], byte);
}

static void resize(struct hcs_data_file *f, uint64_t size) {
        struct hcs_error *err = NULL;

        assert_ok(disk_resize(f, size, &err), err);
        {
                _cleanup_(disk_image_closep) struct disk_image *i = opened(f);

                assert_true(disk_image_facts(i)->size == size);
        }
}

static void a_larger_disk_holds_what_it_held(void **state) {
        static const struct {
                enum disk_format format;
                enum vhd_type type;
                uint64_t sizes[2];
        } cases[] = {
                {DISK_VHD, VHD_FIXED, {9 * MIB, 64 * MIB}},
                {DISK_VHD, VHD_DYNAMIC, {9 * MIB, 2000 * GIB}}, /* within its table, and beyond */
                {DISK_VHDX, VHD_DYNAMIC, {9 * MIB, 300 * GIB}},
        };
        uint8_t bytes[512];

        memset(bytes, 5, sizeof(bytes));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct hcs_data_file *f = make(cases[i].format, cases[i].type, 8 * MIB);

                put(f, 8 * MIB - 512, bytes, sizeof(bytes));
                for (size_t k = 0; k < 2; k++) {
                        uint64_t size = cases[i].sizes[k];

                        resize(f, size);
                        holds(f, 8 * MIB - 512, 5);
                        holds(f, 8 * MIB, 0);
                        holds(f, size - 1024, 0);
                        put(f, size - 512, bytes, sizeof(bytes));
                        holds(f, size - 512, 5);
                        holds(f, 8 * MIB - 512, 5);
                }
                hcs_data_file_close(f);
        }
}

static void what_was_cut_off_does_not_come_back(void **state) {
        static const struct {
                enum disk_format format;
                enum vhd_type type;
        } cases[] = {{DISK_VHD, VHD_FIXED}, {DISK_VHDX, VHD_DYNAMIC}, {DISK_VHDX, VHD_FIXED}};
        uint8_t bytes[1024];

        memset(bytes, 5, sizeof(bytes));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct hcs_data_file *f = make(cases[i].format, cases[i].type, 8 * MIB);

                put(f, 4 * MIB - 512, bytes, sizeof(bytes));
                put(f, 4 * MIB + 4096, bytes, sizeof(bytes));
                put(f, 7 * MIB, bytes, sizeof(bytes));
                resize(f, 4 * MIB + 512);
                resize(f, 8 * MIB);
                holds(f, 4 * MIB - 512, 5);
                holds(f, 4 * MIB, 5);
                holds(f, 4 * MIB + 4096, 0);
                holds(f, 7 * MIB, 0);
                hcs_data_file_close(f);
        }
}

static void sizes_that_cannot_be_are_refused(void **state) {
        struct hcs_data_file *vhd = make(DISK_VHD, VHD_DYNAMIC, 8 * MIB), *vhdx = make(DISK_VHDX, VHD_DYNAMIC, 8 * MIB),
                             *none = NULL;

        assert_hresult(disk_resize(vhd, 4 * MIB, NULL), VHD_E_INVALID_TYPE);
        assert_hresult(disk_resize(vhd, 0, NULL), VHD_E_SIZE);
        assert_hresult(disk_resize(vhd, 9 * MIB + 1, NULL), VHD_E_SIZE);
        assert_hresult(disk_resize(vhd, VHD_MAX_SIZE + 512, NULL), VHD_E_SIZE);
        assert_hresult(disk_resize(vhdx, 0, NULL), E_INVALIDARG);
        assert_hresult(disk_resize(vhdx, 1000, NULL), E_INVALIDARG);
        assert_hresult(disk_resize(vhdx, UINT64_MAX - 511, NULL), E_INVALIDARG);
        assert_ok(hcs_data_file_temporary(&none, NULL), NULL);
        assert_hresult(disk_resize(none, MIB, NULL), VHD_E_NO_PROVIDER);
        holds(vhd, 0, 0);
        holds(vhdx, 0, 0);
        hcs_data_file_close(none);
        hcs_data_file_close(vhdx);
        hcs_data_file_close(vhd);
}

static void all_blocks_of_a_larger_fixed_disk_are_there(void **state) {
        struct hcs_data_file *f = make(DISK_VHDX, VHD_FIXED, 8 * MIB);
        struct disk_image *i;
        uint64_t at = 0, n = 0;
        HRESULT hr;

        resize(f, 3 * MIB + 512);
        resize(f, 20 * MIB);
        i = opened(f);
        for (; (hr = disk_image_block(i, n, &at, NULL)) == S_OK; n++)
                assert_true(at >= 3 * MIB);
        assert_hresult(hr, S_FALSE);
        assert_int_equal(n, 20);
        disk_image_close(i);
        resize(f, 300 * MIB);
        holds(f, 299 * MIB, 0);
        hcs_data_file_close(f);
}

/* Half of a sector of 4096 bytes, of a disk that has something where it would end. */
static void a_refused_size_changes_nothing(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        uint8_t bytes[512];

        memset(bytes, 5, sizeof(bytes));
        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        assert_ok(vhdx_create(f, &(struct vhdx_create_options){.size = 8 * MIB, .logical_sector = 4096}, NULL), NULL);
        put(f, 4 * MIB + 512, bytes, sizeof(bytes));
        assert_hresult(disk_resize(f, 4 * MIB + 512, NULL), E_INVALIDARG);
        holds(f, 4 * MIB + 512, 5);
}

static void a_differencing_vhdx_only_grows(void **state) {
        struct hcs_data_file *f = NULL;
        struct vhdx_create_options o = {.size = 8 * MIB, .parent_relative = "p", .parent_absolute = "p"};
        uint8_t bytes[512];

        memset(bytes, 5, sizeof(bytes));
        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        assert_ok(vhdx_create(f, &o, NULL), NULL);
        put(f, 4 * MIB + 512, bytes, sizeof(bytes));
        assert_hresult(disk_resize(f, 4 * MIB + 512, NULL), VHD_E_INVALID_TYPE);
        holds(f, 4 * MIB + 512, 5);
        resize(f, 16 * MIB);
        holds(f, 4 * MIB + 512, 5);
        hcs_data_file_close(f);
}

/* Nearly 2^64, so that the count of its blocks would begin again at 0. */
static void a_footer_cannot_say_any_size(void **state) {
        struct hcs_data_file *f = make(DISK_VHD, VHD_DYNAMIC, 8 * MIB);
        struct vhd_info i = {0};
        uint8_t bytes[VHD_FOOTER];

        assert_int_equal(vhd_info_read(f, &i, NULL), S_OK);
        i.footer.current_size = UINT64_MAX - 511;
        vhd_footer_print(&i.footer, bytes);
        assert_ok(hcs_data_file_write_at(f, 0, bytes, sizeof(bytes), NULL), NULL);
        assert_ok(hcs_data_file_write_at(f, i.end, bytes, sizeof(bytes), NULL), NULL);
        vhd_info_deinit(&i);
        assert_hresult(vhd_info_read(f, &i, NULL), VHD_E_SIZE);
        hcs_data_file_close(f);
}

static HRESULT smallest(struct hcs_data_file *f, uint64_t *ret) {
        _cleanup_(disk_image_closep) struct disk_image *i = opened(f);

        return disk_smallest_size(i, ret, NULL);
}

static void partitions_say_how_small_a_disk_may_be(void **state) {
        struct hcs_data_file *f = make(DISK_VHDX, VHD_DYNAMIC, 64 * MIB);
        uint8_t mbr[512] = {[446 + 4] = 7, [510] = 0x55, [511] = 0xaa}, gpt[512] = "EFI PART", entry[512] = {1};
        uint64_t size = 0;

        assert_hresult(smallest(f, &size), VHD_E_NO_SMALLEST_SIZE);
        ext4_put32(mbr + 446 + 8, 2048);
        ext4_put32(mbr + 446 + 12, 4096);
        put(f, 0, mbr, sizeof(mbr));
        assert_ok(smallest(f, &size), NULL);
        assert_int_equal(size, 3 * MIB);
        ext4_put32(mbr + 446 + 12, 0xffffffffu);
        put(f, 0, mbr, sizeof(mbr));
        assert_hresult(smallest(f, &size), VHD_E_NO_SMALLEST_SIZE);
        mbr[446 + 4] = 0xee;
        put(f, 0, mbr, sizeof(mbr));
        assert_hresult(smallest(f, &size), VHD_E_NO_SMALLEST_SIZE);
        ext4_put64(gpt + 72, 2);
        ext4_put32(gpt + 80, 128);
        ext4_put32(gpt + 84, 128);
        ext4_put64(entry + 40, 8191);
        put(f, 512, gpt, sizeof(gpt));
        put(f, 1024, entry, sizeof(entry));
        assert_ok(smallest(f, &size), NULL);
        assert_int_equal(size, 4 * MIB + 33 * 512);
        ext4_put64(entry + 40, UINT64_MAX);
        put(f, 1024, entry, sizeof(entry));
        assert_hresult(smallest(f, &size), VHD_E_NO_SMALLEST_SIZE);
        ext4_put64(gpt + 72, UINT64_MAX / 512);
        put(f, 512, gpt, sizeof(gpt));
        assert_hresult(smallest(f, &size), VHD_E_NO_SMALLEST_SIZE);
        hcs_data_file_close(f);
}

static void blocks_out_of_order_are_fragments(void **state) {
        struct hcs_data_file *f = make(DISK_VHD, VHD_DYNAMIC, 64 * MIB);
        uint8_t bytes[512] = {1};
        unsigned percent = 1;

        for (uint64_t k = 0; k < 4; k++)
                put(f, k * 2 * MIB, bytes, sizeof(bytes));
        {
                _cleanup_(disk_image_closep) struct disk_image *i = opened(f);
                bool is_aligned = false;

                assert_ok(disk_fragmentation(i, &percent, NULL), NULL);
                assert_int_equal(percent, 0);
                assert_ok(disk_is_aligned(i, 4096, &is_aligned, NULL), NULL);
                assert_true(is_aligned);
        }
        put(f, 20 * MIB, bytes, sizeof(bytes));
        put(f, 10 * MIB, bytes, sizeof(bytes));
        put(f, 30 * MIB, bytes, sizeof(bytes));
        put(f, 28 * MIB, bytes, sizeof(bytes));
        {
                _cleanup_(disk_image_closep) struct disk_image *i = opened(f);

                assert_ok(disk_fragmentation(i, &percent, NULL), NULL);
                assert_true(percent >= 37 && percent <= 62);
        }
        hcs_data_file_close(f);
}

static uint64_t size_of(struct hcs_data_file *f) {
        uint64_t size;

        assert_ok(hcs_data_file_size(f, &size, NULL), NULL);
        return size;
}

static void blocks_of_zeros_are_given_back(void **state) {
        for (enum disk_format format = DISK_VHD; format <= DISK_VHDX; format++) {
                struct hcs_data_file *f = make(format, VHD_DYNAMIC, 64 * MIB);
                uint64_t empty = size_of(f), full;
                uint8_t bytes[512] = {0};
                struct disk_image *i;
                GUID linkage;

                for (uint8_t k = 0; k < 6; k++) {
                        memset(bytes, k % 2 ? k : 0, sizeof(bytes));
                        put(f, k * 4 * MIB, bytes, sizeof(bytes));
                }
                i = opened(f);
                linkage = disk_image_facts(i)->linkage;
                disk_image_close(i);
                full = size_of(f);
                assert_ok(disk_compact(f, NULL), NULL);
                assert_true(size_of(f) - empty < (full - empty) * 6 / 10);
                for (uint8_t k = 0; k < 6; k++)
                        holds(f, k * 4 * MIB, k % 2 ? k : 0);
                i = opened(f);
                assert_true(hcs_guid_equal(&disk_image_facts(i)->linkage, &linkage));
                disk_image_close(i);
                full = size_of(f);
                assert_ok(disk_compact(f, NULL), NULL);
                assert_int_equal(size_of(f), full);
                memset(bytes, 9, sizeof(bytes));
                put(f, 50 * MIB, bytes, sizeof(bytes));
                holds(f, 50 * MIB, 9);
                holds(f, 20 * MIB, 5);
                hcs_data_file_close(f);
        }
}

/* A table that was moved when the disk grew is behind the blocks. */
static void a_table_at_the_end_is_not_cut_off(void **state) {
        for (enum disk_format format = DISK_VHD; format <= DISK_VHDX; format++) {
                struct hcs_data_file *f = make(format, VHD_DYNAMIC, 8 * MIB);
                uint8_t bytes[512] = {0};
                uint64_t size;

                put(f, 6 * MIB, bytes, sizeof(bytes));
                put(f, 0, bytes, sizeof(bytes));
                memset(bytes, 3, sizeof(bytes));
                put(f, 2 * MIB, bytes, sizeof(bytes));
                resize(f, 600 * GIB);
                size = size_of(f);
                assert_ok(disk_compact(f, NULL), NULL);
                assert_int_equal(size_of(f), size);
                holds(f, 2 * MIB, 3);
                holds(f, 6 * MIB, 0);
                holds(f, 500 * GIB, 0);
                put(f, 500 * GIB, bytes, sizeof(bytes));
                holds(f, 2 * MIB, 3);
                holds(f, 500 * GIB, 3);
                hcs_data_file_close(f);
        }
}

/* A small table, which is shorter than what may be between a block and the end. */
static void a_short_table_at_the_end_is_not_cut_off(void **state) {
        for (enum disk_format format = DISK_VHD; format <= DISK_VHDX; format++) {
                struct hcs_data_file *f = make(format, VHD_DYNAMIC, 8 * MIB);
                uint8_t bytes[512] = {0};

                memset(bytes, 3, sizeof(bytes));
                put(f, 0, bytes, sizeof(bytes));
                memset(bytes, 0, sizeof(bytes));
                put(f, 6 * MIB, bytes, sizeof(bytes));
                resize(f, 64 * MIB);
                assert_ok(disk_compact(f, NULL), NULL);
                holds(f, 0, 3);
                holds(f, 6 * MIB, 0);
                holds(f, 60 * MIB, 0);
                hcs_data_file_close(f);
        }
}

/* What other programs read of a block is what its bitmap says. */
static void a_block_keeps_its_bitmap_where_it_goes(void **state) {
        struct hcs_data_file *f = make(DISK_VHD, VHD_DYNAMIC, 8 * MIB);
        uint8_t bytes[512] = {0}, bits[512];
        uint64_t at = 0;
        size_t n;
        struct disk_image *i;

        put(f, 0, bytes, sizeof(bytes));
        i = opened(f);
        assert_ok(disk_image_block(i, 0, &at, NULL), NULL);
        disk_image_close(i);
        assert_ok(hcs_data_file_write_at(f, at - 512, bytes, sizeof(bytes), NULL), NULL);
        memset(bytes, 7, sizeof(bytes));
        put(f, 4 * MIB, bytes, sizeof(bytes));
        assert_ok(disk_compact(f, NULL), NULL);
        holds(f, 4 * MIB, 7);
        i = opened(f);
        assert_ok(disk_image_block(i, 2, &at, NULL), NULL);
        disk_image_close(i);
        assert_ok(hcs_data_file_read_at(f, at - 512, bits, sizeof(bits), &n, NULL), NULL);
        for (size_t k = 0; k < sizeof(bits); k++)
                assert_int_equal(bits[k], 0xff);
        hcs_data_file_close(f);
}

/* One that holds something, and one of zeros that reaches into it. */
static void blocks_that_overlap_are_not_moved(void **state) {
        struct hcs_data_file *f = make(DISK_VHD, VHD_DYNAMIC, 8 * MIB);
        static const uint8_t zeros[4096];
        uint8_t bytes[512], entry[4];
        uint64_t size;
        size_t n;

        memset(bytes, 7, sizeof(bytes));
        put(f, 0, bytes, sizeof(bytes));
        put(f, 2 * MIB, zeros, 512);
        /* The table is behind the header; an entry counts sectors, big-endian: eight of them behind the first block. */
        assert_ok(hcs_data_file_read_at(f, 1536, entry, sizeof(entry), &n, NULL), NULL);
        assert_ok(hcs_data_file_write_at(f, vhd_get(entry, 4) * 512ull + 512 + 2 * MIB, zeros, sizeof(zeros), NULL),
                  NULL);
        entry[3] = (uint8_t)(entry[3] + 8);
        assert_ok(hcs_data_file_write_at(f, 1540, entry, sizeof(entry), NULL), NULL);
        size = size_of(f);
        assert_hresult(disk_compact(f, NULL), VHD_E_TABLE_CORRUPT);
        assert_int_equal(size_of(f), size);
        hcs_data_file_close(f);
}

static void a_fixed_disk_has_nothing_to_give_back(void **state) {
        for (enum disk_format format = DISK_VHD; format <= DISK_VHDX; format++) {
                struct hcs_data_file *f = make(format, VHD_FIXED, 8 * MIB);

                assert_hresult(disk_compact(f, NULL), VHD_E_INVALID_TYPE);
                hcs_data_file_close(f);
        }
}

HCS_TESTS(cmocka_unit_test(blocks_of_zeros_are_given_back), cmocka_unit_test(a_table_at_the_end_is_not_cut_off),
          cmocka_unit_test(a_short_table_at_the_end_is_not_cut_off),
          cmocka_unit_test(a_block_keeps_its_bitmap_where_it_goes), cmocka_unit_test(blocks_that_overlap_are_not_moved),
          cmocka_unit_test(a_fixed_disk_has_nothing_to_give_back), cmocka_unit_test(a_larger_disk_holds_what_it_held),
          cmocka_unit_test(what_was_cut_off_does_not_come_back), cmocka_unit_test(sizes_that_cannot_be_are_refused),
          cmocka_unit_test(a_footer_cannot_say_any_size), cmocka_unit_test(all_blocks_of_a_larger_fixed_disk_are_there),
          cmocka_unit_test(a_refused_size_changes_nothing), cmocka_unit_test(a_differencing_vhdx_only_grows),
          cmocka_unit_test(partitions_say_how_small_a_disk_may_be), cmocka_unit_test(blocks_out_of_order_are_fragments))
