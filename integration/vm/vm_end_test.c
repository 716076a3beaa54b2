/* SPDX-License-Identifier: MIT */

/* How machines by QEMU end, and what is left of them: nothing. Each test has a machine of its own. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "integration/vm/pattern.h"
#include "integration/vm/rig.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/pipe.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define SECONDS  ((uint64_t)HCS_NS_PER_S)
#define PATIENCE (hcs_clock_ns() + 120 * SECONDS)

static char *folder; /* where machines have their folders */

static void expect_in(const char *text, const char *word) {
        if (!strstr(text, word))
                print_error("no `%s' in `%s'\n", word, text);
        assert_non_null(strstr(text, word));
}

static size_t count_entries(const char *path) {
        DIR *d = opendir(path);
        size_t n = 0;

        for (struct dirent *e; d && (e = readdir(d));)
                n += e->d_name[0] != '.';
        if (d)
                closedir(d);
        return n;
}

static void nothing_is_left_of_a_machine(void **state) {
        _cleanup_free_ char *base = hcs_asprintf("%s/clean", folder);
        struct vm_options o = rig_options(NULL);
        int64_t pid;
        struct rig r;

        o.run_base = base;
        rig_start(&r, &o);
        pid = vm_pid(r.vm);
        assert_int_equal(count_entries(base), 2); /* a lock and the machine's */
        rig_stop(&r);
        assert_int_equal(kill((pid_t)pid, 0), -1);
        assert_int_equal(errno, ESRCH);
        assert_int_equal(count_entries(base), 1);
}

static void a_qemu_that_is_killed_is_seen_at_once(void **state) {
        struct vm_options o = rig_options(NULL);
        struct hcs_error *err = NULL;
        struct vm_end end;
        struct rig r;
        char byte;
        int fd;

        rig_start(&r, &o);
        fd = rig_dial(&r, GUEST_ECHO);
        assert_int_equal(kill((pid_t)vm_pid(r.vm), SIGKILL), 0);
        assert_int_equal(read(fd, &byte, 1), 0);
        assert_ok(vm_wait(r.vm, PATIENCE, &end, &err), err);
        assert_int_equal(end.kind, VM_END_DIED);
        assert_int_equal(end.exit_code, 128 + SIGKILL);
        assert_hresult(vm_fail(r.vm, E_FAIL, &err, "do a thing"), HCS_E_UNEXPECTED_EXIT);
        expect_in(hcs_error_message(err), "test: do a thing: QEMU ended: QEMU was ended by signal 9");
        hcs_error_free(err);
        close(fd);
        rig_stop(&r);
}

/* The folder of the stand-in for vhost-device-vsock comes first in PATH. */
static void external_options(struct vm_options *o) {
        _cleanup_free_ char *path = hcs_asprintf("%s:%s", getenv("VM_PROGRAMS"), getenv("PATH"));

        setenv("PATH", path, 1);
        *o = rig_options(NULL);
        o->vsock = VM_VSOCK_EXTERNAL;
}

static int64_t external_pid(struct rig *r) {
        _cleanup_free_ char *path = hcs_asprintf("%s/pid", vm_folder(r->vm));
        _cleanup_buf_ struct hcs_buf text = {0};
        uint64_t pid = 0;

        assert_ok(hcs_file_read(path, 64, &text, NULL), NULL);
        assert_true(hcs_str_to_u64(hcs_buf_cstr(&text), &pid));
        return (int64_t)pid;
}

static void a_vsock_program_of_the_host_is_as_good_as_ours(void **state) {
        struct vm_options o;
        struct hcs_error *err = NULL;
        struct vsock_stats stats;
        struct vm_end end;
        struct rig r;
        int64_t pid;
        char byte = 'x';
        int fd;

        external_options(&o);
        rig_start(&r, &o);
        assert_false(vm_vsock_stats(r.vm, &stats));
        fd = rig_dial(&r, GUEST_ECHO);
        assert_int_equal(send(fd, &byte, 1, 0), 1);
        assert_int_equal(recv(fd, &byte, 1, MSG_WAITALL), 1);
        close(fd);
        pid = external_pid(&r);
        rig_order(&r, "off");
        assert_ok(vm_wait(r.vm, PATIENCE, &end, &err), err);
        assert_int_equal(end.kind, VM_END_POWER_OFF);
        rig_stop(&r);
        assert_int_equal(kill((pid_t)pid, 0), -1);
}

static void a_vsock_program_that_dies_ends_its_machine(void **state) {
        struct vm_options o;
        struct hcs_error *err = NULL;
        struct vm_end end;
        struct rig r;
        char byte;

        external_options(&o);
        rig_start(&r, &o);
        assert_int_equal(kill((pid_t)external_pid(&r), SIGKILL), 0);
        assert_ok(vm_wait(r.vm, PATIENCE, &end, &err), err);
        assert_int_equal(end.kind, VM_END_DIED);
        assert_int_equal(read(r.control, &byte, 1), 0);
        assert_hresult(vm_fail(r.vm, E_FAIL, &err, "do a thing"), HCS_E_UNEXPECTED_EXIT);
        expect_in(hcs_error_message(err), "QEMU ended: vhost-device-vsock ended before it: serves");
        hcs_error_free(err);
        rig_stop(&r);
}

/* As a compute system that is started again has it: its folder stays, and so would the socket of a killed program. */
static void a_vsock_program_binds_again_in_the_same_folder(void **state) {
        _cleanup_free_ char *sockets = hcs_test_tmpdir(), *guest = hcs_asprintf("%s/v.sock", sockets);
        struct vm_options o;

        external_options(&o);
        o.vsock_folder = sockets;
        for (int i = 0; i < 2; i++) {
                struct hcs_error *err = NULL;
                struct vm *vm = NULL;

                assert_ok(vm_new(&o, &vm, &err), err);
                assert_ok(vm_start(vm, PATIENCE, &err), err);
                assert_true(hcs_file_exists(guest));
                vm_free(vm);
                assert_false(hcs_file_exists(guest));
        }
}

/* Whether that is while somebody waits, or before, comes to the same. */
static void kill_later(void *arg) {
        vm_wait(arg, hcs_clock_ns() + SECONDS / 2, NULL, NULL);
        vm_kill(arg);
}

/* More than any buffer on the way holds: what the guest does not read is waited with, until the machine ends. */
static void keys_wait_for_a_guest_that_does_not_read(void **state) {
        struct vm_options o = rig_options("hang");
        struct hcs_error *err = NULL;
        _cleanup_free_ char *keys = hcs_malloc(4 << 20);
        struct hcs_thread killer;
        struct rig r;

        memset(keys, '\n', 4 << 20);
        rig_prepare(&r, &o);
        assert_ok(vm_start(r.vm, PATIENCE, &err), err);
        assert_ok(hcs_thread_start(&killer, kill_later, r.vm, NULL), NULL);
        assert_hresult(vm_console_write(r.vm, keys, 4 << 20, &err), HCS_PIPE_BROKEN);
        expect_in(hcs_error_message(err), "test: nobody reads its console");
        hcs_error_free(err);
        hcs_thread_join(&killer);
        rig_stop(&r);
}

static void a_guest_that_panics_ends_with_the_consoles_last_words(void **state) {
        struct vm_options o = rig_options("panic");
        struct hcs_error *err = NULL;
        _cleanup_free_ char *path = NULL;
        struct rig r;

        rig_prepare(&r, &o);
        assert_ok(vm_start(r.vm, PATIENCE, &err), err);
        assert_ok(vm_wait(r.vm, PATIENCE, NULL, &err), err);
        assert_hresult(rig_wait(&r, 0, &err), HCS_E_UNEXPECTED_EXIT);
        expect_in(hcs_error_message(err),
                  "the guest's kernel panicked: Kernel panic - not syncing: Attempted to kill init");
        expect_in(hcs_error_hint(err), "Kernel panic - not syncing");
        path = vm_artefact_path(r.vm, "console.log");
        expect_in(hcs_error_message(err), "/kept/test.");
        hcs_error_free(err);
        rig_stop(&r);
        assert_int_equal(access(path, R_OK), 0);
}

static void a_panic_without_a_reboot_is_ended_too(void **state) {
        struct vm_options o = rig_options(NULL);
        struct vm_end end;
        struct hcs_error *err = NULL;
        struct rig r;

        o.command_line = "console=ttyS0 quiet panic=0 -- panic";
        rig_prepare(&r, &o);
        assert_ok(vm_start(r.vm, PATIENCE, &err), err);
        assert_ok(vm_wait(r.vm, PATIENCE, &end, &err), err);
        assert_int_equal(end.kind, VM_END_PANIC);
        rig_stop(&r);
}

static void a_guest_that_hangs_hits_the_deadline(void **state) {
        struct vm_options o = rig_options("hang");
        struct hcs_error *err = NULL;
        struct rig r;

        rig_prepare(&r, &o);
        assert_ok(vm_start(r.vm, PATIENCE, &err), err);
        assert_hresult(vm_wait(r.vm, hcs_clock_ns() + SECONDS / 2, NULL, NULL), HCS_E_OPERATION_TIMEOUT);
        assert_hresult(rig_wait(&r, hcs_clock_ns() + SECONDS / 2, &err), HCS_E_CONNECTION_TIMEOUT);
        expect_in(hcs_error_message(err), "test: wait for the guest (console and logs are in `");
        hcs_error_free(err);
        rig_stop(&r);
}

static void an_owner_that_is_killed_takes_its_machine_along(void **state) {
        _cleanup_free_ char *base = hcs_asprintf("%s/orphans", folder);
        struct vm_options o = rig_options("hang");
        struct hcs_error *err = NULL;
        int64_t qemu = 0;
        int pipes[2], status;
        struct vm *vm = NULL;
        pid_t owner;

        o.run_base = base;
        assert_int_equal(pipe(pipes), 0);
        owner = fork();
        if (owner == 0) {
                struct rig r;

                rig_prepare(&r, &o);
                if (FAILED(vm_start(r.vm, PATIENCE, NULL)))
                        _exit(1);
                qemu = vm_pid(r.vm);
                (void)!write(pipes[1], &qemu, sizeof(qemu));
                pause();
        }
        assert_int_equal(read(pipes[0], &qemu, sizeof(qemu)), sizeof(qemu));
        assert_int_equal(kill(owner, SIGKILL), 0);
        assert_int_equal(waitpid(owner, &status, 0), owner);
        close(pipes[0]);
        close(pipes[1]);
        for (uint64_t deadline = PATIENCE; kill((pid_t)qemu, 0) == 0;) {
                char stat_path[64], state_text[512] = "";
                FILE *f;

                assert_true(hcs_clock_ns() < deadline);
                /* Whoever adopts orphans here may be slow to bury them. */
                snprintf(stat_path, sizeof(stat_path), "/proc/%d/stat", (int)qemu);
                f = fopen(stat_path, "re");
                if (f) {
                        (void)!fread(state_text, 1, sizeof(state_text) - 1, f);
                        fclose(f);
                }
                if (strstr(state_text, ") Z "))
                        break;
        }
        /* The next machine sweeps what the dead one left. */
        assert_int_equal(count_entries(base), 2);
        assert_ok(vm_new(&o, &vm, &err), err);
        assert_int_equal(count_entries(base), 2);
        vm_free(vm);
        assert_int_equal(count_entries(base), 1);
}

static void what_cannot_start_says_why(void **state) {
        struct vm_options o = rig_options(NULL);
        struct hcs_error *err = NULL;
        _cleanup_free_ char *not_a_kernel = hcs_asprintf("%s/empty", folder);
        struct rig r;

        o.qemu = "/nonexistent/qemu";
        o.accelerator = VM_ACCELERATOR_TCG;
        rig_prepare(&r, &o);
        assert_hresult(vm_start(r.vm, PATIENCE, &err), HCS_WIN32(2));
        expect_in(hcs_error_message(err), "test: start: start `/nonexistent/qemu`");
        err = hcs_error_free(err);
        assert_hresult(vm_start(r.vm, PATIENCE, NULL), HCS_E_INVALID_STATE);
        rig_stop(&r);

        o = rig_options(NULL);
        assert_ok(hcs_file_write(not_a_kernel, "", 0, NULL), NULL);
        o.kernel = not_a_kernel;
        o.accelerator = VM_ACCELERATOR_TCG;
        rig_prepare(&r, &o);
        assert_hresult(vm_start(r.vm, PATIENCE, &err), HCS_E_UNEXPECTED_EXIT);
        expect_in(hcs_error_message(err), "QEMU ended: ");
        err = hcs_error_free(err);
        rig_stop(&r);

        o.kernel = "/nonexistent/kernel";
        assert_hresult(vm_new(&o, &r.vm, &err), HCS_WIN32(2));
        expect_in(hcs_error_message(err), "test: kernel: `/nonexistent/kernel` not found");
        hcs_error_free(err);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_left_of_a_machine),
                cmocka_unit_test(a_qemu_that_is_killed_is_seen_at_once),
                cmocka_unit_test(a_vsock_program_of_the_host_is_as_good_as_ours),
                cmocka_unit_test(a_vsock_program_that_dies_ends_its_machine),
                cmocka_unit_test(a_vsock_program_binds_again_in_the_same_folder),
                cmocka_unit_test(keys_wait_for_a_guest_that_does_not_read),
                cmocka_unit_test(a_guest_that_panics_ends_with_the_consoles_last_words),
                cmocka_unit_test(a_panic_without_a_reboot_is_ended_too),
                cmocka_unit_test(a_guest_that_hangs_hits_the_deadline),
                cmocka_unit_test(an_owner_that_is_killed_takes_its_machine_along),
                cmocka_unit_test(what_cannot_start_says_why),
        };

        rig_skip_unless_possible();
        folder = hcs_test_tmpdir();
        setenv("VM_RUN_BASE", folder, 0);
        return hcs_test_main(argc, argv, tests, HCS_ARRAY_SIZE(tests));
}
