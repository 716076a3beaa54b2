/* SPDX-License-Identifier: MIT */

/* Rules as they are written, delays as they are drawn, and what is done to documents. */

#include "mockhcs/faults/rule.h"

#include "base/str.h"
#include "mockhcs/faults/document.h"
#include "mockhcs/faults/plan.h"
#include "mockhcs/faults/scenario.h"
#include "testing/hcs_test.h"

static void assert_refused(const char *text, const char *message) {
        struct fault_rules r = {0};
        struct hcs_error *err = NULL;

        assert_hresult(fault_rules_parse(text, &r, &err), E_INVALIDARG);
        assert_string_equal(hcs_error_message(err), message);
        assert_int_equal(r.n, 0);
        hcs_error_free(err);
}

static void rules_are_read_with_all_their_parts(void **state) {
        struct fault_rules r = {0};
        struct hcs_error *err = NULL;
        const struct fault_rule *a, *b;

        assert_ok(fault_rules_parse(
                          "HcsModify*@system/?#2..[configuration.Settings.Name=a b*]%0.25 delay=1s fail=0x80070005;"
                          " event:SystemExited never ;",
                          &r, &err),
                  err);
        assert_int_equal(r.n, 2);
        a = &r.rules[0];
        b = &r.rules[1];
        assert_string_equal(a->name, "HcsModify*");
        assert_string_equal(a->object, "system/?");
        assert_int_equal(a->from, 2);
        assert_true(a->to == UINT64_MAX);
        assert_string_equal(a->path, "configuration.Settings.Name");
        assert_string_equal(a->value, "a b*");
        assert_true(a->probability == 0.25);
        assert_int_equal(a->n_actions, 2);
        assert_int_equal(fault_rule_action(a, FAULT_DELAY)->delay.a, 1000000000);
        assert_hresult(fault_rule_action(a, FAULT_FAIL)->hr, E_ACCESSDENIED);
        assert_int_equal(b->on, FAULT_ON_EVENT);
        assert_string_equal(b->name, "SystemExited");
        fault_rules_deinit(&r);
}

static void rules_that_are_none_are_named_with_the_word(void **state) {
        assert_refused("Hcs* explode",
                       "rule `Hcs* explode': `explode': delay, never, late, early, slow, fail, complete, duplicate, "
                       "reorder, stopped, exit, disconnect, hang, omit, shuffle, stale, cut or corrupt is "
                       "expected");
        assert_refused("Hcs*", "rule `Hcs*': `Hcs*': an action is expected behind it");
        assert_refused("@x never",
                       "rule `@x never': `@x': the name of a function, event or frame is expected, maybe with `*'");
        assert_refused("a#0 never", "rule `a#0 never': `0': #N, #N..M or #N.. is expected, with numbers from 1 on");
        assert_refused("a#3..2 never",
                       "rule `a#3..2 never': `3': #N, #N..M or #N.. is expected, with numbers from 1 on");
        assert_refused("a%2 never",
                       "rule `a%2 never': `2': a probability from 0 to 1 is expected, and behind `:' maybe a "
                       "weight above 0");
        assert_refused("a%0.5:0 never",
                       "rule `a%0.5:0 never': `0.5:0': a probability from 0 to 1 is expected, and behind "
                       "`:' maybe a weight above 0");
        assert_refused("a%: never",
                       "rule `a%: never': `:': a probability from 0 to 1 is expected, and behind `:' maybe a "
                       "weight above 0");
        assert_refused("a[b never", "rule `a[b never': `[b never': `]' is missing");
        assert_refused("a[b]c never", "rule `a[b]c never': `c': @, #, [ or % is expected");
        assert_refused("a delay", "rule `a delay': `delay': a time is expected, as in delay=500ms");
        assert_refused("a delay=5x", "rule `a delay=5x': `5x': a time is expected, as in delay=500ms");
        assert_refused("a delay=2s..1s", "rule `a delay=2s..1s': `2s..1s': a time is expected, as in delay=500ms");
        assert_refused("a fail=0", "rule `a fail=0': `0': the name or number of a failure is expected");
        assert_refused("a never=1", "rule `a never=1': `1': it takes no value");
        assert_refused("event:a exit", "rule `event:a exit': `exit': that cannot be done to an event");
        assert_refused("a never never never never never",
                       "rule `a never never never never never': `never': a rule has at most four actions");
}

/* One of the two, three times out of four the first; the third has its way beside them. */
static void of_rules_with_a_weight_one_has_its_way(void **state) {
        struct mock_event event = {.name = "SystemExited"};
        unsigned never = 0, duplicate = 0, reorder = 0;
        struct fault_rules r = {0};
        struct hcs_error *err = NULL;

        assert_ok(fault_rules_parse("event:*%:3 never; event:System*%1:1 duplicate; event:*%0.5 reorder", &r, &err),
                  err);
        assert_true(r.rules[0].probability == 1 && r.rules[0].weight == 3 && r.rules[2].weight == 0);
        for (int i = 0; i < 4000; i++) {
                struct fault_plan plan;

                fault_plan_event(&r, 42, &event, &plan);
                assert_int_not_equal(plan.never, plan.duplicate);
                never += plan.never;
                duplicate += plan.duplicate;
                reorder += plan.reorder;
        }
        assert_in_range(never, 2900, 3100);
        assert_int_equal(never + duplicate, 4000);
        assert_in_range(reorder, 1900, 2100);
        fault_rules_deinit(&r);
}

static void rules_of_frames_have_bytes(void **state) {
        struct fault_rules r = {0};
        struct hcs_error *err = NULL;

        assert_ok(fault_rules_parse("frame:Response(Start)@c1[ExitCode=3]#2 cut=9; frame:* corrupt", &r, &err), err);
        assert_int_equal(r.rules[0].on, FAULT_ON_FRAME);
        assert_string_equal(r.rules[0].name, "Response(Start)");
        assert_int_equal(fault_rule_action(&r.rules[0], FAULT_CUT)->number, 9);
        assert_false(fault_rule_action(&r.rules[0], FAULT_CUT)->drawn);
        assert_true(fault_rule_action(&r.rules[1], FAULT_CORRUPT)->drawn);
        fault_rules_deinit(&r);
        assert_refused("frame:* cut=x", "rule `frame:* cut=x': `x': a number of bytes is expected");
        assert_refused("frame:* late", "rule `frame:* late': `late': that cannot be done to a frame");
        assert_refused("HcsClose* cut=1", "rule `HcsClose* cut=1': `cut': that cannot be done to a call");
}

static void a_file_of_rules_may_have_documents(void **state) {
        static const char text[] = "[\"a never\",{\"rule\":\"b fail=E_FAIL\",\"document\":{\"Error\":1}}]";
        _cleanup_json_ struct hcs_json *json = NULL, *bad = NULL;
        struct fault_rules r = {0};
        struct hcs_error *err = NULL;

        assert_ok(hcs_json_parse_cstr(text, &json, &err), err);
        assert_ok(fault_rules_parse_json(json, &r, &err), err);
        assert_int_equal(r.n, 2);
        assert_string_equal(r.rules[1].document, "{\"Error\":1}");
        fault_rules_deinit(&r);
        assert_ok(hcs_json_parse_cstr("[\"a never\",7]", &bad, &err), err);
        assert_hresult(fault_rules_parse_json(bad, &r, &err), E_INVALIDARG);
        assert_string_equal(hcs_error_message(err), "$[1]: a rule, or an object with \"rule\", is expected");
        hcs_error_free(err);
}

static uint64_t draw(const char *text, double chance, double chance2) {
        struct fault_delay d;

        assert_true(fault_delay_parse(text, &d));
        return fault_delay_draw(&d, chance, chance2);
}

static void delays_are_drawn_as_they_are_written(void **state) {
        struct fault_delay d;

        assert_int_equal(draw("500", 0.9, 0), 500000000);
        assert_int_equal(draw("10us", 0, 0), 10000);
        assert_int_equal(draw("1ms..9ms", 0.5, 0), 5000000);
        assert_int_equal(draw("100ms~20ms", 0, 0.3), 100000000);
        assert_int_equal(draw("100ms+20ms", 0, 0), 100000000);
        assert_int_equal(draw("100ms+20ms", 0.5, 0), 110000000);
        assert_true(draw("1ms~20ms", 0.99, 0.5) == 0); /* never before the call */
        assert_int_equal(draw("p50:1ms/p100:3ms", 0.1, 0), 1000000);
        assert_int_equal(draw("p50:1ms/p100:3ms", 0.75, 0), 2000000);
        assert_int_equal(draw("p50:1ms/p99:3ms", 0.999, 0), 3000000);
        assert_false(fault_delay_parse("25h", &d));
        assert_false(fault_delay_parse("p50:2ms/p40:3ms", &d));
        assert_false(fault_delay_parse("p50:2ms/", &d));
        assert_false(fault_delay_parse("", &d));
        assert_false(fault_delay_parse("-1ms", &d));
}

static void globs_are_matched(void **state) {
        assert_true(fault_glob("*", ""));
        assert_true(fault_glob("Hcs*System", "HcsStartComputeSystem"));
        assert_true(fault_glob("*a*b", "xaxbxb"));
        assert_false(fault_glob("Hcs", "HcsX"));
        assert_false(fault_glob("?", ""));
}

static void a_document_loses_a_member_or_its_order(void **state) {
        struct mock_value v = {0};

        mock_value_set_document(&v, "result", hcs_strdup("{\"a\":{\"b\":1,\"c\":2},\"d\":3}"));
        assert_true(fault_omit(&v, "a.b", 0));
        assert_string_equal(v.text, "{\"a\":{\"c\":2},\"d\":3}");
        assert_false(fault_omit(&v, "a.x", 0));
        assert_true(fault_omit(&v, NULL, 1)); /* the second member there is */
        assert_string_equal(v.text, "{\"a\":{},\"d\":3}");
        mock_value_deinit(&v);

        mock_value_set_document(&v, "result", hcs_strdup("{\"a\":1,\"b\":2,\"c\":3,\"d\":4}"));
        for (uint64_t seed = 0; hcs_streq(v.text, "{\"a\":1,\"b\":2,\"c\":3,\"d\":4}"); seed++) {
                assert_true(seed < 100);
                fault_shuffle(&v, seed);
        }
        assert_int_equal(v.len, strlen("{\"a\":1,\"b\":2,\"c\":3,\"d\":4}"));
        mock_value_deinit(&v);
        mock_value_set_document(&v, "result", hcs_strdup("no document"));
        fault_shuffle(&v, 1);
        assert_false(fault_omit(&v, NULL, 1));
        assert_string_equal(v.text, "no document");
        mock_value_deinit(&v);
}

static void assert_misplaced(const char *text, bool on_bridge, const char *message) {
        struct fault_rules r = {0};
        struct hcs_error *err = NULL;

        assert_ok(fault_rules_parse(text, &r, &err), err);
        assert_hresult(fault_rules_check(&r, on_bridge, &err), E_INVALIDARG);
        assert_string_equal(hcs_error_message(err), message);
        hcs_error_free(err);
        fault_rules_deinit(&r);
}

static void rules_that_would_never_have_their_occasion_are_named(void **state) {
        assert_misplaced("HcsStart* never;frame:* cut", false, "rule `frame:* cut': only bridges know frames");
        assert_misplaced("frame:* cut;event:* never", true, "rule `event:* never': a bridge knows frames only");
}

static void every_scenario_is_made_of_rules(void **state) {
        size_t n;
        const struct fault_scenario *s = fault_scenarios(&n);

        for (size_t i = 0; i < n; i++) {
                struct fault_rules r = {0};
                struct hcs_error *err = NULL;

                assert_ok(fault_rules_parse(s[i].rules, &r, &err), err);
                assert_true(r.n > 0);
                assert_ok(fault_rules_check(&r, fault_scenario_is_of_bridges(&s[i]), &err), err);
                assert_ptr_equal(fault_scenario_find(s[i].name), &s[i]);
                fault_rules_deinit(&r);
        }
        assert_null(fault_scenario_find("Hcs* never"));
}

#define TEST(f) cmocka_unit_test(f)
int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(rules_are_read_with_all_their_parts),
                TEST(rules_that_are_none_are_named_with_the_word),
                TEST(of_rules_with_a_weight_one_has_its_way),
                TEST(rules_of_frames_have_bytes),
                TEST(a_file_of_rules_may_have_documents),
                TEST(delays_are_drawn_as_they_are_written),
                TEST(globs_are_matched),
                TEST(a_document_loses_a_member_or_its_order),
                TEST(rules_that_would_never_have_their_occasion_are_named),
                TEST(every_scenario_is_made_of_rules),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
