/* SPDX-License-Identifier: MIT */

/* The run itself, step by step: the VM by its document, its guest, the disk to write to, the network, the container,
 * its command; and all of it taken down again. See machine.h. */

#include "cmd/lcow/machine.h"

#include <string.h>

#include "cmd/session/session.h"
#include "gcs/message.h"
#include "oci/annotation.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "uvm/document.h"
#include "uvm/local_files.h"
#include "uvm/scratch.h"

#define BUILD       26100u
#define SHUTDOWN_MS 10000

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
                free(o->KernelBootOptions);
                o->KernelBootOptions = hcs_strdup(r->kernel_arguments);
        }
        if (!oci_spec_annotation(spec, OCI_A_MEMORY_SIZE_IN_MB))
                o->MemorySizeInMB = r->memory_mb;
        if (!oci_spec_annotation(spec, OCI_A_PROCESSOR_COUNT))
                o->ProcessorCount = (int32_t)r->cpus;
        *ret = o;
        return S_OK;
}

static HRESULT make_plan(struct lcow_machine *m, struct uvm_plan *plan, struct hcs_error **err) {
        _cleanup_uvm_lcow_options_ struct hcs_schema_uvm_lcow_options *o = NULL;
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = NULL;
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        HRESULT hr = oci_spec_parse_json(m->run->spec, &spec, err);

        if (SUCCEEDED(hr))
                hr = make_options(m, spec, &o, &w, err);
        if (SUCCEEDED(hr))
                hr = uvm_lcow_document(o, &m->host, plan, &w, err);
        oci_warnings_log(&w);
        return hr;
}

static void keep_log(void *ctx, const void *data, size_t n) {
}

static HRESULT boot(struct lcow_machine *m, struct hcs_error **err) {
        const struct uvm_create_options o = {.client = m->client,
                                             .id = m->id,
                                             .has_guest = true,
                                             .has_log = true,
                                             .tap = tap_frame,
                                             .tap_bytes = tap_bytes,
                                             .log = keep_log,
                                             .tap_ctx = m,
                                             .show = show_modify,
                                             .show_ctx = m};
        _cleanup_uvm_plan_ struct uvm_plan plan = {0};
        struct hcs_call call;
        HRESULT hr = make_plan(m, &plan, err);

        if (SUCCEEDED(hr)) {
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
        lcow_step(m->run, "its guest is there: %s, protocol %u", hcs_gcs_os(uvm_guest(m->vm)),
                  hcs_gcs_protocol(uvm_guest(m->vm)));
        return S_OK;
}

static void make_devices(struct lcow_machine *m) {
        struct uvm_devices_settings s = uvm_device_settings(m->vm, BUILD);

        s.stat = m->files.stat;
        s.stat_ctx = m->files.ctx;
        m->sink = uvm_sink(m->vm);
        m->devices = uvm_devices_new(&s, &m->sink);
}

static HRESULT make_scratch(struct lcow_machine *m, struct hcs_error **err) {
        const struct lcow_run *r = m->run;
        const struct uvm_scratch_options o = {.path = r->scratch, .cache = r->scratch_cache, .gb = r->scratch_gb};
        struct hcs_call call = lcow_machine_call(m);
        HRESULT hr;

        if (!r->format_scratch)
                return S_OK;
        hr = r->replay ? uvm_scratch_format(m->vm, m->devices, r->scratch, &call, err)
                       : uvm_scratch_create(m->vm, m->devices, &o, &call, err);
        if (SUCCEEDED(hr))
                lcow_step(r, "a scratch disk is made");
        return hr;
}

/* Layers as the guest wants them, the lowest last. */
static struct oci_lcow_layer *make_layers(const struct lcow_run *r, struct hcs_strings *kept) {
        size_t n = hcs_json_count(r->disks), i = n;
        struct oci_lcow_layer *layers = hcs_calloc(n ? n : 1, sizeof(*layers));

        for (const struct hcs_json *d = hcs_json_first(r->disks); d; d = hcs_json_next(d)) {
                const struct hcs_json *verity = hcs_json_get(d, "verity");

                layers[--i].path = hcs_json_get_string(d, "path");
                if (verity) {
                        hcs_strings_add(kept, hcs_json_text(verity, HCS_JSON_COMPACT));
                        layers[i].verity = kept->items[kept->n - 1];
                }
        }
        return layers;
}

static void set_namespace(struct hcs_schema_oci_spec *spec, const char *id) {
        if (!spec->windows)
                spec->windows = hcs_calloc(1, sizeof(*spec->windows));
        if (!spec->windows->network)
                spec->windows->network = hcs_calloc(1, sizeof(*spec->windows->network));
        free(spec->windows->network->networkNamespace);
        spec->windows->network->networkNamespace = hcs_strdup(id);
}

static HRESULT create_container(struct lcow_machine *m, struct hcs_error **err) {
        const struct lcow_run *r = m->run;
        _cleanup_(hcs_strings_deinit) struct hcs_strings kept = {0};
        _cleanup_free_ struct oci_lcow_layer *layers = make_layers(r, &kept);
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = NULL;
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        struct uvm_container_options o = {.id = r->id,
                                          .host = &m->files,
                                          .layers = layers,
                                          .n_layers = hcs_json_count(r->disks),
                                          .scratch = r->scratch};
        struct hcs_call call = lcow_machine_call(m);
        HRESULT hr = oci_spec_parse_json(r->spec, &spec, err);

        if (SUCCEEDED(hr) && m->network)
                set_namespace(spec, lcow_network_namespace(m->network));
        o.spec = spec;
        if (SUCCEEDED(hr))
                hr = uvm_container_create(m->vm, m->devices, &o, &call, &w, &m->container, err);
        oci_warnings_log(&w);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_container_start(uvm_container_guest(m->container), &call, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "create the container"), hr;
        lcow_step(r, "the container %s runs", r->id);
        return S_OK;
}

static HRESULT run_command(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err) {
        const struct lcow_run *r = m->run;
        const struct uvm_streams streams = {.in = true, .out = true, .err = !r->tty};
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        struct hcs_call call = lcow_machine_call(m);
        HRESULT hr = uvm_container_exec(m->container, NULL, &streams, &call, &p, err);

        if (SUCCEEDED(hr))
                hr = session_run(&(struct session){.gc = uvm_guest(m->vm),
                                                   .process = p,
                                                   .in_container = true,
                                                   .tty = r->tty && !r->replay,
                                                   .input = true,
                                                   .cancel = m->cancel},
                                 ret_exit_code, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "run the command"), hr;
        lcow_step(r, "the command has ended with %d", *ret_exit_code);
        return S_OK;
}

static double number(const struct hcs_json *metrics, const char *path) {
        uint64_t value = 0;

        hcs_json_u64(hcs_json_lookup(metrics, path), &value);
        return (double)value;
}

static HRESULT tell_statistics(struct lcow_machine *m, struct hcs_error **err) {
        static const char *const types[] = {"Statistics", NULL};
        const struct hcs_call call = {.timeout_ms = SHUTDOWN_MS, .cancel = m->cancel};
        _cleanup_json_ struct hcs_json *properties = NULL;
        _cleanup_free_ char *text = NULL;
        const struct hcs_json *metrics;
        HRESULT hr = hcs_gcs_container_properties_v2(uvm_container_guest(m->container), types, &call, &text, err);

        if (SUCCEEDED(hr))
                hr = hcs_json_parse_cstr(text, &properties, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "get the statistics"), hr;
        metrics = hcs_json_get(properties, "LCOWMetrics");
        lcow_step(m->run, "it used %.0f ms of CPU and at most %.1f MB of memory",
                  number(metrics, "cpu.usage.total") / 1e6, number(metrics, "memory.usage.max") / 1e6);
        return S_OK;
}

/* A container that will not go is no failure of its command: its VM goes. */
static void take_down(struct lcow_machine *m) {
        const struct hcs_call call = {.timeout_ms = SHUTDOWN_MS, .cancel = m->cancel};
        struct hcs_error *err = NULL;

        if (m->container && SUCCEEDED(hcs_gcs_container_wait(uvm_container_guest(m->container), &call, NULL)) &&
            FAILED(uvm_container_delete(steal_pointer(&m->container), &call, &err)))
                lcow_step(m->run, "the container is not taken down whole: %s", hcs_error_message(err));
        hcs_error_free(err);
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
        hr = make_scratch(m, err);
        if (SUCCEEDED(hr) && m->network)
                hr = lcow_network_attach(m->network, m, err);
        if (SUCCEEDED(hr))
                hr = create_container(m, err);
        if (SUCCEEDED(hr))
                hr = run_command(m, ret_exit_code, err);
        if (SUCCEEDED(hr) && m->run->stats)
                hr = tell_statistics(m, err);
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
                                 .id = hcs_asprintf("%s@vm", r->id),
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
