/* SPDX-License-Identifier: MIT */

/* Adapters of a machine: those from the start, those that come and go, and where their cables lead. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/vm/machine.h"
#include "platform/clock.h"

#define NOT_FOUND      HCS_WIN32(1168)
#define ALREADY_EXISTS HCS_WIN32(183)

/* Both ends of the cable of n, ours in its network. */
static HRESULT make_cable(const struct vm_nic *n, struct machine_nic *nic, struct hcs_error **err) {
        HANDLE ours;
        HRESULT hr;

        *nic = (struct machine_nic){.theirs = -1, .linked = true};
        if (n->kind == VM_NIC_NAT)
                return S_OK;
        hr = hcs_companion_socket(&ours, &nic->theirs, err);
        if (SUCCEEDED(hr))
                hr = vm_network_plug(n->network, hcs_abi_handle_to_fd(ours), n->mac, n->address, &nic->cable, err);
        if (FAILED(hr)) {
                hcs_pipe_close(hcs_abi_handle_from_fd(nic->theirs));
                nic->theirs = -1;
        }
        nic->linked = n->network != NULL;
        return hr;
}

static void free_nic(struct machine_nic *nic) {
        hcs_pipe_close(hcs_abi_handle_from_fd(nic->theirs));
        vm_network_unplug(nic->cable);
        free(nic->id);
}

HRESULT machine_make_nics(struct vm *vm, const struct vm_nic *nics, struct hcs_error **err) {
        HRESULT hr = S_OK;

        vm->nics = hcs_calloc(vm->options.n_nics + 1, sizeof(*vm->nics));
        for (size_t i = 0; SUCCEEDED(hr) && i < vm->options.n_nics; i++) {
                hr = make_cable(&nics[i], &vm->nics[i], err);
                if (FAILED(hr))
                        return hcs_error_wrap(err, "adapter %s", nics[i].id);
                vm->nics[i].id = hcs_strdup(nics[i].id);
                vm->n_nics++;
        }
        return hr;
}

void machine_nics_given(struct vm *vm) {
        hcs_guard(&vm->lock);

        for (size_t i = 0; i < vm->n_nics; i++) {
                hcs_pipe_close(hcs_abi_handle_from_fd(vm->nics[i].theirs));
                vm->nics[i].theirs = -1;
        }
}

void machine_free_nics(struct vm *vm) {
        for (size_t i = 0; i < vm->n_nics; i++)
                free_nic(&vm->nics[i]);
        free(vm->nics);
}

static HRESULT set_link(struct vm *vm, const char *name, bool up, struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_asprintf("nic-%s", name);
        struct hcs_json *link = machine_named("name", id);

        hcs_json_set_bool(link, "up", up);
        return machine_execute(vm, "set_link", link, err);
}

HRESULT machine_unlink_nics(struct vm *vm, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t i = 0; SUCCEEDED(hr) && i < vm->n_nics; i++)
                if (!vm->nics[i].linked)
                        hr = set_link(vm, vm->nics[i].id, false, err);
        return hr;
}

/* With the lock; NULL when there is none of the name. */
static struct machine_nic *nic_of(struct vm *vm, const char *name) {
        for (size_t i = 0; i < vm->n_nics; i++)
                if (hcs_streq(vm->nics[i].id, name))
                        return &vm->nics[i];
        return NULL;
}

static HRESULT check_new(struct vm *vm, const struct vm_nic *n, struct hcs_error **err) {
        hcs_guard(&vm->lock);

        if (!machine_is_name(n->id))
                return hcs_error_make(err, E_INVALIDARG, "%s: an adapter cannot be called `%s`", vm->options.name,
                                      n->id ? n->id : "");
        if (nic_of(vm, n->id))
                return hcs_error_make(err, ALREADY_EXISTS, "%s: there is an adapter %s", vm->options.name, n->id);
        return S_OK;
}

/* Takes what was made of it into the table. */
static void enter(struct vm *vm, const char *name, struct machine_nic *nic) {
        hcs_guard(&vm->lock);

        vm->nics = hcs_realloc(vm->nics, (vm->n_nics + 1) * sizeof(*vm->nics));
        nic->id = hcs_strdup(name);
        vm->nics[vm->n_nics++] = *nic;
}

static HRESULT add_to_qemu(struct vm *vm, const struct vm_nic *n, struct machine_nic *nic, const char *bus,
                           struct hcs_error **err) {
        _cleanup_free_ char *network = hcs_asprintf("net-%s", n->id);
        HRESULT hr = S_OK;

        if (nic->cable) {
                hr = qmp_give(&vm->qmp, nic->theirs, network, hcs_clock_ns() + MACHINE_QMP_TIMEOUT, err);
                hcs_pipe_close(hcs_abi_handle_from_fd(nic->theirs));
                nic->theirs = -1;
        }
        if (SUCCEEDED(hr))
                hr = machine_execute(vm, "netdev_add", machine_nic_network(n, nic->cable ? network : NULL), err);
        if (FAILED(hr))
                return hr;
        hr = machine_execute(vm, "device_add", machine_nic_device(n, bus), err);
        if (SUCCEEDED(hr) && !nic->linked)
                hr = set_link(vm, n->id, false, err);
        if (FAILED(hr))
                machine_execute(vm, "netdev_del", machine_named("id", network), NULL);
        return hr;
}

HRESULT vm_nic_add(struct vm *vm, const struct vm_nic *n, struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_asprintf("nic-%s", n->id ? n->id : "");
        struct machine_nic nic;
        char bus[16];
        HRESULT hr = check_new(vm, n, err);

        if (SUCCEEDED(hr))
                hr = machine_take_slot(vm, id, bus, err);
        if (FAILED(hr))
                return hr;
        hr = make_cable(n, &nic, err);
        if (SUCCEEDED(hr)) {
                hr = add_to_qemu(vm, n, &nic, bus, err);
                if (FAILED(hr))
                        free_nic(&nic);
        }
        if (FAILED(hr))
                machine_give_slot(vm, id);
        else
                enter(vm, n->id, &nic);
        return machine_in_context(vm, hr, err, "add the adapter", n->id);
}

/* The guest let go of it after somebody had waited in vain: its slot is free, and the rest of it is there. */
static bool is_half_gone(struct vm *vm, const char *name) {
        hcs_guard(&vm->lock);

        return vm->n_slots > 0 && nic_of(vm, name);
}

HRESULT vm_nic_remove(struct vm *vm, const char *name, uint64_t deadline_ns, struct hcs_error **err) {
        _cleanup_free_ char *id = hcs_asprintf("nic-%s", name), *network = hcs_asprintf("net-%s", name);
        struct machine_nic gone = {.theirs = -1};
        HRESULT hr = machine_empty_slot(vm, id, deadline_ns, err);

        if (hr == NOT_FOUND && is_half_gone(vm, name)) {
                if (err)
                        *err = hcs_error_free(*err);
                hr = S_OK;
        }
        if (SUCCEEDED(hr))
                hr = machine_execute(vm, "netdev_del", machine_named("id", network), err);
        if (SUCCEEDED(hr)) {
                hcs_guard(&vm->lock);
                struct machine_nic *nic = nic_of(vm, name);

                if (nic) {
                        gone = *nic;
                        *nic = vm->nics[--vm->n_nics];
                }
        }
        free_nic(&gone);
        return machine_in_context(vm, hr, err, "remove the adapter", name);
}

HRESULT vm_nic_connect(struct vm *vm, const char *name, struct vm_network *network, const char *address,
                       struct hcs_error **err) {
        HRESULT hr = S_OK;

        {
                hcs_guard(&vm->lock);
                struct machine_nic *nic = nic_of(vm, name);

                if (!nic || !nic->cable)
                        hr = hcs_error_make(err, nic ? HCS_E_INVALID_STATE : NOT_FOUND,
                                            nic ? "it has no cable" : "there is none");
                else
                        hr = vm_cable_move(nic->cable, network, address, err);
                if (SUCCEEDED(hr))
                        nic->linked = network != NULL;
        }
        if (SUCCEEDED(hr) && vm_pid(vm))
                hr = set_link(vm, name, network != NULL, err);
        return machine_in_context(vm, hr, err, "connect the adapter", name);
}

bool vm_nic_stats(struct vm *vm, const char *name, struct vm_cable_stats *ret) {
        hcs_guard(&vm->lock);
        const struct machine_nic *nic = nic_of(vm, name);

        if (!nic || !nic->cable)
                return false;
        vm_cable_stats_get(nic->cable, ret);
        return true;
}
