/* SPDX-License-Identifier: MIT */

/* Machines of mockhcs/vm/vm.h: beginning, waiting, end. */

#include "mockhcs/vm/vm.h"

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/vm/accelerator.h"
#include "mockhcs/vm/machine.h"
#include "platform/clock.h"
#include "platform/file.h"

#define END_GRACE (2ull * HCS_NS_PER_S)

static void qmp_event(void *ctx, const char *name, const struct hcs_json *data) {
        struct vm *vm = ctx;
        hcs_guard(&vm->lock);

        if (hcs_streq(name, "SHUTDOWN")) {
                const char *reason = hcs_json_get_string(data, "reason");

                vm->guest_off = hcs_streq(reason, "guest-shutdown");
                vm->guest_reset = hcs_streq(reason, "guest-reset");
        } else if (hcs_streq(name, "MIGRATION")) {
                machine_migration_changed(vm, hcs_json_get_string(data, "status"));
        } else if (hcs_streq(name, "DEVICE_DELETED")) {
                machine_device_deleted(vm, hcs_json_get_string(data, "device"));
        }
}

static HRESULT make_artefacts(struct vm *vm, struct hcs_error **err) {
        if (vm->options.artefacts) {
                vm->artefacts = hcs_strdup(vm->options.artefacts);
                vm->kept = true;
        } else {
                vm->artefacts = hcs_asprintf("%s/artefacts", hcs_work_folder_path(vm->folder));
        }
        return hcs_directory_create(vm->artefacts, err);
}

static HRESULT make_sockets(struct vm *vm, struct hcs_error **err) {
        HANDLE qmp = 0, vhost = 0;
        HRESULT hr = hcs_companion_socket(&vm->console_ours, &vm->console_theirs, err);

        if (SUCCEEDED(hr))
                hr = hcs_companion_socket(&qmp, &vm->qmp_theirs, err);
        if (FAILED(hr))
                return hr;
        qmp_init(&vm->qmp, qmp, qmp_event, vm);
        if (vm->options.vsock != VM_VSOCK_OURS)
                return S_OK;
        hr = hcs_companion_socket(&vhost, &vm->vhost_theirs, err);
        if (FAILED(hr))
                return hr;
        return vsock_device_new(&(struct vsock_device_options){.folder = machine_vsock_folder(vm),
                                                               .guest_cid = vm->options.guest_cid,
                                                               .front_end = hcs_abi_handle_to_fd(vhost)},
                                &vm->vsock, err);
}

static HRESULT make(struct vm *vm, struct hcs_error **err) {
        _cleanup_free_ char *console = NULL;
        HRESULT hr = hcs_work_folder_new(vm->options.run_base, vm->options.name, &vm->folder, err);

        if (SUCCEEDED(hr))
                hr = make_artefacts(vm, err);
        if (SUCCEEDED(hr)) {
                console = hcs_asprintf("%s/console.log", vm->artefacts);
                hr = console_init(&vm->console, console, err);
        }
        if (SUCCEEDED(hr))
                hr = hcs_poller_new(&vm->poller, err);
        if (SUCCEEDED(hr))
                hr = make_sockets(vm, err);
        return hr;
}

HRESULT vm_new(const struct vm_options *options, struct vm **ret, struct hcs_error **err) {
        struct vm *vm = hcs_calloc(1, sizeof(*vm));
        HRESULT hr;

        vm->vhost_theirs = vm->console_theirs = vm->qmp_theirs = vm->saved_fd = -1;
        hcs_mutex_init(&vm->lock);
        hcs_cond_init(&vm->changed);
        hr = machine_copy_options(vm, options, err);
        if (SUCCEEDED(hr))
                hr = make(vm, err);
        if (SUCCEEDED(hr))
                hr = machine_make_nics(vm, options->nics, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "%s", options->name ? options->name : "uvm");
                vm_free(vm);
                return hr;
        }
        *ret = vm;
        return S_OK;
}

static void choose_accelerator(struct vm *vm) {
        vm->accelerator = vm->options.accelerator;
        if (vm->accelerator == VM_ACCELERATOR_AUTO)
                vm->accelerator = vm_accelerator_probe(
                        &(struct vm_probe_options){.qemu = vm->options.qemu, .kernel = vm->options.kernel}, NULL);
}

HRESULT vm_start(struct vm *vm, uint64_t deadline_ns, struct hcs_error **err) {
        struct hcs_error *why = NULL;
        HRESULT hr;

        choose_accelerator(vm);
        {
                hcs_guard(&vm->lock);
                if (vm->state != MACHINE_NEW)
                        return hcs_error_make(err, HCS_E_INVALID_STATE, "%s: was started before", vm->options.name);
                if (vm->kill_wanted)
                        return hcs_error_make(err, E_ABORT, "%s: was stopped before it ran", vm->options.name);
                hr = hcs_thread_start(&vm->keeper, machine_keep, vm, err);
                if (FAILED(hr))
                        return hr;
                vm->keeper_started = true;
                vm->state = MACHINE_STARTING;
                while (vm->state == MACHINE_STARTING)
                        hcs_cond_wait(&vm->changed, &vm->lock);
        }
        hr = qmp_negotiate(&vm->qmp, deadline_ns, &why);
        if (SUCCEEDED(hr))
                hr = machine_unlink_nics(vm, &why);
        if (SUCCEEDED(hr) && vm->options.saved)
                hr = machine_restore(vm, deadline_ns, &why);
        if (SUCCEEDED(hr)) {
                vm->started_ns = hcs_clock_ns();
                return hr;
        }
        if (hr == HCS_E_CONNECTION_CLOSED)
                vm_wait(vm, HCS_FOREVER, NULL, NULL);
        else if (vm->options.saved) /* what it cannot go on from ends QEMU, with words */
                vm_wait(vm, hcs_clock_ns() + END_GRACE, NULL, NULL);
        if (vm->start_error) {
                hr = hcs_error_move(err, &vm->start_error);
                hcs_error_wrap(err, "%s: start", vm->options.name);
                hcs_error_free(why);
                return hr;
        }
        if (vm_has_ended(vm, NULL))
                hr = vm_fail(vm, hr, err, "start");
        else
                hr = vm_fail(vm, hr, err, "start: %s", hcs_error_message(why));
        hcs_error_free(why);
        return hr;
}

HRESULT vm_wait(struct vm *vm, uint64_t deadline_ns, struct vm_end *ret, struct hcs_error **err) {
        hcs_guard(&vm->lock);

        while (vm->state != MACHINE_ENDED) {
                if (vm->state == MACHINE_NEW)
                        return hcs_error_make(err, HCS_E_INVALID_STATE, "%s: is not started", vm->options.name);
                if (!hcs_cond_wait_until(&vm->changed, &vm->lock, deadline_ns) && vm->state != MACHINE_ENDED)
                        return hcs_error_make(err, HCS_E_OPERATION_TIMEOUT, "%s: still runs", vm->options.name);
        }
        if (ret)
                *ret = vm->end;
        return S_OK;
}

bool vm_has_ended(struct vm *vm, struct vm_end *ret) {
        hcs_guard(&vm->lock);

        if (vm->state == MACHINE_ENDED && ret)
                *ret = vm->end;
        return vm->state == MACHINE_ENDED;
}

void vm_kill_soon(struct vm *vm) {
        hcs_guard(&vm->lock);

        vm->kill_wanted = true; /* also of one that is about to start, while an accelerator is found for it */
        hcs_poller_wake(vm->poller);
}

void vm_kill(struct vm *vm) {
        vm_kill_soon(vm);
        vm_wait(vm, HCS_FOREVER, NULL, NULL);
}

static HRESULT simple_command(struct vm *vm, const char *command, struct hcs_error **err) {
        HRESULT hr = qmp_execute(&vm->qmp, command, NULL, hcs_clock_ns() + MACHINE_QMP_TIMEOUT, NULL, err);

        if (FAILED(hr))
                hcs_error_wrap(err, "%s", vm->options.name);
        return hr;
}

HRESULT vm_power_down(struct vm *vm, struct hcs_error **err) {
        return simple_command(vm, "system_powerdown", err);
}

HRESULT vm_magic_keys(struct vm *vm, const char *keys, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (; SUCCEEDED(hr) && *keys; keys++) {
                const char letter[2] = {*keys};
                const char *const held[] = {"alt", "sysrq", letter};
                struct hcs_json *chord = hcs_json_new_object(), *list = hcs_json_set_new_array(chord, "keys");

                for (size_t i = 0; i < HCS_ARRAY_SIZE(held); i++) {
                        struct hcs_json *key = hcs_json_append(list, hcs_json_new_object());

                        hcs_json_set_string(key, "type", "qcode");
                        hcs_json_set_string(key, "data", held[i]);
                }
                hr = qmp_execute(&vm->qmp, "send-key", chord, hcs_clock_ns() + MACHINE_QMP_TIMEOUT, NULL, err);
        }
        if (FAILED(hr))
                hcs_error_wrap(err, "%s", vm->options.name);
        return hr;
}

HRESULT vm_pause(struct vm *vm, struct hcs_error **err) {
        return simple_command(vm, "stop", err);
}

HRESULT vm_resume(struct vm *vm, struct hcs_error **err) {
        HRESULT hr = machine_plug_vsock(vm, err);

        if (FAILED(hr)) {
                hcs_error_wrap(err, "%s: give the guest its vsock back", vm->options.name);
                return hr;
        }
        return simple_command(vm, "cont", err);
}

void machine_keep_artefacts(struct vm *vm) {
        char *place;

        if (vm->kept || vm->options.expendable || FAILED(hcs_work_folder_keep(vm->folder, "artefacts", &place, NULL)))
                return;
        vm->kept = true;
        free(vm->artefacts);
        vm->artefacts = place;
}

struct vm *vm_free(struct vm *vm) {
        if (!vm)
                return NULL;
        if (vm->keeper_started) {
                vm_kill(vm);
                hcs_thread_join(&vm->keeper);
        }
        vsock_device_free(vm->vsock);
        hcs_companion_free(vm->qemu);
        if (vm->qmp.socket)
                qmp_deinit(&vm->qmp);
        hcs_pipe_close(vm->console_ours);
        hcs_pipe_close(hcs_abi_handle_from_fd(vm->console_theirs));
        hcs_pipe_close(hcs_abi_handle_from_fd(vm->qmp_theirs));
        hcs_pipe_close(hcs_abi_handle_from_fd(vm->vhost_theirs));
        hcs_poller_free(vm->poller);
        console_deinit(&vm->console);
        hcs_work_folder_free(vm->folder);
        hcs_error_free(vm->start_error);
        machine_free_nics(vm);
        machine_free_options(vm);
        hcs_cond_deinit(&vm->changed);
        hcs_mutex_deinit(&vm->lock);
        free(vm->end_detail);
        free(vm->artefacts);
        free(vm);
        return NULL;
}

/* Why a machine is no more; a sentence's beginning. */
static char *describe_end(const struct vm_end *e) {
        static const char *const words[] = {
                [VM_END_POWER_OFF] = "the guest powered off",
                [VM_END_RESET] = "the guest reset itself",
                [VM_END_PANIC] = "the guest's kernel panicked",
                [VM_END_STOPPED] = "the machine was stopped",
                [VM_END_DIED] = "QEMU ended",
        };

        if (e->detail)
                return hcs_asprintf("%s: %s", words[e->kind], e->detail);
        return hcs_asprintf("%s with exit code %d", words[e->kind], e->exit_code);
}

HRESULT vm_fail(struct vm *vm, HRESULT hr, struct hcs_error **err, const char *fmt, ...) {
        _cleanup_free_ char *what = NULL, *why = NULL, *tail = vm_console_tail(vm), *hint = NULL, *kept = NULL;
        struct vm_end end;
        va_list ap;

        va_start(ap, fmt);
        what = hcs_vasprintf(fmt, ap);
        va_end(ap);
        if (vm_has_ended(vm, &end)) {
                hr = HCS_E_UNEXPECTED_EXIT;
                why = describe_end(&end);
        }
        hcs_guard(&vm->lock);
        machine_keep_artefacts(vm);
        kept = vm->options.expendable ? hcs_strdup("") : hcs_asprintf(" (console and logs are in `%s`)", vm->artefacts);
        hcs_error_make(err, hr, "%s: %s%s%s%s", vm->options.name, what, why ? ": " : "", why ? why : "", kept);
        hint = *tail ? hcs_asprintf("the console said last:\n%s", tail) : hcs_strdup("the console said nothing");
        hcs_error_set_hint(err, hint);
        return hr;
}

const char *vm_name(const struct vm *vm) {
        return vm->options.name;
}

const char *vm_folder(const struct vm *vm) {
        return hcs_work_folder_path(vm->folder);
}

char *vm_artefact_path(struct vm *vm, const char *name) {
        hcs_guard(&vm->lock);
        return hcs_asprintf("%s/%s", vm->artefacts, name);
}

char *vm_console_tail(struct vm *vm) {
        hcs_guard(&vm->lock);
        return console_tail(&vm->console);
}

HRESULT vm_console_write(struct vm *vm, const char *data, size_t n, struct hcs_error **err) {
        struct hcs_poller *poller = NULL;
        HRESULT hr = hcs_poller_new(&poller, err);

        while (SUCCEEDED(hr) && n > 0) {
                size_t done = 0;

                hr = hcs_pipe_write(vm->console_ours, data, n, &done, NULL);
                data += done;
                n -= done;
                if (hr == HCS_PIPE_WOULD_BLOCK) {
                        struct hcs_poll_entry e = {.h = vm->console_ours, .want_write = true};

                        hcs_poller_wait(poller, &e, 1, HCS_FOREVER); /* the end of QEMU ends it */
                        hr = S_OK;
                } else if (FAILED(hr)) {
                        hcs_error_make(err, hr, "%s: nobody reads its console", vm->options.name);
                }
        }
        hcs_poller_free(poller);
        return hr;
}

enum vm_accelerator vm_accelerator_of(const struct vm *vm) {
        return vm->accelerator;
}

int64_t vm_pid(struct vm *vm) {
        hcs_guard(&vm->lock);
        return vm->qemu ? hcs_companion_pid(vm->qemu) : 0;
}

bool vm_vsock_stats(struct vm *vm, struct vsock_stats *ret) {
        if (!vm->vsock)
                return false;
        vsock_device_stats(vm->vsock, ret);
        return true;
}
