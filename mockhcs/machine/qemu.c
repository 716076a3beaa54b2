/* SPDX-License-Identifier: MIT */

/* Machines by QEMU (mockhcs/vm): a plan, and what runs of it. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/machine/qemu.h"
#include "mockhcs/vm/stats.h"
#include "platform/clock.h"
#include "platform/env.h"

#define SAVE_NS (300 * HCS_NS_PER_S)

static bool in_path(const char *program) {
        _cleanup_free_ char *path = hcs_env_get("PATH");
        char *save = NULL;

        if (strchr(program, '/'))
                return access(program, X_OK) == 0;
        for (char *folder = path ? strtok_r(path, ":", &save) : NULL; folder; folder = strtok_r(NULL, ":", &save)) {
                _cleanup_free_ char *file = hcs_asprintf("%s/%s", folder, program);

                if (access(file, X_OK) == 0)
                        return true;
        }
        return false;
}

static const char *program(const struct emu_machine_settings *settings) {
        return settings->qemu ? settings->qemu : "qemu-system-x86_64";
}

bool emu_machine_is_wanted(const struct emu_machine_settings *settings, const struct hcs_json *document) {
        if (settings->machines != EMU_MACHINES_AUTO)
                return settings->machines == EMU_MACHINES_QEMU;
        return machine_document_boots(settings, document) && in_path(program(settings));
}

/* On the keeper's thread of the machine that has ended. */
static void ended(void *ctx, struct vm *vm) {
        static const enum emu_end_kind kinds[] = {
                [VM_END_POWER_OFF] = EMU_END_POWER_OFF, [VM_END_RESET] = EMU_END_RESET, [VM_END_PANIC] = EMU_END_CRASH,
                [VM_END_STOPPED] = EMU_END_KILLED,      [VM_END_DIED] = EMU_END_DIED,
        };
        struct emu_machine *m = ctx;
        _cleanup_free_ char *console = vm_console_tail(vm);
        struct vm_end end = {0};
        struct emu_end e;

        vm_has_ended(vm, &end);
        e = (struct emu_end){kinds[end.kind], end.detail, console};
        {
                hcs_guard(&m->lock);
                if (m->killed)
                        e.kind = EMU_END_KILLED;
        }
        m->ended(m->ctx, &e);
}

/* On the keeper's thread. */
static void console(void *ctx, const char *data, size_t n) {
        struct emu_machine *m = ctx;

        com_port_say(m->console, data, n);
}

/* On a thread of the port, which is hung up before its machine goes. */
static void type(void *ctx, const char *data, size_t n) {
        struct vm *vm = machine_running(ctx);

        if (vm)
                vm_console_write(vm, data, n, NULL);
}

HRESULT emu_machine_new(const struct emu_machine_settings *settings, const struct emu_machine_request *request,
                        struct emu_machine **ret, struct hcs_error **err) {
        struct emu_machine *m = hcs_calloc(1, sizeof(*m));
        HRESULT hr = machine_plan_init(&m->plan, settings, request, err);

        if (SUCCEEDED(hr) && !in_path(program(settings)))
                hr = hcs_error_make(err, HCS_WIN32(2), "machines=qemu: no program `%s`", program(settings));
        if (FAILED(hr)) {
                machine_plan_deinit(&m->plan);
                free(m);
                return hr;
        }
        m->settings = *settings;
        m->ended = request->ended;
        m->ctx = request->ctx;
        m->plan.vm.ended = ended;
        if (m->plan.console_pipe)
                m->plan.vm.console = console;
        m->plan.vm.ctx = m;
        hcs_mutex_init(&m->lock);
        *ret = m;
        return S_OK;
}

struct vm *machine_running(struct emu_machine *m) {
        hcs_guard(&m->lock);
        return m->vm;
}

static struct vm *take_vm(struct emu_machine *m) {
        hcs_guard(&m->lock);
        return steal_pointer(&m->vm);
}

/* The devices go with the machine. A port outlives the thread that has its console, and not who types. */
static void end_vm(struct emu_machine *m) {
        struct vm *vm = machine_running(m);

        if (vm)
                vm_kill(vm);
        com_port_hang_up(m->console);
        vm_free(take_vm(m));
        machine_shares_end(m);
        m->console = com_port_free(m->console);
        for (size_t i = 0; i < VM_NICS; i++) {
                emu_switch_leave(m->settings.switches, m->adapters[i].network);
                free(m->adapters[i].network);
                free(m->adapters[i].id);
        }
        for (size_t i = 0; i < VM_PMEM; i++)
                free(m->pmem[i].path);
        memset(m->adapters, 0, sizeof(m->adapters));
        memset(m->pmem, 0, sizeof(m->pmem));
}

struct emu_machine *emu_machine_free(struct emu_machine *m) {
        if (!m)
                return NULL;
        end_vm(m);
        machine_plan_deinit(&m->plan);
        hcs_mutex_deinit(&m->lock);
        free(m);
        return NULL;
}

static HRESULT plug_in(struct emu_machine *m, struct hcs_error **err) {
        const struct machine_plan *p = &m->plan;
        HRESULT hr = S_OK;

        for (size_t i = 0; SUCCEEDED(hr) && i < p->vm.n_nics; i++) {
                hr = emu_switch_enter(m->settings.switches, &p->adapters[i], &m->plan.nics[i].network, err);
                if (SUCCEEDED(hr))
                        m->adapters[i] =
                                (struct machine_adapter){hcs_strdup(p->nics[i].id), hcs_strdup(p->adapters[i].network)};
        }
        for (size_t i = 0; i < p->vm.n_pmem; i++)
                m->pmem[p->pmem[i].number] = (struct machine_pmem){hcs_strdup(p->pmem_files[i]), p->pmem[i].read_only};
        return hr;
}

HRESULT emu_machine_start(struct emu_machine *m, struct hcs_error **err) {
        struct vm *vm = NULL;
        HRESULT hr;

        end_vm(m);
        hr = plug_in(m, err);
        if (SUCCEEDED(hr))
                hr = machine_shares_start(m, err);
        if (SUCCEEDED(hr) && m->plan.console_pipe)
                hr = com_port_new(m->plan.console_pipe, type, m, &m->console, err);
        if (SUCCEEDED(hr))
                hr = vm_new(&m->plan.vm, &vm, err);
        if (FAILED(hr))
                return hr;
        {
                hcs_guard(&m->lock);
                m->vm = vm;
                if (m->killed)
                        return hcs_error_make(err, E_ABORT, "%s: was stopped before it ran", vm_name(vm));
        }
        hr = vm_start(vm, hcs_clock_ns() + m->settings.start_ns, err);
        if (FAILED(hr))
                end_vm(m); /* so that nothing is heard of its end any more */
        else
                m->plan.vm.saved = NULL; /* after a reset it boots */
        return hr;
}

static HRESULT do_running(struct emu_machine *m, HRESULT (*what)(struct vm *vm, struct hcs_error **err),
                          struct hcs_error **err) {
        struct vm *vm = machine_running(m);

        return vm ? what(vm, err) : hcs_error_make(err, HCS_E_INVALID_STATE, "the machine is not started");
}

HRESULT emu_machine_pause(struct emu_machine *m, struct hcs_error **err) {
        return do_running(m, vm_pause, err);
}

HRESULT emu_machine_resume(struct emu_machine *m, struct hcs_error **err) {
        return do_running(m, vm_resume, err);
}

/* The kernel takes the keys; who is beside it and listens to a power button hears that, too. */
static HRESULT shut_down(struct vm *vm, struct hcs_error **err) {
        HRESULT hr = vm_power_down(vm, err);

        return SUCCEEDED(hr) ? vm_magic_keys(vm, "suo", err) : hr;
}

HRESULT emu_machine_shutdown(struct emu_machine *m, struct hcs_error **err) {
        return do_running(m, shut_down, err);
}

bool emu_machine_stops_on_reset(const struct emu_machine *m) {
        return m->plan.stop_on_reset;
}

HRESULT emu_machine_save(struct emu_machine *m, const char *file, struct hcs_error **err) {
        struct vm *vm = machine_running(m);
        _cleanup_free_ char *path = NULL;
        HRESULT hr = machine_path(&m->settings, file, "SaveStateFilePath", &path, err);

        if (FAILED(hr))
                return hr;
        return vm ? vm_save(vm, path, hcs_clock_ns() + SAVE_NS, err)
                  : hcs_error_make(err, HCS_E_INVALID_STATE, "the machine is not started");
}

void emu_machine_kill(struct emu_machine *m) {
        hcs_guard(&m->lock);

        m->killed = true;
        if (m->vm)
                vm_kill_soon(m->vm);
}

void emu_machine_wait(struct emu_machine *m) {
        struct vm *vm = machine_running(m);

        if (vm)
                vm_wait(vm, HCS_FOREVER, NULL, NULL);
}

HRESULT emu_machine_figures(struct emu_machine *m, struct emu_figures *ret, struct hcs_error **err) {
        struct vm *vm = machine_running(m);
        struct vm_stats stats;
        HRESULT hr = vm ? vm_stats_get(vm, &stats, err)
                        : hcs_error_make(err, HCS_E_INVALID_STATE, "the machine is not started");

        if (FAILED(hr))
                return hr;
        *ret = (struct emu_figures){.uptime_ns = stats.uptime_ns,
                                    .processor_ns = stats.processor_ns,
                                    .processors = stats.processors,
                                    .memory_assigned = stats.memory_assigned,
                                    .memory_known = stats.memory_known,
                                    .memory_total = stats.memory_total,
                                    .memory_available = stats.memory_available};
        for (size_t i = 0; i < stats.n_disks; i++) {
                ret->reads += stats.disks[i].reads;
                ret->writes += stats.disks[i].writes;
                ret->read_bytes += stats.disks[i].read_bytes;
                ret->written_bytes += stats.disks[i].written_bytes;
        }
        vm_stats_deinit(&stats);
        return S_OK;
}

void emu_machine_describe(struct emu_machine *m, struct hcs_json *o) {
        const struct machine_plan *p = &m->plan;
        hcs_guard(&m->lock);

        hcs_json_set_string(o, "Machine", "qemu");
        hcs_json_set_string(o, "HvSocketFolder", p->vm.vsock_folder);
        if (p->vm.vsock == VM_VSOCK_KERNEL)
                hcs_json_set_u64(o, "GuestCid", p->vm.guest_cid);
        if (m->vm) {
                _cleanup_free_ char *artefacts = vm_artefact_path(m->vm, "");

                hcs_json_set_string(o, "Accelerator", vm_accelerator_of(m->vm) == VM_ACCELERATOR_KVM ? "kvm" : "tcg");
                hcs_json_set_u64(o, "ProcessId", (uint64_t)vm_pid(m->vm));
                hcs_json_set_string(o, "Artefacts", artefacts);
        }
        hcs_json_set_string(o, "KernelCmdLine", p->kernel_line);
        hcs_json_set_string(o, "KernelCmdLineHere", p->vm.command_line);
        hcs_json_set(o, "KernelChanges", hcs_json_copy(p->kernel_changes));
}
