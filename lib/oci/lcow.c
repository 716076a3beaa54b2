/* SPDX-License-Identifier: MIT */

/* The document of a Linux container: its specification, less what the guest cannot do, with the guest's paths. */

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "oci/check.h"
#include "oci/lcow_private.h"

static const char *own(char **slot, char *value) {
        free(*slot);
        *slot = value;
        return value;
}

/* A layer goes to VPMem while there is room, else to SCSI. */
static HRESULT add_layer(struct lcow_work *k, const struct oci_lcow_layer *layer, const char **ret_path,
                         struct hcs_error **err) {
        const struct uvm_devices_settings *s = uvm_devices_settings(k->c->uvm);
        char *read_only = (char *)(uintptr_t) "ro";
        struct uvm_disk disk = {.type = "VirtualDisk", .path = layer->path, .read_only = true};
        struct uvm_disk_mount mount = {
                .partition = layer->partition, .options = &read_only, .n_options = 1, .verity = layer->verity};
        struct hcs_error *why = NULL;
        uvm_ticket ticket;
        HRESULT hr = UVM_E_NO_VPMEM;

        if (s->vpmem_count && !s->physically_backed && !layer->partition) {
                hr = uvm_devices_add_vpmem(k->c->uvm, layer->path, &ticket, ret_path, &why);
                if (FAILED(hr) && hr != UVM_E_NO_VPMEM) {
                        hcs_error_move(err, &why);
                        return hcs_error_wrap(err, "failed to add VPMEM layer"), hr;
                }
                hcs_error_free(why);
        }
        if (FAILED(hr)) {
                hr = uvm_devices_add_disk(k->c->uvm, &disk, &mount, &ticket, ret_path, err);
                if (FAILED(hr))
                        return hcs_error_wrap(err, "failed to add SCSI layer"), hr;
        }
        oci_uses_add_layer(&k->layers, ticket);
        return S_OK;
}

static HRESULT add_scratch(struct lcow_work *k, struct hcs_error **err) {
        bool encrypted = uvm_devices_settings(k->c->uvm)->encrypt_scratch;
        _cleanup_free_ char *path = k->c->host->resolve(k->c->host->ctx, k->c->scratch), *missing = NULL;
        struct uvm_disk disk = {.type = "VirtualDisk", .path = path, .grant = true};
        struct uvm_disk_mount mount = {.guest_path = k->root,
                                       .encrypted = encrypted,
                                       .ensure_filesystem = true,
                                       .filesystem = encrypted ? "xfs" : "ext4"};
        const char *guest_path;
        uvm_ticket ticket;
        HRESULT hr;

        if (!path) {
                missing = uvm_no_such_file(k->c->scratch);
                return hcs_error_make(err, HCS_WIN32(2), "failed to eval symlinks for %s: %s", k->c->scratch, missing);
        }
        hr = uvm_devices_add_disk(k->c->uvm, &disk, &mount, &ticket, &guest_path, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to add SCSI scratch VHD"), hr;
        oci_uses_add(&k->scratch_use, ticket);
        own(&k->scratch, hcs_asprintf("%s/scratch/%s", guest_path, k->c->id));
        return S_OK;
}

static HRESULT mount_layers(struct lcow_work *k, struct hcs_error **err) {
        _cleanup_free_ const char **paths = hcs_calloc(k->c->n_layers ? k->c->n_layers : 1, sizeof(*paths));
        uvm_ticket ticket;
        HRESULT hr = S_OK;

        for (size_t i = 0; i < k->c->n_layers && SUCCEEDED(hr); i++)
                hr = add_layer(k, &k->c->layers[i], &paths[i], err);
        if (SUCCEEDED(hr))
                hr = add_scratch(k, err);
        if (SUCCEEDED(hr))
                hr = uvm_devices_add_layers(k->c->uvm, k->c->id, k->rootfs, k->scratch, paths, k->c->n_layers, &ticket,
                                            err);
        if (SUCCEEDED(hr))
                oci_uses_add(&k->overlay, ticket);
        if (FAILED(hr))
                hcs_error_wrap(err, "failed to mount container storage");
        return hr;
}

static HRESULT set_root(struct lcow_work *k, struct hcs_error **err) {
        struct hcs_schema_oci_spec *spec = k->c->spec;
        uvm_ticket ticket;
        HRESULT hr = S_OK;

        if (!spec->root)
                spec->root = hcs_calloc(1, sizeof(*spec->root));
        if (k->c->scratch) {
                hr = mount_layers(k, err);
        } else if (spec->root->path && *spec->root->path) {
                hr = uvm_devices_add_plan9(k->c->uvm, spec->root->path, k->rootfs, spec->root->readonly, NULL, &ticket,
                                           err);
                if (FAILED(hr))
                        return hcs_error_wrap(err, "adding plan9 root"), hr;
                oci_uses_add(&k->uses, ticket);
        } else {
                return hcs_error_make(err, E_INVALIDARG, "must provide either Windows.LayerFolders or Root.Path");
        }
        if (SUCCEEDED(hr))
                own(&spec->root->path, hcs_strdup(k->rootfs));
        return hr;
}

/* "PATH/7" is function 7 of the device; the number must be the last part of the path. */
static void split_function(const char *id, char **ret_path, uint16_t *ret_function) {
        const char *base = uvm_file_base(id);
        uint64_t function = 0;
        size_t n = (size_t)(base - id);

        if (base == id || !oci_go_parse_uint(base, 16, &function, NULL)) {
                *ret_path = hcs_strdup(id);
                *ret_function = 0;
                return;
        }
        while (n > 1 && (id[n - 1] == '\\' || id[n - 1] == '/'))
                n--;
        *ret_path = hcs_strndup(id, n);
        for (char *p = *ret_path; *p; p++)
                if (*p == '/')
                        *p = '\\';
        *ret_function = (uint16_t)function;
}

static HRESULT add_devices(struct lcow_work *k, struct hcs_error **err) {
        struct hcs_schema_oci_windows *windows = k->c->spec->windows;

        for (size_t i = 0; windows && i < windows->devices.n; i++) {
                struct hcs_schema_oci_windows_device *d = &windows->devices.items[i];
                const char *id = d->id ? d->id : "", *type = d->idType ? d->idType : "", *guid;
                _cleanup_free_ char *path = NULL;
                uint16_t function;
                uvm_ticket ticket;
                HRESULT hr;

                if (!hcs_streq(type, "vpci") && !hcs_streq(type, "vpci-instance-id") && !hcs_streq(type, "gpu"))
                        return hcs_error_make(err, E_INVALIDARG, "specified device %s has unsupported type %s", id,
                                              type);
                split_function(id, &path, &function);
                hr = uvm_devices_add_device(k->c->uvm, path, function, &ticket, &guid, err);
                if (FAILED(hr))
                        return hcs_error_wrap(err, "failed to assign device %s, function %u to pod %s", path, function,
                                              uvm_devices_settings(k->c->uvm)->id),
                               hr;
                oci_uses_add(&k->uses, ticket);
                own(&d->id, hcs_strdup(guid));
        }
        return S_OK;
}

/* Of the Windows section the guest needs the network namespace and the devices. */
static void filter_windows(struct hcs_schema_oci_spec *spec) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_OCI_WINDOWS);
        struct hcs_schema_oci_windows *old = steal_pointer(&spec->windows), *kept;

        if (!old)
                return;
        kept = hcs_calloc(1, sizeof(*kept));
        if (old->network && old->network->networkNamespace && *old->network->networkNamespace) {
                kept->network = hcs_calloc(1, sizeof(*kept->network));
                kept->network->networkNamespace = steal_pointer(&old->network->networkNamespace);
        }
        kept->devices.items = steal_pointer(&old->devices.items);
        kept->devices.n = old->devices.n;
        old->devices.n = 0;
        hcs_schema_free(type, old);
        if (kept->network || kept->devices.n)
                spec->windows = kept;
        else
                hcs_schema_free(type, kept);
}

static void filter_resources(struct hcs_schema_oci_linux_resources *r) {
        static const char *const unsupported[] = {"devices", "pids", "blockIO", "hugepageLimits", "network"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(unsupported); i++)
                hcs_schema_clear(hcs_schema_type_at(HCS_SCHEMA_OCI_LINUX_RESOURCES), r, unsupported[i]);
        if (r->cpu && r->cpu->period && !*r->cpu->period)
                *r->cpu->period = 100000;
        if (r->cpu && r->cpu->quota && !*r->cpu->quota)
                *r->cpu->quota = -1;
}

/* What the guest cannot do, or has its own way of doing, goes. */
static void filter(struct hcs_schema_oci_spec *spec, struct oci_warnings *w) {
        const struct hcs_schema_type *linux_type = hcs_schema_type_at(HCS_SCHEMA_OCI_LINUX);

        oci_spec_forget_unknown(spec);
        filter_windows(spec);
        hcs_schema_clear(hcs_schema_type_at(HCS_SCHEMA_OCI_SPEC), spec, "hooks");
        if (!spec->linux_)
                return;
        hcs_schema_clear(linux_type, spec->linux_, "cgroupsPath");
        if (oci_annotation_bool(spec, OCI_A_LCOW_PRIVILEGED, false, w))
                hcs_schema_clear(linux_type, spec->linux_, "seccomp");
        if (spec->linux_->resources)
                filter_resources(spec->linux_->resources);
}

static void put_member(struct hcs_buf *b, const char *name, const char *value) {
        hcs_buf_printf(b, ",\"%s\":", name);
        hcs_json_print_string(value, strlen(value), HCS_JSON_GO, b);
}

/* A gcs.LinuxHostedSystem. The specification is printed into it as it is: a tree of it would cost as much again. */
static char *print(const struct lcow_work *k) {
        _cleanup_free_ char *spec = oci_spec_print(k->c->spec);
        _cleanup_buf_ struct hcs_buf b = {0};

        hcs_buf_puts(&b, "{\"SchemaVersion\":{\"Major\":2,\"Minor\":1}");
        put_member(&b, "OciBundlePath", k->root);
        hcs_buf_puts(&b, ",\"OciSpecification\":");
        hcs_buf_puts(&b, spec);
        if (k->scratch)
                put_member(&b, "ScratchDirPath", k->scratch);
        hcs_buf_putc(&b, '}');
        return hcs_buf_steal(&b);
}

/* Closers first, then the overlay, the scratch and the layers. */
static void give_back(struct lcow_work *k) {
        oci_uses_release(&k->uses, k->c->uvm);
        oci_uses_release(&k->overlay, k->c->uvm);
        oci_uses_release(&k->scratch_use, k->c->uvm);
        oci_uses_release(&k->layers, k->c->uvm);
}

/* In the same order, later. */
static void keep(struct lcow_work *k, struct oci_uses *ret) {
        *ret = k->uses;
        k->uses = (struct oci_uses){0};
        for (size_t i = k->overlay.n; i > 0; i--)
                oci_uses_add_layer(ret, k->overlay.items[i - 1]);
        for (size_t i = k->scratch_use.n; i > 0; i--)
                oci_uses_add_layer(ret, k->scratch_use.items[i - 1]);
        for (size_t i = 0; i < k->layers.n_layers; i++)
                oci_uses_add_layer(ret, k->layers.layers[i]);
}

HRESULT oci_lcow_document(const struct oci_lcow *c, char **ret, struct oci_warnings *w, struct hcs_error **err) {
        struct lcow_work k = {.c = c};
        HRESULT hr = oci_container_prepare(c->spec, w, err);

        k.root = hcs_asprintf("/run/gcs/c/%s", c->id);
        k.rootfs = hcs_asprintf("%s/rootfs", k.root);
        if (SUCCEEDED(hr)) {
                if (FAILED(hr = set_root(&k, err)) || FAILED(hr = lcow_add_mounts(&k, err)) ||
                    FAILED(hr = add_devices(&k, err))) {
                        give_back(&k);
                } else {
                        filter(c->spec, w);
                        *ret = print(&k);
                        if (c->uses)
                                keep(&k, c->uses);
                }
        }
        oci_uses_deinit(&k.uses);
        oci_uses_deinit(&k.overlay);
        oci_uses_deinit(&k.scratch_use);
        oci_uses_deinit(&k.layers);
        free(k.root);
        free(k.rootfs);
        free(k.scratch);
        return hr;
}
