/* SPDX-License-Identifier: MIT */

/* Disks of a utility VM: attachments to its SCSI controllers, and mounts of them in the guest, each with its users. */

#include <string.h>

#include "base/str.h"
#include "uvm/devices/private.h"

struct uvm_attachment {
        char *type, *path, *evd_type;
        bool read_only;
        size_t slot;
        unsigned users; /* mounts, and who only has it attached */
};
struct uvm_mount {
        struct uvm_attachment *attachment;
        char *guest_path, *filesystem, *verity;
        struct hcs_strings options;
        uint64_t partition;
        bool encrypted, ensure_filesystem, block_device;
        unsigned users;
};

static void free_attachment(struct uvm_attachment *a) {
        if (!a)
                return;
        free(a->type);
        free(a->path);
        free(a->evd_type);
        free(a);
}

static void free_mount(struct uvm_mount *m) {
        if (!m)
                return;
        free(m->guest_path);
        free(m->filesystem);
        free(m->verity);
        hcs_strings_deinit(&m->options);
        free(m);
}

void uvm_free_disks(struct uvm_devices *u) {
        for (size_t i = 0; i < u->n_mounts; i++)
                free_mount(u->mounts[i]);
        for (size_t i = 0; i < u->n_attachments; i++)
                free_attachment(u->attachments[i]);
        free(u->mounts);
        free(u->attachments);
}

static char *attachment_resource(size_t slot) {
        /* As hcsshim names them: version 5 GUIDs of "0" to "3". */
        static const char *const controllers[] = {
                "df6d0690-79e5-55b6-a5ec-c1e2f77f580a", "0110f83b-de10-5172-a266-78bca56bf50a",
                "b5d2d8d4-3a75-51bf-945b-3444dc6b8579", "305891a9-b251-5dfe-91a2-c25d9212275b"};

        return hcs_asprintf("VirtualMachine/Devices/Scsi/%s/Attachments/%zu", controllers[slot / UVM_LUNS],
                            slot % UVM_LUNS);
}

static char *text(const char *s) {
        return (char *)(uintptr_t)s;
}

/* The request to the guest. what: "Add" or "Remove", which names less. */
static HRESULT request_mount(struct uvm_devices *u, const struct uvm_mount *m, const char *what,
                             struct hcs_error **err) {
        bool add = hcs_streq(what, "Add");
        uint8_t lun = (uint8_t)(m->attachment->slot % UVM_LUNS), controller = (uint8_t)(m->attachment->slot / UVM_LUNS);
        struct hcs_schema_guest_wcow_mapped_virtual_disk windows = {.ContainerPath = m->guest_path, .Lun = lun};
        struct hcs_schema_guest_lcow_mapped_virtual_disk linux_disk = {.MountPath = m->guest_path,
                                                                       .Lun = lun,
                                                                       .Controller = controller,
                                                                       .Partition = m->partition,
                                                                       .ReadOnly = m->attachment->read_only,
                                                                       .Encrypted = m->encrypted,
                                                                       .BlockDev = m->block_device};
        const struct hcs_schema_type *verity_type = hcs_schema_type_at(HCS_SCHEMA_GUEST_DEVICE_VERITY_INFO);
        _cleanup_free_ char *settings = NULL;
        void *verity = NULL;
        HRESULT hr = m->verity ? hcs_schema_parse(verity_type, m->verity, strlen(m->verity), &verity, err) : S_OK;

        if (FAILED(hr))
                return hr;
        linux_disk.VerityInfo = verity;
        if (add) {
                linux_disk.EnsureFilesystem = m->ensure_filesystem;
                linux_disk.Filesystem = m->filesystem;
                linux_disk.Options.items = m->options.items;
                linux_disk.Options.n = m->options.n;
        }
        settings = u->s.is_windows
                           ? hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_GUEST_WCOW_MAPPED_VIRTUAL_DISK),
                                                      &windows)
                           : hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_GUEST_LCOW_MAPPED_VIRTUAL_DISK),
                                                      &linux_disk);
        hcs_schema_free(verity_type, verity);
        return uvm_request(u, what, "MappedVirtualDisk", settings, err);
}

static HRESULT detach(struct uvm_devices *u, struct uvm_attachment *a, struct hcs_error **err) {
        struct hcs_schema_guest_scsi_device device = {.Controller = (uint8_t)(a->slot / UVM_LUNS),
                                                      .Lun = (uint8_t)(a->slot % UVM_LUNS)};
        _cleanup_free_ char *resource = attachment_resource(a->slot), *settings = NULL;
        HRESULT hr = S_OK;

        u->attachments[a->slot] = NULL;
        free_attachment(a);
        if (!u->s.is_windows) {
                settings = hcs_schema_print_no_html(hcs_schema_type_at(HCS_SCHEMA_GUEST_SCSI_DEVICE), &device);
                hr = uvm_request(u, "Remove", "SCSIDevice", settings, err);
        }
        return FAILED(hr) ? hr : uvm_modify(u, resource, "Remove", NULL, err);
}

static HRESULT release_mount(struct uvm_devices *u, void *object, struct hcs_error **err) {
        struct uvm_mount *m = object;
        struct uvm_attachment *a = m->attachment;
        HRESULT hr;

        if (--m->users)
                return S_OK;
        hr = request_mount(u, m, "Remove", err);
        for (size_t i = 0; i < u->n_mounts; i++)
                if (u->mounts[i] == m)
                        u->mounts[i] = NULL;
        free_mount(m);
        if (FAILED(hr) || --a->users)
                return hr;
        return detach(u, a, err);
}

static HRESULT find_slot(struct uvm_devices *u, size_t *ret, struct hcs_error **err) {
        size_t all = (size_t)u->s.scsi_controllers * UVM_LUNS, i = u->s.reserved_luns;

        if (!u->attachments) {
                u->n_attachments = all;
                u->attachments = hcs_calloc(all ? all : 1, sizeof(struct uvm_attachment *));
        }
        while (i < all && u->attachments[i])
                i++;
        if (i >= all)
                return hcs_error_make(err, HCS_WIN32(112), "no available location");
        *ret = i;
        return S_OK;
}

static HRESULT attach(struct uvm_devices *u, const struct uvm_disk *d, struct uvm_attachment **ret,
                      struct hcs_error **err) {
        struct hcs_schema_attachment document = {.Type = text(d->type),
                                                 .Path = text(d->path),
                                                 .ReadOnly = d->read_only,
                                                 .ExtensibleVirtualDiskType = text(d->evd_type)};
        _cleanup_free_ char *settings = NULL, *resource = NULL;
        struct uvm_attachment *a;
        size_t slot = 0;
        HRESULT hr = d->grant ? u->sink->grant(u->sink->ctx, d->path, err) : S_OK;

        if (SUCCEEDED(hr))
                hr = find_slot(u, &slot, err);
        if (FAILED(hr))
                return hr;
        resource = attachment_resource(slot);
        settings = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_ATTACHMENT), &document);
        hr = uvm_modify(u, resource, "Add", settings, err);
        if (FAILED(hr))
                return hr;
        a = hcs_calloc(1, sizeof(*a));
        *a = (struct uvm_attachment){
                hcs_strdup(d->type), hcs_strdup(d->path), hcs_strdup(d->evd_type), d->read_only, slot, 0};
        u->attachments[slot] = a;
        *ret = a;
        return S_OK;
}

static struct uvm_attachment *find_attachment(const struct uvm_devices *u, const struct uvm_disk *d) {
        for (size_t i = 0; i < u->n_attachments; i++) {
                struct uvm_attachment *a = u->attachments[i];

                if (a && hcs_streq(a->path, d->path) && hcs_streq(a->type, d->type) &&
                    hcs_streq(a->evd_type, d->evd_type) && a->read_only == d->read_only)
                        return a;
        }
        return NULL;
}

/* Options count in any order. */
static bool same_options(const struct uvm_mount *m, const struct uvm_disk_mount *c) {
        if (m->options.n != c->n_options)
                return false;
        for (size_t i = 0; i < c->n_options; i++) {
                size_t here = 0, there = 0;

                for (size_t k = 0; k < c->n_options; k++) {
                        here += hcs_streq(m->options.items[k], c->options[i]);
                        there += hcs_streq(c->options[k], c->options[i]);
                }
                if (here != there)
                        return false;
        }
        return true;
}

static struct uvm_mount *find_mount(const struct uvm_devices *u, const struct uvm_attachment *a,
                                    const struct uvm_disk_mount *c) {
        for (size_t i = 0; i < u->n_mounts; i++) {
                struct uvm_mount *m = u->mounts[i];

                if (m && m->attachment == a && m->partition == c->partition && m->encrypted == c->encrypted &&
                    m->ensure_filesystem == c->ensure_filesystem && m->block_device == c->block_device &&
                    hcs_streq(m->filesystem, c->filesystem) && hcs_streq(m->verity, c->verity) && same_options(m, c))
                        return m;
        }
        return NULL;
}

static HRESULT mount_disk(struct uvm_devices *u, struct uvm_attachment *a, const struct uvm_disk_mount *c,
                          struct uvm_mount **ret, struct hcs_error **err) {
        struct uvm_mount *m = hcs_calloc(1, sizeof(*m));
        size_t index = uvm_slot((void ***)&u->mounts, &u->n_mounts, m);
        HRESULT hr;

        m->attachment = a;
        m->guest_path = c->guest_path     ? hcs_strdup(c->guest_path)
                        : u->s.is_windows ? hcs_asprintf("c:\\mounts\\scsi\\m%zu", index)
                                          : hcs_asprintf("/run/mounts/scsi/m%zu", index);
        m->filesystem = hcs_strdup(c->filesystem);
        m->verity = hcs_strdup(c->verity);
        m->partition = c->partition;
        m->encrypted = c->encrypted;
        m->ensure_filesystem = c->ensure_filesystem;
        m->block_device = c->block_device;
        for (size_t i = 0; i < c->n_options; i++)
                hcs_strings_add(&m->options, hcs_strdup(c->options[i]));
        hr = request_mount(u, m, "Add", err);
        if (FAILED(hr)) {
                u->mounts[index] = NULL;
                free_mount(m);
                return hr;
        }
        a->users++;
        *ret = m;
        return S_OK;
}

HRESULT uvm_devices_add_disk(struct uvm_devices *u, const struct uvm_disk *disk, const struct uvm_disk_mount *mount,
                             uvm_ticket *ret, const char **ret_path, struct hcs_error **err) {
        struct uvm_attachment *a = find_attachment(u, disk);
        struct uvm_mount *m = a ? find_mount(u, a, mount) : NULL;
        HRESULT hr;

        if (!a && FAILED(hr = attach(u, disk, &a, err)))
                return hr;
        if (!m && FAILED(hr = mount_disk(u, a, mount, &m, err))) {
                if (!a->users)
                        detach(u, a, NULL);
                return hr;
        }
        m->users++;
        *ret = uvm_use_new(u, release_mount, NULL, m);
        *ret_path = m->guest_path;
        return S_OK;
}

static HRESULT release_attachment(struct uvm_devices *u, void *object, struct hcs_error **err) {
        struct uvm_attachment *a = object;

        return --a->users ? S_OK : detach(u, a, err);
}

HRESULT uvm_devices_attach_disk(struct uvm_devices *u, const struct uvm_disk *disk, uvm_ticket *ret,
                                struct uvm_location *ret_location, struct hcs_error **err) {
        struct uvm_attachment *a = find_attachment(u, disk);
        HRESULT hr = a ? S_OK : attach(u, disk, &a, err);

        if (FAILED(hr))
                return hr;
        a->users++;
        *ret = uvm_use_new(u, release_attachment, NULL, a);
        *ret_location = (struct uvm_location){(unsigned)(a->slot / UVM_LUNS), (unsigned)(a->slot % UVM_LUNS)};
        return S_OK;
}
