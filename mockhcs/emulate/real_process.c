/* SPDX-License-Identifier: MIT */

/*
 * A real process and its thread; see real_process.h. The thread waits for its pipes and its end. What it has left to
 * print when it ends is read first; what a program that it started prints later is not the process's any more.
 */

#include "mockhcs/emulate/real_process.h"

#include <string.h>

#include "base/str.h"

#define READ_SIZE    16384
#define READS        16 /* at once: more than a pipe holds */
#define NO_SUCH_USER HCS_WIN32(1317)

struct real_process {
        struct emulator *em;
        struct process *process; /* in the model; NULL: nobody asks any more */
        struct hcs_job_child *child;
        struct hcs_poller *poller;
        HANDLE stream[3];     /* the thread's */
        struct hcs_buf input; /* for the program, which has */
        size_t taken;         /* so much of it */
        bool input_ended;
};

static void real_process_free(struct real_process *r) {
        for (int i = 0; i < 3; i++)
                hcs_pipe_close(r->stream[i]);
        hcs_job_child_free(r->child); /* before what it wakes */
        hcs_poller_free(r->poller);
        hcs_buf_deinit(&r->input);
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

/* What the program takes of its input; its end when all is taken. */
static void write_input(struct real_process *r) {
        hcs_guard(&r->em->lock);

        while (r->stream[MOCK_STDIN] && r->input.len > r->taken) {
                size_t n = 0;
                HRESULT hr = hcs_pipe_write(r->stream[MOCK_STDIN], r->input.data + r->taken, r->input.len - r->taken,
                                            &n, NULL);

                if (hr == HCS_PIPE_WOULD_BLOCK)
                        return;
                if (FAILED(hr)) {
                        close_stream(r, MOCK_STDIN); /* it reads no more */
                        return;
                }
                r->taken += n;
        }
        if (r->taken == r->input.len) {
                hcs_buf_clear(&r->input);
                r->taken = 0;
        }
        if (r->input_ended)
                close_stream(r, MOCK_STDIN);
}

static size_t fill(struct real_process *r, struct hcs_poll_entry entries[3]) {
        size_t n = 0;
        hcs_guard(&r->em->lock);

        for (int i = MOCK_STDOUT; i <= MOCK_STDERR; i++)
                if (r->stream[i])
                        entries[n++] = (struct hcs_poll_entry){.h = r->stream[i], .want_read = true};
        if (r->stream[MOCK_STDIN] && r->input.len > r->taken)
                entries[n++] = (struct hcs_poll_entry){.h = r->stream[MOCK_STDIN], .want_write = true};
        return n;
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
                ended = hcs_job_child_ended(r->child, &code);
                for (int i = MOCK_STDOUT; i <= MOCK_STDERR; i++)
                        for (int k = 0; k < READS && r->stream[i] && read_output(r, i); k++)
                                continue;
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

static HRESULT spawn(struct real_process *r, struct process *p, const struct hcs_json *params,
                     const char *const *environment, struct hcs_error **err) {
        const char *application = hcs_json_get_string(params, "ApplicationName");
        const char *directory = hcs_json_get_string(params, "WorkingDirectory");
        struct hcs_job_start start = {.application = application && *application ? application : NULL,
                                      .command_line = p->command,
                                      .directory = directory && *directory ? directory : NULL,
                                      .environment = environment};
        HRESULT hr = S_OK;

        memcpy(start.streams, p->stream, sizeof(start.streams));
        if (!p->system->job)
                hr = hcs_job_new(&p->system->job, err);
        if (SUCCEEDED(hr))
                hr = hcs_poller_new(&r->poller, err);
        if (SUCCEEDED(hr))
                hr = hcs_job_spawn(p->system->job, &start, &r->child, err);
        if (SUCCEEDED(hr))
                hr = hcs_job_child_wakes(r->child, r->poller, err);
        for (int i = 0; i < 3 && SUCCEEDED(hr); i++)
                r->stream[i] = hcs_job_child_take(r->child, i);
        if (SUCCEEDED(hr))
                hr = hcs_thread_start_detached(run, r, err);
        if (FAILED(hr) && r->child)
                hcs_job_child_kill(r->child, 1);
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
                hr = spawn(r, p, params, (const char *const *)environment, &err);
                if (FAILED(hr)) {
                        refuse(call, hr, "%s", hcs_error_message(err));
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
        if (r->input_ended)
                return;
        if (chunk->len)
                hcs_buf_append(&r->input, chunk->data, chunk->len);
        r->input_ended = chunk->end;
        hcs_poller_wake(r->poller);
}

void real_process_kill(struct real_process *r, uint32_t exit_code) {
        hcs_job_child_kill(r->child, exit_code);
}

struct real_process *real_process_leave(struct real_process *r) {
        if (r) {
                r->process = NULL;
                hcs_job_child_kill(r->child, 1);
        }
        return NULL;
}
