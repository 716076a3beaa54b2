/* SPDX-License-Identifier: MIT */

/* The options of a machine: checked, completed and copied, so that the caller's may go. */

#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/vm/machine.h"
#include "platform/file.h"

static const char *keep(struct vm *vm, const char *text) {
        char *copy = hcs_strdup(text);

        if (!copy)
                return NULL;
        vm->strings = hcs_realloc(vm->strings, (vm->n_strings + 1) * sizeof(*vm->strings));
        return vm->strings[vm->n_strings++] = copy;
}

bool machine_is_name(const char *s) {
        return s && *s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == strlen(s);
}

static HRESULT check_disks(const struct vm_options *o, struct hcs_error **err) {
        for (size_t i = 0; i < o->n_disks; i++) {
                const struct vm_disk *d = &o->disks[i];

                if (d->controller >= o->controllers || d->lun >= VM_LUNS)
                        return hcs_error_make(err, E_INVALIDARG,
                                              "disk `%s` at SCSI %u:%u: there are %u controllers of %d", d->path,
                                              d->controller, d->lun, o->controllers, VM_LUNS);
                for (size_t j = 0; j < i; j++)
                        if (o->disks[j].controller == d->controller && o->disks[j].lun == d->lun)
                                return hcs_error_make(err, E_INVALIDARG, "two disks at SCSI %u:%u", d->controller,
                                                      d->lun);
        }
        return S_OK;
}

static HRESULT check_others(const struct vm_options *o, struct hcs_error **err) {
        for (size_t i = 0; i < o->n_pmem; i++)
                for (size_t j = 0; j <= i; j++)
                        if (o->pmem[i].number >= VM_PMEM || (j < i && o->pmem[j].number == o->pmem[i].number))
                                return hcs_error_make(err, E_INVALIDARG, "persistent memory cannot have the number %u",
                                                      o->pmem[i].number);
        for (size_t i = 0; i < o->n_nics; i++)
                for (size_t j = 0; j <= i; j++)
                        if (!machine_is_name(o->nics[i].id) || (j < i && hcs_streq(o->nics[j].id, o->nics[i].id)))
                                return hcs_error_make(err, E_INVALIDARG, "an adapter cannot be called `%s`",
                                                      o->nics[i].id ? o->nics[i].id : "");
        for (size_t i = 0; i < o->n_nics; i++)
                if (o->nics[i].kind == VM_NIC_NETWORK && !o->nics[i].mac)
                        return hcs_error_make(err, E_INVALIDARG, "adapter %s on a cable needs a MAC address",
                                              o->nics[i].id);
        return S_OK;
}

static HRESULT check(const struct vm_options *o, struct hcs_error **err) {
        HRESULT hr;

        if (!o->kernel)
                return hcs_error_make(err, E_INVALIDARG, "no kernel is given");
        if (!hcs_file_exists(o->kernel))
                return hcs_error_make(err, HCS_WIN32(2), "kernel: `%s` not found", o->kernel);
        if (o->initrd && !hcs_file_exists(o->initrd))
                return hcs_error_make(err, HCS_WIN32(2), "initrd: `%s` not found", o->initrd);
        if (o->name && !machine_is_name(o->name))
                return hcs_error_make(err, E_INVALIDARG, "a machine cannot be called `%s`", o->name);
        if (o->controllers > VM_CONTROLLERS)
                return hcs_error_make(err, E_INVALIDARG, "SCSI controller count can't be more than %d", VM_CONTROLLERS);
        if (o->n_nics > VM_NICS)
                return hcs_error_make(err, E_INVALIDARG, "more than %d network adapters", VM_NICS);
        if (o->free_slots > VM_SLOTS - VM_NICS)
                return hcs_error_make(err, E_INVALIDARG, "more than %d free slots", VM_SLOTS - VM_NICS);
        if (o->processors > VM_PROCESSORS || o->processor_limit > VM_PROCESSORS)
                return hcs_error_make(err, E_INVALIDARG, "more than %d processors", VM_PROCESSORS);
        if (o->processor_limit && o->processor_limit < o->processors)
                return hcs_error_make(err, E_INVALIDARG, "%u processors with a limit of %u", o->processors,
                                      o->processor_limit);
        if (o->memory_mb && o->memory_mb < 32)
                return hcs_error_make(err, E_INVALIDARG, "%u MB of memory: Linux needs more", o->memory_mb);
        if (o->memory_limit_mb && o->memory_limit_mb < o->memory_mb)
                return hcs_error_make(err, E_INVALIDARG, "%u MB of memory with a limit of %u MB", o->memory_mb,
                                      o->memory_limit_mb);
        if (o->vsock == VM_VSOCK_KERNEL && !hcs_file_exists("/dev/vhost-vsock"))
                return hcs_error_make(err, HCS_WIN32(2), "/dev/vhost-vsock not found: load the module vhost_vsock");
        hr = check_disks(o, err);
        return SUCCEEDED(hr) ? check_others(o, err) : hr;
}

/* What persistent memory needs beside the memory, in MB: its files. */
static unsigned pmem_mb(const struct vm_options *o) {
        return (unsigned)o->n_pmem * 4096;
}

static void copy_devices(struct vm *vm, const struct vm_options *o) {
        struct vm_disk *disks = hcs_calloc(o->n_disks + 1, sizeof(*disks));
        struct vm_pmem *pmem = hcs_calloc(o->n_pmem + 1, sizeof(*pmem));
        struct vm_nic *nics = hcs_calloc(o->n_nics + 1, sizeof(*nics));

        for (size_t i = 0; i < o->n_disks; i++) {
                disks[i] = o->disks[i];
                disks[i].path = keep(vm, o->disks[i].path);
                vm->disks[disks[i].controller][disks[i].lun] = true;
        }
        for (size_t i = 0; i < o->n_pmem; i++) {
                pmem[i] = o->pmem[i];
                pmem[i].path = keep(vm, o->pmem[i].path);
        }
        for (size_t i = 0; i < o->n_nics; i++) {
                nics[i] = o->nics[i];
                nics[i].id = keep(vm, o->nics[i].id);
                nics[i].mac = keep(vm, o->nics[i].mac);
                nics[i].network = NULL; /* the cable has it */
                nics[i].address = NULL;
        }
        vm->options.disks = disks;
        vm->options.pmem = pmem;
        vm->options.nics = nics;
}

void machine_make_slots(struct vm *vm, size_t n) {
        for (size_t i = 0; vm->slots && i < vm->n_slots; i++)
                free(vm->slots[i].id);
        vm->n_slots = n;
        vm->slots = hcs_realloc(vm->slots, (n + 1) * sizeof(*vm->slots));
        memset(vm->slots, 0, (n + 1) * sizeof(*vm->slots));
}

/* A machine that has slots has one for each adapter too, so that it can go. */
static void make_slots(struct vm *vm) {
        const struct vm_options *o = &vm->options;

        machine_make_slots(vm, o->free_slots ? o->free_slots + o->n_nics : 0);
        for (size_t i = 0; vm->n_slots && i < o->n_nics; i++)
                vm->slots[i].id = hcs_asprintf("nic-%s", o->nics[i].id);
        vm->memory_slots = (unsigned)o->n_pmem + o->free_slots + 8;
        vm->n_pmem = o->n_pmem;
        vm->processors = o->processors;
        vm->memory_wanted_mb = o->memory_mb;
}

HRESULT machine_copy_options(struct vm *vm, const struct vm_options *o, struct hcs_error **err) {
        HRESULT hr = check(o, err);
        struct vm_options *c = &vm->options;

        if (FAILED(hr))
                return hr;
        *c = *o;
        c->name = keep(vm, o->name ? o->name : "uvm");
        c->qemu = keep(vm, o->qemu ? o->qemu : "qemu-system-x86_64");
        c->kernel = keep(vm, o->kernel);
        c->initrd = keep(vm, o->initrd);
        c->command_line = keep(vm, o->command_line ? o->command_line : "console=ttyS0 panic=-1");
        c->vsock_folder = keep(vm, o->vsock_folder);
        c->saved = keep(vm, o->saved);
        c->run_base = keep(vm, o->run_base);
        c->artefacts = keep(vm, o->artefacts);
        if (c->processors == 0)
                c->processors = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;
        if (c->memory_mb == 0)
                c->memory_mb = 1024;
        if (c->memory_limit_mb == 0)
                c->memory_limit_mb = c->memory_mb + pmem_mb(o);
        if (c->guest_cid == 0)
                c->guest_cid = 3;
        copy_devices(vm, o);
        make_slots(vm);
        vm->vsock_out = c->saved && c->vsock == VM_VSOCK_OURS;
        if (c->saved)
                return machine_open_saved(vm, err);
        if (machine_has_vsock_slot(vm))
                vm->slots[vm->n_slots].id = hcs_strdup(MACHINE_VSOCK);
        return S_OK;
}

void machine_free_options(struct vm *vm) {
        for (size_t i = 0; i < vm->n_strings; i++)
                free(vm->strings[i]);
        free(vm->strings);
        free((void *)(uintptr_t)vm->options.disks);
        free((void *)(uintptr_t)vm->options.pmem);
        free((void *)(uintptr_t)vm->options.nics);
        for (size_t i = 0; vm->slots && i <= vm->n_slots; i++)
                free(vm->slots[i].id);
        free(vm->slots);
        if (vm->saved_fd >= 0)
                close(vm->saved_fd);
}
