/* SPDX-License-Identifier: MIT */

#include "uvm/devices/devices.h"

#include "base/json.h"
#include "base/str.h"
#include "hcsshim/guid.h"
#include "uvm/devices/private.h"

#define NUMA_BUILD 26100u

struct uvm_device {
        char *path;
        uint16_t function;
        char guid[HCS_GUID_TEXT_SIZE];
        unsigned users;
};

struct uvm_devices *uvm_devices_new(const struct uvm_devices_settings *settings, const struct uvm_sink *sink) {
        struct uvm_devices *u = hcs_calloc(1, sizeof(*u));

        u->s = *settings;
        if (u->s.scsi_controllers > 4)
                u->s.scsi_controllers = 4;
        u->sink = sink;
        return u;
}

struct uvm_devices *uvm_devices_free(struct uvm_devices *u) {
        if (!u)
                return NULL;
        uvm_free_disks(u);
        uvm_free_vpmem(u);
        uvm_free_shares(u);
        for (size_t i = 0; i < u->n_devices; i++) {
                if (u->devices[i])
                        free(u->devices[i]->path);
                free(u->devices[i]);
        }
        free(u->devices);
        for (size_t i = 0; i < u->n_uses; i++)
                if (u->uses[i].release && u->uses[i].drop)
                        u->uses[i].drop(u->uses[i].object);
        free(u->uses);
        free(u);
        return NULL;
}

const struct uvm_devices_settings *uvm_devices_settings(const struct uvm_devices *u) {
        return &u->s;
}

bool uvm_stat(const struct uvm_devices *u, const char *path, struct uvm_file *ret) {
        return u->s.stat && u->s.stat(u->s.stat_ctx, path, ret);
}

uvm_ticket uvm_use_new(struct uvm_devices *u, HRESULT (*release)(struct uvm_devices *, void *, struct hcs_error **),
                       void (*drop)(void *), void *object) {
        u->uses = hcs_realloc(u->uses, (u->n_uses + 1) * sizeof(*u->uses));
        u->uses[u->n_uses] = (struct uvm_use){release, drop, object};
        return (uvm_ticket)u->n_uses++;
}

HRESULT uvm_devices_release(struct uvm_devices *u, uvm_ticket ticket, struct hcs_error **err) {
        struct uvm_use use;

        if (ticket >= u->n_uses || !u->uses[ticket].release)
                return hcs_error_make(err, E_INVALIDARG, "ticket %u of %s was released already", ticket, u->s.id);
        use = u->uses[ticket];
        u->uses[ticket].release = NULL;
        return use.release(u, use.object, err);
}

size_t uvm_slot(void ***list, size_t *n, void *object) {
        size_t i = 0;

        while (i < *n && (*list)[i])
                i++;
        if (i == *n) {
                *list = hcs_realloc(*list, (i + 1) * sizeof(**list));
                ++*n;
        }
        (*list)[i] = object;
        return i;
}

HRESULT uvm_modify(struct uvm_devices *u, const char *resource, const char *type, const char *settings,
                   struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf b = {0};

        hcs_buf_puts(&b, "{\"ResourcePath\":");
        hcs_json_print_string(resource, strlen(resource), HCS_JSON_GO, &b);
        hcs_buf_printf(&b, ",\"RequestType\":\"%s\"", type);
        if (settings)
                hcs_buf_printf(&b, ",\"Settings\":%s", settings);
        hcs_buf_putc(&b, '}');
        return u->sink->modify(u->sink->ctx, b.data, err);
}

HRESULT uvm_request(struct uvm_devices *u, const char *type, const char *resource_type, const char *settings,
                    struct hcs_error **err) {
        _cleanup_free_ char *text = hcs_asprintf("{\"RequestType\":\"%s\",\"ResourceType\":\"%s\",\"Settings\":%s}",
                                                 type, resource_type, settings);

        return u->sink->request(u->sink->ctx, text, err);
}

static HRESULT release_pipe(struct uvm_devices *u, void *object, struct hcs_error **err) {
        _cleanup_free_ char *resource = object;

        return uvm_modify(u, resource, "Remove", NULL, err);
}

HRESULT uvm_devices_add_pipe(struct uvm_devices *u, const char *path, uvm_ticket *ret, struct hcs_error **err) {
        _cleanup_free_ char *resource = hcs_asprintf("VirtualMachine/Devices/MappedPipes/%s", path);
        HRESULT hr = uvm_modify(u, resource, "Add", NULL, err);

        if (SUCCEEDED(hr))
                *ret = uvm_use_new(u, release_pipe, free, steal_pointer(&resource));
        return hr;
}

static char *device_resource(const struct uvm_device *d) {
        return hcs_asprintf("VirtualMachine/Devices/VirtualPci/%s", d->guid);
}

static void free_device(struct uvm_devices *u, struct uvm_device *d) {
        for (size_t i = 0; i < u->n_devices; i++)
                if (u->devices[i] == d)
                        u->devices[i] = NULL;
        free(d->path);
        free(d);
}

static HRESULT release_device(struct uvm_devices *u, void *object, struct hcs_error **err) {
        struct uvm_device *d = object;
        _cleanup_free_ char *resource = device_resource(d);

        if (--d->users)
                return S_OK;
        free_device(u, d);
        return uvm_modify(u, resource, "Remove", NULL, err);
}

/* Sends what makes the device appear. */
static HRESULT plug(struct uvm_devices *u, const struct uvm_device *d, struct hcs_error **err) {
        _cleanup_free_ char *resource = device_resource(d), *settings = NULL, *guest = NULL;
        struct hcs_schema_virtual_pci_function function = {.DeviceInstancePath = d->path,
                                                           .VirtualFunction = d->function};
        bool propagate = true;
        struct hcs_schema_virtual_pci_device document = {.Functions = {&function, 1}};
        HRESULT hr;

        if (u->s.build >= NUMA_BUILD)
                document.PropagateNumaAffinity = &propagate;
        settings = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_VIRTUAL_PCI_DEVICE), &document);
        hr = uvm_modify(u, resource, "Add", settings, err);
        if (FAILED(hr) || u->s.is_windows)
                return hr;
        guest = hcs_asprintf("{\"VMBusGUID\":\"%s\"}", d->guid);
        hr = uvm_request(u, "Add", "VPCIDevice", guest, err);
        if (FAILED(hr))
                uvm_modify(u, resource, "Remove", NULL, NULL);
        return hr;
}

HRESULT uvm_devices_add_device(struct uvm_devices *u, const char *instance_path, uint16_t function, uvm_ticket *ret,
                               const char **ret_guid, struct hcs_error **err) {
        struct uvm_device *d = NULL;
        HRESULT hr;
        GUID guid;

        for (size_t i = 0; i < u->n_devices && !d; i++)
                if (u->devices[i] && hcs_streq(u->devices[i]->path, instance_path) &&
                    u->devices[i]->function == function)
                        d = u->devices[i];
        if (!d) {
                hr = u->s.new_guid ? u->s.new_guid(u->s.new_guid_ctx, &guid) : hcs_guid_v4(&guid);
                if (FAILED(hr))
                        return hcs_error_make(err, hr, "no GUID for the device %s", instance_path);
                d = hcs_calloc(1, sizeof(*d));
                d->path = hcs_strdup(instance_path);
                d->function = function;
                hcs_guid_format(&guid, d->guid);
                hr = plug(u, d, err);
                if (FAILED(hr)) {
                        free_device(u, d);
                        return hr;
                }
                uvm_slot((void ***)&u->devices, &u->n_devices, d);
        }
        d->users++;
        *ret = uvm_use_new(u, release_device, NULL, d);
        *ret_guid = d->guid;
        return S_OK;
}

static HRESULT release_layers(struct uvm_devices *u, void *object, struct hcs_error **err) {
        _cleanup_free_ char *settings = object;

        return uvm_request(u, "Remove", "CombinedLayers", settings, err);
}

HRESULT uvm_devices_add_layers(struct uvm_devices *u, const char *container_id, const char *root, const char *scratch,
                               const char *const *layers, size_t n, uvm_ticket *ret, struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_GUEST_LCOW_COMBINED_LAYERS);
        _cleanup_free_ struct hcs_schema_layer *list = hcs_calloc(n ? n : 1, sizeof(*list));
        struct hcs_schema_guest_lcow_combined_layers add = {.ContainerID = (char *)(uintptr_t)container_id,
                                                            .ContainerRootPath = (char *)(uintptr_t)root,
                                                            .ScratchPath = (char *)(uintptr_t)scratch,
                                                            .Layers = {list, n}};
        struct hcs_schema_guest_lcow_combined_layers remove = {.ContainerRootPath = (char *)(uintptr_t)root};
        _cleanup_free_ char *settings = NULL;
        HRESULT hr;

        for (size_t i = 0; i < n; i++)
                list[i].Path = (char *)(uintptr_t)layers[i];
        settings = hcs_schema_print_no_html(type, &add);
        hr = uvm_request(u, "Add", "CombinedLayers", settings, err);
        if (SUCCEEDED(hr))
                *ret = uvm_use_new(u, release_layers, free, hcs_schema_print_no_html(type, &remove));
        return hr;
}
