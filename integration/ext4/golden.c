/* SPDX-License-Identifier: MIT */

/*
 * Every file system of the golden set before the eyes of others: e2fsck finds in it what it finds in the original's,
 * and what libarchive reads in the tar, our reader and debugfs in the image is the same, entry by entry.
 */

#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "ext4/test/golden.h"
#include "integration/ext4/listing.h"
#include "testing/hcs_test.h"

/* Archives whose entries libarchive reads otherwise than hcsshim's reader, or whose image cannot be read. */
static const struct {
        const char *tar, *why;
} different[] = {
        {"file-trailing-slash-type-0.tar", "libarchive gives no name"},
        {"mtime-pax-5.tar", "libarchive reads -0.5 seconds as 0.5"},
        {"pax-global-mtime.tar", "the global header is no file to libarchive"},
        {"pax-global-xattr.tar", "the global header is no file to libarchive"},
        {"truncated-padding.tar", "libarchive wants the padding of the last file"},
        {"type-V-volume-label.tar", "a volume label is no file to libarchive"},
        {"xattr-name-too-long.tar", "an attribute that is broken in the original's image too"},
};

static bool is_different(const struct golden_row *row) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(different); i++)
                if (hcs_streq(row->column[GOLDEN_TAR], different[i].tar))
                        return true;
        return false;
}

static bool make_image(const struct golden_row *row, const char *image) {
        struct ext4_convert_options options = golden_options(row);
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = NULL, *out = NULL;
        _cleanup_free_ char *tar = golden_tar(row);
        uint64_t size;

        return SUCCEEDED(hcs_data_file_open(tar, &in, NULL)) && SUCCEEDED(hcs_data_file_create(image, &out, NULL)) &&
               SUCCEEDED(ext4_convert(in, out, &options, &size, NULL)) && SUCCEEDED(hcs_data_file_commit(out, NULL));
}

/*
 * The column was measured with some options of each tar. What is found in the images of the others is what was found
 * with or without inline data, whichever they have.
 */
static const char *expected_findings(const struct golden_row *rows, size_t n, const struct golden_row *row) {
        const char *expected = "-";

        if (*row->column[GOLDEN_E2FSCK])
                return row->column[GOLDEN_E2FSCK];
        for (size_t i = 0; i < n; i++)
                if (*rows[i].column[GOLDEN_E2FSCK] && hcs_streq(rows[i].column[GOLDEN_TAR], row->column[GOLDEN_TAR]) &&
                    golden_has(&rows[i], "inline") == golden_has(row, "inline"))
                        expected = rows[i].column[GOLDEN_E2FSCK];
        return expected;
}

/* How many blocks e2fsck counts of an attribute that is not there differs from run to run. */
static bool same_findings(char *found, const char *expected) {
        static const char counted[] = ", should be ";
        const char *in_found = strstr(found, counted), *in_expected = strstr(expected, counted);

        if (!in_found || !in_expected)
                return hcs_streq(found, expected);
        return in_found - found == in_expected - expected && strncmp(found, expected, (size_t)(in_found - found)) == 0;
}

static bool check_fsck(const struct golden_row *row, const char *image, const char *expected) {
        _cleanup_free_ char *found = fsck_findings(image);

        if (same_findings(found, expected))
                return true;
        printf("%s %s: e2fsck: %s; expected: %s\n", row->column[GOLDEN_TAR], row->column[GOLDEN_OPTIONS], found,
               expected);
        return false;
}

static bool check_listings(const struct golden_row *row, const char *image) {
        _cleanup_free_ char *tar = golden_tar(row);

        if (listing_check(tar, image, golden_has(row, "overlay")))
                return true;
        printf("%s %s: not the same entries\n", row->column[GOLDEN_TAR], row->column[GOLDEN_OPTIONS]);
        return false;
}

struct counts {
        unsigned images, compared, bad;
};

static void check_row(const struct golden_row *row, const char *expected, const char *image, struct counts *c) {
        c->images++;
        if (!make_image(row, image)) {
                printf("%s %s: no image\n", row->column[GOLDEN_TAR], row->column[GOLDEN_OPTIONS]);
                c->bad++;
                return;
        }
        c->bad += !check_fsck(row, image, expected);
        if (!golden_has(row, "128GiB") && !golden_has(row, "convert-slash") && !is_different(row)) {
                c->compared++;
                c->bad += !check_listings(row, image);
        }
        unlink(image);
}

static void every_image_of_the_golden_set_is_sound_and_holds_what_its_tar_does(void **state) {
        char *rest;
        _cleanup_free_ char *text = golden_open(&rest), *directory = hcs_test_tmpdir();
        _cleanup_free_ char *image = hcs_asprintf("%s/image", directory);
        _cleanup_buf_ struct hcs_buf all = {0};
        const struct golden_row *rows;
        struct golden_row row;
        struct counts c = {0};
        size_t n;

        setlocale(LC_ALL, "C.UTF-8"); /* for libarchive's names */
        while (golden_next(&rest, &row))
                hcs_buf_append(&all, &row, sizeof(row));
        rows = (const struct golden_row *)(void *)all.data;
        n = all.len / sizeof(row);
        /* A footer or a tree behind it is no other file system. */
        for (size_t i = 0; i < n; i++)
                if (!*rows[i].column[GOLDEN_REFUSAL] && !golden_has(&rows[i], "vhd") && !golden_has(&rows[i], "verity"))
                        check_row(&rows[i], expected_findings(rows, n, &rows[i]), image, &c);
        print_message("%u images of the golden set, %u of them compared entry by entry\n", c.images, c.compared);
        assert_true(c.images > 700);
        assert_int_equal(c.bad, 0);
}

/* Files of 340 extents and more, where hcsshim's images are broken: not so ours. */
static void files_of_any_number_of_extents_are_sound(void **state) {
        const uint64_t extent = (uint64_t)EXT4_EXTENT_BLOCKS * EXT4_BLOCK;
        const uint64_t sizes[] = {4 * extent, 5 * extent, 340 * extent, 341 * extent - 7, (uint64_t)EXT4_MAX_FILE};
        _cleanup_free_ char *directory = hcs_test_tmpdir(), *image = hcs_asprintf("%s/image", directory);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(sizes); i++) {
                _cleanup_(hcs_data_file_closep) struct hcs_data_file *out = NULL;
                _cleanup_(ext4_writer_freep) struct ext4_writer *w = NULL;
                _cleanup_free_ char *found = NULL;
                uint64_t size;

                assert_ok(hcs_data_file_create(image, &out, NULL), NULL);
                assert_ok(ext4_writer_new(out, &(struct ext4_options){.max_disk_size = -1}, &w, NULL), NULL);
                assert_ok(ext4_writer_create(w, "large", &(struct ext4_file){.size = (int64_t)sizes[i]}, NULL), NULL);
                assert_ok(ext4_writer_zero(w, sizes[i], NULL), NULL);
                assert_ok(ext4_writer_finish(w, &size, NULL), NULL);
                assert_ok(hcs_data_file_commit(out, NULL), NULL);
                found = fsck_findings(image);
                assert_string_equal(found, "-");
                unlink(image);
        }
}

HCS_TESTS(cmocka_unit_test(files_of_any_number_of_extents_are_sound),
          cmocka_unit_test(every_image_of_the_golden_set_is_sound_and_holds_what_its_tar_does))
