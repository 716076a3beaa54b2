/* SPDX-License-Identifier: MIT */

/*
 * Objects of version 1 that clients asked real hosts for, or real hosts told of, as logs have them: made here, they
 * come back with all they said, but for what a service works out itself.
 */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computenetwork.h"

#include "base/json.h"
#include "base/str.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/networks.h"
#include "testing/hcs_test.h"

static struct mockhcs *mock;

static int setup(void **state) {
        networks_use_linked(HNSCall);
        return FAILED(mockhcs_open("emulate", &mock, NULL));
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        return 0;
}

/* Without the backslashes of a text inside a text. */
static void unescape(char *text) {
        char *to = text;

        for (const char *from = text; *from; from++)
                if (*from != '\\' || *++from)
                        *to++ = *from;
        *to = '\0';
}

/* The object that begins where `mark` ends; of a list its first. */
static struct hcs_json *object_of(const char *file, const char *mark) {
        _cleanup_free_ char *text = hcs_test_fixture(file, NULL);
        char *start = strstr(text, mark), *end;
        struct hcs_json *object = NULL;
        unsigned depth = 0;

        assert_non_null(start);
        start = strchr(start + strlen(mark), '{');
        assert_non_null(start);
        for (end = start; *end; end++) {
                depth += (*end == '{') - (*end == '}');
                if (!depth)
                        break;
        }
        end[*end != '\0'] = '\0';
        if (strstr(start, "\\\""))
                unescape(start);
        if (FAILED(hcs_json_parse_cstr(start, &object, NULL)))
                fail_msg("%s: %s", file, start);
        return object;
}

/* What the service works out itself, whatever was said. */
static bool is_computed(const char *name) {
        static const char *const names[] = {"Version", "Health", "State", "CurrentEndpointCount"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++)
                if (hcs_streq(names[i], name))
                        return true;
        return false;
}

static bool same_text(const struct hcs_json *a, const struct hcs_json *b) {
        GUID left, right;

        if (hcs_strcaseeq(hcs_json_string(a), hcs_json_string(b)))
                return true;
        return SUCCEEDED(hcs_guid_parse(hcs_json_string(a), &left, NULL)) &&
               SUCCEEDED(hcs_guid_parse(hcs_json_string(b), &right, NULL)) && hcs_guid_equal(&left, &right);
}

static void assert_kept(const char *file, const struct hcs_json *said, const struct hcs_json *shown) {
        size_t i = 0;

        for (const struct hcs_json *s = hcs_json_first(said); s; s = hcs_json_next(s), i++) {
                const char *name = hcs_json_key(s);
                const struct hcs_json *other = name ? hcs_json_get(shown, name) : hcs_json_at(shown, i);
                const char *text = hcs_json_string(s);

                if (name && is_computed(name))
                        continue;
                if (!other)
                        fail_msg("%s: %s is lost", file, name ? name : "an element");
                if (hcs_json_is(s, HCS_JSON_OBJECT) || hcs_json_is(s, HCS_JSON_ARRAY))
                        assert_kept(file, s, other);
                else if (text && (hcs_str_starts(text, "0.0.0.0") || strchr(text, ':')))
                        assert_string_not_equal(hcs_json_string(other), ""); /* chosen, or spelled otherwise */
                else if (text ? !same_text(s, other) : !hcs_json_equal(s, other))
                        fail_msg("%s: %s is another", file, name ? name : "an element");
        }
}

static void made_as_it_was_said(const char *file, const char *mark, const char *path) {
        _cleanup_json_ struct hcs_json *said = object_of(file, mark), *answer = NULL;
        _cleanup_free_ char *text = NULL, *got = NULL;

        if (hcs_streq(path, "/endpoints/"))
                hcs_json_remove(said, "VirtualNetwork"); /* of that host; the name is enough */
        text = hcs_json_text(said, HCS_JSON_COMPACT);
        assert_hresult(networks_hns("POST", path, text, &got), S_OK);
        assert_ok(hcs_json_parse_cstr(got, &answer, NULL), NULL);
        if (!hcs_json_bool(hcs_json_get(answer, "Success")))
                fail_msg("%s: %s", file, got);
        assert_kept(file, said, hcs_json_get(answer, "Output"));
}

static void networks_of_real_hosts_come_back_with_all_they_said(void **state) {
        made_as_it_was_said("documents/hns-16-networks-response-rs3-spaced.json", "[", "/networks/");
        made_as_it_was_said("documents/hns-21-create-ics-network-request.json", "", "/networks/");
        made_as_it_was_said("logs/hns-30-wsl-networking-bat-hns-objects.log", "", "/networks/");
        made_as_it_was_said("logs/log-02-docker-desktop-beta-nested-logfmt-hns.log",
                            "HNSNetwork Request =", "/networks/");
}

static void the_network_that_a_host_answered_with_is_taken_as_well(void **state) {
        made_as_it_was_said("logs/log-02-docker-desktop-beta-nested-logfmt-hns.log",
                            "Network Response : ", "/networks/");
}

static void an_endpoint_of_kube_proxy_comes_back_with_all_it_said(void **state) {
        static const char network[] = "{\"Name\":\"l2bridge\",\"Type\":\"l2bridge\",\"Subnets\":[{\"AddressPrefix\":"
                                      "\"10.180.112.0/24\",\"GatewayAddress\":\"10.180.112.1\"}]}";
        _cleanup_free_ char *answer = NULL;

        assert_hresult(networks_hns("POST", "/networks/", network, &answer), S_OK);
        made_as_it_was_said("logs/log-23-kube-proxy-klog-spew-2018.log", "Hns Endpoint resource, ", "/endpoints/");
}

/* Docker for Windows stumbled over it: the name is taken by a network that is not its own. */
static void a_second_network_called_nat_is_refused_as_there(void **state) {
        _cleanup_json_ struct hcs_json *request =
                object_of("logs/log-25-docker-desktop-2020-network-exists.log", "Request : ");
        _cleanup_free_ char *text = hcs_json_text(request, HCS_JSON_COMPACT), *first = NULL, *second = NULL;

        assert_hresult(networks_hns("POST", "/networks/", text, &first), S_OK);
        assert_non_null(strstr(first, "\"Success\":true"));
        assert_hresult(networks_hns("POST", "/networks/", text, &second), S_OK);
        assert_non_null(strstr(second, "A network with this name already exists."));
        assert_non_null(strstr(second, "\"ErrorCode\":2151350288"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
HCS_TESTS(TEST(networks_of_real_hosts_come_back_with_all_they_said),
          TEST(the_network_that_a_host_answered_with_is_taken_as_well),
          TEST(an_endpoint_of_kube_proxy_comes_back_with_all_it_said),
          TEST(a_second_network_called_nat_is_refused_as_there))
