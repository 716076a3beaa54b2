/* SPDX-License-Identifier: MIT */

/*
 * A virtual machine that is made through a service boots in QEMU, belongs to the service, and goes with it; and with
 * the client that held it. Whoever is killed, no QEMU and no socket stays.
 */

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/machine/guest_rig.h"
#include "mockhcs/remote/wire.h"
#include "platform/clock.h"
#include "platform/hvsocket.h"
#include "platform/process.h"
#include "testing/hcs_test.h"

static char *socket_path, *world;

static HRESULT ask(const char *what, struct hcs_json **ret) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object();

        hcs_json_set_string(request, "control", what);
        return mock_wire_ask(socket_path, request, ret, NULL);
}

static struct hcs_child *start_service(void) {
        const char *argv[] = {
                getenv("MOCKHCS_PROGRAM"), "service", "--foreground", "--socket", socket_path, "--backend",
                "emulate,machines=qemu",   "--state", world,          NULL};
        struct hcs_child *service = NULL;
        struct hcs_json *status = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_child_spawn((char *const *)(uintptr_t)argv, NULL, HCS_CHILD_SHARES, &service, &err), err);
        while (FAILED(ask("status", &status)))
                assert_false(hcs_child_ended(service, hcs_clock_ns() + HCS_NS_PER_MS));
        hcs_json_free(status);
        return service;
}

static void a_machine_belongs_to_the_service(void **state) {
        _cleanup_json_ struct hcs_json *doc = rig_document(true), *machine = NULL, *stopped = NULL;
        _cleanup_free_ char *spec = hcs_asprintf("remote=%s", socket_path);
        struct hcs_child *service = start_service();
        struct hcs_error *err = NULL;
        struct guest_rig r;
        char out[256];
        uint64_t pid = 0;
        int code;

        rig_create(&r, spec, doc);
        rig_boot(&r); /* its guest is found by the RuntimeId, from this process */
        assert_int_equal(rig_run(&r, "echo from the guest; exit 5", out, sizeof(out)), 5);
        assert_string_equal(out, "from the guest\n");
        machine = rig_describe(&r);
        assert_true(hcs_json_u64(hcs_json_get(machine, "ProcessId"), &pid));
        assert_int_equal(kill((pid_t)pid, 0), 0);
        assert_hresult(ask("stop", &stopped), S_OK);
        assert_ok(hcs_child_wait(service, &code, &err), err);
        assert_int_equal(code, 0);
        assert_int_not_equal(kill((pid_t)pid, 0), 0);
        assert_hresult(hcs_system_wait(r.system, NULL, NULL), HCS_E_SERVICE_DISCONNECT);
        rig_close(&r);
        service = start_service(); /* what ran in a machine does not come back */
        stopped = hcs_json_free(stopped);
        assert_hresult(ask("status", &stopped), S_OK);
        assert_true(hcs_json_u64(hcs_json_lookup(stopped, "World.Systems"), &pid));
        assert_int_equal(pid, 0);
        hcs_child_kill(service);
        assert_ok(hcs_child_wait(service, &code, &err), err);
}

/* Of a QEMU whose parent was killed, or kills it. */
static void wait_end_of(uint64_t pid) {
        struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0), .events = POLLIN};

        if (ended.fd < 0)
                return;
        assert_int_equal(poll(&ended, 1, RIG_TIMEOUT_MS), 1);
        close(ended.fd);
}

static uint64_t start_machine(struct guest_rig *r) {
        _cleanup_free_ char *spec = hcs_asprintf("remote=%s", socket_path);
        _cleanup_json_ struct hcs_json *doc = rig_document(true), *machine = NULL;
        struct hcs_error *err = NULL;
        uint64_t pid = 0;

        rig_create(r, spec, doc);
        assert_ok(hcs_system_start(r->system, NULL, NULL, &err), err);
        machine = rig_describe(r);
        assert_true(hcs_json_u64(hcs_json_get(machine, "ProcessId"), &pid));
        assert_int_equal(kill((pid_t)pid, 0), 0);
        return pid;
}

/* In a process of its own: starts a machine, says its process and its folder, and waits to be killed. */
static _Noreturn void be_client(const char *socket, const char *told) {
        struct guest_rig r;
        FILE *f;

        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails ends it, too */
        socket_path = hcs_strdup(socket);
        f = fopen(told, "we");
        assert_non_null(f);
        fprintf(f, "%llu\n", (unsigned long long)start_machine(&r));
        fprintf(f, "%s\n", r.folder);
        fclose(f);
        for (;;)
                pause();
}

static void a_client_that_is_killed_takes_its_machine_along(void **state) {
        _cleanup_free_ char *program = hcs_process_path(), *told = hcs_asprintf("%s.told", socket_path);
        const char *argv[] = {program, "--client", socket_path, told, NULL};
        struct hcs_child *service = start_service(), *client = NULL;
        struct hcs_json *status = NULL;
        struct hcs_error *err = NULL;
        char folder[256] = "";
        unsigned long long pid = 0;
        uint64_t systems = 1;
        FILE *f;
        int code;

        assert_int_equal(mkfifo(told, 0600), 0);
        assert_ok(hcs_child_spawn((char *const *)(uintptr_t)argv, NULL, HCS_CHILD_SHARES, &client, &err), err);
        f = fopen(told, "re");
        assert_non_null(f);
        assert_int_equal(fscanf(f, "%llu %255s", &pid, folder), 2);
        fclose(f);
        assert_int_equal(access(folder, F_OK), 0);
        hcs_child_kill(client);
        assert_ok(hcs_child_wait(client, &code, &err), err);
        assert_int_equal(code, 128 + SIGKILL);
        wait_end_of(pid);
        while (systems > 0) { /* the service tells when the system itself is gone */
                assert_hresult(ask("status", &status), S_OK);
                assert_true(hcs_json_u64(hcs_json_lookup(status, "World.Systems"), &systems));
                status = hcs_json_free(status);
        }
        assert_hresult(ask("stop", &status), S_OK);
        hcs_json_free(status);
        assert_ok(hcs_child_wait(service, &code, &err), err);
        assert_int_equal(code, 0);
        assert_int_equal(access(folder, F_OK), -1);
}

static void a_service_that_is_killed_takes_its_machines_along(void **state) {
        struct hcs_child *service = start_service();
        struct hcs_error *err = NULL;
        struct hcs_work_folder *next = NULL;
        struct guest_rig r;
        uint64_t pid = start_machine(&r);
        int code;

        hcs_child_kill(service);
        assert_ok(hcs_child_wait(service, &code, &err), err);
        assert_hresult(hcs_system_wait(r.system, NULL, NULL), HCS_E_SERVICE_DISCONNECT);
        wait_end_of(pid);
        assert_int_equal(access(r.folder, F_OK), 0); /* nobody could remove it: whoever makes the next one does */
        assert_hresult(hcs_hvsocket_folder_new(&(GUID){.Data1 = 7}, &next, &err), S_OK);
        hcs_hvsocket_folder_free(next);
        rig_close(&r);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_client_that_is_killed_takes_its_machine_along),
                cmocka_unit_test(a_service_that_is_killed_takes_its_machines_along),
                cmocka_unit_test(a_machine_belongs_to_the_service),
        };
        char *folder;
        int failed;

        if (argc == 4 && hcs_streq(argv[1], "--client"))
                be_client(argv[2], argv[3]);
        rig_skip_unless_possible();
        folder = hcs_test_tmpdir();
        socket_path = hcs_asprintf("%s/s", folder);
        world = hcs_asprintf("%s/world", folder);
        failed = hcs_test_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
        free(socket_path);
        free(world);
        free(folder);
        return failed;
}
