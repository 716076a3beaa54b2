/* SPDX-License-Identifier: MIT */

/* The whole world saved, put back and started anew; also behind a service. */

#include <stdatomic.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/core.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

/* A virtual machine that boots nothing is one on paper. */
#define VM  "{\"Owner\":\"me\",\"VirtualMachine\":{}}"
#define CAT "{\"CommandLine\":\"cat\",\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}"

static struct mockhcs *mock;
static char *file;

static int setup(void **state) {
        char *folder = hcs_test_tmpdir();

        file = hcs_asprintf("%s/world", folder);
        free(folder);
        return FAILED(mockhcs_open("emulate", &mock, NULL));
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        free(file);
        return 0;
}

static HCS_SYSTEM running(const char *id) {
        HCS_SYSTEM s = NULL;

        assert_hresult(core_create(id, VM, &s, NULL), S_OK);
        assert_hresult(core_start(s), S_OK);
        return s;
}

static HCS_SYSTEM open_system(PCWSTR id) {
        HCS_SYSTEM s = NULL;

        assert_hresult(HcsOpenComputeSystem(id, GENERIC_ALL, &s), S_OK);
        return s;
}

static void save(void) {
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_world_save(mock, file, &err), err);
}

static void restore(void) {
        struct hcs_error *err = NULL;
        char *lost = NULL;

        assert_ok(mockhcs_world_restore(mock, file, &lost, &err), err);
        assert_string_equal(lost, "[]");
        free(lost);
}

static void assert_systems(const char *expected) {
        _cleanup_free_ char *list = NULL, *ids = NULL;
        _cleanup_json_ struct hcs_json *systems = NULL;

        assert_hresult(core_enumerate("", &list), S_OK);
        assert_ok(hcs_json_parse_cstr(list, &systems, NULL), NULL);
        ids = hcs_strdup("");
        for (const struct hcs_json *s = hcs_json_first(systems); s; s = hcs_json_next(s)) {
                char *more =
                        hcs_asprintf("%s%s:%s ", ids, hcs_json_get_string(s, "Id"), hcs_json_get_string(s, "State"));

                free(ids);
                ids = more;
        }
        assert_string_equal(ids, expected);
}

static void what_was_saved_is_there_again(void **state) {
        HCS_SYSTEM s = running("kept");
        _cleanup_free_ char *before = NULL, *after = NULL;
        HCS_PROCESS p = NULL;

        assert_hresult(core_process(s, CAT, &p, NULL), S_OK);
        assert_hresult(core_query(s, "{\"PropertyTypes\":[\"ProcessList\"]}", &before), S_OK);
        save();
        assert_hresult(core_terminate(s), S_OK);
        HcsCloseProcess(p);
        HcsCloseComputeSystem(s);
        assert_systems("");
        restore();
        assert_systems("kept:Running ");
        s = open_system(u"kept");
        assert_hresult(core_query(s, "{\"PropertyTypes\":[\"ProcessList\"]}", &after), S_OK);
        assert_string_equal(after, before); /* runtime id, process id and time of creation among others */
        assert_hresult(core_terminate(s), S_OK);
        HcsCloseComputeSystem(s);
        assert_systems("");
}

static void HCS_ABI_CALL count(HCS_EVENT *event, void *context) {
        if (event->Type == HcsEventServiceDisconnect)
                atomic_fetch_add((atomic_uint *)context, 1);
}

static void restoring_is_a_restart_to_who_holds_handles(void **state) {
        HCS_SYSTEM s = running("a"), again;
        HCS_PROCESS p = NULL;
        atomic_uint heard = 0;

        assert_hresult(core_process(s, CAT, &p, NULL), S_OK);
        assert_hresult(HcsSetComputeSystemCallback(s, 0, &heard, count), S_OK);
        assert_hresult(HcsSetProcessCallback(p, 0, &heard, count), S_OK);
        save();
        restore();
        mockhcs_drain(mock);
        assert_int_equal(atomic_load(&heard), 2);
        assert_hresult(core_terminate(s), HCS_E_SERVICE_DISCONNECT);
        assert_hresult(core_query(s, "", NULL), HCS_E_SERVICE_DISCONNECT);
        assert_hresult(HcsWaitForComputeSystemExit(s, INFINITE, NULL), HCS_E_SERVICE_DISCONNECT);
        assert_hresult(HcsWaitForProcessExit(p, INFINITE, NULL), HCS_E_SERVICE_DISCONNECT);
        HcsCloseProcess(p);
        HcsCloseComputeSystem(s);
        again = open_system(u"a");
        assert_hresult(core_terminate(again), S_OK);
        HcsCloseComputeSystem(again);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void a_program_ends_when_it_would_have(void **state) {
        HCS_SYSTEM s = running("a");
        HCS_PROCESS p = NULL, again = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        char *at;

        assert_hresult(core_process(s, "{\"CommandLine\":\"sleep 100\"}", &p, NULL), S_OK);
        save();
        /* As if it had been long ago. */
        assert_ok(hcs_file_read(file, 1 << 20, &text, NULL), NULL);
        at = strstr(text.data, "\"Created\": 1");
        assert_non_null(at);
        at += strlen("\"Created\": ");
        memset(at + 1, ' ', strspn(at + 1, "0123456789"));
        assert_ok(hcs_file_write(file, text.data, text.len, NULL), NULL);
        restore();
        HcsCloseProcess(p);
        HcsCloseComputeSystem(s);
        s = open_system(u"a");
        if (SUCCEEDED((HRESULT)HcsOpenProcess(s, 1000, GENERIC_ALL, &again))) { /* it may have gone by now */
                assert_hresult(HcsWaitForProcessExit(again, INFINITE, NULL), S_OK);
                HcsCloseProcess(again);
        }
        HcsCloseComputeSystem(s);
}

static void a_reboot_takes_every_system(void **state) {
        HCS_SYSTEM s = running("a");
        struct hcs_error *err = NULL;
        atomic_uint heard = 0;

        assert_hresult(HcsSetComputeSystemCallback(s, 0, &heard, count), S_OK);
        assert_ok(mockhcs_host_reboot(mock, true, &err), err);
        mockhcs_drain(mock);
        assert_int_equal(atomic_load(&heard), 1);
        assert_systems("");
        HcsCloseComputeSystem(s);
        s = running("a");
        assert_hresult(core_terminate(s), S_OK);
        HcsCloseComputeSystem(s);
}

static void a_file_that_is_no_world_changes_nothing(void **state) {
        static const struct {
                const char *text, *why;
        } cases[] = {
                {"{}", "World: this is no world"},
                {"{\"World\":2}", "World: this is no world"},
                {"{\"World\":1,\"Systems\":[{}]}", "Systems[0]: Id"},
                {"{\"World\":1,\"Systems\":[{\"Id\":\"x\",\"State\":\"Asleep\"}]}", "Systems[0]: State"},
                {"{\"World\":1,\"Systems\":[{\"Id\":\"x\",\"State\":\"Running\",\"CreatedBy\":\"computecore\"}]}",
                 "Systems[0]: Document"},
                {"{\"World\":1,\"Systems\":[{\"Id\":\"x\",\"State\":\"Running\",\"CreatedBy\":\"computecore\","
                 "\"Document\":{}}]}",
                 "Systems[0]: Document"},
                {"{\"World\":1,\"Systems\":[{\"Id\":\"x\",\"State\":\"Running\",\"CreatedBy\":\"vmcompute\","
                 "\"Document\":"
                 "{\"Container\":{}},\"Processes\":[{\"ProcessId\":4,\"CommandLine\":\"unheard of\"}]}]}",
                 "Systems[0]: Processes[0]: CommandLine"},
                {"{\"World\":1,\"Systems\":[],\"Networks\":{}}", "Networks: NetworkState"},
                {"{\"World\":1", "column"},
                {"", ""},
        };
        HCS_SYSTEM s = running("a");

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct hcs_error *err = NULL;

                assert_ok(hcs_file_write(file, cases[i].text, strlen(cases[i].text), NULL), NULL);
                assert_true(FAILED(mockhcs_world_restore(mock, file, NULL, &err)));
                if (!strstr(hcs_error_message(err), cases[i].why))
                        fail_msg("`%s` is not in \"%s\"", cases[i].why, hcs_error_message(err));
                hcs_error_free(err);
        }
        assert_systems("a:Running ");
        assert_hresult(core_terminate(s), S_OK);
        HcsCloseComputeSystem(s);
}

static void what_runs_in_a_machine_is_lost_by_name(void **state) {
        static const char text[] = "{\"World\":1,\"Systems\":[{\"Id\":\"vm\",\"Machine\":true}],"
                                   "\"Networks\":{\"NetworkState\":1}}";
        struct hcs_error *err = NULL;
        char *lost = NULL;

        assert_ok(hcs_file_write(file, text, strlen(text), NULL), NULL);
        assert_ok(mockhcs_world_restore(mock, file, &lost, &err), err);
        assert_string_equal(lost, "[\"vm\"]");
        free(lost);
}

static void a_trace_has_no_world(void **state) {
        struct mockhcs *replay = NULL;
        static const char header[] = "{\"trace\":\"hcs\",\"version\":1}\n";
        _cleanup_free_ char *spec = hcs_asprintf("replay=%s", file);
        struct hcs_error *err = NULL;

        assert_ok(hcs_file_write(file, header, strlen(header), NULL), NULL);
        assert_ok(mockhcs_open(spec, &replay, &err), err);
        assert_hresult(mockhcs_world_save(replay, file, &err), E_NOTIMPL);
        hcs_error_free(err);
        mockhcs_close(replay);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

HCS_TESTS(IN_A_WORLD(what_was_saved_is_there_again), IN_A_WORLD(restoring_is_a_restart_to_who_holds_handles),
          IN_A_WORLD(a_program_ends_when_it_would_have), IN_A_WORLD(a_reboot_takes_every_system),
          IN_A_WORLD(a_file_that_is_no_world_changes_nothing), IN_A_WORLD(what_runs_in_a_machine_is_lost_by_name),
          IN_A_WORLD(a_trace_has_no_world))
