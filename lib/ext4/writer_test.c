/* SPDX-License-Identifier: MIT */

/* Calls of the writer that no tar makes, or that say no; extents of large files. */

#include "ext4/writer.h"

#include "ext4/read/extents.h"
#include "ext4/read/path.h"
#include "ext4/test/make.h"

struct fixture {
        struct hcs_data_file *file;
        struct ext4_writer *w;
};

static int set_up(void **state) {
        static struct fixture f;

        assert_ok(hcs_data_file_temporary(&f.file, NULL), NULL);
        assert_ok(ext4_writer_new(f.file, &(struct ext4_options){0}, &f.w, NULL), NULL);
        *state = &f;
        return 0;
}

static int tear_down(void **state) {
        struct fixture *f = *state;

        f->w = ext4_writer_free(f->w);
        f->file = hcs_data_file_close(f->file);
        return 0;
}

static HRESULT create(struct fixture *f, const char *path, uint32_t mode, int64_t size, struct hcs_error **err) {
        return ext4_writer_create(f->w, path, &(struct ext4_file){.mode = mode, .size = size, .link = "target"}, err);
}

static void refusals_name_the_path_and_the_reason(void **state) {
        struct fixture *f = *state;
        struct hcs_error *err = NULL;
        char name[EXT4_MAX_NAME + 2] = {0};

        assert_ok(create(f, "dir", EXT4_DIR | 0755, 0, NULL), NULL);
        assert_ok(create(f, "file", EXT4_REG, 0, NULL), NULL);
        assert_hresult(create(f, "dir", EXT4_REG, 0, &err), EXT4_E_EXISTS);
        assert_says(&err, "dir: cannot replace a directory with a file");
        assert_hresult(create(f, "file", EXT4_DIR, 0, &err), EXT4_E_EXISTS);
        assert_says(&err, "file: cannot replace a file with a directory");
        assert_hresult(create(f, "no/such", EXT4_REG, 0, &err), EXT4_E_NO_PATH);
        assert_says(&err, "no/such: path not found");
        assert_hresult(create(f, "file/below", EXT4_REG, 0, &err), EXT4_E_NO_PATH);
        assert_says(&err, "file/below: path not found");
        assert_hresult(ext4_writer_make_parents(f->w, "file/below/it", &err), EXT4_E_NO_PATH);
        assert_says(&err, "/file/below: path not found");
        memset(name, 'n', EXT4_MAX_NAME + 1);
        assert_hresult(create(f, name, EXT4_REG, 0, &err), EXT4_E_NAME);
        assert_says(&err, "invalid name");
        assert_hresult(create(f, "big", EXT4_REG, EXT4_MAX_FILE + 1, &err), EXT4_E_FILE_TOO_BIG);
        assert_says(&err, "big: file too big");
        assert_hresult(create(f, "odd", 0170000 | 0644, 0, &err), E_INVALIDARG);
        assert_says(&err, "odd: invalid mode");
}

static void links_are_refused_where_they_cannot_be(void **state) {
        struct fixture *f = *state;
        struct hcs_error *err = NULL;

        assert_ok(create(f, "dir", EXT4_DIR | 0755, 0, NULL), NULL);
        assert_ok(create(f, "file", EXT4_REG, 0, NULL), NULL);
        assert_ok(create(f, "only", EXT4_REG, 0, NULL), NULL);
        assert_hresult(ext4_writer_link(f->w, "dir", "link", &err), EXT4_E_IS_DIRECTORY);
        assert_says(&err, "link: link target cannot be a directory: dir");
        assert_hresult(ext4_writer_link(f->w, "nothing", "link", &err), EXT4_E_NO_FILE);
        assert_says(&err, "nothing: file not found");
        assert_hresult(ext4_writer_link(f->w, "link", "link", &err), EXT4_E_NO_FILE);
        assert_says(&err, "link: file not found");
        assert_hresult(ext4_writer_link(f->w, "file", "only", &err), EXT4_E_EXISTS);
        assert_says(&err, "only: cannot orphan existing file or directory");
        assert_hresult(ext4_writer_link(f->w, "file", "dir", &err), EXT4_E_EXISTS);
        assert_says(&err, "dir: cannot orphan");
        for (unsigned i = 1; i < EXT4_MAX_LINKS; i++) {
                _cleanup_free_ char *path = hcs_asprintf("link%u", i);

                assert_ok(ext4_writer_link(f->w, "file", path, NULL), NULL);
        }
        assert_hresult(ext4_writer_link(f->w, "file", "one-more", &err), EXT4_E_LINKS);
        assert_says(&err, "one-more: link target would exceed maximum link count: file");
        /* Over one of its own names nothing is counted. */
        assert_ok(ext4_writer_link(f->w, "file", "link7", NULL), NULL);
}

static void content_is_as_much_as_was_said(void **state) {
        struct fixture *f = *state;
        struct hcs_error *err = NULL;
        uint64_t size;

        assert_ok(create(f, "a", EXT4_REG, 5, NULL), NULL);
        assert_hresult(ext4_writer_write(f->w, "123456", 6, &err), EXT4_E_WRONG_AMOUNT);
        assert_says(&err, "wrote too much: 6 > 5");
        assert_ok(ext4_writer_write(f->w, "123", 3, NULL), NULL);
        assert_hresult(create(f, "b", EXT4_REG, 0, &err), EXT4_E_WRONG_AMOUNT);
        assert_says(&err, "did not write the right amount: 3 != 5");
        assert_hresult(ext4_writer_finish(f->w, &size, &err), EXT4_E_WRONG_AMOUNT);
        assert_says(&err, "did not write the right amount");
}

static void a_disk_that_is_too_small_is_full(void **state) {
        struct hcs_data_file *file;
        struct hcs_error *err = NULL;
        struct ext4_writer *w;
        uint64_t size;

        assert_ok(hcs_data_file_temporary(&file, NULL), NULL);
        assert_ok(ext4_writer_new(file, &(struct ext4_options){.max_disk_size = 50000}, &w, NULL), NULL);
        assert_ok(ext4_writer_create(w, "a", &(struct ext4_file){.size = 60000}, NULL), NULL);
        assert_hresult(ext4_writer_zero(w, 60000, &err), EXT4_E_DISK_FULL);
        assert_says(&err, "disk exceeded maximum size of 53248 bytes");
        assert_ok(ext4_writer_zero(w, 40000, NULL), NULL);
        assert_true(FAILED(ext4_writer_finish(w, &size, NULL)));
        ext4_writer_free(w);
        hcs_data_file_close(file);
}

static void a_path_of_many_thousand_names_is_made(void **state) {
        struct fixture *f = *state;
        _cleanup_buf_ struct hcs_buf path = {0};
        struct ext4_image *image;
        struct ext4_inode node;
        uint64_t size;

        for (unsigned i = 0; i < 20000; i++)
                hcs_buf_puts(&path, "a/");
        assert_ok(ext4_writer_make_parents(f->w, path.data, NULL), NULL);
        assert_ok(create(f, path.data, EXT4_DIR | 0700, 0, NULL), NULL);
        assert_ok(ext4_writer_finish(f->w, &size, NULL), NULL);
        assert_ok(ext4_image_open(f->file, &image, NULL), NULL);
        assert_ok(ext4_path_find(image, path.data, true, &node, NULL), NULL);
        assert_int_equal(node.mode, EXT4_DIR | 0700);
        ext4_image_free(image);
}

/*
 * The blocks of extents of a file of so many: each must begin where the one before ends. hcsshim gets this wrong from
 * the second block of extents on, at 340 of them.
 */
static void check_extents(uint64_t size, uint32_t extents) {
        struct ext4_options options = {.max_disk_size = -1};
        struct hcs_data_file *file;
        struct ext4_image *image;
        struct ext4_inode node;
        struct ext4_writer *w;
        uint64_t disk, expected = 0, blocks = (size + EXT4_BLOCK - 1) / EXT4_BLOCK;
        uint32_t n = 0;

        assert_ok(hcs_data_file_temporary(&file, NULL), NULL);
        assert_ok(ext4_writer_new(file, &options, &w, NULL), NULL);
        assert_ok(ext4_writer_create(w, "large", &(struct ext4_file){.size = (int64_t)size}, NULL), NULL);
        assert_ok(ext4_writer_zero(w, size - 4, NULL), NULL);
        assert_ok(ext4_writer_write(w, "end!", 4, NULL), NULL);
        assert_ok(ext4_writer_finish(w, &disk, NULL), NULL);
        ext4_writer_free(w);
        assert_ok(ext4_image_open(file, &image, NULL), NULL);
        assert_ok(ext4_path_find(image, "large", false, &node, NULL), NULL);
        for (uint64_t at = 0; at < blocks; n++) {
                struct ext4_run run;

                assert_ok(ext4_extent_find(image, &node, (uint32_t)at, &run, NULL), NULL);
                assert_true(run.stored && (at == 0 || run.physical == expected));
                at += run.blocks;
                expected = run.physical + run.blocks;
                assert_true(at <= blocks);
        }
        assert_int_equal(n, extents);
        if (size > 4) {
                char end[4];
                size_t got;

                assert_ok(ext4_content_read(image, &node, size - 4, end, sizeof(end), &got, NULL), NULL);
                assert_memory_equal(end, "end!", 4);
        }
        ext4_image_free(image);
        hcs_data_file_close(file);
}

static void extents_are_right_around_every_size_that_matters(void **state) {
        const uint64_t extent = (uint64_t)EXT4_EXTENT_BLOCKS * EXT4_BLOCK;

        check_extents(4, 1);
        check_extents(extent, 1);
        check_extents(extent + 1, 2);
        check_extents(4 * extent, 4);
        check_extents(4 * extent + 1, 5);
        check_extents(340 * extent, 340);
        check_extents(341 * extent - 5, 341);
        check_extents(2 * 340 * extent + 5, 681);
        check_extents((uint64_t)EXT4_MAX_FILE, 1024);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

HCS_TESTS(WITH(refusals_name_the_path_and_the_reason), WITH(links_are_refused_where_they_cannot_be),
          WITH(content_is_as_much_as_was_said), cmocka_unit_test(a_disk_that_is_too_small_is_full),
          WITH(a_path_of_many_thousand_names_is_made),
          cmocka_unit_test(extents_are_right_around_every_size_that_matters))
