/* SPDX-License-Identifier: MIT */

/* Compute systems: identity, handles, and the state machine. Everything here runs under the emulator's lock. */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/emulate/machine.h"
#include "platform/hvsocket.h"
#include "platform/job.h"

static size_t hash(const char *id) {
        uint32_t h = 2166136261u;

        for (; *id; id++)
                h = (h ^ (unsigned char)*id) * 16777619u;
        return h % EMULATE_BUCKETS;
}

struct compute_system *system_find(struct emulator *em, const char *id) {
        for (struct compute_system *s = em->systems[hash(id)]; s; s = s->next)
                if (strcmp(s->id, id) == 0)
                        return s;
        return NULL;
}

struct compute_system *system_of(struct mock_call *call) {
        return call->system->object;
}

const char *system_state_name(const struct compute_system *s) {
        static const char *const names[] = {"Created", "Running", "Paused", "SavedAsTemplate", "Stopped"};

        return names[s->state];
}

static const char *exit_name(enum exit_type t) {
        static const char *const names[] = {"None", "GracefulExit", "ForcedExit", "UnexpectedExit"};

        return names[t];
}

void system_free(struct compute_system *s) {
        while (s->processes) {
                struct process *p = s->processes;

                s->processes = p->next;
                process_free(p);
        }
        hcs_job_end(s->job);
        hcs_job_unref(s->job);
        machine_leave(s);
        paper_leave(s);
        hcs_hvsocket_folder_free(s->folder);
        free(s->hvsocket);
        holders_deinit(&s->holders);
        hcs_json_free(s->document);
        hcs_json_free(s->devices);
        free(s->id);
        free(s);
}

static void forget(struct emulator *em, struct compute_system *s) {
        for (struct compute_system **p = &em->systems[hash(s->id)]; *p; p = &(*p)->next)
                if (*p == s) {
                        *p = s->next;
                        em->n_systems--;
                        system_free(s);
                        return;
                }
}

void system_enter(struct emulator *em, struct compute_system *s) {
        size_t at = hash(s->id);

        s->next = em->systems[at];
        em->systems[at] = s;
        em->n_systems++;
}

static bool stop_on_last_handle(const struct hcs_json *doc) {
        return hcs_json_bool(hcs_json_get(doc, "ShouldTerminateOnLastHandleClosed")) ||
               hcs_json_bool(hcs_json_get(doc, "TerminateOnLastHandleClosed"));
}

/* What kind of system the document describes; refuses what is none. Version 1 documents have SystemType. */
bool system_classify(struct mock_call *call, struct compute_system *s, const struct hcs_json *doc) {
        const char *type = hcs_json_get_string(doc, "SystemType");
        const struct hcs_json *vm = hcs_json_get(doc, "VirtualMachine"), *owner = hcs_json_get(doc, "Owner");
        const struct hcs_json *chipset = hcs_json_get(vm, "Chipset");

        snprintf(s->owner, sizeof(s->owner), "%s", hcs_json_string(owner) ? hcs_json_string(owner) : "");
        s->dies_with_last_handle = stop_on_last_handle(doc);
        if (type) {
                s->is_v1 = true;
                s->is_vm = hcs_strcaseeq(type, "VirtualMachine");
                s->is_linux = hcs_strcaseeq(hcs_json_get_string(doc, "ContainerType"), "linux");
                if (!s->is_vm && !hcs_strcaseeq(type, "Container"))
                        refuse_path(call, "SystemType", "neither Container nor VirtualMachine");
                return !call->completed;
        }
        if (vm && !hcs_json_is(vm, HCS_JSON_OBJECT)) {
                refuse_path(call, "VirtualMachine", "an object is expected");
                return false;
        }
        s->is_vm = vm != NULL;
        s->hosted = hcs_json_get(doc, "HostedSystem") != NULL;
        s->is_linux = hcs_json_get(chipset, "LinuxKernelDirect") != NULL;
        if (s->is_vm && hcs_json_get(doc, "Container"))
                refuse_path(call, "Container", "a system is either a container or a virtual machine");
        else if (!s->is_vm && !s->hosted && !hcs_json_get(doc, "Container"))
                refuse_path(call, "", "neither Container, VirtualMachine, HostedSystem nor SystemType");
        return !call->completed;
}

/* A restored system starts from what was saved; on paper, in this emulator. */
static bool restore(struct emulator *em, struct mock_call *call, const struct hcs_json *doc) {
        const struct hcs_json *state = hcs_json_lookup(doc, "VirtualMachine.RestoreState");
        const char *file = hcs_json_get_string(state, "SaveStateFilePath");
        const char *id = hcs_json_get_string(state, "TemplateSystemId");

        if (!state || emu_machine_is_wanted(&em->machine_settings, doc)) /* a machine looks for itself */
                return true;
        if ((file && hcs_json_get(em->templates, file)) || (id && hcs_json_get(em->templates, id)))
                return true;
        refuse(call, file ? HCS_WIN32(2) : HCS_E_SYSTEM_NOT_FOUND, "nothing was saved as \"%s\"",
               file ? file
               : id ? id
                    : "");
        return false;
}

static void new_runtime_id(struct emulator *em, struct compute_system *s, GUID *ret) {
        static const GUID family = {0x6d6f636b, 0x6863, 0x5000, {0x80, 0x00, 0x72, 0x75, 0x6e, 0x69, 0x64, 0x00}};
        uint64_t n = ++em->next_guid;

        hcs_guid_v5(&family, &n, sizeof(n), ret);
        hcs_guid_format(ret, s->runtime_id);
}

/* A virtual machine is found by its id, which no other that lives on this host may have: the next one is taken then. */
static void identify(struct emulator *em, struct compute_system *s) {
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
        HRESULT hr;
        GUID id;

        do {
                new_runtime_id(em, s, &id);
                hr = s->is_vm ? hcs_hvsocket_folder_new(&id, &s->folder, &err) : S_OK;
        } while (hr == S_FALSE);
        if (s->folder)
                s->hvsocket = hcs_hvsocket_folder(&id);
        else if (FAILED(hr))
                hcs_log(HCS_LOG_WARN, "a virtual machine has no folder for its sockets", "id", s->id, "error",
                        hcs_error_message(err), NULL);
}

static char *exit_document(const struct compute_system *s) {
        return hcs_asprintf("{\"Status\":%d,\"ExitType\":\"%s\"}",
                            s->exit_type == EXIT_UNEXPECTED ? (int32_t)HCS_E_UNEXPECTED_EXIT : 0,
                            exit_name(s->exit_type));
}

static void tell_exit(const struct compute_system *s, struct mock_handle *h, struct emissions *out) {
        _cleanup_free_ char *data = exit_document(s);

        emit_event(out, h, "SystemExited", s->exit_type == EXIT_UNEXPECTED ? HCS_E_UNEXPECTED_EXIT : S_OK, data);
}

void system_open(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct compute_system *s = system_find(em, mock_call_text(call, "id"));

        const struct mock_value *access = mock_call_arg(call, "access");

        if (!s) {
                refuse(call, HCS_E_SYSTEM_NOT_FOUND, "no compute system \"%s\"", mock_call_text(call, "id"));
                return;
        }
        if (access && access->number == 0) {
                refuse(call, E_ACCESSDENIED, "no access to compute system \"%s\" was asked for", s->id);
                return;
        }
        holders_add(&s->holders, call->created);
        call->created->object = s;
        /* Who opens a stopped system hears of its exit once, as if it had been there. */
        if (s->state == SYSTEM_STOPPED)
                tell_exit(s, call->created, out);
        mock_call_done(call, NULL);
}

void system_stop(struct emulator *em, struct compute_system *s, enum exit_type type, struct emissions *out) {
        s->state = SYSTEM_STOPPED;
        s->stopping = false;
        s->exit_type = type;
        for (struct process *p = s->processes, *next; p; p = next) {
                next = p->next;
                process_exit(em, p, type == EXIT_GRACEFUL ? 0 : 1067, out);
        }
        hcs_job_end(s->job);
        s->job = hcs_job_unref(s->job);
        paper_leave(s);
        net_system_stopped(em, s, out);
        for (size_t i = 0; i < s->holders.n; i++)
                tell_exit(s, s->holders.items[i], out);
}

/* Accepted: finished at once, or after the configured delay through the dispatcher. */
struct later {
        struct emulator *em;
        uint64_t number;
        uint64_t epoch; /* of the world that the system is of */
        char *stops;    /* the id of the system that ends then, or NULL */
        enum exit_type exit_type;
};

static void later_free(void *arg) {
        struct later *l = arg;

        free(l->stops);
        free(l);
}

static void complete_later(void *arg) {
        struct later *l = arg;
        struct emissions out = {0};

        hcs_mutex_lock(&l->em->lock);
        {
                struct compute_system *s = l->stops ? system_find(l->em, l->stops) : NULL;

                if (s && s->stopping && l->epoch == l->em->epoch)
                        system_stop(l->em, s, l->exit_type, &out);
        }
        hcs_mutex_unlock(&l->em->lock);
        emit_complete(&out, l->number);
        emissions_send(l->em, &out);
        later_free(l);
}

static void put_off(struct emulator *em, struct mock_call *call, const char *stops, enum exit_type exit_type) {
        struct later *l = hcs_malloc(sizeof(*l));

        *l = (struct later){em, call->number, em->epoch, stops ? hcs_strdup(stops) : NULL, exit_type};
        mock_call_later(call);
        mock_engine_after(em->backend.engine, em->delay_ns, complete_later, later_free, l);
}

static void accept_call(struct emulator *em, struct mock_call *call) {
        if (em->delay_ns == 0)
                mock_call_done(call, NULL);
        else
                put_off(em, call, NULL, EXIT_NONE);
}

static void accept_stop(struct emulator *em, struct mock_call *call, struct compute_system *s, enum exit_type type,
                        struct emissions *out) {
        if (s->machine && (s->state != SYSTEM_CREATED || s->busy)) {
                machine_do(call, s, type == EXIT_GRACEFUL ? MACHINE_SHUTDOWN : MACHINE_STOP, type);
                return;
        }
        if (em->delay_ns == 0) {
                system_stop(em, s, type, out);
                mock_call_done(call, NULL);
                return;
        }
        s->stopping = true;
        put_off(em, call, s->id, type);
}

void system_create(struct emulator *em, struct mock_call *call, struct emissions *out) {
        const char *id = mock_call_text(call, "id");
        struct hcs_json *doc = document_of(call, "configuration", false);
        struct compute_system *s;

        if (!doc)
                return;
        if (system_find(em, id)) {
                refuse(call, HCS_E_SYSTEM_ALREADY_EXISTS, "a compute system \"%s\" exists", id);
                return;
        }
        s = hcs_calloc(1, sizeof(*s));
        if (!system_classify(call, s, doc) ||
            !document_fits(em, call, s->is_v1 ? HCS_SCHEMA_V1_CONTAINER_CONFIG : HCS_SCHEMA_COMPUTE_SYSTEM, doc) ||
            !restore(em, call, doc)) {
                free(s);
                return;
        }
        s->id = hcs_strdup(id);
        s->created_by = call->function->dll;
        s->document = hcs_json_copy(doc);
        s->devices = hcs_json_new_object();
        system_devices_from_document(s);
        identify(em, s);
        if (!machine_create(em, call, s)) {
                system_free(s);
                return;
        }
        system_enter(em, s);
        holders_add(&s->holders, call->created);
        call->created->object = s;
        net_system_created(em, s, out);
        accept_call(em, call);
}

void system_close(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct compute_system *s = system_of(call);
        bool last;

        mock_call_done(call, NULL);
        if (!s)
                return;
        call->system->object = NULL;
        last = holders_remove(&s->holders, call->system);
        if (!last)
                return;
        if (s->dies_with_last_handle && s->state != SYSTEM_STOPPED)
                system_stop(em, s, EXIT_FORCED, out);
        if (s->state == SYSTEM_STOPPED)
                forget(em, s);
}

static bool in_state(struct mock_call *call, const struct compute_system *s, unsigned allowed, const char *what) {
        if (s->busy) {
                refuse(call, HCS_E_INVALID_STATE, "cannot %s a compute system that is being asked to %s", what,
                       s->busy);
                return false;
        }
        if (allowed & 1u << s->state)
                return true;
        refuse(call, HCS_E_INVALID_STATE, "cannot %s a compute system that is %s", what, system_state_name(s));
        return false;
}

void system_set_running(struct emulator *em, struct compute_system *s) {
        s->state = SYSTEM_RUNNING;
        s->started_ns = mock_engine_now_ns(em->backend.engine);
}

/* Its machine does it, if it has one; until then nothing else can be asked for. */
static bool ask_machine(struct mock_call *call, struct compute_system *s, enum machine_task task, const char *what) {
        if (!s->machine)
                return false;
        machine_do(call, s, task, EXIT_NONE);
        if (SUCCEEDED(call->hr))
                s->busy = what;
        return true;
}

void system_start(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct compute_system *s = system_of(call);

        if (!options_fit(em, call, HCS_SCHEMA_START_OPTIONS) || !in_state(call, s, 1u << SYSTEM_CREATED, "start"))
                return;
        /* Observed (hcsshim issue 2729): a system made through one DLL cannot be started through the other. */
        if (s->created_by != call->function->dll) {
                refuse(call, HCS_E_INVALID_STATE, "created through %s, cannot be started through %s",
                       mock_dll_name(s->created_by), mock_dll_name(call->function->dll));
                return;
        }
        if (ask_machine(call, s, MACHINE_START, "start"))
                return;
        system_set_running(em, s);
        paper_start(em, s);
        accept_call(em, call);
}

void system_tell_crash(const struct compute_system *s, const char *report, struct emissions *out) {
        for (size_t i = 0; i < s->holders.n; i++) {
                emit_event(out, s->holders.items[i], "SystemCrashInitiated", S_OK, NULL);
                emit_event(out, s->holders.items[i], "SystemCrashReport", S_OK, report);
        }
}

void system_stop_call(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct compute_system *s = system_of(call);
        enum mock_verb verb = call->function->verb;

        if (!options_fit(em, call, verb == MOCK_CRASH_SYSTEM ? HCS_SCHEMA_CRASH_OPTIONS : HCS_SCHEMA_TYPE_COUNT))
                return;
        if (s->state == SYSTEM_STOPPED || s->stopping) {
                refuse(call, HCS_E_SYSTEM_ALREADY_STOPPED, "compute system \"%s\" is not running", s->id);
                return;
        }
        if (verb != MOCK_TERMINATE_SYSTEM &&
            !in_state(call, s, 1u << SYSTEM_RUNNING | 1u << SYSTEM_PAUSED, "shut down"))
                return;
        if (verb == MOCK_CRASH_SYSTEM)
                system_tell_crash(s, "{\"Parameters\":[]}", out);
        accept_stop(em, call, s,
                    verb == MOCK_SHUTDOWN_SYSTEM ? EXIT_GRACEFUL
                    : verb == MOCK_CRASH_SYSTEM  ? EXIT_UNEXPECTED
                                                 : EXIT_FORCED,
                    out);
}

void system_pause(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct compute_system *s = system_of(call);

        if (!options_fit(em, call, HCS_SCHEMA_PAUSE_OPTIONS) || !in_state(call, s, 1u << SYSTEM_RUNNING, "pause"))
                return;
        if (ask_machine(call, s, MACHINE_PAUSE, "pause"))
                return;
        s->state = SYSTEM_PAUSED;
        accept_call(em, call);
}

void system_resume(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct compute_system *s = system_of(call);

        if (!options_fit(em, call, HCS_SCHEMA_TYPE_COUNT) || !in_state(call, s, 1u << SYSTEM_PAUSED, "resume"))
                return;
        if (ask_machine(call, s, MACHINE_RESUME, "resume"))
                return;
        s->state = SYSTEM_RUNNING;
        accept_call(em, call);
}

void system_save(struct emulator *em, struct mock_call *call, struct emissions *out) {
        struct compute_system *s = system_of(call);
        const struct hcs_json *options = document_of(call, "options", true);
        const char *type = hcs_json_get_string(options, "SaveType"),
                   *file = hcs_json_get_string(options, "SaveStateFilePath");
        bool template = hcs_streq(type, "AsTemplate");

        if (!options || !document_fits(em, call, HCS_SCHEMA_SAVE_OPTIONS, options))
                return;
        if (type && !template && !hcs_streq(type, "ToFile")) {
                refuse_path(call, "SaveType", "neither ToFile nor AsTemplate");
                return;
        }
        if (!template && !file) {
                refuse_path(call, "SaveStateFilePath", "saving to a file needs a path");
                return;
        }
        if (!in_state(call, s, 1u << SYSTEM_PAUSED, "save"))
                return;
        if (s->machine && template) {
                refuse(call, E_NOTIMPL, "SaveType: a machine of QEMU is no template for others");
                return;
        }
        if (s->machine) {
                machine_save(call, s, file);
                return;
        }
        hcs_json_set(em->templates, template ? s->id : file, hcs_json_copy(s->document));
        if (template)
                s->state = SYSTEM_SAVED_AS_TEMPLATE;
        accept_call(em, call);
}

/*
 * What follows the beginning of a live migration, which is E_NOTIMPL: nobody says what goes over its socket. So there
 * is never one to go on with.
 */
void system_migrate(struct emulator *em, struct mock_call *call, struct emissions *out) {
        static const enum hcs_schema_type_id options[] = {
                [MOCK_START_MIGRATION] = HCS_SCHEMA_MIGRATION_START_OPTIONS,
                [MOCK_TRANSFER_MIGRATION] = HCS_SCHEMA_MIGRATION_TRANSFER_OPTIONS,
                [MOCK_FINALIZE_MIGRATION] = HCS_SCHEMA_MIGRATION_FINALIZED_OPTIONS,
                [MOCK_CANCEL_MIGRATION] = HCS_SCHEMA_MIGRATION_CANCEL_OPTIONS,
        };

        if (options_fit(em, call, options[call->function->verb]))
                refuse(call, HCS_E_INVALID_STATE, "no migration was initialized");
}
