/* SPDX-License-Identifier: MIT */

/* See guest_rig.h. */

#include "integration/machine/guest_rig.h"

#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "platform/hvsocket.h"
#include "testing/hcs_test.h"

static const struct hcs_call patience = {.timeout_ms = RIG_TIMEOUT_MS};

void rig_skip_unless_possible(void) {
        const char *kernel = getenv("MACHINE_KERNEL"), *initrd = getenv("MACHINE_INITRD");

        if (system("command -v qemu-system-x86_64 >/dev/null") != 0) {
                fputs("SKIPPED: qemu-system-x86_64 is not installed (ci/setup installs it)\n", stderr);
                exit(77);
        }
        if (!kernel || !initrd || access(kernel, R_OK) < 0 || access(initrd, R_OK) < 0) {
                fputs("MACHINE_KERNEL and MACHINE_INITRD must name a kernel and an initrd with the agent\n", stderr);
                exit(1);
        }
}

struct hcs_json *rig_document(bool agent) {
        static const char text[] =
                "{\"Owner\":\"test\",\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"VirtualMachine\":{\"StopOnReset\":"
                "true,"
                "\"Chipset\":{\"LinuxKernelDirect\":{}},\"ComputeTopology\":{\"Memory\":{\"SizeInMB\":256,"
                "\"AllowOvercommit\":true},\"Processor\":{\"Count\":1}},\"Devices\":{\"Scsi\":{"
                "\"df6d0690-79e5-55b6-a5ec-c1e2f77f580a\":{}},\"HvSocket\":{\"HvSocketConfig\":{"
                "\"DefaultBindSecurityDescriptor\":\"D:P(A;;FA;;;SY)(A;;FA;;;BA)\"}},\"Plan9\":{}}},"
                "\"ShouldTerminateOnLastHandleClosed\":true}";
        struct hcs_json *doc = NULL, *direct;

        assert_ok(hcs_json_parse_cstr(text, &doc, NULL), NULL);
        direct = hcs_json_lookup(doc, "VirtualMachine.Chipset.LinuxKernelDirect");
        hcs_json_set_string(direct, "KernelFilePath", getenv("MACHINE_KERNEL"));
        hcs_json_set_string(direct, "InitRdPath", getenv("MACHINE_INITRD"));
        hcs_json_set_string(
                direct, "KernelCmdLine",
                agent ? " initcall_blacklist=virtio_vsock_init 8250_core.nr_uarts=0 panic=-1 quiet pci=off "
                        "nr_cpus=1 brd.rd_nr=0 pmtmr=0 -- -e 1 /bin/vsockexec -e 109 /bin/gcs -v4 -log-format "
                        "json -loglevel info"
                      : "8250_core.nr_uarts=0 panic=-1 quiet pci=off nr_cpus=1 -- sh -c \"echo c > "
                        "/proc/sysrq-trigger\"");
        return doc;
}

static void on_event(void *ctx, const struct hcs_event *event) {
        struct guest_rig *r = ctx;
        hcs_guard(&r->lock);
        size_t n = strlen(r->events);

        snprintf(r->events + n, sizeof(r->events) - n, "%s %s\n", event->name, event->data ? event->data : "");
        if (event->kind != HCS_EVENT_SYSTEM_EXITED)
                return;
        hcs_gcs_listener_wake(r->entropy); /* nobody will dial any more */
        hcs_gcs_listener_wake(r->log_listener);
        hcs_gcs_listener_wake(r->bridge);
}

void rig_create(struct guest_rig *r, const char *composition, const struct hcs_json *document) {
        _cleanup_free_ char *text = hcs_json_text(document, HCS_JSON_GO), *name = NULL;
        struct hcs_error *err = NULL;
        GUID id;

        *r = (struct guest_rig){0};
        hcs_mutex_init(&r->lock);
        assert_ok(mockhcs_open(composition, &r->mock, &err), err);
        assert_ok(hcs_client_open(NULL, &r->client, &err), err);
        assert_ok(hcs_system_create(r->client, "pod@vm", text, NULL, &r->system, &err), err);
        assert_true(hcs_system_runtime_id(r->system, &id));
        r->folder = hcs_hvsocket_folder(&id);
        assert_int_equal(access(r->folder, F_OK), 0);
        name = hcs_asprintf("unix:%s/v.sock", r->folder);
        assert_ok(hcs_gcs_transport_open(name, &r->transport, &err), err);
        assert_ok(hcs_gcs_listen(r->transport, HCS_GCS_ENTROPY, &r->entropy, &err), err);
        assert_ok(hcs_gcs_listen(r->transport, HCS_GCS_LOG, &r->log_listener, &err), err);
        assert_ok(hcs_gcs_listen(r->transport, HCS_GCS_BRIDGE, &r->bridge, &err), err);
        assert_ok(hcs_system_set_callback(r->system, on_event, r, &err), err);
}

void rig_boot(struct guest_rig *r) {
        struct hcs_stream *log = NULL, *bridge = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_system_start(r->system, NULL, &patience, &err), err);
        assert_ok(hcs_gcs_serve_entropy(r->entropy, &patience, &err), err);
        assert_ok(hcs_gcs_accept(r->log_listener, &patience, &log, &err), err);
        assert_ok(hcs_gcs_log_new(log, &(struct hcs_gcs_log_options){.name = "pod@vm"}, &r->log, &err), err);
        assert_ok(hcs_gcs_accept(r->bridge, &patience, &bridge, &err), err);
        assert_ok(hcs_gcs_connect(bridge, r->transport, &(struct hcs_gcs_options){.name = "pod@vm"}, &patience,
                                  &r->guest, &err),
                  err);
}

int rig_run(struct guest_rig *r, const char *line, char *out, size_t size) {
        _cleanup_json_ struct hcs_json *p = hcs_json_new_object();
        struct hcs_json *args = hcs_json_set_new_array(p, "CommandArgs");
        struct hcs_gcs_process *process = NULL;
        struct hcs_error *err = NULL;
        _cleanup_free_ char *text = NULL;
        size_t used = 0, n;
        uint32_t code = 0;

        hcs_json_append(args, hcs_json_new_string("sh"));
        hcs_json_append(args, hcs_json_new_string("-c"));
        hcs_json_append(args, hcs_json_new_string(line));
        hcs_json_set_string(p, "WorkingDirectory", "/");
        hcs_json_set_string(hcs_json_set_new_object(p, "Environment"), "PATH", HCS_GCS_PATH);
        hcs_json_set_bool(p, "CreateStdOutPipe", true);
        text = hcs_json_text(p, HCS_JSON_COMPACT);
        assert_ok(hcs_gcs_exec(r->guest, text, &patience, &process, &err), err);
        while (hcs_gcs_process_read(process, HCS_GCS_STDOUT, out + used, size - 1 - used, &patience, &n, NULL) ==
                       S_OK &&
               n)
                used += n;
        out[used] = '\0';
        hcs_gcs_process_close_stream(process, HCS_GCS_STDOUT);
        assert_ok(hcs_gcs_process_wait(process, &patience, &code, &err), err);
        hcs_gcs_process_close(process);
        hcs_gcs_process_unref(process);
        return (int)code;
}

void rig_wait_exit(struct guest_rig *r) {
        struct hcs_error *err = NULL;

        assert_ok(hcs_system_wait(r->system, &patience, &err), err);
        mockhcs_drain(r->mock);
}

bool rig_was_told(struct guest_rig *r, const char *beginning) {
        _cleanup_free_ char *line = hcs_asprintf("\n%s", beginning);
        hcs_guard(&r->lock);

        return hcs_str_starts(r->events, beginning) || strstr(r->events, line);
}

struct hcs_json *rig_query(struct guest_rig *r, const char *query) {
        _cleanup_free_ char *text = NULL;
        struct hcs_error *err = NULL;
        struct hcs_json *answer = NULL;

        assert_ok(hcs_system_query(r->system, query, NULL, &text, &err), err);
        assert_ok(hcs_json_parse_cstr(text, &answer, &err), err);
        return answer;
}

struct hcs_json *rig_describe(struct guest_rig *r) {
        _cleanup_json_ struct hcs_json *answer = rig_query(r, "{\"Queries\":{\"MockMachine\":{}}}");

        return hcs_json_copy(hcs_json_lookup(answer, "PropertyResponses.MockMachine.Response"));
}

HRESULT rig_modify(struct guest_rig *r, const char *request, struct hcs_error **err) {
        return hcs_system_modify(r->system, request, NULL, err);
}

void rig_close(struct guest_rig *r) {
        if (r->guest)
                hcs_gcs_connection_close(r->guest);
        hcs_gcs_connection_unref(r->guest);
        hcs_gcs_log_free(r->log);
        hcs_system_set_callback(r->system, NULL, NULL, NULL);
        hcs_gcs_listener_close(r->entropy);
        hcs_gcs_listener_close(r->log_listener);
        hcs_gcs_listener_close(r->bridge);
        hcs_gcs_transport_unref(r->transport);
        if (r->system)
                hcs_system_close(r->system, NULL);
        hcs_system_unref(r->system);
        hcs_client_unref(r->client);
        r->mock = mockhcs_close(r->mock);
        assert_int_not_equal(access(r->folder, F_OK), 0);
        free(r->folder);
        hcs_mutex_deinit(&r->lock);
}
