/* SPDX-License-Identifier: MIT */

/* A guest connection: negotiation, and what is asked of the VM itself. */

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "gcs/internal.h"

static void connection_free(struct hcs_gcs_connection *gc) {
        gcs_bridge_deinit(&gc->bridge);
        hcs_gcs_transport_unref(gc->transport);
        hcs_json_free(gc->capability_tree);
        hcs_mutex_deinit(&gc->lock);
        free(gc->os);
        free(gc->capabilities);
        free(gc->traceparent);
        free(gc->tracestate);
        free(gc);
}

struct hcs_gcs_connection *hcs_gcs_connection_ref(struct hcs_gcs_connection *gc) {
        atomic_fetch_add(&gc->refs, 1);
        return gc;
}

struct hcs_gcs_connection *hcs_gcs_connection_unref(struct hcs_gcs_connection *gc) {
        if (gc && atomic_fetch_sub(&gc->refs, 1) == 1)
                connection_free(gc);
        return NULL;
}

void hcs_gcs_connection_close(struct hcs_gcs_connection *gc) {
        gcs_bridge_kill(&gc->bridge, S_OK, NULL);
        gcs_bridge_settle(&gc->bridge);
}

HRESULT hcs_gcs_connection_wait(struct hcs_gcs_connection *gc, const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        hcs_guard(&gc->bridge.lock);

        while (!gc->bridge.closed) {
                HRESULT hr = hcs_bound_check(&b);

                if (FAILED(hr))
                        return hcs_bound_fail(hr, err);
                hcs_cond_wait_until(&gc->bridge.ended, &gc->bridge.lock, hcs_bound_next(&b));
        }
        return S_OK;
}

HRESULT hcs_gcs_connection_error(struct hcs_gcs_connection *gc, struct hcs_error **err) {
        hcs_guard(&gc->bridge.lock);

        if (!gc->bridge.closed)
                return hcs_error_make(err, HCS_E_INVALID_STATE, "the bridge lives");
        return FAILED(gc->bridge.death) ? gcs_bridge_error(&gc->bridge, err) : S_OK;
}

static void bridge_closed(void *connection) {
        gcs_exit_bridge_closed(connection);
        gcs_processes_bridge_ended(connection);
}

/* "Linux" in any case; nothing means Windows. */
static char *os_of(const char *type) {
        char *os = hcs_strdup(type && *type ? type : "windows");

        for (char *p = os; *p; p++)
                *p = (char)tolower((unsigned char)*p);
        return os;
}

/* is_null: the guest gave null, which is as good as none; left out is not. */
static HRESULT take_capabilities(struct hcs_gcs_connection *gc, const struct hcs_schema_gcs_capabilities *c,
                                 bool is_null, struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_V1_GUEST_DEFINED_CAPABILITIES);
        bool windows = hcs_streq(gc->os, "windows");
        _cleanup_free_ char *text = NULL, *said = NULL;
        struct hcs_error *inner = NULL;
        void *doc = NULL;

        if (is_null) {
                doc = hcs_calloc(1, type->size);
        } else if (!c->GuestDefinedCapabilities) {
                said = hcs_strdup("unexpected end of JSON input");
        } else if (FAILED(hcs_schema_parse_json(type, c->GuestDefinedCapabilities, &doc, &inner))) {
                text = hcs_json_text(c->GuestDefinedCapabilities, HCS_JSON_COMPACT);
                said = hcs_schema_go_error(type,
                                           windows ? "schema1.GuestDefinedCapabilities" : "prot.GcsGuestCapabilities",
                                           text, strlen(text));
                hcs_error_free(inner);
        }
        if (!doc)
                return hcs_error_make(
                        err, HCS_E_INVALID_JSON,
                        "unmarshalGuestCapabilities: unmarshal returned GuestDefinedCapabilities for %s: %s",
                        windows ? "windows" : "lcow", said ? said : "not an object");
        gc->capabilities = hcs_schema_print(type, doc);
        hcs_schema_free(type, doc);
        return hcs_json_parse_cstr(gc->capabilities, &gc->capability_tree, err);
}

/* Create and Start of the VM itself, for guests that want to hear it. */
static HRESULT greet(struct hcs_gcs_connection *gc, const struct hcs_schema_gcs_capabilities *c, const char *time_zone,
                     const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_schema_gcs_container_create request = {0};
        _cleanup_free_ char *configuration = NULL, *zone = NULL;
        _cleanup_base_ struct gcs_base base;
        HRESULT hr;

        gcs_base_init(gc, HCS_GCS_NULL_ID, (struct hcs_schema_gcs_request_base *)&request, &base);
        hr = gcs_document("time zone", time_zone, &zone, NULL, err);
        if (FAILED(hr))
                return hr;
        configuration = hcs_asprintf("{\"SystemType\":\"Container\",\"TimeZoneInformation\":%s}", zone);
        request.ContainerConfig = configuration;
        hr = gcs_call(gc, HCS_GCS_CREATE, &request, HCS_SCHEMA_TYPE_COUNT, 0, call, 0, NULL, err);
        if (SUCCEEDED(hr) && c->SendHostStartMessage)
                hr = gcs_call_base(gc, HCS_GCS_START, HCS_GCS_NULL_ID, call, 0, NULL, err);
        return hr;
}

static bool has_null_capabilities(const char *body) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        _cleanup_json_ struct hcs_json *answer = NULL;

        hcs_json_parse(body, strlen(body), &lax, &answer, NULL); /* it was parsed before */
        return hcs_json_is(hcs_json_get_nocase(hcs_json_get_nocase(answer, "Capabilities"), "GuestDefinedCapabilities"),
                           HCS_JSON_NULL);
}

static HRESULT negotiate(struct hcs_gcs_connection *gc, const struct hcs_gcs_options *options,
                         const struct hcs_call *call, struct hcs_error **err) {
        char none[] = "";
        struct hcs_schema_gcs_negotiate_protocol_request request = {
                .ContainerId = none,
                .MinimumVersion = HCS_GCS_PROTOCOL_VERSION,
                .MaximumVersion = HCS_GCS_PROTOCOL_VERSION,
        };
        const struct hcs_schema_gcs_negotiate_protocol_response *answer;
        _cleanup_rpc_ struct gcs_rpc *rpc = NULL;
        HRESULT hr = gcs_call(gc, HCS_GCS_NEGOTIATE_PROTOCOL, &request, HCS_SCHEMA_TYPE_COUNT, 0, call, 0, &rpc, err);

        if (FAILED(hr))
                return hr;
        answer = rpc->answer;
        if (answer->Version != HCS_GCS_PROTOCOL_VERSION) {
                hcs_error_make(err, HCS_E_UNSUPPORTED_PROTOCOL_VERSION, "unexpected version %u returned",
                               (unsigned)answer->Version);
                return gcs_rpc_blame(rpc, err), HCS_E_UNSUPPORTED_PROTOCOL_VERSION;
        }
        gc->os = os_of(answer->Capabilities.RuntimeOsType);
        hr = take_capabilities(gc, &answer->Capabilities, has_null_capabilities(rpc->body), err);
        if (FAILED(hr))
                return gcs_rpc_blame(rpc, err), hr;
        if (options->warm || !answer->Capabilities.SendHostCreateMessage)
                return S_OK;
        return greet(gc, &answer->Capabilities, options->time_zone, call, err);
}

HRESULT hcs_gcs_connect(struct hcs_stream *bridge, struct hcs_gcs_transport *t, const struct hcs_gcs_options *options,
                        const struct hcs_call *call, struct hcs_gcs_connection **ret, struct hcs_error **err) {
        static const struct hcs_gcs_options none;
        struct hcs_gcs_connection *gc = hcs_calloc(1, sizeof(*gc));
        const struct hcs_gcs_options *o = options ? options : &none;
        HRESULT hr;

        atomic_init(&gc->refs, 1);
        hcs_mutex_init(&gc->lock);
        gc->transport = t ? hcs_gcs_transport_ref(t) : NULL;
        gc->timeout_ms = o->timeout_ms ? o->timeout_ms : GCS_TIMEOUT_MS;
        gc->stdio_ms = o->stdio_ms ? o->stdio_ms : GCS_STDIO_TIMEOUT_MS;
        gc->next_port = HCS_GCS_PORT_STDIO;
        hr = gcs_bridge_init(&gc->bridge, bridge,
                             &(struct gcs_bridge_options){.name = o->name,
                                                          .timeout_ms = gc->timeout_ms,
                                                          .tap = o->tap,
                                                          .tap_bytes = o->tap_bytes,
                                                          .tap_ctx = o->tap_ctx,
                                                          .notify = gcs_exit_notify,
                                                          .closed = bridge_closed,
                                                          .ctx = gc},
                             err);
        if (SUCCEEDED(hr))
                hr = negotiate(gc, o, call, err);
        if (FAILED(hr)) {
                hcs_gcs_connection_unref(gc);
                return hr;
        }
        *ret = gc;
        return S_OK;
}

uint32_t hcs_gcs_protocol(const struct hcs_gcs_connection *gc) {
        return HCS_GCS_PROTOCOL_VERSION;
}

const char *hcs_gcs_os(const struct hcs_gcs_connection *gc) {
        return gc->os;
}

const char *hcs_gcs_capabilities(const struct hcs_gcs_connection *gc) {
        return gc->capabilities;
}

bool hcs_gcs_has_capability(const struct hcs_gcs_connection *gc, const char *name) {
        return hcs_json_bool(hcs_json_get(gc->capability_tree, name));
}

void hcs_gcs_set_trace(struct hcs_gcs_connection *gc, const char *traceparent, const char *tracestate) {
        hcs_guard(&gc->lock);

        free(gc->traceparent);
        free(gc->tracestate);
        gc->traceparent = hcs_strdup(traceparent);
        gc->tracestate = hcs_strdup(tracestate);
}

uint32_t hcs_gcs_next_port(struct hcs_gcs_connection *gc) {
        hcs_guard(&gc->lock);
        return gc->next_port;
}

void hcs_gcs_set_next_port(struct hcs_gcs_connection *gc, uint32_t port) {
        hcs_guard(&gc->lock);

        if (port > gc->next_port)
                gc->next_port = port;
}

uint64_t hcs_gcs_next_id(struct hcs_gcs_connection *gc) {
        hcs_guard(&gc->bridge.lock);
        return gc->bridge.next_id;
}
