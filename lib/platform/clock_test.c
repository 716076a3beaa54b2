/* SPDX-License-Identifier: MIT */

/* Times as they are written, read back. */

#include "platform/clock.h"

#include "base/mem.h"
#include "testing/hcs_test.h"

static void assert_time(const char *text, uint64_t ns, bool zoned, const char *rest) {
        uint64_t got = 7;
        bool got_zoned = !zoned;
        const char *end = hcs_wall_clock_parse(text, &got, &got_zoned);

        assert_non_null(end);
        assert_int_equal(got, ns);
        assert_int_equal(got_zoned, zoned);
        assert_string_equal(end, rest);
}

static void times_of_all_spellings_are_read(void **state) {
        assert_time("1970-01-01T00:00:00Z", 0, true, "");
        assert_time("2019-05-05T17:37:30.142096500-07:00", 1557103050142096500u, true, "");
        assert_time("2021-11-30 19:25:12.905117 +0100 CET m=+88.2", 1638296712905117000u, true, " CET m=+88.2");
        assert_time("2026/03/27 01:43:32,5 [HCS]", 1774575812500000000u, false, " [HCS]");
        assert_time("2000-02-29T23:59:60Z", 951868800000000000u, true, "");
        assert_time("1970-01-01T02:00:00+02", 0, true, "");
}

static void what_is_no_time_is_refused_and_sets_nothing(void **state) {
        static const char *const texts[] = {"",
                                            "2",
                                            "2019",
                                            "2019-05-05",
                                            "2019-05-05T",
                                            "2019-05-05T17:37",
                                            "1969-05-05T00:00:00Z",
                                            "2262-01-01T00:00:00Z",
                                            "9999-12-31T23:59:59Z",
                                            "20190505T00:00:00Z",
                                            "2019-13-05T00:00:00Z",
                                            "2019-12-32T00:00:00Z",
                                            "2019-12-01T24:00:00Z",
                                            "2019-12/01T00:00:00Z",
                                            "1970-01-01T00:00:00+01:00"};
        uint64_t ns = 7;
        bool zoned = true;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(texts); i++)
                assert_null(hcs_wall_clock_parse(texts[i], &ns, &zoned));
        assert_int_equal(ns, 7);
}

static void what_is_printed_is_read_back(void **state) {
        static const uint64_t times[] = {0, 1, 951782400000000000u, 1735689599999999999u, 4102444800000000000u};
        char text[40];

        for (size_t i = 0; i < HCS_ARRAY_SIZE(times); i++)
                assert_time(hcs_wall_clock_format(times[i], text), times[i], true, "");
}

static void many_seconds_do_not_wrap(void **state) {
        assert_true(300 * HCS_NS_PER_S / 300 == HCS_NS_PER_S);
        assert_true(10000 * HCS_NS_PER_MS == 10 * HCS_NS_PER_S);
}

HCS_TESTS(cmocka_unit_test(many_seconds_do_not_wrap), cmocka_unit_test(times_of_all_spellings_are_read),
          cmocka_unit_test(what_is_no_time_is_refused_and_sets_nothing), cmocka_unit_test(what_is_printed_is_read_back))
