/* SPDX-License-Identifier: MIT */

/* Utility VMs over the emulated HCS, with a guest that is played by threads. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "gcs/test/guest.h"
#include "mockhcs/mockhcs.h"
#include "platform/file.h"
#include "testing/hcs_test.h"
#include "uvm/case.h"
#include "uvm/parts.h"
#include "uvm/vm.h"

static struct mockhcs *mock;
static struct hcs_client *client;

static int setup(void **state) {
        return FAILED(mockhcs_open("emulate", &mock, NULL)) || FAILED(hcs_client_open(NULL, &client, NULL));
}

static int teardown(void **state) {
        char *report = NULL;
        unsigned leaks;

        client = hcs_client_unref(client);
        leaks = mockhcs_leaks(mock, &report);
        if (leaks)
                print_message("%s", report);
        free(report);
        mock = mockhcs_close(mock);
        return leaks != 0;
}

/* A Linux VM without VPMem, that is with four SCSI controllers. */
static struct uvm_plan make_plan(void) {
        static const char text[] = "{\"spec\":{\"linux\":{},\"annotations\":{"
                                   "\"io.microsoft.virtualmachine.devices.virtualpmem.maximumcount\":\"0\"}},"
                                   "\"vm_id\":\"pod@vm\",\"owner\":\"test\"}";
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        _cleanup_json_ struct hcs_json *input = NULL;
        struct uvm_case c = {0};
        struct hcs_error *err = NULL;

        assert_ok(hcs_json_parse_cstr(text, &input, &err), err);
        assert_ok(uvm_case_run(input, UVM_CASE_LCOW, &c, &w, &err), err);
        hcs_json_free(c.options);
        return c.plan;
}

static struct uvm *make_vm(struct hcs_gcs_transport *transport, struct uvm_plan *plan) {
        struct uvm_create_options o = {.client = client, .id = "pod@vm", .transport = transport, .has_log = true};
        struct hcs_error *err = NULL;
        struct uvm *u = NULL;

        assert_ok(uvm_create(&o, plan, NULL, &u, &err), err);
        assert_null(plan->document);
        return u;
}

/* Boots: takes its entropy, logs a line, and answers on the bridge. */
struct booting {
        struct guest guest;
        struct hcs_thread thread;
        size_t entropy;
};

static void boot(void *arg) {
        struct booting *b = arg;
        struct hcs_stream *entropy = guest_dial(&b->guest, HCS_GCS_ENTROPY), *log;
        char bytes[600];
        size_t n = 0;

        while (hcs_stream_read(entropy, bytes, sizeof(bytes), NULL, &n, NULL) == S_OK && n)
                b->entropy += n;
        hcs_stream_close(entropy);
        log = guest_dial(&b->guest, HCS_GCS_LOG);
        hcs_stream_close(log);
        b->guest.stream = guest_dial(&b->guest, HCS_GCS_BRIDGE);
        guest_start(&b->guest);
}

static void boot_init(struct booting *b) {
        *b = (struct booting){0};
        assert_ok(hcs_gcs_transport_open("memory:", &b->guest.transport, NULL), NULL);
}

static void boot_start(struct booting *b) {
        assert_ok(hcs_thread_start(&b->thread, boot, b, NULL), NULL);
}

static void a_vm_without_a_guest_lives_and_ends(void **state) {
        struct uvm_plan plan = make_plan();
        struct uvm *u = make_vm(NULL, &plan);
        struct hcs_error *err = NULL;
        struct uvm_sink sink = uvm_sink(u);

        assert_string_equal(uvm_id(u), "pod@vm");
        assert_int_equal(uvm_processors(u), 2);
        assert_hresult(uvm_exit_error(u, NULL), HCS_E_INVALID_STATE);
        assert_ok(uvm_start(u, NULL, &err), err);
        assert_hresult(sink.request(sink.ctx, "{}", NULL), HCS_E_INVALID_STATE);
        assert_hresult(uvm_shutdown(u, NULL, NULL), HCS_E_INVALID_STATE);
        assert_ok(uvm_terminate(u, &err), err);
        assert_ok(uvm_wait(u, NULL, &err), err);
        assert_ok(uvm_exit_error(u, &err), err);
        uvm_close(u);
}

static void a_guest_gets_entropy_and_its_agent_a_bridge(void **state) {
        struct uvm_plan plan = make_plan();
        struct hcs_error *err = NULL;
        struct booting b;
        struct uvm *u;

        boot_init(&b);
        u = make_vm(b.guest.transport, &plan);
        boot_start(&b);
        assert_ok(uvm_start(u, NULL, &err), err);
        hcs_thread_join(&b.thread);
        assert_int_equal(b.entropy, 512);
        assert_string_equal(hcs_gcs_os(uvm_guest(u)), "linux");
        uvm_close(u);
        guest_deinit(&b.guest);
}

static void disks_of_containers_go_through_the_vm(void **state) {
        struct uvm_plan plan = make_plan();
        struct uvm_disk disk = {.type = "VirtualDisk", .path = "C:\\l\\layer.vhd", .read_only = true};
        struct uvm_disk_mount mount = {0};
        const char *first = NULL, *second = NULL;
        struct hcs_error *err = NULL;
        uvm_ticket one, two;
        unsigned frames;
        struct booting b;
        struct uvm *u;

        boot_init(&b);
        u = make_vm(b.guest.transport, &plan);
        boot_start(&b);
        assert_ok(uvm_start(u, NULL, &err), err);
        hcs_thread_join(&b.thread);
        {
                struct uvm_devices_settings settings = uvm_device_settings(u, 26100);
                struct uvm_sink sink = uvm_sink(u);
                _cleanup_uvm_devices_ struct uvm_devices *devices = uvm_devices_new(&settings, &sink);

                assert_ok(uvm_devices_add_disk(devices, &disk, &mount, &one, &first, &err), err);
                assert_string_equal(first, "/run/mounts/scsi/m0");
                frames = b.guest.frames;
                assert_ok(uvm_devices_add_disk(devices, &disk, &mount, &two, &second, &err), err);
                assert_string_equal(first, second);
                assert_int_equal(b.guest.frames, frames); /* the same mount: nobody was asked */
                assert_ok(uvm_devices_release(devices, one, &err), err);
                assert_int_equal(b.guest.frames, frames);
                assert_ok(uvm_devices_release(devices, two, &err), err);
                assert_int_equal(b.guest.frames, frames + 2);
        }
        uvm_close(u);
        guest_deinit(&b.guest);
}

struct heard {
        unsigned started, crashed;
};

static void hear_start(void *ctx, struct hcs_system *system) {
        ((struct heard *)ctx)->started++;
}

static void hear_crash(void *ctx, const char *report) {
        assert_non_null(strstr(report, "{"));
        ((struct heard *)ctx)->crashed++;
}

/* Dials when the VM runs already, and the bridge not at all. */
static void a_guest_without_a_bridge_has_entropy_as_long_as_the_vm_is_there(void **state) {
        struct uvm_plan plan = make_plan(), other = make_plan();
        struct heard heard = {0};
        struct uvm_create_options o = {.client = client,
                                       .id = "pod@vm",
                                       .has_log = true,
                                       .no_bridge = true,
                                       .started = hear_start,
                                       .crashed = hear_crash,
                                       .show_ctx = &heard};
        struct hcs_error *err = NULL;
        struct hcs_stream *entropy;
        struct booting b;
        struct uvm *u = NULL;
        char bytes[600];
        size_t n = 0, all = 0;

        boot_init(&b);
        o.transport = b.guest.transport;
        assert_ok(uvm_create(&o, &plan, NULL, &u, &err), err);
        assert_ok(uvm_start(u, NULL, &err), err);
        assert_int_equal(heard.started, 1);
        entropy = guest_dial(&b.guest, HCS_GCS_ENTROPY);
        while (hcs_stream_read(entropy, bytes, sizeof(bytes), NULL, &n, NULL) == S_OK && n)
                all += n;
        assert_int_equal(all, 512);
        hcs_stream_close(entropy);
        assert_null(uvm_guest(u));
        assert_ok(hcs_system_crash(uvm_system(u), NULL, NULL, &err), err);
        assert_ok(uvm_wait(u, NULL, &err), err);
        uvm_close(u); /* the log, which nobody dialled, is waited for no longer */
        assert_int_equal(heard.crashed, 1);
        /* Nor when it was never started. */
        o.id = "other@vm";
        assert_ok(uvm_create(&o, &other, NULL, &u, &err), err);
        uvm_close(u);
        hcs_gcs_transport_unref(b.guest.transport);
}

struct waiter {
        struct uvm *u;
        struct hcs_thread thread;
        HRESULT hr;
};

static void wait_for_it(void *arg) {
        struct waiter *w = arg;

        w->hr = uvm_wait(w->u, NULL, NULL);
}

static void an_unexpected_end_is_seen_by_all_who_wait(void **state) {
        struct uvm_plan plan = make_plan();
        struct uvm *u = make_vm(NULL, &plan);
        struct waiter w[3];
        struct hcs_error *err = NULL;

        assert_ok(uvm_start(u, NULL, &err), err);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(w); i++) {
                w[i] = (struct waiter){.u = u, .hr = E_FAIL};
                assert_ok(hcs_thread_start(&w[i].thread, wait_for_it, &w[i], NULL), NULL);
        }
        assert_ok(hcs_system_crash(uvm_system(u), NULL, NULL, &err), err);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(w); i++) {
                hcs_thread_join(&w[i].thread);
                assert_ok(w[i].hr, NULL);
        }
        assert_hresult(uvm_exit_error(u, NULL), HCS_E_UNEXPECTED_EXIT);
        uvm_close(u);
}

/* Crashes as soon as there is something that can. */
static void crash(void *arg) {
        while (FAILED(hcs_system_crash(uvm_system(arg), NULL, NULL, NULL)))
                ;
}

static void a_vm_that_ends_before_its_guest_came_says_so(void **state) {
        struct uvm_plan plan = make_plan();
        struct hcs_error *err = NULL;
        struct hcs_thread thread;
        struct booting b;
        struct uvm *u;

        boot_init(&b);
        u = make_vm(b.guest.transport, &plan);
        assert_ok(hcs_thread_start(&thread, crash, u, NULL), NULL);
        assert_hresult(uvm_start(u, NULL, &err), HCS_E_UNEXPECTED_EXIT);
        hcs_error_free(err);
        hcs_thread_join(&thread);
        uvm_close(u);
        hcs_gcs_transport_unref(b.guest.transport);
}

static void end_it(void *ctx, struct hcs_system *system) {
        assert_ok(hcs_system_terminate(system, NULL, NULL), NULL);
}

/* As one whose guest powers off: there is no error of the VM to tell. */
static void a_vm_that_ends_by_itself_before_its_guest_came_says_so(void **state) {
        struct uvm_plan plan = make_plan();
        struct uvm_create_options o = {.client = client, .id = "pod@vm", .has_log = true, .started = end_it};
        struct hcs_error *err = NULL;
        struct booting b;
        struct uvm *u = NULL;

        boot_init(&b);
        o.transport = b.guest.transport;
        assert_ok(uvm_create(&o, &plan, NULL, &u, &err), err);
        assert_hresult(uvm_start(u, NULL, &err), HCS_E_UNEXPECTED_EXIT);
        assert_true(hcs_str_starts(hcs_error_message(err), "pod@vm ended before its agent called"));
        hcs_error_free(err);
        uvm_close(u);
        hcs_gcs_transport_unref(b.guest.transport);
}

static void a_guest_that_does_not_come_ends_the_vm(void **state) {
        struct uvm_plan plan = make_plan();
        struct hcs_error *err = NULL;
        struct booting b;
        struct uvm *u;

        boot_init(&b);
        u = make_vm(b.guest.transport, &plan);
        assert_hresult(uvm_start(u, &(struct hcs_call){.timeout_ms = 1}, &err), HCS_E_OPERATION_TIMEOUT);
        hcs_error_free(err);
        assert_true(hcs_system_exited(uvm_system(u)));
        uvm_close(u);
        hcs_gcs_transport_unref(b.guest.transport);
}

static void copies_of_boot_files_go_with_the_vm(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *from = hcs_asprintf("%s/kernel.vmgs", folder);
        _cleanup_free_ char *to = hcs_asprintf("%s/copy.vmgs", folder), *none = hcs_asprintf("%s/none", folder);
        struct uvm_create_options o = {.client = client, .id = "pod@vm"};
        _cleanup_uvm_plan_ struct uvm_plan bad = make_plan();
        struct uvm_plan plan = make_plan();
        struct uvm *u = NULL;

        assert_ok(hcs_file_write(from, "test", 4, NULL), NULL);
        uvm_plan_step(&plan, UVM_STEP_COPY, from, to);
        u = make_vm(NULL, &plan);
        assert_true(hcs_file_exists(to));
        uvm_close(u);
        assert_false(hcs_file_exists(to));
        uvm_plan_step(&bad, UVM_STEP_COPY, from, to);
        uvm_plan_step(&bad, UVM_STEP_COPY, none, to);
        assert_hresult(uvm_create(&o, &bad, NULL, &u, NULL), HCS_WIN32(2));
        assert_false(hcs_file_exists(to));
        assert_true(hcs_file_exists(from));
}

#define LIVE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
HCS_TESTS(LIVE(a_vm_without_a_guest_lives_and_ends), LIVE(a_guest_gets_entropy_and_its_agent_a_bridge),
          LIVE(disks_of_containers_go_through_the_vm),
          LIVE(a_guest_without_a_bridge_has_entropy_as_long_as_the_vm_is_there),
          LIVE(an_unexpected_end_is_seen_by_all_who_wait), LIVE(a_vm_that_ends_before_its_guest_came_says_so),
          LIVE(a_vm_that_ends_by_itself_before_its_guest_came_says_so), LIVE(a_guest_that_does_not_come_ends_the_vm),
          LIVE(copies_of_boot_files_go_with_the_vm))
