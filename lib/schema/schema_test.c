/* SPDX-License-Identifier: MIT */

/* The schema: documents of hcsshim go through the structs byte for byte, and everything wrong is found. */

#include <dirent.h>

#include "base/json.h"
#include "hcsshim/schema.h"
#include "schema/test/validate.h"
#include "testing/hcs_test.h"

static void assert_round_trip(const char *name, const char *text) {
        _cleanup_json_ struct hcs_json *json = NULL;
        const struct hcs_schema_type *type;
        struct hcs_error *err = NULL;
        void *doc = NULL;

        assert_ok(hcs_json_parse_cstr(text, &json, &err), err);
        type = hcs_schema_guess(json);
        if (!type)
                fail_msg("%s: of no known type", name);
        assert_ok(hcs_schema_parse(type, text, strlen(text), &doc, &err), err);
        {
                _cleanup_free_ char *printed = hcs_schema_print(type, doc);

                assert_string_equal(printed, text);
        }
        hcs_schema_free(type, doc);
}

static void documents_of_hcsshim_print_back_byte_for_byte(void **state) {
        _cleanup_free_ char *folder = hcs_test_fixture_path("documents");
        DIR *dir = opendir(folder);
        unsigned n = 0;

        assert_non_null(dir);
        for (struct dirent *e; (e = readdir(dir));) {
                _cleanup_free_ char *path = hcs_asprintf("documents/%s", e->d_name), *text = NULL;

                if (strncmp(e->d_name, "b-", 2) != 0)
                        continue;
                text = hcs_test_fixture(path, NULL);
                text[strcspn(text, "\n")] = '\0';
                assert_round_trip(e->d_name, text);
                n++;
        }
        closedir(dir);
        assert_true(n >= 35);
}

static void members_spelled_alike_but_for_case_leak_nothing(void **state) {
        static const char text[] =
                "{\"ErrorMessage\":\"a\",\"errormessage\":\"b\",\"ErrorRecords\":[{\"Message\":\"x\"}],"
                "\"ERRORRECORDS\":[{},{}],\"Result\":1,\"result\":2}";
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_GCS_RESPONSE_BASE);
        struct hcs_schema_gcs_response_base *r;
        struct hcs_error *err = NULL;
        void *doc = NULL;

        assert_ok(hcs_schema_parse(type, text, strlen(text), &doc, &err), err);
        r = doc;
        assert_string_equal(r->ErrorMessage, "b");
        assert_int_equal(r->ErrorRecords.n, 2);
        assert_int_equal(r->Result, 2);
        hcs_schema_free(type, doc);
}

/* Validates leniently: what hcsshim sends has no problem, not even a warning. */
static void assert_valid(const char *name, const struct hcs_schema_type *type, const char *text) {
        _cleanup_json_ struct hcs_json *json = NULL;
        struct hcs_schema_report report;
        struct hcs_schema_profile lenient;

        assert_ok(hcs_json_parse_cstr(text, &json, NULL), NULL);
        assert_ok(hcs_schema_profile_parse(NULL, &lenient, NULL), NULL);
        hcs_schema_validate(type, json, &lenient, &report);
        if (report.n)
                fail_msg("%s: %s: %s", name, report.problems[0].path, report.problems[0].message);
        hcs_schema_report_deinit(&report);
}

/* {"case":..,"type":..,"text":..} a line; the text is what the original's encoder made. */
static unsigned assert_golden(const char *file) {
        _cleanup_free_ char *all = hcs_test_fixture(file, NULL);
        unsigned n = 0;

        for (char *line = all, *end; *line; line = end + 1) {
                _cleanup_json_ struct hcs_json *entry = NULL;
                const char *name, *text;
                const struct hcs_schema_type *type;
                struct hcs_error *err = NULL;
                void *doc = NULL;

                end = strchr(line, '\n');
                *end = '\0';
                assert_ok(hcs_json_parse_cstr(line, &entry, &err), err);
                name = hcs_json_get_string(entry, "case");
                text = hcs_json_get_string(entry, "text");
                type = hcs_schema_type_find(hcs_json_get_string(entry, "type"));
                if (!type)
                        fail_msg("%s: no type %s", name, hcs_json_get_string(entry, "type"));
                assert_valid(name, type, text);
                assert_ok(hcs_schema_parse(type, text, strlen(text), &doc, &err), err);
                {
                        _cleanup_free_ char *printed = hcs_schema_print(type, doc);

                        if (strcmp(printed, text) != 0)
                                fail_msg("%s (%s):\n%s\nprinted\n%s", name, type->name, text, printed);
                }
                hcs_schema_free(type, doc);
                n++;
        }
        return n;
}

static void every_document_of_the_golden_set_is_valid_and_prints_back(void **state) {
        assert_true(assert_golden("documents/golden/hcsshim.jsonl") >= 390);
}

static void every_networking_document_of_the_golden_set_is_valid_and_prints_back(void **state) {
        assert_true(assert_golden("documents/golden/hcn.jsonl") >= 90);
}

static void documents_of_other_clients_lose_nothing(void **state) {
        static const char *const names[] = {"hcs-62-vm-create-linuxkerneldirect-client.json",
                                            "hcs-63-vm-create-wsl.json", "hcs-64-vm-create-lcow-uvm.json",
                                            "hcs-65-vm-create-wcow-uvm.json", "hcs-66-hosted-container-create.json"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++) {
                _cleanup_free_ char *path = hcs_asprintf("documents/%s", names[i]),
                                    *text = hcs_test_fixture(path, NULL);
                _cleanup_json_ struct hcs_json *before = NULL, *after = NULL;
                const struct hcs_schema_type *type = hcs_schema_type_find("ComputeSystem");
                struct hcs_error *err = NULL;
                void *doc = NULL;

                assert_ok(hcs_json_parse_cstr(text, &before, &err), err);
                assert_ok(hcs_schema_parse(type, text, strlen(text), &doc, &err), err);
                {
                        _cleanup_free_ char *printed = hcs_schema_print(type, doc);

                        assert_ok(hcs_json_parse_cstr(printed, &after, &err), err);
                }
                /* Members that are false or empty may be left out, nothing else may: walk what came back. */
                for (const struct hcs_json *m = hcs_json_first(after); m; m = hcs_json_next(m))
                        assert_non_null(hcs_json_get(before, hcs_json_key(m)));
                hcs_schema_free(type, doc);
        }
}

static void every_type_of_both_schemas_is_there(void **state) {
        _cleanup_free_ char *names = hcs_test_fixture("schema/types.txt", NULL);
        unsigned n = 0;

        for (char *name = strtok(names, "\n"); name; name = strtok(NULL, "\n"), n++)
                if (!hcs_schema_type_find(name))
                        fail_msg("no type %s", name);
        assert_true(n >= 260);
}

static void fields_can_be_set_by_name(void **state) {
        struct hcs_schema_compute_system *doc = NULL;
        static const char text[] = "{\"Owner\":\"me\",\"VirtualMachine\":{\"ComputeTopology\":{\"Memory\":{"
                                   "\"SizeInMB\":18446744073709551615}}}}";

        assert_ok(hcs_schema_parse(hcs_schema_type_at(HCS_SCHEMA_COMPUTE_SYSTEM), text, strlen(text), (void **)&doc,
                                   NULL),
                  NULL);
        assert_string_equal(doc->Owner, "me");
        assert_true(doc->VirtualMachine->ComputeTopology->Memory->SizeInMB == UINT64_MAX);
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_COMPUTE_SYSTEM), doc);
}

static void what_does_not_fit_is_named_by_path(void **state) {
        static const char text[] = "{\"VirtualMachine\":{\"ComputeTopology\":{\"Processor\":{\"Count\":\"2\"}}}}";
        struct hcs_error *err = NULL;
        void *doc = NULL;

        assert_hresult(hcs_schema_parse(hcs_schema_type_at(HCS_SCHEMA_COMPUTE_SYSTEM), text, strlen(text), &doc, &err),
                       HCS_E_INVALID_JSON);
        assert_string_equal(hcs_error_path(err), "$.VirtualMachine.ComputeTopology.Processor.Count");
        hcs_error_free(err);
}

static void what_no_published_schema_has_is_refused_where_it_is_assumed_to_be_newer(void **state) {
        static const struct {
                const char *text, *path;
        } cases[] = {
                {"{\"VirtualMachine\":{\"MigrationOptions\":{}}}", "$.VirtualMachine.MigrationOptions"},
                {"{\"VirtualMachine\":{\"SecuritySettings\":{\"Isolation\":{}}}}", "$.VirtualMachine.SecuritySettings"},
                {"{\"VirtualMachine\":{\"Chipset\":{\"FirmwareFile\":{}}}}", "$.VirtualMachine.Chipset.FirmwareFile"},
                {"{\"VirtualMachine\":{\"ComputeTopology\":{\"Numa\":{}}}}", "$.VirtualMachine.ComputeTopology.Numa"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                struct hcs_schema_report old = validate("ComputeSystem", cases[i].text, "strict:17763");
                struct hcs_schema_report new = validate("ComputeSystem", cases[i].text, "strict:26100");

                assert_int_equal(old.n_errors, 1);
                assert_string_equal(old.problems[0].path, cases[i].path);
                assert_non_null(strstr(old.problems[0].message, "(assumed)"));
                assert_int_equal(new.n, 0);
                hcs_schema_report_deinit(&old);
                hcs_schema_report_deinit(&new);
        }
}

static void all_problems_are_told_with_suggestions(void **state) {
        struct hcs_schema_report r =
                validate("ComputeSystem",
                         "{\"VirtualMachine\":{\"Chipset\":{\"Uefii\":{}},\"ComputeTopology\":{\"Processor\":"
                         "{\"Count\":-1}},\"StopOnReset\":1}}",
                         "strict:26100");

        assert_int_equal(r.n_errors, 3);
        assert_string_equal(r.problems[0].path, "$.VirtualMachine.Chipset.Uefii");
        assert_string_equal(r.problems[0].message, "unknown member of Chipset (did you mean \"Uefi\"?)");
        assert_string_equal(r.problems[1].path, "$.VirtualMachine.ComputeTopology.Processor.Count");
        assert_string_equal(r.problems[2].message, "true or false is expected, not a number");
        hcs_schema_report_deinit(&r);
}

/* hcsshim issue 2714: a member of schema 2.9 sent to a guest of an older build. */
static void an_older_guest_refuses_filter_type_and_a_newer_does_not(void **state) {
        _cleanup_free_ char *text = hcs_test_fixture("documents/combined-layers-filter-type.json", NULL);
        struct hcs_schema_report old = validate("ModifySettingRequest", text, "strict:17763");
        struct hcs_schema_report new = validate("ModifySettingRequest", text, "strict:26100");
        struct hcs_schema_report lenient = validate("ModifySettingRequest", text, "lenient");

        assert_int_equal(old.n_errors, 1);
        assert_int_equal(old.problems[0].kind, HCS_SCHEMA_TOO_NEW);
        assert_int_equal(new.n_errors + lenient.n_errors, 0);
        {
                _cleanup_free_ char *answer = hcs_schema_guest_refusal(&old.problems[0]);
                struct hcs_error *err = NULL;

                hcs_error_from_result(&err, (HRESULT)0xC037010D, answer);
                assert_string_equal(hcs_error_path(err), "$.FilterType");
                hcs_error_free(err);
        }
        hcs_schema_report_deinit(&old);
        hcs_schema_report_deinit(&new);
        hcs_schema_report_deinit(&lenient);
}

static void unknown_profiles_are_refused(void **state) {
        struct hcs_schema_profile p;

        assert_hresult(hcs_schema_profile_parse("strict:abc", &p, NULL), E_INVALIDARG);
        assert_hresult(hcs_schema_profile_parse("loose", &p, NULL), E_INVALIDARG);
}

static void misfits_are_told_in_the_words_of_go(void **state) {
        static const struct {
                enum hcs_schema_type_id type;
                const char *go_name, *text, *said;
        } rows[] = {
                {HCS_SCHEMA_GCS_RESPONSE_BASE, NULL, "{\"Result\":\"0\"}",
                 "json: cannot unmarshal string into Go struct field ResponseBase.Result of type int32"},
                {HCS_SCHEMA_GCS_RESPONSE_BASE, NULL, "{\"Result\":4294967295}",
                 "json: cannot unmarshal number 4294967295 into Go struct field ResponseBase.Result of type int32"},
                {HCS_SCHEMA_GCS_NEGOTIATE_PROTOCOL_REQUEST, "NegotiateProtocol", "{\"MinimumVersion\":\"4\"}",
                 "json: cannot unmarshal string into Go struct field NegotiateProtocol.MinimumVersion of type uint32"},
                {HCS_SCHEMA_GUEST_LCOW_MAPPED_VIRTUAL_DISK, NULL, "{\"Lun\":256}",
                 "json: cannot unmarshal number 256 into Go struct field LCOWMappedVirtualDisk.Lun of type uint8"},
                {HCS_SCHEMA_GCS_CONTAINER_EXECUTE_PROCESS, NULL, "{\"Settings\":{\"ProcessParameters\":1}}",
                 "json: cannot unmarshal number into Go struct field ExecuteProcessSettings.Settings.ProcessParameters "
                 "of "
                 "type string"},
                {HCS_SCHEMA_GCS_RESPONSE_BASE, NULL, "{\"Result\"", "unexpected end of JSON input"},
                {HCS_SCHEMA_GCS_RESPONSE_BASE, NULL, "[]",
                 "json: cannot unmarshal array into Go value of type prot.ResponseBase"},
                {HCS_SCHEMA_GCS_RESPONSE_BASE, NULL, "{\"Result\":0,\"ErrorRecords\":{},\"X\":1}",
                 "json: cannot unmarshal object into Go struct field ResponseBase.ErrorRecords of type "
                 "[]prot.ErrorRecord"},
                {HCS_SCHEMA_GCS_RESPONSE_BASE, NULL, "{\"result\":-1,\"errormessage\":null}", NULL},
                {HCS_SCHEMA_GCS_RESPONSE_BASE, NULL, "null", NULL},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                _cleanup_free_ char *said = hcs_schema_go_error(hcs_schema_type_at(rows[i].type), rows[i].go_name,
                                                                rows[i].text, strlen(rows[i].text));

                if (rows[i].said)
                        assert_string_equal(said, rows[i].said);
                else
                        assert_null(said);
        }
}

HCS_TESTS(cmocka_unit_test(documents_of_hcsshim_print_back_byte_for_byte),
          cmocka_unit_test(every_document_of_the_golden_set_is_valid_and_prints_back),
          cmocka_unit_test(every_networking_document_of_the_golden_set_is_valid_and_prints_back),
          cmocka_unit_test(documents_of_other_clients_lose_nothing),
          cmocka_unit_test(every_type_of_both_schemas_is_there), cmocka_unit_test(fields_can_be_set_by_name),
          cmocka_unit_test(what_no_published_schema_has_is_refused_where_it_is_assumed_to_be_newer),
          cmocka_unit_test(what_does_not_fit_is_named_by_path),
          cmocka_unit_test(members_spelled_alike_but_for_case_leak_nothing),
          cmocka_unit_test(all_problems_are_told_with_suggestions),
          cmocka_unit_test(an_older_guest_refuses_filter_type_and_a_newer_does_not),
          cmocka_unit_test(unknown_profiles_are_refused), cmocka_unit_test(misfits_are_told_in_the_words_of_go))
