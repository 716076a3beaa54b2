/* SPDX-License-Identifier: MIT */

/*
 * Whiteouts turned into overlayfs' form where they meet what is there already: as hcsshim has it, also where that is
 * a refusal.
 */

#include <string.h>

#include "ext4/convert.h"
#include "ext4/read/attributes.h"
#include "ext4/read/path.h"
#include "ext4/test/make.h"

struct part {
        char type;
        const char *name, *link, *content;
};

#define MAX_PARTS 4

static void make(const struct part *parts, struct hcs_buf *tar) {
        for (size_t i = 0; i < MAX_PARTS && parts[i].name; i++)
                make_entry(tar, parts[i].type, parts[i].name, parts[i].link, parts[i].content,
                           parts[i].content ? strlen(parts[i].content) : 0);
        make_end(tar);
}

static void whiteouts_that_cannot_be_are_refused(void **state) {
        static const struct {
                struct part parts[MAX_PARTS];
                bool inline_data;
                HRESULT hr;
                const char *text;
        } cases[] = {
                {{{'0', "d/.wh.", NULL, NULL}}, false, EXT4_E_EXISTS, "cannot replace a directory with a file"},
                {{{'0', "d/.wh..", NULL, NULL}}, false, EXT4_E_EXISTS, "cannot replace a directory with a file"},
                {{{'0', "d/.wh...", NULL, NULL}}, false, EXT4_E_EXISTS, "cannot replace a directory with a file"},
                {{{'0', ".wh.", NULL, NULL}}, false, EXT4_E_EXISTS, "cannot replace a directory with a file"},
                {{{'5', "d/x", NULL, NULL}, {'0', "d/.wh.x", NULL, NULL}},
                 false,
                 EXT4_E_EXISTS,
                 "cannot replace a directory with a file"},
                {{{'0', "x", NULL, "content"}, {'0', ".wh.x", NULL, NULL}},
                 false,
                 EXT4_E_EXISTS,
                 "cannot overwrite file with non-inline data"},
                {{{'0', "f", NULL, "content"}, {'0', "f/.wh..wh..opq", NULL, NULL}},
                 false,
                 EXT4_E_EXISTS,
                 "cannot overwrite file with non-inline data"},
                {{{'0', "f", NULL, NULL}, {'0', "f/.wh.x", NULL, NULL}}, false, EXT4_E_NO_PATH, "path not found"},
                /* A file that is given an attribute is announced anew, and its content does not come again. */
                {{{'0', "f", NULL, "content"}, {'0', "f/.wh..wh..opq", NULL, NULL}, {'0', "g", NULL, NULL}},
                 true,
                 EXT4_E_WRONG_AMOUNT,
                 "did not write the right amount: 0 != 7"},
                {{{'2', "l", "a/target/of/more/than/the/fifty-nine/bytes/that/are/in/an/inode", NULL},
                  {'0', "l/.wh..wh..opq", NULL, NULL}},
                 false,
                 EXT4_E_LONG_LINK,
                 "cannot retrieve link information"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                const struct ext4_convert_options options = {.overlay = true,
                                                             .writer.inline_data = cases[i].inline_data};
                _cleanup_buf_ struct hcs_buf tar = {0};
                struct hcs_data_file *image = NULL;
                struct hcs_error *err = NULL;

                make(cases[i].parts, &tar);
                assert_hresult(make_image(&tar, &options, &image, &err), cases[i].hr);
                assert_null(image);
                assert_says(&err, cases[i].text);
        }
}

/* "mode links device" of a path, then its attributes; "none" when it is not there. */
static void describe(struct ext4_image *image, const char *path, struct hcs_buf *out) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set set = {0};
        struct ext4_inode node;

        if (FAILED(ext4_path_find(image, path, false, &node, NULL))) {
                hcs_buf_puts(out, "none");
                return;
        }
        hcs_buf_printf(out, "%o %u", node.mode, node.links);
        assert_ok(ext4_attributes_read(image, &node, &set, NULL), NULL);
        for (size_t i = 0; i < set.n; i++)
                hcs_buf_printf(out, " %s=%.*s", set.list[i].name, (int)set.list[i].len,
                               (const char *)set.list[i].value);
}

static void whiteouts_take_the_place_of_what_has_no_content(void **state) {
        static const struct {
                struct part parts[MAX_PARTS];
                const char *path, *expected;
        } cases[] = {
                {{{'0', "d/.wh.x", NULL, NULL}}, "d/x", "20000 1"},
                {{{'0', "d/.wh.x", NULL, "content is passed over"}, {'0', "g", NULL, NULL}}, "g", "100644 1"},
                {{{'0', ".wh..wh.x", NULL, NULL}}, ".wh.x", "20000 1"},
                {{{'0', ".wh..wh..opqx", NULL, NULL}}, ".wh..opqx", "20000 1"},
                {{{'5', "d/.wh.x/", NULL, NULL}}, "d/.wh.x", "40755 2"}, /* with a slash it is a name as any other */
                {{{'0', "x", NULL, NULL}, {'0', ".wh.x", NULL, NULL}}, "x", "20000 1"},
                {{{'2', "x", "to", NULL}, {'0', ".wh.x", NULL, NULL}}, "x", "20000 1"},
                /* Of a file with two names the other one stays. */
                {{{'0', "x", NULL, "content"}, {'1', "y", "x", NULL}, {'0', ".wh.x", NULL, NULL}}, "x", "20000 1"},
                {{{'0', "x", NULL, "content"}, {'1', "y", "x", NULL}, {'0', ".wh.x", NULL, NULL}}, "y", "100644 1"},
                /* What is there already is not removed by a whiteout's name, nor what comes after it refused. */
                {{{'0', ".wh.x", NULL, NULL}, {'0', "x", NULL, "content"}}, "x", "100644 1"},
                {{{'0', "d/.wh..wh..opq", NULL, NULL}}, "d", "40755 2 trusted.overlay.opaque=y"},
                {{{'0', ".wh..wh..opq", NULL, NULL}}, "/", "40755 3 trusted.overlay.opaque=y"},
                {{{'0', "f", NULL, NULL}, {'0', "f/.wh..wh..opq", NULL, NULL}},
                 "f",
                 "100644 1 trusted.overlay.opaque=y"},
                /* A folder that comes later keeps the attribute. */
                {{{'0', "d/.wh..wh..opq", NULL, NULL}, {'5', "d", NULL, NULL}},
                 "d",
                 "40755 2 trusted.overlay.opaque=y"},
        };
        const struct ext4_convert_options options = {.overlay = true};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_(hcs_data_file_closep) struct hcs_data_file *file = NULL;
                _cleanup_(ext4_image_freep) struct ext4_image *image = NULL;
                _cleanup_buf_ struct hcs_buf tar = {0}, got = {0};
                struct hcs_error *err = NULL;

                make(cases[i].parts, &tar);
                assert_ok(make_image(&tar, &options, &file, &err), err);
                assert_ok(ext4_image_open(file, &image, NULL), NULL);
                describe(image, cases[i].path, &got);
                assert_string_equal(hcs_buf_cstr(&got), cases[i].expected);
        }
}

static void without_the_option_they_are_files(void **state) {
        static const struct part parts[MAX_PARTS] = {{'0', "d/.wh..wh..opq", NULL, NULL}, {'0', ".wh.", NULL, NULL}};
        static const char *const paths[] = {"d/.wh..wh..opq", ".wh."};
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *file = NULL;
        _cleanup_(ext4_image_freep) struct ext4_image *image = NULL;
        _cleanup_buf_ struct hcs_buf tar = {0};

        make(parts, &tar);
        assert_ok(make_image(&tar, NULL, &file, NULL), NULL);
        assert_ok(ext4_image_open(file, &image, NULL), NULL);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(paths); i++) {
                _cleanup_buf_ struct hcs_buf got = {0};

                describe(image, paths[i], &got);
                assert_string_equal(hcs_buf_cstr(&got), "100644 1");
        }
}

HCS_TESTS(cmocka_unit_test(whiteouts_that_cannot_be_are_refused),
          cmocka_unit_test(whiteouts_take_the_place_of_what_has_no_content),
          cmocka_unit_test(without_the_option_they_are_files))
