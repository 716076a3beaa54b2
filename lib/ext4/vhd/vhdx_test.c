/* SPDX-License-Identifier: MIT */

/* The headers of a VHDX that qemu-img made, as they are and damaged; and a parent locator put into it. */

#include <stdlib.h>

#include "ext4/format.h"
#include "ext4/tar/stream.h"
#include "ext4/vhd/crc32c.h"
#include "ext4/vhd/vhdx_parse.h"
#include "testing/hcs_test.h"

#define HEADER_1  65536u
#define HEADER_2  131072u
#define REGIONS_1 196608u
#define REGIONS_2 262144u

/* The fixture, unpacked. */
static struct hcs_data_file *open_vhdx(void) {
        _cleanup_free_ char *path = hcs_test_fixture_path("vhd/dynamic-64MiB.vhdx.gz");
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *packed = NULL;
        _cleanup_(tar_stream_freep) struct tar_stream *s = NULL;
        struct hcs_data_file *f = NULL;
        const uint8_t *data;
        uint64_t at = 0;
        size_t n;

        assert_ok(hcs_data_file_open(path, &packed, NULL), NULL);
        assert_ok(tar_stream_open(packed, &s, NULL), NULL);
        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        for (;; at += n) {
                assert_ok(tar_stream_take(s, SIZE_MAX, &data, &n, NULL), NULL);
                if (n == 0)
                        return f;
                assert_ok(hcs_data_file_write_at(f, at, data, n, NULL), NULL);
        }
}

static void put(struct hcs_data_file *f, uint64_t offset, const void *data, size_t n) {
        assert_ok(hcs_data_file_write_at(f, offset, data, n, NULL), NULL);
}

/* Gives a header or table the checksum of its new content. */
static void seal(struct hcs_data_file *f, uint64_t offset, size_t size) {
        _cleanup_free_ uint8_t *bytes = malloc(size);
        uint8_t crc[4] = {0};
        size_t n;

        put(f, offset + 4, crc, 4);
        assert_ok(hcs_data_file_read_at(f, offset, bytes, size, &n, NULL), NULL);
        ext4_put32(crc, vhd_crc32c(0, bytes, size));
        put(f, offset + 4, crc, 4);
}

static void assert_refused(struct hcs_data_file *f, HRESULT expected, const char *part) {
        struct vhdx_info i;
        struct hcs_error *err = NULL;

        assert_hresult(vhdx_read(f, &i, &err), expected);
        if (!strstr(hcs_error_message(err), part))
                fail_msg("`%s` lacks `%s`", hcs_error_message(err), part);
        hcs_error_free(err);
}

static void the_checksum_is_crc32c(void **state) {
        assert_int_equal(vhd_crc32c(0, "123456789", 9), 0xe3069283u);
        assert_int_equal(vhd_crc32c(vhd_crc32c(0, "1234", 4), "56789", 5), 0xe3069283u);
}

static void a_disk_of_qemu_is_read(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = open_vhdx();
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        struct hcs_error *err = NULL;

        assert_ok(vhdx_read(f, &i, &err), err);
        assert_true(strncmp(i.creator, "QEMU", 4) == 0);
        assert_null(i.header[0].damage);
        assert_null(i.header[1].damage);
        assert_true(i.header[i.current].sequence >= i.header[!i.current].sequence);
        assert_null(i.region_damage[0]);
        assert_null(i.region_damage[1]);
        assert_int_equal(i.type, VHDX_DYNAMIC);
        assert_int_equal(i.virtual_size, 64u << 20);
        assert_int_equal(i.block_size, 8u << 20);
        assert_int_equal(i.logical_sector, 512);
        assert_int_equal(i.physical_sector, 512);
        assert_false(hcs_guid_is_null(&i.disk_id));
        assert_null(vhdx_parent(&i));
}

static void a_damaged_copy_is_told_and_the_other_one_used(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = open_vhdx();
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};

        put(f, HEADER_1 + 100, "!", 1);
        put(f, REGIONS_1, "R", 1);
        assert_ok(vhdx_read(f, &i, NULL), NULL);
        assert_int_equal(i.current, 1);
        assert_non_null(strstr(i.header[0].damage, "does not fit"));
        assert_null(i.header[1].damage);
        assert_string_equal(i.region_damage[0], "no signature `regi`");
        assert_null(i.region_damage[1]);
        assert_int_equal(i.virtual_size, 64u << 20);
}

static void both_copies_damaged_are_an_error_that_names_both(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = open_vhdx();

        put(f, REGIONS_1 + 4, "!", 1);
        put(f, REGIONS_2, "R", 1);
        assert_refused(f, VHDX_E_DAMAGED, "does not fit; the second: no signature `regi`");
        put(f, HEADER_1, "H", 1);
        put(f, HEADER_2 + 66, "\2", 1);
        seal(f, HEADER_2, VHDX_HEADER);
        assert_refused(f, VHDX_E_DAMAGED, "the first: no signature `head`; the second: Version is 2 instead of 1");
}

static void regions_that_cannot_be_are_refused(void **state) {
        static const struct {
                size_t offset;
                uint32_t value;
                HRESULT hr;
                const char *part;
        } cases[] = {
                {8, 3000, VHDX_E_DAMAGED, "3000 regions"},
                {8, 1, VHDX_E_DAMAGED, "there is no"},
                {16, 1, VHDX_E_UNKNOWN, "is required and not known"},
                {32, 4096, VHDX_E_DAMAGED, "are not in whole megabytes"},
                {36, 1, VHDX_E_DAMAGED, "are not in whole megabytes of a file of"},
                {40, 0, VHDX_E_DAMAGED, "are not in whole megabytes"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = open_vhdx();
                uint8_t bytes[4];

                ext4_put32(bytes, cases[i].value);
                for (uint64_t table = REGIONS_1; table <= REGIONS_2; table += REGIONS_2 - REGIONS_1) {
                        put(f, table + 44, "\1", 1); /* the first one is required */
                        put(f, table + cases[i].offset, bytes, 4);
                        seal(f, table, VHDX_TABLE);
                }
                assert_refused(f, cases[i].hr, cases[i].part);
        }
}

/* Where the metadata and the item of that number in its table are. */
static uint64_t find_item(struct hcs_data_file *f, unsigned entry, uint64_t *ret_metadata) {
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        uint8_t bytes[4];
        size_t n;

        assert_ok(vhdx_read(f, &i, NULL), NULL);
        *ret_metadata = i.metadata_offset;
        assert_ok(hcs_data_file_read_at(f, i.metadata_offset + 32 + entry * 32 + 16, bytes, 4, &n, NULL), NULL);
        return i.metadata_offset + ext4_get32(bytes);
}

static void metadata_that_cannot_be_is_refused(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = open_vhdx();
        uint64_t metadata, parameters = find_item(f, 0, &metadata);
        uint8_t zero[4] = {0}, entry[4];
        size_t n;

        put(f, parameters, "\1\0\0\0", 4);
        assert_refused(f, VHDX_E_DAMAGED, "BlockSize cannot be 1");
        put(f, parameters, "\0\0\x10\0", 4);
        assert_ok(hcs_data_file_read_at(f, metadata + 32, entry, 4, &n, NULL), NULL);
        put(f, metadata + 32, zero, 4);
        assert_refused(f, VHDX_E_UNKNOWN, "is required and not known");
        put(f, metadata + 32, entry, 4);
        put(f, metadata + 32 + 20, "\7", 1);
        assert_refused(f, VHDX_E_DAMAGED, "File Parameters cannot have 7 bytes");
        put(f, metadata + 32 + 16, zero, 4);
        assert_refused(f, VHDX_E_DAMAGED, "File Parameters: 7 bytes at 0 of a metadata region of");
        put(f, metadata + 10, "\1\0", 2);
        put(f, metadata, "M", 1);
        assert_refused(f, VHDX_E_DAMAGED, "no signature `metadata`");
}

/* One more item: the locator, with a key and its value each. */
static void add_locator(struct hcs_data_file *f, uint64_t metadata, unsigned entries) {
        static const uint8_t id[16] = "\x2d\x5f\xd3\xa8\x0b\xb3\x4d\x45\xab\xf7\xd3\xd8\x48\x34\xab\x0c";
        static const uint8_t type[16] = "\xb7\xef\x4a\xb0\x9e\xd1\x81\x4a\xb7\x89\x25\xb8\xe9\x44\x59\x13";
        static const char *const texts[] = {"parent_linkage", "{0}",       "absolute_win32_path", "C:\\p.vhdx",
                                            "relative_path",  ".\\p.vhdx", "volume_path",         "V"};
        uint8_t item[1024] = {0}, place[12] = {0}, count[2];
        uint32_t at = 20 + 4 * 12;

        memcpy(item, type, 16);
        ext4_put16(item + 18, 4);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(texts); i++) {
                uint8_t *e = item + 20 + i / 2 * 12;

                ext4_put32(e + i % 2 * 4, at);
                ext4_put16(e + 8 + i % 2 * 2, (uint32_t)(2 * strlen(texts[i])));
                for (size_t k = 0; texts[i][k]; k++, at += 2)
                        item[at] = (uint8_t)texts[i][k];
        }
        ext4_put32(place, 200000);
        ext4_put32(place + 4, at);
        ext4_put32(place + 8, 4);
        put(f, metadata + 200000, item, at);
        put(f, metadata + 32 + entries * 32, id, 16);
        put(f, metadata + 32 + entries * 32 + 16, place, 12);
        ext4_put16(count, entries + 1);
        put(f, metadata + 10, count, 2);
}

static void the_parent_of_a_differencing_disk_is_read(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = open_vhdx();
        _cleanup_(vhdx_info_deinit) struct vhdx_info i = {0};
        uint64_t metadata, parameters = find_item(f, 0, &metadata);
        struct hcs_error *err = NULL;
        uint8_t count[2];
        size_t n;

        put(f, parameters + 4, "\2", 1);
        assert_refused(f, VHDX_E_DAMAGED, "a differencing disk without a Parent Locator");
        assert_ok(hcs_data_file_read_at(f, metadata + 10, count, 2, &n, NULL), NULL);
        add_locator(f, metadata, ext4_get16(count));
        assert_ok(vhdx_read(f, &i, &err), err);
        assert_int_equal(i.type, VHDX_DIFFERENCING);
        assert_string_equal(i.parents[VHDX_RELATIVE], ".\\p.vhdx");
        assert_string_equal(vhdx_parent(&i), ".\\p.vhdx");
        assert_string_equal(i.parents[VHDX_VOLUME], "V");
        assert_string_equal(i.parents[VHDX_ABSOLUTE], "C:\\p.vhdx");
        assert_string_equal(i.parent_linkage, "{0}");
        put(f, metadata + 200000 + 20, "\xff\xff", 2);
        assert_refused(f, VHDX_E_DAMAGED, "Parent Locator: entry 0 is not inside of it");
}

static void a_truncated_one_and_another_file_are_told_apart(void **state) {
        static const uint64_t sizes[] = {100, 65536 + 10, 200000, 300000};
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = open_vhdx();
        struct vhdx_info i;

        for (size_t n = HCS_ARRAY_SIZE(sizes); n-- > 0;) {
                assert_ok(hcs_data_file_resize(f, sizes[n], NULL), NULL);
                assert_refused(f, HCS_WIN32(38), "it ends at byte");
        }
        put(f, 0, "V", 1);
        assert_hresult(vhdx_read(f, &i, NULL), S_FALSE);
}

HCS_TESTS(cmocka_unit_test(the_checksum_is_crc32c), cmocka_unit_test(a_disk_of_qemu_is_read),
          cmocka_unit_test(a_damaged_copy_is_told_and_the_other_one_used),
          cmocka_unit_test(both_copies_damaged_are_an_error_that_names_both),
          cmocka_unit_test(regions_that_cannot_be_are_refused), cmocka_unit_test(metadata_that_cannot_be_is_refused),
          cmocka_unit_test(the_parent_of_a_differencing_disk_is_read),
          cmocka_unit_test(a_truncated_one_and_another_file_are_told_apart))
