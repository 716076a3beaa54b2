/* SPDX-License-Identifier: MIT */

/* Numbers that are given out once each, and the table under them. */

#include "mockhcs/emulate/network/pool.h"

#include <stdio.h>

#include "base/mem.h"
#include "testing/hcs_test.h"

static uint64_t next(struct net_pool *p) {
        net_number n = 0;

        return net_pool_take_next(p, &n) ? (uint64_t)n : 0;
}

static void the_lowest_that_was_given_back_goes_first(void **state) {
        struct net_pool p = {0};

        net_pool_add_range(&p, 10, 13);
        assert_int_equal(next(&p), 10);
        assert_int_equal(next(&p), 11);
        assert_int_equal(next(&p), 12);
        net_pool_give(&p, 12);
        net_pool_give(&p, 10);
        assert_int_equal(next(&p), 10);
        assert_int_equal(next(&p), 12);
        assert_int_equal(next(&p), 13);
        assert_int_equal(next(&p), 0);
        net_pool_give(&p, 13);
        net_pool_give(&p, 13);
        assert_int_equal(next(&p), 13);
        assert_int_equal(next(&p), 0);
        net_pool_deinit(&p);
}

static void what_a_client_names_is_passed_over(void **state) {
        struct net_pool p = {0};

        net_pool_add_range(&p, 1, 4);
        assert_true(net_pool_take(&p, 2));
        assert_false(net_pool_take(&p, 2));
        assert_true(net_pool_take(&p, 99)); /* outside of the ranges */
        assert_int_equal(next(&p), 1);
        assert_int_equal(next(&p), 3);
        net_pool_give(&p, 2);
        net_pool_give(&p, 99);
        assert_false(net_pool_is_taken(&p, 99));
        assert_int_equal(next(&p), 2);
        assert_int_equal(next(&p), 4);
        assert_int_equal(next(&p), 0);
        net_pool_deinit(&p);
}

/* Given back, named by a client, given back again: it lies in the heap once. */
static void a_number_that_comes_back_twice_is_given_out_once(void **state) {
        struct net_pool p = {0};

        net_pool_add_range(&p, 1, 3);
        assert_int_equal(next(&p), 1);
        assert_int_equal(next(&p), 2);
        net_pool_give(&p, 1);
        assert_true(net_pool_take(&p, 1));
        assert_int_equal(next(&p), 3);
        net_pool_give(&p, 1);
        assert_int_equal(next(&p), 1);
        assert_int_equal(next(&p), 0);
        net_pool_deinit(&p);
}

static void ranges_follow_each_other(void **state) {
        struct net_pool p = {0};

        assert_int_equal(next(&p), 0);
        net_pool_add_range(&p, 5, 5);
        net_pool_add_range(&p, 7, 8);
        assert_int_equal(next(&p), 5);
        assert_int_equal(next(&p), 7);
        assert_int_equal(next(&p), 8);
        assert_int_equal(next(&p), 0);
        net_pool_give(&p, 5);
        assert_int_equal(next(&p), 5);
        net_pool_deinit(&p);
}

static void a_range_of_all_numbers_ends(void **state) {
        struct net_pool p = {0};
        net_number n, top = ~(net_number)0;

        net_pool_add_range(&p, top - 1, top);
        assert_true(net_pool_take_next(&p, &n) && n == top - 1);
        assert_true(net_pool_take_next(&p, &n) && n == top);
        assert_false(net_pool_take_next(&p, &n));
        net_pool_deinit(&p);
}

/* A model beside it: whatever is asked in whatever order, nothing is given out twice. */
static void nothing_is_given_out_twice(void **state) {
        struct net_pool p = {0};
        bool used[257] = {false};
        uint32_t seed = 12345;

        net_pool_add_range(&p, 1, 128);
        net_pool_add_range(&p, 129, 256);
        for (int i = 0; i < 20000; i++) {
                uint64_t n;

                seed = seed * 1664525u + 1013904223u;
                n = (seed >> 8) % 256 + 1;
                switch (seed >> 30) {
                case 0:
                        n = next(&p);
                        assert_true(n == 0 || !used[n]);
                        for (uint64_t k = 1; n == 0 && k <= 256; k++)
                                assert_true(used[k]);
                        used[n] = n != 0;
                        break;
                case 1:
                        assert_int_equal(net_pool_take(&p, n), !used[n]);
                        used[n] = true;
                        break;
                default:
                        net_pool_give(&p, n);
                        used[n] = false;
                }
        }
        net_pool_deinit(&p);
}

static void a_table_finds_what_was_put_there_last(void **state) {
        struct net_map m = {0};
        char keys[1000][8];

        assert_null(net_map_get(&m, "a", 1));
        assert_null(net_map_remove(&m, "a", 1));
        for (int i = 0; i < 1000; i++) {
                snprintf(keys[i], sizeof(keys[i]), "k%d", i);
                net_map_put(&m, keys[i], strlen(keys[i]), keys[i]);
        }
        net_map_put(&m, keys[7], strlen(keys[7]), keys[8]);
        assert_int_equal(m.n, 1000);
        assert_ptr_equal(net_map_get(&m, "k7", 2), keys[8]);
        assert_ptr_equal(net_map_get(&m, "k999", 4), keys[999]);
        assert_null(net_map_get(&m, "k1000", 5));
        for (int i = 0; i < 1000; i += 2)
                assert_non_null(net_map_remove(&m, keys[i], strlen(keys[i])));
        assert_int_equal(m.n, 500);
        assert_null(net_map_get(&m, "k8", 2));
        assert_ptr_equal(net_map_get(&m, "k9", 2), keys[9]);
        net_map_deinit(&m, NULL);
}

HCS_TESTS(cmocka_unit_test(the_lowest_that_was_given_back_goes_first),
          cmocka_unit_test(what_a_client_names_is_passed_over),
          cmocka_unit_test(a_number_that_comes_back_twice_is_given_out_once),
          cmocka_unit_test(ranges_follow_each_other), cmocka_unit_test(a_range_of_all_numbers_ends),
          cmocka_unit_test(nothing_is_given_out_twice), cmocka_unit_test(a_table_finds_what_was_put_there_last))
