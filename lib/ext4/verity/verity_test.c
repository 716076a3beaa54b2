/* SPDX-License-Identifier: MIT */

/*
 * dm-verity: superblocks, trees over data of awkward sizes, what verification finds, and numbers that cannot be.
 * The expected root hashes (fixtures/verity) are those of veritysetup.
 */

#include <stdlib.h>

#include "base/hex.h"
#include "base/str.h"
#include "ext4/verity/layout.h"
#include "ext4/verity/verity.h"
#include "testing/hcs_test.h"

#define SB VERITY_SUPERBLOCK

/* Data that a line of Python makes as well: byte i is (i * 7 + i / 256 + i / 65536) mod 256. */
static struct hcs_data_file *make_data(uint64_t size) {
        struct hcs_data_file *f = NULL;
        _cleanup_free_ uint8_t *bytes = malloc(size + 1);

        for (uint64_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(i * 7 + (i >> 8) + (i >> 16));
        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        assert_ok(hcs_data_file_write_at(f, 0, bytes, size, NULL), NULL);
        return f;
}

static void flip(struct hcs_data_file *f, uint64_t offset) {
        uint8_t byte;
        size_t n;

        assert_ok(hcs_data_file_read_at(f, offset, &byte, 1, &n, NULL), NULL);
        byte ^= 4;
        assert_ok(hcs_data_file_write_at(f, offset, &byte, 1, NULL), NULL);
}

static void assert_root(const struct verity_root *root, const char *expected) {
        char text[VERITY_ROOT_TEXT];

        assert_string_equal(verity_root_format(root, text), expected);
}

/* A failure's code and a part of its text. */
static void assert_refused(HRESULT hr, struct hcs_error **err, HRESULT expected, const char *part) {
        assert_hresult(hr, expected);
        assert_non_null(*err);
        if (!strstr(hcs_error_message(*err), part))
                fail_msg("`%s` lacks `%s`", hcs_error_message(*err), part);
        *err = hcs_error_free(*err);
}

static void a_superblock_prints_and_parses_to_the_same(void **state) {
        struct verity_superblock sb, again;
        uint8_t bytes[SB];

        verity_superblock_init(&sb);
        assert_ok(hcs_guid_parse("12345678-1234-5678-9abc-def012345678", &sb.uuid, NULL), NULL);
        assert_ok(verity_set_size(&sb, 45056, NULL), NULL);
        verity_superblock_print(&sb, bytes);
        assert_memory_equal(bytes, "verity\0\0\1\0\0\0\1\0\0\0\x12\x34\x56\x78\x12\x34\x56\x78\x9a\xbc\xde\xf0", 28);
        assert_memory_equal(bytes + 32, "sha256\0", 7);
        assert_memory_equal(bytes + 64, "\0\x10\0\0\0\x10\0\0\x0b\0\0\0\0\0\0\0\x20\0", 18);
        assert_ok(verity_superblock_parse(bytes, &again, NULL), NULL);
        assert_memory_equal(&again, &sb, sizeof(sb));
}

static void a_superblock_that_cannot_be_is_refused_by_field(void **state) {
        static const struct {
                size_t offset, size;
                uint64_t value;
                const char *part;
        } cases[] = {
                {0, 1, 'V', "invalid dm-verity super-block signature"},
                {8, 4, 2, "the version cannot be 2"},
                {12, 4, 2, "the hash type cannot be 2"},
                {32, 1, 0, "the name of the hash"},
                {33, 1, '\n', "the name of the hash"},
                {64, 4, 0, "the data block size cannot be 0"},
                {64, 4, 4097, "the data block size cannot be 4097"},
                {64, 4, 1u << 31, "the data block size cannot be 2147483648"},
                {68, 4, 256, "the hash block size cannot be 256"},
                {72, 8, 0, "the number of data blocks cannot be 0"},
                {72, 8, UINT64_MAX, "the number of data blocks cannot be 18446744073709551615"},
                {72, 8, (1ull << 51), "the number of data blocks"},
                {80, 2, 257, "the size of the salt cannot be 257"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct verity_superblock sb;
                struct hcs_error *err = NULL;
                uint8_t bytes[SB];

                verity_superblock_init(&sb);
                sb.data_blocks = 1;
                verity_superblock_print(&sb, bytes);
                for (size_t k = 0; k < cases[i].size; k++)
                        bytes[cases[i].offset + k] = (uint8_t)(cases[i].value >> (8 * k));
                assert_refused(verity_superblock_parse(bytes, &sb, &err), &err, VERITY_E_SUPERBLOCK, cases[i].part);
        }
}

static void levels_are_counted_as_the_kernel_does(void **state) {
        static const struct {
                uint64_t blocks;
                unsigned levels;
                uint64_t tree_blocks;
        } cases[] = {{1, 0, 0},
                     {2, 1, 1},
                     {128, 1, 1},
                     {129, 2, 3},
                     {16384, 2, 129},
                     {16385, 3, 1 + 2 + 129},
                     {1u << 21, 3, 16384 + 128 + 1},
                     {1ull << 51, 8, 0}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct verity_superblock sb;
                struct verity_layout l;

                verity_superblock_init(&sb);
                sb.data_blocks = cases[i].blocks;
                assert_ok(verity_layout_init(&l, &sb, 32, NULL), NULL);
                assert_int_equal(l.levels, cases[i].levels);
                if (cases[i].tree_blocks || !l.levels)
                        assert_int_equal(l.size, cases[i].tree_blocks * 4096);
                if (l.levels)
                        assert_int_equal(l.level[l.levels - 1].offset, 0);
        }
}

/* A column as a number. */
static uint64_t number(char **line) {
        uint64_t n;

        assert_true(hcs_str_to_u64(strsep(line, "\t"), &n));
        return n;
}

/* False: this system has no such hash. */
static bool check_root(char *line) {
        uint64_t size = number(&line);
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *data = make_data(size);
        struct verity_superblock sb = {.hash_type = (uint32_t)number(&line)};
        struct verity_root root;
        struct hcs_error *err = NULL;
        const char *salt;

        sb.data_block_size = (uint32_t)number(&line);
        sb.hash_block_size = (uint32_t)number(&line);
        strcpy(sb.algorithm, strsep(&line, "\t"));
        salt = strsep(&line, "\t");
        sb.salt_size = hcs_streq(salt, "-") ? 0 : (uint32_t)strlen(salt) / 2;
        assert_true(sb.salt_size == 0 || hcs_hex_parse(salt, sb.salt, sb.salt_size));
        assert_ok(verity_set_size(&sb, size, &err), err);
        for (unsigned threads = 0; threads < 5; threads += 2) {
                const struct verity_options o = {.threads = threads};

                HRESULT hr = verity_root_of(&sb, data, &o, &root, &err);

                if (hr == VERITY_E_ALGORITHM) {
                        hcs_error_free(err);
                        return false;
                }
                assert_ok(hr, err);
                assert_root(&root, line);
        }
        return true;
}

static void root_hashes_are_those_of_veritysetup(void **state) {
        _cleanup_free_ char *text = hcs_test_fixture("verity/roots.tsv", NULL);
        char *rest = text, *line;
        unsigned rows = 0, hashed = 0;

        strsep(&rest, "\n");
        for (; (line = strsep(&rest, "\n")) && *line; rows++)
                hashed += check_root(line);
        assert_int_equal(rows, 16);
        assert_true(hashed == 16 || hashed == 12); /* Windows has SHA-1 and most of SHA-2 only */
}

static void no_data_and_a_part_of_a_block_are_refused(void **state) {
        struct verity_superblock sb;
        struct hcs_error *err = NULL;

        verity_superblock_init(&sb);
        assert_refused(verity_set_size(&sb, 0, &err), &err, VERITY_E_SIZE, "there is no data");
        assert_refused(verity_set_size(&sb, 8193, &err), &err, VERITY_E_SIZE, "8193 bytes are no multiple of 4096");
}

static void an_unknown_hash_is_refused_by_name(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *data = make_data(8192);
        struct verity_superblock sb;
        struct verity_root root;
        struct hcs_error *err = NULL;

        verity_superblock_init(&sb);
        strcpy(sb.algorithm, "whirlpool");
        sb.data_blocks = 2;
        assert_refused(verity_root_of(&sb, data, NULL, &root, &err), &err, VERITY_E_ALGORITHM, "`whirlpool`");
}

/* 300 blocks, so two levels: hash blocks 0 to 2 of level 0 behind the one of level 1. */
#define BLOCKS 300u

struct image {
        struct hcs_data_file *file;
        struct verity_superblock sb;
        struct verity_root root;
        uint64_t tree;
};

static struct image make_image(void) {
        struct image i = {.file = make_data(BLOCKS * VERITY_BLOCK)};
        uint64_t end, size;

        verity_superblock_init(&i.sb);
        assert_ok(verity_set_size(&i.sb, BLOCKS * VERITY_BLOCK, NULL), NULL);
        assert_ok(verity_write(&i.sb, i.file, i.file, BLOCKS * VERITY_BLOCK, NULL, &i.root, &end, NULL), NULL);
        assert_int_equal(end, (BLOCKS + 1 + 1 + 3) * VERITY_BLOCK);
        assert_ok(hcs_data_file_size(i.file, &size, NULL), NULL);
        assert_int_equal(size, end);
        assert_ok(verity_read(i.file, BLOCKS * VERITY_BLOCK, &i.sb, &i.tree, NULL), NULL);
        return i;
}

static void what_is_appended_is_read_and_verifies(void **state) {
        struct image i = make_image();
        struct verity_root root;

        assert_int_equal(i.sb.data_blocks, BLOCKS);
        assert_int_equal(i.tree, (BLOCKS + 1) * VERITY_BLOCK);
        assert_ok(verity_read_root(&i.sb, i.file, i.file, i.tree, &root, NULL), NULL);
        assert_memory_equal(&root, &i.root, sizeof(root));
        assert_ok(verity_root_of(&i.sb, i.file, NULL, &root, NULL), NULL);
        assert_memory_equal(&root, &i.root, sizeof(root));
        assert_ok(verity_verify(&i.sb, i.file, i.file, i.tree, &i.root, NULL, NULL), NULL);
        hcs_data_file_close(i.file);
}

static void the_first_block_that_differs_is_named(void **state) {
        static const struct {
                uint64_t first, second; /* bytes that are changed, from the beginning of the file */
                const char *part;
        } cases[] = {
                {5 * 4096, 299 * 4096 + 4095, "data block 5 (at byte 20480)"},
                {299 * 4096, 250 * 4096 + 1, "data block 250 (at byte 1024000)"},
                {0, 299 * 4096, "data block 0 (at byte 0)"},
                {301 * 4096, 0, "the top of the tree is not what the root hash says"},
                {304 * 4096 + 100, 7, "hash block 2 of level 0 (at byte 1245184)"},
                {302 * 4096 + 4000, 304 * 4096, "hash block 0 of level 0 (at byte 1236992)"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++)
                for (unsigned threads = 1; threads < 8; threads += 3) {
                        struct image image = make_image();
                        const struct verity_options o = {.threads = threads};
                        struct hcs_error *err = NULL;

                        flip(image.file, cases[i].first);
                        flip(image.file, cases[i].second);
                        assert_refused(
                                verity_verify(&image.sb, image.file, image.file, image.tree, &image.root, &o, &err),
                                &err, VERITY_E_MISMATCH, cases[i].part);
                        hcs_data_file_close(image.file);
                }
}

static void another_root_hash_is_a_mismatch_and_one_of_another_length_an_error(void **state) {
        struct image i = make_image();
        struct hcs_error *err = NULL;

        i.root.bytes[31] ^= 1;
        assert_refused(verity_verify(&i.sb, i.file, i.file, i.tree, &i.root, NULL, &err), &err, VERITY_E_MISMATCH,
                       "it makes");
        i.root.size = 20;
        assert_refused(verity_verify(&i.sb, i.file, i.file, i.tree, &i.root, NULL, &err), &err, E_INVALIDARG,
                       "20 bytes");
        hcs_data_file_close(i.file);
}

static void data_where_no_digest_is_is_a_mismatch(void **state) {
        struct image i = make_image();
        struct verity_root root;
        struct hcs_error *err = NULL;

        /* The top block has three digests. The root hash of what it becomes is right; cryptsetup refuses it still. */
        flip(i.file, i.tree + 4000);
        assert_ok(verity_read_root(&i.sb, i.file, i.file, i.tree, &root, NULL), NULL);
        assert_refused(verity_verify(&i.sb, i.file, i.file, i.tree, &root, NULL, &err), &err, VERITY_E_MISMATCH,
                       "hash block 0 of level 1 has data where there is no digest");
        hcs_data_file_close(i.file);
}

static void a_truncated_file_is_told_before_anything_is_hashed(void **state) {
        struct image i = make_image();
        struct verity_superblock sb;
        struct verity_root root;
        uint64_t tree;
        struct hcs_error *err = NULL;

        assert_ok(hcs_data_file_resize(i.file, 304 * 4096 + 1, NULL), NULL);
        assert_refused(verity_verify(&i.sb, i.file, i.file, i.tree, &i.root, NULL, &err), &err, VERITY_E_EOF,
                       "the tree would end at 1249280");
        i.sb.data_blocks = 1ull << 50;
        assert_refused(verity_verify(&i.sb, i.file, i.file, i.tree, &i.root, NULL, &err), &err, VERITY_E_EOF,
                       "the tree would end at");
        assert_refused(verity_root_of(&i.sb, i.file, NULL, &root, &err), &err, VERITY_E_EOF, "the data would end at");
        assert_ok(hcs_data_file_resize(i.file, 300 * 4096 + 511, NULL), NULL);
        assert_refused(verity_read(i.file, 300 * 4096, &sb, &tree, &err), &err, VERITY_E_EOF,
                       "failed to read dm-verity super block");
        hcs_data_file_close(i.file);
}

static void one_block_is_its_own_root(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = make_data(4096);
        struct verity_superblock sb;
        struct verity_root root, read;
        uint64_t end, tree;
        struct hcs_error *err = NULL;

        verity_superblock_init(&sb);
        assert_ok(verity_set_size(&sb, 4096, NULL), NULL);
        assert_ok(verity_write(&sb, f, f, 4096, NULL, &root, &end, NULL), NULL);
        assert_int_equal(end, 8192);
        assert_ok(verity_read(f, 4096, &sb, &tree, NULL), NULL);
        assert_ok(verity_read_root(&sb, f, f, tree, &read, NULL), NULL);
        assert_memory_equal(&read, &root, sizeof(root));
        assert_ok(verity_verify(&sb, f, f, tree, &root, NULL, NULL), NULL);
        flip(f, 77);
        assert_refused(verity_verify(&sb, f, f, tree, &root, NULL, &err), &err, VERITY_E_MISMATCH,
                       "the only data block");
}

static void a_text_that_is_no_root_hash_is_refused(void **state) {
        static const char *const texts[] = {"", "a", "0g", "abc", "0x12"};
        char too_long[2 * VERITY_MAX_DIGEST + 3];
        struct verity_root root;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(texts); i++)
                assert_hresult(verity_root_parse(texts[i], &root, NULL), E_INVALIDARG);
        memset(too_long, 'a', sizeof(too_long) - 1);
        too_long[sizeof(too_long) - 1] = '\0';
        assert_hresult(verity_root_parse(too_long, &root, NULL), E_INVALIDARG);
        assert_ok(verity_root_parse("00Ff", &root, NULL), NULL);
        assert_root(&root, "00ff");
}

HCS_TESTS(cmocka_unit_test(a_superblock_prints_and_parses_to_the_same),
          cmocka_unit_test(a_superblock_that_cannot_be_is_refused_by_field),
          cmocka_unit_test(levels_are_counted_as_the_kernel_does),
          cmocka_unit_test(root_hashes_are_those_of_veritysetup),
          cmocka_unit_test(no_data_and_a_part_of_a_block_are_refused),
          cmocka_unit_test(an_unknown_hash_is_refused_by_name), cmocka_unit_test(what_is_appended_is_read_and_verifies),
          cmocka_unit_test(the_first_block_that_differs_is_named),
          cmocka_unit_test(another_root_hash_is_a_mismatch_and_one_of_another_length_an_error),
          cmocka_unit_test(data_where_no_digest_is_is_a_mismatch),
          cmocka_unit_test(a_truncated_file_is_told_before_anything_is_hashed),
          cmocka_unit_test(one_block_is_its_own_root), cmocka_unit_test(a_text_that_is_no_root_hash_is_refused))
