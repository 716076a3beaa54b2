/* SPDX-License-Identifier: MIT */

/* hcsdoc as it is run: exact bytes on standard output, the error on standard error, exit codes; and its explanations.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/str.h"
#include "cmd/hcsdoc/hcsdoc.h"
#include "platform/file.h"

#include "testing/hcs_test.h"

static char *folder;

/* Runs the program on a file that holds the text; what it printed, and its exit code. */
static int run(const char *arguments, const char *text, struct hcs_buf *out, struct hcs_buf *errors) {
        _cleanup_free_ char *in = hcs_asprintf("%s/in", folder), *o = hcs_asprintf("%s/out", folder);
        _cleanup_free_ char *e = hcs_asprintf("%s/err", folder);
        _cleanup_free_ char *line = hcs_asprintf("'%s' %s '%s' >'%s' 2>'%s'", getenv("HCSDOC"), arguments, in, o, e);
        int status;

        assert_ok(hcs_file_write(in, text, strlen(text), NULL), NULL);
        status = system(line);
        assert_true(WIFEXITED(status));
        hcs_buf_clear(out);
        hcs_buf_clear(errors);
        assert_ok(hcs_file_read(o, 1 << 20, out, NULL), NULL);
        assert_ok(hcs_file_read(e, 1 << 20, errors, NULL), NULL);
        return WEXITSTATUS(status);
}

/* A case of an old build says so by its name only. */
static char *text_of(const struct hcs_json *c) {
        _cleanup_json_ struct hcs_json *with_build = hcs_json_copy(c);

        if (strstr(hcs_json_get_string(c, "name"), "old-build"))
                hcs_json_set_u64(hcs_json_get(with_build, "input"), "os_build", 17763);
        return hcs_json_text(with_build, HCS_JSON_COMPACT);
}

static void check_case(const struct hcs_json *c, void *ctx) {
        bool is_linux = hcs_json_get(hcs_json_get(c, "input"), "uvm") != NULL;
        const char *error = hcs_json_get_string(c, "error"), *want = hcs_json_get_string(c, "output_text");
        _cleanup_free_ char *text = text_of(c), *line = NULL;
        _cleanup_buf_ struct hcs_buf out = {0}, errors = {0};
        size_t *n = ctx;
        int code;

        ++*n;
        if (!is_linux)
                want = hcs_json_get_string(hcs_json_lookup(c, "output.returned"), "document_text");
        code = run(is_linux ? "lcow-container -q" : "wcow-container -q", text, &out, &errors);
        if (error && !strstr(error, "File not found")) {
                line = hcs_asprintf("%s\n", error);
                assert_int_equal(code, 1);
                assert_string_equal(hcs_buf_cstr(&errors), line);
                assert_int_equal(out.len, 0);
        } else if (!error && want) {
                assert_int_equal(code, 0);
                assert_string_equal(hcs_buf_cstr(&out), want);
        }
}

static void cases_of_the_original_are_printed_to_the_byte(void **state) {
        size_t n = 0;

        hcs_test_each_case("golden/wcow-container.jsonl", check_case, &n);
        hcs_test_each_case("golden/lcow-container.jsonl", check_case, &n);
        assert_int_equal(n, 129);
}

struct vm_cases {
        const char *arguments;
        size_t n;
};

static void check_vm(const struct hcs_json *c, void *ctx) {
        struct vm_cases *cases = ctx;
        const char *error = hcs_json_get_string(c, "error"), *want = hcs_json_get_string(c, "output_text");
        _cleanup_free_ char *text = hcs_json_text(c, HCS_JSON_COMPACT), *line = NULL;
        _cleanup_buf_ struct hcs_buf out = {0}, errors = {0};
        bool of_system = error && strstr(error, "File not found"); /* in words of Wine's */

        cases->n++;
        assert_int_equal(run(cases->arguments, text, &out, &errors), error ? 1 : 0);
        line = hcs_asprintf("%s\n", error ? error : "");
        if (error && !of_system)
                assert_string_equal(hcs_buf_cstr(&errors), line);
        assert_string_equal(hcs_buf_cstr(&out), error ? "" : want);
}

static void utility_vms_of_the_original_are_printed_to_the_byte(void **state) {
        struct vm_cases wcow = {.arguments = "wcow-uvm -q"}, lcow = {.arguments = "lcow-uvm -q"};

        hcs_test_each_case("golden/wcow-uvm.jsonl", check_vm, &wcow);
        hcs_test_each_case("golden/lcow-uvm.jsonl", check_vm, &lcow);
        assert_int_equal(wcow.n, 40);
        assert_int_equal(lcow.n, 146);
}

static void a_utility_vm_needs_no_more_than_a_specification(void **state) {
        static const char policy[] =
                "{\"spec\":{\"annotations\":{\"io.microsoft.virtualmachine.lcow.securitypolicy\":\"YWJj\"},"
                "\"linux\":{}},\"bundle\":\"C:\\\\b\"}";
        _cleanup_buf_ struct hcs_buf out = {0}, errors = {0};
        unsigned lines = 0;

        assert_int_equal(run("lcow-uvm", "{\"linux\":{}}", &out, &errors), 0);
        assert_non_null(strstr(hcs_buf_cstr(&out), "\"KernelCmdLine\":\"root=/dev/pmem0 "));
        assert_int_equal(run("lcow-uvm-v2",
                             "{\"spec\":{\"linux\":{}},\"shim_options\":{\"sandbox_platform\":\"linux/amd64\"}}", &out,
                             &errors),
                         0);
        assert_non_null(strstr(hcs_buf_cstr(&out), "\"KernelCmdLine\":\"root=/dev/sda "));
        assert_int_equal(errors.len, 0);
        assert_int_equal(run("wcow-uvm",
                             "{\"windows\":{\"hyperv\":{},\"layerFolders\":[\"C:\\\\base\",\"C:\\\\top\"]}}", &out,
                             &errors),
                         0);
        assert_non_null(strstr(hcs_buf_cstr(&out), "\"Name\":\"os\",\"Path\":\"C:\\\\base\\\\UtilityVM\\\\Files\""));
        assert_non_null(strstr(hcs_buf_cstr(&out), "C:\\\\top\\\\vm\\\\sandbox.vhdx"));
        assert_int_equal(run("lcow-uvm --steps", policy, &out, &errors), 0);
        for (const char *p = hcs_buf_cstr(&out); *p; p++)
                lines += *p == '\n';
        assert_int_equal(lines, 5); /* two files copied, access to them, the document */
        assert_non_null(strstr(hcs_buf_cstr(&out), "\"to\":\"C:\\\\b\\\\kernel.vmgs\""));
}

static void an_annotation_of_a_utility_vm_is_explained(void **state) {
        _cleanup_buf_ struct hcs_buf out = {0}, errors = {0};

        assert_int_equal(
                run("lcow-uvm --explain",
                    "{\"annotations\":{\"io.microsoft.virtualmachine.computetopology.memory.sizeinmb\":\"4096\"},"
                    "\"linux\":{}}",
                    &out, &errors),
                0);
        assert_non_null(strstr(hcs_buf_cstr(&out), "ComputeTopology.Memory.SizeInMB: 4096 (without: 1024)"));
}

static void a_specification_alone_is_enough(void **state) {
        _cleanup_buf_ struct hcs_buf out = {0}, errors = {0};

        assert_int_equal(
                run("wcow-container",
                    "{\"ociVersion\":\"1.1.0\",\"windows\":{\"layerFolders\":[\"C:\\\\l\\\\a\",\"C:\\\\l\\\\s\"],"
                    "\"hyperv\":{}}}",
                    &out, &errors),
                0);
        assert_true(hcs_str_starts(hcs_buf_cstr(&out), "{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"Container\":"));
        assert_int_equal(run("lcow-container",
                             "{\"linux\":{},\"windows\":{\"layerFolders\":[\"C:\\\\l\\\\a\",\"C:\\\\l\\\\s\"]}}", &out,
                             &errors),
                         0);
        assert_non_null(strstr(hcs_buf_cstr(&out), "/run/gcs/c/container/rootfs"));
        assert_int_equal(errors.len, 0);
}

static void a_job_of_the_host_is_its_limits(void **state) {
        _cleanup_buf_ struct hcs_buf out = {0}, errors = {0};

        assert_int_equal(run("wcow-container",
                             "{\"annotations\":{\"microsoft.com/hostprocess-container\":\"true\"},"
                             "\"windows\":{\"resources\":{\"cpu\":{\"shares\":5000}}}}",
                             &out, &errors),
                         0);
        assert_true(hcs_str_starts(hcs_buf_cstr(&out), "{\"CPULimit\":0,\"CPUWeight\":5,"));
}

static void every_request_is_shown_with_the_document_last(void **state) {
        _cleanup_buf_ struct hcs_buf out = {0}, errors = {0};
        unsigned lines = 0;

        assert_int_equal(run("lcow-container --steps",
                             "{\"linux\":{},\"windows\":{\"layerFolders\":[\"C:\\\\l\\\\a\",\"C:\\\\l\\\\s\"]}}", &out,
                             &errors),
                         0);
        for (const char *p = hcs_buf_cstr(&out); *p; p++)
                lines += *p == '\n';
        assert_int_equal(lines, 7); /* two disks with two requests each, access to one, the overlay, Create */
        assert_non_null(strstr(hcs_buf_cstr(&out), "\"rpc\":\"Create\",\"id\":4,"));
}

static void an_annotation_is_explained_by_what_it_sets(void **state) {
        _cleanup_buf_ struct hcs_buf out = {0}, errors = {0};

        assert_int_equal(
                run("wcow-container --explain",
                    "{\"annotations\":{\"io.microsoft.container.memory.sizeinmb\":\"777\",\"com.example\":\"x\"},"
                    "\"windows\":{}}",
                    &out, &errors),
                0);
        assert_non_null(strstr(hcs_buf_cstr(&out),
                               "$.Container.Memory: {\"SizeInMB\":777} (without: nothing)\ncom.example = x\n"
                               "  changes nothing here\n"));
}

static void unknown_and_bad_annotations_are_warned_of(void **state) {
        _cleanup_buf_ struct hcs_buf out = {0}, errors = {0};
        static const char spec[] = "{\"annotations\":{\"io.microsoft.container.memory.sizeinm\":\"1\","
                                   "\"io.microsoft.container.processor.count\":\"x\"},\"windows\":{}}";

        assert_int_equal(run("wcow-container", spec, &out, &errors), 0);
        assert_non_null(strstr(hcs_buf_cstr(&errors), "did-you-mean=io.microsoft.container.memory.sizeinmb"));
        assert_non_null(strstr(hcs_buf_cstr(&errors), "io.microsoft.container.processor.count"));
        assert_int_equal(run("wcow-container --quiet", spec, &out, &errors), 0);
        assert_int_equal(errors.len, 0);
}

static void bad_files_and_usage_have_their_exit_codes(void **state) {
        _cleanup_buf_ struct hcs_buf out = {0}, errors = {0};

        assert_int_equal(run("wcow-container", "{", &out, &errors), 1);
        assert_non_null(strstr(hcs_buf_cstr(&errors), "line 1, column 2"));
        assert_int_equal(run("wcow-container", "[]", &out, &errors), 1);
        assert_int_equal(run("wcow-container", "{\"windows\":[]}", &out, &errors), 1);
        assert_non_null(strstr(hcs_buf_cstr(&errors), "$.windows"));
        assert_int_equal(run("wcow-container --none", "{}", &out, &errors), 2);
        assert_int_equal(run("wcow-container x", "{}", &out, &errors), 2);
        assert_int_equal(run("nothing", "{}", &out, &errors), 2);
}

static int make_folder(void **state) {
        folder = hcs_test_tmpdir();
        return 0;
}

static int forget_folder(void **state) {
        free(folder);
        return 0;
}

HCS_TESTS(cmocka_unit_test_setup_teardown(cases_of_the_original_are_printed_to_the_byte, make_folder, forget_folder),
          cmocka_unit_test_setup_teardown(utility_vms_of_the_original_are_printed_to_the_byte, make_folder,
                                          forget_folder),
          cmocka_unit_test_setup_teardown(a_utility_vm_needs_no_more_than_a_specification, make_folder, forget_folder),
          cmocka_unit_test_setup_teardown(an_annotation_of_a_utility_vm_is_explained, make_folder, forget_folder),
          cmocka_unit_test_setup_teardown(a_specification_alone_is_enough, make_folder, forget_folder),
          cmocka_unit_test_setup_teardown(a_job_of_the_host_is_its_limits, make_folder, forget_folder),
          cmocka_unit_test_setup_teardown(every_request_is_shown_with_the_document_last, make_folder, forget_folder),
          cmocka_unit_test_setup_teardown(an_annotation_is_explained_by_what_it_sets, make_folder, forget_folder),
          cmocka_unit_test_setup_teardown(unknown_and_bad_annotations_are_warned_of, make_folder, forget_folder),
          cmocka_unit_test_setup_teardown(bad_files_and_usage_have_their_exit_codes, make_folder, forget_folder))
