/* SPDX-License-Identifier: MIT */

/*
 * A request and its end: the answer taken apart, and the error that each waiter gets. `done` and what follows it are
 * written once under the bridge's lock and do not change after.
 */

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "gcs/bridge.h"

struct gcs_rpc *gcs_rpc_new(struct gcs_bridge *b, enum hcs_gcs_rpc message, const void *request,
                            enum hcs_schema_type_id inner) {
        const struct hcs_schema_gcs_request_base *base = request; /* every request begins with it */
        struct gcs_rpc *r = hcs_calloc(1, sizeof(*r));

        atomic_init(&r->refs, 1);
        r->bridge = b;
        r->id = GCS_RPC_UNSENT;
        r->message = hcs_gcs_message_find(message);
        r->inner = inner;
        r->container = hcs_strdup(base->ContainerId);
        hcs_cond_init(&r->cond);
        return r;
}

struct gcs_rpc *gcs_rpc_ref(struct gcs_rpc *r) {
        atomic_fetch_add(&r->refs, 1);
        return r;
}

struct gcs_rpc *gcs_rpc_unref(struct gcs_rpc *r) {
        if (!r || atomic_fetch_sub(&r->refs, 1) != 1)
                return NULL;
        if (r->answer)
                hcs_schema_free(hcs_schema_type_at(r->message->response), r->answer);
        hcs_cond_deinit(&r->cond);
        free(r->container);
        free(r->text);
        free(r->body);
        free(r);
        return NULL;
}

HRESULT gcs_rpc_blame(const struct gcs_rpc *r, struct hcs_error **err) {
        _cleanup_free_ char *id = NULL, *hint = NULL;

        if (r->id != GCS_RPC_UNSENT)
                hint = hcs_asprintf("message %llu, %s", (unsigned long long)r->id, r->message->name);
        if (r->pid)
                id = hcs_asprintf("%s:%u", r->container ? r->container : "", (unsigned)r->pid);
        hcs_error_set_operation(err, r->message->name);
        hcs_error_set_id(err, id ? id : r->container);
        hcs_error_set_hint(err, hint);
        return err && *err ? hcs_error_hresult(*err) : E_FAIL;
}

void gcs_rpc_complete(struct gcs_rpc *r, HRESULT hr, char *text) {
        r->hr = hr;
        r->text = text;
        r->done = true;
}

void gcs_rpc_wake(struct gcs_rpc *r) {
        hcs_cond_broadcast(&r->cond);
}

/* The document in a text member of the answer. */
static char *check_inner(const struct gcs_rpc *r, const struct hcs_json *answer) {
        const struct hcs_schema_type *type = hcs_schema_type_at(r->inner);
        const char *text = type ? hcs_json_string(hcs_json_get_nocase(answer, "Properties")) : NULL;

        return text ? hcs_schema_go_error(type, NULL, text, strlen(text)) : NULL;
}

/* What the guest says when it refuses: its own words, or those of the code. */
static char *refusal(const struct hcs_schema_gcs_response_base *base) {
        const struct hcs_hresult_info *info = hcs_hresult_lookup(base->Result);

        if (base->ErrorMessage && *base->ErrorMessage)
                return hcs_asprintf("guest RPC failure: %s", base->ErrorMessage);
        if (info)
                return hcs_asprintf("guest RPC failure: %s.", info->description);
        return hcs_asprintf("guest RPC failure: winapi error #%d", (int)base->Result);
}

static void log_records(const struct gcs_rpc *r, const struct hcs_schema_gcs_response_base *base) {
        for (size_t i = 0; i < base->ErrorRecords.n; i++) {
                const struct hcs_schema_gcs_error_record *e = &base->ErrorRecords.items[i];
                char id[24], result[16], line[16];

                snprintf(id, sizeof(id), "%llu", (unsigned long long)r->id);
                snprintf(result, sizeof(result), "0x%08X", (unsigned)e->Result);
                snprintf(line, sizeof(line), "%u", (unsigned)e->Line);
                hcs_log(HCS_LOG_ERROR, "bridge RPC error record", "uvm-id", r->bridge->name, "message-id", id, "result",
                        result, "error-message", e->Message, "stack", e->StackTrace, "module", e->ModuleName, "file",
                        e->FileName, "line", line, "function", e->FunctionName, NULL);
        }
}

char *gcs_rpc_answered(struct gcs_rpc *r, const char *body, size_t len) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        const struct hcs_schema_type *type = hcs_schema_type_at(r->message->response);
        const struct hcs_schema_gcs_response_base *base;
        _cleanup_json_ struct hcs_json *json = NULL;
        struct hcs_error *err = NULL;
        char *why = NULL, *text;
        void *answer = NULL;
        HRESULT hr;

        hr = hcs_json_parse(body, len, &lax, &json, &err);
        if (SUCCEEDED(hr) && !hcs_json_is(json, HCS_JSON_NULL))
                hr = hcs_schema_parse_json(type, json, &answer, &err);
        else if (SUCCEEDED(hr))
                answer = hcs_calloc(1, type->size); /* as Go takes it */
        if (FAILED(hr))
                why = hcs_schema_go_error(type, NULL, body, len);
        else
                why = check_inner(r, json);
        if (FAILED(hr) || why) {
                text = hcs_asprintf("bridge response unmarshal failed: %s", why ? why : hcs_error_message(err));
                hcs_free(why);
                hcs_error_free(err);
                hcs_schema_free(type, answer);
                {
                        hcs_guard(&r->bridge->lock);
                        gcs_rpc_complete(r, HCS_E_INVALID_JSON, hcs_strdup(text));
                }
                gcs_rpc_wake(r);
                return text;
        }
        base = answer;
        if (base->Result)
                log_records(r, base);
        {
                hcs_guard(&r->bridge->lock);
                r->answer = answer;
                r->body = hcs_strndup(body, len);
                /* A positive result would count as success elsewhere; here anything but 0 is a failure. */
                gcs_rpc_complete(r, base->Result > 0 ? E_FAIL : base->Result, base->Result ? refusal(base) : NULL);
        }
        gcs_rpc_wake(r);
        return NULL;
}

/* The guest's error records become the events of the error. */
static HRESULT guest_failure(const struct gcs_rpc *r, struct hcs_error **err) {
        const struct hcs_schema_gcs_response_base *base = r->answer;
        _cleanup_json_ struct hcs_json *document = hcs_json_new_object();
        _cleanup_free_ char *text = NULL;
        struct hcs_json *events;

        hcs_json_set_string(document, "ErrorMessage", r->text);
        events = hcs_json_set_new_array(document, "ErrorEvents");
        for (size_t i = 0; i < base->ErrorRecords.n; i++) {
                const struct hcs_schema_gcs_error_record *e = &base->ErrorRecords.items[i];
                struct hcs_json *event = hcs_json_append(events, hcs_json_new_object());
                _cleanup_free_ char *source = NULL;

                if (e->FileName && *e->FileName)
                        source = hcs_asprintf("%s:%u%s%s", e->FileName, (unsigned)e->Line, e->FunctionName ? " " : "",
                                              e->FunctionName ? e->FunctionName : "");
                hcs_json_set_string(event, "Message", e->Message);
                if (e->StackTrace)
                        hcs_json_set_string(event, "StackTrace", e->StackTrace);
                if (e->ModuleName)
                        hcs_json_set_string(event, "Provider", e->ModuleName);
                if (source)
                        hcs_json_set_string(event, "Source", source);
        }
        text = hcs_json_text(document, HCS_JSON_COMPACT);
        hcs_error_from_result(err, r->hr, text);
        gcs_rpc_blame(r, err);
        return r->hr;
}

HRESULT gcs_rpc_wait(struct gcs_rpc *r, const struct hcs_bound *bound, struct hcs_error **err) {
        HRESULT hr = S_OK;

        {
                hcs_guard(&r->bridge->lock);
                while (!r->done) {
                        hr = hcs_bound_check(bound);
                        if (FAILED(hr))
                                break;
                        hcs_cond_wait_until(&r->cond, &r->bridge->lock, hcs_bound_next(bound));
                }
        }
        if (FAILED(hr))
                hcs_bound_fail(hr, err);
        else if (SUCCEEDED(r->hr))
                return S_OK;
        else if (r->answer)
                return guest_failure(r, err);
        else
                hr = hcs_error_make(err, r->hr, "%s", r->text);
        gcs_rpc_blame(r, err);
        return hr;
}

bool gcs_rpc_is_done(struct gcs_rpc *r) {
        hcs_guard(&r->bridge->lock);
        return r->done;
}

HRESULT gcs_rpc_result(struct gcs_rpc *r) {
        hcs_guard(&r->bridge->lock);
        const struct hcs_schema_gcs_response_base *base = r->done ? r->answer : NULL;

        return base ? base->Result : S_OK;
}
