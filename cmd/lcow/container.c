/* SPDX-License-Identifier: MIT */

/* A container in the VM of a run: the disk to write to, the layers, the container, its command, what it used. */

#include "cmd/lcow/machine.h"
#include "cmd/session/session.h"
#include "uvm/scratch.h"

void lcow_run_add_disk(struct lcow_run *r, const char *path, struct hcs_json *verity) {
        struct hcs_json *disk = hcs_json_append(r->disks, hcs_json_new_object());

        hcs_json_set_string(disk, "path", path);
        if (verity)
                hcs_json_set(disk, "verity", verity);
}

HRESULT lcow_scratch_plan(struct lcow_run *r, const char *cache, char *path, struct hcs_error **err) {
        HRESULT hr;

        r->scratch_cache = hcs_asprintf("%s/scratch", cache);
        r->scratch = path;
        hr = uvm_scratch_from_cache(
                &(struct uvm_scratch_options){.path = r->scratch, .cache = r->scratch_cache, .gb = r->scratch_gb}, err);
        r->format_scratch = hr == S_FALSE;
        return hr;
}

HRESULT lcow_scratch_make(struct lcow_machine *m, struct hcs_error **err) {
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
        const struct uvm_streams streams = {.in = !r->no_input, .out = true, .err = !r->tty};
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        struct hcs_call call = lcow_machine_call(m);
        HRESULT hr = uvm_container_exec(m->container, NULL, &streams, &call, &p, err);

        if (SUCCEEDED(hr))
                hr = session_run(&(struct session){.gc = uvm_guest(m->vm),
                                                   .process = p,
                                                   .in_container = true,
                                                   .tty = r->tty && !r->replay,
                                                   .input = !m->run->no_input,
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
        const struct hcs_call call = {.timeout_ms = LCOW_SHUTDOWN_MS, .cancel = m->cancel};
        _cleanup_json_ struct hcs_json *properties = NULL;
        _cleanup_free_ char *text = NULL;
        const struct hcs_json *metrics;
        HRESULT hr = hcs_gcs_container_properties_v2(uvm_container_guest(m->container), types, &call, &text, err);

        if (SUCCEEDED(hr))
                hr = hcs_json_parse_cstr(text, &properties, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "get the statistics"), hr;
        metrics = hcs_json_get(properties, "LCOWMetrics");
        lcow_statistics(m->run, metrics);
        lcow_step(m->run, "it used %.0f ms of CPU and at most %.1f MB of memory",
                  number(metrics, "cpu.usage.total") / 1e6, number(metrics, "memory.usage.max") / 1e6);
        return S_OK;
}

HRESULT lcow_container_run(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err) {
        HRESULT hr = create_container(m, err);

        if (SUCCEEDED(hr))
                hr = run_command(m, ret_exit_code, err);
        if (SUCCEEDED(hr) && m->run->stats)
                hr = tell_statistics(m, err);
        return hr;
}
