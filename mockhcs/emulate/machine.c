/* SPDX-License-Identifier: MIT */

/*
 * The machine of a compute system, where it has one (mockhcs/machine). What blocks is done by a thread of the machine,
 * one job after the other, while the model's lock is free; a job ends under the lock, says what is to be said and
 * completes its call. The thread starts with the first job and ends with the system: it outlives the system for as long
 * as its machine takes to go, and the emulator outlives it.
 */

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/emulate/machine.h"
#include "platform/clock.h"
#include "platform/hvsocket.h"

#define SHUTDOWN_NS   (60 * HCS_NS_PER_S) /* for a guest that was asked */
#define ADDRESSES_OUT HCS_WIN32(1450)     /* ERROR_NO_SYSTEM_RESOURCES */

struct machine_job {
        struct machine_job *next;
        enum machine_task task;
        enum exit_type exit_type;             /* MACHINE_STOP, MACHINE_ENDED */
        const struct mock_function *function; /* of the call; NULL: nobody waits */
        uint64_t number;
        char *file;                  /* MACHINE_SAVE */
        char *console;               /* MACHINE_ENDED by a crash */
        struct device_change change; /* MACHINE_CHANGE */
        struct emu_adapter adapter;  /* of the change */
        struct hcs_json *query;      /* MACHINE_QUERY */
        struct emu_figures figures;  /* its answer */
};

struct system_machine {
        struct emulator *em;
        struct emu_machine *machine;
        /* With the emulator's lock. */
        struct compute_system *system;  /* NULL once it is gone */
        struct hcs_work_folder *folder; /* of a system that is gone */
        struct machine_job *first, **tail;
        struct hcs_cond changed;
        bool has_thread, quits;
};

static void job_free(struct machine_job *j) {
        free(j->file);
        free(j->console);
        device_change_deinit(&j->change);
        emu_adapter_deinit(&j->adapter);
        hcs_json_free(j->query);
        free(j);
}

static void machine_free(struct system_machine *m) {
        while (m->first) {
                struct machine_job *j = m->first;

                m->first = j->next;
                job_free(j);
        }
        emu_machine_free(m->machine);
        hcs_hvsocket_folder_free(m->folder);
        hcs_cond_deinit(&m->changed);
        free(m);
}

static HRESULT change(struct system_machine *m, const struct machine_job *j, struct hcs_error **err) {
        const struct emu_change c = {j->change.request, j->change.path, j->change.settings, &j->adapter};

        return emu_machine_modify(m->machine, &c, err);
}

/* What blocks. */
static HRESULT perform(struct system_machine *m, struct machine_job *j, struct hcs_error **err) {
        switch (j->task) {
        case MACHINE_START:
        case MACHINE_RESET:
                return emu_machine_start(m->machine, err);
        case MACHINE_PAUSE:
                return emu_machine_pause(m->machine, err);
        case MACHINE_RESUME:
                return emu_machine_resume(m->machine, err);
        case MACHINE_SAVE:
                return emu_machine_save(m->machine, j->file, err);
        case MACHINE_SHUTDOWN:
                return emu_machine_shutdown(m->machine, err);
        case MACHINE_STOP:
                emu_machine_kill(m->machine);
                emu_machine_wait(m->machine);
                return S_OK;
        case MACHINE_CHANGE:
                return change(m, j, err);
        case MACHINE_QUERY:
                return emu_machine_figures(m->machine, &j->figures, err);
        case MACHINE_ENDED:
                return S_OK;
        }
        return E_NOTIMPL;
}

static void crash(const struct compute_system *s, const struct machine_job *j, struct emissions *out) {
        _cleanup_json_ struct hcs_json *report = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;

        hcs_json_set_string(report, "SystemId", s->id);
        if (j->console)
                hcs_json_set_string(report, "CrashLog", j->console);
        text = hcs_json_text(report, HCS_JSON_GO);
        system_tell_crash(s, text, out);
}

/* A guest that was asked to shut down, and whether it did. */
struct watch {
        struct emulator *em;
        char *id, runtime_id[HCS_GUID_TEXT_SIZE]; /* another system may have the id by then */
        uint64_t epoch;
};

static void watch_free(void *arg) {
        struct watch *w = arg;

        free(w->id);
        free(w);
}

static void look_at_shutdown(void *arg) {
        struct watch *w = arg;
        struct emissions out = {0};

        hcs_mutex_lock(&w->em->lock);
        {
                struct compute_system *s = system_find(w->em, w->id);

                if (s && s->state != SYSTEM_STOPPED && w->epoch == w->em->epoch &&
                    hcs_streq(s->runtime_id, w->runtime_id))
                        for (size_t i = 0; i < s->holders.n; i++)
                                emit_event(&out, s->holders.items[i], "SystemShutdownFailed", HCS_E_OPERATION_TIMEOUT,
                                           NULL);
        }
        hcs_mutex_unlock(&w->em->lock);
        emissions_send(w->em, &out);
        watch_free(w);
}

static void watch_shutdown(struct emulator *em, const struct compute_system *s) {
        struct watch *w = hcs_malloc(sizeof(*w));

        *w = (struct watch){.em = em, .id = hcs_strdup(s->id), .epoch = em->epoch};
        memcpy(w->runtime_id, s->runtime_id, sizeof(w->runtime_id));
        mock_engine_after(em->backend.engine, SHUTDOWN_NS, look_at_shutdown, watch_free, w);
}

/* With the lock. */
static void conclude(struct emulator *em, struct compute_system *s, const struct machine_job *j, HRESULT hr,
                     struct emissions *out) {
        if (j->task == MACHINE_CHANGE) {
                if (SUCCEEDED(hr))
                        device_change_apply(em, s, &j->change, out);
                return;
        }
        if (j->task == MACHINE_QUERY)
                return;
        if (j->task == MACHINE_START || j->task == MACHINE_PAUSE || j->task == MACHINE_RESUME ||
            j->task == MACHINE_SAVE)
                s->busy = NULL;
        switch (j->task) {
        case MACHINE_START:
                if (SUCCEEDED(hr) && s->state == SYSTEM_CREATED)
                        system_set_running(em, s);
                break;
        case MACHINE_PAUSE:
                if (SUCCEEDED(hr) && s->state == SYSTEM_RUNNING)
                        s->state = SYSTEM_PAUSED;
                break;
        case MACHINE_RESUME:
                if (SUCCEEDED(hr) && s->state == SYSTEM_PAUSED)
                        s->state = SYSTEM_RUNNING;
                break;
        case MACHINE_SAVE:
        case MACHINE_CHANGE:
        case MACHINE_QUERY:
                break;
        case MACHINE_SHUTDOWN:
                if (SUCCEEDED(hr))
                        watch_shutdown(em, s);
                break;
        case MACHINE_RESET:
                if (FAILED(hr) && s->state != SYSTEM_STOPPED)
                        system_stop(em, s, EXIT_UNEXPECTED, out);
                break;
        case MACHINE_ENDED:
        case MACHINE_STOP:
                if (s->state == SYSTEM_CREATED && j->task == MACHINE_ENDED)
                        break; /* a start that failed */
                if (s->state == SYSTEM_STOPPED)
                        break;
                if (j->console)
                        crash(s, j, out);
                system_stop(em, s, j->exit_type, out);
                break;
        }
}

/* A machine that ended meanwhile has no figures, and its system is described all the same. */
static void complete(struct system_machine *m, const struct machine_job *j, HRESULT hr, struct hcs_error *err,
                     struct emissions *out) {
        struct mock_call call = {.function = j->function, .number = j->number};

        if (!j->function)
                return;
        if (j->task == MACHINE_QUERY && m->system)
                properties_answer(m->em, &call, m->system, j->query, SUCCEEDED(hr) ? &j->figures : NULL);
        else if (SUCCEEDED(hr))
                mock_call_done(&call, NULL);
        else
                refuse(&call, hr, "%s", err ? hcs_error_message(err) : "");
        emit_completion(out, &call.completion);
}

static void finish(struct system_machine *m, const struct machine_job *j, HRESULT hr, struct hcs_error *err) {
        struct emulator *em = m->em;
        struct emissions out = {0};

        hcs_mutex_lock(&em->lock);
        if (m->system)
                conclude(em, m->system, j, hr, &out);
        complete(m, j, hr, err, &out);
        hcs_mutex_unlock(&em->lock);
        if (FAILED(hr) && j->task == MACHINE_START) {
                _cleanup_free_ char *text = hcs_error_format(err); /* with the console's last lines */

                hcs_log(HCS_LOG_WARN, "a machine of the emulator does not start", "error", text, NULL);
        }
        emissions_send(em, &out);
}

/* The next job; NULL: the system is gone. */
static struct machine_job *next_job(struct system_machine *m) {
        struct machine_job *j;
        hcs_guard(&m->em->lock);

        while (!m->first && !m->quits)
                hcs_cond_wait(&m->changed, &m->em->lock);
        j = m->first;
        if (!j)
                return NULL;
        m->first = j->next;
        if (!m->first)
                m->tail = &m->first;
        return j;
}

static void run(void *arg) {
        struct system_machine *m = arg;
        struct emulator *em = m->em;
        struct machine_job *j;

        while ((j = next_job(m))) {
                struct hcs_error *err = NULL;
                HRESULT hr = perform(m, j, &err);

                finish(m, j, hr, err);
                hcs_error_free(err);
                job_free(j);
        }
        machine_free(m);
        hcs_guard(&em->lock);
        if (--em->machine_threads == 0)
                hcs_cond_broadcast(&em->machines_gone);
}

/* With the lock. */
static HRESULT post(struct system_machine *m, struct machine_job *job, struct hcs_error **err) {
        struct machine_job *j;

        if (!m->has_thread) {
                HRESULT hr = hcs_thread_start_detached(run, m, err);

                if (FAILED(hr))
                        return hr;
                m->has_thread = true;
                m->em->machine_threads++;
        }
        j = hcs_memdup(job, sizeof(*job));
        *m->tail = j;
        m->tail = &j->next;
        hcs_cond_signal(&m->changed);
        return S_OK;
}

/* Takes what the job holds over, if it can be done. */
static bool take(struct mock_call *call, struct compute_system *s, struct machine_job *job) {
        struct hcs_error *err = NULL;
        HRESULT hr;

        job->function = call->function;
        job->number = call->number;
        hr = post(s->machine, job, &err);
        if (SUCCEEDED(hr)) {
                mock_call_later(call);
                return true;
        }
        refuse(call, hr, "%s", hcs_error_message(err));
        hcs_error_free(err);
        return false;
}

void machine_do(struct mock_call *call, struct compute_system *s, enum machine_task task, enum exit_type exit_type) {
        struct machine_job job = {.task = task, .exit_type = exit_type};

        if (!take(call, s, &job) || task != MACHINE_STOP)
                return;
        s->stopping = true;
        emu_machine_kill(s->machine->machine);
}

void machine_query(struct mock_call *call, struct compute_system *s, const struct hcs_json *query) {
        struct machine_job job = {.task = MACHINE_QUERY, .query = hcs_json_copy(query)};

        if (!take(call, s, &job))
                hcs_json_free(job.query);
}

void machine_save(struct mock_call *call, struct compute_system *s, const char *file) {
        struct machine_job job = {.task = MACHINE_SAVE, .file = hcs_strdup(file)};

        if (!take(call, s, &job))
                free(job.file);
        else
                s->busy = "save";
}

void machine_change(struct emulator *em, struct mock_call *call, struct compute_system *s,
                    struct device_change *change) {
        static const char adapters[] = "VirtualMachine/Devices/NetworkAdapters/";
        struct machine_job job = {.task = MACHINE_CHANGE};

        if (change->request != EMU_REMOVE && hcs_str_starts(change->path, adapters) &&
            !adapter_resolve(em, call, change->path + sizeof(adapters) - 1, change->settings, "Settings", &job.adapter))
                return;
        job.change = *change;
        if (take(call, s, &job))
                *change = (struct device_change){0};
        else
                emu_adapter_deinit(&job.adapter);
}

/* On a thread of the machine's: the job that sees to it comes after the one that is being done. */
static void ended(void *ctx, const struct emu_end *end) {
        static const enum exit_type types[] = {
                [EMU_END_POWER_OFF] = EXIT_GRACEFUL, [EMU_END_RESET] = EXIT_GRACEFUL,
                [EMU_END_CRASH] = EXIT_UNEXPECTED,   [EMU_END_KILLED] = EXIT_FORCED,
                [EMU_END_DIED] = EXIT_UNEXPECTED,
        };
        struct system_machine *m = ctx;
        struct machine_job job = {.task = MACHINE_ENDED, .exit_type = types[end->kind]};
        hcs_guard(&m->em->lock);

        if (!m->system)
                return;
        if (end->kind == EMU_END_RESET && !emu_machine_stops_on_reset(m->machine))
                job.task = MACHINE_RESET;
        if (end->kind == EMU_END_CRASH)
                job.console = hcs_strdup(end->console ? end->console : "");
        if (end->kind != EMU_END_KILLED)
                hcs_log(end->kind == EMU_END_POWER_OFF ? HCS_LOG_INFO : HCS_LOG_WARN, "a machine of the emulator ended",
                        "id", m->system->id, "detail", end->detail, NULL);
        post(m, &job, NULL);
}

static void say_changes(const struct compute_system *s) {
        _cleanup_json_ struct hcs_json *o = hcs_json_new_object();
        _cleanup_free_ char *changes = NULL;

        emu_machine_describe(s->machine->machine, o);
        changes = hcs_json_text(hcs_json_get(o, "KernelChanges"), HCS_JSON_COMPACT);
        hcs_log(HCS_LOG_INFO, "kernel arguments translated", "id", s->id, "changes", changes, NULL);
}

/* Those of the document; false after the call was refused. */
static bool resolve_adapters(struct emulator *em, struct mock_call *call, const struct hcs_json *list,
                             struct emu_adapter *adapters, size_t *ret_n) {
        for (const struct hcs_json *a = hcs_json_first(list); a; a = hcs_json_next(a)) {
                _cleanup_free_ char *where = hcs_asprintf("VirtualMachine.Devices.NetworkAdapters.%s", hcs_json_key(a));

                if (!adapter_resolve(em, call, hcs_json_key(a), a, where, &adapters[*ret_n]))
                        return false;
                ++*ret_n;
        }
        return true;
}

/* 0 where no guest is found by it. The last number is no address, and none is given twice: false after a refusal. */
static bool next_cid(struct emulator *em, struct mock_call *call, uint32_t *ret) {
        uint32_t first = em->machine_settings.first_cid;

        *ret = first ? first + em->n_machines_made : 0;
        if (first && em->n_machines_made >= UINT32_MAX - first) {
                refuse(call, ADDRESSES_OUT, "cid=%u: machines have taken all addresses from there to %u", first,
                       UINT32_MAX - 1);
                return false;
        }
        em->n_machines_made += first != 0;
        return true;
}

static bool make_machine(struct emulator *em, struct mock_call *call, struct compute_system *s,
                         const struct emu_adapter *adapters, size_t n_adapters) {
        struct system_machine *m = hcs_calloc(1, sizeof(*m));
        struct emu_machine_request request = {.id = s->id,
                                              .document = s->document,
                                              .hvsocket = s->hvsocket,
                                              .adapters = adapters,
                                              .n_adapters = n_adapters,
                                              .ended = ended,
                                              .ctx = m};
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (!next_cid(em, call, &request.guest_cid)) {
                free(m);
                return false;
        }
        hr = emu_machine_new(&em->machine_settings, &request, &m->machine, &err);
        if (FAILED(hr)) {
                free(m);
                refuse(call, hr, "%s", hcs_error_message(err));
                hcs_error_free(err);
                return false;
        }
        m->em = em;
        m->system = s;
        m->tail = &m->first;
        hcs_cond_init(&m->changed);
        s->machine = m;
        say_changes(s);
        return true;
}

bool machine_create(struct emulator *em, struct mock_call *call, struct compute_system *s) {
        const struct hcs_json *list = hcs_json_lookup(s->document, "VirtualMachine.Devices.NetworkAdapters");
        _cleanup_free_ struct emu_adapter *adapters = NULL;
        size_t n = 0;
        bool made;

        if (!s->is_vm || s->is_v1 || !s->hvsocket || !emu_machine_is_wanted(&em->machine_settings, s->document))
                return true;
        adapters = hcs_calloc(hcs_json_count(list) + 1, sizeof(*adapters));
        made = resolve_adapters(em, call, list, adapters, &n) && make_machine(em, call, s, adapters, n);
        while (n > 0)
                emu_adapter_deinit(&adapters[--n]);
        return made;
}

void machine_leave(struct compute_system *s) {
        struct system_machine *m = s->machine;

        if (!m)
                return;
        s->machine = NULL;
        m->system = NULL;
        m->folder = steal_pointer(&s->folder);
        m->quits = true;
        emu_machine_kill(m->machine);
        if (m->has_thread)
                hcs_cond_signal(&m->changed);
        else
                machine_free(m);
}

void machines_wait(struct emulator *em) {
        hcs_guard(&em->lock);

        while (em->machine_threads)
                hcs_cond_wait(&em->machines_gone, &em->lock);
}

void machine_describe(const struct compute_system *s, struct hcs_json *o) {
        if (s->machine) {
                emu_machine_describe(s->machine->machine, o);
                return;
        }
        hcs_json_set_string(o, "Machine", "paper");
        hcs_json_set_string(o, "HvSocketFolder", s->hvsocket);
        hcs_json_set_bool(o, "Guest", s->guest != NULL);
}
