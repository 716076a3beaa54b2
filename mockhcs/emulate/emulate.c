/* SPDX-License-Identifier: MIT */

/* The emulator as a layer: its options, and which part of the model answers which verb. */

#include "mockhcs/emulate/machine.h"

#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/emulate/control.h"
#include "mockhcs/emulate/network/model.h"
#include "mockhcs/emulate/program.h"
#include "mockhcs/emulate/real_process.h"
#include "mockhcs/emulate/storage/storage.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/job.h"

typedef void (*answer)(struct emulator *em, struct mock_call *call, struct emissions *out);

static const answer answers[] = {
        [MOCK_ENUMERATE_SYSTEMS] = systems_enumerate,
        [MOCK_CREATE_SYSTEM] = system_create,
        [MOCK_OPEN_SYSTEM] = system_open,
        [MOCK_CLOSE_SYSTEM] = system_close,
        [MOCK_START_SYSTEM] = system_start,
        [MOCK_SHUTDOWN_SYSTEM] = system_stop_call,
        [MOCK_TERMINATE_SYSTEM] = system_stop_call,
        [MOCK_CRASH_SYSTEM] = system_stop_call,
        [MOCK_PAUSE_SYSTEM] = system_pause,
        [MOCK_RESUME_SYSTEM] = system_resume,
        [MOCK_SAVE_SYSTEM] = system_save,
        [MOCK_GET_SYSTEM_PROPERTIES] = system_properties,
        [MOCK_MODIFY_SYSTEM] = system_modify,
        [MOCK_START_MIGRATION] = system_migrate,
        [MOCK_TRANSFER_MIGRATION] = system_migrate,
        [MOCK_FINALIZE_MIGRATION] = system_migrate,
        [MOCK_CANCEL_MIGRATION] = system_migrate,
        [MOCK_CREATE_PROCESS] = process_create,
        [MOCK_OPEN_PROCESS] = process_open,
        [MOCK_CLOSE_PROCESS] = process_close,
        [MOCK_TERMINATE_PROCESS] = process_terminate,
        [MOCK_SIGNAL_PROCESS] = process_signal,
        [MOCK_GET_PROCESS_INFO] = process_info,
        [MOCK_GET_PROCESS_PROPERTIES] = process_properties,
        [MOCK_MODIFY_PROCESS] = process_modify,
        [MOCK_GET_SERVICE_PROPERTIES] = service_properties,
        [MOCK_MODIFY_SERVICE_SETTINGS] = service_modify,
        [MOCK_SUBMIT_WER_REPORT] = service_report,
        [MOCK_GRANT_VM_ACCESS] = service_access,
        [MOCK_REVOKE_VM_ACCESS] = service_access,
        [MOCK_GRANT_VM_GROUP_ACCESS] = service_access,
        [MOCK_REVOKE_VM_GROUP_ACCESS] = service_access,
        [MOCK_HNS_CALL] = hns_call,
};

/* With the lock held: has the handle its object still? Another thread may have closed it since the call was made, and
 * the world may have been put back to another state. Closing does not need it. */
static bool is_usable(struct mock_call *call) {
        const struct mock_handle *h = call->process ? call->process : call->system;

        if (!h || h->object || mock_verb_closes(call->function->verb))
                return true;
        refuse(call, HCS_E_SERVICE_DISCONNECT, "%s was given out before the service was started anew, or was closed",
               h->symbol);
        return false;
}

static void invoke(struct mock_backend *b, struct mock_call *call) {
        struct emulator *em = emulator_of(b);
        enum mock_verb verb = call->function->verb;
        struct emissions out = {0};

        if (call->function->dll == MOCK_COMPUTENETWORK) {
                hcs_mutex_lock(&em->lock);
                net_call(em, call, &out);
                hcs_mutex_unlock(&em->lock);
                emissions_send(em, &out);
                return;
        }
        if (mock_verb_is_storage(verb)) {
                storage_call(em->storage, call);
                return;
        }
        if (verb >= HCS_ARRAY_SIZE(answers) || !answers[verb]) {
                hcs_log(HCS_LOG_WARN, "the emulator does not model this call", "function", call->function->name, NULL);
                refuse(call, E_NOTIMPL, "the emulator does not model %s", call->function->name);
                return;
        }
        hcs_mutex_lock(&em->lock);
        if (is_usable(call))
                answers[verb](em, call, &out);
        hcs_mutex_unlock(&em->lock);
        emissions_send(em, &out);
}

static void input(struct mock_backend *b, const struct mock_stdio *chunk) {
        struct emulator *em = emulator_of(b);
        struct emissions out = {0};

        hcs_mutex_lock(&em->lock);
        process_input(em, chunk, &out);
        hcs_mutex_unlock(&em->lock);
        emissions_send(em, &out);
}

static void room(struct mock_backend *b, struct mock_handle *process) {
        struct emulator *em = emulator_of(b);
        const struct process *p;

        hcs_guard(&em->lock);
        p = process->object;
        if (p && p->real)
                real_process_go_on(p->real);
}

/* Threads of real processes ask the engine to hold input and for room: never once it is being taken apart. */
static void stop(struct mock_backend *b) {
        struct emulator *em = emulator_of(b);

        hcs_guard(&em->lock);
        for (size_t i = 0; i < EMULATE_BUCKETS; i++)
                for (struct compute_system *s = em->systems[i]; s; s = s->next)
                        for (struct process *p = s->processes; p; p = p->next)
                                p->real = real_process_leave(p->real);
}

static void free_machine_settings(struct emulator *em) {
        free((char *)(uintptr_t)em->machine_settings.accelerator);
        free((char *)(uintptr_t)em->machine_settings.vsock);
        free((char *)(uintptr_t)em->machine_settings.qemu);
        free((char *)(uintptr_t)em->machine_settings.artefacts);
        free((char *)(uintptr_t)em->machine_settings.drives);
}

static void emulator_free(struct mock_backend *b) {
        struct emulator *em = emulator_of(b);

        hcs_mutex_lock(&em->lock);
        for (size_t i = 0; i < EMULATE_BUCKETS; i++)
                while (em->systems[i]) {
                        struct compute_system *s = em->systems[i];

                        em->systems[i] = s->next;
                        system_free(s);
                }
        hcs_mutex_unlock(&em->lock);
        machines_wait(em);
        emu_switches_free(em->machine_settings.switches);
        free_machine_settings(em);
        hcs_cond_deinit(&em->machines_gone);
        net_model_free(em->net);
        storage_free(em->storage);
        hcs_json_free(em->script);
        hcs_json_free(em->cpu_groups);
        hcs_json_free(em->credentials);
        hcs_json_free(em->templates);
        hcs_json_free(em->grants);
        hcs_mutex_deinit(&em->lock);
        free(em);
}

static HRESULT number_option(const struct mock_options *o, const char *key, uint64_t min, uint64_t max, uint64_t *value,
                             struct hcs_error **err) {
        const char *text = mock_option(o, key);

        if (!text)
                return S_OK;
        if (!hcs_str_to_u64(text, value) || *value < min || *value > max)
                return hcs_error_make(err, E_INVALIDARG, "%s=%s: a number from %llu to %llu is expected", key, text,
                                      (unsigned long long)min, (unsigned long long)max);
        return S_OK;
}

/* What carries the guests' AF_VSOCK. Only the kernel tells guests apart by their addresses. */
static HRESULT vsock_options(struct emu_machine_settings *set, const struct mock_options *o, struct hcs_error **err) {
        const char *vsock = mock_option(o, "vsock");
        bool kernel = hcs_streq(vsock, "kernel");
        uint64_t cid = kernel ? 3 : 0;
        HRESULT hr = number_option(o, "cid", 3, UINT32_MAX - 1, &cid, err);

        if (FAILED(hr))
                return hr;
        if (vsock && !kernel && !hcs_streq(vsock, "own") && !hcs_streq(vsock, "vhost-device-vsock"))
                return hcs_error_make(err, E_INVALIDARG, "vsock=%s: own, vhost-device-vsock or kernel is expected",
                                      vsock);
        if (cid && !kernel)
                return hcs_error_make(err, E_INVALIDARG, "cid=%s: only guests of vsock=kernel are found by it",
                                      mock_option(o, "cid"));
        set->vsock = hcs_streq(vsock, "own") ? NULL : hcs_strdup(vsock);
        set->first_cid = (uint32_t)cid;
        return S_OK;
}

static HRESULT machine_options(struct emulator *em, const struct mock_options *o, struct hcs_error **err) {
        const char *machines = mock_option(o, "machines"), *accelerator = mock_option(o, "accel");
        struct emu_machine_settings *set = &em->machine_settings;
        uint64_t start_s = 60;
        HRESULT hr = number_option(o, "start-timeout", 1, 3600, &start_s, err);

        if (FAILED(hr))
                return hr;
        if (!machines || hcs_streq(machines, "auto"))
                set->machines = EMU_MACHINES_AUTO;
        else if (hcs_streq(machines, "qemu"))
                set->machines = EMU_MACHINES_QEMU;
        else if (hcs_streq(machines, "paper"))
                set->machines = EMU_MACHINES_PAPER;
        else
                return hcs_error_make(err, E_INVALIDARG, "machines=%s: auto, qemu or paper is expected", machines);
        if (accelerator && !hcs_streq(accelerator, "auto") && !hcs_streq(accelerator, "kvm") &&
            !hcs_streq(accelerator, "tcg"))
                return hcs_error_make(err, E_INVALIDARG, "accel=%s: auto, kvm or tcg is expected", accelerator);
        hr = vsock_options(set, o, err);
        if (FAILED(hr))
                return hr;
        set->switches = emu_switches_new();
        set->start_ns = start_s * HCS_NS_PER_S;
        set->accelerator = hcs_strdup(accelerator);
        set->qemu = hcs_strdup(mock_option(o, "qemu"));
        set->artefacts = hcs_strdup(mock_option(o, "artefacts"));
        set->drives = hcs_strdup(mock_option(o, "drives"));
        return S_OK;
}

static HRESULT process_options(struct emulator *em, const struct mock_options *o, struct hcs_error **err) {
        const char *processes = mock_option(o, "processes");

        em->real_processes = hcs_streq(processes, "real");
        if (processes && !em->real_processes && !hcs_streq(processes, "paper"))
                return hcs_error_make(err, E_INVALIDARG, "processes=%s: paper or real is expected", processes);
        if (em->real_processes && !hcs_job_possible())
                return hcs_error_make(err, E_NOTIMPL, "processes=real: programs of Windows run on Windows only");
        return S_OK;
}

static HRESULT load_script(struct emulator *em, const char *path, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr;

        if (!path)
                return S_OK;
        hr = hcs_file_read(path, (size_t)16 << 20, &text, err);
        if (SUCCEEDED(hr))
                hr = hcs_json_parse(text.data ? text.data : "", text.len, NULL, &em->script, err);
        if (SUCCEEDED(hr))
                hr = program_check_script(em->script, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "script %s", path);
        return hr;
}

static const struct mock_backend_ops ops = {.name = "emulate",
                                            .invoke = invoke,
                                            .input = input,
                                            .room = room,
                                            .control = emulate_control,
                                            .stop = stop,
                                            .free = emulator_free};

static HRESULT open_emulator(struct mock_engine *engine, struct mock_sink *up, const struct mock_options *options,
                             struct mock_backend *next, struct mock_backend **ret, struct hcs_error **err) {
        uint64_t build = 26100, processors = 8, delay_ms = 0, seed = 0;
        struct emulator *em = hcs_calloc(1, sizeof(*em));
        HRESULT hr;

        em->backend = (struct mock_backend){.ops = &ops, .engine = engine, .up = up};
        hcs_mutex_init(&em->lock);
        hcs_cond_init(&em->machines_gone);
        em->cpu_groups = hcs_json_new_array();
        em->credentials = hcs_json_new_array();
        em->templates = hcs_json_new_object();
        em->grants = hcs_json_new_object();
        em->storage = storage_new(em, mock_option(options, "drives"));
        hr = number_option(options, "host", 14393, 99999, &build, err);
        if (SUCCEEDED(hr))
                hr = number_option(options, "lps", 1, 2048, &processors, err);
        if (SUCCEEDED(hr))
                hr = number_option(options, "delay", 0, 3600000, &delay_ms, err);
        if (SUCCEEDED(hr))
                hr = number_option(options, "seed", 0, UINT32_MAX, &seed, err);
        if (SUCCEEDED(hr))
                hr = emulate_profile_parse(em, mock_option(options, "profile"), err);
        if (SUCCEEDED(hr))
                hr = load_script(em, mock_option(options, "script"), err);
        if (SUCCEEDED(hr))
                hr = machine_options(em, options, err);
        if (SUCCEEDED(hr))
                hr = process_options(em, options, err);
        if (SUCCEEDED(hr))
                hr = net_model_new(em, options, &em->net, err);
        if (FAILED(hr)) {
                emulator_free(&em->backend);
                return hr;
        }
        em->build = em->backend.build = (uint32_t)build;
        em->processors = (uint32_t)processors;
        em->delay_ns = delay_ms * HCS_NS_PER_MS;
        em->next_guid = seed << 32;
        em->next_pid = 996;
        *ret = &em->backend;
        return S_OK;
}

static const char *const keys[] = {"script",  "host",      "lps",      "delay",         "seed",
                                   "profile", "machines",  "accel",    "vsock",         "cid",
                                   "qemu",    "artefacts", "drives",   "start-timeout", "processes",
                                   "hns",     "net-state", "net-boot", "net-faults",    NULL};

const struct mock_backend_kind mock_emulate_kind = {.name = "emulate", .keys = keys, .open = open_emulator};
