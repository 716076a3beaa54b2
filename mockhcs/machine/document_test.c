/* SPDX-License-Identifier: MIT */

/* What documents become, and what they are told when they cannot. */

#include "mockhcs/machine/document.h"

#include "base/str.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

static char *folder;

static int setup(void **state) {
        char kernel[1024] = "";
        _cleanup_free_ char *path = NULL, *other = NULL, *drive = NULL;

        folder = hcs_test_tmpdir();
        path = hcs_asprintf("%s/kernel", folder);
        other = hcs_asprintf("%s/other", folder);
        drive = hcs_asprintf("%s/c/boot", folder);
        memcpy(kernel + 0x202, "HdrS", 4);
        return FAILED(hcs_file_write(path, kernel, sizeof(kernel), NULL)) ||
               FAILED(hcs_file_write(other, "test", 4, NULL)) || FAILED(hcs_directory_create(drive, NULL));
}

static int teardown(void **state) {
        free(folder);
        return 0;
}

/* In the text, @ is the folder. */
static struct hcs_json *parse(const char *text) {
        _cleanup_buf_ struct hcs_buf b = {0};
        struct hcs_json *doc = NULL;
        struct hcs_error *err = NULL;

        for (const char *c = text; *c; c++)
                if (*c == '@')
                        hcs_buf_puts(&b, folder);
                else
                        hcs_buf_putc(&b, *c);
        assert_ok(hcs_json_parse(b.data, b.len, NULL, &doc, &err), err);
        return doc;
}

static HRESULT make(struct machine_plan *p, const char *text, struct hcs_error **err) {
        static struct emu_adapter adapter = {.name = (char *)(uintptr_t) "{A}",
                                             .mac = (char *)(uintptr_t) "00-15-5D-00-00-01"};
        const struct emu_machine_settings set = {0};
        _cleanup_json_ struct hcs_json *doc = parse(text);
        const struct emu_machine_request request = {
                .id = "pod@vm", .hvsocket = folder, .document = doc, .adapters = &adapter, .n_adapters = 1};

        return machine_plan_init(p, &set, &request, err);
}

static void assert_refused(const char *text, HRESULT hr, const char *path) {
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
        struct machine_plan p;

        assert_hresult(make(&p, text, &err), hr);
        assert_string_equal(hcs_error_path(err), path);
        assert_true(hcs_str_starts(hcs_error_message(err), path));
}

#define DOCUMENT(devices)                                                                                    \
        "{\"VirtualMachine\":{\"StopOnReset\":true,\"Chipset\":{\"LinuxKernelDirect\":{\"KernelFilePath\":"  \
        "\"@/kernel\",\"KernelCmdLine\":\"pci=off a\"}},\"ComputeTopology\":{\"Memory\":{\"SizeInMB\":512}," \
        "\"Processor\":{\"Count\":3}},\"Devices\":{" devices "}}}"

static void a_document_becomes_options(void **state) {
        struct hcs_error *err = NULL;
        struct machine_plan p;
        unsigned n = 9;

        assert_ok(make(&p,
                       DOCUMENT("\"Scsi\":{\"{DF6D0690-79e5-55b6-a5ec-c1e2f77f580a}\":{},"
                                "\"b5d2d8d4-3a75-51bf-945b-3444dc6b8579\":{\"Attachments\":{\"7\":{\"Type\":"
                                "\"VirtualDisk\",\"Path\":\"@/other\",\"ReadOnly\":true}}}},"
                                "\"ComPorts\":{\"0\":{\"NamedPipe\":\"/run/pipe\"}}"),
                       &err),
                  err);
        assert_string_equal(p.vm.name, "pod-vm");
        assert_string_equal(p.vm.command_line, "a");
        assert_string_equal(p.kernel_line, "pci=off a");
        assert_int_equal(p.vm.memory_mb, 512);
        assert_int_equal(p.vm.processors, 3);
        assert_true(p.stop_on_reset);
        assert_int_equal(p.vm.controllers, 3);
        assert_true(machine_controller(&p, "B5D2D8D4-3a75-51bf-945b-3444dc6b8579", &n));
        assert_int_equal(n, 2);
        assert_int_equal(p.vm.n_disks, 1);
        assert_int_equal(p.disks[0].controller, 2);
        assert_int_equal(p.disks[0].lun, 7);
        assert_true(p.disks[0].read_only);
        assert_string_equal(p.nics[0].id, "-A-");
        assert_string_equal(p.nics[0].mac, "00-15-5D-00-00-01");
        assert_string_equal(p.console_pipe, "/run/pipe");
        machine_plan_deinit(&p);
}

static void vsock_is_what_the_settings_say(void **state) {
        static const struct {
                const char *name;
                enum vm_vsock kind;
        } cases[] = {{NULL, VM_VSOCK_OURS}, {"vhost-device-vsock", VM_VSOCK_EXTERNAL}, {"kernel", VM_VSOCK_KERNEL}};
        _cleanup_json_ struct hcs_json *doc = parse(DOCUMENT(""));
        const struct emu_machine_request request = {
                .id = "pod@vm", .hvsocket = folder, .guest_cid = 77, .document = doc};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                const struct emu_machine_settings set = {.vsock = cases[i].name};
                struct hcs_error *err = NULL;
                struct machine_plan p;

                assert_ok(machine_plan_init(&p, &set, &request, &err), err);
                assert_int_equal(p.vm.vsock, cases[i].kind);
                assert_int_equal(p.vm.guest_cid, 77);
                assert_string_equal(p.vm.vsock_folder, folder);
                machine_plan_deinit(&p);
        }
}

static void what_cannot_boot_stays_on_paper_unless_it_was_asked_for(void **state) {
        static const char *const texts[] = {
                "{\"VirtualMachine\":{\"Chipset\":{\"Uefi\":{}}}}",
                "{\"VirtualMachine\":{\"Chipset\":{\"LinuxKernelDirect\":{\"KernelFilePath\":\"@/absent\"}}}}",
                "{\"VirtualMachine\":{\"Chipset\":{\"LinuxKernelDirect\":{\"KernelFilePath\":\"@/other\"}}}}",
                "{\"VirtualMachine\":{\"Chipset\":{\"LinuxKernelDirect\":{\"KernelFilePath\":\"C:\\\\kernel\"}}}}"};
        const struct emu_machine_settings set = {0};
        _cleanup_json_ struct hcs_json *good = parse(DOCUMENT(""));

        assert_true(machine_document_boots(&set, good));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(texts); i++) {
                _cleanup_json_ struct hcs_json *doc = parse(texts[i]);

                assert_false(machine_document_boots(&set, doc));
        }
#define DIRECT "VirtualMachine.Chipset.LinuxKernelDirect.KernelFilePath"
        assert_refused(texts[0], E_NOTIMPL, "VirtualMachine.Chipset");
        assert_refused(texts[1], HCS_WIN32(2), DIRECT);
        assert_refused(texts[2], HCS_WIN32(193), DIRECT);
        assert_refused(texts[3], HCS_WIN32(3), DIRECT);
}

static void what_is_wrong_is_named_by_its_place(void **state) {
        assert_refused(DOCUMENT("\"Scsi\":{\"0\":{\"Attachments\":{\"1\":{\"Path\":\"@/none.vhd\"}}}}"), HCS_WIN32(2),
                       "VirtualMachine.Devices.Scsi.0.Attachments.1.Path");
        assert_refused(DOCUMENT("\"Scsi\":{\"0\":{\"Attachments\":{\"64\":{\"Path\":\"@/other\"}}}}"), E_INVALIDARG,
                       "VirtualMachine.Devices.Scsi.0.Attachments.64");
        assert_refused(DOCUMENT("\"Scsi\":{\"0\":{\"Attachments\":{\"1\":{\"Type\":\"ExtensibleVirtualDisk\"}}}}"),
                       E_NOTIMPL, "VirtualMachine.Devices.Scsi.0.Attachments.1.Type");
        assert_refused(DOCUMENT("\"Scsi\":{\"0\":{},\"1\":{},\"2\":{},\"3\":{},\"4\":{}}"), E_INVALIDARG,
                       "VirtualMachine.Devices.Scsi");
        assert_refused(DOCUMENT("\"VirtualPMem\":{\"Devices\":{\"0\":{\"HostPath\":\"boot.vhd\"}}}"), E_INVALIDARG,
                       "VirtualMachine.Devices.VirtualPMem.Devices.0.HostPath");
        assert_refused(DOCUMENT("\"ComPorts\":{\"0\":{\"NamedPipe\":\"pipe\"}}"), E_INVALIDARG,
                       "VirtualMachine.Devices.ComPorts.0");
        assert_refused(DOCUMENT("\"VirtualPci\":{\"a\":{}}"), E_NOTIMPL, "VirtualMachine.Devices.VirtualPci");
        assert_refused(DOCUMENT("\"ComPorts\":{\"1\":{\"NamedPipe\":\"/x\"}}"), E_NOTIMPL,
                       "VirtualMachine.Devices.ComPorts.1");
}

/* A VHD of a layer: what QEMU maps has no footer and ends at 2 MiB. */
/* LUNs have many spellings; there is room for each of a machine's disks once. */
static void more_disks_than_there_is_room_for_are_refused(void **state) {
        _cleanup_buf_ struct hcs_buf text = {0}, zeros = {0};
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
        struct machine_plan p;

        hcs_buf_puts(&text, "\"Scsi\":{\"0\":{\"Attachments\":{");
        for (unsigned i = 0; i < 300; i++) {
                hcs_buf_putc(&zeros, '0');
                hcs_buf_printf(&text, "%s\"%s\":{\"Path\":\"@/other\"}", i ? "," : "", hcs_buf_cstr(&zeros));
        }
        hcs_buf_puts(&text, "}}}");
        {
                _cleanup_free_ char *whole = hcs_asprintf(DOCUMENT("%s"), hcs_buf_cstr(&text));

                assert_hresult(make(&p, whole, &err), E_INVALIDARG);
        }
}

static void persistent_memory_is_fitted(void **state) {
        _cleanup_free_ char *path = hcs_asprintf("%s/layer.vhd", folder), *image = hcs_calloc(1, 4096 + 512);
        _cleanup_buf_ struct hcs_buf made = {0};
        struct hcs_error *err = NULL;
        struct machine_plan p;

        memset(image, 'x', 4096);
        memcpy(image + 4096, "conectix", 8);
        assert_ok(hcs_file_write(path, image, 4096 + 512, &err), err);
        assert_ok(
                make(&p,
                     DOCUMENT("\"VirtualPMem\":{\"Devices\":{\"3\":{\"HostPath\":\"@/layer.vhd\",\"ReadOnly\":true}}}"),
                     &err),
                err);
        assert_int_equal(p.vm.n_pmem, 1);
        assert_int_equal(p.pmem[0].number, 3);
        assert_ok(hcs_file_read(p.pmem[0].path, 8 << 20, &made, &err), err);
        assert_int_equal(made.len, 2 << 20);
        assert_int_equal(made.data[4095], 'x');
        assert_int_equal(made.data[4096], 0);
        machine_plan_deinit(&p);
        assert_refused(DOCUMENT("\"VirtualPMem\":{\"Devices\":{\"3\":{\"HostPath\":\"@/layer.vhd\"}}}"), E_INVALIDARG,
                       "VirtualMachine.Devices.VirtualPMem.Devices.3.HostPath");
}

static void paths_of_windows_are_files_here(void **state) {
        struct emu_machine_settings set = {.drives = folder};
        _cleanup_free_ char *a = NULL, *b = NULL, *c = NULL, *wanted = hcs_asprintf("%s/c/boot/kernel", folder);

        assert_ok(machine_path(&set, "C:\\boot\\kernel", "x", &a, NULL), NULL);
        assert_string_equal(a, wanted);
        assert_ok(machine_path(&set, "\\\\?\\c:/boot\\kernel", "x", &b, NULL), NULL);
        assert_string_equal(b, wanted);
        free(b);
        assert_ok(machine_path(&set, "C:\\BOOT\\kernel", "x", &b, NULL), NULL);
        assert_string_equal(b, wanted);
        set.drives = NULL;
        assert_ok(machine_path(&set, "Z:\\srv\\kernel", "x", &c, NULL), NULL);
        assert_string_equal(c, "/srv/kernel");
        assert_hresult(machine_path(&set, "\\\\server\\share\\x", "x", &c, NULL), E_INVALIDARG);
        assert_hresult(machine_path(&set, "", "x", &c, NULL), E_INVALIDARG);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
HCS_TESTS(TEST(a_document_becomes_options), TEST(vsock_is_what_the_settings_say),
          TEST(what_cannot_boot_stays_on_paper_unless_it_was_asked_for), TEST(what_is_wrong_is_named_by_its_place),
          TEST(persistent_memory_is_fitted), TEST(more_disks_than_there_is_room_for_are_refused),
          TEST(paths_of_windows_are_files_here))
