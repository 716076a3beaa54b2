/* SPDX-License-Identifier: MIT */

/*
 * A real process and its thread; see real_process.h. The thread waits for its pipes and its end. What it has left to
 * print when it ends is read first; what a program that it started prints later is not the process's any more. Neither
 * side is read from while the other takes nothing: the bytes wait in pipes, and who writes them waits too.
 */

#include "mockhcs/emulate/real_process.h"

#include <string.h>

#include "base/str.h"

#define READ_SIZE    16384
#define READS        16 /* at once: more than a pipe holds */
#define NO_SUCH_USER HCS_WIN32(1317)

/* Input of so much waits here at most, and the client is read from again when so little is left. */
#define INPUT_MAX  ((size_t)256 << 10)
#define INPUT_ROOM ((size_t)64 << 10)

struct real_process {
        struct emulator *em;
        struct process *process; /* in the model; NULL: nobody asks any more */
        struct hcs_job_child *child;
        struct hcs_poller *poller;
        HANDLE stream[3];     /* the thread's */
        struct hcs_buf input; /* for the program, which has */
        size_t taken;         /* so much of it */
        bool input_ended;
        struct mock_handle *held; /* whose client is not read from meanwhile, or NULL */
};

static void real_process_free(struct real_process *r) {
        for (int i = 0; i < 3; i++)
                hcs_pipe_close(r->stream[i]);
        hcs_job_child_free(r->child); /* before what it wakes */
        hcs_poller_free(r->poller);
        hcs_buf_deinit(&r->input);
        mock_handle_unref(r->held);
        free(r);
}

static void close_stream(struct real_process *r, int stream) {
        hcs_pipe_close(r->stream[stream]);
        r->stream[stream] = 0;
}

/* One read; false when there was nothing, or no more. */
static bool read_output(struct real_process *r, int stream) {
        struct emissions out = {0};
        char data[READ_SIZE];
        size_t n = 0;
        HRESULT hr = hcs_pipe_read(r->stream[stream], data, sizeof(data), &n, NULL);

        if (hr == HCS_PIPE_WOULD_BLOCK)
                return false;
        if (hr != S_OK) {
                close_stream(r, stream);
                return false;
        }
        hcs_mutex_lock(&r->em->lock);
        if (r->process)
                process_say(r->process, (enum mock_stream)stream, data, n, &out);
        hcs_mutex_unlock(&r->em->lock);
        emissions_send(r->em, &out);
        return true;
}

static void hold_input(struct real_process *r, struct mock_handle *handle) {
        r->held = mock_handle_ref(handle);
        mock_engine_hold_input(r->em->backend.engine, handle, true);
}

static void let_input_go(struct real_process *r) {
        if (!r->held)
                return;
        mock_engine_hold_input(r->em->backend.engine, r->held, false);
        mock_handle_unref(r->held);
        r->held = NULL;
}

/* Nobody reads it any more. */
static void drop_input(struct real_process *r) {
        close_stream(r, MOCK_STDIN);
        hcs_buf_clear(&r->input);
        r->taken = 0;
        let_input_go(r);
}

/* What the program takes of its input; its end when all is taken. */
static void write_input(struct real_process *r) {
        hcs_guard(&r->em->lock);

        while (r->stream[MOCK_STDIN] && r->input.len > r->taken) {
                size_t n = 0;
                HRESULT hr = hcs_pipe_write(r->stream[MOCK_STDIN], r->input.data + r->taken, r->input.len - r->taken,
                                            &n, NULL);

                if (hr == HCS_PIPE_WOULD_BLOCK)
                        break;
                if (FAILED(hr)) {
                        drop_input(r);
                        return;
                }
                r->taken += n;
        }
        if (r->taken * 2 >= r->input.len) { /* each byte is moved once, on the average */
                hcs_buf_drop(&r->input, r->taken);
                r->taken = 0;
        }
        if (r->input.len - r->taken <= INPUT_ROOM)
                let_input_go(r);
        if (r->input_ended && !r->input.len)
                close_stream(r, MOCK_STDIN);
}

/* Does the client take more of this stream? With the lock held. */
static bool may_say(const struct real_process *r, int stream) {
        const struct process *p = r->process;

        return !p || !p->creator ||
               !mock_engine_output_full(r->em->backend.engine, p->creator, (enum mock_stream)stream);
}

static size_t fill(struct real_process *r, struct hcs_poll_entry entries[3]) {
        size_t n = 0;
        hcs_guard(&r->em->lock);

        for (int i = MOCK_STDOUT; i <= MOCK_STDERR; i++)
                if (r->stream[i] && may_say(r, i))
                        entries[n++] = (struct hcs_poll_entry){.h = r->stream[i], .want_read = true};
        if (r->stream[MOCK_STDIN] && r->input.len > r->taken)
                entries[n++] = (struct hcs_poll_entry){.h = r->stream[MOCK_STDIN], .want_write = true};
        return n;
}

/* What it has printed, as far as there is room for it, or all of it. */
static void read_on(struct real_process *r, int stream, bool all) {
        for (int k = 0; k < READS && r->stream[stream]; k++) {
                bool may;

                hcs_mutex_lock(&r->em->lock);
                may = all || may_say(r, stream);
                hcs_mutex_unlock(&r->em->lock);
                if (!may || !read_output(r, stream))
                        return;
        }
}

static bool has_ended(struct real_process *r, uint32_t *ret_code) {
        hcs_guard(&r->em->lock);
        return hcs_job_child_ended(r->child, ret_code);
}

static void run(void *arg) {
        struct real_process *r = arg;
        struct emulator *em = r->em;
        struct emissions out = {0};
        bool ended = false;
        uint32_t code = 0;

        while (!ended) {
                struct hcs_poll_entry entries[3];
                size_t n;

                write_input(r);
                n = fill(r, entries);
                hcs_poller_wait(r->poller, entries, n, HCS_FOREVER);
                ended = has_ended(r, &code);
                for (int i = MOCK_STDOUT; i <= MOCK_STDERR; i++)
                        read_on(r, i, ended);
        }
        hcs_mutex_lock(&em->lock);
        if (r->process)
                process_exit(em, r->process, code, &out);
        hcs_mutex_unlock(&em->lock);
        emissions_send(em, &out);
        real_process_free(r);
        hcs_mutex_lock(&em->lock);
        if (--em->machine_threads == 0)
                hcs_cond_broadcast(&em->machines_gone);
        hcs_mutex_unlock(&em->lock);
}

/* There are no accounts but ours: those that every container has stand for it. */
static bool is_user(const char *name) {
        static const char *const known[] = {"", "ContainerAdministrator", "ContainerUser", "NT AUTHORITY\\SYSTEM",
                                            "User Manager\\ContainerAdministrator"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(known); i++)
                if (!name || hcs_strcaseeq(name, known[i]))
                        return true;
        return false;
}

/* "NAME=value" of the document, then USERNAME; NULL after the call was refused. */
static char **environment_of(struct mock_call *call, const struct hcs_json *params, const char *user) {
        const struct hcs_json *given = hcs_json_get(params, "Environment");
        char **environment = hcs_calloc(hcs_json_count(given) + 2, sizeof(*environment));
        const char *base = user ? strrchr(user, '\\') : NULL;
        size_t n = 0;

        for (const struct hcs_json *v = hcs_json_first(given); v; v = hcs_json_next(v)) {
                const char *name = hcs_json_key(v), *value = hcs_json_string(v);

                if (!name || !*name || strchr(name + 1, '=')) {
                        refuse_path(call, "Environment", "a name is empty or has a \"=\" in it");
                        break;
                }
                environment[n++] = hcs_asprintf("%s=%s", name, value ? value : "");
        }
        if (user && *user)
                environment[n] = hcs_asprintf("USERNAME=%s", base ? base + 1 : user);
        return environment;
}

static void environment_free(char **environment) {
        for (size_t i = 0; environment[i]; i++)
                free(environment[i]);
        free(environment);
}

/* Without the lock: a virus scanner or a slow disk may keep it waiting. */
static HRESULT spawn(struct real_process *r, const struct process *p, struct hcs_job *job,
                     const struct hcs_json *params, const char *const *environment, struct hcs_error **err) {
        const char *application = hcs_json_get_string(params, "ApplicationName");
        const char *directory = hcs_json_get_string(params, "WorkingDirectory");
        struct hcs_job_start start = {.application = application && *application ? application : NULL,
                                      .command_line = p->command,
                                      .directory = directory && *directory ? directory : NULL,
                                      .environment = environment};
        HRESULT hr = hcs_poller_new(&r->poller, err);

        memcpy(start.streams, p->stream, sizeof(start.streams));
        if (SUCCEEDED(hr))
                hr = hcs_job_spawn(job, &start, &r->child, err);
        if (SUCCEEDED(hr))
                hr = hcs_job_child_wakes(r->child, r->poller, err);
        for (int i = 0; i < 3 && SUCCEEDED(hr); i++)
                r->stream[i] = hcs_job_child_take(r->child, i);
        return hr;
}

/* The job of a system, with a reference; made with its first process. */
static HRESULT job_of(struct compute_system *s, struct hcs_job **ret, struct hcs_error **err) {
        HRESULT hr = s->job ? S_OK : hcs_job_new(&s->job, err);

        if (SUCCEEDED(hr))
                *ret = hcs_job_ref(s->job);
        return hr;
}

/* Is the system what it was before the lock was given back? Refuses the call if it is not. */
static bool is_as_before(struct emulator *em, struct mock_call *call, const struct process *p, uint64_t epoch) {
        const struct compute_system *s = call->system->object;

        if (em->epoch != epoch || s != p->system)
                refuse(call, HCS_E_SERVICE_DISCONNECT, "%s went while its process was started", call->system->symbol);
        else if (s->state != SYSTEM_RUNNING)
                refuse(call, HCS_E_INVALID_STATE, "cannot create a process in a compute system that is %s",
                       system_state_name(s));
        return !call->completed;
}

/* S_OK with the call refused: by the system. */
static HRESULT start(struct real_process *r, struct mock_call *call, struct process *p, const struct hcs_json *params,
                     const char *const *environment, struct hcs_error **err) {
        struct emulator *em = r->em;
        struct hcs_job *job = NULL;
        uint64_t epoch = em->epoch;
        HRESULT hr = job_of(p->system, &job, err);

        if (FAILED(hr))
                return hr;
        hcs_mutex_unlock(&em->lock);
        hr = spawn(r, p, job, params, environment, err);
        hcs_mutex_lock(&em->lock);
        if (is_as_before(em, call, p, epoch) && SUCCEEDED(hr))
                hr = hcs_thread_start_detached(run, r, err);
        if (r->child && (FAILED(hr) || call->completed))
                hcs_job_child_kill(r->child, 1);
        hcs_job_unref(job);
        return hr;
}

void real_process_start(struct emulator *em, struct mock_call *call, struct process *p, const struct hcs_json *params) {
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;
        const char *user = hcs_json_get_string(params, "User");
        struct real_process *r;
        char **environment;
        HRESULT hr;

        if (!is_user(user)) {
                refuse(call, NO_SUCH_USER, "User: real processes run as we do, and there is no account \"%s\"", user);
                return;
        }
        environment = environment_of(call, params, user);
        if (!call->completed) {
                r = hcs_calloc(1, sizeof(*r));
                r->em = em;
                r->process = p;
                hr = start(r, call, p, params, (const char *const *)environment, &err);
                if (FAILED(hr) && !call->completed)
                        refuse(call, hr, "%s", hcs_error_message(err));
                if (call->completed) {
                        real_process_free(r);
                } else {
                        em->machine_threads++;
                        p->real = r;
                        p->pid = hcs_job_child_id(r->child);
                }
        }
        environment_free(environment);
}

void real_process_input(struct real_process *r, const struct mock_stdio *chunk) {
        if (r->input_ended || !r->stream[MOCK_STDIN])
                return;
        if (chunk->len)
                hcs_buf_append(&r->input, chunk->data, chunk->len);
        r->input_ended = chunk->end;
        if (!r->held && !chunk->end && r->input.len - r->taken >= INPUT_MAX)
                hold_input(r, chunk->process);
        hcs_poller_wake(r->poller);
}

void real_process_go_on(struct real_process *r) {
        hcs_poller_wake(r->poller);
}

bool real_process_tell(struct real_process *r, enum hcs_job_event event) {
        return hcs_job_child_tell(r->child, event);
}

void real_process_kill(struct real_process *r, uint32_t exit_code) {
        hcs_job_child_kill(r->child, exit_code);
}

struct real_process *real_process_leave(struct real_process *r) {
        if (r) {
                r->process = NULL;
                let_input_go(r);
                hcs_job_child_kill(r->child, 1);
        }
        return NULL;
}
