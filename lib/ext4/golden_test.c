/* SPDX-License-Identifier: MIT */

/*
 * Every layer of the golden set (fixtures/ext4) through the conversion: the same size and SHA-256, or a refusal of the
 * same kind, and then no output.
 */

#include <openssl/evp.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "ext4/convert.h"
#include "ext4/tar/reader.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

enum column { TAR, OPTIONS, SIZE, SHA256, FOOTER_SHA256, ROOT_HASH, REFUSAL, E2FSCK, N_COLUMNS };

struct row {
        char *column[N_COLUMNS];
};

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

static HRESULT convert(const char *tar, const char *image, const struct ext4_convert_options *options,
                       struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = NULL, *out = NULL;
        uint64_t size;
        HRESULT hr = hcs_data_file_open(tar, &in, err);

        if (SUCCEEDED(hr))
                hr = hcs_data_file_create(image, &out, err);
        if (SUCCEEDED(hr))
                hr = ext4_convert(in, out, options, &size, err);
        return SUCCEEDED(hr) ? hcs_data_file_commit(out, err) : hr;
}

static void sha256_of(const char *path, char text[static 65], uint64_t *ret_size) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        static uint8_t chunk[1 << 20];
        EVP_MD_CTX *c = EVP_MD_CTX_new();
        uint8_t digest[32];
        size_t n;

        assert_ok(hcs_data_file_open(path, &f, NULL), NULL);
        EVP_DigestInit_ex(c, EVP_sha256(), NULL);
        for (*ret_size = 0;; *ret_size += n) {
                assert_ok(hcs_data_file_read(f, chunk, sizeof(chunk), &n, NULL), NULL);
                if (n == 0)
                        break;
                EVP_DigestUpdate(c, chunk, n);
        }
        EVP_DigestFinal_ex(c, digest, NULL);
        EVP_MD_CTX_free(c);
        for (size_t i = 0; i < sizeof(digest); i++)
                snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static bool has(const char *options, const char *flag) {
        return strstr(options, flag) != NULL;
}

/* Is it the refusal that the row tells of? */
static bool is_same_refusal(const struct row *row, HRESULT hr, const char *message) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(kinds); i++)
                if (has(row->column[REFUSAL], kinds[i].text))
                        return hr == kinds[i].hr && has(message, kinds[i].text);
        return false;
}

static bool check_image(const struct row *row, const char *image) {
        bool vhd = has(row->column[OPTIONS], "vhd");
        uint64_t size, expected;
        char sha256[65];

        sha256_of(image, sha256, &size);
        assert_true(hcs_str_to_u64(row->column[SIZE], &expected));
        if (size == expected - (vhd ? 512 : 0) && hcs_streq(sha256, row->column[SHA256]))
                return true;
        print_error("%s %s: %llu bytes %s\n", row->column[TAR], row->column[OPTIONS], (unsigned long long)size, sha256);
        return false;
}

static bool check_row(const struct row *row) {
        const char *options = row->column[OPTIONS];
        struct ext4_convert_options o = {.writer.inline_data = has(options, "inline"),
                                         .overlay = has(options, "overlay"),
                                         .convert_slash = has(options, "convert-slash")};
        _cleanup_free_ char *relative = hcs_asprintf("ext4/tars/%s", row->column[TAR]);
        _cleanup_free_ char *tar = hcs_test_fixture_path(relative);
        _cleanup_free_ char *image = hcs_asprintf("%s/image", directory);
        struct hcs_error *err = NULL;
        HRESULT hr;
        bool ok;

        if (has(options, "only-vhd") || has(options, "128GiB") || has(options, "verity"))
                return true;
        hr = convert(tar, image, &o, &err);
        if (SUCCEEDED(hr) && *row->column[SHA256]) {
                ok = check_image(row, image);
                unlink(image);
        } else {
                ok = FAILED(hr) && *row->column[REFUSAL] && is_same_refusal(row, hr, hcs_error_message(err)) &&
                     !hcs_file_exists(image);
                if (!ok)
                        print_error("%s %s: 0x%08X %s; expected: %s\n", row->column[TAR], options, (unsigned)hr,
                                    err ? hcs_error_message(err) : "", row->column[REFUSAL]);
        }
        hcs_error_free(err);
        return ok;
}

static struct row split(char *line) {
        struct row row;

        for (int i = 0; i < N_COLUMNS; i++)
                row.column[i] = strsep(&line, "\t");
        assert_non_null(row.column[E2FSCK]);
        return row;
}

static void every_layer_of_the_golden_set_gives_the_same_image_or_refusal(void **state) {
        _cleanup_free_ char *text = hcs_test_fixture("ext4/golden.tsv", NULL);
        char *rest = text, *line;
        unsigned rows = 0, good = 0;

        directory = hcs_test_tmpdir();
        strsep(&rest, "\n");
        while ((line = strsep(&rest, "\n")) && *line) {
                struct row row = split(line);

                rows++;
                good += check_row(&row);
        }
        print_message("%u of %u rows of the golden set\n", good, rows);
        free(directory);
        assert_true(rows > 1600);
        assert_int_equal(good, rows);
}

HCS_TESTS(cmocka_unit_test(every_layer_of_the_golden_set_gives_the_same_image_or_refusal))
