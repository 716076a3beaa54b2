/* SPDX-License-Identifier: MIT */

/* Documents that boot: virtual machines by QEMU behind the platform's ABI. Few boots, several checks in each. */

#include <signal.h>
#include <unistd.h>

#define HCS_ABI_PROTOTYPES
#include "mockhcs/test/networks.h"
#undef HCS_ABI_PROTOTYPES

#include "base/str.h"
#include "integration/machine/guest_rig.h"
#include "platform/file.h"
#include "platform/stream.h"
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

static uint64_t number_at(const struct hcs_json *o, const char *path) {
        uint64_t n = 0;

        assert_true(hcs_json_u64(hcs_json_lookup(o, path), &n));
        return n;
}

/* Of the machine, not made up: its memory is what the document says, and a guest that boots uses its processor. */
static void assert_figures(struct guest_rig *r) {
        _cleanup_json_ struct hcs_json *o = rig_query(r, "{\"PropertyTypes\":[\"Statistics\",\"Memory\"]}");

        assert_int_equal(number_at(o, "Memory.VirtualMachineMemory.AssignedMemory"), 256 * 256);
        assert_int_equal(number_at(o, "Statistics.Memory.MemoryUsageCommitBytes"), 256 << 20);
        assert_true(number_at(o, "Statistics.Processor.TotalRuntime100ns") > 1000000);
        assert_true(number_at(o, "Statistics.Uptime100ns") > 0);
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
        assert_figures(&r);

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

#define NETWORK_ID  "11111111-2222-4333-8444-000000000001"
#define ENDPOINT_ID "11111111-2222-4333-8444-000000000002"
#define SCSI_PATH   "VirtualMachine/Devices/Scsi/{DF6D0690-79E5-55B6-A5EC-C1E2F77F580A}/Attachments/5"
#define NIC_PATH    "VirtualMachine/Devices/NetworkAdapters/99999999-2222-4333-8444-000000000003"

static void make_network(void) {
        void *network = NULL, *endpoint = NULL;

        networks_use_linked(NULL);
        assert_hresult(
                networks_create(NETWORKS, NULL, NETWORK_ID,
                                "{\"Name\":\"pods\",\"Type\":\"NAT\",\"Ipams\":[{\"Type\":\"Static\",\"Subnets\":[{"
                                "\"IpAddressPrefix\":\"172.21.0.0/24\",\"Routes\":[{\"NextHop\":\"172.21.0.1\","
                                "\"DestinationPrefix\":\"0.0.0.0/0\"}]}]}],\"SchemaVersion\":{\"Major\":2,"
                                "\"Minor\":0}}",
                                &network),
                S_OK);
        assert_hresult(networks_create(ENDPOINTS, network, ENDPOINT_ID,
                                       "{\"HostComputeNetwork\":\"" NETWORK_ID
                                       "\",\"IpConfigurations\":[{\"IpAddress\":"
                                       "\"172.21.0.9\"}],\"MacAddress\":\"00-15-5D-00-00-09\",\"SchemaVersion\":{"
                                       "\"Major\":2,\"Minor\":0}}",
                                       &endpoint),
                       S_OK);
        networks_close(ENDPOINTS, endpoint);
        networks_close(NETWORKS, network);
}

static char *make_disk(const char *name, char fill, size_t size) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *data = hcs_malloc(size);
        char *path = hcs_asprintf("%s/%s", folder, name);

        memset(data, fill, size);
        assert_ok(hcs_file_write(path, data, size, NULL), NULL);
        return path;
}

static HRESULT modify(struct guest_rig *r, const char *path, const char *request, const char *settings,
                      struct hcs_error **err) {
        _cleanup_free_ char *text = hcs_asprintf("{\"ResourcePath\":\"%s\",\"RequestType\":\"%s\"%s%s}", path, request,
                                                 settings ? ",\"Settings\":" : "", settings ? settings : "");

        return rig_modify(r, text, err);
}

static void disks_come_and_go(struct guest_rig *r) {
        static const char look[] = "for i in $(seq 50); do [ -e /sys/bus/scsi/devices/*:0:0:5/block ] && break; usleep "
                                   "100000; done; head -c 3 /dev/$(ls /sys/bus/scsi/devices/*:0:0:5/block)";
        _cleanup_free_ char *disk = make_disk("a.img", 'a', 1 << 20), *other = make_disk("b.img", 'b', 1 << 20),
                            *settings =
                                    hcs_asprintf("{\"Type\":\"VirtualDisk\",\"Path\":\"%s\",\"ReadOnly\":true}", disk),
                            *changed = hcs_asprintf("{\"Type\":\"VirtualDisk\",\"Path\":\"%s\"}", other), *text = NULL;
        struct hcs_error *err = NULL;
        char out[256];

        assert_ok(modify(r, SCSI_PATH, "Add", settings, &err), err);
        assert_hresult(modify(r, SCSI_PATH, "Add", settings, NULL), HCS_WIN32(0xB7));
        rig_run(r, look, out, sizeof(out));
        assert_string_equal(out, "aaa");
        assert_ok(modify(r, SCSI_PATH, "Update", changed, &err), err);
        rig_run(r, look, out, sizeof(out));
        assert_string_equal(out, "bbb");
        assert_ok(modify(r, SCSI_PATH, "Remove", NULL, &err), err);
        assert_int_not_equal(rig_run(r, "ls /sys/bus/scsi/devices/*:0:0:5/block", out, sizeof(out)), 0);
        assert_hresult(modify(r, SCSI_PATH, "Remove", NULL, NULL), HCS_WIN32(0x490));
        assert_hresult(modify(r, SCSI_PATH, "Add", "{\"Type\":\"VirtualDisk\",\"Path\":\"/absent.vhd\"}", &err),
                       HCS_WIN32(2));
        text = hcs_error_format(err);
        assert_non_null(strstr(text, "Settings.Path: `/absent.vhd` not found"));
        hcs_error_free(err);
}

static void adapters_come_and_go(struct guest_rig *r) {
        struct hcs_error *err = NULL;
        char out[512];

        assert_hresult(modify(r, NIC_PATH, "Add", "{\"EndpointId\":\"11111111-2222-4333-8444-00000000000f\"}", NULL),
                       HCS_WIN32(0x490));
        assert_ok(modify(r, NIC_PATH, "Add",
                         "{\"EndpointId\":\"" ENDPOINT_ID "\",\"MacAddress\":\"00-15-5D-00-00-09\"}", &err),
                  err);
        assert_int_equal(
                rig_run(r,
                        "for i in $(seq 50); do d=$(grep -l 00:15:5d:00:00:09 /sys/class/net/*/address) && break; "
                        "usleep 100000; done; d=$(basename $(dirname $d)); ip addr add 172.21.0.9/24 dev $d && "
                        "ip link set $d up && ping -c 1 -W 20 172.21.0.1",
                        out, sizeof(out)),
                0);
        assert_non_null(strstr(out, "1 packets received"));
        assert_ok(modify(r, NIC_PATH, "Remove", NULL, &err), err);
        assert_int_not_equal(rig_run(r, "grep -l 00:15:5d:00:00:09 /sys/class/net/*/address", out, sizeof(out)), 0);
}

static void memory_is_changed(struct guest_rig *r) {
        struct hcs_error *err = NULL;

        assert_ok(modify(r, "VirtualMachine/ComputeTopology/Memory/SizeInMB", "Update", "384", &err), err);
        assert_hresult(modify(r, "VirtualMachine/ComputeTopology/Memory/SizeInMB", "Update", "100000000", NULL),
                       E_INVALIDARG);
        assert_ok(modify(r, "VirtualMachine/ComputeTopology/Processor/Limits", "Update", "{\"Limit\":5000}", &err),
                  err);
        assert_hresult(
                modify(r, "VirtualMachine/Devices/VirtualPci/11111111-2222-4333-8444-000000000009", "Add", "{}", NULL),
                E_NOTIMPL);
}

static void processors_are_added(struct guest_rig *r) {
        static const char path[] = "VirtualMachine/ComputeTopology/Processor/Count";
        struct hcs_error *err = NULL;
        char out[64];

        assert_ok(modify(r, path, "Update", "2", &err), err);
        assert_int_equal(rig_run(r,
                                 "for i in $(seq 100); do [ -e /sys/devices/system/cpu/cpu1 ] && exit; usleep 100000; "
                                 "done; exit 1",
                                 out, sizeof(out)),
                         0);
        assert_hresult(modify(r, path, "Update", "1", NULL), E_NOTIMPL);
}

/* The kernel of this guest has no 9p: what the server does is tested beside it. */
static void shares_come_and_go(struct guest_rig *r) {
        static const char path[] = "VirtualMachine/Devices/Plan9/Shares";
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *socket = hcs_asprintf("%s/v.sock_564", r->folder),
                            *share = hcs_asprintf("{\"Name\":\"0\",\"AccessName\":\"0\",\"Path\":\"%s\",\"Port\":564,"
                                                  "\"Flags\":5}",
                                                  folder);
        struct hcs_error *err = NULL;

        assert_ok(modify(r, path, "Add", share, &err), err);
        assert_int_equal(access(socket, F_OK), 0);
        assert_hresult(modify(r, path, "Add", share, NULL), HCS_WIN32(0xB7));
        assert_ok(modify(r, path, "Remove", "{\"Name\":\"0\",\"AccessName\":\"0\",\"Port\":564}", &err), err);
        assert_hresult(modify(r, path, "Add", "{\"Name\":\"1\",\"Path\":\"/absent\",\"Port\":564}", NULL),
                       HCS_WIN32(2));
        assert_hresult(modify(r, path, "Add", "{\"Name\":\"1\",\"Path\":\"/tmp\"}", NULL), E_INVALIDARG);
}

static void devices_come_and_go(void **state) {
        /* nr_cpus= would keep Linux from taking more. */
        static const char line[] = "8250_core.nr_uarts=0 panic=-1 quiet pci=off -- -e 1 /bin/vsockexec -e 109 /bin/gcs "
                                   "-v4 -log-format json";
        _cleanup_json_ struct hcs_json *doc = rig_document(true);
        struct hcs_json *direct = hcs_json_lookup(doc, "VirtualMachine.Chipset.LinuxKernelDirect");
        struct hcs_error *err = NULL;
        struct guest_rig r;

        hcs_json_set_string(direct, "KernelCmdLine", line);
        rig_create(&r, "emulate,machines=qemu", doc);
        make_network();
        rig_boot(&r);
        disks_come_and_go(&r);
        adapters_come_and_go(&r);
        memory_is_changed(&r);
        processors_are_added(&r);
        shares_come_and_go(&r);
        assert_ok(hcs_system_shutdown(r.system, NULL, &err), err);
        rig_wait_exit(&r);
        assert_true(rig_was_told(&r, "SystemExited {\"Status\":0,\"ExitType\":\"GracefulExit\"}"));
        rig_close(&r);
}

/* Reads until it is said. */
static void wait_for_words(struct hcs_stream *console, const char *words) {
        _cleanup_buf_ struct hcs_buf said = {0};
        char data[4096];
        size_t n;

        while (!strstr(hcs_buf_cstr(&said), words)) {
                assert_hresult(hcs_stream_read(console, data, sizeof(data), &patience, &n, NULL), S_OK);
                hcs_buf_append(&said, data, n);
        }
}

static struct hcs_stream *open_console(struct guest_rig *r) {
        _cleanup_free_ char *path = hcs_asprintf("%s/pipe_vmpipe", r->folder);
        struct hcs_error *err = NULL;
        struct hcs_stream *s = NULL;

        assert_ok(hcs_stream_connect_unix(path, NULL, &s, &err), err);
        return s;
}

/* What runs in the guest goes on where it was, in another system. The console is a pipe, and typed at. */
static void a_machine_is_saved_and_goes_on_in_another_system(void **state) {
        _cleanup_json_ struct hcs_json *doc = rig_document(false), *options = hcs_json_new_object();
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *file = hcs_asprintf("%s/saved", folder), *text = NULL;
        struct hcs_json *vm = hcs_json_get(doc, "VirtualMachine");
        struct hcs_error *err = NULL;
        struct hcs_stream *console;
        struct guest_rig r;

        hcs_json_set_string(hcs_json_lookup(vm, "Chipset.LinuxKernelDirect"), "KernelCmdLine",
                            "8250_core.nr_uarts=0 panic=-1 quiet pci=off -- sh -c \"x=memory; echo is-up; read y; echo "
                            "went-on $x $y; poweroff -f\"");
        hcs_json_set_string(
                hcs_json_set_new_object(hcs_json_set_new_object(hcs_json_get(vm, "Devices"), "ComPorts"), "0"),
                "NamedPipe", "\\\\.\\pipe\\vmpipe");
        rig_create(&r, "emulate,machines=qemu", doc);
        assert_ok(hcs_system_start(r.system, NULL, &patience, &err), err);
        console = open_console(&r);
        wait_for_words(console, "is-up");
        assert_ok(hcs_system_pause(r.system, NULL, &patience, &err), err);
        hcs_json_set_string(options, "SaveType", "ToFile");
        hcs_json_set_string(options, "SaveStateFilePath", file);
        text = hcs_json_text(options, HCS_JSON_COMPACT);
        assert_ok(hcs_system_save(r.system, text, &patience, &err), err);
        assert_state(&r, "Paused");
        assert_ok(hcs_system_terminate(r.system, NULL, &err), err);
        rig_wait_exit(&r);
        rig_close(&r);
        hcs_stream_close(console);

        hcs_json_set_string(hcs_json_set_new_object(vm, "RestoreState"), "SaveStateFilePath", file);
        rig_create(&r, "emulate,machines=qemu", doc);
        assert_ok(hcs_system_start(r.system, NULL, &patience, &err), err);
        console = open_console(&r);
        assert_ok(hcs_stream_write(console, "words\n", 6, &patience, &err), err);
        wait_for_words(console, "went-on memory words");
        rig_wait_exit(&r);
        assert_true(rig_was_told(&r, "SystemExited {\"Status\":0,\"ExitType\":\"GracefulExit\"}"));
        rig_close(&r);
        hcs_stream_close(console);
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
                cmocka_unit_test(devices_come_and_go),
                cmocka_unit_test(a_machine_is_saved_and_goes_on_in_another_system),
                cmocka_unit_test(a_machine_that_dies_is_an_unexpected_exit),
                cmocka_unit_test(a_panic_is_a_crash_with_the_consoles_words),
                cmocka_unit_test(the_last_handle_ends_a_machine),
        };

        rig_skip_unless_possible();
        return hcs_test_main(argc, argv, tests, HCS_ARRAY_SIZE(tests));
}
