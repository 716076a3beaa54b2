/* SPDX-License-Identifier: MIT */

/*
 * From a result document (ResultError) to an error object: message, events, attribution and the JSON path that the
 * platform buried in a message. Documents of real hosts differ in language and completeness; whatever is missing is
 * simply not said.
 */

#include <string.h>

#include "base/buf.h"
#include "base/error_private.h"
#include "base/json.h"

static char *copy_string(const struct hcs_json *obj, const char *key) {
        const char *s = hcs_json_string(hcs_json_get_nocase(obj, key));

        return s && *s ? hcs_strdup(s) : NULL;
}

/* "$.A.B" in "Invalid JSON document '$.A.B'" or "Msg:[$.A]": the text up to the closing quote or bracket. */
static char *find_path(const char *text) {
        const char *start = text ? strstr(text, "$.") : NULL, *end;

        if (!start || start == text)
                return NULL;
        if (start[-1] == '[')
                end = start + strcspn(start, "]");
        else if (start[-1] == '\'' || start[-1] == '"')
                end = start + strcspn(start, "'\"");
        else
                end = start + strcspn(start, " ,;)'\"");
        while (end > start && (end[-1] == ':' || end[-1] == '.'))
                end--;
        return end > start + 2 ? hcs_strndup(start, (size_t)(end - start)) : NULL;
}

static void take_path(struct hcs_error *e, const char *text) {
        if (!e->path)
                e->path = find_path(text);
}

static void take_event(struct hcs_error *e, const struct hcs_json *json) {
        struct hcs_error_event *ev;
        const struct hcs_json *data;
        uint64_t number;

        if (!hcs_json_is(json, HCS_JSON_OBJECT))
                return;
        e->events = hcs_realloc(e->events, (e->n_events + 1) * sizeof(*e->events));
        ev = &e->events[e->n_events++];
        *ev = (struct hcs_error_event){
                .message = copy_string(json, "Message"),
                .stack_trace = copy_string(json, "StackTrace"),
                .provider = copy_string(json, "Provider"),
                .source = copy_string(json, "Source"),
        };
        if (hcs_json_u64(hcs_json_get_nocase(json, "EventId"), &number) && number <= UINT16_MAX)
                ev->event_id = (uint16_t)number;
        if (hcs_json_u64(hcs_json_get_nocase(json, "Flags"), &number) && number <= UINT32_MAX)
                ev->flags = (uint32_t)number;
        data = hcs_json_get_nocase(json, "Data");
        if (data)
                ev->data = hcs_json_text(data, HCS_JSON_COMPACT);
        /* The path is plainest in the event's data; the message wraps it in a sentence. */
        for (const struct hcs_json *d = hcs_json_first(data); d; d = hcs_json_next(d))
                take_path(e, hcs_json_string(hcs_json_get_nocase(d, "Value")));
        take_path(e, ev->message);
}

/* Attribution says which part of the operation failed: shown as the hint when there is no better one. */
static void take_attribution(struct hcs_error *e, const struct hcs_json *attribution) {
        if (hcs_json_count(attribution) && !e->hint) {
                _cleanup_free_ char *text = hcs_json_text(attribution, HCS_JSON_COMPACT);

                e->hint = hcs_asprintf("attribution %s", text);
        }
}

HRESULT hcs_error_from_result(struct hcs_error **err, HRESULT hr, const char *document) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        _cleanup_json_ struct hcs_json *json = NULL;
        const struct hcs_hresult_info *info = hcs_hresult_lookup(hr);
        const struct hcs_json *code, *event;
        _cleanup_free_ char *message = NULL;
        int64_t signed_code;

        if (!err)
                return hr;
        if (document && *document && FAILED(hcs_json_parse(document, strlen(document), &lax, &json, NULL))) {
                hcs_error_make(err, hr, "%s", info ? info->description : "failure without a readable result document");
                (*err)->hint = hcs_asprintf("result document is not JSON: %.200s", document);
                return hr;
        }
        message = copy_string(json, "ErrorMessage");
        hcs_error_make(err, hr, "%s", message ? message : info ? info->description : "failure without a description");
        for (event = hcs_json_first(hcs_json_get_nocase(json, "ErrorEvents")); event; event = hcs_json_next(event))
                take_event(*err, event);
        take_path(*err, message);
        take_attribution(*err, hcs_json_get_nocase(json, "Attribution"));
        /* The document may name a more precise code than the call returned: keep both visible. */
        code = hcs_json_get_nocase(json, "Error");
        if (hcs_json_i64(code, &signed_code) && (uint32_t)signed_code != (uint32_t)hr &&
            hcs_hresult_to_computecore((HRESULT)signed_code) != hcs_hresult_to_computecore(hr) && !(*err)->hint)
                (*err)->hint = hcs_asprintf("the result document says 0x%08X", (unsigned)signed_code);
        return hr;
}

/* "text. " of the service, without what ends it. */
static char *trimmed(const char *text) {
        size_t n = text ? strlen(text) : 0;

        while (n && (text[n - 1] == ' ' || text[n - 1] == '.' || text[n - 1] == '\n' || text[n - 1] == '\r'))
                n--;
        return n ? hcs_strndup(text, n) : NULL;
}

static void take_record(struct hcs_error *e, HRESULT hr, const struct hcs_json *json) {
        const struct hcs_json *code = hcs_json_get_nocase(json, "ErrorCode");
        int64_t number;

        take_path(e, hcs_json_string(hcs_json_get_nocase(json, "Error")));
        if (!json && e->document)
                e->hint = hcs_asprintf("the error record is not JSON: %.200s", e->document);
        else if (SUCCEEDED(hr))
                e->hint = hcs_strdup("the call succeeded, but came with this error record");
        else if (hcs_json_i64(code, &number) && (uint32_t)number != (uint32_t)hr && number != 0)
                e->hint = hcs_asprintf("the error record says 0x%08X", (unsigned)number);
}

HRESULT hcs_error_from_record(struct hcs_error **err, HRESULT hr, const char *record) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        bool has_record = record && *record;
        HRESULT code = FAILED(hr) ? hr : HCS_WIN32(31);
        const struct hcs_hresult_info *info = hcs_hresult_lookup(code);
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *message = NULL;

        if (SUCCEEDED(hr) && !has_record)
                return S_OK;
        if (!err)
                return code;
        if (has_record && SUCCEEDED(hcs_json_parse(record, strlen(record), &lax, &json, NULL)))
                message = trimmed(hcs_json_string(hcs_json_get_nocase(json, "Error")));
        hcs_error_make(err, code, "%s", message ? message : info ? info->description : "failure without a description");
        (*err)->document = has_record ? hcs_strdup(record) : NULL;
        take_record(*err, hr, json);
        return code;
}
