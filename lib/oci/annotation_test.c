/* SPDX-License-Identifier: MIT */

/* Annotations: the readers, expansion and roles against what the original does with 78 values each; the table. */

#include "base/json.h"
#include "base/str.h"
#include "oci/annotation.h"
#include "testing/hcs_test.h"

static void assert_json(const char *what, const struct hcs_json *got, const struct hcs_json *want) {
        _cleanup_free_ char *g = hcs_json_text(got, HCS_JSON_GO), *w = hcs_json_text(want, HCS_JSON_GO);

        if (!hcs_json_equal(got, want))
                fail_msg("%s: got %s instead of %s", what, g, w);
}

/* No list and an empty one are the same. */
static void assert_warnings(const char *what, const struct oci_warnings *got, const struct hcs_json *want) {
        if (hcs_json_count(got->list) || hcs_json_count(want))
                assert_json(what, got->list, want);
}

static struct hcs_schema_oci_spec *spec_of(const struct hcs_json *annotations) {
        _cleanup_json_ struct hcs_json *json = hcs_json_new_object();
        struct hcs_schema_oci_spec *spec = NULL;

        hcs_json_set(json, "annotations", hcs_json_copy(annotations));
        assert_ok(oci_spec_parse_json(json, &spec, NULL), NULL);
        return spec;
}

static struct hcs_json *numbers(const uint64_t *items, size_t n) {
        _cleanup_buf_ struct hcs_buf b = {0};

        hcs_buf_putc(&b, '[');
        for (size_t i = 0; i < n; i++)
                hcs_buf_printf(&b, "%s%llu", i ? " " : "", (unsigned long long)items[i]);
        hcs_buf_putc(&b, ']');
        return hcs_json_new_string(b.data);
}

static struct hcs_json *read_strings(const struct hcs_schema_oci_spec *spec) {
        struct hcs_strings s = {0};
        struct hcs_json *list;

        if (!oci_annotation_strings(spec, "k", &s))
                return hcs_json_new_null();
        list = hcs_json_new_array();
        for (size_t i = 0; i < s.n; i++)
                hcs_json_append(list, hcs_json_new_string(s.items[i]));
        hcs_strings_deinit(&s);
        return list;
}

static struct hcs_json *read_uint64s(const struct hcs_schema_oci_spec *spec, struct oci_warnings *w) {
        struct oci_uint64s list = {0};
        struct hcs_json *j;

        if (!oci_annotation_uint64s(spec, "k", &list, w))
                return hcs_json_new_string("[77]");
        j = numbers(list.items, list.n);
        free(list.items);
        return j;
}

static struct hcs_json *read_guid(const struct hcs_schema_oci_spec *spec, struct hcs_error **err) {
        char text[HCS_GUID_TEXT_SIZE];
        GUID g;

        return oci_annotation_guid(spec, "k", &g, err) == S_OK ? hcs_json_new_string(hcs_guid_format(&g, text))
                                                               : hcs_json_new_null();
}

static struct hcs_json *read_as(const char *parser, const struct hcs_schema_oci_spec *spec, struct oci_warnings *w,
                                struct hcs_error **err) {
        if (hcs_streq(parser, "ParseAnnotationsBool-default-true"))
                return hcs_json_new_bool(oci_annotation_bool(spec, "k", true, w));
        if (hcs_streq(parser, "ParseAnnotationsUint32-default-77"))
                return hcs_json_new_u64(oci_annotation_uint32(spec, "k", 77, w));
        if (hcs_streq(parser, "ParseAnnotationCommaSeparated"))
                return read_strings(spec);
        if (hcs_streq(parser, "ParseAnnotationCommaSeparatedUint64"))
                return read_uint64s(spec, w);
        assert_string_equal(parser, "ParseAnnotationsGUID");
        return read_guid(spec, err);
}

static void check_parser(const struct hcs_json *c, void *ctx) {
        const char *parser = hcs_json_get_string(c, "name");
        const struct hcs_json *cases = hcs_json_lookup(c, "output.cases");

        for (const struct hcs_json *row = hcs_json_first(cases); row; row = hcs_json_next(row)) {
                const char *value = hcs_json_get_string(row, "value");
                _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = spec_of(NULL);
                _cleanup_oci_warnings_ struct oci_warnings w = {0};
                _cleanup_json_ struct hcs_json *got = NULL;
                struct hcs_error *err = NULL;

                if (!hcs_streq(value, "<annotation absent>"))
                        oci_spec_annotate(spec, "k", value);
                got = read_as(parser, spec, &w, &err);
                assert_json(value, got, hcs_json_get(row, "result"));
                assert_warnings(value, &w, hcs_json_get(row, "warnings"));
                if (hcs_json_get_string(row, "error"))
                        assert_string_equal(hcs_error_message(err), hcs_json_get_string(row, "error"));
                hcs_error_free(err);
                ++*(size_t *)ctx;
        }
}

static void values_are_read_and_warned_of_as_by_the_original(void **state) {
        size_t n = 0;

        hcs_test_each_case("golden/annotations/parsers.jsonl", check_parser, &n);
        assert_true(n > 350);
}

static void assert_error(const char *what, const struct hcs_error *err, const char *want) {
        if (!want && err)
                fail_msg("%s: %s", what, hcs_error_message(err));
        if (want)
                assert_string_equal(err ? hcs_error_message(err) : "no error", want);
}

static void check_process(const struct hcs_json *c, void *ctx) {
        const char *name = hcs_json_get_string(c, "name"), *type = "", *id = "";
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = spec_of(hcs_json_lookup(c, "input.annotations"));
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        _cleanup_json_ struct hcs_json *after = hcs_json_new_object();
        struct hcs_error *err = NULL;

        if (hcs_str_starts(name, "sandbox-type-")) {
                oci_annotations_pod(spec, &type, &id, &err);
                assert_string_equal(type, hcs_json_get_string(hcs_json_get(c, "output"), "type"));
                assert_string_equal(id, hcs_json_get_string(hcs_json_get(c, "output"), "id"));
        } else {
                oci_annotations_process(spec, &w, &err);
                for (size_t i = 0; i < spec->annotations.n; i++)
                        hcs_json_set_string(after, spec->annotations.keys[i], spec->annotations.values[i]);
                assert_json(name, after, hcs_json_lookup(c, "output.annotations"));
                assert_warnings(name, &w, hcs_json_lookup(c, "extra.warnings"));
        }
        assert_error(name, err, hcs_json_get_string(c, "error"));
        hcs_error_free(err);
        ++*(size_t *)ctx;
}

static void expansion_conflicts_and_roles_are_those_of_the_original(void **state) {
        size_t n = 0;

        hcs_test_each_case("golden/annotations/process.jsonl", check_process, &n);
        assert_true(n > 20);
}

static void numbers_are_read_to_their_limits(void **state) {
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = spec_of(NULL);
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        _cleanup_free_ char *error = NULL;
        struct oci_uint32s list = {0};
        int64_t i;

        oci_spec_annotate(spec, "i", "-2147483648");
        oci_spec_annotate(spec, "plus", "+7");
        oci_spec_annotate(spec, "u", "18446744073709551615");
        oci_spec_annotate(spec, "list", "0,4294967295");
        oci_spec_annotate(spec, "bad", "1,4294967296");
        oci_spec_annotate(spec, "nb", "F");
        assert_int_equal(oci_annotation_int32(spec, "i", 1, &w), INT32_MIN);
        assert_int_equal(oci_annotation_int32(spec, "plus", 1, &w), 7);
        assert_true(oci_annotation_uint64(spec, "u", 1, &w) == UINT64_MAX);
        assert_true(oci_annotation_uint32s(spec, "list", &list));
        assert_int_equal(list.n, 2);
        assert_true(list.items[1] == UINT32_MAX);
        free(list.items);
        assert_false(oci_annotation_uint32s(spec, "bad", &list));
        assert_int_equal(oci_annotation_nullable_bool(spec, "nb", &w), 0);
        assert_int_equal(oci_annotation_nullable_bool(spec, "absent", &w), -1);
        assert_null(w.list);
        assert_int_equal(oci_annotation_int32(spec, "u", 9, &w), 9);
        assert_int_equal(hcs_json_count(w.list), 1);
        /* The number is too large before the x is seen. */
        assert_false(oci_go_parse_int("99999999999999999999x", 64, &i, &error));
        assert_string_equal(error, "strconv.ParseInt: parsing \"99999999999999999999x\": value out of range");
}

static void every_annotation_is_found_by_its_key(void **state) {
        for (size_t i = 0; i < OCI_ANNOTATION_COUNT; i++)
                assert_ptr_equal(oci_annotation_find(oci_annotations[i].key), &oci_annotations[i]);
        assert_string_equal(
                oci_annotation_find(OCI_A_UVM_HYPERV_SOCKET_CONFIG_PREFIX "00000000-0000-0000-0000-000000000000")->name,
                "UVMHyperVSocketConfigPrefix");
        assert_null(oci_annotation_find("io.microsoft.virtualmachine"));
        assert_int_equal(OCI_ANNOTATION_COUNT, 104);
}

static void unknown_names_and_values_that_do_not_fit_are_warned_of(void **state) {
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = spec_of(NULL);
        _cleanup_oci_warnings_ struct oci_warnings w = {0};

        oci_spec_annotate(spec, "io.microsoft.container.processor.counts", "2");
        oci_spec_annotate(spec, "com.example.other", "x");
        oci_spec_annotate(spec, OCI_A_HOST_PROCESS_CONTAINER, "True");
        oci_spec_annotate(spec, OCI_A_NUMA_COUNT_OF_PROCESSORS, "1, 2");
        oci_spec_annotate(spec, OCI_A_WCOW_PROCESS_DUMP_TYPE, "Mini");
        oci_spec_annotate(spec, OCI_A_UVM_HYPERV_SOCKET_CONFIG_PREFIX "x", "{}");
        oci_spec_annotate(spec, OCI_A_VPMEM_COUNT, "64");
        oci_annotations_check(spec, &w);
        assert_int_equal(hcs_json_count(w.list), 5);
        assert_string_equal(hcs_json_get_string(hcs_json_at(w.list, 0), "did-you-mean"),
                            OCI_A_CONTAINER_PROCESSOR_COUNT);
        assert_string_equal(hcs_json_get_string(hcs_json_at(w.list, 1), "error"), "only true counts");
        assert_string_equal(hcs_json_get_string(hcs_json_at(w.list, 2), "error"),
                            "strconv.ParseUint: parsing \" 2\": invalid syntax");
}

HCS_TESTS(cmocka_unit_test(values_are_read_and_warned_of_as_by_the_original),
          cmocka_unit_test(expansion_conflicts_and_roles_are_those_of_the_original),
          cmocka_unit_test(numbers_are_read_to_their_limits), cmocka_unit_test(every_annotation_is_found_by_its_key),
          cmocka_unit_test(unknown_names_and_values_that_do_not_fit_are_warned_of))
