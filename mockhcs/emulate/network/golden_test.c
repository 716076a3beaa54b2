/* SPDX-License-Identifier: MIT */

/*
 * What unmodified clients send: every call of the golden cases of hcsshim against the emulator, in a world that has the
 * objects they name. All of it is accepted, but for the rows of a table.
 */

#define HCS_ABI_PROTOTYPES
#include "hcsshim/abi/computenetwork.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "hcsshim/abi/vmcompute.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/networks.h"
#include "testing/hcs_test.h"

#define NETWORK_ID  "d0b4e0c1-1111-4222-8333-444455556666"
#define ENDPOINT_ID "e0b4e0c1-1111-4222-8333-444455556666"
#define OTHER_ID    "e0b4e0c2-1111-4222-8333-444455556666"
#define SPACE_ID    "50b4e0c1-1111-4222-8333-444455556666"
#define BALANCER_ID "1bb4e0c1-1111-4222-8333-444455556666"
#define ROUTE_ID    "0eb4e0c1-1111-4222-8333-444455556666"

/* Calls that a host refuses too: the client sends what its caller left out, or does what the service has done. */
static const struct {
        const char *name, *why;
} refused[] = {
        {"hnsv1-endpoint-create-zero.json", "an endpoint without a network"},
        {"hnsv1-loadbalancer-min.json", "a list without references"},
        {"hnsv1-policylist-remove-endpoint.json", "a policy without a type"},
        {"hnsv1-endpoint-container-attach-0.json", "a container without an id"},
        {"hnsv1-endpoint-container-detach.json", "it is not attached"},
        {"hnsv1-endpoint-host-detach.json", "it is not attached"},
        {"hnsv1-namespace-remove-endpoint.json", "it is not in the namespace"},
        {"namespace-remove-endpoint.json", "it is not in the namespace"},
        {"loadbalancer-add-no-endpoints.json", "a list without references"},
        {"network-removepolicy-RemoteSubnetRoute.json", "it was not added"},
        {"network-removepolicy-SetPolicy.json", "it was not added"},
        {"route-remove-unknown-endpoint.json", "the prefix is \"d\""},
};

static bool may_be_refused(const char *name) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(refused); i++)
                if (strcmp(refused[i].name, name) == 0)
                        return true;
        return false;
}

static int setup(void **state) {
        networks_use_linked(HNSCall);
        return 0;
}

static bool makes(const struct hcs_json *calls, const char *id) {
        for (const struct hcs_json *c = hcs_json_first(calls); c; c = hcs_json_next(c)) {
                const char *settings = hcs_json_get_string(c, "settings"), *object = hcs_json_get_string(c, "object");
                _cleanup_free_ char *mark = hcs_asprintf("{\"ID\":\"%s\"", id);

                if ((settings && strstr(hcs_json_get_string(c, "proc"), "HcnCreate") &&
                     hcs_str_starts(settings, mark)) ||
                    (object && hcs_streq(hcs_json_get_string(c, "path"), "/policylists/") &&
                     hcs_str_starts(object, mark)))
                        return true;
        }
        return false;
}

static void make(const struct hcs_json *calls, enum networks_kind kind, void *parent, const char *id,
                 const char *settings) {
        void *handle = NULL;

        if (makes(calls, id))
                return;
        assert_hresult(networks_create(kind, parent, id, settings, &handle), S_OK);
        networks_close(kind, handle);
}

static void make_world(const struct hcs_json *calls) {
        static const char network[] = "{\"Name\":\"world\",\"Type\":\"Overlay\",\"Ipams\":[{\"Subnets\":[{"
                                      "\"IpAddressPrefix\":\"10.0.0.0/16\"},"
                                      "{\"IpAddressPrefix\":\"fd00::/64\"}]}]}";
        static const char list[] = "{\"HostComputeEndpoints\":[\"" OTHER_ID "\"]}";
        bool other = makes(calls, NETWORK_ID);
        void *handle = NULL;

        assert_hresult(networks_create(NETWORKS, NULL, other ? NULL : NETWORK_ID, network, &handle), S_OK);
        make(calls, ENDPOINTS, handle, OTHER_ID, "{}");
        make(calls, ENDPOINTS, handle, ENDPOINT_ID, "{}");
        networks_close(NETWORKS, handle);
        make(calls, NAMESPACES, NULL, SPACE_ID, "{\"Type\":\"Guest\",\"NamespaceId\":77}");
        make(calls, LOADBALANCERS, NULL, BALANCER_ID, list);
        make(calls, ROUTES, NULL, ROUTE_ID, list);
}

/* "HcnQueryEndpointProperties" is a query of endpoints. */
static bool parse(const char *function, const char *verb, enum networks_kind *ret) {
        static const char *const nouns[] = {"Network", "Endpoint", "Namespace", "LoadBalancer", "SdnRoute"};
        size_t n = strlen(verb);

        if (!hcs_str_starts(function, "Hcn") || strncmp(function + 3, verb, n) != 0)
                return false;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(nouns); i++)
                if (hcs_str_starts(function + 3 + n, nouns[i])) {
                        *ret = (enum networks_kind)i;
                        return true;
                }
        return false;
}

static void *handles[16];
static size_t n_handles;

/* The recorder numbered handles from 0x1001. */
static void *handle_of(const struct hcs_json *call) {
        static const char *const names[] = {"endpoint", "network", "namespace", "loadBalancer", "route"};
        uint64_t n = 0;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names) && !n; i++)
                hcs_json_u64(hcs_json_get(call, names[i]), &n);
        return n > 0x1000 && n - 0x1001 < n_handles ? handles[n - 0x1001] : NULL;
}

static HRESULT hns(const struct hcs_json *call) {
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ struct hcs_json *answer = NULL;
        HRESULT hr = networks_hns(hcs_json_get_string(call, "method"), hcs_json_get_string(call, "path"),
                                  hcs_json_get_string(call, "object"), &text);

        assert_hresult(hr, S_OK);
        assert_ok(hcs_json_parse_cstr(text, &answer, NULL), NULL);
        return hcs_json_bool(hcs_json_get(answer, "Success")) ? S_OK : E_FAIL;
}

static HRESULT play(const struct hcs_json *call) {
        const char *proc = hcs_json_get_string(call, "proc"), *function = strchr(proc, '.') + 1;
        const char *settings = hcs_json_get_string(call, "settings"), *query = hcs_json_get_string(call, "query"),
                   *id = hcs_json_get_string(call, "id");
        _cleanup_free_ char *text = NULL;
        enum networks_kind kind;
        HRESULT hr = E_NOTIMPL;
        void *made = NULL;

        if (strcmp(function, "HNSCall") == 0)
                return hns(call);
        if (parse(function, "Create", &kind))
                hr = networks_create(kind, handle_of(call), NULL, settings, &made);
        else if (parse(function, "Open", &kind))
                hr = networks_open(kind, id, &made);
        else if (parse(function, "Modify", &kind))
                hr = networks_modify(kind, handle_of(call), settings);
        else if (parse(function, "Query", &kind))
                hr = networks_query(kind, handle_of(call), query, &text);
        else if (parse(function, "Enumerate", &kind))
                hr = networks_enumerate(kind, query, &text);
        else if (parse(function, "Delete", &kind))
                hr = networks_delete(kind, id);
        else if (parse(function, "Close", &kind))
                hr = networks_close(kind, handle_of(call));
        if (made)
                handles[n_handles++] = made;
        return hr;
}

static unsigned play_case(const char *folder, const char *name) {
        _cleanup_free_ char *relative = hcs_asprintf("golden/hcn/%s", name), *text = NULL;
        _cleanup_json_ struct hcs_json *golden = NULL;
        struct mockhcs *mock = NULL;
        const struct hcs_json *calls;
        unsigned n = 0, failures = 0;
        size_t len;

        text = hcs_test_fixture(relative, &len);
        assert_ok(hcs_json_parse(text, len, NULL, &golden, NULL), NULL);
        calls = hcs_json_lookup(golden, "output.calls");
        assert_ok(mockhcs_open("emulate", &mock, NULL), NULL);
        make_world(calls);
        n_handles = 0;
        for (const struct hcs_json *c = hcs_json_first(calls); c; c = hcs_json_next(c), n++) {
                HRESULT hr = play(c);

                if (FAILED(hr) && !may_be_refused(name))
                        fail_msg("%s: %s: 0x%08X %s", name, hcs_json_get_string(c, "proc"), (unsigned)hr,
                                 networks_record());
                failures += FAILED(hr);
        }
        if (may_be_refused(name) != (failures > 0))
                fail_msg("%s is not refused any more", name);
        mockhcs_close(mock);
        return n;
}

static void everything_that_clients_send_is_accepted(void **state) {
        _cleanup_free_ char *folder = hcs_test_fixture_path("golden/hcn");
        DIR *dir = opendir(folder);
        unsigned cases = 0, calls = 0;

        assert_non_null(dir);
        for (struct dirent *e; (e = readdir(dir));)
                if (hcs_str_ends(e->d_name, ".json")) {
                        cases++;
                        calls += play_case(folder, e->d_name);
                }
        closedir(dir);
        assert_true(cases > 100);
        assert_true(calls > 200);
}

HCS_TESTS(cmocka_unit_test_setup(everything_that_clients_send_is_accepted, setup))
