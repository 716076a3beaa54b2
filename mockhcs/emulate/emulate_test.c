/* SPDX-License-Identifier: MIT */

/* What the emulator answers: documents, the state machine, devices, properties, the service, programs by script. */

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/core.h"
#include "platform/file.h"
#include "platform/job.h"
#include "testing/hcs_test.h"

static struct mockhcs *mock;

static void emulate(const char *options) {
        _cleanup_free_ char *spec = hcs_asprintf("emulate%s", options);
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_open(spec, &mock, &err), err);
}

static int setup(void **state) {
        emulate("");
        return 0;
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        return 0;
}

#define VM "{\"VirtualMachine\":{\"Devices\":{\"Scsi\":{\"0\":{\"Attachments\":{\"0\":{\"Path\":\"a\"}}}}}}}"

static HCS_SYSTEM running_vm(const char *id) {
        HCS_SYSTEM s = NULL;

        assert_hresult(core_create(id, VM, &s, NULL), S_OK);
        assert_hresult(core_start(s), S_OK);
        return s;
}

static void assert_says(const char *document, const char *part) {
        if (!document || !strstr(document, part))
                fail_msg("`%s` is not in %s", part, document ? document : "(nothing)");
}

static void a_value_of_the_wrong_type_is_named_by_path(void **state) {
        _cleanup_free_ char *why = NULL, *process = NULL;
        HCS_SYSTEM s = NULL;
        HCS_PROCESS p = NULL;

        assert_hresult(core_create("a", "{\"VirtualMachine\":{\"ComputeTopology\":{\"Processor\":{\"Count\":\"2\"}}}}",
                                   &s, &why),
                       HCS_E_INVALID_JSON);
        assert_null(s);
        assert_says(why, "Invalid JSON document '$.VirtualMachine.ComputeTopology.Processor.Count'");
        assert_says(why, "\"Error\":-2143878899"); /* 0x8037010D, signed */
        s = running_vm("a");
        assert_hresult(core_process(s, "{\"CommandLine\":\"cmd\",\"ConsoleSize\":\"80x25\"}", &p, &process),
                       HCS_E_INVALID_JSON);
        assert_says(process, "$.ConsoleSize");
        HcsCloseComputeSystem(s);
}

static void unknown_members_pass_unless_the_profile_is_strict(void **state) {
        static const char document[] = "{\"VirtualMachine\":{\"Chipset\":{\"Uefii\":{}}}}";
        _cleanup_free_ char *why = NULL;
        HCS_SYSTEM s = NULL;

        assert_hresult(core_create("a", document, &s, NULL), S_OK);
        HcsCloseComputeSystem(s);
        teardown(state);
        s = NULL;
        emulate(",profile=strict:26100");
        assert_hresult(core_create("a", document, &s, &why), HCS_E_INVALID_JSON);
        assert_says(why, "did you mean \\\"Uefi\\\"?");
}

/* hcsshim issue 2714: the guest of an older build refuses FilterType, and names it below its settings. */
static void an_older_guest_refuses_what_it_does_not_know(void **state) {
        _cleanup_free_ char *request = hcs_test_fixture("documents/combined-layers-filter-type.json", NULL),
                            *why = NULL;
        HCS_SYSTEM s = running_vm("a");

        assert_hresult(core_modify(s, request, NULL), S_OK);
        HcsCloseComputeSystem(s);
        teardown(state);
        emulate(",profile=strict:17763");
        s = running_vm("a");
        assert_hresult(core_modify(s, request, &why), HCS_E_INVALID_JSON);
        assert_says(why, "Msg:[$.FilterType]");
        HcsCloseComputeSystem(s);
}

static void a_v1_document_makes_a_v1_system(void **state) {
        _cleanup_free_ char *list = NULL, *why = NULL;
        HCS_SYSTEM s = NULL;

        assert_hresult(
                core_create("old", "{\"SystemType\":\"Container\",\"Name\":\"old\",\"Owner\":\"docker\"}", &s, NULL),
                S_OK);
        assert_hresult(core_enumerate("{\"Owners\":[\"docker\"]}", &list), S_OK);
        assert_says(list, "\"SystemType\":\"Container\"");
        HcsCloseComputeSystem(s);
        assert_hresult(core_create("x", "{\"SystemType\":\"Toaster\"}", &s, &why), HCS_E_INVALID_JSON);
        assert_says(why, "$.SystemType");
}

#define SCSI(lun) "VirtualMachine/Devices/Scsi/" lun
#define ADD(path)                                                                                                 \
        "{\"ResourcePath\":\"" path "\",\"RequestType\":\"Add\",\"Settings\":{\"Type\":\"VirtualDisk\",\"Path\":" \
        "\"d\"}}"
#define UPDATE(path, settings) "{\"ResourcePath\":\"" path "\",\"RequestType\":\"Update\",\"Settings\":" settings "}"
#define REMOVE(path)           "{\"ResourcePath\":\"" path "\",\"RequestType\":\"Remove\"}"

static void scsi_slots_are_kept(void **state) {
        HCS_SYSTEM s = running_vm("a");

        assert_hresult(core_modify(s, ADD(SCSI("0/Attachments/0")), NULL), HCS_WIN32(0xB7)); /* of the document */
        assert_hresult(core_modify(s, ADD(SCSI("0/Attachments/63")), NULL), S_OK);
        assert_hresult(core_modify(s, ADD(SCSI("0/Attachments/64")), NULL), HCS_E_INVALID_JSON);
        assert_hresult(core_modify(s, ADD(SCSI("0/Attachments/063")), NULL), HCS_E_INVALID_JSON);
        assert_hresult(core_modify(s, ADD(SCSI("1/Attachments/0")), NULL), HCS_WIN32(0x490));
        assert_hresult(core_modify(s, REMOVE(SCSI("0/Attachments/0")), NULL), S_OK);
        assert_hresult(core_modify(s, REMOVE(SCSI("0/Attachments/0")), NULL), HCS_WIN32(0x490));
        assert_hresult(core_modify(s, UPDATE(SCSI("0/Attachments/0"), "{\"Path\":\"d\"}"), NULL), HCS_WIN32(0x490));
        HcsCloseComputeSystem(s);
}

#define PMEM(slot) "VirtualMachine/Devices/VirtualPMem/Devices/" slot
#define SHARE(type, name)                                                                        \
        "{\"ResourcePath\":\"VirtualMachine/Devices/VirtualSmb/Shares\",\"RequestType\":\"" type \
        "\",\"Settings\":{\"Name\":\"" name "\",\"Path\":\"C:\\\\x\"}}"

static void shares_are_told_apart_by_name(void **state) {
        HCS_SYSTEM s = running_vm("a");

        assert_hresult(core_modify(s, SHARE("Add", "s1"), NULL), S_OK);
        assert_hresult(core_modify(s, SHARE("Add", "s2"), NULL), S_OK);
        assert_hresult(core_modify(s, SHARE("Add", "s1"), NULL), HCS_WIN32(0xB7));
        assert_hresult(core_modify(s, SHARE("Update", "s1"), NULL), S_OK);
        assert_hresult(core_modify(s, SHARE("Remove", "s1"), NULL), S_OK);
        assert_hresult(core_modify(s, SHARE("Remove", "s1"), NULL), HCS_WIN32(0x490));
        assert_hresult(core_modify(s, SHARE("Add", ""), NULL), HCS_E_INVALID_JSON);
        assert_hresult(core_modify(s, SHARE("Explode", "s1"), NULL), HCS_E_INVALID_JSON);
        HcsCloseComputeSystem(s);
}

static void other_resources_follow_the_same_rules(void **state) {
        static const struct {
                const char *request;
                HRESULT hr;
        } rows[] = {
                {ADD("VirtualMachine/Devices/NetworkAdapters/n1"), S_OK},
                {ADD("VirtualMachine/Devices/NetworkAdapters/n1"), HCS_WIN32(0xB7)},
                {REMOVE("VirtualMachine/Devices/NetworkAdapters/n1"), S_OK},
                {ADD("VirtualMachine/Devices/VirtualPMem/Devices/0"), HCS_WIN32(0x490)}, /* no controller */
                {ADD("VirtualMachine/Devices/NetworkAdapters/B5D2D8D4-3A75-51BF-945B-3444DC6B8579"), S_OK},
                {ADD("VirtualMachine/Devices/NetworkAdapters/{b5d2d8d4-3a75-51bf-945b-3444dc6b8579}"), HCS_WIN32(0xB7)},
                {UPDATE("VirtualMachine/Devices/NetworkAdapters/n2", "{}"), HCS_WIN32(0x490)},
                {UPDATE("VirtualMachine/Devices/NetworkAdapters/n2", "{\"MacAddress\":7}"), HCS_E_INVALID_JSON},
                {UPDATE("VirtualMachine/Devices/HvSocket/HvSocketConfig/ServiceTable/x", "{}"), S_OK},
                {ADD("VirtualMachine/Devices/VirtualPci/p"), S_OK},
                {"{\"ResourcePath\":\"VirtualMachine/ComputeTopology/Memory/SizeInMB\",\"RequestType\":\"Update\","
                 "\"Settings\":2048}",
                 S_OK},
                {"{\"ResourcePath\":\"VirtualMachine/ComputeTopology/Memory/SizeInMB\",\"RequestType\":\"Update\","
                 "\"Settings\":\"much\"}",
                 HCS_E_INVALID_JSON},
                {ADD("VirtualMachine/Devices/Teapot/1"), HCS_E_INVALID_JSON},
                {ADD("Container/MappedDirectories"), HCS_E_INVALID_JSON}, /* not of a VM */
                {"{}", HCS_E_INVALID_JSON},
                {"{\"ResourcePath\":7}", HCS_E_INVALID_JSON},
                {"{\"ResourcePath\":\"", HCS_E_INVALID_JSON},
        };
        HCS_SYSTEM s = running_vm("a");

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                HRESULT hr = core_modify(s, rows[i].request, NULL);

                if (hr != rows[i].hr)
                        fail_msg("0x%08X instead of 0x%08X for %s", (unsigned)hr, (unsigned)rows[i].hr,
                                 rows[i].request);
        }
        HcsCloseComputeSystem(s);
}

static void vpmem_slots_are_those_of_the_controller(void **state) {
        static const struct {
                const char *request;
                HRESULT hr;
        } rows[] = {
                {ADD(PMEM("7")), HCS_E_INVALID_JSON},
                {ADD(PMEM("abc")), HCS_E_INVALID_JSON},
                {ADD(PMEM("0")), S_OK},
                {ADD(PMEM("0")), HCS_WIN32(0xB7)},
                {ADD(PMEM("0") "/Mappings/4096"), S_OK},
                {ADD(PMEM("1") "/Mappings/0"), HCS_WIN32(0x490)},
                {REMOVE(PMEM("0") "/Mappings/4096"), S_OK},
                {REMOVE(PMEM("0") "/Mappings/4096"), HCS_WIN32(0x490)},
                {REMOVE(PMEM("0")), S_OK},
        };
        HCS_SYSTEM s = NULL;

        assert_hresult(
                core_create("a", "{\"VirtualMachine\":{\"Devices\":{\"VirtualPMem\":{\"MaximumCount\":2}}}}", &s, NULL),
                S_OK);
        assert_hresult(core_start(s), S_OK);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++)
                assert_hresult(core_modify(s, rows[i].request, NULL), rows[i].hr);
        HcsCloseComputeSystem(s);
}

static HRESULT with_options(HCS_ABI_HRESULT(HCS_ABI_CALL *call)(HCS_SYSTEM, HCS_OPERATION, PCWSTR), HCS_SYSTEM s,
                            PCWSTR options) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);
        HRESULT hr = call(s, op, options);

        HcsCloseOperation(op);
        return hr;
}

static void a_stop_that_takes_its_time_is_told_when_it_is_over(void **state) {
        _cleanup_free_ char *properties = NULL;
        HCS_OPERATION op = NULL;
        HCS_SYSTEM s = NULL;

        teardown(state);
        emulate(",delay=3600000"); /* longer than the test */
        op = HcsCreateOperation(NULL, NULL);
        assert_hresult(HcsCreateComputeSystem(u"a", u"{\"VirtualMachine\":{}}", op, NULL, &s), S_OK);
        HcsCloseOperation(op);
        assert_hresult(with_options(HcsTerminateComputeSystem, s, NULL), S_OK);
        assert_hresult(with_options(HcsTerminateComputeSystem, s, NULL), HCS_E_SYSTEM_ALREADY_STOPPED);
        assert_hresult(core_query(s, "{}", &properties), S_OK);
        assert_says(properties, "\"State\":\"Created\"");
        HcsCloseComputeSystem(s);
}

static void malformed_options_and_queries_are_refused(void **state) {
        HCS_SYSTEM s = NULL, again = NULL;

        assert_hresult(core_create("a", VM, &s, NULL), S_OK);
        assert_hresult(with_options(HcsStartComputeSystem, s, u"{bad"), HCS_E_INVALID_JSON);
        assert_hresult(core_start(s), S_OK);
        assert_hresult(with_options(HcsPauseComputeSystem, s, u"{\"SuspensionLevel\":5}"), HCS_E_INVALID_JSON);
        assert_hresult(with_options(HcsResumeComputeSystem, s, u"[]"), HCS_E_INVALID_JSON);
        assert_hresult(with_options(HcsTerminateComputeSystem, s, u"{nope"), HCS_E_INVALID_JSON);
        assert_hresult(with_options(HcsShutDownComputeSystem, s, u"7"), HCS_E_INVALID_JSON);
        assert_hresult(core_enumerate("{\"Owners\":\"x\"}", NULL), HCS_E_INVALID_JSON);
        assert_hresult(core_enumerate("{\"Types\":5}", NULL), HCS_E_INVALID_JSON);
        assert_hresult(core_query(s, "{\"PropertyTypes\":\"Memory\"}", NULL), HCS_E_INVALID_JSON);
        assert_hresult(HcsOpenComputeSystem(u"a", 0, &again), E_ACCESSDENIED);
        assert_hresult(core_terminate(s), S_OK);
        HcsCloseComputeSystem(s);
}

static void a_saved_system_is_restored_from_its_file_or_template(void **state) {
        static const char from_file[] =
                "{\"VirtualMachine\":{\"RestoreState\":{\"SaveStateFilePath\":\"C:\\\\s.vmrs\"}}}";
        HCS_SYSTEM s = running_vm("a"), t = NULL;

        assert_hresult(core_create("b", from_file, &t, NULL), HCS_WIN32(2));
        assert_hresult(core_save(s, "{\"SaveType\":\"ToFile\",\"SaveStateFilePath\":\"C:\\\\s.vmrs\"}"),
                       HCS_E_INVALID_STATE);
        assert_hresult(core_pause(s), S_OK);
        assert_hresult(core_save(s, "{\"SaveType\":\"Sideways\"}"), HCS_E_INVALID_JSON);
        assert_hresult(core_save(s, "{\"SaveType\":\"ToFile\",\"SaveStateFilePath\":\"C:\\\\s.vmrs\"}"), S_OK);
        assert_hresult(core_create("b", from_file, &t, NULL), S_OK);
        HcsCloseComputeSystem(t);
        assert_hresult(core_save(s, "{\"SaveType\":\"AsTemplate\"}"), S_OK);
        assert_hresult(core_resume(s), HCS_E_INVALID_STATE); /* a template does not run again */
        assert_hresult(
                core_create("c", "{\"VirtualMachine\":{\"RestoreState\":{\"TemplateSystemId\":\"a\"}}}", &t, NULL),
                S_OK);
        HcsCloseComputeSystem(t);
        HcsCloseComputeSystem(s);
}

static void a_system_that_should_ends_with_its_last_handle(void **state) {
        static const char document[] = "{\"VirtualMachine\":{},\"ShouldTerminateOnLastHandleClosed\":true}";
        HCS_SYSTEM s = NULL, other = NULL;
        _cleanup_free_ char *list = NULL;

        assert_hresult(core_create("a", document, &s, NULL), S_OK);
        assert_hresult(HcsOpenComputeSystem(u"a", GENERIC_ALL, &other), S_OK);
        HcsCloseComputeSystem(s);
        assert_hresult(core_query(other, "{}", NULL), S_OK);
        HcsCloseComputeSystem(other);
        assert_hresult(core_enumerate("", &list), S_OK);
        assert_string_equal(list, "[]");
        s = running_vm("stays");
        HcsCloseComputeSystem(s);
        assert_hresult(HcsOpenComputeSystem(u"stays", GENERIC_ALL, &other), S_OK);
        HcsCloseComputeSystem(other);
}

static uint64_t statistic(HCS_SYSTEM s) {
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ struct hcs_json *j = NULL;
        uint64_t up = 0;

        assert_hresult(core_query(s, "{\"PropertyTypes\":[\"Statistics\",\"Memory\",\"ProcessList\"]}", &text), S_OK);
        assert_ok(hcs_json_parse_cstr(text, &j, NULL), NULL);
        assert_true(hcs_json_u64(hcs_json_lookup(j, "Statistics.Uptime100ns"), &up));
        return up;
}

static void statistics_never_run_backwards(void **state) {
        HCS_SYSTEM s = running_vm("a");
        uint64_t last = 0;

        for (unsigned i = 0; i < 100; i++) {
                uint64_t now = statistic(s);

                assert_true(now >= last);
                last = now;
        }
        assert_hresult(core_query(s, "{\"PropertyTypes\":[\"Weather\"]}", NULL), HCS_E_INVALID_JSON);
        HcsCloseComputeSystem(s);
}

static void a_list_is_filtered_and_sorted(void **state) {
        _cleanup_free_ char *all = NULL, *some = NULL, *none = NULL;
        HCS_SYSTEM b = running_vm("b"), a = running_vm("a");

        assert_hresult(core_enumerate("{}", &all), S_OK);
        assert_true(strstr(all, "\"Id\":\"a\"") < strstr(all, "\"Id\":\"b\""));
        assert_hresult(core_enumerate("{\"Ids\":[\"b\",\"zz\"]}", &some), S_OK);
        assert_null(strstr(some, "\"Id\":\"a\""));
        assert_says(some, "\"Id\":\"b\"");
        assert_hresult(core_enumerate("{\"Types\":[\"Container\"]}", &none), S_OK);
        assert_string_equal(none, "[]");
        HcsCloseComputeSystem(a);
        HcsCloseComputeSystem(b);
}

static void the_service_has_processors_and_cpu_groups(void **state) {
        static const char create[] =
                "{\"PropertyType\":\"CpuGroup\",\"Settings\":{\"Operation\":\"CreateGroup\",\"OperationDetails\":{"
                "\"GroupId\":\"g1\",\"LogicalProcessorCount\":2,\"LogicalProcessors\":[0,1]}}}";
        static const char delete[] =
                "{\"PropertyType\":\"CpuGroup\",\"Settings\":{\"Operation\":\"DeleteGroup\",\"OperationDetails\":{"
                "\"GroupId\":\"g1\"}}}";
        _cleanup_free_ char *topology = NULL, *groups = NULL;

        assert_hresult(core_service("{\"PropertyTypes\":[\"ProcessorTopology\"]}", &topology), S_OK);
        assert_says(topology, "\"LogicalProcessorCount\":8");
        assert_hresult(core_modify_service(create, NULL), S_OK);
        assert_hresult(core_modify_service(create, NULL), HCS_WIN32(0xB7));
        assert_hresult(core_service("{\"PropertyTypes\":[\"CpuGroup\"]}", &groups), S_OK);
        assert_says(groups, "\"GroupId\":\"g1\"");
        assert_hresult(core_modify_service(delete, NULL), S_OK);
        assert_hresult(core_modify_service(delete, NULL), HCS_WIN32(0x490));
        assert_hresult(core_service("{\"PropertyTypes\":[\"Moon\"]}", NULL), HCS_E_INVALID_JSON);
}

static void programs_run_by_script_and_built_in(void **state) {
        static const char script[] =
                "{\"processes\":[{\"command\":\"three\",\"exit\":3},{\"glob\":\"pow*\",\"exit\":4},"
                "{\"regex\":\"^s[0-9]+$\",\"exit\":4294967295}]}";
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/s.json", dir),
                            *options = hcs_asprintf(",script=%s", path);
        HCS_SYSTEM s;
        HCS_PROCESS p = NULL;

        teardown(state);
        assert_ok(hcs_file_write(path, script, strlen(script), NULL), NULL);
        emulate(options);
        s = running_vm("a");
        assert_int_equal(core_run(s, "three"), 3);
        assert_int_equal(core_run(s, "powershell -c x"), 4);
        assert_int_equal(core_run(s, "s12"), UINT32_MAX);
        assert_int_equal(core_run(s, "cmd /c exit 7"), 7);
        assert_int_equal(core_run(s, "cmd /c echo hi"), 0);
        assert_hresult(core_process(s, "{\"CommandLine\":\"nowhere.exe\"}", &p, NULL), HCS_WIN32(2));
        HcsCloseComputeSystem(s);
}

static void a_process_without_handles_is_gone_when_it_exits(void **state) {
        static const char script[] = "{\"processes\":[{\"command\":\"first\",\"delay_ms\":10},"
                                     "{\"command\":\"second\",\"delay_ms\":20}]}";
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/s.json", dir),
                            *options = hcs_asprintf(",script=%s", path);
        HCS_SYSTEM s;
        HCS_PROCESS first = NULL, again = NULL;

        teardown(state);
        assert_ok(hcs_file_write(path, script, strlen(script), NULL), NULL);
        emulate(options);
        s = running_vm("a");
        assert_hresult(core_process(s, "{\"CommandLine\":\"first\"}", &first, NULL), S_OK);
        HcsCloseProcess(first);
        core_run(s, "second"); /* ends later than the first */
        assert_hresult(HcsOpenProcess(s, 1000, GENERIC_ALL, &again), HCS_WIN32(0x490));
        HcsCloseComputeSystem(s);
}

static void scripts_that_are_none_are_refused_with_the_place(void **state) {
        static const char *const bad[] = {"{\"processes\":[{\"exit\":3}]}", "{\"processes\":{}}", "{",
                                          "{\"processes\":[{\"regex\":\"(\"}]}"};
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/s.json", dir),
                            *spec = hcs_asprintf("emulate,script=%s", path);

        teardown(state);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(bad); i++) {
                struct hcs_error *err = NULL;

                assert_ok(hcs_file_write(path, bad[i], strlen(bad[i]), NULL), NULL);
                assert_true(FAILED(mockhcs_open(spec, &mock, &err)));
                assert_non_null(strstr(hcs_error_message(err), "s.json"));
                hcs_error_free(err);
        }
}

static void real_processes_are_refused_where_there_are_none(void **state) {
        struct hcs_error *err = NULL;
        struct mockhcs *other = NULL;

        assert_hresult(mockhcs_open("emulate,processes=some", &other, &err), E_INVALIDARG);
        assert_says(hcs_error_message(err), "processes=some");
        hcs_error_free(err);
        err = NULL;
        if (hcs_job_possible())
                return;
        assert_hresult(mockhcs_open("emulate,processes=real", &other, &err), E_NOTIMPL);
        assert_says(hcs_error_message(err), "processes=real");
        hcs_error_free(err);
}

/* The last address that there is goes to the first machine; what becomes of that does not matter here. */
static void guests_without_an_address_are_refused(void **state) {
        _cleanup_free_ char *why = NULL;
        HCS_SYSTEM first = NULL, second = NULL;

        if (hcs_job_possible())
                skip(); /* on Windows machines are on paper */
        teardown(state);
        emulate(",machines=qemu,vsock=kernel,cid=4294967294");
        assert_true(core_create("a", VM, &first, NULL) != HCS_WIN32(1450));
        assert_hresult(core_create("b", VM, &second, &why), HCS_WIN32(1450));
        assert_says(why, "cid=4294967294");
        if (first)
                HcsCloseComputeSystem(first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

HCS_TESTS(TEST(a_value_of_the_wrong_type_is_named_by_path), TEST(unknown_members_pass_unless_the_profile_is_strict),
          TEST(an_older_guest_refuses_what_it_does_not_know), TEST(a_v1_document_makes_a_v1_system),
          TEST(scsi_slots_are_kept), TEST(shares_are_told_apart_by_name), TEST(other_resources_follow_the_same_rules),
          TEST(vpmem_slots_are_those_of_the_controller), TEST(malformed_options_and_queries_are_refused),
          TEST(a_stop_that_takes_its_time_is_told_when_it_is_over),
          TEST(a_saved_system_is_restored_from_its_file_or_template),
          TEST(a_system_that_should_ends_with_its_last_handle), TEST(statistics_never_run_backwards),
          TEST(a_list_is_filtered_and_sorted), TEST(the_service_has_processors_and_cpu_groups),
          TEST(programs_run_by_script_and_built_in), TEST(a_process_without_handles_is_gone_when_it_exits),
          TEST(scripts_that_are_none_are_refused_with_the_place), TEST(real_processes_are_refused_where_there_are_none),
          TEST(guests_without_an_address_are_refused))
