/* SPDX-License-Identifier: MIT */

/* Processes of a compute system: their pipes, signals and exit. See hcsshim/hcs.h for what each call promises. */

#include <string.h>

#include "base/json.h"
#include "hcs/internal.h"
#include "platform/clock.h"
#include "platform/pipe.h"

#define EXIT_UNKNOWN_AFTER_MS 1000

static struct hcs_process *new_process(struct hcs_system *s) {
        struct hcs_process *p = hcs_calloc(1, sizeof(*p));

        hcs_object_init(&p->o, s->o.client, true);
        p->system = hcs_system_ref(s);
        return p;
}

/* With the lock held. */
static void end_unref(struct hcs_pipe_end *end) {
        if (!end || --end->refs)
                return;
        hcs_pipe_close(end->h);
        free(end);
}

/* h (0: none) takes the place of what is there. */
static void set_pipe(struct hcs_process *p, enum hcs_stdio stream, HANDLE h) {
        struct hcs_pipe_end *fresh = NULL;

        if (h) {
                fresh = hcs_malloc(sizeof(*fresh));
                *fresh = (struct hcs_pipe_end){h, 1};
        }
        hcs_guard(&p->o.lock);
        end_unref(p->pipes[stream]);
        p->pipes[stream] = fresh;
}

static struct hcs_pipe_end *use_pipe(struct hcs_process *p, enum hcs_stdio stream) {
        hcs_guard(&p->o.lock);
        if (p->pipes[stream])
                p->pipes[stream]->refs++;
        return p->pipes[stream];
}

static void leave_pipe(struct hcs_process *p, struct hcs_pipe_end *end) {
        hcs_guard(&p->o.lock);
        end_unref(end);
}

static void free_process(struct hcs_process *p) {
        for (int i = 0; i < 3; i++)
                set_pipe(p, (enum hcs_stdio)i, 0);
        hcs_object_deinit(&p->o);
        hcs_system_unref(p->system);
        free(p->id);
        free(p);
}

struct hcs_process *hcs_process_ref(struct hcs_process *p) {
        atomic_fetch_add(&p->o.refs, 1);
        return p;
}

HRESULT hcs_process_close(struct hcs_process *p, struct hcs_error **err) {
        HRESULT hr = hcs_object_close(&p->o, err);

        for (int i = 0; i < 3 && SUCCEEDED(hr); i++)
                set_pipe(p, (enum hcs_stdio)i, 0);
        return hr;
}

struct hcs_process *hcs_process_unref(struct hcs_process *p) {
        if (p && atomic_fetch_sub(&p->o.refs, 1) == 1 && hcs_object_release(&p->o))
                free_process(p);
        return NULL;
}

static HANDLE usable(HANDLE h) {
        return h == INVALID_HANDLE_VALUE ? (HANDLE)0 : h;
}

static void take_info(struct hcs_process *p, const HCS_PROCESS_INFORMATION *info) {
        HANDLE fresh[] = {usable(info->StdInput), usable(info->StdOutput), usable(info->StdError)};

        for (int i = 0; i < 3; i++)
                set_pipe(p, (enum hcs_stdio)i, fresh[i]);
}

static HRESULT begin(struct hcs_process *p, const char *operation, uint32_t pid, struct hcs_process **ret,
                     struct hcs_error **err) {
        HRESULT hr;

        p->pid = pid;
        p->id = hcs_asprintf("%s:%u", p->system->id, pid);
        hr = p->o.client->ops->watch(&p->o);
        if (FAILED(hr)) {
                hcs_fail(err, hr, NULL, operation, p->id);
                hcs_process_unref(p);
                return hr;
        }
        *ret = p;
        return S_OK;
}

HRESULT hcs_process_create(struct hcs_system *s, const char *parameters, const struct hcs_call *call,
                           struct hcs_process **ret, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of(s->o.client, call, HCS_TIMEOUT_NONE);
        HCS_PROCESS_INFORMATION info = {0};
        struct hcs_process *p;
        char *result = NULL;
        HRESULT hr = hcs_object_enter(&s->o, err);

        if (FAILED(hr))
                return hr;
        p = new_process(s);
        hr = s->o.client->ops->process_create(p, parameters, &b, &info, &result);
        hcs_object_leave(&s->o);
        if (FAILED(hr)) {
                hcs_fail(err, hr, result, "CreateProcess", s->id);
                free_process(p);
                return hr;
        }
        take_info(p, &info);
        return begin(p, "CreateProcess", info.ProcessId, ret, err);
}

HRESULT hcs_process_open(struct hcs_system *s, uint32_t pid, const struct hcs_call *call, struct hcs_process **ret,
                         struct hcs_error **err) {
        struct hcs_process *p;
        char *result = NULL;
        HRESULT hr = hcs_object_enter(&s->o, err);

        if (FAILED(hr))
                return hr;
        p = new_process(s);
        hr = s->o.client->ops->process_open(p, pid, &result);
        hcs_object_leave(&s->o);
        if (FAILED(hr)) {
                _cleanup_free_ char *id = hcs_asprintf("%s:%u", s->id, pid);

                hcs_fail(err, hr, result, "OpenProcess", id);
                free_process(p);
                return hr;
        }
        return begin(p, "OpenProcess", pid, ret, err);
}

uint32_t hcs_process_pid(const struct hcs_process *p) {
        return p->pid;
}

HANDLE hcs_process_take_pipe(struct hcs_process *p, enum hcs_stdio stream) {
        struct hcs_pipe_end *end;
        HANDLE h = 0;

        hcs_guard(&p->o.lock);
        end = steal_pointer(&p->pipes[stream]);
        if (end) {
                h = end->h;
                end->h = 0;
        }
        end_unref(end);
        return h;
}

void hcs_process_close_pipe(struct hcs_process *p, enum hcs_stdio stream) {
        set_pipe(p, stream, 0);
}

HRESULT hcs_process_stdio_fresh(struct hcs_process *p, const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of(p->o.client, call, HCS_TIMEOUT_NONE);
        HCS_PROCESS_INFORMATION info = {0};
        char *result = NULL;
        HRESULT hr = hcs_object_enter(&p->o, err);

        if (FAILED(hr))
                return hr;
        hr = p->o.client->ops->process_info(p, &b, &info, &result);
        hcs_object_leave(&p->o);
        if (FAILED(hr))
                return hcs_fail(err, hr, result, "GetProcessInfo", p->id);
        take_info(p, &info);
        return S_OK;
}

static HRESULT no_pipe(struct hcs_process *p, struct hcs_error **err) {
        hcs_error_make(err, E_HANDLE, "the process has no such pipe (left)");
        hcs_error_set_id(err, p->id);
        return E_HANDLE;
}

HRESULT hcs_process_write(struct hcs_process *p, const void *data, size_t n, struct hcs_error **err) {
        struct hcs_pipe_end *end = use_pipe(p, HCS_STDIN);
        const char *at = data;
        HRESULT hr = S_OK;

        if (!end)
                return no_pipe(p, err);
        while (n && SUCCEEDED(hr)) {
                size_t done = 0;

                hr = hcs_pipe_write(end->h, at, n, &done, err);
                at += done;
                n -= done;
        }
        leave_pipe(p, end);
        return hr;
}

HRESULT hcs_process_read(struct hcs_process *p, enum hcs_stdio stream, void *buf, size_t size, size_t *ret_n,
                         struct hcs_error **err) {
        struct hcs_pipe_end *end = stream == HCS_STDIN ? NULL : use_pipe(p, stream);
        HRESULT hr;

        if (!end)
                return no_pipe(p, err);
        hr = hcs_pipe_read(end->h, buf, size, ret_n, err);
        leave_pipe(p, end);
        return hr;
}

static HRESULT do_call(struct hcs_process *p, enum hcs_verb verb, const char *operation, const char *document,
                       const struct hcs_call *call, char **data, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of(p->o.client, call, HCS_TIMEOUT_NONE);
        char *result = NULL;
        HRESULT hr = hcs_object_enter(&p->o, err);

        if (FAILED(hr)) {
                hcs_error_set_operation(err, operation);
                hcs_error_set_id(err, p->id);
                return hr;
        }
        hr = p->o.client->ops->call(&p->o, verb, document, NULL, &b, data, &result);
        hcs_object_leave(&p->o);
        return FAILED(hr) ? hcs_fail(err, hr, result, operation, p->id) : S_OK;
}

HRESULT hcs_process_modify(struct hcs_process *p, const char *settings, const struct hcs_call *call,
                           struct hcs_error **err) {
        return do_call(p, HCS_VERB_PROCESS_MODIFY, "ModifyProcess", settings, call, NULL, err);
}

HRESULT hcs_process_close_stdin(struct hcs_process *p, const struct hcs_call *call, struct hcs_error **err) {
        HRESULT hr = S_OK;

        if (!hcs_process_exited(p))
                hr = hcs_process_modify(p, "{\"Operation\":\"CloseHandle\",\"CloseHandle\":{\"Handle\":\"StdIn\"}}",
                                        call, err);
        hcs_process_close_pipe(p, HCS_STDIN);
        return hr;
}

HRESULT hcs_process_resize_console(struct hcs_process *p, uint16_t width, uint16_t height, const struct hcs_call *call,
                                   struct hcs_error **err) {
        _cleanup_free_ char *settings = hcs_asprintf(
                "{\"Operation\":\"ConsoleSize\",\"ConsoleSize\":{\"Height\":%u,\"Width\":%u}}", height, width);

        return hcs_process_modify(p, settings, call, err);
}

/* The platform says that the process is gone, but no exit was seen: give it a moment, then end the waits. */
static void end_waits(struct hcs_process *p) {
        struct hcs_bound b = {.deadline_ns = hcs_clock_ns() + EXIT_UNKNOWN_AFTER_MS * (uint64_t)HCS_NS_PER_MS};

        if (hcs_object_wait(&p->o, 0, &b, NULL) != HCS_E_OPERATION_TIMEOUT)
                return;
        hcs_guard(&p->o.lock);
        p->o.exit_unknown = true;
        hcs_cond_broadcast(&p->o.changed);
}

HRESULT hcs_process_signal(struct hcs_process *p, const char *options, const struct hcs_call *call, bool *ret_delivered,
                           struct hcs_error **err) {
        struct hcs_error *mine = NULL;
        HRESULT hr =
                do_call(p, HCS_VERB_PROCESS_SIGNAL, "SignalProcess", options ? options : "null", call, NULL, &mine);

        if (hr == E_HANDLE || hr == E_ABORT || hr == HCS_E_OPERATION_TIMEOUT)
                return hcs_error_move(err, &mine);
        if (ret_delivered)
                *ret_delivered = SUCCEEDED(hr);
        hcs_error_free(mine);
        if (FAILED(hr) && (hcs_is_invalid_state(hr) || hcs_is_not_exist(hr)))
                end_waits(p);
        return S_OK;
}

/* Through handles of its own: the process's may be in use by a wait. */
static HRESULT kill_through(struct hcs_process *p, struct hcs_system *s, const struct hcs_call *call,
                            struct hcs_error **err) {
        struct hcs_process *fresh = NULL;
        struct hcs_error *mine = NULL;
        HRESULT hr = hcs_process_open(s, p->pid, call, &fresh, &mine);

        if (SUCCEEDED(hr))
                hr = do_call(fresh, HCS_VERB_PROCESS_TERMINATE, "TerminateProcess", NULL, call, NULL, &mine);
        hcs_process_unref(fresh);
        if (SUCCEEDED(hr) || hcs_is_already_stopped(hr) || hr == E_ACCESSDENIED) {
                hcs_error_free(mine);
                return S_OK;
        }
        return hcs_error_move(err, &mine);
}

HRESULT hcs_process_kill(struct hcs_process *p, const struct hcs_call *call, bool *ret_delivered,
                         struct hcs_error **err) {
        struct hcs_system *s = NULL;
        bool again;
        HRESULT hr;

        hcs_mutex_lock(&p->o.lock);
        again = p->killed || p->o.exited;
        hcs_mutex_unlock(&p->o.lock);
        if (again) {
                hr = S_OK;
        } else if (FAILED(hcs_system_open(p->o.client, p->system->id, call, &s, NULL))) {
                hr = hcs_system_terminate(p->system, NULL, err);
        } else {
                hr = kill_through(p, s, call, err);
                hcs_system_unref(s);
        }
        if (ret_delivered)
                *ret_delivered = SUCCEEDED(hr);
        hcs_guard(&p->o.lock);
        p->killed |= SUCCEEDED(hr);
        return hr;
}

HRESULT hcs_process_properties(struct hcs_process *p, const char *query, const struct hcs_call *call, char **ret,
                               struct hcs_error **err) {
        char *data = NULL;
        HRESULT hr = do_call(p, HCS_VERB_PROCESS_PROPERTIES, "GetProcessProperties", query, call, &data, err);

        if (FAILED(hr))
                return hr;
        if (!data)
                return hcs_error_make(err, E_UNEXPECTED, "GetProcessProperties: the answer is empty");
        *ret = data;
        return S_OK;
}

bool hcs_process_exited(struct hcs_process *p) {
        hcs_guard(&p->o.lock);
        return p->o.exited || p->o.exit_unknown;
}

/* The event of computecore carries the status; vmcompute's does not, there it is asked for. */
static HRESULT read_status(struct hcs_process *p, uint32_t *ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *text = NULL;
        uint64_t code = 0;
        int64_t last = 0;
        bool exited;
        HRESULT hr;

        hcs_mutex_lock(&p->o.lock);
        text = hcs_strdup(p->o.exit_data);
        exited = p->o.exited;
        hcs_mutex_unlock(&p->o.lock);
        if (!text && exited && p->o.client->api == HCS_API_VMCOMPUTE) {
                hr = hcs_process_properties(p, NULL, NULL, &text, err);
                if (FAILED(hr))
                        return hr;
        }
        *ret = UINT32_MAX;
        if (!text)
                return S_FALSE;
        hr = hcs_json_parse_cstr(text, &json, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "process status");
                return E_UNEXPECTED;
        }
        hcs_json_i64(hcs_json_get_nocase(json, "LastWaitResult"), &last);
        if (last != 0)
                return S_FALSE;
        if (hcs_json_get_nocase(json, "ExitCode") &&
            (!hcs_json_u64(hcs_json_get_nocase(json, "ExitCode"), &code) || code > UINT32_MAX))
                return hcs_error_make(err, E_UNEXPECTED, "process status: ExitCode is not an unsigned 32-bit number");
        *ret = (uint32_t)code;
        return S_OK;
}

HRESULT hcs_process_exit_code(struct hcs_process *p, uint32_t *ret_exit_code, struct hcs_error **err) {
        if (!hcs_process_exited(p))
                return hcs_error_make(err, HCS_E_INVALID_STATE, "process %s has not exited", p->id);
        return read_status(p, ret_exit_code, err);
}

HRESULT hcs_process_wait(struct hcs_process *p, const struct hcs_call *call, uint32_t *ret_exit_code,
                         struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of(p->o.client, call, HCS_TIMEOUT_NONE);
        HRESULT hr = hcs_object_wait(&p->o, 0, &b, NULL);
        uint32_t code;

        if (FAILED(hr))
                return hcs_fail(err, hr, NULL, "WaitProcess", p->id);
        hr = read_status(p, &code, err);
        if (SUCCEEDED(hr) && ret_exit_code)
                *ret_exit_code = code;
        return hr;
}

HRESULT hcs_process_set_callback(struct hcs_process *p, hcs_event_fn fn, void *ctx, struct hcs_error **err) {
        return hcs_object_set_callback(&p->o, fn, ctx, err);
}
