/* SPDX-License-Identifier: MIT */

#include "ext4/tar/sparse.h"

#include "ext4/test/make.h"

/* "D3 Z5 D2": the runs from the beginning to the end. */
static char *runs(struct tar_sparse *s) {
        struct hcs_buf b = {0};

        for (;;) {
                uint64_t n;
                bool data;

                tar_sparse_run(s, &n, &data);
                if (n == 0)
                        return hcs_buf_steal(&b);
                hcs_buf_printf(&b, "%c%llu ", data ? 'D' : 'Z', (unsigned long long)n);
                s->position += (int64_t)n;
        }
}

static void runs_are_data_and_zeros_in_turn(void **state) {
        static const struct {
                struct tar_span spans[3];
                size_t n;
                int64_t size;
                const char *runs;
        } cases[] = {
                {{{0}}, 0, 0, ""},
                {{{0}}, 0, 9, "Z9 "},
                {{{0, 4}}, 1, 4, "D4 "},
                {{{3, 4}}, 1, 9, "Z3 D4 Z2 "},
                {{{0, 2}, {2, 3}, {9, 0}}, 3, 9, "D2 D3 Z4 "},
                {{{0, 0}, {1, 1}, {5, 0}}, 3, 5, "Z1 D1 Z3 "},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct tar_sparse s = {0};
                _cleanup_free_ char *text = NULL;

                for (size_t k = 0; k < cases[i].n; k++)
                        tar_sparse_add(&s, cases[i].spans[k]);
                assert_true(tar_sparse_begin(&s, cases[i].size));
                text = runs(&s);
                assert_string_equal(text, cases[i].runs);
                tar_sparse_deinit(&s);
        }
}

static void maps_that_do_not_fit_are_refused(void **state) {
        static const struct {
                struct tar_span spans[2];
                size_t n;
                int64_t size;
        } cases[] = {
                {{{0}}, 0, -1},           {{{0, 10}}, 1, 9},        {{{-1, 1}}, 1, 9}, {{{1, -1}}, 1, 9},
                {{{4, 2}, {5, 1}}, 2, 9}, {{{4, 2}, {0, 1}}, 2, 9}, {{{10, 0}}, 1, 9}, {{{1, INT64_MAX}}, 1, INT64_MAX},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct tar_sparse s = {0};

                for (size_t k = 0; k < cases[i].n; k++)
                        tar_sparse_add(&s, cases[i].spans[k]);
                assert_false(tar_sparse_begin(&s, cases[i].size));
                tar_sparse_deinit(&s);
        }
}

static void records_say_as_many_spans_as_they_have(void **state) {
        static const struct {
                const char *count, *map;
                bool ok;
        } cases[] = {{"2", "0,1,5,2", true}, {"1", "0,1,5,2", false}, {"3", "0,1,5,2", false}, {"2", "0,1,5", false},
                     {"1", "0,x", false},    {"-1", "", false},       {"0", "", true},         {"1", "0,1,", false}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct tar_sparse s = {0};
                struct tar_pax pax = {0};

                make_record(&pax.text, "GNU.sparse.numblocks", cases[i].count, strlen(cases[i].count));
                make_record(&pax.text, "GNU.sparse.map", cases[i].map, strlen(cases[i].map));
                assert_true(tar_pax_parse(&pax));
                assert_int_equal(tar_sparse_from_pax(&s, &pax), cases[i].ok);
                tar_sparse_deinit(&s);
                tar_pax_deinit(&pax);
        }
}

HCS_TESTS(cmocka_unit_test(runs_are_data_and_zeros_in_turn), cmocka_unit_test(maps_that_do_not_fit_are_refused),
          cmocka_unit_test(records_say_as_many_spans_as_they_have))
