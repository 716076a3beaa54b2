/* SPDX-License-Identifier: MIT */

/* The output, and the thread that it hands full buffers to. */

#include "ext4/output.h"

#include <signal.h>
#include <sys/resource.h>

#include "ext4/test/make.h"

#define LIMIT ((uint64_t)1 << 30)

static struct hcs_data_file *temporary(void) {
        struct hcs_data_file *f;

        assert_ok(hcs_data_file_temporary(&f, NULL), NULL);
        return f;
}

static void what_is_written_zeroed_and_patched_is_there(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = temporary();
        static uint8_t data[3 << 20], back[3 << 20];
        struct ext4_output o;
        size_t n;

        for (size_t i = 0; i < sizeof(data); i++)
                data[i] = (uint8_t)(i * 31 + i / 4096);
        ext4_output_init(&o, f, LIMIT);
        assert_ok(ext4_output_write(&o, data, sizeof(data) - 1, NULL), NULL);
        assert_ok(ext4_output_align(&o, NULL), NULL);
        assert_ok(ext4_output_zero(&o, 1 << 20, NULL), NULL);
        assert_int_equal(ext4_output_block(&o), 4 << 20 >> 12);
        assert_ok(ext4_output_patch(&o, 100, "patch", 5, NULL), NULL);
        assert_ok(ext4_output_write(&o, "end", 3, NULL), NULL);
        assert_ok(ext4_output_flush(&o, NULL), NULL);
        memcpy(data + 100, "patch", 5);
        data[sizeof(data) - 1] = 0;
        assert_ok(hcs_data_file_read_at(f, 0, back, sizeof(back), &n, NULL), NULL);
        assert_int_equal(n, sizeof(back));
        assert_memory_equal(data, back, sizeof(back));
        assert_ok(ext4_output_read(&o, 4 << 20, back, 3, NULL), NULL);
        assert_memory_equal(back, "end", 3);
        ext4_output_deinit(&o);
}

static void nothing_goes_behind_the_limit(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = temporary();
        struct hcs_error *err = NULL;
        struct ext4_output o;

        ext4_output_init(&o, f, 4096);
        assert_ok(ext4_output_zero(&o, 4090, NULL), NULL);
        assert_hresult(ext4_output_write(&o, "1234567", 7, &err), EXT4_E_DISK_FULL);
        assert_says(&err, "maximum size of 4096 bytes");
        assert_hresult(ext4_output_zero(&o, UINT64_MAX, NULL), EXT4_E_DISK_FULL);
        assert_ok(ext4_output_write(&o, "123456", 6, NULL), NULL);
        ext4_output_deinit(&o);
}

/* A file size limit stands for a full disk: the write of the thread fails, and a later call says so. */
static void a_write_that_fails_is_told_by_a_later_call_and_for_ever(void **state) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = temporary();
        static const uint8_t data[1 << 20];
        const struct rlimit small = {1 << 20, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
        struct hcs_error *err = NULL;
        struct ext4_output o;
        HRESULT hr = S_OK;

        ext4_output_init(&o, f, LIMIT);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        for (int i = 0; i < 8 && SUCCEEDED(hr); i++)
                hr = ext4_output_write(&o, data, sizeof(data), &err);
        assert_true(FAILED(hr));
        assert_says(&err, "write `");
        assert_true(FAILED(ext4_output_flush(&o, &err)));
        assert_says(&err, "write `");
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        ext4_output_deinit(&o);
}

HCS_TESTS(cmocka_unit_test(what_is_written_zeroed_and_patched_is_there),
          cmocka_unit_test(nothing_goes_behind_the_limit),
          cmocka_unit_test(a_write_that_fails_is_told_by_a_later_call_and_for_ever))
