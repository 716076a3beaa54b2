/* SPDX-License-Identifier: MIT */

/* A utility VM's devices: who shares what, where things go, the order of requests, and what a refusal takes back. */

#include "base/json.h"
#include "base/str.h"
#include "oci/host.h"
#include "oci/steps.h"
#include "testing/hcs_test.h"

struct vm {
        struct oci_steps steps;
        struct uvm_sink paper, sink;
        struct hcs_json *files;
        struct oci_described_host described;
        struct oci_host host;
        struct uvm_devices *uvm;
        unsigned refuse; /* the guest refuses this request, counted from 1 */
};

static HRESULT grant(void *ctx, const char *path, struct hcs_error **err) {
        struct vm *v = ctx;

        return v->paper.grant(v->paper.ctx, path, err);
}

static HRESULT modify(void *ctx, const char *document, struct hcs_error **err) {
        struct vm *v = ctx;

        return v->paper.modify(v->paper.ctx, document, err);
}

static HRESULT request(void *ctx, const char *text, struct hcs_error **err) {
        struct vm *v = ctx;

        v->paper.request(v->paper.ctx, text, err);
        return v->steps.last_id == v->refuse ? hcs_error_make(err, E_FAIL, "refused") : S_OK;
}

static void start(struct vm *v, bool is_windows, uint32_t vpmem) {
        struct uvm_devices_settings s = {.id = "pod@vm",
                                         .is_windows = is_windows,
                                         .build = 26100,
                                         .processors = 2,
                                         .scsi_controllers = 1,
                                         .vpmem_count = vpmem,
                                         .vpmem_size = 1 << 24,
                                         .vpmem_multi_mapping = vpmem != 0,
                                         .physically_backed = is_windows,
                                         .stat_ctx = &v->described};

        *v = (struct vm){0};
        assert_ok(
                hcs_json_parse_cstr("{\"C:\\\\m0\":{\"size\":4096},\"C:\\\\m1\":{\"size\":5000},\"C:\\\\m2\":{\"size\":"
                                    "1048576},\"C:\\\\m3\":{\"size\":3145728},\"C:\\\\big\":{\"size\":8589934592},"
                                    "\"C:\\\\f\\\\a.txt\":{\"size\":1},\"C:\\\\f\\\\b.txt\":{\"size\":1}}",
                                    &v->files, NULL),
                NULL);
        v->described.files = v->files;
        oci_host_describe(&v->host, &v->described);
        v->paper = oci_steps_sink(&v->steps);
        v->sink = (struct uvm_sink){v, grant, modify, request};
        s.stat = v->host.stat;
        v->uvm = uvm_devices_new(&s, &v->sink);
}

static void stop(struct vm *v) {
        uvm_devices_free(v->uvm);
        oci_steps_deinit(&v->steps);
        hcs_json_free(v->files);
}

static const char *last(const struct vm *v) {
        return v->steps.items[v->steps.n - 1].text;
}

static void layers_share_a_device_by_their_size_and_its_lowest_hole(void **state) {
        static const struct {
                const char *file, *path;
        } rows[] = {{"C:\\m0", "/run/layers/p0-0-4096"},
                    {"C:\\m1", "/run/layers/p0-1048576-8192"},
                    {"C:\\m2", "/run/layers/p0-2097152-1048576"},
                    {"C:\\m3", "/run/layers/p0-4194304-3145728"}};
        const char *path;
        uvm_ticket tickets[4], again, hole;
        struct hcs_error *err = NULL;
        struct vm v;

        start(&v, false, 2);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                assert_ok(uvm_devices_add_vpmem(v.uvm, rows[i].file, &tickets[i], &path, NULL), NULL);
                assert_string_equal(path, rows[i].path);
        }
        assert_ok(uvm_devices_add_vpmem(v.uvm, "C:\\m0", &again, &path, NULL), NULL);
        assert_int_equal(v.steps.n, 8);
        assert_ok(uvm_devices_release(v.uvm, tickets[1], NULL), NULL);
        assert_ok(uvm_devices_release(v.uvm, tickets[0], NULL), NULL);
        assert_int_equal(v.steps.n, 10); /* the first has a user still */
        assert_ok(uvm_devices_add_vpmem(v.uvm, "C:\\m1", &hole, &path, NULL), NULL);
        assert_string_equal(path, "/run/layers/p0-1048576-8192");
        assert_hresult(uvm_devices_add_vpmem(v.uvm, "C:\\big", &hole, &path, &err), UVM_E_NO_VPMEM);
        hcs_error_free(err);
        assert_hresult(uvm_devices_release(v.uvm, tickets[0], NULL), E_INVALIDARG);
        stop(&v);
}

static void equal_disks_and_mounts_have_one_place(void **state) {
        char *options[] = {(char *)(uintptr_t) "ro", (char *)(uintptr_t) "noatime"};
        char *turned[] = {options[1], options[0]};
        struct uvm_disk disk = {.type = "VirtualDisk", .path = "C:\\d", .read_only = true, .grant = true};
        struct uvm_disk_mount a = {.options = options, .n_options = 2}, b = {.options = turned, .n_options = 2};
        struct uvm_disk_mount other = {.partition = 2};
        const char *path, *same, *second;
        uvm_ticket t[3];
        struct vm v;

        start(&v, false, 0);
        assert_ok(uvm_devices_add_disk(v.uvm, &disk, &a, &t[0], &path, NULL), NULL);
        assert_ok(uvm_devices_add_disk(v.uvm, &disk, &b, &t[1], &same, NULL), NULL);
        assert_ptr_equal(path, same);
        assert_int_equal(v.steps.n, 3); /* access, attachment, mount */
        assert_ok(uvm_devices_add_disk(v.uvm, &disk, &other, &t[2], &second, NULL), NULL);
        assert_string_equal(second, "/run/mounts/scsi/m1");
        assert_int_equal(v.steps.n, 4);
        assert_ok(uvm_devices_release(v.uvm, t[0], NULL), NULL);
        assert_ok(uvm_devices_release(v.uvm, t[2], NULL), NULL);
        assert_int_equal(v.steps.n, 5);
        assert_ok(uvm_devices_release(v.uvm, t[1], NULL), NULL);
        assert_int_equal(v.steps.n, 8); /* unmount, the guest lets go, HCS detaches */
        assert_non_null(strstr(last(&v), "Attachments/0\",\"RequestType\":\"Remove\"}"));
        stop(&v);
}

static void a_controller_that_is_full_is_told(void **state) {
        struct uvm_disk_mount mount = {0};
        struct hcs_error *err = NULL;
        const char *path;
        uvm_ticket t;
        struct vm v;

        start(&v, false, 0);
        for (int i = 0; i < 64; i++) {
                _cleanup_free_ char *file = hcs_asprintf("C:\\d%d", i);
                struct uvm_disk disk = {.type = "VirtualDisk", .path = file};

                assert_ok(uvm_devices_add_disk(v.uvm, &disk, &mount, &t, &path, NULL), NULL);
        }
        assert_true(FAILED(uvm_devices_add_disk(v.uvm, &(struct uvm_disk){.type = "VirtualDisk", .path = "C:\\x"},
                                                &mount, &t, &path, &err)));
        assert_string_equal(hcs_error_message(err), "no available location");
        hcs_error_free(err);
        stop(&v);
}

static void what_the_guest_refuses_is_taken_back_from_hcs(void **state) {
        struct uvm_disk disk = {.type = "VirtualDisk", .path = "C:\\d"};
        struct uvm_disk_mount mount = {0};
        const char *text;
        uvm_ticket t;
        struct vm v;

        start(&v, false, 1);
        v.refuse = 1;
        assert_hresult(uvm_devices_add_disk(v.uvm, &disk, &mount, &t, &text, NULL), E_FAIL);
        assert_non_null(strstr(last(&v), "\"RequestType\":\"Remove\""));
        v.refuse = (unsigned)v.steps.last_id + 1;
        assert_hresult(uvm_devices_add_plan9(v.uvm, "C:\\f", "/m", true, NULL, &t, NULL), E_FAIL);
        assert_string_equal(last(&v),
                            "{\"ResourcePath\":\"VirtualMachine/Devices/Plan9/Shares\",\"RequestType\":\"Remove\","
                            "\"Settings\":{\"Name\":\"0\",\"AccessName\":\"0\",\"Port\":564}}");
        v.refuse = (unsigned)v.steps.last_id + 1;
        assert_hresult(uvm_devices_add_vpmem(v.uvm, "C:\\m0", &t, &text, NULL), E_FAIL);
        assert_non_null(strstr(last(&v), "Mappings/0\",\"RequestType\":\"Remove\"}"));
        v.refuse = (unsigned)v.steps.last_id + 1;
        assert_hresult(uvm_devices_add_device(v.uvm, "PCIP\\A", 0, &t, &text, NULL), E_FAIL);
        assert_non_null(strstr(last(&v), "VirtualPci/"));
        assert_non_null(strstr(last(&v), "\"RequestType\":\"Remove\"}"));
        stop(&v);
}

static void files_of_a_folder_share_one_share_that_allows_them(void **state) {
        _cleanup_free_ char *path = NULL;
        uvm_ticket t[3];
        struct vm v;

        start(&v, true, 0);
        assert_ok(uvm_devices_add_vsmb(v.uvm, "C:\\f\\a.txt", true, &t[0], NULL), NULL);
        assert_ok(uvm_devices_add_vsmb(v.uvm, "C:\\f\\b.txt", true, &t[1], NULL), NULL);
        assert_non_null(strstr(last(&v),
                               "\"RequestType\":\"Update\",\"Settings\":{\"Name\":\"s1\",\"Path\":\"C:\\\\f\","
                               "\"AllowedFiles\":[\"a.txt\",\"b.txt\"]"));
        assert_ok(uvm_devices_add_vsmb(v.uvm, "C:\\f", true, &t[2], NULL), NULL);
        assert_non_null(strstr(last(&v), "\"Name\":\"s2\""));
        path = uvm_devices_vsmb_path(v.uvm, "C:\\f\\b.txt", true);
        assert_string_equal(path, "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\s1\\b.txt");
        assert_null(uvm_devices_vsmb_path(v.uvm, "C:\\f\\b.txt", false));
        assert_ok(uvm_devices_release(v.uvm, t[0], NULL), NULL);
        assert_int_equal(v.steps.n, 3);
        assert_ok(uvm_devices_release(v.uvm, t[1], NULL), NULL);
        assert_non_null(strstr(last(&v), "\"RequestType\":\"Remove\",\"Settings\":{\"Name\":\"s1\"}}"));
        stop(&v);
}

static void a_device_is_plugged_once_for_all_its_users(void **state) {
        const char *one, *two;
        uvm_ticket t[2];
        struct vm v;

        start(&v, false, 0);
        assert_ok(uvm_devices_add_device(v.uvm, "PCIP\\A", 3, &t[0], &one, NULL), NULL);
        assert_ok(uvm_devices_add_device(v.uvm, "PCIP\\A", 3, &t[1], &two, NULL), NULL);
        assert_ptr_equal(one, two);
        assert_int_equal(v.steps.n, 2);
        assert_ok(uvm_devices_release(v.uvm, t[1], NULL), NULL);
        assert_int_equal(v.steps.n, 2);
        assert_ok(uvm_devices_release(v.uvm, t[0], NULL), NULL);
        assert_int_equal(v.steps.n, 3);
        stop(&v);
}

/* Confidential Windows VMs boot from three disks; a Linux one may have its root on the first VPMem device. */
static void what_the_vm_itself_has_is_not_given_out(void **state) {
        struct vm v;
        const char *path;
        uvm_ticket t;

        start(&v, true, 0);
        v.uvm = uvm_devices_free(v.uvm);
        v.uvm = uvm_devices_new(
                &(struct uvm_devices_settings){
                        .id = "pod@vm", .is_windows = true, .scsi_controllers = 1, .reserved_luns = 3},
                &v.sink);
        assert_ok(uvm_devices_add_disk(v.uvm, &(struct uvm_disk){.type = "VirtualDisk", .path = "C:\\d"},
                                       &(struct uvm_disk_mount){0}, &t, &path, NULL),
                  NULL);
        assert_non_null(strstr(v.steps.items[0].text, "Attachments/3\""));
        stop(&v);
        start(&v, false, 2);
        v.uvm = uvm_devices_free(v.uvm);
        v.uvm = uvm_devices_new(&(struct uvm_devices_settings){.id = "pod@vm",
                                                               .vpmem_count = 2,
                                                               .vpmem_size = 1 << 20,
                                                               .reserved_vpmem = 1,
                                                               .stat = v.host.stat,
                                                               .stat_ctx = v.host.ctx},
                                &v.sink);
        assert_ok(uvm_devices_add_vpmem(v.uvm, "C:\\m0", &t, &path, NULL), NULL);
        assert_string_equal(path, "/run/layers/p1");
        assert_hresult(uvm_devices_add_vpmem(v.uvm, "C:\\m1", &t, &path, NULL), UVM_E_NO_VPMEM);
        stop(&v);
}

HCS_TESTS(cmocka_unit_test(layers_share_a_device_by_their_size_and_its_lowest_hole),
          cmocka_unit_test(equal_disks_and_mounts_have_one_place), cmocka_unit_test(a_controller_that_is_full_is_told),
          cmocka_unit_test(what_the_guest_refuses_is_taken_back_from_hcs),
          cmocka_unit_test(files_of_a_folder_share_one_share_that_allows_them),
          cmocka_unit_test(a_device_is_plugged_once_for_all_its_users),
          cmocka_unit_test(what_the_vm_itself_has_is_not_given_out))
