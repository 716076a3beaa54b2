/* SPDX-License-Identifier: MIT */

/* Devices of a machine that runs, by the resource paths of modify requests. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/machine/qemu.h"
#include "platform/clock.h"

#define GUEST_NS (30 * HCS_NS_PER_S) /* for a guest to let go of a device */

#define VM   "VirtualMachine/"
#define SCSI VM "Devices/Scsi/"
#define PMEM VM "Devices/VirtualPMem/Devices/"
#define NICS VM "Devices/NetworkAdapters/"

struct context {
        struct emu_machine *m;
        struct vm *vm;
        const struct emu_change *change;
};

static HRESULT scsi(struct context *c, struct hcs_error **err) {
        const char *name = c->change->path + strlen(SCSI), *slash = strchr(name, '/'),
                   *lun = strrchr(c->change->path, '/') + 1;
        _cleanup_free_ char *controller = hcs_strndup(name, slash ? (size_t)(slash - name) : 0), *path = NULL;
        struct vm_disk disk = {0};
        uint64_t number = 0;
        HRESULT hr = S_OK;

        if (!machine_controller(&c->m->plan, controller, &disk.controller) || !hcs_str_to_u64(lun, &number))
                return hcs_error_make(err, HCS_WIN32(0x490), "there is no SCSI controller `%s`", controller);
        disk.lun = (unsigned)number;
        if (c->change->request != EMU_REMOVE)
                hr = machine_attachment(&c->m->settings, c->change->settings, "Settings", &disk, &path, err);
        if (SUCCEEDED(hr) && c->change->request != EMU_ADD)
                hr = vm_disk_remove(c->vm, disk.controller, disk.lun, err);
        if (SUCCEEDED(hr) && c->change->request != EMU_REMOVE)
                hr = vm_disk_add(c->vm, &disk, err);
        return hr;
}

/* What is plugged in cannot be taken out of a machine that runs: it stays, for the same file to come again. */
static HRESULT pmem(struct context *c, struct hcs_error **err) {
        const struct hcs_json *settings = c->change->settings;
        const char *slot = c->change->path + strlen(PMEM), *host = hcs_json_get_string(settings, "HostPath");
        _cleanup_free_ char *path = NULL;
        struct vm_pmem device = {.read_only = hcs_json_bool(hcs_json_get(settings, "ReadOnly"))};
        struct machine_pmem *known;
        uint64_t number;
        HRESULT hr;

        if (!hcs_str_to_u64(slot, &number) || number >= VM_PMEM)
                return hcs_error_make(err, E_NOTIMPL, "`%s`: mappings of persistent memory cannot be made in QEMU",
                                      slot);
        known = &c->m->pmem[number];
        if (c->change->request == EMU_REMOVE)
                return S_OK;
        hr = machine_file(&c->m->settings, host ? host : "", "Settings.HostPath", &path, err);
        if (FAILED(hr))
                return hr;
        if (known->path && hcs_streq(known->path, path) && known->read_only == device.read_only)
                return S_OK;
        if (known->path)
                return hcs_error_make(err, E_NOTIMPL,
                                      "`%s` was device %s: QEMU cannot take persistent memory out of a running machine",
                                      known->path, slot);
        device.number = (unsigned)number;
        hr = machine_pmem_prepare(&c->m->plan, path, "Settings.HostPath", &device, err);
        if (SUCCEEDED(hr))
                hr = vm_pmem_add(c->vm, &device, err);
        if (SUCCEEDED(hr))
                *known = (struct machine_pmem){steal_pointer(&path), device.read_only};
        return hr;
}

static HRESULT adapter_add(struct context *c, struct machine_adapter *slot, struct hcs_error **err) {
        const struct emu_adapter *a = c->change->adapter;
        struct vm_nic nic = {.kind = VM_NIC_NETWORK, .mac = a->mac, .address = a->address};
        _cleanup_free_ char *id = machine_name(a->name);
        HRESULT hr = emu_switch_enter(c->m->settings.switches, a, &nic.network, err);

        if (FAILED(hr))
                return hr;
        nic.id = id;
        hr = vm_nic_add(c->vm, &nic, err);
        if (FAILED(hr)) {
                emu_switch_leave(c->m->settings.switches, a->network);
                return hr;
        }
        *slot = (struct machine_adapter){steal_pointer(&id), hcs_strdup(a->network)};
        return S_OK;
}

static HRESULT adapter_remove(struct context *c, struct machine_adapter *slot, struct hcs_error **err) {
        HRESULT hr = vm_nic_remove(c->vm, slot->id, hcs_clock_ns() + GUEST_NS, err);

        if (FAILED(hr))
                return hr;
        emu_switch_leave(c->m->settings.switches, slot->network);
        free(slot->network);
        free(slot->id);
        *slot = (struct machine_adapter){0};
        return S_OK;
}

static HRESULT adapter_connect(struct context *c, struct machine_adapter *slot, struct hcs_error **err) {
        const struct emu_adapter *a = c->change->adapter;
        struct vm_network *network = NULL;
        HRESULT hr = emu_switch_enter(c->m->settings.switches, a, &network, err);

        if (SUCCEEDED(hr))
                hr = vm_nic_connect(c->vm, slot->id, network, a->address, err);
        if (FAILED(hr)) {
                if (network)
                        emu_switch_leave(c->m->settings.switches, a->network);
                return hr;
        }
        emu_switch_leave(c->m->settings.switches, slot->network);
        free(slot->network);
        slot->network = hcs_strdup(a->network);
        return S_OK;
}

static HRESULT adapter(struct context *c, struct hcs_error **err) {
        _cleanup_free_ char *id = machine_name(c->change->path + strlen(NICS));
        struct machine_adapter *slot = NULL, *empty = NULL;

        for (size_t i = 0; i < VM_NICS; i++) {
                if (hcs_streq(c->m->adapters[i].id, id))
                        slot = &c->m->adapters[i];
                if (!c->m->adapters[i].id && !empty)
                        empty = &c->m->adapters[i];
        }
        if (c->change->request == EMU_ADD) {
                if (slot)
                        return hcs_error_make(err, HCS_WIN32(183), "there is an adapter %s", id);
                if (!empty)
                        return hcs_error_make(err, HCS_WIN32(1450), "there are %d adapters at most", VM_NICS);
                return adapter_add(c, empty, err);
        }
        if (!slot)
                return hcs_error_make(err, HCS_WIN32(0x490), "there is no adapter %s", id);
        return c->change->request == EMU_REMOVE ? adapter_remove(c, slot, err) : adapter_connect(c, slot, err);
}

static HRESULT memory(struct context *c, struct hcs_error **err) {
        uint64_t mb = 0;

        if (!hcs_json_u64(c->change->settings, &mb) || mb == 0 || mb > UINT32_MAX)
                return hcs_error_make(err, E_INVALIDARG, "Settings: a number of megabytes is expected");
        return vm_memory_set(c->vm, (unsigned)mb, err);
}

static HRESULT processors(struct context *c, struct hcs_error **err) {
        uint64_t n = 0;

        if (!hcs_json_u64(c->change->settings, &n) || n == 0 || n > UINT32_MAX)
                return hcs_error_make(err, E_INVALIDARG, "Settings: a number of processors is expected");
        return vm_processors_set(c->vm, (unsigned)n, err);
}

static HRESULT share(struct context *c, struct hcs_error **err) {
        HRESULT hr = S_OK;

        if (c->change->request != EMU_ADD)
                hr = machine_share_remove(c->m, c->change->settings, err);
        if (SUCCEEDED(hr) && c->change->request != EMU_REMOVE)
                hr = machine_share_add(c->m, c->change->settings, "Settings", err);
        return hr;
}

static HRESULT without(struct context *c, struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, "`%s`: QEMU's machine has no such thing", c->change->path);
}

/* By the beginning of the path; what is not here is only kept in the model. */
static const struct {
        const char *prefix;
        HRESULT (*modify)(struct context *c, struct hcs_error **err);
} resources[] = {
        {SCSI, scsi},
        {PMEM, pmem},
        {NICS, adapter},
        {VM "ComputeTopology/Memory/SizeInMB", memory},
        {VM "ComputeTopology/Processor/Count", processors},
        {VM "Devices/Plan9/Shares", share},
        {VM "Devices/ComPorts/", without},
        {VM "Devices/VirtualPci/", without},
        {VM "Devices/FlexibleIov/", without},
        {VM "Devices/SharedMemory/", without},
        {VM "Devices/VirtualSmb/", without},
        {VM "Devices/MappedPipes/", without},
};

HRESULT emu_machine_modify(struct emu_machine *m, const struct emu_change *change, struct hcs_error **err) {
        struct context c = {m, machine_running(m), change};

        if (!c.vm)
                return hcs_error_make(err, HCS_E_INVALID_STATE, "the machine is not started");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(resources); i++)
                if (hcs_str_starts(change->path, resources[i].prefix))
                        return resources[i].modify(&c, err);
        return S_OK;
}
