/* SPDX-License-Identifier: MIT */

/* The doors, and what a host may set. */

#include "guest/policy/policy.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define ALLOW_ALL "eyJhbGxvd19hbGwiOnRydWUsImNvbnRhaW5lcnMiOnt9fQ==" /* {"allow_all":true,"containers":{}} */
#define ALLOW_ONE "eyJhbGxvd19hbGwiOnRydWUsImNvbnRhaW5lcnMiOnsibGVuZ3RoIjoxfX0="

static void an_open_door_allows_everything(void **state) {
        struct guest_policy_verdict verdict = {0};
        struct guest_policy *p = NULL;
        struct hcs_error *err = NULL;

        assert_ok(guest_policy_new("allow", &p, &err), err);
        assert_ok(guest_policy_ask(p, mount_device, "/m", "", &err), err);
        assert_ok(guest_policy_ask(p, create_container, &(struct guest_policy_container){0}, &verdict, &err), err);
        assert_true(verdict.allow_streams);
        assert_ok(guest_policy_ask(p, dump_stacks, &err), err);
        guest_policy_free(p);
}

static void a_closed_door_says_what_it_denies(void **state) {
        struct guest_policy_verdict verdict = {0};
        struct guest_policy *p = NULL;
        struct hcs_error *err = NULL;

        assert_ok(guest_policy_new("deny", &p, &err), err);
        assert_hresult(guest_policy_ask(p, exec, &(struct guest_policy_exec){0}, &verdict, &err), E_FAIL);
        assert_string_equal(hcs_error_message(err), "starting additional processes is denied by policy");
        hcs_error_free(err);
        assert_hresult(guest_policy_ask(p, get_properties, NULL), E_FAIL);
        guest_policy_free(p);
}

static void another_stance_is_refused(void **state) {
        struct guest_policy *p = NULL;

        assert_hresult(guest_policy_new("maybe", &p, NULL), E_INVALIDARG);
        assert_null(p);
}

static void a_policy_that_allows_all_opens_a_closed_door_once(void **state) {
        struct guest_policy *p = NULL;
        struct hcs_error *err = NULL;

        assert_ok(guest_policy_new("deny", &p, &err), err);
        assert_ok(guest_policy_set(p, "rego", ALLOW_ALL, "ref", "", &err), err);
        assert_string_equal(guest_policy_encoded(p), ALLOW_ALL);
        assert_ok(guest_policy_ask(p, mount_plan9, "/m", &err), err);
        assert_hresult(guest_policy_set(p, "rego", ALLOW_ALL, "ref", "", &err), E_FAIL);
        assert_string_equal(hcs_error_message(err), "security policy has already been set");
        hcs_error_free(err);
        guest_policy_free(p);
}

static void a_policy_that_needs_the_engine_changes_nothing(void **state) {
        static const char *const policies[] = {ALLOW_ONE, "cGFja2FnZSBwb2xpY3k=" /* package policy */};
        struct guest_policy *p = NULL;

        assert_ok(guest_policy_new("deny", &p, NULL), NULL);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(policies); i++)
                assert_hresult(guest_policy_set(p, "rego", policies[i], "", "", NULL), E_NOTIMPL);
        assert_hresult(guest_policy_set(p, "rego", "no base64!", "", "", NULL), E_FAIL);
        assert_hresult(guest_policy_set(p, "bouncer", ALLOW_ALL, "", "", NULL), E_FAIL);
        assert_hresult(guest_policy_ask(p, mount_plan9, "/m", NULL), E_FAIL);
        assert_string_equal(guest_policy_encoded(p), "");
        guest_policy_free(p);
}

static void a_container_finds_the_policy_in_its_root(void **state) {
        _cleanup_free_ char *root = hcs_test_tmpdir(), *path = NULL;
        _cleanup_json_ struct hcs_json *spec = hcs_json_new_object();
        _cleanup_buf_ struct hcs_buf text = {0};
        struct guest_policy *p = NULL;
        struct hcs_error *err = NULL;
        const char *env;

        hcs_json_set_string(hcs_json_set_new_object(spec, "root"), "path", root);
        hcs_json_set_new_object(spec, "process");
        assert_ok(guest_policy_new("allow", &p, &err), err);
        assert_ok(guest_policy_write_context(p, spec, &err), err);
        assert_null(hcs_json_lookup(spec, "process.env"));
        assert_ok(guest_policy_set(p, "", ALLOW_ALL, "ref", "", &err), err);
        assert_ok(guest_policy_write_context(p, spec, &err), err);
        env = hcs_json_string(hcs_json_lookup(spec, "process.env[0]"));
        assert_non_null(env);
        assert_int_equal(strncmp(env, "UVM_SECURITY_CONTEXT_DIR=/security-context-", 43), 0);
        path = hcs_asprintf("%s%s/security-policy-base64", root, strchr(env, '/'));
        assert_ok(hcs_file_read(path, 4096, &text, &err), err);
        assert_string_equal(text.data, ALLOW_ALL);
        guest_policy_free(p);
}

HCS_TESTS(cmocka_unit_test(an_open_door_allows_everything), cmocka_unit_test(a_closed_door_says_what_it_denies),
          cmocka_unit_test(another_stance_is_refused),
          cmocka_unit_test(a_policy_that_allows_all_opens_a_closed_door_once),
          cmocka_unit_test(a_policy_that_needs_the_engine_changes_nothing),
          cmocka_unit_test(a_container_finds_the_policy_in_its_root))
