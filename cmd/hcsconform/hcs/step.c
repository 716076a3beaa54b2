/* SPDX-License-Identifier: MIT */

/*
 * The moves of a case, one after the other, through one API. Variables of documents, besides the ids of systems:
 *   %storage%  the Storage member of a container    %disk%  a VHDX that may be attached    %token%  of this run
 *   %tools%  a mapped directory with hcsworker       %worker%  that program, in the container
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/hcsconform/hcs/hcs.h"
#include "cmd/hcsconform/image.h"
#include "cmd/hcsconform/tools.h"
#include "hcsshim/hresult.h"
#include "platform/pipe.h"

#define MAX_SYSTEMS   4
#define MAX_PROCESSES 4
#define MAX_OUTPUT    65536u

struct system {
        const char *name;
        char *id;
        void *handle;
        bool open;
        struct watch watch;
};

struct process {
        const char *name;
        void *handle;
        bool open;
        HCS_PROCESS_INFORMATION info;
        struct watch watch;
};

struct play {
        const struct face *face;
        struct system systems[MAX_SYSTEMS];
        size_t n_systems;
        struct process processes[MAX_PROCESSES];
        size_t n_processes;
        char *document; /* the last that came */
};

static struct system *system_of(struct play *p, const char *name) {
        for (size_t i = p->n_systems; name && i-- > 0;)
                if (hcs_streq(p->systems[i].name, name))
                        return &p->systems[i];
        return NULL;
}

static struct process *process_of(struct play *p, const char *name) {
        for (size_t i = p->n_processes; name && i-- > 0;)
                if (hcs_streq(p->processes[i].name, name))
                        return &p->processes[i];
        return NULL;
}

static const char *find(void *ctx, const char *name) {
        struct system *s = system_of(ctx, name);

        if (s)
                return s->id;
        if (hcs_streq(name, "storage"))
                return image_storage();
        if (hcs_streq(name, "tools"))
                return tools_directory();
        if (hcs_streq(name, "worker"))
                return tools_worker();
        if (hcs_streq(name, "disk"))
                return image_disk();
        return hcs_streq(name, "token") ? conform_target.token : NULL;
}

/* The code as this API spells it. */
static HRESULT spelled(const struct play *p, HRESULT hr) {
        if (!p->face->v1)
                return hr;
        if (hr == HCS_E_PROCESS_ALREADY_STOPPED)
                return HCS_WIN32(0x490);
        if (hr == HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET)
                return VMCOMPUTE_E_TOO_MANY_NOTIFICATIONS;
        return hcs_hresult_to_vmcompute(hr);
}

static bool check(struct play *p, const char *what, const struct move *m, HRESULT got, char *document) {
        free(p->document);
        p->document = document;
        return conform_code(what, spelled(p, m->hr), got, document);
}

static struct system *new_system(struct play *p, const struct move *m) {
        struct system *s = &p->systems[p->n_systems++];

        s->name = m->a;
        s->id = m->op == H_CREATE && m->b ? hcs_strdup(m->b)
                                          : hcs_asprintf("hcsconform-%s-%s", conform_target.token, m->a);
        watch_init(&s->watch);
        return s;
}

static bool create(struct play *p, const struct move *m) {
        struct system *s = new_system(p, m);
        _cleanup_free_ char *doc = conform_expand(m->doc, find, p);
        char *result = NULL;
        HRESULT hr = p->face->create(s->id, doc, &s->watch, &s->handle, &result);

        s->open = s->handle != NULL;
        if (FAILED(hr) && s->handle && !p->face->v1)
                return free(result), conform_failed("create: there is a handle after a failure");
        return check(p, "create", m, hr, result);
}

static bool open_system(struct play *p, const struct move *m) {
        const struct system *of = system_of(p, m->b);
        _cleanup_free_ char *id = hcs_strdup(of ? of->id : m->b);
        struct system *s = new_system(p, m);
        char *result = NULL;
        HRESULT hr = p->face->open(id, m->what ? 0 : GENERIC_ALL, &s->watch, &s->handle, &result);

        s->open = s->handle != NULL;
        return check(p, "open", m, hr, result);
}

static bool change(struct play *p, const struct move *m) {
        static const char *const names[] = {"start",  "shutdown", "terminate", "crash", "pause",
                                            "resume", "save",     "query",     "modify"};
        struct system *s = system_of(p, m->a);
        _cleanup_free_ char *doc = m->doc ? conform_expand(m->doc, find, p) : NULL;
        char *result = NULL;
        HRESULT hr = p->face->system((enum face_system)m->what, s->handle, &s->watch, doc ? doc : "", &result);

        return check(p, names[m->what], m, hr, result);
}

static const char *const event_names[] = {"SystemExited",   "CrashInitiated",  "CrashReport",
                                          "ProcessExited",  "CreateCompleted", "StartCompleted",
                                          "PauseCompleted", "ResumeCompleted", "SaveCompleted"};

static struct watch *watch_of(struct play *p, const char *name) {
        struct system *s = system_of(p, name);

        return s ? &s->watch : &process_of(p, name)->watch;
}

static bool order(struct play *p, const struct move *m) {
        struct watch *w = watch_of(p, m->a);

        hcs_guard(&w->lock);
        return (w->at[m->what] && w->at[m->what] < w->at[m->next]) ||
               conform_failed("%s was heard as number %u, %s as number %u", event_names[m->what], w->at[m->what],
                              event_names[m->next], w->at[m->next]);
}

static bool event(struct play *p, const struct move *m) {
        struct watch *w = watch_of(p, m->a);
        unsigned count = (unsigned)strtoul(m->b, NULL, 10);

        if (!watch_wait(w, (enum face_event)m->what, count))
                return conform_failed("%s was not heard %u times", event_names[m->what], count);
        hcs_guard(&w->lock);
        free(p->document);
        p->document = w->data[m->what] ? hcs_strdup(w->data[m->what]) : NULL;
        return w->counts[m->what] == count ||
               conform_failed("%s was heard %u times instead of %u", event_names[m->what], w->counts[m->what], count);
}

static struct process *new_process(struct play *p, const char *name) {
        struct process *q = &p->processes[p->n_processes++];

        q->name = name;
        watch_init(&q->watch);
        return q;
}

static bool run(struct play *p, const struct move *m) {
        _cleanup_free_ char *doc = conform_expand(m->doc, find, p);
        struct process *q = new_process(p, m->a);
        char *result = NULL;
        HRESULT hr = p->face->run(system_of(p, m->b)->handle, doc, &q->watch, &q->info, &q->handle, &result);

        q->open = q->handle != NULL;
        return check(p, "create a process", m, hr, result);
}

/* Of the first system: cases with processes have one. */
static bool open_process(struct play *p, const struct move *m) {
        const struct process *of = process_of(p, m->b);
        uint32_t pid = of ? of->info.ProcessId : 4000000001u;
        struct process *q = new_process(p, m->a);
        char *result = NULL;
        HRESULT hr = p->face->open_process(p->systems[0].handle, pid, &q->watch, &q->handle, &result);

        q->open = q->handle != NULL;
        q->info.ProcessId = pid;
        return check(p, "open a process", m, hr, result);
}

static bool change_process(struct play *p, const struct move *m) {
        static const char *const names[] = {"terminate", "signal",           "info", "properties", "modify",
                                            "wait",      "wait for the exit"};
        struct process *q = process_of(p, m->a);
        _cleanup_free_ char *doc = m->doc ? conform_expand(m->doc, find, p) : NULL;
        HCS_PROCESS_INFORMATION info = {0};
        char *result = NULL;
        HRESULT hr = p->face->process((enum face_process)m->what, q->handle, doc ? doc : "", &info, &result);

        if (m->what == PROC_INFO && SUCCEEDED(hr) && info.ProcessId != q->info.ProcessId)
                return free(result),
                       conform_failed("the process has the id %u and says %u", q->info.ProcessId, info.ProcessId);
        hcs_pipe_close(info.StdInput);
        hcs_pipe_close(info.StdOutput);
        hcs_pipe_close(info.StdError);
        return check(p, names[m->what], m, hr, result);
}

static bool write_input(struct process *q, const char *text) {
        size_t len = strlen(text), n = 0;

        if (!q->info.StdInput)
                return conform_failed("there is no pipe to write to");
        for (; len; text += n, len -= n)
                if (FAILED(hcs_pipe_write(q->info.StdInput, text, len, &n, NULL)))
                        return conform_failed("the pipe cannot be written to");
        return true;
}

static bool end_input(struct process *q) {
        hcs_pipe_close(q->info.StdInput);
        q->info.StdInput = NULL;
        return true;
}

/* Until the text has come, or for NULL until the end, after which nothing has come. */
static bool read_output(struct process *q, unsigned stream, const char *text) {
        HANDLE pipe = stream == 1 ? q->info.StdOutput : q->info.StdError;
        _cleanup_buf_ struct hcs_buf got = {0};

        if (!pipe)
                return conform_failed("there is no pipe to read from");
        while (!text || !strstr(hcs_buf_cstr(&got), text)) {
                char buf[512];
                size_t n = 0;

                if (hcs_pipe_read(pipe, buf, sizeof(buf), &n, NULL) != S_OK || got.len > MAX_OUTPUT)
                        return text ? conform_failed("`%s` did not come, but `%s`", text, hcs_buf_cstr(&got))
                                    : !got.len || conform_failed("`%s` came", hcs_buf_cstr(&got));
                hcs_buf_append(&got, buf, n);
        }
        return true;
}

/* The code stands in the event (computecore) or is asked for (vmcompute); one that is 0 may be left out. */
static bool exit_code(struct play *p, struct process *q, const char *expected) {
        _cleanup_free_ char *status = NULL;
        _cleanup_json_ struct hcs_json *doc = NULL;
        uint64_t code = 0, want = 0;

        if (!watch_wait(&q->watch, EVENT_PROCESS_EXITED, 1))
                return conform_failed("the process did not exit");
        if (FAILED(p->face->process(PROC_PROPERTIES, q->handle, "", NULL, &status)) || !status ||
            FAILED(hcs_json_parse_cstr(status, &doc, NULL)))
                return conform_failed("there is no status of the process: %s", status ? status : "");
        hcs_json_u64(hcs_json_get(doc, "ExitCode"), &code);
        hcs_str_to_u64(expected, &want);
        return code == want || conform_failed("exit code %llu instead of %s", (unsigned long long)code, expected);
}

static bool says(const struct play *p, const char *text) {
        return (p->document && strstr(p->document, text)) ||
               conform_failed("`%s` is not in %s", text, p->document ? p->document : "nothing");
}

static bool grant(struct play *p, const struct move *m) {
        _cleanup_free_ char *path = conform_expand(m->b, find, p), *vm = m->a ? conform_expand(m->a, find, p) : NULL;

        return conform_code("access", spelled(p, m->hr), p->face->grant(!m->what, vm, path), NULL);
}

static bool ask(struct play *p, const struct move *m) {
        _cleanup_free_ char *doc = conform_expand(m->doc, find, p);
        char *answer = NULL;
        HRESULT hr = m->op == H_LIST ? p->face->enumerate(doc, &answer) : p->face->service(m->what, doc, &answer);

        return check(p, m->op == H_LIST ? "enumerate" : "service", m, hr, answer);
}

static void close_system(struct play *p, struct system *s) {
        if (s->open)
                p->face->close(s->handle, &s->watch);
        s->open = false;
}

static bool close_one(struct play *p, const char *name) {
        close_system(p, system_of(p, name));
        return true;
}

static void close_process(struct play *p, struct process *q) {
        if (q->open)
                p->face->close_process(q->handle, &q->watch);
        q->open = false;
}

static bool close_one_process(struct play *p, const char *name) {
        close_process(p, process_of(p, name));
        return true;
}

static bool value(struct play *p, const struct move *m) {
        _cleanup_free_ char *text = m->value ? conform_expand(m->value, find, p) : NULL;

        return conform_value(p->document, m->path, text);
}

static bool move(struct play *p, const struct move *m) {
        switch (m->op) {
        case H_CREATE:
                return create(p, m);
        case H_OPEN:
                return open_system(p, m);
        case H_CLOSE:
                return close_one(p, m->a);
        case H_SYSTEM:
                return change(p, m);
        case H_LIST:
        case H_SERVICE:
                return ask(p, m);
        case H_WATCH:
                return conform_code("register", spelled(p, m->hr),
                                    p->face->watch(system_of(p, m->a)->handle, &system_of(p, m->a)->watch), NULL);
        case H_EVENT:
                return event(p, m);
        case H_ORDER:
                return order(p, m);
        case H_VALUE:
                return value(p, m);
        case H_SAYS:
                return says(p, m->value);
        case H_RUN:
                return run(p, m);
        case H_OPEN_PROCESS:
                return open_process(p, m);
        case H_CLOSE_PROCESS:
                return close_one_process(p, m->a);
        case H_PROCESS:
                return change_process(p, m);
        case H_WRITE:
                return write_input(process_of(p, m->a), m->value);
        case H_END_INPUT:
                return end_input(process_of(p, m->a));
        case H_READ:
                return read_output(process_of(p, m->a), m->what, m->value);
        case H_DRAINED:
                return read_output(process_of(p, m->a), m->what, NULL);
        case H_EXIT:
                return exit_code(p, process_of(p, m->a), m->value);
        case H_GRANT:
                return grant(p, m);
        case H_END:
                break;
        }
        return true;
}

/* Whatever is left of the case is ended and closed. */
static void clean(struct play *p) {
        for (size_t i = p->n_processes; i-- > 0;) {
                struct process *q = &p->processes[i];

                close_process(p, q);
                hcs_pipe_close(q->info.StdInput);
                hcs_pipe_close(q->info.StdOutput);
                hcs_pipe_close(q->info.StdError);
                watch_deinit(&q->watch);
        }
        for (size_t i = p->n_systems; i-- > 0;) {
                struct system *s = &p->systems[i];
                char *result = NULL;

                if (s->open)
                        p->face->system(SYS_TERMINATE, s->handle, &s->watch, "", &result);
                free(result);
                close_system(p, s);
                watch_deinit(&s->watch);
                free(s->id);
        }
        free(p->document);
}

bool hcs_moves(const struct face *face, const struct move *moves) {
        struct play p = {.face = face};
        bool ok = true;

        for (size_t i = 0; ok && moves[i].op != H_END; i++) {
                ok = move(&p, &moves[i]);
                if (!ok)
                        conform_failed("in move %zu", i + 1);
        }
        clean(&p);
        return ok;
}
