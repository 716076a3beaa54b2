/* SPDX-License-Identifier: MIT */

/* Mounts of a Windows container: what the VM is given for them, and what the documents say. */

#include <string.h>

#include "base/str.h"
#include "oci/wcow_private.h"

#define SANDBOX_FOLDER "C:\\SandboxMounts"

void wcow_documents_deinit(struct wcow_documents *d) {
        for (size_t i = 0; i < d->n_disks; i++) {
                free(d->disks[i].guest_path);
                free(d->disks[i].destination);
        }
        free(d->disks);
}

static HRESULT add_disk(const struct oci_wcow *c, const struct hcs_schema_oci_mount *m, struct oci_uses *uses,
                        struct wcow_documents *d, struct hcs_error **err) {
        static const struct uvm_disk_mount how;
        const char *guest_path;
        HRESULT hr = oci_disk_mount_add(c->uvm, m, &how, uses, &guest_path, err);

        if (FAILED(hr))
                return hr;
        d->disks = hcs_realloc(d->disks, (d->n_disks + 1) * sizeof(*d->disks));
        d->disks[d->n_disks++] =
                (struct wcow_disk){hcs_strdup(guest_path), hcs_strdup(m->destination), oci_mount_is_read_only(m)};
        return S_OK;
}

static HRESULT add_pipe(const struct oci_wcow *c, const struct hcs_schema_oci_mount *m, const struct oci_pipe *pipe,
                        struct oci_uses *uses, struct hcs_error **err) {
        uvm_ticket ticket;
        HRESULT hr;

        if (pipe->is_in_uvm)
                return S_OK;
        hr = uvm_devices_add_pipe(c->uvm, m->source, &ticket, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to add named pipe to UVM"), hr;
        oci_uses_add(uses, ticket);
        return S_OK;
}

static HRESULT allocate(const struct oci_wcow *c, const struct hcs_schema_oci_mount *m, struct oci_uses *uses,
                        struct wcow_documents *d, struct hcs_error **err) {
        struct oci_pipe pipe;
        uvm_ticket ticket;
        HRESULT hr = oci_mount_check(m, err);

        if (FAILED(hr))
                return hr;
        if (m->type && *m->type && !oci_mount_is_disk(m))
                return hcs_error_make(err, E_INVALIDARG, "invalid OCI spec - Type '%s' not supported", m->type);
        if (oci_mount_is_disk(m))
                return add_disk(c, m, uses, d, err);
        if (oci_mount_pipe(m, uvm_devices_settings(c->uvm)->id, &pipe)) {
                hr = add_pipe(c, m, &pipe, uses, err);
                oci_pipe_deinit(&pipe);
                return hr;
        }
        if (hcs_str_starts(m->source, OCI_SANDBOX_PREFIX))
                return S_OK;
        if (hcs_str_starts(m->source, OCI_UVM_PREFIX))
                return hcs_error_make(err, E_INVALIDARG, "unsupported UVM mount source: %s", m->source);
        hr = uvm_devices_add_vsmb(c->uvm, m->source, oci_mount_is_read_only(m), &ticket, err);
        if (FAILED(hr))
                return oci_mount_wrap(err, hr, "failed to add VSMB share to utility VM for mount", m);
        oci_uses_add(uses, ticket);
        return S_OK;
}

HRESULT wcow_allocate_mounts(const struct oci_wcow *c, struct oci_uses *uses, struct wcow_documents *d,
                             struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t i = 0; i < c->spec->mounts.n && SUCCEEDED(hr); i++)
                hr = allocate(c, &c->spec->mounts.items[i], uses, d, err);
        return hr;
}

/* Takes host_path over. */
static void put_folder(struct hcs_schema_container *v2, char *host_path, const char *destination, bool read_only) {
        size_t n = v2->MappedDirectories.n++;

        v2->MappedDirectories.items =
                hcs_realloc(v2->MappedDirectories.items, (n + 1) * sizeof(*v2->MappedDirectories.items));
        v2->MappedDirectories.items[n] = (struct hcs_schema_mapped_directory){
                .HostPath = host_path, .ContainerPath = hcs_strdup(destination), .ReadOnly = read_only};
}

static void put_pipe(struct wcow_documents *d, const struct oci_pipe *pipe) {
        size_t n = d->v2->MappedPipes.n++;

        d->v1->MappedPipes.n++;
        d->v1->MappedPipes.items = hcs_realloc(d->v1->MappedPipes.items, (n + 1) * sizeof(*d->v1->MappedPipes.items));
        d->v1->MappedPipes.items[n] = (struct hcs_schema_v1_mapped_pipe){.HostPath = hcs_strdup(pipe->host_path),
                                                                         .ContainerPipeName = hcs_strdup(pipe->name)};
        d->v2->MappedPipes.items = hcs_realloc(d->v2->MappedPipes.items, (n + 1) * sizeof(*d->v2->MappedPipes.items));
        d->v2->MappedPipes.items[n] = (struct hcs_schema_mapped_pipe){.HostPath = hcs_strdup(pipe->host_path),
                                                                      .ContainerPipeName = hcs_strdup(pipe->name)};
}

/* Where the container finds the mount's source: on the host's volume, or in the VM. Caller frees. */
static HRESULT find_source(const struct oci_wcow *c, const struct hcs_schema_oci_mount *m, char **ret,
                           struct hcs_error **err) {
        _cleanup_free_ char *quoted = NULL, *missing = NULL;
        char *path;

        if (!c->uvm) {
                path = c->host->resolve(c->host->ctx, m->source);
        } else if (hcs_str_starts(m->source, OCI_SANDBOX_PREFIX)) {
                path = oci_path_join(SANDBOX_FOLDER, m->source + strlen(OCI_SANDBOX_PREFIX));
        } else {
                path = uvm_devices_vsmb_path(c->uvm, m->source, oci_mount_is_read_only(m));
        }
        if (!path) {
                quoted = hcs_str_go_quoted(m->source);
                missing = uvm_no_such_file(m->source);
                return hcs_error_make(err, HCS_WIN32(2), "failed to resolve path for mount source %s: %s", quoted,
                                      missing);
        }
        *ret = path;
        return S_OK;
}

static void put_v1_folder(struct hcs_schema_v1_container_config *v1, const struct hcs_schema_oci_mount *m) {
        size_t n = v1->MappedDirectories.n++;

        v1->MappedDirectories.items =
                hcs_realloc(v1->MappedDirectories.items, (n + 1) * sizeof(*v1->MappedDirectories.items));
        v1->MappedDirectories.items[n] = (struct hcs_schema_v1_mapped_dir){.HostPath = hcs_strdup(m->source),
                                                                           .ContainerPath = hcs_strdup(m->destination),
                                                                           .ReadOnly = oci_mount_is_read_only(m)};
}

static HRESULT put_mount(struct wcow_documents *d, const struct oci_wcow *c, const struct hcs_schema_oci_mount *m,
                         struct hcs_error **err) {
        struct oci_pipe pipe;
        char *source = NULL;
        HRESULT hr = oci_mount_check(m, err);

        if (FAILED(hr))
                return hr;
        if (oci_mount_pipe(m, c->uvm ? uvm_devices_settings(c->uvm)->id : NULL, &pipe)) {
                put_pipe(d, &pipe);
                oci_pipe_deinit(&pipe);
                return S_OK;
        }
        /* A pipe that goes nowhere a pipe can go is left out, as in hcsshim. */
        if (hcs_str_starts(m->source, OCI_PIPE_PREFIX) || hcs_str_starts(m->source, OCI_UVM_PREFIX))
                return S_OK;
        if (c->uvm && oci_mount_is_disk(m))
                return S_OK;
        hr = find_source(c, m, &source, err);
        if (FAILED(hr))
                return hr;
        put_folder(d->v2, source, m->destination, oci_mount_is_read_only(m));
        put_v1_folder(d->v1, m);
        return S_OK;
}

HRESULT wcow_set_mounts(struct wcow_documents *d, const struct oci_wcow *c, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t i = 0; i < c->spec->mounts.n && SUCCEEDED(hr); i++)
                hr = put_mount(d, c, &c->spec->mounts.items[i], err);
        /* Disks come last. */
        for (size_t i = 0; i < d->n_disks && SUCCEEDED(hr); i++)
                put_folder(d->v2, hcs_strdup(d->disks[i].guest_path), d->disks[i].destination, d->disks[i].read_only);
        return hr;
}
