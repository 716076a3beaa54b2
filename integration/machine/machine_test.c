/* SPDX-License-Identifier: MIT */

/* Documents that boot: virtual machines by QEMU behind the platform's ABI. Few boots, several checks in each. */

#include <signal.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/machine/guest_rig.h"
#include "testing/hcs_test.h"

static const struct hcs_call patience = {.timeout_ms = RIG_TIMEOUT_MS};

static int64_t process_of(struct guest_rig *r) {
        _cleanup_json_ struct hcs_json *o = rig_describe(r);
        uint64_t pid = 0;

        assert_true(hcs_json_u64(hcs_json_get(o, "ProcessId"), &pid));
        return (int64_t)pid;
}

static void assert_state(struct guest_rig *r, const char *state) {
        _cleanup_json_ struct hcs_json *o = rig_query(r, "");

        assert_string_equal(hcs_json_get_string(o, "State"), state);
}

static void a_document_boots_pauses_resumes_and_is_terminated(void **state) {
        _cleanup_json_ struct hcs_json *doc = rig_document(true), *machine = NULL;
        struct hcs_error *err = NULL;
        struct guest_rig r;
        char out[256];
        int64_t pid;

        rig_create(&r, "emulate,machines=qemu", doc);
        assert_state(&r, "Created");
        rig_boot(&r);
        assert_state(&r, "Running");
        assert_int_equal(rig_run(&r, "nproc; exit 3", out, sizeof(out)), 3);
        assert_string_equal(out, "1\n");
        machine = rig_describe(&r);
        assert_string_equal(hcs_json_get_string(machine, "Machine"), "qemu");
        assert_null(strstr(hcs_json_get_string(machine, "KernelCmdLineHere"), "pci=off"));
        assert_string_equal(hcs_json_string(hcs_json_lookup(machine, "KernelChanges[0].From")),
                            "initcall_blacklist=virtio_vsock_init");
        pid = process_of(&r);
        assert_int_equal(kill((pid_t)pid, 0), 0);

        assert_ok(hcs_system_pause(r.system, NULL, &patience, &err), err);
        assert_state(&r, "Paused");
        assert_hresult(hcs_system_pause(r.system, NULL, &patience, NULL), HCS_E_INVALID_STATE);
        assert_ok(hcs_system_resume(r.system, NULL, &patience, &err), err);
        assert_state(&r, "Running");
        assert_int_equal(rig_run(&r, "echo again", out, sizeof(out)), 0);

        assert_ok(hcs_system_terminate(r.system, NULL, &err), err);
        rig_wait_exit(&r);
        assert_true(rig_was_told(&r, "SystemExited {\"Status\":0,\"ExitType\":\"ForcedExit\"}"));
        assert_ok(hcs_system_exit_error(r.system, &err), err);
        assert_int_not_equal(kill((pid_t)pid, 0), 0);
        rig_close(&r);
}

static void a_machine_that_dies_is_an_unexpected_exit(void **state) {
        _cleanup_json_ struct hcs_json *doc = rig_document(true);
        struct guest_rig r;

        rig_create(&r, "emulate,machines=qemu", doc);
        rig_boot(&r);
        assert_int_equal(kill((pid_t)process_of(&r), SIGKILL), 0);
        rig_wait_exit(&r);
        assert_true(rig_was_told(&r, "SystemExited {\"Status\":-2143878906,\"ExitType\":\"UnexpectedExit\"}"));
        assert_hresult(hcs_system_exit_error(r.system, NULL), HCS_E_UNEXPECTED_EXIT);
        rig_close(&r);
}

static void a_panic_is_a_crash_with_the_consoles_words(void **state) {
        _cleanup_json_ struct hcs_json *doc = rig_document(false);
        struct hcs_error *err = NULL;
        struct guest_rig r;

        rig_create(&r, "emulate,machines=qemu", doc);
        assert_ok(hcs_system_start(r.system, NULL, &patience, &err), err);
        rig_wait_exit(&r);
        assert_true(rig_was_told(&r, "SystemCrashInitiated "));
        assert_true(rig_was_told(&r, "SystemCrashReport {\"SystemId\":\"pod@vm\",\"CrashLog\":\""));
        assert_hresult(hcs_system_exit_error(r.system, NULL), HCS_E_UNEXPECTED_EXIT);
        rig_close(&r);
}

static void the_last_handle_ends_a_machine(void **state) {
        _cleanup_json_ struct hcs_json *doc = rig_document(true);
        struct hcs_error *err = NULL;
        struct guest_rig r;
        int64_t pid;

        rig_create(&r, "emulate,machines=qemu", doc);
        assert_ok(hcs_system_start(r.system, NULL, &patience, &err), err);
        pid = process_of(&r);
        rig_close(&r);
        assert_int_not_equal(kill((pid_t)pid, 0), 0);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_document_boots_pauses_resumes_and_is_terminated),
                cmocka_unit_test(a_machine_that_dies_is_an_unexpected_exit),
                cmocka_unit_test(a_panic_is_a_crash_with_the_consoles_words),
                cmocka_unit_test(the_last_handle_ends_a_machine),
        };

        rig_skip_unless_possible();
        return hcs_test_main(argc, argv, tests, HCS_ARRAY_SIZE(tests));
}
