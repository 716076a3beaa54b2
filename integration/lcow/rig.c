/* SPDX-License-Identifier: MIT */

/* Worlds, machines and containers of scenarios. See rig.h. */

#include "integration/lcow/rig.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "ext4/vhd/vhd.h"
#include "ext4/vhd/vhdx_create.h"
#include "oci/default_spec.h"
#include "platform/data_file.h"
#include "platform/thread.h"
#include "uvm/document.h"
#include "uvm/local_files.h"

#define BUILD        26100u
#define SCRATCH_SIZE ((uint64_t)64 << 20)

const struct hcs_call patient = {.timeout_ms = 60000};
static const struct hcs_call most_patient = {.timeout_ms = 120000};

static enum uvm_path_kind see_all(const char *path, void *ctx) {
        return UVM_PATH_FILE;
}

bool world_failed(struct world *w, struct hcs_error *err, const char *fmt, ...) {
        _cleanup_free_ char *what = NULL, *why = err ? hcs_error_format(err) : NULL;
        va_list ap;

        va_start(ap, fmt);
        what = hcs_vasprintf(fmt, ap);
        va_end(ap);
        if (!w->failure)
                w->failure = hcs_asprintf("%s%s%s", what, why ? ": " : "", why ? why : "");
        hcs_error_free(err);
        return false;
}

bool world_open(struct world *w) {
        _cleanup_free_ char *spec =
                w->replay ? hcs_asprintf("replay=%s", w->replay)
                          : hcs_asprintf("record=%s,emulate,machines=qemu,drives=%s", w->record, w->folder);
        struct hcs_error *err = NULL;

        uvm_host_init(&w->host, BUILD);
        w->host.windows_paths = true;
        w->host.processors = w->host.own_processors = 64;
        w->host.look = see_all;
        uvm_local_files(&w->files, true);
        if (FAILED(mockhcs_open(spec, &w->mock, &err)))
                return world_failed(w, err, "open %s", spec);
        if (FAILED(hcs_client_open(NULL, &w->client, &err)))
                return world_failed(w, err, "open HCS");
        return true;
}

bool world_close(struct world *w) {
        _cleanup_free_ char *report = NULL, *failure = w->failure;

        w->client = hcs_client_unref(w->client);
        if (w->mock && w->replay && mockhcs_verify(w->mock, failure != NULL, &report))
                fprintf(stderr, "%s: not as recorded:\n%s", w->name, report);
        w->mock = mockhcs_close(w->mock);
        if (failure)
                fprintf(stderr, "%s: %s\n", w->name, failure);
        w->failure = NULL;
        return !failure && (!report || !*report);
}

static void tap_frame(void *ctx, const struct hcs_gcs_tap_frame *f) {
        struct machine *m = ctx;

        mockhcs_note_frame(m->w->mock, m->id, f);
}

static void tap_bytes(void *ctx, const struct hcs_gcs_tap_bytes *b) {
        struct machine *m = ctx;

        mockhcs_note_bytes(m->w->mock, m->id, b);
}

static void drop_log(void *ctx, const void *data, size_t n) {
}

static void merge(struct hcs_json *to, const struct hcs_json *from) {
        for (const struct hcs_json *m = hcs_json_first(from); m; m = hcs_json_next(m)) {
                struct hcs_json *there = hcs_json_get(to, hcs_json_key(m));

                if (hcs_json_is(there, HCS_JSON_OBJECT) && hcs_json_is(m, HCS_JSON_OBJECT))
                        merge(there, m);
                else
                        hcs_json_set(to, hcs_json_key(m), hcs_json_copy(m));
        }
}

/* Members of the document, merged into it. */
static HRESULT add_to_plan(struct uvm_plan *plan, const char *more, struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_COMPUTE_SYSTEM);
        _cleanup_json_ struct hcs_json *document = NULL, *over = NULL;
        _cleanup_free_ char *text = uvm_plan_text(plan);
        void *merged = NULL;
        HRESULT hr = hcs_json_parse_cstr(text, &document, err);

        if (SUCCEEDED(hr))
                hr = hcs_json_parse_cstr(more, &over, err);
        if (FAILED(hr))
                return hr;
        merge(document, over);
        hr = hcs_schema_parse_json(type, document, &merged, err);
        if (FAILED(hr))
                return hr;
        hcs_schema_free(type, plan->document);
        plan->document = merged;
        return S_OK;
}

static HRESULT make_plan(struct machine *m, unsigned memory_mb, const char *more, struct uvm_plan *plan,
                         struct hcs_error **err) {
        struct hcs_schema_uvm_lcow_options *o = uvm_lcow_options_new(&m->w->host, m->id, "scenarios");
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        HRESULT hr;

        uvm_lcow_options_set_boot_files(o, &m->w->host, "C:\\boot", &w);
        free(o->KernelFile);
        o->KernelFile = hcs_strdup("kernel");
        free(o->RootFSFile);
        o->RootFSFile = hcs_strdup("initrd.img");
        o->PreferredRootFSType = UVM_ROOT_INITRD;
        o->VPMemDeviceCount = 0;
        o->MemorySizeInMB = memory_mb;
        hr = uvm_lcow_document(o, &m->w->host, plan, &w, err);
        uvm_lcow_options_free(o);
        return SUCCEEDED(hr) && more ? add_to_plan(plan, more, err) : hr;
}

bool machine_boot(struct world *w, const char *id, unsigned memory_mb, struct machine *ret) {
        return machine_go_on(w, id, memory_mb, NULL, ret);
}

bool machine_go_on(struct world *w, const char *id, unsigned memory_mb, const char *more, struct machine *ret) {
        _cleanup_uvm_plan_ struct uvm_plan plan = {0};
        struct uvm_devices_settings s;
        struct hcs_error *err = NULL;

        *ret = (struct machine){.w = w, .id = hcs_strdup(id)};
        if (FAILED(make_plan(ret, memory_mb, more, &plan, &err)))
                return world_failed(w, err, "%s: document", id);
        if (FAILED(uvm_create(&(struct uvm_create_options){.client = w->client,
                                                           .id = id,
                                                           .has_guest = true,
                                                           .has_log = true,
                                                           .tap = tap_frame,
                                                           .tap_bytes = tap_bytes,
                                                           .log = drop_log,
                                                           .tap_ctx = ret},
                              &plan, &most_patient, &ret->vm, &err)) ||
            FAILED(uvm_start(ret->vm, &most_patient, &err)))
                return world_failed(w, err, "%s: boot", id);
        s = uvm_device_settings(ret->vm, BUILD);
        s.stat = w->files.stat;
        s.stat_ctx = w->files.ctx;
        ret->sink = uvm_sink(ret->vm);
        ret->devices = uvm_devices_new(&s, &ret->sink);
        return true;
}

bool machine_stop(struct machine *m) {
        struct hcs_error *err = NULL;

        if (m->w->failure)
                return false;
        if (FAILED(uvm_shutdown(m->vm, &most_patient, &err)) || FAILED(uvm_exit_error(m->vm, &err)))
                return world_failed(m->w, err, "%s: shut down", m->id);
        return true;
}

void machine_deinit(struct machine *m) {
        uvm_devices_free(m->devices);
        uvm_close(m->vm);
        free(m->id);
        *m = (struct machine){0};
}

struct hcs_json *box_process(const char *command) {
        _cleanup_json_ struct hcs_json *spec = oci_default_spec();
        struct hcs_json *p = hcs_json_copy(hcs_json_get(spec, "process")), *args = hcs_json_set_new_array(p, "args"),
                        *env = hcs_json_set_new_array(p, "env");

        hcs_json_append(args, hcs_json_new_string("sh"));
        hcs_json_append(args, hcs_json_new_string("-c"));
        hcs_json_append(args, hcs_json_new_string(command));
        hcs_json_append(env, hcs_json_new_string("PATH=/bin:/sbin:/usr/bin:/usr/sbin"));
        return p;
}

static const char *scratch_format(const struct box *b) {
        return b->fixed_scratch ? "vhd" : "vhdx";
}

/* A disk that holds nothing: the guest makes the file system. */
static HRESULT make_scratch(const struct world *w, const struct box *b, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        _cleanup_free_ char *path = NULL;
        HRESULT hr;

        if (w->replay)
                return S_OK;
        path = hcs_asprintf("%s/c/scratch/%s.%s", w->folder, b->id, scratch_format(b));
        hr = hcs_data_file_create(path, &f, err);
        if (SUCCEEDED(hr) && b->fixed_scratch)
                hr = hcs_data_file_resize(f, SCRATCH_SIZE, err);
        if (SUCCEEDED(hr))
                hr = b->fixed_scratch ? vhd_append(f, SCRATCH_SIZE, &(GUID){.Data1 = 1}, err)
                                      : vhdx_create(f, &(struct vhdx_create_options){.size = SCRATCH_SIZE}, err);
        return SUCCEEDED(hr) ? hcs_data_file_commit(f, err) : hr;
}

bool box_create(struct machine *m, const struct box *b, struct uvm_container **ret) {
        static const char *const busybox[] = {"busybox", NULL};
        const char *const *names = b->layers ? b->layers : busybox;
        _cleanup_json_ struct hcs_json *tree = oci_default_spec(), *over = NULL;
        _cleanup_(hcs_strings_deinit) struct hcs_strings paths = {0};
        _cleanup_oci_spec_ struct hcs_schema_oci_spec *spec = NULL;
        _cleanup_oci_warnings_ struct oci_warnings w = {0};
        _cleanup_free_ char *scratch = hcs_asprintf("C:\\scratch\\%s.%s", b->id, scratch_format(b));
        struct oci_lcow_layer layers[8] = {0};
        struct uvm_container_options o = {.id = b->id, .host = &m->w->files, .layers = layers, .scratch = scratch};
        struct hcs_error *err = NULL;
        HRESULT hr = S_OK;

        if (m->w->failure)
                return false;
        while (names[o.n_layers])
                o.n_layers++;
        for (size_t i = 0; i < o.n_layers; i++) {
                hcs_strings_add(&paths, hcs_asprintf("C:\\layers\\%s.vhd", names[i]));
                layers[o.n_layers - 1 - i].path = paths.items[i];
        }
        hcs_json_set(tree, "process", box_process(b->command));
        hcs_json_set_string(tree, "hostname", b->id);
        hr = make_scratch(m->w, b, &err);
        if (SUCCEEDED(hr) && b->merge)
                hr = hcs_json_parse_cstr(b->merge, &over, &err);
        if (SUCCEEDED(hr)) {
                merge(tree, over);
                hr = oci_spec_parse_json(tree, &spec, &err);
        }
        o.spec = spec;
        if (SUCCEEDED(hr))
                hr = uvm_container_create(m->vm, m->devices, &o, &most_patient, &w, ret, &err);
        return SUCCEEDED(hr) || world_failed(m->w, err, "%s: create", b->id);
}

bool box_start(struct machine *m, struct uvm_container *c) {
        struct hcs_error *err = NULL;

        if (m->w->failure)
                return false;
        return SUCCEEDED(hcs_gcs_container_start(uvm_container_guest(c), &most_patient, &err)) ||
               world_failed(m->w, err, "start");
}

bool box_delete(struct machine *m, struct uvm_container **c) {
        struct hcs_error *err = NULL;

        if (m->w->failure)
                return false;
        if (FAILED(hcs_gcs_container_wait(uvm_container_guest(*c), &most_patient, &err)) ||
            FAILED(uvm_container_delete(steal_pointer(c), &most_patient, &err)))
                return world_failed(m->w, err, "delete");
        return true;
}

/* What a relay gives and takes. */
struct talk {
        struct hcs_mutex lock;
        const char *in;
        struct hcs_buf *out;
};

static int64_t give(void *ctx, void *buf, size_t size) {
        struct talk *t = ctx;
        size_t n = strlen(t->in) < size ? strlen(t->in) : size;

        memcpy(buf, t->in, n);
        t->in += n;
        return (int64_t)n;
}

static void take(void *ctx, enum hcs_gcs_stream stream, const void *data, size_t n) {
        struct talk *t = ctx;
        hcs_guard(&t->lock);

        if (stream == HCS_GCS_STDOUT)
                hcs_buf_append(t->out, data, n);
}

bool box_run(struct machine *m, struct uvm_container *c, const char *process, const char *in, struct hcs_buf *out,
             uint32_t *ret_code) {
        const struct uvm_streams streams = {.in = in != NULL, .out = true, .err = true};
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        struct talk t = {.lock = HCS_MUTEX_INIT, .in = in, .out = out};
        struct hcs_error *err = NULL;

        if (m->w->failure)
                return false;
        if (FAILED(uvm_container_exec(c, process, &streams, &most_patient, &p, &err)) ||
            FAILED(hcs_gcs_process_relay(p, &(struct hcs_gcs_relay){.ctx = &t, .read = in ? give : NULL, .write = take},
                                         &err)) ||
            FAILED(hcs_gcs_process_relay_wait(p, &most_patient, &err)) ||
            FAILED(hcs_gcs_process_wait(p, &most_patient, ret_code, &err)))
                return world_failed(m->w, err, "run %s", process ? process : "the first process");
        return true;
}

bool box_hear(struct machine *m, struct hcs_gcs_process *p, const char *until, struct hcs_buf *out) {
        struct hcs_error *err = NULL;
        HRESULT hr = S_OK;
        char buf[256];
        size_t n;

        if (m->w->failure)
                return false;
        while (!until || !strstr(hcs_buf_cstr(out), until)) {
                hr = hcs_gcs_process_read(p, HCS_GCS_STDOUT, buf, sizeof(buf), &patient, &n, &err);
                if (hr != S_OK)
                        break;
                hcs_buf_append(out, buf, n);
        }
        return hr == (until ? S_OK : S_FALSE) || world_failed(m->w, err, "a process said: %s", hcs_buf_cstr(out));
}

bool box_hold(struct machine *m, struct uvm_container *c, struct hcs_gcs_process **ret) {
        struct hcs_error *err = NULL;

        if (!box_start(m, c))
                return false;
        return SUCCEEDED(uvm_container_exec(c, NULL, &(struct uvm_streams){.in = true}, &patient, ret, &err)) ||
               world_failed(m->w, err, "hold");
}

bool box_let_go(struct machine *m, struct hcs_gcs_process *held) {
        struct hcs_error *err = NULL;
        uint32_t code;

        if (m->w->failure)
                return false;
        return (SUCCEEDED(hcs_gcs_process_close_stdin(held, &patient, &err)) &&
                SUCCEEDED(hcs_gcs_process_wait(held, &patient, &code, &err))) ||
               world_failed(m->w, err, "let go");
}

bool box_says(struct machine *m, const struct box *b, const char *in, const char *out, uint32_t code) {
        _cleanup_(uvm_container_freep) struct uvm_container *c = NULL;
        _cleanup_buf_ struct hcs_buf said = {0};
        uint32_t got = 0;

        if (!box_create(m, b, &c) || !box_start(m, c) || !box_run(m, c, NULL, in, &said, &got) || !box_delete(m, &c))
                return false;
        if (got != code || !hcs_streq(hcs_buf_cstr(&said), out))
                return world_failed(m->w, NULL, "%s ended with %u instead of %u and said:\n%s", b->id, (unsigned)got,
                                    (unsigned)code, hcs_buf_cstr(&said));
        return true;
}

bool box_shell(struct machine *m, struct uvm_container *c, const char *command, struct hcs_buf *out) {
        _cleanup_json_ struct hcs_json *p = box_process(command);
        _cleanup_free_ char *text = hcs_json_text(p, HCS_JSON_GO);
        uint32_t code = 0;

        if (!box_run(m, c, text, NULL, out, &code))
                return false;
        return code == 0 ||
               world_failed(m->w, NULL, "`%s` ended with %u: %s", command, (unsigned)code, hcs_buf_cstr(out));
}

bool box_metric(struct machine *m, struct uvm_container *c, const char *path, uint64_t *ret) {
        static const char *const types[] = {"Statistics", NULL};
        _cleanup_json_ struct hcs_json *p = NULL;
        _cleanup_free_ char *text = NULL;
        struct hcs_error *err = NULL;

        if (m->w->failure)
                return false;
        if (FAILED(hcs_gcs_container_properties_v2(uvm_container_guest(c), types, &most_patient, &text, &err)) ||
            FAILED(hcs_json_parse_cstr(text, &p, &err)))
                return world_failed(m->w, err, "statistics");
        if (!hcs_json_u64(hcs_json_lookup(hcs_json_get(p, "LCOWMetrics"), path), ret))
                return world_failed(m->w, NULL, "statistics without %s: %s", path, text);
        return true;
}
