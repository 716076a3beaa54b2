/* SPDX-License-Identifier: MIT */

/* Options: each annotation with some 78 values, good and bad, against what the original makes of them. */

#include "base/json.h"
#include "base/str.h"
#include "oci/annotation.h"
#include "testing/hcs_test.h"
#include "uvm/options.h"

static enum uvm_path_kind see_nothing(const char *path, void *ctx) {
        (void)path;
        (void)ctx;
        return UVM_PATH_ABSENT;
}

/* The machine that the cases were made on. */
static struct uvm_host recorded_host(void) {
        return (struct uvm_host){.build = 26100,
                                 .processors = 8,
                                 .own_processors = 2,
                                 .windows_paths = true,
                                 .log_level = "info",
                                 .program = "golden.exe",
                                 .program_dir = "Z:\\tmp\\study\\golden",
                                 .working_dir = "Z:\\tmp\\study\\golden\\src\\internal\\zz_golden",
                                 .program_files = "C:\\Program Files",
                                 .look = see_nothing};
}

static struct hcs_schema_oci_spec *spec_with(bool windows, const char *key, const char *value) {
        struct hcs_schema_oci_spec *spec = NULL;

        assert_ok(windows ? oci_spec_parse("{\"windows\":{\"hyperv\":{}}}", 25, &spec, NULL)
                          : oci_spec_parse("{\"linux\":{},\"windows\":{\"hyperv\":{}}}", 36, &spec, NULL),
                  NULL);
        if (key)
                oci_spec_annotate(spec, key, value);
        return spec;
}

/* The options as JSON; NULL when they cannot be. */
static struct hcs_json *options_of(const struct uvm_host *host, bool windows, struct hcs_schema_oci_spec *spec,
                                   struct oci_warnings *w, struct hcs_error **err) {
        _cleanup_uvm_lcow_options_ struct hcs_schema_uvm_lcow_options *l = NULL;
        _cleanup_uvm_wcow_options_ struct hcs_schema_uvm_wcow_options *m = NULL;
        _cleanup_free_ char *text = NULL;
        struct hcs_json *json = NULL;
        HRESULT hr = oci_annotations_process(spec, w, err);

        if (FAILED(hr))
                return NULL;
        hr = windows ? uvm_wcow_options_from_spec(host, spec, "id", "owner", w, &m, err)
                     : uvm_lcow_options_from_spec(host, spec, "id", "owner", w, &l, err);
        if (FAILED(hr))
                return NULL;
        text = windows ? hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_UVM_WCOW_OPTIONS), m)
                       : hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_UVM_LCOW_OPTIONS), l);
        assert_ok(hcs_json_parse_cstr(text, &json, NULL), NULL);
        return json;
}

static struct hcs_json *changes(const struct hcs_json *from, const struct hcs_json *to) {
        struct hcs_json *changed = hcs_json_new_object();

        for (const struct hcs_json *m = hcs_json_first(to); m; m = hcs_json_next(m))
                if (!hcs_json_equal(m, hcs_json_get(from, hcs_json_key(m))))
                        hcs_json_set(changed, hcs_json_key(m), hcs_json_copy(m));
        return changed;
}

static void assert_text(const char *name, const char *value, const char *what, const struct hcs_json *got,
                        const struct hcs_json *want) {
        _cleanup_free_ char *g = hcs_json_text(got, HCS_JSON_GO), *w = hcs_json_text(want, HCS_JSON_GO);

        if ((hcs_json_count(got) || hcs_json_count(want)) && !hcs_json_equal(got, want))
                fail_msg("%s = \"%s\": %s: got %s instead of %s", name, value, what, g, w);
}

/* In any order: those of the tables are sorted. */
static void assert_warnings(const char *name, const char *value, const struct oci_warnings *got,
                            const struct hcs_json *want) {
        _cleanup_json_ struct hcs_json *left = got->list ? hcs_json_copy(got->list) : hcs_json_new_array();

        for (const struct hcs_json *w = hcs_json_first(want); w; w = hcs_json_next(w)) {
                struct hcs_json *found = hcs_json_first(left);

                while (found && !hcs_json_equal(found, w))
                        found = hcs_json_next(found);
                if (!found)
                        break;
                hcs_json_free(hcs_json_detach(left, found));
        }
        if (hcs_json_count(left) || hcs_json_count(got->list) != hcs_json_count(want))
                assert_text(name, value, "warnings", got->list, want);
}

static void check_value(const struct hcs_json *table, const char *value, const struct hcs_json *want) {
        const char *name = hcs_json_get_string(table, "name");
        const char *key = hcs_json_get_string(hcs_json_get(table, "input"), "annotation");
        bool windows = hcs_streq(hcs_json_get_string(hcs_json_get(table, "input"), "os"), "windows");
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *plain = spec_with(windows, NULL, NULL);
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = spec_with(windows, key, value);
        _cleanup_oci_warnings_ struct oci_warnings w = {0}, none = {0};
        struct uvm_host host = recorded_host();
        struct hcs_error *err = NULL;
        _cleanup_json_ struct hcs_json *from = options_of(&host, windows, plain, &none, NULL);
        _cleanup_json_ struct hcs_json *to = options_of(&host, windows, spec, &w, &err);
        const char *error = hcs_json_get_string(want, "error");

        if (!hcs_streq(err ? hcs_error_message(err) : NULL, error))
                fail_msg("%s = \"%s\": got error %s instead of %s", name, value, err ? hcs_error_message(err) : "none",
                         error ? error : "none");
        if (!error) {
                _cleanup_json_ struct hcs_json *changed = changes(from, to);

                assert_text(name, value, "changes", changed, hcs_json_get(want, "options_changed_from_default"));
        }
        assert_warnings(name, value, &w, hcs_json_get(want, "warnings"));
        hcs_error_free(err);
}

static void check_table(const struct hcs_json *c, void *ctx) {
        const struct hcs_json *out = hcs_json_get(c, "output");
        size_t *n = ctx;

        for (const struct hcs_json *k = hcs_json_first(hcs_json_get(out, "cases")); k; k = hcs_json_next(k), (*n)++)
                check_value(c, hcs_json_get_string(k, "value"), k);
        for (const struct hcs_json *v = hcs_json_first(hcs_json_get(out, "values_tried")); v;
             v = hcs_json_next(v), (*n)++)
                check_value(c, hcs_json_string(v), NULL);
}

static void annotations_change_options_of_linux_vms_as_in_the_original(void **state) {
        size_t n = 0;

        (void)state;
        hcs_test_each_case("golden/annotations/lcow-uvm.jsonl", check_table, &n);
        assert_true(n > 5000);
}

static void annotations_change_options_of_windows_vms_as_in_the_original(void **state) {
        size_t n = 0;

        (void)state;
        hcs_test_each_case("golden/annotations/wcow-uvm.jsonl", check_table, &n);
        assert_true(n > 5000);
}

HCS_TESTS(cmocka_unit_test(annotations_change_options_of_linux_vms_as_in_the_original),
          cmocka_unit_test(annotations_change_options_of_windows_vms_as_in_the_original))
