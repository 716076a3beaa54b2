/* SPDX-License-Identifier: MIT */

/*
 * A machine into a file, and out of it: QEMU's migration to a descriptor. QEMU 7.2 cannot migrate a device of
 * vhost-user, so the guest lets go of its vsock first, as of a card that is pulled, and gets one again when it goes on:
 * its streams end, its listeners stay. Source: vuv_vmstate in hw/virtio/vhost-user-vsock.c.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/vm/machine.h"
#include "platform/clock.h"

void machine_migration_changed(struct vm *vm, const char *status) {
        vm->migrated = hcs_streq(status, "completed");
        vm->migration_failed = hcs_streq(status, "failed") || hcs_streq(status, "cancelled");
        hcs_cond_broadcast(&vm->changed);
}

static HRESULT want_events(struct vm *vm, struct hcs_error **err) {
        struct hcs_json *arguments = hcs_json_new_object(), *one = hcs_json_new_object();

        hcs_json_set_string(one, "capability", "events");
        hcs_json_set_bool(one, "state", true);
        hcs_json_append(hcs_json_set_new_array(arguments, "capabilities"), one);
        return machine_execute(vm, "migrate-set-capabilities", arguments, err);
}

/* As fast as the file is. */
static HRESULT want_speed(struct vm *vm, struct hcs_error **err) {
        struct hcs_json *arguments = hcs_json_new_object();

        hcs_json_set_u64(arguments, "max-bandwidth", 1ull << 40);
        return machine_execute(vm, "migrate-set-parameters", arguments, err);
}

static HRESULT why_it_failed(struct vm *vm, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *info = NULL;
        const char *words = NULL;

        if (SUCCEEDED(qmp_execute(&vm->qmp, "query-migrate", NULL, hcs_clock_ns() + MACHINE_QMP_TIMEOUT, &info, NULL)))
                words = hcs_json_get_string(info, "error-desc");
        return hcs_error_make(err, E_FAIL, "%s", words ? words : "QEMU gives no reason");
}

static HRESULT wait_for_migration(struct vm *vm, uint64_t deadline_ns, struct hcs_error **err) {
        {
                hcs_guard(&vm->lock);
                while (!vm->migrated && !vm->migration_failed) {
                        if (vm->state == MACHINE_ENDED)
                                return hcs_error_make(err, HCS_E_UNEXPECTED_EXIT, "the machine has ended");
                        if (!hcs_cond_wait_until(&vm->changed, &vm->lock, deadline_ns) && !vm->migrated &&
                            !vm->migration_failed)
                                return hcs_error_make(err, HCS_E_OPERATION_TIMEOUT, "QEMU is not done with it in time");
                }
                if (vm->migrated)
                        return S_OK;
        }
        return why_it_failed(vm, err);
}

/* Lets QEMU go through the descriptor: `migrate` or `migrate-incoming`. */
static HRESULT migrate(struct vm *vm, const char *command, int fd, uint64_t deadline_ns, struct hcs_error **err) {
        HRESULT hr = want_events(vm, err);

        vm->migrated = vm->migration_failed = false;
        if (SUCCEEDED(hr))
                hr = want_speed(vm, err);
        if (SUCCEEDED(hr))
                hr = qmp_give(&vm->qmp, fd, "saved", hcs_clock_ns() + MACHINE_QMP_TIMEOUT, err);
        if (SUCCEEDED(hr))
                hr = machine_execute(vm, command, machine_named("uri", "fd:saved"), err);
        if (SUCCEEDED(hr))
                hr = wait_for_migration(vm, deadline_ns, err);
        if (hr == HCS_E_OPERATION_TIMEOUT && SUCCEEDED(machine_execute(vm, "migrate_cancel", NULL, NULL)))
                wait_for_migration(vm, hcs_clock_ns() + MACHINE_QMP_TIMEOUT, NULL);
        return hr;
}

static HRESULT is_running(struct vm *vm, bool *ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *status = NULL;
        HRESULT hr = qmp_execute(&vm->qmp, "query-status", NULL, hcs_clock_ns() + MACHINE_QMP_TIMEOUT, &status, err);

        if (SUCCEEDED(hr))
                *ret = hcs_json_bool(hcs_json_get(status, "running"));
        return hr;
}

HRESULT machine_plug_vsock(struct vm *vm, struct hcs_error **err) {
        struct hcs_json *device;
        HRESULT hr;

        if (!vm->vsock_out)
                return S_OK;
        device = machine_vsock_device(vm);
        hr = machine_execute(vm, "device_add", device, err);
        if (SUCCEEDED(hr)) {
                hcs_guard(&vm->lock);
                vm->slots[vm->n_slots].id = hcs_strdup(MACHINE_VSOCK);
                vm->vsock_out = false;
        }
        return hr;
}

/* A paused guest runs for the moment that it takes. */
static HRESULT pull_vsock(struct vm *vm, bool running, uint64_t deadline_ns, struct hcs_error **err) {
        HRESULT hr = S_OK;

        if (vm->options.vsock == VM_VSOCK_NONE || vm->vsock_out)
                return S_OK;
        if (!running)
                hr = machine_execute(vm, "cont", NULL, err);
        if (SUCCEEDED(hr))
                hr = machine_empty_slot(vm, MACHINE_VSOCK, deadline_ns, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "pull the vsock device");
        return hr;
}

static HRESULT write_file(struct vm *vm, const char *path, uint64_t deadline_ns, struct hcs_error **err) {
        _cleanup_free_ char *part = hcs_asprintf("%s.part", path);
        int fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        HRESULT hr;

        if (fd < 0)
                return hcs_error_errno(err, errno, "open `%s`", part);
        hr = machine_write_head(vm, fd, err);
        if (SUCCEEDED(hr))
                hr = migrate(vm, "migrate", fd, deadline_ns, err);
        if (SUCCEEDED(hr) && (fsync(fd) < 0 || rename(part, path) < 0))
                hr = hcs_error_errno(err, errno, "write `%s`", path);
        close(fd);
        if (FAILED(hr))
                unlink(part);
        return hr;
}

static HRESULT can_be_saved(const struct vm *vm, struct hcs_error **err) {
        if (vm->options.vsock != VM_VSOCK_OURS && vm->options.vsock != VM_VSOCK_NONE)
                return hcs_error_make(err, E_NOTIMPL, "only with our own vsock device, or none");
        if (vm->n_pmem > 0)
                return hcs_error_make(err, E_NOTIMPL, "not with persistent memory: QEMU would write into its files");
        return S_OK;
}

HRESULT vm_save(struct vm *vm, const char *path, uint64_t deadline_ns, struct hcs_error **err) {
        bool running = false, asked = false;
        HRESULT hr = can_be_saved(vm, err);

        if (SUCCEEDED(hr))
                hr = is_running(vm, &running, err);
        if (SUCCEEDED(hr)) {
                asked = true;
                hr = pull_vsock(vm, running, deadline_ns, err);
        }
        if (SUCCEEDED(hr))
                hr = machine_execute(vm, "stop", NULL, err);
        if (SUCCEEDED(hr))
                hr = write_file(vm, path, deadline_ns, err);
        if (FAILED(hr) && asked) {
                /* As it was before. */
                machine_plug_vsock(vm, NULL);
                machine_execute(vm, running ? "cont" : "stop", NULL, NULL);
        }
        return machine_in_context(vm, hr, err, "save to", path);
}

HRESULT machine_restore(struct vm *vm, uint64_t deadline_ns, struct hcs_error **err) {
        HRESULT hr = migrate(vm, "migrate-incoming", vm->saved_fd, deadline_ns, err);

        close(vm->saved_fd);
        vm->saved_fd = -1;
        if (SUCCEEDED(hr))
                hr = machine_plug_vsock(vm, err);
        if (SUCCEEDED(hr))
                hr = machine_execute(vm, "cont", NULL, err);
        return hr;
}
