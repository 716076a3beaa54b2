/* SPDX-License-Identifier: MIT */

/* hosts, resolv.conf, and addresses as text. */

#include "guest/network/dns.h"

#include <sys/socket.h>

#include "guest/network/netlink.h"
#include "testing/hcs_test.h"

#define IPV6_LINES                                                       \
        "\n# The following lines are desirable for IPv6 capable hosts\n" \
        "::1     ip6-localhost ip6-loopback\nfe00::0 ip6-localnet\n"     \
        "ff00::0 ip6-mcastprefix\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n"

static void hosts_names_the_machine_with_and_without_its_domain(void **state) {
        _cleanup_buf_ struct hcs_buf plain = {0}, full = {0};

        guest_dns_hosts("test", &plain);
        assert_string_equal(plain.data, "127.0.0.1 localhost\n127.0.0.1 test\n" IPV6_LINES);
        guest_dns_hosts("test.rules.domain.com", &full);
        assert_string_equal(full.data, "127.0.0.1 localhost\n127.0.0.1 test.rules.domain.com test\n" IPV6_LINES);
}

static void check_resolv(const char *searches, const char *servers, const char *options, const char *expected) {
        struct guest_words a = {0}, b = {0}, c = {0};
        _cleanup_buf_ struct hcs_buf out = {0};
        struct hcs_error *err = NULL;

        guest_words_split(&a, searches, ",");
        guest_words_split(&b, servers, ",");
        guest_words_split(&c, options, ",");
        assert_ok(guest_dns_resolv_conf(&a, &b, &c, &out, &err), err);
        assert_string_equal(hcs_buf_cstr(&out), expected);
        guest_words_deinit(&a);
        guest_words_deinit(&b);
        guest_words_deinit(&c);
}

static void resolv_conf_has_a_line_for_what_there_is(void **state) {
        check_resolv("", "", "", "");
        check_resolv("a.com", "", "", "search a.com\n");
        check_resolv("a.com,b.com", "8.8.8.8,8.8.4.4", "timeout:30,inet6",
                     "search a.com b.com\nnameserver 8.8.8.8\nnameserver 8.8.4.4\noptions timeout:30 inet6\n");
        check_resolv("", "8.8.8.8", "", "nameserver 8.8.8.8\n");
}

static void more_searches_than_a_resolver_takes_are_refused(void **state) {
        struct guest_words searches = {0}, none = {0};
        _cleanup_buf_ struct hcs_buf out = {0};
        struct hcs_error *err = NULL;

        guest_words_split(&searches, "1,2,3,4,5,6,7", ",");
        assert_hresult(guest_dns_resolv_conf(&searches, &none, &none, &out, &err), E_INVALIDARG);
        assert_string_equal(hcs_error_message(err), "searches has more than 6 domains");
        assert_int_equal(out.len, 0);
        hcs_error_free(err);
        guest_words_deinit(&searches);
}

static void a_word_cannot_bring_a_line_of_its_own(void **state) {
        struct guest_words servers = {0}, none = {0};
        _cleanup_buf_ struct hcs_buf out = {0};

        guest_words_add(&servers, "8.8.8.8\noptions x");
        assert_hresult(guest_dns_resolv_conf(&none, &servers, &none, &out, NULL), E_INVALIDARG);
        guest_words_deinit(&servers);
}

static void merging_keeps_the_order_and_adds_nothing_twice(void **state) {
        struct guest_words a = {0}, b = {0};

        guest_words_split(&a, "x,,y,", ",");
        guest_words_split(&b, "y,z,z,x", ",");
        guest_words_merge(&a, &b);
        assert_int_equal(a.n, 3);
        assert_string_equal(a.items[0], "x");
        assert_string_equal(a.items[1], "y");
        assert_string_equal(a.items[2], "z");
        guest_words_deinit(&a);
        guest_words_deinit(&b);
}

static void addresses_are_parsed_or_refused_by_their_text(void **state) {
        static const char *const bad[] = {"10.0.0.1", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/-1",  "10.0.0/8",
                                          "::1/129",  "/24",         "",          "10.0.0.1/0x8", "10.0.0.1/8/8"};
        struct guest_ip ip;

        assert_ok(guest_ip_parse_prefix("192.168.0.5/24", &ip, NULL), NULL);
        assert_int_equal(ip.family, AF_INET);
        assert_int_equal(ip.prefix, 24);
        assert_memory_equal(ip.bytes, "\xC0\xA8\x00\x05", 4);
        assert_ok(guest_ip_parse("fe80::1", &ip, NULL), NULL);
        assert_int_equal(ip.family, AF_INET6);
        assert_int_equal(ip.prefix, 128);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                struct hcs_error *err = NULL;

                assert_hresult(guest_ip_parse_prefix(bad[i], &ip, &err), E_INVALIDARG);
                assert_non_null(strstr(hcs_error_message(err), bad[i]));
                hcs_error_free(err);
        }
        assert_hresult(guest_ip_parse("localhost", &ip, NULL), E_INVALIDARG);
}

static void mac_addresses_have_two_spellings(void **state) {
        static const char *const bad[] = {
                "",  "00-15-5D-01-02", "00-15-5D-01-02-03-04", "00155D010203", "00-15-5D-01-02-0g",
                "0", "00-15-5D-01-02-"};
        uint8_t mac[6];

        assert_ok(guest_mac_parse("00-15-5D-0a-02-Ff", mac, NULL), NULL);
        assert_memory_equal(mac, "\x00\x15\x5D\x0A\x02\xFF", 6);
        assert_ok(guest_mac_parse("00:15:5d:0a:02:ff", mac, NULL), NULL);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++)
                assert_hresult(guest_mac_parse(bad[i], mac, NULL), E_INVALIDARG);
}

HCS_TESTS(cmocka_unit_test(hosts_names_the_machine_with_and_without_its_domain),
          cmocka_unit_test(resolv_conf_has_a_line_for_what_there_is),
          cmocka_unit_test(more_searches_than_a_resolver_takes_are_refused),
          cmocka_unit_test(a_word_cannot_bring_a_line_of_its_own),
          cmocka_unit_test(merging_keeps_the_order_and_adds_nothing_twice),
          cmocka_unit_test(addresses_are_parsed_or_refused_by_their_text),
          cmocka_unit_test(mac_addresses_have_two_spellings))
