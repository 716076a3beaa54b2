/* SPDX-License-Identifier: MIT */

/* The smallest set of faults, with a program that is a condition on the rules. */

#include "cmd/hcstrace/smallest.h"

#include <stdlib.h>

#include "base/str.h"
#include "mockhcs/faults/rule.h"
#include "testing/hcs_test.h"

struct program {
        const char *needs[3]; /* names of rules, each with an occasion; NULL ends */
        unsigned numbers[3];
        unsigned runs;
};

static bool covers(const struct fault_rules *r, const char *name, unsigned number) {
        for (size_t i = 0; i < r->n; i++)
                if (hcs_streq(r->rules[i].name, name) &&
                    (r->rules[i].from == 0 || (number >= r->rules[i].from && number <= r->rules[i].to)))
                        return true;
        return false;
}

static bool breaks(void *ctx, const char *rules) {
        struct program *p = ctx;
        struct fault_rules r = {0};
        struct hcs_error *err = NULL;
        bool all = true;

        p->runs++;
        assert_ok(fault_rules_parse(rules, &r, &err), err);
        for (size_t i = 0; i < 3 && p->needs[i]; i++)
                all &= covers(&r, p->needs[i], p->numbers[i]);
        fault_rules_deinit(&r);
        return all;
}

static void assert_smallest(struct program p, const char *rules, const char *expected) {
        _cleanup_free_ char *smallest = smallest_faults(rules, breaks, &p);

        assert_string_equal(smallest, expected);
        assert_true(p.runs < 60);
}

static void rules_and_occasions_that_do_not_matter_are_left_out(void **state) {
        assert_smallest((struct program){{"c"}, {1}}, "a never; b never;c never ; d never;", "c#1 never");
        assert_smallest((struct program){{"a"}, {37}}, "a never", "a#37 never");
        assert_smallest((struct program){{"a", "a"}, {5, 9}}, "a never", "a#5..9 never");
        assert_smallest((struct program){{"a", "d"}, {2, 6}}, "a never;b never;c never;d[x.y] late",
                        "a#2 never; d#6[x.y] late");
}

static void what_cannot_be_narrowed_stays(void **state) {
        assert_smallest((struct program){{"a"}, {3}}, "a#3 never;b never", "a#3 never");
        assert_smallest((struct program){{"a"}, {5000}}, "a never", "a never");
}

HCS_TESTS(cmocka_unit_test(rules_and_occasions_that_do_not_matter_are_left_out),
          cmocka_unit_test(what_cannot_be_narrowed_stays))
