/* SPDX-License-Identifier: MIT */

#include "ext4/xattr.h"

#include "testing/hcs_test.h"

static void put(struct ext4_xattr_set *s, const char *name, const char *value) {
        ext4_xattr_set_put(s, name, value, strlen(value));
}

static void a_set_is_in_order_and_has_each_name_once(void **state) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set s = {0}, from = {0};

        put(&s, "user.b", "old");
        put(&s, "security.z", "1");
        put(&s, "user.a", "2");
        put(&s, "user.b", "new");
        assert_int_equal(s.n, 3);
        assert_string_equal(s.list[0].name, "security.z");
        assert_string_equal(s.list[2].name, "user.b");
        assert_memory_equal(s.list[2].value, "new", 3);
        assert_int_equal(s.list[2].index, 1);
        assert_string_equal(s.list[2].suffix, "b");

        put(&from, "user.b", "other");
        put(&from, "trusted.t", "3");
        ext4_xattr_set_merge(&s, &from);
        assert_int_equal(s.n, 4);
        assert_memory_equal(s.list[3].value, "new", 3);
        ext4_xattr_set_remove(&s, "security.z");
        ext4_xattr_set_remove(&s, "security.z");
        assert_int_equal(s.n, 3);
}

static void what_fits_in_the_inode_is_read_back_from_there(void **state) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set s = {0}, back = {0};
        uint8_t area[EXT4_INODE_EXTRA] = {0};

        put(&s, "user.key", "value");
        put(&s, "nothing.known", "");
        assert_null(ext4_xattr_set_place(&s, SIZE_MAX));
        assert_false(ext4_xattr_set_in_block(&s));
        assert_true(ext4_xattr_put_inode(&s, SIZE_MAX, area));
        assert_true(ext4_xattr_get_inode(&back, area, sizeof(area)));
        assert_int_equal(back.n, 2);
        assert_string_equal(back.list[0].name, "nothing.known");
        assert_int_equal(back.list[0].index, 0);
        assert_string_equal(back.list[1].name, "user.key");
        assert_memory_equal(back.list[1].value, "value", 5);
}

static void what_does_not_fit_goes_into_the_block_or_is_named(void **state) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set s = {0};
        _cleanup_free_ uint8_t *large = hcs_calloc(1, 4096);

        ext4_xattr_set_put(&s, "user.a", large, 60);
        ext4_xattr_set_put(&s, "user.b", large, 60);
        ext4_xattr_set_put(&s, "user.c", large, 3900);
        assert_null(ext4_xattr_set_place(&s, SIZE_MAX));
        assert_false(s.list[0].in_block);
        assert_true(s.list[1].in_block && s.list[2].in_block);
        ext4_xattr_set_put(&s, "user.d", large, 100);
        assert_string_equal(ext4_xattr_set_place(&s, SIZE_MAX)->name, "user.d");
        /* Inline content is there first. */
        ext4_xattr_set_remove(&s, "user.c");
        ext4_xattr_set_remove(&s, "user.d");
        assert_null(ext4_xattr_set_place(&s, 76));
        assert_true(s.list[0].in_block);
}

/* The names of a block, in the order they are in there. */
static char *names_of(const uint8_t *block) {
        struct hcs_buf b = {0};

        for (const uint8_t *e = block + EXT4_XATTR_BLOCK_HEAD; e[0]; e += 16 + ((e[0] + 3u) & ~3u))
                hcs_buf_printf(&b, "%u:%.*s ", e[1], e[0], (const char *)e + 16);
        return hcs_buf_steal(&b);
}

/*
 * By index, then length, then bytes, as the kernel and e2fsck want it. hcsshim compares by all three at once, which is
 * no order: of these four it makes another sequence.
 */
static void a_block_is_in_the_kernels_order(void **state) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set s = {0};
        uint8_t block[EXT4_BLOCK] = {0};
        _cleanup_free_ char *names = NULL, *value = hcs_calloc(1, 201);

        memset(value, 'v', 200);
        put(&s, "user.zz", value);
        put(&s, "trusted.a", value);
        put(&s, "user.b", value);
        put(&s, "security.aaaa", value);
        put(&s, "user.aa", value);
        assert_null(ext4_xattr_set_place(&s, SIZE_MAX));
        ext4_xattr_put_block(&s, block);
        names = names_of(block);
        assert_string_equal(names, "1:b 1:aa 1:zz 4:a 6:aaaa ");
}

static void malformed_areas_are_not_taken(void **state) {
        _cleanup_(ext4_xattr_set_deinit) struct ext4_xattr_set s = {0};
        uint8_t area[64] = {5, 1, 60, 0, 0, 0, 0, 0, 5, 0, 0, 0};

        assert_false(ext4_xattr_get(&s, area, sizeof(area), 0)); /* a value over the end */
        area[2] = 40;
        assert_true(ext4_xattr_get(&s, area, sizeof(area), 0));
        assert_false(ext4_xattr_get(&s, area, sizeof(area), 48)); /* one before the beginning */
        area[0] = 200;
        assert_false(ext4_xattr_get(&s, area, sizeof(area), 0)); /* a name over the end */
        area[0] = 5;
        area[11] = 0xff;
        assert_false(ext4_xattr_get(&s, area, sizeof(area), 0)); /* a length that wraps */
}

HCS_TESTS(cmocka_unit_test(a_set_is_in_order_and_has_each_name_once),
          cmocka_unit_test(what_fits_in_the_inode_is_read_back_from_there),
          cmocka_unit_test(what_does_not_fit_goes_into_the_block_or_is_named),
          cmocka_unit_test(a_block_is_in_the_kernels_order), cmocka_unit_test(malformed_areas_are_not_taken))
