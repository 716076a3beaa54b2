/* SPDX-License-Identifier: MIT */

/* The run itself, step by step: the VM by its document, its guest, the disk to write to, the network, what is done
 * there; and all of it taken down again. See machine.h. */

#include "cmd/lcow/machine.h"

#include <string.h>

#include "gcs/message.h"
#include "oci/annotation.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "uvm/document.h"
#include "uvm/local_files.h"

#define BUILD 26100u

struct hcs_call lcow_machine_call(const struct lcow_machine *m) {
        uint64_t now = hcs_clock_ns();

        return (struct hcs_call){
                .timeout_ms = m->deadline_ns > now ? (int64_t)((m->deadline_ns - now) / HCS_NS_PER_MS) + 1 : 1,
                .cancel = m->cancel};
}

static void tap_frame(void *ctx, const struct hcs_gcs_tap_frame *f) {
        const struct lcow_machine *m = ctx;
        char type[HCS_GCS_TYPE_TEXT_SIZE];

        mockhcs_note_frame(m->mock, m->id, f);
        if (m->run->bridge)
                m->run->bridge(m->run->ctx, f);
        if (m->run->steps->trace && !f->broken) {
                _cleanup_free_ char *body = hcs_strndup(f->body, f->len);

                lcow_show(m->run, f->from_guest ? "guest says" : "to the guest", hcs_gcs_type_format(f->type, type),
                          body);
        }
}

static void tap_bytes(void *ctx, const struct hcs_gcs_tap_bytes *b) {
        const struct lcow_machine *m = ctx;

        mockhcs_note_bytes(m->mock, m->id, b);
}

static void show_modify(void *ctx, const char *what, const char *document) {
        lcow_show(((struct lcow_machine *)ctx)->run, "to HCS", what, document);
}

/* A replay asks for no files: all that it names was there. */
static enum uvm_path_kind see_all(const char *path, void *ctx) {
        return UVM_PATH_FILE;
}

static HRESULT make_options(struct lcow_machine *m, struct hcs_schema_oci_spec *spec,
                            struct hcs_schema_uvm_lcow_options **ret, struct oci_warnings *w, struct hcs_error **err) {
        const struct lcow_run *r = m->run;
        struct hcs_schema_uvm_lcow_options *o = NULL;
        HRESULT hr = oci_annotations_process(spec, w, err);

        if (SUCCEEDED(hr))
                hr = uvm_lcow_options_from_spec(&m->host, spec, m->id, r->program, w, &o, err);
        if (FAILED(hr))
                return hr;
        uvm_lcow_options_set_boot_files(o, &m->host, r->boot_folder, w);
        free(o->KernelFile);
        o->KernelFile = hcs_strdup(r->kernel);
        free(o->RootFSFile);
        o->RootFSFile = hcs_strdup(r->root);
        o->PreferredRootFSType = hcs_streq(r->root, "initrd.img") ? UVM_ROOT_INITRD : UVM_ROOT_VHD;
        o->KernelDirect = true;
        o->VPMemDeviceCount = 0;
        if (r->kernel_arguments) {
                /* Words that the kernel does not know are init's, in front of ours; it forgets those that come before
                 * the name of init. */
                free(o->KernelBootOptions);
                o->KernelBootOptions = hcs_asprintf("%s %sinit=/init", r->kernel_arguments,
                                                    o->PreferredRootFSType == UVM_ROOT_INITRD ? "rd" : "");
        }
        if (!oci_spec_annotation(spec, OCI_A_MEMORY_SIZE_IN_MB))
                o->MemorySizeInMB = r->memory_mb;
        if (!oci_spec_annotation(spec, OCI_A_PROCESSOR_COUNT))
                o->ProcessorCount = (int32_t)r->cpus;
        hr = r->options ? uvm_lcow_options_override(&o, r->options, err) : S_OK;
        if (FAILED(hr))
                return uvm_lcow_options_free(o), hr;
        *ret = o;
        return S_OK;
}

/* What init is told behind its own options, where that is not the agent alone: hcsshim has a shell beside the agent
 * when there is a console, which here is what is asked for. */
static void put_init(const struct lcow_run *r, struct hcs_schema_linux_kernel_direct *direct) {
        static const char shell[] = "sh -c \"", beside[] = " & exec sh\"";
        _cleanup_free_ char *line = steal_pointer(&direct->KernelCmdLine);
        char *options = strstr(line, " -- "), *program = options ? strstr(options, shell) : NULL;
        const char *end = program && hcs_str_ends(line, beside) ? line + strlen(line) - strlen(beside) : NULL;

        if (!end)
                direct->KernelCmdLine = steal_pointer(&line);
        else if (r->init)
                direct->KernelCmdLine = hcs_asprintf("%.*s%s", (int)(program - line), line, r->init);
        else
                direct->KernelCmdLine =
                        hcs_asprintf("%.*s%.*s", (int)(program - line), line,
                                     (int)(end - program - (sizeof(shell) - 1)), program + sizeof(shell) - 1);
}

/* *ret_log: the agent's output comes to us. */
static HRESULT make_plan(struct lcow_machine *m, struct uvm_plan *plan, bool *ret_log, struct hcs_error **err) {
        _cleanup_uvm_lcow_options_ struct hcs_schema_uvm_lcow_options *o = NULL;
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = NULL;
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        HRESULT hr = oci_spec_parse_json(m->run->spec, &spec, err);

        if (SUCCEEDED(hr))
                hr = make_options(m, spec, &o, &w, err);
        if (SUCCEEDED(hr))
                hr = uvm_lcow_document(o, &m->host, plan, &w, err);
        oci_warnings_log(&w);
        if (FAILED(hr))
                return hr;
        put_init(m->run, plan->document->VirtualMachine->Chipset->LinuxKernelDirect);
        m->vpmem_count = o->VPMemDeviceCount;
        m->vpmem_size = o->VPMemSizeBytes;
        *ret_log = !m->run->init && (o->ForwardStdout || o->ForwardStderr);
        return hr;
}

static void keep_log(void *ctx, const void *data, size_t n) {
        const struct lcow_run *r = ((struct lcow_machine *)ctx)->run;

        if (r->log)
                r->log(r->ctx, data, n);
}

static void started(void *ctx, struct hcs_system *system) {
        struct lcow_machine *m = ctx;

        m->system = system;
        if (m->run->started)
                m->run->started(m);
}

static void crashed(void *ctx, const char *report) {
        struct lcow_machine *m = ctx;

        if (m->run->crashed)
                m->run->crashed(m);
}

static bool has_bridge(const struct lcow_run *r) {
        return !r->init && !r->is_guest_others;
}

static HRESULT boot(struct lcow_machine *m, struct hcs_error **err) {
        struct uvm_create_options o = {.client = m->client,
                                       .id = m->id,
                                       .has_guest = true,
                                       .no_bridge = !has_bridge(m->run),
                                       .tap = tap_frame,
                                       .tap_bytes = tap_bytes,
                                       .log = keep_log,
                                       .tap_ctx = m,
                                       .show = show_modify,
                                       .started = started,
                                       .crashed = crashed,
                                       .show_ctx = m};
        _cleanup_(hcs_gcs_transport_unrefp) struct hcs_gcs_transport *transport = NULL;
        _cleanup_uvm_plan_ struct uvm_plan plan = {0};
        struct hcs_call call;
        HRESULT hr = make_plan(m, &plan, &o.has_log, err);

        if (SUCCEEDED(hr) && m->run->transport)
                hr = hcs_gcs_transport_open(m->run->transport, &transport, err);
        if (SUCCEEDED(hr)) {
                o.transport = transport;
                call = lcow_machine_call(m);
                hr = uvm_create(&o, &plan, &call, &m->vm, err);
        }
        if (FAILED(hr))
                return hcs_error_wrap(err, "create the VM"), hr;
        lcow_step(m->run, "the VM %s is created", m->id);
        call = lcow_machine_call(m);
        hr = uvm_start(m->vm, &call, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "start the VM"), hr;
        if (!has_bridge(m->run))
                return S_OK;
        lcow_step(m->run, "its guest is there: %s, protocol %u", hcs_gcs_os(uvm_guest(m->vm)),
                  hcs_gcs_protocol(uvm_guest(m->vm)));
        return S_OK;
}

static HRESULT ask_nobody(void *ctx, const char *request, struct hcs_error **err) {
        return S_OK;
}

static void make_devices(struct lcow_machine *m) {
        struct uvm_devices_settings s = uvm_device_settings(m->vm, BUILD);

        s.stat = m->files.stat;
        s.stat_ctx = m->files.ctx;
        s.vpmem_count = m->vpmem_count;
        s.vpmem_size = m->vpmem_size;
        m->sink = uvm_sink(m->vm);
        if (!has_bridge(m->run))
                m->sink.request = ask_nobody;
        m->devices = uvm_devices_new(&s, &m->sink);
}

/* A container that will not go is no failure of its command: its VM goes. */
static void take_down(struct lcow_machine *m) {
        const struct hcs_call call = {.timeout_ms = LCOW_SHUTDOWN_MS, .cancel = m->cancel};
        struct hcs_error *err = NULL;

        if (m->container && SUCCEEDED(hcs_gcs_container_wait(uvm_container_guest(m->container), &call, NULL)) &&
            FAILED(uvm_container_delete(steal_pointer(&m->container), &call, &err)))
                lcow_step(m->run, "the container is not taken down whole: %s", hcs_error_message(err));
        hcs_error_free(err);
        if (!has_bridge(m->run))
                return;
        if (SUCCEEDED(uvm_shutdown(m->vm, &call, NULL)))
                lcow_step(m->run, "the VM has shut down");
        else
                lcow_step(m->run, "the VM does not shut down, and is terminated");
}

static HRESULT run_all(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err) {
        HRESULT hr = hcs_client_open(NULL, &m->client, err);

        if (SUCCEEDED(hr) && m->run->network)
                hr = lcow_network_new(m, &m->network, err);
        if (SUCCEEDED(hr))
                hr = boot(m, err);
        if (FAILED(hr))
                return hr;
        make_devices(m);
        hr = lcow_scratch_make(m, err);
        if (SUCCEEDED(hr) && m->network)
                hr = lcow_network_attach(m->network, m, err);
        if (SUCCEEDED(hr))
                hr = m->run->work(m, ret_exit_code, err);
        if (SUCCEEDED(hr))
                take_down(m);
        return hr;
}

/* The bridge that closes is often the first that is known of a VM's end: that is what there is to tell. */
static HRESULT explain(struct lcow_machine *m, HRESULT hr, struct hcs_error **err) {
        const struct hcs_call call = {.timeout_ms = 2000};
        struct hcs_error *exit = NULL;

        if (hr != HCS_E_CONNECTION_CLOSED || FAILED(uvm_wait(m->vm, &call, NULL)) ||
            SUCCEEDED(uvm_exit_error(m->vm, &exit)))
                return hr;
        hr = hcs_error_hresult(exit);
        hcs_error_wrap(&exit, "%s", hcs_error_message(*err));
        hcs_error_free(*err);
        *err = exit;
        return hr;
}

HRESULT lcow_machine_run(struct lcow_run *r, struct mockhcs *mock, struct hcs_cancel *cancel, int *ret_exit_code,
                         struct hcs_error **err) {
        struct lcow_machine m = {.run = r,
                                 .mock = mock,
                                 .cancel = cancel,
                                 .id = r->vm ? hcs_strdup(r->vm) : hcs_asprintf("%s@vm", r->id),
                                 .deadline_ns = hcs_clock_ns() + r->timeout_s * (uint64_t)HCS_NS_PER_S};
        struct hcs_error *mine = NULL;
        HRESULT hr;

        uvm_host_init(&m.host, BUILD);
        m.host.processors = m.host.own_processors = 64; /* what a VM gets is said, and not this machine's affair */
        m.host.log_level = r->log_level ? r->log_level : "info";
        if (r->replay)
                m.host.look = see_all;
        uvm_local_files(&m.files, r->replay != NULL);
        hr = run_all(&m, ret_exit_code, &mine);
        if (FAILED(hr) && m.vm)
                hr = explain(&m, hr, &mine);
        uvm_container_free(m.container);
        uvm_devices_free(m.devices);
        lcow_network_free(m.network);
        uvm_close(m.vm);
        hcs_client_unref(m.client);
        free(m.id);
        return FAILED(hr) ? hcs_error_move(err, &mine) : S_OK;
}
