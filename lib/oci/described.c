/* SPDX-License-Identifier: MIT */

#include "oci/described.h"

#include <string.h>

#include "base/str.h"
#include "oci/container.h"
#include "oci/mount.h"

#define DEFAULT_BUILD 26100u

/* The files of the host that the golden cases were made on, as far as they matter; there is no other. */
static const char golden_files[] =
        "{\"C:\\\\golden\\\\bundle\":{\"directory\":true},\"C:\\\\golden\\\\dumps\":{\"directory\":true},"
        "\"C:\\\\golden\\\\notadir\":{\"content\":\"x\"},\"C:\\\\golden\\\\lc0.vhd\":{\"size\":8192},"
        "\"C:\\\\golden\\\\lc1.vhd\":{\"size\":5000},\"C:\\\\golden\\\\lcscratch.vhdx\":{\"size\":4096},"
        "\"C:\\\\golden\\\\ext1.json\":{\"content\":\"{\\\"namespace\\\":{\\\"ob\\\":{\\\"symlink\\\":[{\\\"name\\\":"
        "\\\"a\\\",\\\"path\\\":\\\"c\\\",\\\"scope\\\":\\\"Machine\\\"}]}}}\"},"
        "\"C:\\\\golden\\\\ext2.json\":{\"content\":\"{}\"}}";

/* All that a container's making borrows; lives as long as that. */
struct world {
        const struct hcs_json *in;
        struct hcs_schema_oci_spec *spec;
        struct hcs_json *golden;
        struct oci_described_host files;
        struct oci_host host;
        struct uvm_sink sink;
        struct uvm_devices *uvm;
        uint64_t guids;
};

void oci_made_deinit(struct oci_made *m) {
        free(m->document);
        oci_steps_deinit(&m->steps);
        oci_warnings_deinit(&m->warnings);
        *m = (struct oci_made){0};
}

static const char *text_or(const struct hcs_json *in, const char *key, const char *otherwise) {
        const char *s = hcs_json_get_string(in, key);

        return s ? s : otherwise;
}

static uint64_t number_or(const struct hcs_json *in, const char *key, uint64_t max, uint64_t otherwise) {
        uint64_t u;

        return hcs_json_u64(hcs_json_get(in, key), &u) && u <= max ? u : otherwise;
}

static bool flag(const struct hcs_json *in, const char *key) {
        return hcs_json_bool(hcs_json_get(in, key));
}

static HRESULT count_guids(void *ctx, GUID *ret) {
        uint64_t *n = ctx;
        _cleanup_free_ char *text = hcs_asprintf("00000000-0000-4000-8000-%012llx", (unsigned long long)++*n);

        return hcs_guid_parse(text, ret, NULL);
}

static void world_deinit(struct world *k) {
        uvm_devices_free(k->uvm);
        oci_spec_free(k->spec);
        hcs_json_free(k->golden);
}

/* Files of layers have sizes of their own. */
static void add_sizes(struct hcs_json *files, const struct hcs_json *sizes) {
        for (const struct hcs_json *s = hcs_json_first(sizes); s; s = hcs_json_next(s)) {
                _cleanup_free_ char *path = hcs_asprintf("C:\\golden\\%s", hcs_json_key(s));

                hcs_json_set(hcs_json_set_new_object(files, path), "size", hcs_json_copy(s));
        }
}

static HRESULT world_init(struct world *k, const struct hcs_json *in, struct oci_made *made, struct hcs_error **err) {
        HRESULT hr = oci_spec_parse_json(hcs_json_get(in, "spec"), &k->spec, err);

        if (FAILED(hr))
                return hr;
        k->in = in;
        k->files.files = hcs_json_get(in, "files");
        if (!k->files.files && (hcs_json_get(in, "id") || hcs_json_get(in, "host_processors"))) {
                hcs_json_parse_cstr(golden_files, &k->golden, NULL);
                add_sizes(k->golden, hcs_json_get(in, "layer_file_sizes"));
                k->files.files = k->golden;
                k->files.closed = "";
        }
        oci_host_describe(&k->host, &k->files);
        k->host.build = (uint32_t)number_or(in, "os_build", UINT32_MAX, DEFAULT_BUILD);
        k->host.processors = (int32_t)number_or(in, "host_processors", INT32_MAX, 2);
        k->sink = oci_steps_sink(&made->steps);
        return S_OK;
}

static void add_uvm(struct world *k, bool is_windows) {
        const struct hcs_json *uvm = hcs_json_get(k->in, "uvm");
        struct uvm_devices_settings s = {.id = text_or(k->in, "vm_id", "golden@vm"),
                                         .is_windows = is_windows,
                                         .build = k->host.build,
                                         .processors = (int32_t)number_or(k->in, "uvm_processors", INT32_MAX, 2),
                                         .scsi_controllers =
                                                 (unsigned)number_or(uvm, "scsi_controllers", 4, is_windows ? 1 : 4),
                                         .reserved_luns = is_windows,
                                         .vpmem_count = (uint32_t)number_or(uvm, "vpmem_count", 128, 0),
                                         .vpmem_size = number_or(uvm, "vpmem_size", UINT64_MAX, 0),
                                         .vpmem_multi_mapping = flag(uvm, "vpmem_multi_mapping"),
                                         .physically_backed = flag(uvm, "physically_backed"),
                                         .no_writable_shares = flag(uvm, "no_writable_shares"),
                                         .no_direct_map = flag(uvm, "no_direct_map"),
                                         .encrypt_scratch = flag(uvm, "encrypt_scratch"),
                                         .process_dump_location = hcs_json_get_string(uvm, "process_dump_location"),
                                         .new_guid = count_guids,
                                         .new_guid_ctx = &k->guids,
                                         .stat = k->host.stat,
                                         .stat_ctx = k->host.ctx};

        k->uvm = uvm_devices_new(&s, &k->sink);
}

/* Layers of a Windows container, with what its strings are kept in. */
struct wcow_layers {
        struct oci_wcow_layer *items;
        size_t n;
        struct hcs_strings kept;
};

static void wcow_layers_deinit(struct wcow_layers *l) {
        free(l->items);
        hcs_strings_deinit(&l->kept);
}

static const char *keep(struct hcs_strings *kept, char *s) {
        hcs_strings_add(kept, s);
        return s;
}

static void add_layer(struct wcow_layers *l, const char *id, const char *path) {
        l->items = hcs_realloc(l->items, (l->n + 1) * sizeof(*l->items));
        l->items[l->n++] = (struct oci_wcow_layer){id, path};
}

/* HCS names layers by GUIDs of their folders' names; which ones is its own affair. */
static char *layer_id(const char *folder) {
        const char *name = uvm_file_base(folder);
        char text[HCS_GUID_TEXT_SIZE];
        GUID ns = {0}, id;

        hcs_guid_v5(&ns, name, (uint32_t)strlen(name), &id);
        return hcs_strdup(hcs_guid_format(&id, text));
}

/* All but the last folder, which is written to. */
static void guess_layers(struct world *k, struct wcow_layers *l) {
        const struct hcs_schema_oci_windows *windows = k->spec->windows;

        for (size_t i = 0; windows && i + 1 < windows->layerFolders.n; i++) {
                const char *folder = windows->layerFolders.items[i] ? windows->layerFolders.items[i] : "";
                char *path =
                        k->uvm ? hcs_asprintf("\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\s%zx", i + 1)
                               : hcs_strdup(folder);

                add_layer(l, keep(&l->kept, layer_id(folder)), keep(&l->kept, path));
        }
        if (k->spec->root && k->spec->root->path && *k->spec->root->path)
                return;
        if (!k->spec->root)
                k->spec->root = hcs_calloc(1, sizeof(*k->spec->root));
        free(k->spec->root->path);
        k->spec->root->path = hcs_strdup(k->uvm ? "C:\\c\\1" : "\\\\?\\Volume{00000000-0000-0000-0000-000000000000}\\");
}

static void take_layers(const struct hcs_json *mounted, struct wcow_layers *l) {
        const struct hcs_json *list = hcs_json_get(mounted, "MountedLayerPaths");

        for (const struct hcs_json *e = hcs_json_first(list); e; e = hcs_json_next(e))
                add_layer(l, text_or(e, "LayerID", ""), text_or(e, "MountedPath", ""));
}

HRESULT oci_make_wcow(const struct hcs_json *in, struct oci_made *ret, struct hcs_error **err) {
        const struct hcs_json *mounted = hcs_json_get(in, "mounted_layers"),
                              *hosted = hcs_json_get(in, "hyperv_hosted");
        const struct hcs_schema_type *guard_type = hcs_schema_type_at(HCS_SCHEMA_CONTAINER_CREDENTIAL_GUARD_STATE);
        struct world k = {0};
        struct wcow_layers layers = {0};
        void *guard = NULL;
        HRESULT hr = world_init(&k, in, ret, err);

        if (SUCCEEDED(hr) && hcs_json_is(hcs_json_get(in, "ccg_state"), HCS_JSON_OBJECT))
                hr = hcs_schema_parse_json(guard_type, hcs_json_get(in, "ccg_state"), &guard, err);
        if (SUCCEEDED(hr)) {
                struct oci_wcow c = {.id = text_or(in, "id", "container"),
                                     .owner = text_or(in, "owner", "hcsdoc"),
                                     .spec = k.spec,
                                     .host = &k.host,
                                     .schema_v1 = flag(in, "schema_v1"),
                                     .confidential = flag(in, "confidential"),
                                     .scale_cpu_limits = flag(in, "scale_cpu_limits_to_sandbox"),
                                     .credential_guard = guard};

                if (hosted ? hcs_json_bool(hosted) : oci_spec_is_isolated(k.spec) && !c.schema_v1)
                        add_uvm(&k, true);
                if (mounted)
                        take_layers(mounted, &layers);
                else
                        guess_layers(&k, &layers);
                c.uvm = k.uvm;
                c.layers = layers.items;
                c.n_layers = layers.n;
                c.network_namespace = hcs_json_get_string(in, "network_namespace");
                if (!c.network_namespace && k.spec->windows && k.spec->windows->network)
                        c.network_namespace = k.spec->windows->network->networkNamespace;
                hr = oci_wcow_document(&c, &ret->document, &ret->warnings, err);
        }
        wcow_layers_deinit(&layers);
        hcs_schema_free(guard_type, guard);
        world_deinit(&k);
        return hr;
}

/* Layers of a Linux container, with what their strings are kept in. */
struct lcow_layers {
        struct oci_lcow_layer *items;
        size_t n;
        const char *scratch;
        struct hcs_strings kept;
};

static void add_disk(struct lcow_layers *l, const char *path, uint64_t partition) {
        l->items = hcs_realloc(l->items, (l->n + 1) * sizeof(*l->items));
        l->items[l->n++] = (struct oci_lcow_layer){path, partition};
}

static void find_disks(const struct world *k, struct lcow_layers *l) {
        const struct hcs_json *given = hcs_json_get(k->in, "layers"), *list = hcs_json_get(given, "Layers");
        const struct hcs_schema_oci_windows *windows = k->spec->windows;
        size_t n = windows ? windows->layerFolders.n : 0;

        for (const struct hcs_json *e = hcs_json_first(list); e; e = hcs_json_next(e))
                add_disk(l, text_or(e, "VHDPath", ""), number_or(e, "Partition", UINT64_MAX, 0));
        l->scratch = hcs_json_get_string(given, "ScratchVHDPath");
        for (size_t i = 0; !given && i < n; i++) {
                const char *folder = windows->layerFolders.items[i] ? windows->layerFolders.items[i] : "";
                char *path = oci_path_join(folder, i + 1 < n ? "layer.vhd" : "sandbox.vhdx");

                if (i + 1 < n)
                        add_disk(l, keep(&l->kept, path), 0);
                else
                        l->scratch = keep(&l->kept, path);
        }
}

HRESULT oci_make_lcow(const struct hcs_json *in, struct oci_made *ret, struct hcs_error **err) {
        struct world k = {0};
        struct lcow_layers layers = {0};
        _cleanup_free_ char *config = NULL;
        HRESULT hr = world_init(&k, in, ret, err);

        if (SUCCEEDED(hr)) {
                add_uvm(&k, false);
                find_disks(&k, &layers);
                struct oci_lcow c = {.id = text_or(in, "id", "container"),
                                     .spec = k.spec,
                                     .host = &k.host,
                                     .uvm = k.uvm,
                                     .layers = layers.items,
                                     .n_layers = layers.n,
                                     .scratch = layers.scratch};

                hr = oci_lcow_document(&c, &config, &ret->warnings, err);
                if (SUCCEEDED(hr))
                        ret->document = hcs_strdup(oci_steps_create(&ret->steps, c.id, config));
        }
        free(layers.items);
        hcs_strings_deinit(&layers.kept);
        world_deinit(&k);
        return hr;
}

HRESULT oci_make_job(const struct hcs_json *in, struct oci_made *ret, struct hcs_error **err) {
        struct world k = {0};
        struct oci_job_limits limits;
        HRESULT hr = world_init(&k, in, ret, err);

        if (SUCCEEDED(hr))
                hr = oci_job_limits(k.spec, text_or(in, "id", "container"), k.host.processors, k.host.build, &limits,
                                    &ret->warnings, err);
        if (SUCCEEDED(hr)) {
                _cleanup_json_ struct hcs_json *json = oci_job_limits_json(&limits);

                ret->document = hcs_json_text(json, HCS_JSON_GO);
        }
        world_deinit(&k);
        return hr;
}
