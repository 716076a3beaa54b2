/* SPDX-License-Identifier: MIT */

/* Appending where files cannot be mapped: in a process for which the kernel refuses it. */

#include "platform/append_file.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/buf.h"
#include "platform/file.h"
#include "testing/confined.h"
#include "testing/hcs_test.h"

#define LINE "a line of the trace, as it might be\n"
#define N    10000u

static int append_without_mappings(void *path) {
        struct hcs_append_file *f = NULL;

        if (FAILED(hcs_append_file_open(path, &f, NULL, NULL)) || hcs_append_file_write(f, LINE, sizeof(LINE) - 1))
                return 1;
        if (hcs_test_refuse_call(__NR_mmap, 3, MAP_SHARED, MAP_SHARED, ENODEV))
                return 3;
        for (unsigned i = 1; i < N; i++)
                if (hcs_append_file_write(f, LINE, sizeof(LINE) - 1))
                        return 2;
        hcs_append_file_close(f);
        return 0;
}

static void what_cannot_be_mapped_is_written(void **state) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/trace", dir);
        _cleanup_buf_ struct hcs_buf text = {0};

        assert_int_equal(hcs_test_in_child(append_without_mappings, path), 0);
        assert_ok(hcs_file_read(path, 1 << 20, &text, NULL), NULL);
        assert_int_equal(text.len, N * (sizeof(LINE) - 1));
        for (unsigned i = 0; i < N; i++)
                assert_memory_equal(text.data + i * (sizeof(LINE) - 1), LINE, sizeof(LINE) - 1);
}

HCS_TESTS(cmocka_unit_test(what_cannot_be_mapped_is_written))
