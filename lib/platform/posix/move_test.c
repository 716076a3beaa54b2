/* SPDX-License-Identifier: MIT */

/* Bytes moved between files, however far into a page they begin. */

#include "platform/posix/move.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "testing/hcs_test.h"

#define SIZE ((size_t)3 << 20)

static int new_file(void) {
        int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        if (fd < 0) {
                char name[] = "/tmp/hcsmove.XXXXXX";

                fd = mkstemp(name);
                unlink(name);
        }
        assert_true(fd >= 0);
        return fd;
}

static void bytes_arrive_whole_from_any_place_at_any_place(void **state) {
        static const struct {
                off_t from, to;
                size_t n, expected;
        } cases[] = {{0, 0, SIZE, SIZE},
                     {512, 0, SIZE - 512, SIZE - 512},
                     {512, 4096 + 512, 2000000, 2000000},
                     {1536, 8192, (1 << 20) + 1, (1 << 20) + 1},
                     {1, 4095, 1, 1},
                     {4095, 1, SIZE, SIZE - 4095}, /* where the file ends */
                     {SIZE, 7, 100, 0},
                     {SIZE - 3, 7, 100, 3},
                     {5, 7, 0, 0}};
        _cleanup_free_ uint8_t *bytes = hcs_malloc(SIZE), *got = hcs_malloc(SIZE);
        int from = new_file();

        for (size_t i = 0; i < SIZE; i++)
                bytes[i] = (uint8_t)(i * i / 7 + i);
        assert_int_equal(write(from, bytes, SIZE), SIZE);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                int to = new_file();

                assert_int_equal(hcs_move(from, cases[i].from, to, cases[i].to, cases[i].n), cases[i].expected);
                assert_int_equal(pread(to, got, SIZE, cases[i].to), cases[i].expected);
                assert_memory_equal(got, bytes + cases[i].from, cases[i].expected);
                assert_int_equal(lseek(to, 0, SEEK_CUR), 0);
                close(to);
        }
        assert_int_equal(lseek(from, 0, SEEK_CUR), SIZE);
        close(from);
}

static void files_that_cannot_be_written_are_told(void **state) {
        int from = new_file(), to = open("/dev/null", O_RDONLY | O_CLOEXEC);

        assert_int_equal(write(from, "bytes", 5), 5);
        for (off_t at = 0; at < 2; at++) {
                errno = 0;
                assert_int_equal(hcs_move(from, at, to, 0, 3), -1);
                assert_int_not_equal(errno, 0);
        }
        close(from);
        close(to);
}

HCS_TESTS(cmocka_unit_test(bytes_arrive_whole_from_any_place_at_any_place),
          cmocka_unit_test(files_that_cannot_be_written_are_told))
