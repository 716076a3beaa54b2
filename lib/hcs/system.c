/* SPDX-License-Identifier: MIT */

/* Compute systems: what is asked of both APIs in the same way. See hcsshim/hcs.h for what each call promises. */

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "hcs/internal.h"

static struct hcs_system *new_system(struct hcs_client *c, const char *id) {
        struct hcs_system *s = hcs_calloc(1, sizeof(*s));

        hcs_object_init(&s->o, c, false);
        s->id = hcs_strdup(id);
        return s;
}

static void free_system(struct hcs_system *s) {
        hcs_object_deinit(&s->o);
        free(s->id);
        free(s->type);
        free(s->os);
        free(s->owner);
        free(s);
}

struct hcs_system *hcs_system_ref(struct hcs_system *s) {
        atomic_fetch_add(&s->o.refs, 1);
        return s;
}

struct hcs_system *hcs_system_unref(struct hcs_system *s) {
        if (s && atomic_fetch_sub(&s->o.refs, 1) == 1 && hcs_object_release(&s->o))
                free_system(s);
        return NULL;
}

HRESULT hcs_system_close(struct hcs_system *s, struct hcs_error **err) {
        return hcs_object_close(&s->o, err);
}

static HRESULT read_properties(struct hcs_system *s, const char *text, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        const char *runtime;
        HRESULT hr = hcs_json_parse_cstr(text, &json, err);

        if (FAILED(hr)) {
                hcs_error_wrap(err, "properties");
                return hr;
        }
        s->type = hcs_strdup(hcs_json_string(hcs_json_get_nocase(json, "SystemType")));
        s->owner = hcs_strdup(hcs_json_string(hcs_json_get_nocase(json, "Owner")));
        s->os = hcs_strdup(hcs_json_string(hcs_json_get_nocase(json, "RuntimeOsType")));
        for (char *p = s->os; p && *p; p++)
                *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
        if ((!s->os || !*s->os) && hcs_strcaseeq(s->type, "container")) {
                free(s->os);
                s->os = hcs_strdup("windows");
        }
        runtime = hcs_json_string(hcs_json_get_nocase(json, "RuntimeId"));
        if (runtime && FAILED(hcs_guid_parse(runtime, &s->runtime_id, NULL)))
                return hcs_error_make(err, E_UNEXPECTED, "properties: RuntimeId \"%s\" is not a GUID", runtime);
        s->has_runtime_id = runtime && !hcs_guid_is_null(&s->runtime_id);
        return S_OK;
}

/* The basic properties, which a client needs to know what it holds. */
static HRESULT learn(struct hcs_system *s, const char *operation, const struct hcs_call *call, struct hcs_error **err) {
        _cleanup_free_ char *text = NULL;
        HRESULT hr = hcs_system_query(s, "{}", call, &text, err);

        if (FAILED(hr))
                return hr;
        hr = read_properties(s, text, err);
        if (FAILED(hr)) {
                hcs_error_set_operation(err, operation);
                hcs_error_set_id(err, s->id);
        }
        return hr;
}

/* On failure the caller's reference is gone. */
static HRESULT begin(struct hcs_system *s, const char *operation, const struct hcs_call *call, struct hcs_system **ret,
                     struct hcs_error **err) {
        HRESULT hr = s->o.client->ops->watch(&s->o);

        if (FAILED(hr))
                hcs_fail(err, hr, NULL, operation, s->id);
        else
                hr = learn(s, operation, call, err);
        if (SUCCEEDED(hr))
                *ret = s;
        return hr;
}

HRESULT hcs_system_create(struct hcs_client *c, const char *id, const char *configuration, const struct hcs_call *call,
                          struct hcs_system **ret, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of(c, call, HCS_TIMEOUT_CREATE);
        struct hcs_system *s = new_system(c, id);
        char *result = NULL;
        HRESULT hr = c->ops->create(s, id, configuration, &b, &result);

        if (FAILED(hr)) {
                hcs_fail(err, hr, result, "CreateComputeSystem", id);
                free_system(s);
                return hr;
        }
        hr = begin(s, "CreateComputeSystem", call, ret, err);
        if (FAILED(hr)) {
                hcs_system_terminate(s, NULL, NULL);
                hcs_system_unref(s);
        }
        return hr;
}

HRESULT hcs_system_open(struct hcs_client *c, const char *id, const struct hcs_call *call, struct hcs_system **ret,
                        struct hcs_error **err) {
        struct hcs_system *s = new_system(c, id);
        char *result = NULL;
        HRESULT hr = c->ops->open(s, id, &result);

        if (FAILED(hr)) {
                hcs_fail(err, hr, result, "OpenComputeSystem", id);
                free_system(s);
                return hr;
        }
        hr = begin(s, "OpenComputeSystem", call, ret, err);
        if (FAILED(hr))
                hcs_system_unref(s);
        return hr;
}

const char *hcs_system_id(const struct hcs_system *s) {
        return s->id;
}

const char *hcs_system_type(const struct hcs_system *s) {
        return s->type ? s->type : "";
}

const char *hcs_system_os(const struct hcs_system *s) {
        return s->os ? s->os : "";
}

const char *hcs_system_owner(const struct hcs_system *s) {
        return s->owner ? s->owner : "";
}

bool hcs_system_runtime_id(const struct hcs_system *s, GUID *ret) {
        if (s->has_runtime_id)
                *ret = s->runtime_id;
        return s->has_runtime_id;
}

static HRESULT do_call(struct hcs_system *s, enum hcs_verb verb, const char *operation, const char *document,
                       HANDLE socket, const struct hcs_call *call, enum hcs_timeout kind, char **data,
                       struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of(s->o.client, call, kind);
        char *result = NULL;
        HRESULT hr = hcs_object_enter(&s->o, err);

        if (FAILED(hr)) {
                hcs_error_set_operation(err, operation);
                hcs_error_set_id(err, s->id);
                return hr;
        }
        hr = s->o.client->ops->call(&s->o, verb, document, socket, &b, data, &result);
        hcs_object_leave(&s->o);
        return FAILED(hr) ? hcs_fail(err, hr, result, operation, s->id) : S_OK;
}

HRESULT hcs_system_start(struct hcs_system *s, const char *options, const struct hcs_call *call,
                         struct hcs_error **err) {
        return do_call(s, HCS_VERB_START, "StartComputeSystem", options, NULL, call, HCS_TIMEOUT_START, NULL, err);
}

/* Whatever says that there is nothing left to stop is a success. */
static HRESULT stop(struct hcs_system *s, enum hcs_verb verb, const char *operation, const char *options,
                    struct hcs_error **err) {
        struct hcs_error *mine = NULL;
        bool over;
        HRESULT hr;

        hcs_mutex_lock(&s->o.lock);
        over = s->o.closing || s->o.exited;
        hcs_mutex_unlock(&s->o.lock);
        if (over)
                return S_OK;
        hr = do_call(s, verb, operation, options, NULL, NULL, HCS_TIMEOUT_NONE, NULL, &mine);
        if (SUCCEEDED(hr) || hcs_is_already_stopped(hr) || hcs_is_not_exist(hr) || hcs_is_pending(hr)) {
                hcs_error_free(mine);
                return S_OK;
        }
        return hcs_error_move(err, &mine);
}

HRESULT hcs_system_shutdown(struct hcs_system *s, const char *options, struct hcs_error **err) {
        return stop(s, HCS_VERB_SHUTDOWN, "ShutdownComputeSystem", options, err);
}

HRESULT hcs_system_terminate(struct hcs_system *s, const char *options, struct hcs_error **err) {
        return stop(s, HCS_VERB_TERMINATE, "TerminateComputeSystem", options, err);
}

HRESULT hcs_system_pause(struct hcs_system *s, const char *options, const struct hcs_call *call,
                         struct hcs_error **err) {
        return do_call(s, HCS_VERB_PAUSE, "PauseComputeSystem", options, NULL, call, HCS_TIMEOUT_PAUSE, NULL, err);
}

HRESULT hcs_system_resume(struct hcs_system *s, const char *options, const struct hcs_call *call,
                          struct hcs_error **err) {
        return do_call(s, HCS_VERB_RESUME, "ResumeComputeSystem", options, NULL, call, HCS_TIMEOUT_RESUME, NULL, err);
}

HRESULT hcs_system_save(struct hcs_system *s, const char *options, const struct hcs_call *call,
                        struct hcs_error **err) {
        return do_call(s, HCS_VERB_SAVE, "SaveComputeSystem", options, NULL, call, HCS_TIMEOUT_SAVE, NULL, err);
}

HRESULT hcs_system_crash(struct hcs_system *s, const char *options, const struct hcs_call *call,
                         struct hcs_error **err) {
        return do_call(s, HCS_VERB_CRASH, "CrashComputeSystem", options, NULL, call, HCS_TIMEOUT_NONE, NULL, err);
}

HRESULT hcs_system_modify(struct hcs_system *s, const char *request, const struct hcs_call *call,
                          struct hcs_error **err) {
        return do_call(s, HCS_VERB_MODIFY, "ModifyComputeSystem", request, NULL, call, HCS_TIMEOUT_NONE, NULL, err);
}

HRESULT hcs_system_query(struct hcs_system *s, const char *query, const struct hcs_call *call, char **ret,
                         struct hcs_error **err) {
        char *data = NULL;
        HRESULT hr = do_call(s, HCS_VERB_PROPERTIES, "GetComputeSystemProperties", query, NULL, call, HCS_TIMEOUT_NONE,
                             &data, err);

        if (FAILED(hr))
                return hr;
        if (!data) {
                hcs_error_make(err, E_UNEXPECTED, "the answer is empty");
                hcs_error_set_operation(err, "GetComputeSystemProperties");
                hcs_error_set_id(err, s->id);
                return E_UNEXPECTED;
        }
        *ret = data;
        return S_OK;
}

static char *type_query(const char *const *types) {
        _cleanup_json_ struct hcs_json *q = hcs_json_new_object();

        if (types && *types) {
                struct hcs_json *list = hcs_json_set_new_array(q, "PropertyTypes");

                for (; *types; types++)
                        hcs_json_append(list, hcs_json_new_string(*types));
        }
        return hcs_json_text(q, HCS_JSON_GO);
}

HRESULT hcs_system_properties(struct hcs_system *s, const char *const *types, const struct hcs_call *call, char **ret,
                              struct hcs_error **err) {
        _cleanup_free_ char *query = type_query(types);

        return hcs_system_query(s, query, call, ret, err);
}

HRESULT hcs_system_properties_v2(struct hcs_system *s, const char *const *types, const struct hcs_call *call,
                                 char **ret, struct hcs_error **err) {
        return hcs_system_properties(s, types, call, ret, err);
}

HRESULT hcs_system_properties_v3(struct hcs_system *s, const char *const *queries, const struct hcs_call *call,
                                 char **ret, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *q = hcs_json_new_object();
        struct hcs_json *list = hcs_json_set_new_object(q, "Queries");
        _cleanup_free_ char *query = NULL;

        for (; queries && *queries; queries++)
                hcs_json_set(list, *queries, hcs_json_new_null());
        query = hcs_json_text(q, HCS_JSON_GO);
        return hcs_system_query(s, query, call, ret, err);
}

HRESULT hcs_system_wait(struct hcs_system *s, const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of(s->o.client, call, HCS_TIMEOUT_NONE);
        HRESULT hr = hcs_object_wait(&s->o, 0, &b, NULL);

        /* vmcompute tells the exit with a status: what is neither success nor "unexpected exit" is why it is told. */
        if (SUCCEEDED(hr) && FAILED(s->o.exit_status) &&
            hcs_hresult_to_computecore(s->o.exit_status) != HCS_E_UNEXPECTED_EXIT)
                hr = s->o.exit_status;
        return FAILED(hr) ? hcs_fail(err, hr, NULL, "WaitComputeSystem", s->id) : S_OK;
}

bool hcs_system_exited(struct hcs_system *s) {
        hcs_guard(&s->o.lock);
        return s->o.exited;
}

char *hcs_system_exit_status(struct hcs_system *s) {
        hcs_guard(&s->o.lock);
        return hcs_strdup(s->o.exit_data);
}

HRESULT hcs_system_exit_error(struct hcs_system *s, struct hcs_error **err) {
        _cleanup_free_ char *data = hcs_system_exit_status(s);
        _cleanup_json_ struct hcs_json *json = NULL;

        if (!hcs_system_exited(s))
                return hcs_error_make(err, HCS_E_INVALID_STATE, "compute system \"%s\" has not exited", s->id);
        if (data && SUCCEEDED(hcs_json_parse_cstr(data, &json, NULL)) &&
            hcs_streq(hcs_json_string(hcs_json_get_nocase(json, "ExitType")), "UnexpectedExit"))
                return hcs_fail(err, HCS_E_UNEXPECTED_EXIT, NULL, "WaitComputeSystem", s->id);
        if (FAILED(s->o.exit_status))
                return hcs_fail(err, hcs_hresult_to_computecore(s->o.exit_status), NULL, "WaitComputeSystem", s->id);
        return S_OK;
}

HRESULT hcs_system_set_callback(struct hcs_system *s, hcs_event_fn fn, void *ctx, struct hcs_error **err) {
        return hcs_object_set_callback(&s->o, fn, ctx, err);
}

HRESULT hcs_system_migration_initialize(struct hcs_system *s, const char *options, const struct hcs_call *call,
                                        struct hcs_error **err) {
        return do_call(s, HCS_VERB_MIGRATION_INITIALIZE, "InitializeLiveMigrationOnSource", options, NULL, call,
                       HCS_TIMEOUT_NONE, NULL, err);
}

HRESULT hcs_system_migration_start_source(struct hcs_system *s, const char *options, HANDLE socket,
                                          const struct hcs_call *call, struct hcs_error **err) {
        return do_call(s, HCS_VERB_MIGRATION_START, "StartLiveMigrationOnSource", options, socket, call,
                       HCS_TIMEOUT_NONE, NULL, err);
}

HRESULT hcs_system_migration_start_destination(struct hcs_system *s, const char *options, HANDLE socket,
                                               const struct hcs_call *call, struct hcs_error **err) {
        return do_call(s, HCS_VERB_START, "StartComputeSystem", options, socket, call, HCS_TIMEOUT_NONE, NULL, err);
}

HRESULT hcs_system_migration_transfer(struct hcs_system *s, const char *options, const struct hcs_call *call,
                                      struct hcs_error **err) {
        return do_call(s, HCS_VERB_MIGRATION_TRANSFER, "StartLiveMigrationTransfer", options, NULL, call,
                       HCS_TIMEOUT_NONE, NULL, err);
}

HRESULT hcs_system_migration_finalize(struct hcs_system *s, const char *options, const struct hcs_call *call,
                                      struct hcs_error **err) {
        return do_call(s, HCS_VERB_MIGRATION_FINALIZE, "FinalizeLiveMigration", options, NULL, call, HCS_TIMEOUT_NONE,
                       NULL, err);
}

HRESULT hcs_system_migration_cancel(struct hcs_system *s, const char *options, const struct hcs_call *call,
                                    struct hcs_error **err) {
        return do_call(s, HCS_VERB_MIGRATION_CANCEL, "CancelLiveMigration", options, NULL, call, HCS_TIMEOUT_NONE, NULL,
                       err);
}
