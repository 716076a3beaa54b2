/* SPDX-License-Identifier: MIT */

/* Changes to a running VM: what is sent is what the original sends, and what happens when one side refuses. */

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "oci/steps.h"
#include "testing/hcs_test.h"
#include "uvm/change.h"

#define SERVICE "50b4e0c1-1111-4222-8333-444455556666"
#define SHARE   "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\s1"

static char everyone[] = "D:P(A;;FA;;;WD)", system_only[] = "D:P(A;;FA;;;SY)", layer_id[] = SERVICE, share[] = SHARE,
            union_fs[] = "UnionFS", scsi_root[] = "C:\\mounts\\scsi\\m0", short_root[] = "C:\\m", rego[] = "rego",
            policy[] = "eyJhbGxvd19hbGwiOnRydWUsImNvbnRhaW5lcnMiOnt9fQ==", reference[] = "dGVzdA==";

static HRESULT combine(const struct uvm_sink *sink, char *root, const char *container) {
        struct hcs_schema_layer layer = {.Id = layer_id, .Path = share};
        struct hcs_schema_guest_wcow_combined_layers layers = {.ContainerRootPath = root, .FilterType = union_fs};

        layers.Layers.items = &layer;
        layers.Layers.n = 1;
        return uvm_combine_layers(sink, &layers, container, NULL);
}

static HRESULT send(const struct uvm_sink *sink, const char *name, const struct hcs_json *input) {
        struct hcs_schema_processor_limits limits = {50000, 100, 3, 4, NULL};
        struct hcs_schema_hv_socket_service_config service = {everyone, system_only, true, false, NULL};
        struct hcs_schema_guest_confidential_options options = {
                .EnforcerType = rego, .EncodedSecurityPolicy = policy, .EncodedUVMReference = reference};
        uint64_t bytes = 0;
        GUID vm;

        if (hcs_str_starts(name, "uvm-update-memory-")) {
                assert_true(hcs_json_u64(hcs_json_get(input, "bytes"), &bytes));
                return uvm_set_memory(sink, bytes, NULL);
        }
        assert_ok(hcs_guid_parse("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", &vm, NULL), NULL);
        return hcs_streq(name, "uvm-update-cpulimits")       ? uvm_set_processor_limits(sink, &limits, NULL)
               : hcs_streq(name, "uvm-cpugroup-release")     ? uvm_set_cpu_group(sink, NULL, NULL)
               : hcs_streq(name, "uvm-hvsocket-update")      ? uvm_set_service(sink, SERVICE, &service, NULL)
               : hcs_streq(name, "uvm-hvsocket-remove")      ? uvm_remove_service(sink, SERVICE, NULL)
               : hcs_streq(name, "uvm-hvsocket-gcs-windows") ? uvm_set_addresses(sink, &vm, NULL)
               : hcs_streq(name, "uvm-combine-layers-cwcow") ? combine(sink, short_root, "0123456789abcdef-container")
               : hcs_streq(name, "uvm-combine-layers-wcow-filter-UnionFS") ? combine(sink, scsi_root, NULL)
               : hcs_streq(name, "uvm-remove-combined-layers-cwcow") ? uvm_remove_layers(sink, short_root, true, NULL)
               : hcs_streq(name, "uvm-confidential-options")         ? uvm_set_policy(sink, &options, NULL)
                                                                     : S_FALSE;
}

static void check(const struct hcs_json *c, void *ctx) {
        const char *name = hcs_json_get_string(c, "name");
        _cleanup_oci_steps_ struct oci_steps steps = {0};
        struct uvm_sink sink = oci_steps_sink(&steps);
        HRESULT hr = send(&sink, name, hcs_json_get(c, "input"));
        size_t *n = ctx, at = 0;

        if (hr == S_FALSE)
                return; /* not of this file */
        assert_ok(hr, NULL);
        (*n)++;
        for (const struct hcs_json *e = hcs_json_first(hcs_json_lookup(c, "output.events")); e; e = hcs_json_next(e)) {
                const char *text = hcs_json_get_string(e, "configuration");

                if (hcs_streq(hcs_json_get_string(e, "dir"), "guest->host"))
                        continue;
                assert_true(at < steps.n);
                assert_string_equal(steps.items[at++].text, text ? text : hcs_json_get_string(e, "body_text"));
        }
        assert_int_equal(at, steps.n);
}

static void changes_are_what_the_original_sends(void **state) {
        size_t n = 0;

        hcs_test_each_case("golden/gcs/uvm.jsonl", check, &n);
        assert_true(n >= 10);
}

/* Writes "host TYPE" and "guest TYPE", and refuses one of them. */
struct peer {
        struct hcs_buf told;
        const char *refuses;
};

static HRESULT tell(struct peer *p, const char *who, const char *text, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *line = NULL;
        const char *type;

        assert_ok(hcs_json_parse_cstr(text, &json, NULL), NULL);
        type = hcs_json_get_string(json, "RequestType");
        line = hcs_asprintf("%s %s", who, type ? type : "-");
        hcs_buf_printf(&p->told, "%s;", line);
        return hcs_streq(line, p->refuses) ? hcs_error_make(err, E_ACCESSDENIED, "no") : S_OK;
}

static HRESULT peer_modify(void *ctx, const char *document, struct hcs_error **err) {
        return tell(ctx, "host", document, err);
}

static HRESULT peer_request(void *ctx, const char *text, struct hcs_error **err) {
        return tell(ctx, "guest", text, err);
}

static void assert_change(const char *type, const char *refuses, const char *told, const char *message) {
        struct peer p = {.refuses = refuses};
        struct uvm_sink sink = {&p, NULL, peer_modify, peer_request};
        struct hcs_error *err = NULL;
        HRESULT hr = uvm_change(&sink,
                                &(struct uvm_change){.type = type,
                                                     .resource = "VirtualMachine/X",
                                                     .guest_type = type,
                                                     .guest_resource = "X",
                                                     .guest_settings = "{}"},
                                &err);

        assert_int_equal(FAILED(hr), message != NULL);
        assert_string_equal(hcs_buf_cstr(&p.told), told);
        if (message)
                assert_string_equal(hcs_error_message(err), message);
        hcs_error_free(err);
        hcs_buf_deinit(&p.told);
}

static void the_host_comes_first_and_goes_last(void **state) {
        assert_change("Add", NULL, "host Add;guest Add;", NULL);
        assert_change("Remove", NULL, "guest Remove;host Remove;", NULL);
        assert_change("Update", NULL, "guest Update;", NULL);
        assert_change("PreAdd", NULL, "guest PreAdd;", NULL);
}

static void what_one_side_refuses_the_other_takes_back(void **state) {
        assert_change("Add", "guest Add", "host Add;guest Add;host Remove;", "guest modify: no");
        assert_change("Add", "host Add", "host Add;", "adding VM resources: no");
        assert_change("Remove", "guest Remove", "guest Remove;", "guest modify: no");
        assert_change("Remove", "host Remove", "guest Remove;host Remove;", "removing VM resources: no");
}

HCS_TESTS(cmocka_unit_test(changes_are_what_the_original_sends), cmocka_unit_test(the_host_comes_first_and_goes_last),
          cmocka_unit_test(what_one_side_refuses_the_other_takes_back))
