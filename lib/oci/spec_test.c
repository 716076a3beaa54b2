/* SPDX-License-Identifier: MIT */

/* Specifications: every member of the type survives reading and printing; how Go reads is how they are read. */

#include "base/json.h"
#include "oci/spec.h"
#include "testing/hcs_test.h"

static struct hcs_schema_oci_spec *parsed(const char *text) {
        struct hcs_schema_oci_spec *spec = NULL;
        struct hcs_error *err = NULL;

        assert_ok(oci_spec_parse(text, strlen(text), &spec, &err), err);
        return spec;
}

/* A value for every member below a type: each differs from what is left out. */
static struct hcs_json *filled(const struct hcs_schema_type *type);

static struct hcs_json *value_of(const struct hcs_schema_field *f) {
        switch (f->kind) {
        case HCS_SCHEMA_BOOL:
                return hcs_json_new_bool(true);
        case HCS_SCHEMA_STRING:
                return hcs_json_new_string(f->values ? f->values[0] : f->name);
        case HCS_SCHEMA_ANY:
                return hcs_json_new_string("{}");
        case HCS_SCHEMA_STRUCT:
                return filled(f->type);
        case HCS_SCHEMA_U64:
                return hcs_json_new_u64(UINT64_MAX);
        case HCS_SCHEMA_I64:
                return hcs_json_new_i64(INT64_MIN);
        default:
                return hcs_json_new_u64(7);
        }
}

static struct hcs_json *filled(const struct hcs_schema_type *type) {
        struct hcs_json *json = hcs_json_new_object(), *inner;

        for (size_t i = 0; i < type->n_fields; i++) {
                const struct hcs_schema_field *f = &type->fields[i];

                if (f->shape == HCS_SCHEMA_SINGLE) {
                        hcs_json_set(json, f->name, value_of(f));
                } else if (f->shape == HCS_SCHEMA_MAP) {
                        inner = hcs_json_set_new_object(json, f->name);
                        hcs_json_set(inner, "key", value_of(f));
                } else {
                        inner = hcs_json_set_new_array(json, f->name);
                        hcs_json_append(inner, value_of(f));
                }
        }
        return json;
}

static void every_member_survives_and_keeps_its_place(void **state) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_OCI_SPEC);
        _cleanup_json_ struct hcs_json *json = filled(type);
        _cleanup_free_ char *text = hcs_json_text(json, HCS_JSON_GO), *printed = NULL;
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = parsed(text), *copy = oci_spec_copy(spec);

        oci_spec_forget_unknown(copy);
        printed = oci_spec_print(copy);
        assert_string_equal(printed, text);
        assert_true(strlen(text) > 5000);
}

static void what_is_absent_is_printed_as_go_prints_it(void **state) {
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec =
                parsed("{\"process\":{},\"windows\":{},\"vm\":{},\"linux\":{\"resources\":{\"pids\":{}}}}");
        _cleanup_free_ char *text = oci_spec_print(spec);

        assert_string_equal(
                text, "{\"ociVersion\":\"\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"cwd\":\"\"},"
                      "\"linux\":{\"resources\":{\"pids\":{\"limit\":0}}},\"windows\":{\"layerFolders\":null},"
                      "\"vm\":{\"hypervisor\":{\"path\":\"\"},\"kernel\":{\"path\":\"\"},\"image\":{\"path\":\"\","
                      "\"format\":\"\"}}}");
}

static void names_are_read_in_any_case_and_the_last_of_two_counts(void **state) {
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec =
                parsed("{\"OCIVERSION\":\"1\",\"ociVersion\":\"2\",\"hostname\":null,\"x\":1}");
        _cleanup_free_ char *with = oci_spec_print(spec), *without = NULL;

        assert_string_equal(with, "{\"ociVersion\":\"2\",\"x\":1}");
        oci_spec_forget_unknown(spec);
        without = oci_spec_print(spec);
        assert_string_equal(without, "{\"ociVersion\":\"2\"}");
}

static void kinds_are_told_by_their_sections(void **state) {
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *lcow = parsed("{\"linux\":{},\"windows\":{}}");
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *argon = parsed("{\"windows\":{}}");
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *xenon = parsed("{\"windows\":{\"hyperv\":{}}}");

        assert_true(oci_spec_is_lcow(lcow) && !oci_spec_is_wcow(lcow) && oci_spec_is_isolated(lcow));
        assert_true(!oci_spec_is_lcow(argon) && oci_spec_is_wcow(argon) && !oci_spec_is_isolated(argon));
        assert_true(oci_spec_is_wcow(xenon) && oci_spec_is_isolated(xenon));
}

static void annotations_are_set_found_and_removed(void **state) {
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = parsed("{\"annotations\":{\"a\":null,\"b\":\"1\"}}");

        assert_string_equal(oci_spec_annotation(spec, "a"), "");
        assert_null(oci_spec_annotation(spec, "A"));
        oci_spec_annotate(spec, "b", "2");
        oci_spec_annotate(spec, "c", "3");
        oci_spec_remove_annotation(spec, "a");
        oci_spec_remove_annotation(spec, "absent");
        assert_string_equal(oci_spec_annotation(spec, "b"), "2");
        assert_string_equal(oci_spec_annotation(spec, "c"), "3");
        assert_int_equal(spec->annotations.n, 2);
}

static void specifications_of_runtimes_are_known_to_the_last_member(void **state) {
        static const char *const files[] = {"oci/runc.json", "oci/runc-rootless.json", "oci/crun.json"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(files); i++) {
                _cleanup_free_ char *text = hcs_test_fixture(files[i], NULL), *before = NULL, *after = NULL;
                _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = parsed(text);

                before = oci_spec_print(spec);
                oci_spec_forget_unknown(spec);
                after = oci_spec_print(spec);
                assert_string_equal(before, after);
        }
}

static void a_misfit_is_told_with_its_path(void **state) {
        static const char text[] = "{\"mounts\":[{\"destination\":7}]}";
        struct hcs_schema_oci_spec *spec = NULL;
        struct hcs_error *err = NULL;

        assert_hresult(oci_spec_parse(text, strlen(text), &spec, &err), HCS_E_INVALID_JSON);
        assert_null(spec);
        assert_string_equal(hcs_error_path(err), "$.mounts[0].destination");
        hcs_error_free(err);
}

HCS_TESTS(cmocka_unit_test(every_member_survives_and_keeps_its_place),
          cmocka_unit_test(what_is_absent_is_printed_as_go_prints_it),
          cmocka_unit_test(names_are_read_in_any_case_and_the_last_of_two_counts),
          cmocka_unit_test(kinds_are_told_by_their_sections), cmocka_unit_test(annotations_are_set_found_and_removed),
          cmocka_unit_test(specifications_of_runtimes_are_known_to_the_last_member),
          cmocka_unit_test(a_misfit_is_told_with_its_path))
