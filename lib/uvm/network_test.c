/* SPDX-License-Identifier: MIT */

/* Adapters of namespaces: what is sent is what the original sends, in its order. */

#include "base/json.h"
#include "base/str.h"
#include "oci/steps.h"
#include "testing/hcs_test.h"
#include "uvm/network.h"

#define NAMESPACE "50b4e0c1-1111-4222-8333-444455556666"

static HRESULT count_guid(GUID *ret, void *ctx) {
        _cleanup_free_ char *text = hcs_asprintf("00000000-0000-4000-8000-%012x", ++*(unsigned *)ctx);

        return hcs_guid_parse(text, ret, NULL);
}

/* The endpoint of all cases; the name may be set. */
static struct hcs_schema_hcn_host_compute_endpoint *make_endpoint(const char *name) {
        static const char text[] =
                "{\"ID\":\"e0b4e0c1-1111-4222-8333-444455556666\",\"HostComputeNetwork\":\"d0b4e0c1-1111-4222-8333-"
                "444455556666\","
                "\"HostComputeNamespace\":\"" NAMESPACE
                "\",\"Policies\":[{\"Type\":\"EncapOverhead\",\"Settings\":{\"Overhead\":50}}],"
                "\"IpConfigurations\":[{\"IpAddress\":\"10.0.0.5\",\"PrefixLength\":24},{\"IpAddress\":\"fd00::5\","
                "\"PrefixLength\":64}],\"Dns\":{\"Domain\":\"Example.COM\",\"Search\":[\"A.b\",\"c.D\"],\"ServerList\":"
                "[\"8.8.8.8\","
                "\"FE80::1%Eth\"]},\"Routes\":[{\"NextHop\":\"10.0.0.1\",\"DestinationPrefix\":\"0.0.0.0/"
                "0\",\"Metric\":7}],"
                "\"MacAddress\":\"00-15-5D-52-C0-01\",\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}";
        struct hcs_schema_hcn_host_compute_endpoint *e = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_schema_parse(hcs_schema_type_at(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT), text, strlen(text),
                                   (void **)&e, &err),
                  err);
        e->Name = hcs_strdup(name);
        return e;
}

static void free_endpoint(struct hcs_schema_hcn_host_compute_endpoint *e) {
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_HCN_HOST_COMPUTE_ENDPOINT), e);
}

/* What the original forgets to say of a Windows guest's adapter that goes. */
static char *with_resource_type(const char *text) {
        static const char before[] = "{\"RequestType\":\"Remove\",\"Settings\"";
        const char *at = strstr(text, before);

        return at ? hcs_asprintf("%.*s{\"RequestType\":\"Remove\",\"ResourceType\":\"Network\",\"Settings\"%s",
                                 (int)(at - text), text, at + strlen(before))
                  : hcs_strdup(text);
}

static void check(const struct hcs_json *c, void *ctx) {
        const char *name = hcs_json_get_string(c, "name");
        bool removes = hcs_str_ends(name, "-remove-all");
        _cleanup_oci_steps_ struct oci_steps steps = {0};
        struct uvm_sink sink = oci_steps_sink(&steps);
        struct hcs_schema_hcn_host_compute_endpoint *e;
        unsigned guids = 0;
        struct uvm_host host = {.new_guid = count_guid, .ctx = &guids};
        struct uvm_networks_options o = {.host = &host};
        _cleanup_uvm_networks_ struct uvm_networks *n = NULL;
        size_t *cases = ctx, at = 0;

        if (!hcs_str_starts(name, "uvm-network-"))
                return;
        (*cases)++;
        o.is_windows = hcs_streq(hcs_json_get_string(hcs_json_get(c, "input"), "guest_os"), "windows");
        n = uvm_networks_new(&o);
        e = make_endpoint(NULL);
        assert_ok(uvm_networks_add(n, &sink, NAMESPACE, NULL), NULL);
        assert_ok(uvm_networks_add_endpoints(n, &sink, NAMESPACE,
                                             (const struct hcs_schema_hcn_host_compute_endpoint *const[]){e}, 1, NULL),
                  NULL);
        if (removes)
                assert_ok(uvm_networks_remove(n, &sink, NAMESPACE, NULL), NULL);
        free_endpoint(e);
        for (const struct hcs_json *w = hcs_json_first(hcs_json_lookup(c, "output.events")); w; w = hcs_json_next(w)) {
                const char *text = hcs_json_get_string(w, "configuration");
                _cleanup_free_ char *want = NULL;

                if (hcs_streq(hcs_json_get_string(w, "dir"), "guest->host"))
                        continue;
                want = with_resource_type(text ? text : hcs_json_get_string(w, "body_text"));
                assert_true(at < steps.n);
                assert_string_equal(steps.items[at++].text, want);
        }
        assert_int_equal(at, steps.n);
}

static void adapters_come_and_go_as_in_the_original(void **state) {
        size_t n = 0;

        hcs_test_each_case("golden/gcs/uvm.jsonl", check, &n);
        assert_int_equal(n, 3);
}

static void eth0_is_the_first_adapter_and_each_can_go_alone(void **state) {
        struct hcs_schema_hcn_host_compute_endpoint *b = make_endpoint("b"), *eth0 = make_endpoint("z-eth0");
        _cleanup_oci_steps_ struct oci_steps steps = {0};
        struct uvm_sink sink = oci_steps_sink(&steps);
        struct uvm_host host = {0};
        _cleanup_uvm_networks_ struct uvm_networks *n = uvm_networks_new(&(struct uvm_networks_options){.host = &host});

        free(eth0->ID);
        eth0->ID = hcs_strdup("the-first");
        assert_ok(uvm_networks_add(n, &sink, NAMESPACE, NULL), NULL);
        assert_ok(uvm_networks_add_endpoints(n, &sink, NAMESPACE,
                                             (const struct hcs_schema_hcn_host_compute_endpoint *const[]){b, eth0}, 2,
                                             NULL),
                  NULL);
        assert_non_null(strstr(steps.items[0].text, "the-first"));
        assert_hresult(uvm_networks_add(n, &sink, NAMESPACE, NULL), HCS_WIN32(183));
        assert_hresult(uvm_networks_remove_endpoint(n, &sink, NAMESPACE, "none", NULL), HCS_WIN32(1168));
        assert_hresult(uvm_networks_remove_endpoint(n, &sink, "none", "the-first", NULL), HCS_WIN32(1168));
        assert_ok(uvm_networks_remove_endpoint(n, &sink, NAMESPACE, "the-first", NULL), NULL);
        assert_hresult(uvm_networks_remove_endpoint(n, &sink, NAMESPACE, "the-first", NULL), HCS_WIN32(1168));
        free_endpoint(b);
        free_endpoint(eth0);
}

static HRESULT refuse(void *ctx, const char *text, struct hcs_error **err) {
        return hcs_error_make(err, E_ACCESSDENIED, "no");
}

static void an_adapter_that_is_refused_is_not_there(void **state) {
        struct hcs_schema_hcn_host_compute_endpoint *e = make_endpoint(NULL);
        struct uvm_sink sink = {NULL, refuse, refuse, refuse};
        struct uvm_host host = {0};
        _cleanup_uvm_networks_ struct uvm_networks *n = uvm_networks_new(&(struct uvm_networks_options){.host = &host});

        assert_ok(uvm_networks_add(n, &sink, NAMESPACE, NULL), NULL);
        assert_hresult(uvm_networks_add_endpoints(n, &sink, NAMESPACE,
                                                  (const struct hcs_schema_hcn_host_compute_endpoint *const[]){e}, 1,
                                                  NULL),
                       E_ACCESSDENIED);
        assert_ok(uvm_networks_remove(n, &sink, NAMESPACE, NULL), NULL);
        free_endpoint(e);
}

HCS_TESTS(cmocka_unit_test(adapters_come_and_go_as_in_the_original),
          cmocka_unit_test(eth0_is_the_first_adapter_and_each_can_go_alone),
          cmocka_unit_test(an_adapter_that_is_refused_is_not_there))
