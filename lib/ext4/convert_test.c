/* SPDX-License-Identifier: MIT */

/* Archives that are cut off, odd or hostile: the error names the entry and where it is, or the image is sound. */

#include "ext4/convert.h"

#include <stdio.h>

#include "ext4/read/path.h"
#include "ext4/read/walk.h"
#include "ext4/tar/reader.h"
#include "ext4/test/make.h"

static void refuse(const struct hcs_buf *tar, HRESULT expected, const char *text) {
        struct hcs_data_file *image;
        struct hcs_error *err = NULL;
        HRESULT hr = make_image(tar, NULL, &image, &err);

        if (SUCCEEDED(hr)) {
                print_error("no refusal `%s'\n", text);
                fail();
        }
        assert_says(&err, text);
        assert_hresult(hr, expected);
}

static HRESULT count(void *ctx, const char *path, const char *name, const struct ext4_inode *node,
                     struct hcs_error **err) {
        ++*(unsigned *)ctx;
        return S_OK;
}

static void no_trouble(void *ctx, const char *path, struct hcs_error *e) {
        print_error("%s: %s\n", path, hcs_error_message(e));
        hcs_error_free(e);
        fail();
}

/* The mode of a path in the image, 0 when it is not there. *ret_n: how many names there are besides lost+found. */
static uint32_t look(const struct hcs_buf *tar, const char *path, unsigned *ret_n) {
        unsigned n = 0;
        const struct ext4_visitor v = {.visit = count, .trouble = no_trouble, .ctx = &n};
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *file = NULL;
        _cleanup_(ext4_image_freep) struct ext4_image *image = NULL;
        struct ext4_inode root, node = {0};
        struct hcs_error *err = NULL;

        assert_ok(make_image(tar, NULL, &file, &err), err);
        assert_ok(ext4_image_open(file, &image, NULL), NULL);
        assert_ok(ext4_path_find(image, "/", false, &root, NULL), NULL);
        assert_ok(ext4_walk(image, &root, "/", &v, NULL), NULL);
        *ret_n = n - 1;
        ext4_path_find(image, path, false, &node, NULL);
        return node.mode;
}

static void a_tar_cut_off_anywhere_is_refused_or_ends_at_an_entry(void **state) {
        _cleanup_buf_ struct hcs_buf tar = {0}, pax = {0};
        char data[3000] = "content";
        unsigned taken = 0;

        make_entry(&tar, '5', "dir/", NULL, NULL, 0);
        make_record(&pax, "path", "dir/file", 8);
        make_pax(&tar, &pax);
        make_entry(&tar, '0', "x", NULL, data, sizeof(data));
        make_entry(&tar, '2', "link", "dir/file", NULL, 0);
        make_entry(&tar, '1', "hard", "dir/file", NULL, 0);
        make_end(&tar);
        for (size_t cut = 0; cut <= tar.len; cut += cut % 512 == 0 ? 511 : 1) {
                _cleanup_buf_ struct hcs_buf part = {0};
                struct hcs_data_file *image = NULL;
                struct hcs_error *err = NULL;
                HRESULT hr;

                hcs_buf_append(&part, tar.data, cut);
                hr = make_image(&part, NULL, &image, &err);
                if (SUCCEEDED(hr)) {
                        taken++;
                } else {
                        assert_hresult(hr, TAR_E_EOF);
                        assert_int_equal(strncmp(hcs_error_message(err), "entry ", 6), 0);
                        assert_says(&err, "unexpected EOF at offset");
                }
                hcs_data_file_close(image);
        }
        /*
         * As archive/tar has it, an archive may end behind any entry, an extended header too, and of the last padding
         * bytes may be missing: at 0, 512, 1535, 1536, 5119, 5120, 5632, 6144, and behind each block of zeros.
         */
        assert_int_equal(taken, 10);
}

static void no_path_leads_out_of_the_image(void **state) {
        static const char *const paths[] = {"../../a", "/../a", "/a", "./a", "x/../../a", "//a", "a/."};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(paths); i++) {
                _cleanup_buf_ struct hcs_buf tar = {0};
                unsigned n;

                make_entry(&tar, '0', paths[i], NULL, "x", 1);
                make_end(&tar);
                assert_int_equal(look(&tar, "/a", &n), EXT4_REG | 0644);
                assert_int_equal(n, 1);
        }
}

static void links_are_kept_and_never_followed(void **state) {
        _cleanup_buf_ struct hcs_buf tar = {0}, below = {0};
        unsigned n;

        make_entry(&tar, '2', "a", "b", NULL, 0);
        make_entry(&tar, '2', "b", "a", NULL, 0);
        make_entry(&tar, '2', "self", "self", NULL, 0);
        make_entry(&tar, '2', "out", "../../../etc/passwd", NULL, 0);
        make_end(&tar);
        assert_int_equal(look(&tar, "/out", &n), EXT4_LNK | 0777);
        assert_int_equal(n, 4);
        make_entry(&below, '2', "link", "/", NULL, 0);
        make_entry(&below, '0', "link/file", NULL, NULL, 0);
        refuse(&below, EXT4_E_NO_PATH, "entry 2 `link/file` at offset 512: link/file: path not found");
}

static void hard_links_to_nothing_to_themselves_and_to_directories_are_refused(void **state) {
        static const struct {
                const char *name, *target;
                HRESULT hr;
                const char *text;
        } cases[] = {
                {"link", "link", EXT4_E_NO_FILE, "entry 2 `link` at offset 512: link: file not found"},
                {"link", "nothing", EXT4_E_NO_FILE, "entry 2 `link` at offset 512: nothing: file not found"},
                {"link", "dir", EXT4_E_IS_DIRECTORY, "link target cannot be a directory: dir"},
                {"dir", "dir", EXT4_E_EXISTS, "cannot orphan existing file or directory"},
                {"link", "../..", EXT4_E_IS_DIRECTORY, "link target cannot be a directory"},
                {"..", "dir", EXT4_E_EXISTS, "cannot orphan existing file or directory"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_buf_ struct hcs_buf tar = {0};

                make_entry(&tar, '5', "dir", NULL, NULL, 0);
                make_entry(&tar, '1', cases[i].name, cases[i].target, NULL, 0);
                make_end(&tar);
                refuse(&tar, cases[i].hr, cases[i].text);
        }
}

static void entries_below_a_file_are_refused(void **state) {
        _cleanup_buf_ struct hcs_buf tar = {0};

        make_entry(&tar, '0', "file", NULL, "x", 1);
        make_entry(&tar, '0', "file/a/b", NULL, "x", 1);
        make_end(&tar);
        refuse(&tar, EXT4_E_NO_PATH, "entry 2 `file/a/b` at offset 1024: failed to ensure parent directories");
}

static void names_in_messages_cannot_steer_a_terminal(void **state) {
        _cleanup_buf_ struct hcs_buf tar = {0}, broken = {0};

        make_entry(&tar, '1', "a\x1b[2J\n\xff", "gone", NULL, 0);
        make_end(&tar);
        refuse(&tar, EXT4_E_NO_FILE, "entry 1 `a\\033[2J\\012\\377` at offset 0: gone: file not found");
        make_entry(&broken, '0', "\x1b", NULL, NULL, 0);
        hcs_buf_append(&broken, "no header", 9);
        refuse(&broken, TAR_E_EOF, "entry 2 behind \\033: unexpected EOF at offset 521");
}

static void absurd_sizes_are_refused_before_anything_is_made_for_them(void **state) {
        static const struct {
                int64_t size;
                HRESULT hr;
                const char *text;
        } cases[] = {
                {-1, TAR_E_HEADER, "invalid tar header at offset 0: negative size"},
                {INT64_MIN, TAR_E_HEADER, "invalid tar header at offset 0: negative size"},
                {INT64_MAX, EXT4_E_FILE_TOO_BIG, "entry 1 `huge` at offset 0: huge: file too big"},
                {EXT4_MAX_FILE + 1, EXT4_E_FILE_TOO_BIG, "file too big: 137438953473 > 137438953472"},
                {EXT4_MAX_FILE, TAR_E_EOF, "entry 1 `huge` at offset 0: unexpected EOF at offset"},
                {1 << 20, TAR_E_EOF, "entry 1 `huge` at offset 0: unexpected EOF at offset"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_buf_ struct hcs_buf tar = {0};

                make_entry_of_size(&tar, '0', "huge", cases[i].size, "x", 1);
                make_end(&tar);
                refuse(&tar, cases[i].hr, cases[i].text);
        }
}

static void a_sparse_file_may_be_large_but_not_larger_than_the_disk(void **state) {
        _cleanup_buf_ struct hcs_buf tar = {0}, pax = {0};

        make_record(&pax, "GNU.sparse.size", "100000000000", 12);
        make_record(&pax, "GNU.sparse.numblocks", "1", 1);
        make_record(&pax, "GNU.sparse.map", "0,0", 3);
        make_pax(&tar, &pax);
        make_entry(&tar, '0', "sparse", NULL, NULL, 0);
        make_end(&tar);
        refuse(&tar, EXT4_E_DISK_FULL, "disk exceeded maximum size of 17179869184 bytes");
}

static void long_names_are_refused_or_kept_as_whole(void **state) {
        static const struct {
                size_t len;
                bool deep, ok;
                const char *text;
        } cases[] = {{255, false, true, NULL},
                     {256, false, false, "invalid name"},
                     {65536, false, false, "invalid name"},
                     {65536, true, true, NULL},
                     {1 << 20, true, false, "the extended header at offset 0 is too long"}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_buf_ struct hcs_buf tar = {0}, name = {0};
                unsigned n;

                for (size_t k = 0; k < cases[i].len; k++)
                        hcs_buf_putc(&name, cases[i].deep && k % 2 ? '/' : 'n');
                hcs_buf_putc(&name, '\0');
                make_entry(&tar, 'L', "././@LongLink", NULL, name.data, name.len);
                make_entry(&tar, '5', "x", NULL, NULL, 0);
                make_end(&tar);
                if (cases[i].ok) {
                        assert_int_equal(look(&tar, name.data, &n), EXT4_DIR | 0755);
                        assert_int_equal(n, cases[i].deep ? cases[i].len / 2 : 1);
                } else {
                        refuse(&tar, i == 4 ? TAR_E_TOO_LONG : EXT4_E_NAME, cases[i].text);
                }
        }
}

static void a_hundred_thousand_entries_in_one_directory_are_kept(void **state) {
        _cleanup_buf_ struct hcs_buf tar = {0};
        unsigned n;

        for (unsigned i = 0; i < 100000; i++) {
                char name[32];

                snprintf(name, sizeof(name), "all/%06u", i);
                make_entry(&tar, '0', name, NULL, NULL, 0);
        }
        make_end(&tar);
        assert_int_equal(look(&tar, "/all/099999", &n), EXT4_REG | 0644);
        assert_int_equal(n, 100001);
}

struct changing {
        struct hcs_data_file *in;
        uint64_t size; /* that it gets */
        unsigned calls;
};

static void change_size(void *ctx, const struct ext4_progress *p) {
        struct changing *c = ctx;

        if (c->calls++ == 0)
                assert_ok(hcs_data_file_resize(c->in, c->size, NULL), NULL);
}

/* The input becomes shorter or longer while it is read, at the first report of progress. */
static void an_input_that_changes_while_it_is_read_is_refused_or_read_as_it_was(void **state) {
        static uint8_t data[1500000];
        _cleanup_buf_ struct hcs_buf tar = {0};

        for (int i = 0; i < 4; i++) {
                char name[8];

                snprintf(name, sizeof(name), "file%d", i);
                make_entry(&tar, '0', name, NULL, data, sizeof(data));
        }
        make_end(&tar);
        for (int longer = 0; longer < 2; longer++) {
                _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = make_file(tar.data, tar.len), *out = NULL;
                struct changing c = {in, longer ? 2 * tar.len : tar.len / 2, 0};
                const struct ext4_convert_options options = {.progress = change_size, .ctx = &c};
                struct hcs_error *err = NULL;
                uint64_t size;
                HRESULT hr;

                assert_ok(hcs_data_file_temporary(&out, NULL), NULL);
                hr = ext4_convert(in, out, &options, &size, &err);
                assert_true(c.calls > 0);
                if (longer) {
                        assert_ok(hr, err);
                } else {
                        assert_hresult(hr, TAR_E_EOF);
                        assert_says(&err, "unexpected EOF at offset");
                }
        }
}

static void attributes_that_do_not_fit_are_named(void **state) {
        static const char value[5000];
        _cleanup_buf_ struct hcs_buf tar = {0}, pax = {0};

        make_record(&pax, "SCHILY.xattr.user.large", value, sizeof(value));
        make_pax(&tar, &pax);
        make_entry(&tar, '0', "file", NULL, NULL, 0);
        make_end(&tar);
        refuse(&tar, EXT4_E_XATTR, "entry 1 `file` at offset 5632: file: could not fit xattr user.large");
}

HCS_TESTS(cmocka_unit_test(a_tar_cut_off_anywhere_is_refused_or_ends_at_an_entry),
          cmocka_unit_test(no_path_leads_out_of_the_image), cmocka_unit_test(links_are_kept_and_never_followed),
          cmocka_unit_test(hard_links_to_nothing_to_themselves_and_to_directories_are_refused),
          cmocka_unit_test(entries_below_a_file_are_refused),
          cmocka_unit_test(names_in_messages_cannot_steer_a_terminal),
          cmocka_unit_test(absurd_sizes_are_refused_before_anything_is_made_for_them),
          cmocka_unit_test(a_sparse_file_may_be_large_but_not_larger_than_the_disk),
          cmocka_unit_test(long_names_are_refused_or_kept_as_whole),
          cmocka_unit_test(a_hundred_thousand_entries_in_one_directory_are_kept),
          cmocka_unit_test(an_input_that_changes_while_it_is_read_is_refused_or_read_as_it_was),
          cmocka_unit_test(attributes_that_do_not_fit_are_named))
