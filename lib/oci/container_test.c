/* SPDX-License-Identifier: MIT */

/* Containers: documents, requests and errors against what the original sends, byte for byte. */

#include "base/json.h"
#include "base/str.h"
#include "oci/described.h"
#include "testing/hcs_test.h"

static void assert_same(const char *name, const char *what, const char *got, const char *want) {
        if (!hcs_streq(got, want))
                fail_msg("%s: %s\n%s\ninstead of\n%s", name, what, got ? got : "(none)", want ? want : "(none)");
}

/* Members of entries come in any order, entries too: two tables of the original are walked in no order. */
static void assert_warnings(const char *name, const struct oci_warnings *got, const struct hcs_json *want) {
        _cleanup_free_ char *g = hcs_json_text(got->list, HCS_JSON_GO), *w = hcs_json_text(want, HCS_JSON_GO);

        if (hcs_json_count(got->list) != hcs_json_count(want))
                fail_msg("%s: warnings\n%s\ninstead of\n%s", name, g, w);
        for (const struct hcs_json *e = hcs_json_first(want); e; e = hcs_json_next(e)) {
                const struct hcs_json *found = hcs_json_first(got->list);

                while (found && !hcs_json_equal(found, e))
                        found = hcs_json_next(found);
                if (!found)
                        fail_msg("%s: warnings\n%s\ninstead of\n%s", name, g, w);
        }
}

/* What the operating system said differs between Wine and Windows. */
static void assert_error(const char *name, const struct hcs_error *err, const char *want) {
        const char *got = err ? hcs_error_message(err) : NULL, *os = want ? strstr(want, ": File not found.") : NULL;

        if (os && got && strncmp(got, want, (size_t)(os - want)) == 0)
                return;
        assert_same(name, "error", got, want);
}

static const struct hcs_json *next_sent(const struct hcs_json *event) {
        while (event && hcs_streq(hcs_json_get_string(event, "dir"), "guest->host"))
                event = hcs_json_next(event);
        return event;
}

static void assert_steps(const char *name, const struct oci_steps *steps, const struct hcs_json *events) {
        const struct hcs_json *event = next_sent(hcs_json_first(events));

        for (size_t i = 0; i < steps->n; i++, event = next_sent(hcs_json_next(event))) {
                static const char *const members[] = {[OCI_STEP_GRANT] = "filepath",
                                                      [OCI_STEP_MODIFY] = "configuration",
                                                      [OCI_STEP_BRIDGE] = "body_text"};
                const struct oci_step *s = &steps->items[i];

                assert_same(name, "a request", s->text, hcs_json_get_string(event, members[s->kind]));
                if (s->kind == OCI_STEP_BRIDGE)
                        assert_same(name, "rpc", s->rpc, hcs_json_get_string(event, "rpc"));
        }
        if (event)
                fail_msg("%s: requests are missing", name);
}

static void check_job(const char *name, const struct hcs_json *c) {
        _cleanup_json_ struct hcs_json *input = hcs_json_copy(hcs_json_get(c, "input")), *got = NULL;
        _cleanup_oci_made_ struct oci_made made = {0};
        struct hcs_error *err = NULL;
        HRESULT hr;

        /* The case says which Windows it was by its name only. */
        if (hcs_str_ends(name, "-old-build"))
                hcs_json_set_u64(input, "os_build", 17763);
        hr = oci_make_job(input, &made, &err);
        assert_error(name, err, hcs_json_get_string(c, "error"));
        hcs_error_free(err);
        if (FAILED(hr))
                return;
        assert_ok(hcs_json_parse_cstr(made.document, &got, NULL), NULL);
        if (!hcs_json_equal(got, hcs_json_get(c, "output")))
                fail_msg("%s: %s", name, made.document);
}

static void check_split(const struct hcs_json *row) {
        struct hcs_strings words = oci_job_split(hcs_json_get_string(row, "in"));
        const struct hcs_json *want = hcs_json_get(row, "out");

        assert_int_equal(words.n, hcs_json_count(want));
        for (size_t i = 0; i < words.n; i++)
                assert_string_equal(words.items[i], hcs_json_string(hcs_json_at(want, i)));
        hcs_strings_deinit(&words);
}

static uint64_t number(const struct hcs_json *row, const char *member) {
        uint64_t u = 0;

        assert_true(hcs_json_u64(hcs_json_get(row, member), &u));
        return u;
}

#define FOR_EACH(row, list) for (const struct hcs_json *row = hcs_json_first(list); row; row = hcs_json_next(row))

static void check_tables(const struct hcs_json *output) {
        FOR_EACH(row, hcs_json_get(output, "calculateJobCPURate"))
        assert_int_equal(oci_job_cpu_rate((int32_t)number(row, "count"), (int32_t)number(row, "host")),
                         number(row, "rate"));
        FOR_EACH(row, hcs_json_get(output, "calculateJobCPUWeight"))
        assert_int_equal(oci_job_cpu_weight((int32_t)number(row, "weight")), number(row, "job_weight"));
        FOR_EACH(row, hcs_json_get(output, "splitArgs"))
        check_split(row);
        FOR_EACH(row, hcs_json_get(output, "stripDriveLetter")) {
                _cleanup_free_ char *got = oci_job_without_drive(hcs_json_get_string(row, "in"));

                assert_string_equal(got, hcs_json_get_string(row, "out"));
        }
}

static void check_container(const struct hcs_json *c, bool is_linux) {
        const char *name = hcs_json_get_string(c, "name");
        _cleanup_oci_made_ struct oci_made made = {0};
        struct hcs_error *err = NULL;

        if (is_linux)
                oci_make_lcow(hcs_json_get(c, "input"), &made, &err);
        else
                oci_make_wcow(hcs_json_get(c, "input"), &made, &err);
        assert_error(name, err, hcs_json_get_string(c, "error"));
        hcs_error_free(err);
        assert_steps(name, &made.steps, hcs_json_lookup(c, "output.events"));
        assert_warnings(name, &made.warnings, hcs_json_lookup(c, "extra.warnings"));
        if (!hcs_json_get(c, "error"))
                assert_same(name, "document", made.document,
                            is_linux ? hcs_json_get_string(c, "output_text")
                                     : hcs_json_get_string(hcs_json_lookup(c, "output.returned"), "document_text"));
}

static void check_windows(const struct hcs_json *c, void *ctx) {
        const char *name = hcs_json_get_string(c, "name");

        ++*(size_t *)ctx;
        if (hcs_streq(name, "jobcontainer-tables"))
                check_tables(hcs_json_get(c, "output"));
        else if (hcs_str_starts(name, "jobcontainer-"))
                check_job(name, c);
        else
                check_container(c, false);
}

static void documents_of_windows_containers_are_those_of_the_original(void **state) {
        size_t n = 0;

        hcs_test_each_case("golden/wcow-container.jsonl", check_windows, &n);
        assert_int_equal(n, 109);
}

static void check_linux(const struct hcs_json *c, void *ctx) {
        ++*(size_t *)ctx;
        check_container(c, true);
}

static void documents_of_linux_containers_are_those_of_the_original(void **state) {
        size_t n = 0;

        hcs_test_each_case("golden/lcow-container.jsonl", check_linux, &n);
        assert_int_equal(n, 20);
}

/* The container of the cases, with an annotation or (key NULL) without. */
static HRESULT annotated(const char *key, const char *value, struct oci_made *ret, struct hcs_error **err) {
        static const char volume[] = "\\\\?\\Volume{12345678-1234-1234-1234-123456789abc}\\";
        _cleanup_json_ struct hcs_json *in = hcs_json_new_object();
        struct hcs_json *spec = hcs_json_set_new_object(in, "spec");

        hcs_json_set_string(in, "id", "ctr-1");
        hcs_json_set_string(in, "owner", "test-owner");
        hcs_json_set_new_object(in, "mounted_layers");
        hcs_json_set_string(hcs_json_set_new_object(spec, "root"), "path", volume);
        hcs_json_set_string(hcs_json_set_new_object(spec, "windows"), "credentialSpec", "{}");
        if (key)
                hcs_json_set_string(hcs_json_set_new_object(spec, "annotations"), key, value);
        return oci_make_wcow(in, ret, err);
}

/* Where the document differs from that without the annotation the case has it. */
static void check_document(const char *what, const char *key, const struct hcs_json *row) {
        const char *value = hcs_json_get_string(row, "value");
        const struct hcs_json *changed = hcs_json_get(row, "container_v2_changed");
        _cleanup_oci_made_ struct oci_made made = {0}, plain = {0};
        _cleanup_json_ struct hcs_json *got = NULL;
        struct hcs_error *err = NULL;

        assert_ok(annotated(NULL, NULL, &plain, NULL), NULL);
        annotated(key, value, &made, &err);
        assert_error(what, err, hcs_json_get_string(row, "error"));
        assert_warnings(what, &made.warnings, hcs_json_get(row, "warnings"));
        if (!err && !changed)
                assert_same(what, "document", made.document, plain.document);
        if (!err && changed) {
                assert_ok(hcs_json_parse_cstr(made.document, &got, NULL), NULL);
                if (!hcs_json_equal(got, changed))
                        fail_msg("%s: %s", what, made.document);
        }
        hcs_error_free(err);
}

static void check_annotation(const struct hcs_json *c, void *ctx) {
        const char *key = hcs_json_get_string(hcs_json_get(c, "input"), "annotation");

        FOR_EACH(row, hcs_json_lookup(c, "output.cases")) {
                _cleanup_free_ char *what = hcs_asprintf("%s = %s", key, hcs_json_get_string(row, "value"));

                check_document(what, key, row);
                ++*(size_t *)ctx;
        }
}

static void annotations_change_the_document_as_in_the_original(void **state) {
        size_t n = 0;

        hcs_test_each_case("golden/annotations/argon-container.jsonl", check_annotation, &n);
        assert_true(n > 600);
}

HCS_TESTS(cmocka_unit_test(documents_of_windows_containers_are_those_of_the_original),
          cmocka_unit_test(documents_of_linux_containers_are_those_of_the_original),
          cmocka_unit_test(annotations_change_the_document_as_in_the_original))
