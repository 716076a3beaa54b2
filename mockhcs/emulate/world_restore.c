/* SPDX-License-Identifier: MIT */

/*
 * The world put back: all of it is made aside, and takes the place of the one that is there when it could be made. Then
 * the service has restarted: whoever held a handle hears ServiceDisconnect. See world.h.
 */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/emulate/network/model.h"
#include "mockhcs/emulate/program.h"
#include "mockhcs/emulate/world.h"
#include "platform/clock.h"
#include "platform/hvsocket.h"

/* What is made aside. */
struct aside {
        struct compute_system *systems; /* linked by next */
        struct net_model *net;
        struct hcs_json *lost;
};

static void aside_free(struct aside *a) {
        while (a->systems) {
                struct compute_system *s = a->systems;

                a->systems = s->next;
                system_free(s);
        }
        net_model_free(a->net);
        hcs_json_free(a->lost);
}

static HRESULT bad(struct hcs_error **err, const char *path, const char *what) {
        hcs_error_make(err, E_INVALIDARG, "%s: %s", path, what);
        hcs_error_set_path(err, path);
        return E_INVALIDARG;
}

/* ---- systems and processes ---- */

static HRESULT make_process(struct emulator *em, struct compute_system *s, const struct hcs_json *saved,
                            struct hcs_error **err) {
        const char *command = hcs_json_get_string(saved, "CommandLine");
        uint64_t pid = 0, created = 0;
        struct program *program;
        struct process *p;

        if (!hcs_json_u64(hcs_json_get(saved, "ProcessId"), &pid) || pid == 0 || pid > UINT32_MAX)
                return bad(err, "ProcessId", "a process id is expected");
        if (!command)
                return bad(err, "CommandLine", "a string is expected");
        program = program_find(em->script, command);
        if (!program)
                return bad(err, "CommandLine", "this emulator has no such program (is its script another one?)");
        hcs_json_u64(hcs_json_get(saved, "Created"), &created);
        p = hcs_calloc(1, sizeof(*p));
        p->system = s;
        p->pid = (uint32_t)pid;
        p->command = hcs_strdup(command);
        p->created_ns = created;
        p->program = program;
        p->stream[MOCK_STDIN] = hcs_json_bool(hcs_json_get(saved, "StdIn"));
        p->stream[MOCK_STDOUT] = hcs_json_bool(hcs_json_get(saved, "StdOut"));
        p->stream[MOCK_STDERR] = hcs_json_bool(hcs_json_get(saved, "StdErr"));
        p->next = s->processes;
        s->processes = p;
        return S_OK;
}

static HRESULT make_processes(struct emulator *em, struct compute_system *s, const struct hcs_json *list,
                              struct hcs_error **err) {
        size_t i = 0;

        for (const struct hcs_json *p = hcs_json_first(list); p; p = hcs_json_next(p), i++) {
                HRESULT hr = make_process(em, s, p, err);

                if (FAILED(hr))
                        return hcs_error_wrap(err, "Processes[%zu]", i), hr;
        }
        return S_OK;
}

static bool parse_state(const char *name, enum system_state *ret) {
        static const enum system_state states[] = {SYSTEM_CREATED, SYSTEM_RUNNING, SYSTEM_PAUSED,
                                                   SYSTEM_SAVED_AS_TEMPLATE};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(states); i++)
                if (hcs_streq(name, system_state_name(&(struct compute_system){.state = states[i]}))) {
                        *ret = states[i];
                        return true;
                }
        return false;
}

/* The document is judged as a create would, but for the schema: the file is ours. */
static HRESULT classify(struct compute_system *s, enum mock_dll dll, struct hcs_error **err) {
        struct mock_call call = {.function = mock_function_of_verb(dll, MOCK_CREATE_SYSTEM)};
        bool ok = system_classify(&call, s, s->document);

        mock_call_deinit(&call);
        return ok ? S_OK : bad(err, "Document", "neither a container nor a virtual machine");
}

static HRESULT make_system(struct emulator *em, const struct hcs_json *saved, struct compute_system **ret,
                           struct hcs_error **err) {
        const char *id = hcs_json_get_string(saved, "Id"), *runtime = hcs_json_get_string(saved, "RuntimeId");
        const char *by = hcs_json_get_string(saved, "CreatedBy");
        enum mock_dll dll = by ? mock_dll_parse(by) : MOCK_DLL_NONE;
        const struct hcs_json *devices = hcs_json_get(saved, "Devices");
        struct compute_system *s;
        enum system_state state;
        HRESULT hr;

        if (!id || !*id)
                return bad(err, "Id", "a string is expected");
        if (!parse_state(hcs_json_get_string(saved, "State"), &state))
                return bad(err, "State", "Created, Running, Paused or SavedAsTemplate is expected");
        if (dll != MOCK_COMPUTECORE && dll != MOCK_VMCOMPUTE)
                return bad(err, "CreatedBy", "computecore or vmcompute is expected");
        if (!hcs_json_is(hcs_json_get(saved, "Document"), HCS_JSON_OBJECT))
                return bad(err, "Document", "an object is expected");
        s = hcs_calloc(1, sizeof(*s));
        s->id = hcs_strdup(id);
        s->state = state;
        s->created_by = dll;
        s->started_ns = mock_engine_now_ns(em->backend.engine);
        s->document = hcs_json_copy(hcs_json_get(saved, "Document"));
        s->devices = hcs_json_is(devices, HCS_JSON_OBJECT) ? hcs_json_copy(devices) : hcs_json_new_object();
        snprintf(s->runtime_id, sizeof(s->runtime_id), "%s", runtime ? runtime : "");
        hr = classify(s, dll, err);
        if (SUCCEEDED(hr))
                hr = make_processes(em, s, hcs_json_get(saved, "Processes"), err);
        if (FAILED(hr))
                system_free(s);
        else
                *ret = s;
        return hr;
}

static bool is_there(const struct aside *a, const char *id) {
        for (const struct compute_system *s = a->systems; s; s = s->next)
                if (hcs_streq(s->id, id))
                        return true;
        return false;
}

static HRESULT make_systems(struct emulator *em, const struct hcs_json *list, struct aside *a, struct hcs_error **err) {
        size_t i = 0;

        for (const struct hcs_json *saved = hcs_json_first(list); saved; saved = hcs_json_next(saved), i++) {
                struct compute_system *s = NULL;
                HRESULT hr = S_OK;

                if (hcs_json_bool(hcs_json_get(saved, "Machine"))) {
                        hcs_json_append(a->lost, hcs_json_copy(hcs_json_get(saved, "Id")));
                        continue;
                }
                if (is_there(a, hcs_json_get_string(saved, "Id")))
                        hr = bad(err, "Id", "another system has it");
                else
                        hr = make_system(em, saved, &s, err);
                if (FAILED(hr))
                        return hcs_error_wrap(err, "Systems[%zu]", i), hr;
                s->next = a->systems;
                a->systems = s;
        }
        return S_OK;
}

/* ---- in place of what was there ---- */

static void tell_restart(struct holders *holders, struct emissions *out) {
        for (size_t i = 0; i < holders->n; i++) {
                emit_event(out, holders->items[i], "ServiceDisconnect", HCS_E_SERVICE_DISCONNECT, NULL);
                holders->items[i]->object = NULL;
        }
}

static void end_output(const struct process *p, struct emissions *out) {
        for (int i = MOCK_STDOUT; i <= MOCK_STDERR; i++)
                if (p->stream[i] && p->holders.n && !p->exited)
                        emit_output(out, p->holders.items[0], (enum mock_stream)i, NULL, 0, true);
}

static void drop_systems(struct emulator *em, struct emissions *out) {
        for (size_t i = 0; i < EMULATE_BUCKETS; i++)
                while (em->systems[i]) {
                        struct compute_system *s = em->systems[i];

                        em->systems[i] = s->next;
                        for (struct process *p = s->processes; p; p = p->next) {
                                end_output(p, out);
                                tell_restart(&p->holders, out);
                        }
                        tell_restart(&s->holders, out);
                        system_free(s);
                }
        em->n_systems = 0;
        em->epoch++;
}

/* Where the sockets of a virtual machine are is part of it, unless another one that lives has the place. */
static void give_folder(struct compute_system *s) {
        HRESULT hr;
        GUID id;

        if (!s->is_vm || FAILED(hcs_guid_parse(s->runtime_id, &id, NULL)))
                return;
        hr = hcs_hvsocket_folder_new(&id, &s->folder, NULL);
        if (s->folder)
                s->hvsocket = hcs_hvsocket_folder(&id);
        else if (hr != S_OK)
                hcs_log(HCS_LOG_WARN, "a virtual machine that was put back has no folder for its sockets", "id", s->id,
                        NULL);
}

/* Programs that end by themselves do so when they would have. */
static void go_on(struct emulator *em, struct process *p) {
        uint64_t now = hcs_wall_clock_ns(), due = p->created_ns + p->program->delay_ns;

        if (!p->program->runs_on)
                process_exit_later(em, p, due > now ? due - now : 0);
}

static void enter_systems(struct emulator *em, struct aside *a) {
        while (a->systems) {
                struct compute_system *s = a->systems;

                a->systems = s->next;
                system_enter(em, s);
                give_folder(s);
                for (struct process *p = s->processes; p; p = p->next)
                        go_on(em, p);
        }
}

static void replace_networks(struct emulator *em, struct net_model *fresh, struct emissions *out) {
        em->net->out = out;
        net_restarted(em->net);
        net_model_take(em->net, fresh);
        em->net->out = NULL;
}

static void replace_json(struct hcs_json **slot, const struct hcs_json *world, const char *name,
                         enum hcs_json_kind kind) {
        const struct hcs_json *saved = hcs_json_get(world, name);

        hcs_json_free(*slot);
        *slot = hcs_json_is(saved, kind)  ? hcs_json_copy(saved)
                : kind == HCS_JSON_OBJECT ? hcs_json_new_object()
                                          : hcs_json_new_array();
}

static HRESULT make_networks(struct emulator *em, const struct hcs_json *saved, bool reboot, struct aside *a,
                             struct hcs_error **err) {
        struct emissions nobody_hears = {0};
        HRESULT hr;

        a->net = net_model_aside(em->net);
        a->net->out = &nobody_hears;
        hr = saved ? net_state_apply(a->net, saved, reboot, err) : S_OK;
        if (FAILED(hr))
                hcs_error_wrap(err, "Networks");
        return hr;
}

HRESULT world_restore(struct emulator *em, const struct hcs_json *world, struct emissions *out,
                      struct hcs_json **ret_lost, struct hcs_error **err) {
        struct aside a = {.lost = hcs_json_new_array()};
        uint64_t version = 0, n;
        HRESULT hr = S_OK;

        if (!hcs_json_u64(hcs_json_get(world, "World"), &version) || version != WORLD_VERSION)
                hr = bad(err, "World", "this is no world, or one of another version");
        if (SUCCEEDED(hr))
                hr = make_systems(em, hcs_json_get(world, "Systems"), &a, err);
        if (SUCCEEDED(hr))
                hr = make_networks(em, hcs_json_get(world, "Networks"), false, &a, err);
        if (SUCCEEDED(hr)) {
                drop_systems(em, out);
                replace_networks(em, a.net, out);
                replace_json(&em->cpu_groups, world, "CpuGroups", HCS_JSON_ARRAY);
                replace_json(&em->credentials, world, "Credentials", HCS_JSON_ARRAY);
                replace_json(&em->templates, world, "Templates", HCS_JSON_OBJECT);
                replace_json(&em->grants, world, "Grants", HCS_JSON_OBJECT);
                if (hcs_json_u64(hcs_json_get(world, "NextPid"), &n) && n <= UINT32_MAX)
                        em->next_pid = (uint32_t)n;
                if (hcs_json_u64(hcs_json_get(world, "NextGuid"), &n))
                        em->next_guid = n;
                enter_systems(em, &a);
                *ret_lost = steal_pointer(&a.lost);
        }
        aside_free(&a);
        return hr;
}

HRESULT world_reboot(struct emulator *em, bool keep_networks, struct emissions *out, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *networks = NULL;
        struct aside a = {0};
        HRESULT hr;

        networks = keep_networks ? net_state_describe(em->net) : NULL;
        hr = make_networks(em, networks, true, &a, err);
        if (SUCCEEDED(hr)) {
                drop_systems(em, out); /* their endpoints are detached with the networks below */
                replace_networks(em, a.net, out);
                replace_json(&em->cpu_groups, NULL, "", HCS_JSON_ARRAY);
                replace_json(&em->credentials, NULL, "", HCS_JSON_ARRAY);
        }
        aside_free(&a);
        return hr;
}
