/* SPDX-License-Identifier: MIT */

/* Devices that come and go while a machine runs. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/vm/machine.h"
#include "platform/clock.h"

#define NOT_FOUND      HCS_WIN32(1168)
#define ALREADY_EXISTS HCS_WIN32(183)

HRESULT machine_execute(struct vm *vm, const char *command, struct hcs_json *arguments, struct hcs_error **err) {
        return qmp_execute(&vm->qmp, command, arguments, hcs_clock_ns() + MACHINE_QMP_TIMEOUT, NULL, err);
}

struct hcs_json *machine_named(const char *member, const char *value) {
        struct hcs_json *j = hcs_json_new_object();

        hcs_json_set_string(j, member, value);
        return j;
}

HRESULT machine_in_context(struct vm *vm, HRESULT hr, struct hcs_error **err, const char *what, const char *which) {
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
        for (size_t i = 0; id && i <= vm->n_slots; i++) {
                struct machine_slot *s = &vm->slots[i];

                if (s->going && hcs_streq(s->id, id)) {
                        s->id = hcs_free(s->id);
                        s->going = false;
                        if (i == vm->n_slots) /* vsock's, which may go when nobody waits for it any more */
                                vm->vsock_out = true;
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
        hr = block ? machine_execute(vm, "blockdev-add", block, err) : E_FAIL;
        if (!block && err)
                hr = hcs_error_hresult(*err);
        if (SUCCEEDED(hr)) {
                hr = machine_execute(vm, "device_add", machine_disk_device(d), err);
                if (FAILED(hr)) {
                        _cleanup_free_ char *node = hcs_asprintf("disk-%u-%u", d->controller, d->lun);

                        machine_execute(vm, "blockdev-del", machine_named("node-name", node), NULL);
                }
        }
        if (FAILED(hr)) {
                hcs_guard(&vm->lock);
                vm->disks[d->controller][d->lun] = false;
        }
        return machine_in_context(vm, hr, err, "add the disk", place);
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
        hr = machine_execute(vm, "device_del", machine_named("id", id), err);
        if (SUCCEEDED(hr))
                hr = wait_for_disk(vm, controller, lun, err);
        if (SUCCEEDED(hr))
                hr = machine_execute(vm, "blockdev-del", machine_named("node-name", node), err);
        if (SUCCEEDED(hr)) {
                hcs_guard(&vm->lock);
                vm->disks[controller][lun] = false;
        }
        return machine_in_context(vm, hr, err, "remove the disk", place);
}

HRESULT machine_take_slot(struct vm *vm, const char *id, char bus[static 16], struct hcs_error **err) {
        hcs_guard(&vm->lock);
        size_t free = vm->n_slots;

        for (size_t i = vm->n_slots; i-- > 0;) {
                if (hcs_streq(vm->slots[i].id, id))
                        return hcs_error_make(err, ALREADY_EXISTS, "%s: there is a device %s", vm->options.name, id);
                if (!vm->slots[i].id)
                        free = i;
        }
        if (free == vm->n_slots)
                return hcs_error_make(err, HCS_WIN32(1450), "%s: all %zu slots for devices are taken", vm->options.name,
                                      vm->n_slots);
        vm->slots[free].id = hcs_strdup(id);
        snprintf(bus, 16, "slot%zu", free);
        return S_OK;
}

void machine_give_slot(struct vm *vm, const char *id) {
        hcs_guard(&vm->lock);

        for (size_t i = 0; i < vm->n_slots; i++)
                if (hcs_streq(vm->slots[i].id, id))
                        vm->slots[i].id = hcs_free(vm->slots[i].id);
}

/* With the lock. */
static struct machine_slot *slot_of(struct vm *vm, const char *id) {
        for (size_t i = 0; i <= vm->n_slots; i++)
                if (hcs_streq(vm->slots[i].id, id))
                        return &vm->slots[i];
        return NULL;
}

/* The guest's kernel answers a request to unplug, as with a card that a person wants to pull. */
HRESULT machine_empty_slot(struct vm *vm, const char *id, uint64_t deadline_ns, struct hcs_error **err) {
        HRESULT hr;

        {
                hcs_guard(&vm->lock);
                struct machine_slot *s = slot_of(vm, id);

                if (!s)
                        return hcs_error_make(err, NOT_FOUND, "there is no %s in a slot", id);
                s->going = true;
        }
        hr = machine_execute(vm, "device_del", machine_named("id", id), err);
        if (FAILED(hr))
                return hr;
        hcs_guard(&vm->lock);
        while (SUCCEEDED(hr) && slot_of(vm, id)) {
                if (vm->state == MACHINE_ENDED)
                        hr = hcs_error_make(err, HCS_E_UNEXPECTED_EXIT, "the machine has ended");
                else if (!hcs_cond_wait_until(&vm->changed, &vm->lock, deadline_ns) && slot_of(vm, id))
                        hr = hcs_error_make(err, HCS_E_OPERATION_TIMEOUT, "the guest does not let go of it");
        }
        return hr;
}

HRESULT vm_pmem_add(struct vm *vm, const struct vm_pmem *p, struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_asprintf("pmem-%u", p->number);
        struct hcs_json *memory;
        char bus[16];
        HRESULT hr = machine_pmem_memory(p, &memory, err);

        if (FAILED(hr))
                return machine_in_context(vm, hr, err, "add persistent memory", id);
        for (size_t i = 0; i < vm->options.n_pmem; i++)
                if (vm->options.pmem[i].number == p->number) {
                        hcs_json_free(memory);
                        return hcs_error_make(err, ALREADY_EXISTS, "%s: there is a device %s", vm->options.name, id);
                }
        hr = machine_take_slot(vm, id, bus, err);
        if (FAILED(hr)) {
                hcs_json_free(memory);
                return hr;
        }
        hr = machine_execute(vm, "object-add", memory, err);
        if (SUCCEEDED(hr)) {
                hr = machine_execute(vm, "device_add", machine_pmem_device(p, bus), err);
                if (FAILED(hr)) {
                        _cleanup_free_ char *object = hcs_asprintf("pmem-memory-%u", p->number);

                        machine_execute(vm, "object-del", machine_named("id", object), NULL);
                }
        }
        if (FAILED(hr))
                machine_give_slot(vm, id);
        else
                vm->n_pmem++;
        return machine_in_context(vm, hr, err, "add persistent memory", id);
}
