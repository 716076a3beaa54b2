/* SPDX-License-Identifier: MIT */

/* Mounts of a Linux container: disks, folders and files of the host come into the guest; the rest is the guest's. */

#include <string.h>

#include "base/str.h"
#include "oci/lcow_private.h"

#define HUGEPAGES_PREFIX "hugepages://"

static void set(char **member, const char *value) {
        free(*member);
        *member = hcs_strdup(value);
}

static int by_name(const void *a, const void *b) {
        const char *x = *(char *const *)a, *y = *(char *const *)b;

        return strcmp(x ? x : "", y ? y : "");
}

/* A device node for a destination that asks for one, else a file system. */
static HRESULT add_disk(struct lcow_work *k, struct hcs_schema_oci_mount *m, struct hcs_error **err) {
        struct uvm_disk_mount how = {.block_device = hcs_str_starts(m->destination, "blockdev://"),
                                     .options = m->options.items,
                                     .n_options = m->options.n};
        const char *guest_path;
        HRESULT hr;

        /* hcsshim sorts them where they are, to compare mounts: the specification shows it. */
        if (m->options.n)
                qsort(m->options.items, m->options.n, sizeof(char *), by_name);
        hr = oci_disk_mount_add(k->c->uvm, m, &how, &k->uses, &guest_path, err);
        if (FAILED(hr))
                return hr;
        set(&m->type, how.block_device ? "bind" : "none");
        set(&m->source, guest_path);
        return S_OK;
}

static HRESULT check_hugepages(const char *source, struct hcs_error **err) {
        const char *size = source + strlen(HUGEPAGES_PREFIX);
        size_t n = strcspn(size, "/");

        if (!size[n])
                return hcs_error_make(err, E_INVALIDARG,
                                      "%s mount path is invalid, expected format: " HUGEPAGES_PREFIX
                                      "<hugepage-size>/<hugepage-src-location>",
                                      source);
        if (n != 2 || strncmp(size, "2M", 2) != 0)
                return hcs_error_make(err, E_INVALIDARG, "only 2M (megabytes) pagesize is supported, got %.*s", (int)n,
                                      size);
        return S_OK;
}

/* A folder as a share of its own; a file as a share of its folder that allows only it. */
static HRESULT add_share(struct lcow_work *k, struct hcs_schema_oci_mount *m, size_t index, struct hcs_error **err) {
        _cleanup_free_ char *guest = hcs_asprintf("%s/mounts/m%zu", k->root, index), *folder = NULL, *missing = NULL;
        _cleanup_free_ char *in_guest = NULL;
        const char *file;
        struct uvm_file f;
        uvm_ticket ticket;
        HRESULT hr;

        if (!k->c->host->stat(k->c->host->ctx, m->source, &f)) {
                missing = uvm_no_such_file(m->source);
                return hcs_error_make(err, HCS_WIN32(2), "could not open bind mount target: %s", missing);
        }
        file = f.is_directory ? NULL : uvm_file_base(m->source);
        folder = file ? uvm_file_parent(m->source) : hcs_strdup(m->source);
        hr = uvm_devices_add_plan9(k->c->uvm, folder, guest, oci_mount_is_read_only(m), file, &ticket, err);
        if (FAILED(hr))
                return oci_mount_wrap(err, hr, "adding plan9 mount", m);
        oci_uses_add(&k->uses, ticket);
        in_guest = file ? hcs_asprintf("%s/%s", guest, file) : hcs_strdup(guest);
        set(&m->source, in_guest);
        return S_OK;
}

static HRESULT add_mount(struct lcow_work *k, size_t index, struct hcs_error **err) {
        struct hcs_schema_oci_mount *m = &k->c->spec->mounts.items[index];
        HRESULT hr;

        if (!hcs_streq(m->type, "bind") && !oci_mount_is_disk(m))
                return S_OK;
        hr = oci_mount_check(m, err);
        if (FAILED(hr))
                return hr;
        if (oci_mount_is_disk(m))
                return add_disk(k, m, err);
        if (hcs_str_starts(m->source, OCI_SANDBOX_PREFIX) || hcs_str_starts(m->source, "sandbox-tmp://") ||
            hcs_str_starts(m->source, OCI_UVM_PREFIX))
                return S_OK;
        if (hcs_str_starts(m->source, HUGEPAGES_PREFIX))
                return check_hugepages(m->source, err);
        return add_share(k, m, index, err);
}

HRESULT lcow_add_mounts(struct lcow_work *k, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t i = 0; i < k->c->spec->mounts.n && SUCCEEDED(hr); i++)
                hr = add_mount(k, i, err);
        return hr;
}
