/* SPDX-License-Identifier: MIT */

/* What the reader makes of what the writer wrote, and of images in which a few bytes are others. */

#include <stdio.h>

#include "base/str.h"
#include "ext4/read/attributes.h"
#include "ext4/read/path.h"
#include "ext4/read/walk.h"
#include "ext4/test/make.h"

struct fixture {
        struct hcs_data_file *file;
        struct ext4_image *image;
        char big[100000];
};

static const char long_link[] = "a/link/target/that/is/longer/than/the/sixty/bytes/that/are/in/the/inode";

static void make_all(struct hcs_buf *tar) {
        struct fixture *f = NULL;
        _cleanup_buf_ struct hcs_buf pax = {0};
        char big[sizeof(f->big)], value[200];

        for (size_t i = 0; i < sizeof(big); i++)
                big[i] = (char)(i * 7 + i / 4096);
        memset(value, 'v', sizeof(value));
        make_entry(tar, '5', "dir/", NULL, NULL, 0);
        make_record(&pax, "mtime", "1600000000.000000007", 20);
        make_record(&pax, "SCHILY.xattr.user.short", "s", 1);
        make_record(&pax, "SCHILY.xattr.user.long", value, sizeof(value));
        make_record(&pax, "uid", "4000000000", 10);
        make_pax(tar, &pax);
        make_entry(tar, '0', "dir/file", NULL, "hello", 5);
        make_entry(tar, '0', "big", NULL, big, sizeof(big));
        make_entry(tar, '0', "empty", NULL, NULL, 0);
        make_entry(tar, '2', "short", "dir/file", NULL, 0);
        make_entry(tar, '2', "long", long_link, NULL, 0);
        make_entry(tar, '2', "up", "/dir/../../dir", NULL, 0);
        make_entry(tar, '2', "loop", "loop", NULL, 0);
        make_entry(tar, '1', "hard", "dir/file", NULL, 0);
        make_entry(tar, '6', "fifo", NULL, NULL, 0);
        make_end(tar);
}

static int set_up_with(void **state, const struct ext4_convert_options *options) {
        struct fixture *f = hcs_calloc(1, sizeof(*f));
        _cleanup_buf_ struct hcs_buf tar = {0};

        make_all(&tar);
        for (size_t i = 0; i < sizeof(f->big); i++)
                f->big[i] = (char)(i * 7 + i / 4096);
        assert_ok(make_image(&tar, options, &f->file, NULL), NULL);
        assert_ok(ext4_image_open(f->file, &f->image, NULL), NULL);
        *state = f;
        return 0;
}

static int set_up(void **state) {
        return set_up_with(state, NULL);
}

static int set_up_inline(void **state) {
        return set_up_with(state, &(struct ext4_convert_options){.writer.inline_data = true});
}

static int tear_down(void **state) {
        struct fixture *f = *state;

        ext4_image_free(f->image);
        hcs_data_file_close(f->file);
        free(f);
        return 0;
}

static struct ext4_inode find(struct fixture *f, const char *path, bool follow) {
        struct hcs_error *err = NULL;
        struct ext4_inode node = {0};

        assert_ok(ext4_path_find(f->image, path, follow, &node, &err), err);
        return node;
}

static void a_file_has_its_fields_content_and_attributes(void **state) {
        struct ext4_inode node = find(*state, "/dir/file", false);
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set set = {0};
        struct fixture *f = *state;
        char text[16];
        size_t n;

        assert_int_equal(node.mode, EXT4_REG | 0644);
        assert_int_equal(node.uid, 4000000000);
        assert_int_equal(node.links, 2);
        assert_int_equal(node.mtime.seconds, 1600000000);
        assert_int_equal(node.mtime.nanoseconds, 7);
        assert_ok(ext4_content_read(f->image, &node, 0, text, sizeof(text), &n, NULL), NULL);
        assert_int_equal(n, 5);
        assert_memory_equal(text, "hello", 5);
        assert_ok(ext4_attributes_read(f->image, &node, &set, NULL), NULL);
        assert_int_equal(set.n, 2);
        assert_string_equal(set.list[0].name, "user.long");
        assert_int_equal(set.list[0].len, 200);
        assert_string_equal(set.list[1].name, "user.short");
}

static void content_is_read_at_any_place(void **state) {
        static const size_t places[] = {0, 1, 4095, 4096, 50001, 99999, 100000, 100001};
        struct ext4_inode node = find(*state, "big", false);
        struct fixture *f = *state;
        static char data[sizeof(f->big) + 1];

        for (size_t i = 0; i < HCS_ARRAY_SIZE(places); i++) {
                size_t n, expected = places[i] < sizeof(f->big) ? sizeof(f->big) - places[i] : 0;

                assert_ok(ext4_content_read(f->image, &node, places[i], data, sizeof(data), &n, NULL), NULL);
                assert_int_equal(n, expected);
                assert_memory_equal(data, f->big + sizeof(f->big) - expected, expected);
        }
}

static void links_lead_where_they_say_and_never_above_the_root(void **state) {
        struct fixture *f = *state;
        _cleanup_buf_ struct hcs_buf target = {0};
        struct ext4_inode node = find(f, "long", false);

        assert_ok(ext4_link_target(f->image, &node, &target, NULL), NULL);
        assert_string_equal(target.data, long_link);
        assert_int_equal(find(f, "short", true).number, find(f, "/dir/file", false).number);
        assert_int_equal(find(f, "hard", true).number, find(f, "//dir/./file", false).number);
        assert_int_equal(find(f, "/up/file", false).number, find(f, "../../dir/../dir/file", false).number);
        assert_int_equal(ext4_inode_type(&(struct ext4_inode){.mode = find(f, "up", false).mode}), EXT4_LNK);
}

static void a_path_that_leads_nowhere_is_refused(void **state) {
        static const struct {
                const char *path;
                HRESULT hr;
        } cases[] = {{"nothing", EXT4_E_NO_FILE},   {"dir/nothing/x", EXT4_E_NO_FILE}, {"dir/file/x", EXT4_E_NO_PATH},
                     {"dir/file/", EXT4_E_NO_PATH}, {"big/..", EXT4_E_NO_PATH},        {"loop/x", EXT4_E_LINK_LOOP}};
        struct fixture *f = *state;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct hcs_error *err = NULL;
                struct ext4_inode node;

                assert_hresult(ext4_path_find(f->image, cases[i].path, true, &node, &err), cases[i].hr);
                assert_says(&err, cases[i].path);
        }
}

struct seen {
        struct hcs_buf paths;
        unsigned troubles;
        char trouble[400];
};

static HRESULT note(void *ctx, const char *path, const char *name, const struct ext4_inode *node,
                    struct hcs_error **err) {
        hcs_buf_printf(&((struct seen *)ctx)->paths, "%s ", path);
        return S_OK;
}

static void note_trouble(void *ctx, const char *path, struct hcs_error *e) {
        struct seen *s = ctx;

        s->troubles++;
        snprintf(s->trouble, sizeof(s->trouble), "%s", hcs_error_message(e));
        hcs_error_free(e);
}

static void walk(struct ext4_image *image, struct seen *s) {
        const struct ext4_visitor v = {.visit = note, .trouble = note_trouble, .ctx = s};
        struct ext4_inode root;

        assert_ok(ext4_path_find(image, "/", false, &root, NULL), NULL);
        assert_ok(ext4_walk(image, &root, "", &v, NULL), NULL);
}

static void a_walk_visits_all_by_name_and_depth_first(void **state) {
        struct fixture *f = *state;
        struct seen s = {0};

        walk(f->image, &s);
        assert_int_equal(s.troubles, 0);
        assert_string_equal(s.paths.data, "/big /dir /dir/file /empty /fifo /hard /long /loop /lost+found /short /up ");
        hcs_buf_deinit(&s.paths);
}

/* ---- images that lie ---- */

static void patch(struct fixture *f, uint64_t offset, const void *data, size_t n) {
        assert_ok(hcs_data_file_write_at(f->file, offset, data, n, NULL), NULL);
}

/* Where an inode is in the file: the group descriptor says where the table begins. */
static uint64_t inode_offset(struct fixture *f, uint32_t ino) {
        uint8_t descriptor[EXT4_DESCRIPTOR];
        size_t n;

        assert_ok(hcs_data_file_read_at(f->file, EXT4_BLOCK, descriptor, sizeof(descriptor), &n, NULL), NULL);
        return (uint64_t)ext4_get32(descriptor + 8) * EXT4_BLOCK + (uint64_t)(ino - 1) * EXT4_INODE;
}

static void reopen(struct fixture *f) {
        ext4_image_free(f->image);
        f->image = NULL;
        assert_ok(ext4_image_open(f->file, &f->image, NULL), NULL);
}

static void a_bad_superblock_is_refused_and_says_why(void **state) {
        static const struct {
                uint64_t offset;
                uint8_t bytes[4];
                size_t n;
                HRESULT hr;
                const char *text;
        } cases[] = {
                {0x38, {0}, 2, EXT4_E_NO_IMAGE, "no ext4 file system"},
                {0x60, {0x46}, 1, EXT4_E_UNSUPPORTED, "recovery"},
                {0x62, {1}, 1, EXT4_E_UNSUPPORTED, "encryption"},
                {0x63, {0x80}, 1, EXT4_E_UNSUPPORTED, "0x80000000"},
                {0x18, {6}, 1, EXT4_E_UNSUPPORTED, "blocks of"},
                {0x58, {3, 0}, 2, EXT4_E_CORRUPT, "size of inodes"},
                {0x58, {0, 0x20}, 2, EXT4_E_CORRUPT, "size of inodes"},
                {0x14, {1}, 1, EXT4_E_CORRUPT, "first data block"},
                {0x04, {0, 0, 0, 0}, 4, EXT4_E_CORRUPT, "number of blocks"},
                {0x20, {0, 0, 0, 0}, 4, EXT4_E_CORRUPT, "size of groups"},
                {0x28, {0, 0, 0, 0}, 4, EXT4_E_CORRUPT, "size of groups"},
                {0x00, {0xff, 0xff, 0xff, 0xff}, 4, EXT4_E_CORRUPT, "number of inodes"},
        };
        struct fixture *f = *state;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                uint64_t at = EXT4_SUPER_OFFSET + cases[i].offset;
                struct ext4_image *image;
                struct hcs_error *err = NULL;
                uint8_t before[4];
                size_t n;

                assert_ok(hcs_data_file_read_at(f->file, at, before, cases[i].n, &n, NULL), NULL);
                patch(f, at, cases[i].bytes, cases[i].n);
                assert_hresult(ext4_image_open(f->file, &image, &err), cases[i].hr);
                assert_says(&err, cases[i].text);
                patch(f, at, before, cases[i].n);
        }
        reopen(f);
}

static void a_directory_inside_itself_is_told_and_not_entered(void **state) {
        struct fixture *f = *state;
        struct ext4_inode dir = find(f, "dir", false), file = find(f, "dir/file", false);
        struct seen s = {0};
        struct ext4_piece piece;
        uint8_t block[EXT4_BLOCK], number[4];
        size_t n, at = 0;

        assert_ok(ext4_content_piece(f->image, &dir, 0, &piece, NULL), NULL);
        assert_ok(hcs_data_file_read_at(f->file, piece.offset, block, sizeof(block), &n, NULL), NULL);
        while (ext4_get32(block + at) != file.number)
                at += ext4_get16(block + at + 4);
        ext4_put32(number, dir.number);
        patch(f, piece.offset + at, number, sizeof(number));
        reopen(f);
        walk(f->image, &s);
        assert_int_equal(s.troubles, 1);
        assert_non_null(strstr(s.trouble, "in more than one place"));
        assert_non_null(strstr(s.paths.data, "/dir/file /empty"));
        hcs_buf_deinit(&s.paths);
}

/* Changes bytes of an inode, and what a walk or a reading of it then says. */
static void expect_refusal(struct fixture *f, const char *path, uint64_t field, const uint8_t *bytes, size_t n,
                           const char *text) {
        struct ext4_inode node = find(f, path, false);
        uint64_t at = inode_offset(f, node.number) + field;
        _cleanup_buf_ struct hcs_buf target = {0};
        struct hcs_error *err = NULL;
        uint8_t before[16];
        char data[64];
        HRESULT hr;
        size_t got;

        assert_ok(hcs_data_file_read_at(f->file, at, before, n, &got, NULL), NULL);
        patch(f, at, bytes, n);
        reopen(f);
        hr = ext4_inode_read(f->image, node.number, &node, &err);
        if (SUCCEEDED(hr) && ext4_inode_type(&node) == EXT4_LNK)
                hr = ext4_link_target(f->image, &node, &target, &err);
        else if (SUCCEEDED(hr))
                hr = ext4_content_read(f->image, &node, 0, data, sizeof(data), &got, &err);
        assert_true(FAILED(hr));
        assert_says(&err, text);
        patch(f, at, before, n);
        reopen(f);
}

static void a_bad_inode_is_refused_and_named(void **state) {
        static const uint8_t zeros[8], ones[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
        struct fixture *f = *state;

        expect_refusal(f, "big", 0, zeros, 2, "is not in use");
        expect_refusal(f, "big", 0, ones, 2, "no such type");
        expect_refusal(f, "big", 0x6c, ones, 4, "impossible size");
        expect_refusal(f, "big", 0x80, ones, 2, "extra fields");
        expect_refusal(f, "big", 0x20, zeros, 4, "block map of ext2 or ext3");
        expect_refusal(f, "big", 0x28, zeros, 2, "no magic number");
        expect_refusal(f, "big", 0x2a, ones, 2, "more entries than there is room for");
        expect_refusal(f, "big", 0x2e, ones, 2, "too deep");
        expect_refusal(f, "big", 0x2e, (const uint8_t[]){1, 0}, 2, "blocks that the file system does not have");
        expect_refusal(f, "big", 0x38, zeros, 2, "overlapping, empty, or out of order");
        expect_refusal(f, "big", 0x3c, ones, 4, "blocks that the file system does not have");
        expect_refusal(f, "big", 0x3c, zeros, 4, "blocks that the file system does not have");
        expect_refusal(f, "short", 0x04, ones, 1, "a symbolic link of 255 bytes");
        expect_refusal(f, "short", 0x29, zeros, 1, "a NUL in it");
}

static void bad_attributes_are_refused_and_named(void **state) {
        static const struct {
                size_t offset;
                uint8_t bytes[4];
                const char *text;
        } cases[] = {
                {32 + 0, {255}, "a name with a NUL in it"},
                {32 + 1, {99}, "an unknown prefix"},
                {32 + 2, {0xff, 0xff}, "a value that does not fit"},
                {32 + 4, {1, 0, 0, 0}, "an inode of its own"},
                {32 + 8, {0xff, 0xff, 0xff, 0xff}, "a value that does not fit"},
                {0, {0, 0, 0, 0}, "no magic number"},
        };
        struct fixture *f = *state;
        struct ext4_inode node = find(f, "dir/file", false);
        uint64_t block = node.xattr_block * EXT4_BLOCK;

        assert_true(block > 0);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set set = {0};
                struct hcs_error *err = NULL;
                uint8_t before[4];
                size_t n = i == 0 || i == 1 ? 1 : i == 2 ? 2 : 4, got;

                assert_ok(hcs_data_file_read_at(f->file, block + cases[i].offset, before, n, &got, NULL), NULL);
                patch(f, block + cases[i].offset, cases[i].bytes, n);
                reopen(f);
                assert_hresult(ext4_attributes_read(f->image, &node, &set, &err), EXT4_E_CORRUPT);
                assert_says(&err, cases[i].text);
                patch(f, block + cases[i].offset, before, n);
        }
}

static void bad_entries_of_a_directory_are_refused(void **state) {
        static const struct {
                size_t offset;
                uint8_t bytes[2];
                size_t n;
                const char *text;
        } cases[] = {
                {4, {0, 0}, 2, "impossible length"},  {4, {0xff, 0xff}, 2, "impossible length"},
                {4, {13, 0}, 2, "impossible length"}, {6, {255}, 1, "impossible length"},
                {6, {0}, 1, "impossible name"},       {8, {'/'}, 1, "impossible name"},
        };
        struct fixture *f = *state;
        struct ext4_inode dir = find(f, "dir", false);
        struct ext4_piece piece;

        assert_ok(ext4_content_piece(f->image, &dir, 0, &piece, NULL), NULL);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                uint64_t at = piece.offset + 24 + cases[i].offset; /* behind "." and ".." */
                struct hcs_error *err = NULL;
                uint8_t before[2];
                uint32_t ino;
                size_t got;

                assert_ok(hcs_data_file_read_at(f->file, at, before, cases[i].n, &got, NULL), NULL);
                patch(f, at, cases[i].bytes, cases[i].n);
                assert_hresult(ext4_directory_find(f->image, &dir, "nothing", 7, &ino, &err), EXT4_E_CORRUPT);
                assert_says(&err, cases[i].text);
                patch(f, at, before, cases[i].n);
        }
}

static void an_image_that_was_cut_off_gives_what_is_there(void **state) {
        struct fixture *f = *state;
        struct ext4_inode node = find(f, "big", false);
        struct hcs_error *err = NULL;
        struct ext4_piece piece;
        char data[8192];
        size_t n;

        assert_ok(ext4_content_piece(f->image, &node, 0, &piece, NULL), NULL);
        assert_ok(hcs_data_file_resize(f->file, piece.offset + 5000, NULL), NULL);
        assert_ok(ext4_content_read(f->image, &node, 0, data, 5000, &n, NULL), NULL);
        assert_int_equal(n, 5000);
        assert_hresult(ext4_content_read(f->image, &node, 0, data, sizeof(data), &n, &err), EXT4_E_CORRUPT);
        assert_says(&err, "at byte 5000 is behind the end");
        reopen(f);
        assert_hresult(ext4_path_find(f->image, "/", false, &node, &err), EXT4_E_CORRUPT);
        assert_says(&err, "cut off");
}

static void what_follows_the_file_system_does_not_count(void **state) {
        struct fixture *f = *state;
        uint64_t size = ext4_image_size(f->image);

        patch(f, size, "conectix", 8);
        reopen(f);
        assert_int_equal(ext4_image_size(f->image), size);
        find(f, "dir/file", false);
}

#define WITH(name, set) cmocka_unit_test_setup_teardown(name, set, tear_down)

HCS_TESTS(WITH(a_file_has_its_fields_content_and_attributes, set_up), WITH(content_is_read_at_any_place, set_up),
          WITH(links_lead_where_they_say_and_never_above_the_root, set_up),
          WITH(a_path_that_leads_nowhere_is_refused, set_up), WITH(a_walk_visits_all_by_name_and_depth_first, set_up),
          WITH(a_walk_visits_all_by_name_and_depth_first, set_up_inline),
          WITH(a_file_has_its_fields_content_and_attributes, set_up_inline),
          WITH(a_bad_superblock_is_refused_and_says_why, set_up),
          WITH(a_directory_inside_itself_is_told_and_not_entered, set_up),
          WITH(a_bad_inode_is_refused_and_named, set_up), WITH(bad_attributes_are_refused_and_named, set_up),
          WITH(bad_entries_of_a_directory_are_refused, set_up),
          WITH(an_image_that_was_cut_off_gives_what_is_there, set_up),
          WITH(what_follows_the_file_system_does_not_count, set_up))
