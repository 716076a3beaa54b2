/* SPDX-License-Identifier: MIT */

/*
 * The calls of runtime.h. Each gets a directory of its own for the runtime's log, pid file, process document and
 * console socket, removed afterwards.
 */

#include "guest/container/runtime.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/container/console.h"
#include "hcsshim/log.h"
#include "platform/clock.h"
#include "platform/file.h"

#define CALLS_DIR "/run/gcsrunc"
#define MAX_LOG   (1u << 20)
#define MAX_ARGS  16

struct guest_runtime {
        struct guest_children *children;
        char *program;
        uint64_t timeout_ns;
};

struct call {
        struct guest_runtime *runtime;
        const char *id;
        char dir[sizeof(CALLS_DIR) + 8];
        char log[sizeof(CALLS_DIR) + 16], pid_file[sizeof(CALLS_DIR) + 16], document[sizeof(CALLS_DIR) + 24];
        char socket[sizeof(CALLS_DIR) + 24];
        const char *argv[MAX_ARGS];
        size_t argc;
};

HRESULT guest_runtime_new(const struct guest_runtime_config *config, struct guest_runtime **ret,
                          struct hcs_error **err) {
        struct guest_runtime *r;

        if (mkdir(CALLS_DIR, 0700) < 0 && errno != EEXIST)
                return hcs_error_errno(err, errno, "create %s", CALLS_DIR);
        r = hcs_calloc(1, sizeof(*r));
        r->children = config->children;
        r->program = hcs_strdup(config->program);
        r->timeout_ns = config->timeout_ns;
        *ret = r;
        return S_OK;
}

struct guest_runtime *guest_runtime_free(struct guest_runtime *r) {
        if (!r)
                return NULL;
        free(r->program);
        return hcs_free(r);
}

static void call_end(struct call *c) {
        if (!*c->dir)
                return;
        unlink(c->log);
        unlink(c->pid_file);
        unlink(c->document);
        unlink(c->socket);
        rmdir(c->dir);
}

static void arg(struct call *c, const char *text) {
        if (c->argc < MAX_ARGS - 1)
                c->argv[c->argc++] = text;
}

static HRESULT call_begin(struct call *c, struct guest_runtime *r, const char *id, const char *command,
                          struct hcs_error **err) {
        *c = (struct call){.runtime = r, .id = id};
        if (!*id || *id == '.' || *id == '-' || strchr(id, '/'))
                return hcs_error_make(err, E_FAIL, "container id `%s`: not a name for a container", id);
        snprintf(c->dir, sizeof(c->dir), "%s/XXXXXX", CALLS_DIR);
        if (!mkdtemp(c->dir)) {
                int errnum = errno;

                *c->dir = '\0';
                return hcs_error_errno(err, errnum, "create a directory in %s", CALLS_DIR);
        }
        snprintf(c->log, sizeof(c->log), "%s/log", c->dir);
        snprintf(c->pid_file, sizeof(c->pid_file), "%s/pid", c->dir);
        snprintf(c->document, sizeof(c->document), "%s/document", c->dir);
        snprintf(c->socket, sizeof(c->socket), "%s/console", c->dir);
        arg(c, r->program);
        arg(c, "--log");
        arg(c, c->log);
        arg(c, "--log-format");
        arg(c, "json");
        arg(c, command);
        return S_OK;
}

/* The last error of the runtime's log: a JSON object a line, with level and msg. NULL when there is none. */
static char *last_error(const char *path) {
        _cleanup_buf_ struct hcs_buf text = {0};
        char *found = NULL, *save = NULL;

        if (FAILED(hcs_file_read(path, MAX_LOG, &text, NULL)) || !text.data)
                return NULL;
        for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                _cleanup_json_ struct hcs_json *j = NULL;
                const char *level, *msg;

                if (FAILED(hcs_json_parse_cstr(line, &j, NULL)))
                        continue;
                level = hcs_json_get_string(j, "level");
                msg = hcs_json_get_string(j, "msg");
                if (msg && (hcs_streq(level, "error") || hcs_streq(level, "fatal"))) {
                        free(found);
                        found = hcs_strdup(msg);
                }
        }
        return found;
}

static HRESULT call_run(struct call *c, const struct guest_stdio *stdio, struct hcs_error **err) {
        struct guest_spawn spawn = {.argv = (char *const *)c->argv, .in = -1, .out = -1, .err = -1};
        const char *name = strrchr(c->runtime->program, '/'), *command = c->argv[5];
        _cleanup_free_ char *why = NULL;
        int status;
        HRESULT hr;

        name = name ? name + 1 : c->runtime->program;
        arg(c, c->id);
        if (stdio) {
                spawn.in = stdio->pipes.in;
                spawn.out = stdio->pipes.out;
                spawn.err = stdio->pipes.err;
        }
        hr = guest_children_run(c->runtime->children, &spawn, c->runtime->timeout_ns, &status, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "%s %s for container %s failed", name, command, c->id);
                return hr;
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return S_OK;
        why = last_error(c->log);
        if (!why)
                why = hcs_strdup("it wrote no error to its log");
        if (WIFSIGNALED(status))
                return hcs_error_make(err, E_FAIL, "%s %s for container %s failed: signal %d: %s", name, command, c->id,
                                      WTERMSIG(status), why);
        return hcs_error_make(err, E_FAIL, "%s %s for container %s failed: exit status %d: %s", name, command, c->id,
                              WEXITSTATUS(status), why);
}

static HRESULT read_pid(struct call *c, pid_t *ret_pid, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = hcs_file_read(c->pid_file, 64, &text, err);
        int64_t pid;

        if (FAILED(hr))
                return hcs_error_wrap(err, "failed reading from pid file"), hr;
        for (size_t n = text.len; n && (text.data[n - 1] == '\n' || text.data[n - 1] == ' '); n--)
                text.data[n - 1] = '\0';
        if (!hcs_str_to_i64(hcs_buf_cstr(&text), &pid) || pid <= 0 || pid > INT32_MAX)
                return hcs_error_make(err, E_FAIL, "failed converting pid text \"%s\" to integer form",
                                      hcs_buf_cstr(&text));
        *ret_pid = (pid_t)pid;
        return S_OK;
}

/* create and exec: the pid file, and the terminal when there is one. */
static HRESULT call_process(struct call *c, struct guest_stdio *stdio, pid_t *ret_pid, struct hcs_error **err) {
        int listener = -1, master = -1;
        HRESULT hr = S_OK;

        arg(c, "--pid-file");
        arg(c, c->pid_file);
        if (stdio->terminal) {
                hr = guest_console_listen(c->socket, &listener, err);
                arg(c, "--console-socket");
                arg(c, c->socket);
        }
        if (SUCCEEDED(hr))
                hr = call_run(c, stdio, err);
        if (SUCCEEDED(hr) && stdio->terminal) {
                hr = guest_console_receive(listener, (int)(c->runtime->timeout_ns / HCS_NS_PER_MS), &master, err);
                if (FAILED(hr))
                        hcs_error_wrap(err, "failed to get pty master for process in container %s", c->id);
        }
        if (listener >= 0)
                close(listener);
        if (SUCCEEDED(hr))
                hr = read_pid(c, ret_pid, err);
        if (FAILED(hr) && master >= 0)
                close(master);
        else
                stdio->master = master;
        return hr;
}

static HRESULT write_document(struct call *c, const struct hcs_json *document, struct hcs_error **err) {
        _cleanup_free_ char *text = hcs_json_text(document, HCS_JSON_COMPACT);

        return hcs_file_write(c->document, text, strlen(text), err);
}

HRESULT guest_runtime_create(struct guest_runtime *r, const char *id, const char *bundle, struct guest_stdio *stdio,
                             pid_t *ret_pid, struct hcs_error **err) {
        _cleanup_(call_end) struct call c;
        HRESULT hr = call_begin(&c, r, id, "create", err);

        if (FAILED(hr))
                return hr;
        arg(&c, "-b");
        arg(&c, bundle);
        arg(&c, "--no-pivot"); /* the root may be an initramfs, which cannot be pivoted away */
        hr = call_process(&c, stdio, ret_pid, err);
        if (FAILED(hr))
                guest_runtime_delete(r, id, true, NULL);
        return hr;
}

HRESULT guest_runtime_start(struct guest_runtime *r, const char *id, struct hcs_error **err) {
        _cleanup_(call_end) struct call c;
        HRESULT hr = call_begin(&c, r, id, "start", err);

        return SUCCEEDED(hr) ? call_run(&c, NULL, err) : hr;
}

HRESULT guest_runtime_exec(struct guest_runtime *r, const char *id, const struct hcs_json *process,
                           struct guest_stdio *stdio, pid_t *ret_pid, struct hcs_error **err) {
        _cleanup_(call_end) struct call c;
        HRESULT hr = call_begin(&c, r, id, "exec", err);

        if (SUCCEEDED(hr))
                hr = write_document(&c, process, err);
        if (FAILED(hr))
                return hr;
        arg(&c, "-d");
        arg(&c, "--process");
        arg(&c, c.document);
        return call_process(&c, stdio, ret_pid, err);
}

HRESULT guest_runtime_update(struct guest_runtime *r, const char *id, const struct hcs_json *resources,
                             struct hcs_error **err) {
        _cleanup_(call_end) struct call c;
        HRESULT hr = call_begin(&c, r, id, "update", err);

        if (SUCCEEDED(hr))
                hr = write_document(&c, resources, err);
        if (FAILED(hr))
                return hr;
        arg(&c, "--resources");
        arg(&c, c.document);
        return call_run(&c, NULL, err);
}

HRESULT guest_runtime_delete(struct guest_runtime *r, const char *id, bool force, struct hcs_error **err) {
        _cleanup_(call_end) struct call c;
        HRESULT hr = call_begin(&c, r, id, "delete", err);

        if (FAILED(hr))
                return hr;
        if (force)
                arg(&c, "--force");
        return call_run(&c, NULL, err);
}
