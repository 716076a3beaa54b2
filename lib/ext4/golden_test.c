/* SPDX-License-Identifier: MIT */

/*
 * Every layer of the golden set (fixtures/ext4) through the conversion: the same size and SHA-256, root hash and VHD
 * footer, or a refusal of the same kind, and then no output.
 */

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/str.h"
#include "ext4/layer.h"
#include "ext4/tar/reader.h"
#include "ext4/test/golden.h"
#include "ext4/vhd/vhd.h"
#include "platform/digest.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

/* What a refusal's text says, and our code for it. */
static const struct {
        const char *text;
        HRESULT hr;
} kinds[] = {
        {"invalid tar header", TAR_E_HEADER},
        {"unexpected EOF", TAR_E_EOF},
        {"could not fit xattr", EXT4_E_XATTR},
        {"cannot overwrite file with non-inline data", EXT4_E_EXISTS},
        {"cannot replace a directory with a file", EXT4_E_EXISTS},
        {"cannot orphan existing file or directory", EXT4_E_EXISTS},
        {"path not found", EXT4_E_NO_PATH},
        {"file not found", EXT4_E_NO_FILE},
        {"link target cannot be a directory", EXT4_E_IS_DIRECTORY},
        {"invalid name", EXT4_E_NAME},
        {"file too big", EXT4_E_FILE_TOO_BIG},
        {"link target would exceed maximum link count", EXT4_E_LINKS},
};

static char *directory;

static bool has(const char *text, const char *part) {
        return strstr(text, part) != NULL;
}

static HRESULT convert(const struct golden_row *row, const char *tar, const char *image, struct layer *ret,
                       struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = NULL, *out = NULL;
        const char *options = row->column[GOLDEN_OPTIONS];
        struct layer_options o = {
                .convert = golden_options(row), .verity = has(options, "verity"), .vhd = has(options, "vhd")};
        HRESULT hr = hcs_data_file_open(tar, &in, err);

        if (has(options, "128GiB")) {
                layer_options_init(&o);
                return SUCCEEDED(hr) ? layer_root_of(in, &o, ret, err) : hr;
        }
        if (SUCCEEDED(hr))
                hr = hcs_data_file_create(image, &out, err);
        if (SUCCEEDED(hr))
                hr = has(options, "only-vhd") ? vhd_from_raw(in, out, NULL, err) : layer_write(in, out, &o, ret, err);
        return SUCCEEDED(hr) ? hcs_data_file_commit(out, err) : hr;
}

/* Of the first n bytes. */
static void sha256_of(struct hcs_data_file *f, uint64_t n, char text[static 65]) {
        static uint8_t chunk[1 << 20];
        _cleanup_(hcs_digest_freep) struct hcs_digest *d = NULL;
        uint8_t digest[32];

        assert_ok(hcs_digest_new("sha256", &d, NULL), NULL);
        for (uint64_t at = 0; at < n;) {
                size_t part = n - at < sizeof(chunk) ? (size_t)(n - at) : sizeof(chunk), got;

                assert_ok(hcs_data_file_read_at(f, at, chunk, part, &got, NULL), NULL);
                assert_int_equal(got, part);
                assert_true(hcs_digest_update(d, chunk, got));
                at += got;
        }
        assert_true(hcs_digest_finish(d, digest));
        hcs_hex_format(digest, sizeof(digest), text);
}

/* The row's footer, whose id and checksum are left out, and nothing wrong with it. */
static bool check_footer(const struct golden_row *row, struct hcs_data_file *f, uint64_t size) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *footer = NULL;
        uint8_t bytes[VHD_FOOTER];
        char sha256[65];
        size_t n;

        assert_ok(hcs_data_file_read_at(f, size - VHD_FOOTER, bytes, VHD_FOOTER, &n, NULL), NULL);
        if (vhd_footer_check(bytes, size, NULL) != 0)
                return false;
        memset(bytes + 64, 0, 20);
        assert_ok(hcs_data_file_temporary(&footer, NULL), NULL);
        assert_ok(hcs_data_file_write_at(footer, 0, bytes, VHD_FOOTER, NULL), NULL);
        sha256_of(footer, VHD_FOOTER, sha256);
        return hcs_streq(sha256, row->column[GOLDEN_FOOTER_SHA256]);
}

static bool check_root(const struct golden_row *row, struct hcs_data_file *f, const struct layer *l) {
        struct verity_superblock sb;
        struct verity_root root = l->root;
        char text[VERITY_ROOT_TEXT];
        uint64_t tree;

        if (f && has(row->column[GOLDEN_OPTIONS], "verity")) {
                assert_ok(verity_read(f, l->image_size, &sb, &tree, NULL), NULL);
                assert_ok(verity_verify(&sb, f, f, tree, &root, NULL, NULL), NULL);
        } else if (f) {
                verity_superblock_init(&sb);
                assert_ok(verity_set_size(&sb, l->image_size, NULL), NULL);
                assert_ok(verity_root_of(&sb, f, NULL, &root, NULL), NULL);
        }
        return hcs_streq(verity_root_format(&root, text), row->column[GOLDEN_ROOT_HASH]);
}

/* Is it the refusal that the row tells of? */
static bool is_same_refusal(const struct golden_row *row, HRESULT hr, const char *message) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(kinds); i++)
                if (has(row->column[GOLDEN_REFUSAL], kinds[i].text))
                        return hr == kinds[i].hr && has(message, kinds[i].text);
        return false;
}

/* Columns that are empty were not measured. */
static bool check_image(const struct golden_row *row, const char *image, const struct layer *l) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        bool vhd = has(row->column[GOLDEN_OPTIONS], "vhd"), ok = true;
        uint64_t size = 0, expected;
        char sha256[65] = "";

        if (!has(row->column[GOLDEN_OPTIONS], "128GiB")) {
                assert_ok(hcs_data_file_open(image, &f, NULL), NULL);
                assert_ok(hcs_data_file_size(f, &size, NULL), NULL);
                assert_true(hcs_str_to_u64(row->column[GOLDEN_SIZE], &expected));
                ok = size == expected;
        }
        if (ok && *row->column[GOLDEN_SHA256]) {
                sha256_of(f, size - (vhd ? VHD_FOOTER : 0), sha256);
                ok = hcs_streq(sha256, row->column[GOLDEN_SHA256]);
        }
        ok = ok && (!vhd || check_footer(row, f, size));
        ok = ok && (!*row->column[GOLDEN_ROOT_HASH] || check_root(row, f, l));
        if (!ok)
                print_error("%s %s: %llu bytes %s\n", row->column[GOLDEN_TAR], row->column[GOLDEN_OPTIONS],
                            (unsigned long long)size, sha256);
        return ok;
}

static bool check_row(const struct golden_row *row) {
        _cleanup_free_ char *tar = golden_tar(row);
        _cleanup_free_ char *image = hcs_asprintf("%s/image", directory);
        struct hcs_error *err = NULL;
        struct layer l = {0};
        HRESULT hr = convert(row, tar, image, &l, &err);
        bool ok;

        if (SUCCEEDED(hr) && !*row->column[GOLDEN_REFUSAL]) {
                ok = check_image(row, image, &l);
                unlink(image);
        } else {
                ok = FAILED(hr) && *row->column[GOLDEN_REFUSAL] && is_same_refusal(row, hr, hcs_error_message(err)) &&
                     !hcs_file_exists(image);
                if (!ok)
                        print_error("%s %s: 0x%08X %s; expected: %s\n", row->column[GOLDEN_TAR],
                                    row->column[GOLDEN_OPTIONS], (unsigned)hr, err ? hcs_error_message(err) : "",
                                    row->column[GOLDEN_REFUSAL]);
        }
        hcs_error_free(err);
        return ok;
}

static void every_layer_of_the_golden_set_gives_the_same_image_or_refusal(void **state) {
        char *rest;
        _cleanup_free_ char *text = golden_open(&rest);
        struct golden_row row;
        unsigned rows = 0, good = 0;

        directory = hcs_test_tmpdir();
        while (golden_next(&rest, &row)) {
                rows++;
                good += check_row(&row);
        }
        print_message("%u of %u rows of the golden set\n", good, rows);
        free(directory);
        assert_true(rows > 1600);
        assert_int_equal(good, rows);
}

HCS_TESTS(cmocka_unit_test(every_layer_of_the_golden_set_gives_the_same_image_or_refusal))
