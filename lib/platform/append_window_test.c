/* SPDX-License-Identifier: MIT */

/* The window at the end of a file, over a file in memory whose zeros, mappings and writes fail when they are told to.
 */

#include "platform/append_window.h"

#include <errno.h>

#include "base/buf.h"
#include "testing/hcs_test.h"

#define SIZE ((size_t)4 << 20)

static struct fake {
        char bytes[SIZE];
        size_t end, at; /* of the file, and of plain writes */
        unsigned mapped, windows;
        unsigned map_fails_at; /* the nth window and all behind it; 0: none */
        size_t full_at;        /* the disk; 0: never */
        size_t stops_at;       /* a plain write that would go beyond writes nothing */
} fake;

int append_zeros(void *file, uint64_t offset, size_t size) {
        size_t room = fake.full_at && offset + size > fake.full_at ? fake.full_at - (size_t)offset : size;

        assert_true(offset + room <= SIZE);
        memset(fake.bytes + offset, 0, room);
        if (offset + room > fake.end)
                fake.end = (size_t)offset + room;
        return room < size ? ENOSPC : 0;
}

int append_map(void *file, uint64_t offset, size_t size, char **ret) {
        if (++fake.windows == fake.map_fails_at)
                return ENODEV;
        assert_true(offset + size <= fake.end);
        fake.mapped++;
        *ret = fake.bytes + offset;
        return 0;
}

void append_unmap(char *at, size_t size) {
        fake.mapped--;
}

void append_cut(void *file, uint64_t end) {
        assert_int_equal(fake.mapped, 0); /* Windows does not cut what is mapped */
        fake.end = fake.at = (size_t)end;
}

int append_plainly(void *file, const char *data, size_t len) {
        assert_int_equal(fake.mapped, 0);
        if (fake.stops_at && fake.at + len > fake.stops_at)
                return ENOSPC;
        memcpy(fake.bytes + fake.at, data, len);
        fake.at += len;
        fake.end = fake.at;
        return 0;
}

/* Lines of growing length; how many went out. */
static unsigned append_lines(struct append_window *w, unsigned n, struct hcs_buf *all) {
        unsigned out = 0;

        for (unsigned i = 0; i < n; i++) {
                _cleanup_buf_ struct hcs_buf line = {0};

                for (unsigned k = 0; k < i % 97; k++)
                        hcs_buf_printf(&line, "%u.%u ", i, k);
                hcs_buf_putc(&line, '\n');
                if (append_window_write(w, NULL, line.data, line.len) == 0) {
                        hcs_buf_append(all, line.data, line.len);
                        out++;
                }
        }
        return out;
}

static void assert_file_is(const struct hcs_buf *all) {
        assert_int_equal(fake.end, all->len);
        assert_memory_equal(fake.bytes, all->data, all->len);
}

static void a_file_that_is_not_mapped_is_written_plainly(void **state) {
        for (unsigned nth = 1; nth <= 4; nth++) {
                struct append_window w = {0};
                _cleanup_buf_ struct hcs_buf all = {0};

                fake = (struct fake){.map_fails_at = nth};
                assert_int_equal(append_lines(&w, 3000, &all), 3000);
                assert_true(all.len > 1 << 20);
                append_window_close(&w, NULL, true);
                assert_file_is(&all);
                assert_int_equal(fake.windows, nth); /* it is not tried again */
        }
}

static void a_line_larger_than_windows_is_whole(void **state) {
        for (unsigned nth = 0; nth <= 4; nth++) {
                struct append_window w = {0};
                _cleanup_buf_ struct hcs_buf all = {0};

                fake = (struct fake){.map_fails_at = nth};
                append_lines(&w, 50, &all);
                hcs_buf_reserve(&all, 1 << 20);
                memset(all.data + all.len, 'x', 1 << 20);
                assert_int_equal(append_window_write(&w, NULL, all.data + all.len, 1 << 20), 0);
                all.len += 1 << 20;
                append_lines(&w, 50, &all);
                append_window_close(&w, NULL, true);
                assert_file_is(&all);
        }
}

static void a_full_disk_leaves_whole_lines(void **state) {
        struct append_window w = {0};
        _cleanup_buf_ struct hcs_buf all = {0};

        fake = (struct fake){.full_at = 300000};
        assert_in_range(append_lines(&w, 3000, &all), 100, 2999);
        append_window_close(&w, NULL, true);
        assert_file_is(&all);
}

static void a_disk_that_is_full_from_the_start_leaves_no_zeros(void **state) {
        struct append_window w = {0};

        fake = (struct fake){.full_at = 1000};
        assert_int_equal(append_window_write(&w, NULL, "x\n", 2), ENOSPC);
        append_window_close(&w, NULL, true);
        assert_int_equal(fake.end, 0);
}

/* The line had begun in a window when the rest of it found no room: nothing may be glued to it. */
static void nothing_follows_a_line_that_was_cut(void **state) {
        struct append_window w = {0};
        _cleanup_buf_ struct hcs_buf all = {0};
        size_t end;

        fake = (struct fake){.map_fails_at = 2, .stops_at = 65536};
        append_lines(&w, 3000, &all);
        end = fake.end;
        assert_int_equal(end, 65536);
        assert_int_equal(append_window_write(&w, NULL, "x\n", 2), EIO);
        append_window_close(&w, NULL, true);
        assert_int_equal(fake.end, end);
        assert_memory_equal(fake.bytes, all.data, all.len);
}

HCS_TESTS(cmocka_unit_test(a_file_that_is_not_mapped_is_written_plainly),
          cmocka_unit_test(a_line_larger_than_windows_is_whole), cmocka_unit_test(a_full_disk_leaves_whole_lines),
          cmocka_unit_test(a_disk_that_is_full_from_the_start_leaves_no_zeros),
          cmocka_unit_test(nothing_follows_a_line_that_was_cut))
