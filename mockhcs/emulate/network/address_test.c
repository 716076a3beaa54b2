/* SPDX-License-Identifier: MIT */

/* Texts of addresses, prefixes and MAC addresses. */

#include "mockhcs/emulate/network/address.h"

#include "base/mem.h"
#include "testing/hcs_test.h"

static void addresses_parse_and_print_in_their_shortest_form(void **state) {
        static const char *const rows[][2] = {
                {"10.0.0.1", "10.0.0.1"},
                {"255.255.255.255", "255.255.255.255"},
                {"0.0.0.0", "0.0.0.0"},
                {"::", "::"},
                {"::1", "::1"},
                {"1::", "1::"},
                {"FD00:0001:0:0::00aa", "fd00:1::aa"},
                {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
                {"1:0:3:0:0:0:7:8", "1:0:3::7:8"},
                {"1:0:0:4:5:0:0:8", "1::4:5:0:0:8"},
                {"0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
                {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
                {"::ffff:10.0.0.1", "::ffff:a00:1"},
                {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                struct net_address a;
                char text[NET_ADDRESS_TEXT];

                assert_true(net_address_parse(rows[i][0], &a));
                assert_string_equal(net_address_format(&a, text), rows[i][1]);
                assert_int_equal(a.v6, strchr(rows[i][0], ':') != NULL);
        }
}

static void what_is_no_address_is_refused(void **state) {
        static const char *const rows[] = {"",
                                           "1",
                                           "1.2.3",
                                           "1.2.3.4.5",
                                           "256.1.1.1",
                                           "1.2.3.4 ",
                                           "1..2.3",
                                           "0001.2.3.4",
                                           "a.b.c.d",
                                           "1.2.3.-4",
                                           ":",
                                           ":::",
                                           "1:2",
                                           ":1::2",
                                           "1::2::3",
                                           "1:2:3:4:5:6:7:8:9",
                                           "12345::",
                                           "g::",
                                           "1:2:3:4:5:6:7:",
                                           "::1.2.3",
                                           "fe80::1%eth0",
                                           "1:2:3:4:5:6:7:8::"};
        struct net_address a;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++)
                if (net_address_parse(rows[i], &a))
                        fail_msg("\"%s\" was taken for an address", rows[i]);
        assert_false(net_address_parse(NULL, &a));
}

static void prefixes_know_their_first_and_last_address(void **state) {
        struct net_address inside = {.value = 0x0A00FFFF}, outside = {.value = 0x0A010000};
        struct net_prefix p, other;
        char text[NET_PREFIX_TEXT];

        assert_true(net_prefix_parse("10.0.0.0/16", false, &p));
        assert_true(net_prefix_last(&p) == 0x0A00FFFF);
        assert_true(net_prefix_contains(&p, &inside));
        assert_false(net_prefix_contains(&p, &outside));
        assert_string_equal(net_prefix_format(&p, text), "10.0.0.0/16");
        assert_true(net_prefix_parse("10.0.1.0/24", false, &other));
        assert_true(net_prefix_overlaps(&p, &other));
        assert_true(net_prefix_parse("10.1.0.0/24", false, &other));
        assert_false(net_prefix_overlaps(&p, &other));
        assert_true(net_prefix_parse("::/0", false, &other));
        assert_true(net_prefix_last(&other) == ~(net_number)0);
        assert_false(net_prefix_overlaps(&p, &other));
        assert_true(net_prefix_parse("1.2.3.4/32", false, &other));
        assert_true(net_prefix_last(&other) == other.first);
}

static void host_bits_are_dropped_or_refused(void **state) {
        struct net_prefix p;
        char text[NET_PREFIX_TEXT];

        assert_false(net_prefix_parse("169.254.169.254/24", false, &p));
        assert_true(net_prefix_parse("169.254.169.254/24", true, &p));
        assert_string_equal(net_prefix_format(&p, text), "169.254.169.0/24");
        assert_false(net_prefix_parse("10.0.0.0/33", true, &p));
        assert_false(net_prefix_parse("10.0.0.0/", true, &p));
        assert_false(net_prefix_parse("10.0.0.0/+8", true, &p));
        assert_false(net_prefix_parse("fd00::/129", true, &p));
        assert_false(net_prefix_parse("10.0.0.0", true, &p));
        assert_false(net_prefix_parse(NULL, true, &p));
}

static void mac_addresses_come_with_dashes_or_colons(void **state) {
        char text[NET_MAC_TEXT];
        net_number mac;

        assert_true(net_mac_parse("00:15:5d:0a:ff:01", &mac));
        assert_string_equal(net_mac_format(mac, text), "00-15-5D-0A-FF-01");
        assert_true(net_mac_parse("00-15-5D-0A-FF-01", &mac));
        assert_false(net_mac_parse("00-15:5D-0A-FF-01", &mac));
        assert_false(net_mac_parse("00-15-5D-0A-FF-0g", &mac));
        assert_false(net_mac_parse("00-15-5D-0A-FF", &mac));
        assert_false(net_mac_parse(NULL, &mac));
}

HCS_TESTS(cmocka_unit_test(addresses_parse_and_print_in_their_shortest_form),
          cmocka_unit_test(what_is_no_address_is_refused), cmocka_unit_test(prefixes_know_their_first_and_last_address),
          cmocka_unit_test(host_bits_are_dropped_or_refused),
          cmocka_unit_test(mac_addresses_come_with_dashes_or_colons))
