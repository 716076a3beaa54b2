/* SPDX-License-Identifier: MIT */

#include "ext4/tree.h"

#include <stdio.h>

#include "testing/hcs_test.h"

static int set_up(void **state) {
        static struct ext4_tree tree;

        ext4_tree_init(&tree);
        for (uint32_t i = 1; i <= 3; i++)
                ext4_tree_new_node(&tree, ext4_tree_add_node(&tree))->mode = EXT4_DIR;
        *state = &tree;
        return 0;
}

static int tear_down(void **state) {
        ext4_tree_deinit(*state);
        return 0;
}

static void a_node_counts_once_it_has_a_mode(void **state) {
        struct ext4_tree *t = *state;
        uint32_t ino = ext4_tree_add_node(t);

        assert_int_equal(ino, 4);
        assert_null(ext4_tree_node(t, ino));
        assert_null(ext4_tree_node(t, 0));
        assert_null(ext4_tree_node(t, 5));
        ext4_tree_new_node(t, ino)->mode = EXT4_REG;
        assert_ptr_equal(ext4_tree_node(t, ino), ext4_tree_new_node(t, ino));
}

static void names_are_found_in_their_directory_only(void **state) {
        struct ext4_tree *t = *state;

        ext4_tree_put(t, 1, "name", 4, 10);
        ext4_tree_put(t, 2, "name", 4, 20);
        ext4_tree_put(t, 2, "nam", 3, 30);
        assert_int_equal(ext4_tree_find(t, 1, "name", 4), 10);
        assert_int_equal(ext4_tree_find(t, 2, "name", 4), 20);
        assert_int_equal(ext4_tree_find(t, 2, "name", 3), 30);
        assert_int_equal(ext4_tree_find(t, 3, "name", 4), 0);
        ext4_tree_put(t, 2, "name", 4, 40);
        assert_int_equal(ext4_tree_find(t, 2, "name", 4), 40);
        assert_int_equal(t->n_entries, 3);
}

static void a_hundred_thousand_names_of_all_lengths_are_kept(void **state) {
        struct ext4_tree *t = *state;
        char name[EXT4_MAX_NAME + 1];
        size_t n;

        for (uint32_t i = 0; i < 100000; i++) {
                int len = snprintf(name, sizeof(name), "%0*u", (int)(i % 250) + 6, i);

                ext4_tree_add(t, 1 + i % 3, name, (size_t)len, i + 1);
        }
        for (uint32_t i = 0; i < 100000; i++) {
                int len = snprintf(name, sizeof(name), "%0*u", (int)(i % 250) + 6, i);

                assert_int_equal(ext4_tree_find(t, 1 + i % 3, name, (size_t)len), i + 1);
                assert_int_equal(ext4_tree_find(t, 1 + (i + 1) % 3, name, (size_t)len), 0);
        }
        free(ext4_tree_children(t, 1, &n));
        assert_int_equal(n, 33334);
}

static void children_come_by_inode_and_then_by_name(void **state) {
        struct ext4_tree *t = *state;
        struct ext4_child *children;
        size_t n;

        assert_null(ext4_tree_children(t, 1, &n));
        ext4_tree_put(t, 1, "b", 1, 12);
        ext4_tree_put(t, 1, "z", 1, 11);
        ext4_tree_put(t, 1, "ab", 2, 12);
        ext4_tree_put(t, 1, "a", 1, 12);
        children = ext4_tree_children(t, 1, &n);
        assert_int_equal(n, 4);
        assert_memory_equal(children[0].name, "z", 1);
        assert_int_equal(children[1].name_len, 1);
        assert_memory_equal(children[1].name, "a", 1);
        assert_memory_equal(children[2].name, "ab", 2);
        assert_memory_equal(children[3].name, "b", 1);
        free(children);
}

/* Chunks fill up to the last byte with this: nothing of size 0 must then lie behind the end. */
static void what_is_stored_stays_where_it_is(void **state) {
        struct ext4_tree *t = *state;
        uint8_t *first = ext4_tree_stored(t, ext4_tree_store(t, "first", 5));
        uint32_t before = 0;

        for (uint32_t i = 0; i < 300000; i++) {
                uint32_t ref = ext4_tree_store(t, &i, sizeof(i)), empty = ext4_tree_store(t, NULL, 0);
                uint32_t found;

                assert_true(ref > before);
                assert_non_null(ext4_tree_stored(t, empty));
                memcpy(&found, ext4_tree_stored(t, ref), sizeof(found));
                assert_int_equal(found, i);
                before = ref;
        }
        assert_memory_equal(first, "first", 5);
        assert_int_equal(*ext4_tree_stored(t, ext4_tree_store(t, NULL, EXT4_BLOCK)), 0);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

HCS_TESTS(WITH(a_node_counts_once_it_has_a_mode), WITH(names_are_found_in_their_directory_only),
          WITH(a_hundred_thousand_names_of_all_lengths_are_kept), WITH(children_come_by_inode_and_then_by_name),
          WITH(what_is_stored_stays_where_it_is))
