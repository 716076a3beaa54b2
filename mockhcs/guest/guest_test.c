/* SPDX-License-Identifier: MIT */

/* Virtual machines on paper and their guests, as a client has them: through the ABI, and over the bridge. */

#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "hcsshim/gcs.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/core.h"
#include "platform/env.h"
#include "platform/file.h"
#include "platform/hvsocket.h"
#include "testing/hcs_test.h"

#define DOCUMENT                                                                                                    \
        "{\"Owner\":\"test\",\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"VirtualMachine\":{\"StopOnReset\":true," \
        "\"Chipset\":{\"LinuxKernelDirect\":{\"KernelFilePath\":\"C:\\\\boot\\\\kernel\",\"KernelCmdLine\":\"\"}}," \
        "\"ComputeTopology\":{\"Memory\":{\"SizeInMB\":256},\"Processor\":{\"Count\":1}}},"                         \
        "\"ShouldTerminateOnLastHandleClosed\":true}"
#define CONTAINER                                                                                                \
        "{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"OciBundlePath\":\"/run/gcs/c/c1\",\"OciSpecification\":" \
        "{\"process\":{\"args\":[\"sh\",\"-c\",\"exit 7\"]}}}"

static struct mockhcs *mock;
static HCS_SYSTEM vm;
static char *folder;
static struct hcs_gcs_transport *transport;
static struct hcs_gcs_listener *entropy, *log_listener, *bridge;
static struct hcs_gcs_connection *guest;

static int setup(void **state) {
        _cleanup_free_ char *runtime = hcs_test_tmpdir();

        hcs_env_set("XDG_RUNTIME_DIR", runtime);
        return FAILED(mockhcs_open("emulate", &mock, NULL));
}

static int teardown(void **state) {
        if (guest)
                hcs_gcs_connection_close(guest);
        guest = hcs_gcs_connection_unref(guest);
        entropy = hcs_gcs_listener_close(entropy);
        log_listener = hcs_gcs_listener_close(log_listener);
        bridge = hcs_gcs_listener_close(bridge);
        transport = hcs_gcs_transport_unref(transport);
        if (vm)
                HcsCloseComputeSystem(vm);
        vm = NULL;
        mock = mockhcs_close(mock);
        free(folder);
        folder = NULL;
        return 0;
}

static void create(void) {
        _cleanup_json_ struct hcs_json *properties = NULL;
        _cleanup_free_ char *text = NULL, *name = NULL;
        GUID id;

        assert_hresult(core_create("vm", DOCUMENT, &vm, NULL), S_OK);
        assert_hresult(core_query(vm, "", &text), S_OK);
        assert_ok(hcs_json_parse_cstr(text, &properties, NULL), NULL);
        assert_ok(hcs_guid_parse(hcs_json_get_string(properties, "RuntimeId"), &id, NULL), NULL);
        folder = hcs_hvsocket_folder(&id);
        assert_true(hcs_file_is_directory(folder));
        name = hcs_asprintf("unix:%s/v.sock", folder);
        assert_ok(hcs_gcs_transport_open(name, &transport, NULL), NULL);
}

static void boot(void) {
        struct hcs_stream *log = NULL, *stream = NULL;
        struct hcs_error *err = NULL;
        char line[64] = "";
        size_t n;

        create();
        assert_ok(hcs_gcs_listen(transport, HCS_GCS_ENTROPY, &entropy, &err), err);
        assert_ok(hcs_gcs_listen(transport, HCS_GCS_LOG, &log_listener, &err), err);
        assert_ok(hcs_gcs_listen(transport, HCS_GCS_BRIDGE, &bridge, &err), err);
        assert_hresult(core_start(vm), S_OK);
        assert_ok(hcs_gcs_serve_entropy(entropy, NULL, &err), err);
        assert_ok(hcs_gcs_accept(log_listener, NULL, &log, &err), err);
        assert_ok(hcs_gcs_accept(bridge, NULL, &stream, &err), err);
        assert_ok(hcs_gcs_connect(stream, transport, NULL, NULL, &guest, &err), err);
        assert_hresult(hcs_stream_read(log, line, sizeof(line) - 1, NULL, &n, NULL), S_OK);
        assert_non_null(strstr(line, "\"msg\":"));
        hcs_stream_close(log);
}

static struct hcs_gcs_process *run(const char *parameters) {
        struct hcs_gcs_process *p = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_gcs_exec(guest, parameters, NULL, &p, &err), err);
        return p;
}

static void assert_says(struct hcs_gcs_process *p, const char *expected) {
        char said[128] = "";
        size_t used = 0, n;

        while (hcs_gcs_process_read(p, HCS_GCS_STDOUT, said + used, sizeof(said) - used - 1, NULL, &n, NULL) == S_OK &&
               n)
                used += n;
        assert_string_equal(said, expected);
}

static void assert_exits(struct hcs_gcs_process *p, uint32_t expected) {
        struct hcs_error *err = NULL;
        uint32_t code = 0;

        assert_ok(hcs_gcs_process_wait(p, NULL, &code, &err), err);
        assert_int_equal(code, expected);
        hcs_gcs_process_close(p);
        hcs_gcs_process_unref(p);
}

static void programs_print_read_and_are_killed(void **state) {
        struct hcs_gcs_process *p;
        struct hcs_error *err = NULL;
        bool delivered;

        boot();
        p = run("{\"CommandArgs\":[\"echo\",\"hello\"],\"CreateStdOutPipe\":true}");
        assert_says(p, "hello\n");
        assert_exits(p, 0);
        p = run("{\"CommandArgs\":[\"cat\"],\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}");
        assert_ok(hcs_gcs_process_write(p, "abc", 3, NULL, &err), err);
        assert_ok(hcs_gcs_process_close_stdin(p, NULL, &err), err);
        assert_says(p, "abc");
        assert_exits(p, 0);
        p = run("{\"CommandArgs\":[\"sleep\",\"1000\"]}");
        assert_ok(hcs_gcs_process_kill(p, NULL, &delivered, &err), err);
        assert_true(delivered);
        assert_exits(p, 137);
        p = NULL;
        assert_hresult(hcs_gcs_exec(guest, "{\"CommandArgs\":[\"nonsense\"]}", NULL, &p, NULL), HCS_WIN32(2));
}

static void a_container_runs_its_process(void **state) {
        struct hcs_gcs_container *c = NULL;
        struct hcs_gcs_process *p = NULL;
        struct hcs_error *err = NULL;

        boot();
        assert_ok(hcs_gcs_container_create(guest, "c1", CONTAINER, NULL, &c, &err), err);
        assert_ok(hcs_gcs_container_start(c, NULL, &err), err);
        assert_ok(hcs_gcs_container_exec(c, NULL, NULL, &p, &err), err);
        assert_exits(p, 7);
        assert_ok(hcs_gcs_container_wait(c, NULL, &err), err);
        assert_ok(hcs_gcs_container_delete_state(c, NULL, &err), err);
        hcs_gcs_container_close(c);
        hcs_gcs_container_unref(c);
        assert_ok(hcs_gcs_modify(guest, "{\"ResourceType\":\"MappedVirtualDisk\",\"RequestType\":\"Add\"}", NULL, &err),
                  err);
}

static void the_agent_powers_the_machine_off(void **state) {
        _cleanup_free_ char *properties = NULL;

        boot();
        assert_ok(hcs_gcs_shutdown(guest, false, NULL, NULL), NULL);
        hcs_gcs_connection_wait(guest, NULL, NULL);
        mockhcs_drain(mock);
        assert_hresult(core_query(vm, "", &properties), S_OK);
        assert_non_null(strstr(properties, "\"ExitType\":\"GracefulExit\""));
}

static void the_guest_goes_with_its_machine(void **state) {
        struct hcs_gcs_process *p;

        boot();
        p = run("{\"CommandArgs\":[\"sleep\",\"1000\"],\"CreateStdOutPipe\":true}");
        assert_hresult(core_terminate(vm), S_OK);
        hcs_gcs_connection_wait(guest, NULL, NULL);
        assert_says(p, "");
        hcs_gcs_process_close(p);
        hcs_gcs_process_unref(p);
        assert_true(hcs_file_is_directory(folder));
        HcsCloseComputeSystem(vm);
        vm = NULL;
        mock = mockhcs_close(mock);
        assert_false(hcs_file_is_directory(folder));
}

/* The host takes the connection and says nothing: the end of the machine ends that, too. */
static void a_guest_that_is_kept_waiting_can_go(void **state) {
        struct hcs_stream *held = NULL;

        create();
        assert_ok(hcs_gcs_listen(transport, HCS_GCS_ENTROPY, &entropy, NULL), NULL);
        assert_ok(hcs_gcs_listen(transport, HCS_GCS_BRIDGE, &bridge, NULL), NULL);
        assert_hresult(core_start(vm), S_OK);
        assert_ok(hcs_gcs_accept(entropy, NULL, &held, NULL), NULL);
        assert_hresult(core_terminate(vm), S_OK);
        HcsCloseComputeSystem(vm);
        vm = NULL;
        mock = mockhcs_close(mock);
        hcs_stream_close(held);
}

static void without_a_listener_there_is_no_guest(void **state) {
        _cleanup_free_ char *before = NULL, *after = NULL;

        create();
        assert_hresult(core_start(vm), S_OK);
        assert_hresult(core_query(vm, "{\"Queries\":{\"MockMachine\":{}}}", &before), S_OK);
        assert_non_null(strstr(before, "\"Machine\":\"paper\""));
        assert_non_null(strstr(before, "\"Guest\":false"));
        HcsCloseComputeSystem(vm);
        free(folder);
        transport = hcs_gcs_transport_unref(transport);
        boot();
        assert_hresult(core_query(vm, "{\"Queries\":{\"MockMachine\":{}}}", &after), S_OK);
        assert_non_null(strstr(after, "\"Guest\":true"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
HCS_TESTS(TEST(programs_print_read_and_are_killed), TEST(a_container_runs_its_process),
          TEST(the_agent_powers_the_machine_off), TEST(the_guest_goes_with_its_machine),
          TEST(a_guest_that_is_kept_waiting_can_go), TEST(without_a_listener_there_is_no_guest))
