/* SPDX-License-Identifier: MIT */

/* Devices that come and go while a machine runs. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/vm/machine.h"
#include "platform/clock.h"

#define NOT_FOUND      HCS_WIN32(1168)
#define ALREADY_EXISTS HCS_WIN32(183)
#define MODULE_MB      128u

static HRESULT execute(struct vm *vm, const char *command, struct hcs_json *arguments, struct hcs_error **err) {
        return qmp_execute(&vm->qmp, command, arguments, hcs_clock_ns() + MACHINE_QMP_TIMEOUT, NULL, err);
}

static struct hcs_json *named(const char *member, const char *value) {
        struct hcs_json *j = hcs_json_new_object();

        hcs_json_set_string(j, member, value);
        return j;
}

static HRESULT in_context(struct vm *vm, HRESULT hr, struct hcs_error **err, const char *what, const char *which) {
        if (FAILED(hr))
                hcs_error_wrap(err, "%s: %s %s", vm->options.name, what, which);
        return hr;
}

void machine_device_deleted(struct vm *vm, const char *id) {
        for (unsigned i = 0; id && i < VM_CONTROLLERS * VM_LUNS; i++) {
                bool *going = &vm->disks_going[i / VM_LUNS][i % VM_LUNS];
                char name[32];

                snprintf(name, sizeof(name), "scsi-%u-%u", i / VM_LUNS, i % VM_LUNS);
                if (*going && hcs_streq(id, name))
                        *going = false;
        }
        for (unsigned i = 0; id && i < vm->options.free_slots; i++) {
                struct machine_slot *s = &vm->slots[i];

                if (s->going && hcs_streq(s->id, id)) {
                        s->id = hcs_free(s->id);
                        s->going = false;
                }
        }
        hcs_cond_broadcast(&vm->changed);
}

HRESULT vm_disk_add(struct vm *vm, const struct vm_disk *d, struct hcs_error **err) {
        char place[32];
        struct hcs_json *block;
        HRESULT hr;

        snprintf(place, sizeof(place), "%u:%u", d->controller, d->lun);
        if (d->controller >= vm->options.controllers || d->lun >= VM_LUNS)
                return hcs_error_make(err, E_INVALIDARG, "%s: no SCSI %s", vm->options.name, place);
        {
                hcs_guard(&vm->lock);
                if (vm->disks[d->controller][d->lun])
                        return hcs_error_make(err, ALREADY_EXISTS, "%s: there is a disk at SCSI %s", vm->options.name,
                                              place);
                vm->disks[d->controller][d->lun] = true;
        }
        block = machine_disk_block(d, err);
        hr = block ? execute(vm, "blockdev-add", block, err) : E_FAIL;
        if (!block && err)
                hr = hcs_error_hresult(*err);
        if (SUCCEEDED(hr)) {
                hr = execute(vm, "device_add", machine_disk_device(d), err);
                if (FAILED(hr)) {
                        _cleanup_free_ char *node = hcs_asprintf("disk-%u-%u", d->controller, d->lun);

                        execute(vm, "blockdev-del", named("node-name", node), NULL);
                }
        }
        if (FAILED(hr)) {
                hcs_guard(&vm->lock);
                vm->disks[d->controller][d->lun] = false;
        }
        return in_context(vm, hr, err, "add the disk", place);
}

/* QEMU is done with a disk a moment after it took it away from the guest. */
static HRESULT wait_for_disk(struct vm *vm, unsigned controller, unsigned lun, struct hcs_error **err) {
        uint64_t deadline = hcs_clock_ns() + MACHINE_QMP_TIMEOUT;
        hcs_guard(&vm->lock);

        while (vm->disks_going[controller][lun]) {
                if (vm->state == MACHINE_ENDED)
                        return hcs_error_make(err, HCS_E_UNEXPECTED_EXIT, "the machine has ended");
                if (!hcs_cond_wait_until(&vm->changed, &vm->lock, deadline) && vm->disks_going[controller][lun])
                        return hcs_error_make(err, HCS_E_OPERATION_TIMEOUT, "QEMU does not let go of it");
        }
        return S_OK;
}

HRESULT vm_disk_remove(struct vm *vm, unsigned controller, unsigned lun, struct hcs_error **err) {
        _cleanup_free_ char *place = hcs_asprintf("%u:%u", controller, lun),
                            *id = hcs_asprintf("scsi-%u-%u", controller, lun),
                            *node = hcs_asprintf("disk-%u-%u", controller, lun);
        HRESULT hr;

        {
                hcs_guard(&vm->lock);
                if (controller >= VM_CONTROLLERS || lun >= VM_LUNS || !vm->disks[controller][lun])
                        return hcs_error_make(err, NOT_FOUND, "%s: no disk at SCSI %s", vm->options.name, place);
                vm->disks_going[controller][lun] = true;
        }
        hr = execute(vm, "device_del", named("id", id), err);
        if (SUCCEEDED(hr))
                hr = wait_for_disk(vm, controller, lun, err);
        if (SUCCEEDED(hr))
                hr = execute(vm, "blockdev-del", named("node-name", node), err);
        if (SUCCEEDED(hr)) {
                hcs_guard(&vm->lock);
                vm->disks[controller][lun] = false;
        }
        return in_context(vm, hr, err, "remove the disk", place);
}

/* The bus of a free slot, which is the device's from now on. */
static HRESULT take_slot(struct vm *vm, const char *id, char bus[static 16], struct hcs_error **err) {
        hcs_guard(&vm->lock);
        unsigned free = vm->options.free_slots;

        for (unsigned i = vm->options.free_slots; i-- > 0;) {
                if (hcs_streq(vm->slots[i].id, id))
                        return hcs_error_make(err, ALREADY_EXISTS, "%s: there is a device %s", vm->options.name, id);
                if (!vm->slots[i].id)
                        free = i;
        }
        if (free == vm->options.free_slots)
                return hcs_error_make(err, HCS_WIN32(1450), "%s: all %u slots for devices are taken", vm->options.name,
                                      vm->options.free_slots);
        vm->slots[free].id = hcs_strdup(id);
        snprintf(bus, 16, "slot%u", free);
        return S_OK;
}

static void give_slot(struct vm *vm, const char *id) {
        hcs_guard(&vm->lock);

        for (unsigned i = 0; i < vm->options.free_slots; i++)
                if (hcs_streq(vm->slots[i].id, id))
                        vm->slots[i].id = hcs_free(vm->slots[i].id);
}

HRESULT vm_pmem_add(struct vm *vm, const struct vm_pmem *p, struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_asprintf("pmem-%u", p->number);
        struct hcs_json *memory;
        char bus[16];
        HRESULT hr = machine_pmem_memory(p, &memory, err);

        if (FAILED(hr))
                return in_context(vm, hr, err, "add persistent memory", id);
        for (size_t i = 0; i < vm->options.n_pmem; i++)
                if (vm->options.pmem[i].number == p->number) {
                        hcs_json_free(memory);
                        return hcs_error_make(err, ALREADY_EXISTS, "%s: there is a device %s", vm->options.name, id);
                }
        hr = take_slot(vm, id, bus, err);
        if (FAILED(hr)) {
                hcs_json_free(memory);
                return hr;
        }
        hr = execute(vm, "object-add", memory, err);
        if (SUCCEEDED(hr)) {
                hr = execute(vm, "device_add", machine_pmem_device(p, bus), err);
                if (FAILED(hr)) {
                        _cleanup_free_ char *object = hcs_asprintf("pmem-memory-%u", p->number);

                        execute(vm, "object-del", named("id", object), NULL);
                }
        }
        if (FAILED(hr))
                give_slot(vm, id);
        return in_context(vm, hr, err, "add persistent memory", id);
}

HRESULT vm_nic_add(struct vm *vm, const struct vm_nic *n, struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_asprintf("nic-%s", n->id ? n->id : ""), *network = NULL;
        char bus[16];
        HRESULT hr;

        if (!n->id || !*n->id || strpbrk(n->id, ",= "))
                return hcs_error_make(err, E_INVALIDARG, "%s: an adapter cannot be called `%s`", vm->options.name,
                                      n->id ? n->id : "");
        for (size_t i = 0; i < vm->options.n_nics; i++)
                if (hcs_streq(vm->options.nics[i].id, n->id))
                        return hcs_error_make(err, ALREADY_EXISTS, "%s: there is a device %s", vm->options.name, id);
        hr = take_slot(vm, id, bus, err);
        if (FAILED(hr))
                return hr;
        network = hcs_asprintf("net-%s", n->id);
        hr = execute(vm, "netdev_add", machine_nic_network(n), err);
        if (SUCCEEDED(hr)) {
                hr = execute(vm, "device_add", machine_nic_device(n, bus), err);
                if (FAILED(hr))
                        execute(vm, "netdev_del", named("id", network), NULL);
        }
        if (FAILED(hr))
                give_slot(vm, id);
        return in_context(vm, hr, err, "add the adapter", n->id);
}

/* Is it plugged in? Marks it as going if so. */
static bool let_go(struct vm *vm, const char *id) {
        hcs_guard(&vm->lock);

        for (unsigned i = 0; i < vm->options.free_slots; i++)
                if (hcs_streq(vm->slots[i].id, id))
                        return vm->slots[i].going = true;
        return false;
}

static bool is_gone(const struct vm *vm, const char *id) {
        for (unsigned i = 0; i < vm->options.free_slots; i++)
                if (hcs_streq(vm->slots[i].id, id))
                        return false;
        return true;
}

/* The guest's kernel answers a request to unplug, as with a card that a person wants to pull. */
HRESULT vm_nic_remove(struct vm *vm, const char *name, uint64_t deadline_ns, struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_asprintf("nic-%s", name), *network = hcs_asprintf("net-%s", name);
        HRESULT hr;

        if (!let_go(vm, id))
                return hcs_error_make(err, NOT_FOUND, "%s: no adapter %s that was added", vm->options.name, name);
        hr = execute(vm, "device_del", named("id", id), err);
        if (SUCCEEDED(hr)) {
                hcs_guard(&vm->lock);
                while (SUCCEEDED(hr) && !is_gone(vm, id)) {
                        if (vm->state == MACHINE_ENDED)
                                hr = hcs_error_make(err, HCS_E_UNEXPECTED_EXIT, "the machine has ended");
                        else if (!hcs_cond_wait_until(&vm->changed, &vm->lock, deadline_ns) && !is_gone(vm, id))
                                hr = hcs_error_make(err, HCS_E_OPERATION_TIMEOUT, "the guest does not let go of it");
                }
        }
        if (SUCCEEDED(hr))
                hr = execute(vm, "netdev_del", named("id", network), err);
        return in_context(vm, hr, err, "remove the adapter", name);
}

/*
 * Linux wants its memory in aligned blocks of 128 MB. QEMU would put a module behind whatever else was plugged in; the
 * far end of the room it keeps for such things (as much as may be added, and 1 GB for each slot) is always free.
 * Source: pc_memory_init() of QEMU 7.2, and q35's split at 2.75 GB.
 */
static uint64_t module_address(const struct vm *vm) {
        const uint64_t gb = 1ull << 30;
        uint64_t memory = (uint64_t)vm->options.memory_mb << 20, limit = (uint64_t)vm->options.memory_limit_mb << 20;
        uint64_t above = memory >= 11 * gb / 4 ? memory - 2 * gb : 0;
        uint64_t start = (4 * gb + above + gb - 1) / gb * gb;

        return start + (limit - memory + gb - 1) / gb * gb + (vm->memory_added_mb << 20);
}

static HRESULT add_module(struct vm *vm, struct hcs_error **err) {
        _cleanup_free_ char *object = hcs_asprintf("module-memory-%u", vm->n_modules),
                            *id = hcs_asprintf("module-%u", vm->n_modules);
        struct hcs_json *memory = named("qom-type", "memory-backend-memfd"), *device = named("driver", "pc-dimm");
        HRESULT hr;

        hcs_json_set_string(memory, "id", object);
        hcs_json_set_u64(memory, "size", (uint64_t)MODULE_MB << 20);
        hcs_json_set_bool(memory, "share", true);
        hcs_json_set_string(device, "id", id);
        hcs_json_set_string(device, "memdev", object);
        hcs_json_set_u64(device, "addr", module_address(vm));
        hr = execute(vm, "object-add", memory, err);
        if (FAILED(hr)) {
                hcs_json_free(device);
                return hr;
        }
        hr = execute(vm, "device_add", device, err);
        if (FAILED(hr)) {
                execute(vm, "object-del", named("id", object), NULL);
                return hr;
        }
        vm->n_modules++;
        vm->memory_added_mb += MODULE_MB;
        return S_OK;
}

HRESULT vm_memory_set(struct vm *vm, unsigned mb, struct hcs_error **err) {
        struct hcs_json *balloon = hcs_json_new_object();
        char text[32];
        HRESULT hr = S_OK;

        snprintf(text, sizeof(text), "to %u MB", mb);
        if (mb > vm->options.memory_limit_mb)
                hr = hcs_error_make(err, E_INVALIDARG, "its limit is %u MB", vm->options.memory_limit_mb);
        while (SUCCEEDED(hr) && mb > vm->options.memory_mb + vm->memory_added_mb)
                hr = add_module(vm, err);
        hcs_json_set_u64(balloon, "value", (uint64_t)mb << 20);
        if (SUCCEEDED(hr))
                hr = execute(vm, "balloon", balloon, err);
        else
                hcs_json_free(balloon);
        return in_context(vm, hr, err, "set the memory", text);
}
