/* SPDX-License-Identifier: MIT */

/* Documents: every case that the original's answer is known of, by the bytes; and what no case shows. */

#include "base/json.h"
#include "base/str.h"
#include "testing/hcs_test.h"
#include "uvm/case.h"

/* Lists that are nothing, and empty ones, are the same to us. */
static bool is_none(const struct hcs_json *j) {
        return !j || hcs_json_is(j, HCS_JSON_NULL) || (hcs_json_is(j, HCS_JSON_ARRAY) && !hcs_json_count(j));
}

static void assert_json(const char *name, const char *what, const struct hcs_json *got, const struct hcs_json *want) {
        _cleanup_free_ char *g = hcs_json_text(got, HCS_JSON_GO), *w = hcs_json_text(want, HCS_JSON_GO);

        if (!hcs_json_equal(got, want))
                fail_msg("%s: %s: got %s instead of %s", name, what, g, w);
}

/* Assigned devices are structs of private members in the original, which its log shows in other ways. */
static void assert_options(const char *name, const struct hcs_json *got, const struct hcs_json *want) {
        for (const struct hcs_json *m = hcs_json_first(got); m; m = hcs_json_next(m))
                if (!hcs_json_get(want, hcs_json_key(m)))
                        fail_msg("%s: no such option: %s", name, hcs_json_key(m));
        for (const struct hcs_json *m = hcs_json_first(want); m; m = hcs_json_next(m)) {
                const struct hcs_json *mine = hcs_json_get(got, hcs_json_key(m));

                if (is_none(m) && is_none(mine))
                        continue;
                if (hcs_streq(hcs_json_key(m), "AssignedDevices"))
                        assert_int_equal(hcs_json_count(mine), hcs_json_count(m));
                else
                        assert_json(name, hcs_json_key(m), mine, m);
        }
}

/* The original closes what it has not made; we have nothing to remove before it is there. */
static bool is_of_closing(const struct hcs_json *warning) {
        return hcs_streq(hcs_json_get_string(warning, "msg"), "failed to remove VMGS file");
}

/* In any order: those of cases are sorted. */
static void assert_warnings(const char *name, const struct oci_warnings *got, const struct hcs_json *want) {
        _cleanup_json_ struct hcs_json *left = got->list ? hcs_json_copy(got->list) : hcs_json_new_array();

        for (const struct hcs_json *w = hcs_json_first(want); w; w = hcs_json_next(w)) {
                _cleanup_free_ char *text = hcs_json_text(w, HCS_JSON_GO),
                                    *mine = hcs_json_text(got->list, HCS_JSON_GO);
                struct hcs_json *found = hcs_json_first(left);

                if (is_of_closing(w))
                        continue;
                while (found && !hcs_json_equal(found, w))
                        found = hcs_json_next(found);
                if (!found)
                        fail_msg("%s: no warning %s in %s", name, text, mine);
                hcs_json_free(hcs_json_detach(left, found));
        }
        if (hcs_json_count(left)) {
                _cleanup_free_ char *text = hcs_json_text(left, HCS_JSON_GO);

                fail_msg("%s: more warnings: %s", name, text);
        }
}

/* The part of the error that does not come from the system it ran on. */
static void assert_error(const char *name, const struct hcs_error *got, const char *want) {
        size_t n = strlen(want);
        const char *of_system = strstr(want, ": File not found.");

        if (of_system)
                n = (size_t)(of_system - want);
        if (!got || strncmp(hcs_error_message(got), want, n) || (!of_system && strlen(hcs_error_message(got)) != n))
                fail_msg("%s: got error %s instead of %s", name, got ? hcs_error_message(got) : "none", want);
}

static struct hcs_json *calls_of(const struct uvm_plan *p, const char *id) {
        struct hcs_json *calls = hcs_json_new_array();

        for (size_t i = 0; i < p->n_steps; i++) {
                const struct uvm_step *s = &p->steps[i];
                struct hcs_json *call;

                if (s->kind == UVM_STEP_COPY || s->kind == UVM_STEP_MAKE_DIRECTORY)
                        continue;
                call = hcs_json_append(calls, hcs_json_new_object());
                if (s->kind == UVM_STEP_GRANT_GROUP) {
                        hcs_json_set_string(call, "proc", "security.GrantVmGroupAccessWithMask");
                        hcs_json_set_string(call, "name", s->path);
                        hcs_json_set_u64(call, "access", 0x10000000);
                } else if (s->kind == UVM_STEP_GRANT_VM) {
                        hcs_json_set_string(call, "proc", "vmcompute.GrantVmAccess");
                        hcs_json_set_string(call, "vmid", id);
                        hcs_json_set_string(call, "filepath", s->path);
                } else {
                        hcs_json_set_string(call, "proc", "virtdisk.SetVirtualDiskIdentifier");
                        hcs_json_set_string(call, "path", s->path);
                        hcs_json_set_string(call, "id", s->target);
                }
        }
        return calls;
}

static void check_calls(const struct hcs_json *c, const struct uvm_case *run) {
        const char *name = hcs_json_get_string(c, "name");
        const char *id = hcs_json_get_string(hcs_json_get(c, "input"), "vm_id");
        const struct hcs_json *want = hcs_json_lookup(c, "extra.calls");
        _cleanup_json_ struct hcs_json *calls = calls_of(&run->plan, id);

        /* Until a failure the original grants as it goes; we only when all is well. */
        if (run->plan.document || hcs_json_count(calls) == hcs_json_count(want))
                assert_json(name, "calls", calls, want);
}

static void check_legacy(const struct hcs_json *c, void *ctx) {
        const enum uvm_case_kind *kind = ctx;
        const char *name = hcs_json_get_string(c, "name"), *want = hcs_json_get_string(c, "output_text");
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        _cleanup_uvm_case_ struct uvm_case run = {0};
        struct hcs_error *err = NULL;
        _cleanup_json_ struct hcs_json *input = hcs_json_copy(hcs_json_get(c, "input"));
        HRESULT hr;
        _cleanup_free_ char *text = NULL;

        hcs_json_set_string(hcs_json_get(input, "host"), "program_dir", "Z:\\tmp\\study\\golden");
        hr = uvm_case_run(input, *kind, &run, &w, &err);
        text = SUCCEEDED(hr) ? uvm_plan_text(&run.plan) : NULL;
        if (hcs_json_get_string(c, "error"))
                assert_error(name, err, hcs_json_get_string(c, "error"));
        else if (!hcs_streq(text, want))
                fail_msg("%s: got %s (%s) instead of %s", name, text ? text : "nothing",
                         err ? hcs_error_message(err) : "", want);
        if (hcs_json_lookup(c, "output.options"))
                assert_options(name, run.options, hcs_json_lookup(c, "output.options"));
        assert_warnings(name, &w, hcs_json_lookup(c, "extra.warnings"));
        check_calls(c, &run);
        hcs_error_free(err);
}

static void check_v2(const struct hcs_json *c, void *ctx) {
        const char *name = hcs_json_get_string(c, "name");
        const struct hcs_json *want = hcs_json_lookup(c, "extra.v2_builder");
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        _cleanup_uvm_case_ struct uvm_case run = {0};
        _cleanup_free_ char *text = NULL;
        struct hcs_error *err = NULL;
        size_t *n = ctx;
        HRESULT hr;

        if (!want)
                return;
        (*n)++;
        hr = uvm_case_run(hcs_json_get(c, "input"), UVM_CASE_LCOW_V2, &run, &w, &err);
        text = SUCCEEDED(hr) ? uvm_plan_text(&run.plan) : NULL;
        if (hcs_json_get_string(want, "error"))
                assert_error(name, err, hcs_json_get_string(want, "error"));
        else if (!hcs_streq(text, hcs_json_get_string(want, "document_text")))
                fail_msg("%s: got %s (%s) instead of %s", name, text ? text : "nothing",
                         err ? hcs_error_message(err) : "", hcs_json_get_string(want, "document_text"));
        if (hcs_json_get(want, "sandbox_options"))
                assert_json(name, "sandbox options", run.options, hcs_json_get(want, "sandbox_options"));
        assert_warnings(name, &w, hcs_json_get(want, "warnings"));
        hcs_error_free(err);
}

static void documents_of_linux_vms_are_the_originals(void **state) {
        enum uvm_case_kind kind = UVM_CASE_LCOW;

        (void)state;
        hcs_test_each_case("golden/lcow-uvm.jsonl", check_legacy, &kind);
}

static void documents_of_windows_vms_are_the_originals(void **state) {
        enum uvm_case_kind kind = UVM_CASE_WCOW;

        (void)state;
        hcs_test_each_case("golden/wcow-uvm.jsonl", check_legacy, &kind);
}

static void documents_of_the_second_shim_are_the_originals(void **state) {
        size_t n = 0;

        (void)state;
        hcs_test_each_case("golden/lcow-uvm.jsonl", check_v2, &n);
        assert_true(n > 100);
}

static void assert_bad_policy(const char *policy, unsigned offset) {
        _cleanup_free_ char *want =
                hcs_asprintf("failed to decode base64 security policy: illegal base64 data at input byte %u", offset);
        struct hcs_error *err = NULL;
        char *digest = NULL;

        assert_hresult(uvm_policy_digest(policy, &digest, &err), E_INVALIDARG);
        assert_string_equal(hcs_error_message(err), want);
        hcs_error_free(err);
}

/* Offsets are those of Go's encoding/base64. */
static void a_policy_that_is_no_base64_is_told_by_its_offset(void **state) {
        char *digest = NULL;

        (void)state;
        assert_bad_policy(" ", 0);
        assert_bad_policy("abc", 0);
        assert_bad_policy("abcde", 4);
        assert_bad_policy("ab!d", 2);
        assert_bad_policy("=", 0);
        assert_bad_policy("ab=", 3);
        assert_bad_policy("ab=c", 2);
        assert_bad_policy("ab==c", 4);
        assert_ok(uvm_policy_digest("YW\r\nJj\n", &digest, NULL), NULL); /* "abc", in lines */
        assert_string_equal(digest, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        free(digest);
}

static void an_option_that_there_is_not_is_named(void **state) {
        static const char text[] = "{\"spec\":{\"linux\":{}},\"option_overrides\":{\"Nonsense\":1}}";
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        _cleanup_json_ struct hcs_json *input = NULL;
        struct hcs_error *err = NULL;
        char *document = NULL;

        (void)state;
        assert_ok(hcs_json_parse_cstr(text, &input, NULL), NULL);
        assert_hresult(uvm_document_from_case(input, UVM_CASE_LCOW, &w, &document, &err), E_INVALIDARG);
        assert_string_equal(hcs_error_message(err), "option_overrides: no such option: \"Nonsense\"");
        hcs_error_free(err);
}

HCS_TESTS(cmocka_unit_test(documents_of_linux_vms_are_the_originals),
          cmocka_unit_test(documents_of_windows_vms_are_the_originals),
          cmocka_unit_test(documents_of_the_second_shim_are_the_originals),
          cmocka_unit_test(a_policy_that_is_no_base64_is_told_by_its_offset),
          cmocka_unit_test(an_option_that_there_is_not_is_named))
