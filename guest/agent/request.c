/* SPDX-License-Identifier: MIT */

/* Requests of the bridge: from a frame to an object, and from a result or an error to a response. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/utf.h"
#include "gcs/message.h"
#include "guest/agent/bridge_private.h"
#include "guest/base/failure.h"
#include "hcsshim/log.h"
#include "platform/clock.h"

/* Go's decoder takes the last of duplicate members and replaces what is not UTF-8. */
#define GO_JSON (HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD)

char *guest_message_name(uint32_t type, char buf[static 64]) {
        static const struct {
                uint32_t rpc;
                const char *name;
        } names[] = {
                {HCS_GCS_CREATE, "Create"},
                {HCS_GCS_START, "Start"},
                {HCS_GCS_SHUTDOWN_GRACEFUL, "ShutdownGraceful"},
                {HCS_GCS_SHUTDOWN_FORCED, "ShutdownForced"},
                {HCS_GCS_EXECUTE_PROCESS, "ExecuteProcess"},
                {HCS_GCS_WAIT_FOR_PROCESS, "WaitForProcess"},
                {HCS_GCS_SIGNAL_PROCESS, "SignalProcess"},
                {HCS_GCS_RESIZE_CONSOLE, "ResizeConsole"},
                {HCS_GCS_GET_PROPERTIES, "GetProperties"},
                {HCS_GCS_MODIFY_SETTINGS, "ModifySettings"},
                {HCS_GCS_NEGOTIATE_PROTOCOL, "NegotiateProtocol"},
                {HCS_GCS_DUMP_STACKS, "DumpStacks"},
                {HCS_GCS_DELETE_CONTAINER_STATE, "DeleteContainerState"},
        };
        uint32_t category = type & (uint32_t)HCS_GCS_CATEGORY_MASK, rpc = type & ~(uint32_t)HCS_GCS_CATEGORY_MASK;

        snprintf(buf, 64, "%" PRIu32, type);
        if (type == 0)
                snprintf(buf, 64, "None");
        if (type == HCS_GCS_NOTIFY_CONTAINER)
                snprintf(buf, 64, "ComputeSystemNotificationV1");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++)
                if (rpc == names[i].rpc && category == HCS_GCS_REQUEST)
                        snprintf(buf, 64, "ComputeSystem%sV1", names[i].name);
                else if (rpc == names[i].rpc && category == HCS_GCS_RESPONSE && rpc != HCS_GCS_DELETE_CONTAINER_STATE)
                        snprintf(buf, 64, "ComputeSystemResponse%sV1", names[i].name);
        return buf;
}

static char *base_member(const struct hcs_json *json, const char *name) {
        const char *value = hcs_json_string(hcs_json_get_nocase(json, name));

        return hcs_strdup(value ? value : "");
}

/* Of hcs_clock_ns(), some milliseconds late: read for every request, and a machine's clock may be far from cheap. */
static uint64_t now_about(void) {
        struct timespec t = {0};

        clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
        return (uint64_t)t.tv_sec * HCS_NS_PER_S + (uint64_t)t.tv_nsec;
}

void guest_bridge_receive(struct guest_bridge *b, const struct hcs_gcs_frame *f) {
        struct guest_request *r = hcs_calloc(1, sizeof(*r));
        char name[64];

        r->bridge = b;
        r->generation = b->generation;
        r->type = f->type;
        r->id = f->id;
        r->version = b->version;
        r->since_ns = now_about();
        r->body = hcs_strndup(f->len ? f->body : "", f->len);
        r->len = f->len;
        hcs_json_parse(r->body, r->len, &(struct hcs_json_options){.flags = GO_JSON}, &r->json, &r->bad);
        r->activity_id = base_member(r->json, "ActivityId");
        r->container_id = base_member(r->json, "ContainerId");
        r->next = b->requests;
        r->link = &b->requests;
        if (r->next)
                r->next->link = &r->next;
        b->requests = r;
        if (hcs_log_enabled(HCS_LOG_TRACE))
                hcs_log(HCS_LOG_TRACE, "read message", "type", guest_message_name(r->type, name), "message", r->body,
                        NULL);
        b->config.request(b->config.ctx, r);
}

struct guest_request *guest_request_free(struct guest_request *r) {
        if (!r)
                return NULL;
        *r->link = r->next;
        if (r->next)
                r->next->link = r->link;
        free(r->activity_id);
        free(r->container_id);
        free(r->body);
        hcs_json_free(r->json);
        hcs_error_free(r->bad);
        return hcs_free(r);
}

bool guest_request_is_void(const struct guest_request *r) {
        return !r->bridge->connected || r->generation != r->bridge->generation;
}

/* A message may quote what is not UTF-8, or end inside a character: each such byte becomes U+FFFD, as in Go's encoder.
 */
static void put_string(struct hcs_buf *out, const char *name, const char *value) {
        _cleanup_buf_ struct hcs_buf text = {0};
        size_t n = strlen(value), bad;

        while (!hcs_utf8_valid(value, n, &bad)) {
                hcs_buf_append(&text, value, bad);
                hcs_buf_puts(&text, "\xEF\xBF\xBD");
                value += bad + 1;
                n -= bad + 1;
        }
        hcs_buf_append(&text, value, n);
        hcs_buf_printf(out, ",\"%s\":", name);
        hcs_json_print_string(text.data, text.len, HCS_JSON_GO, out);
}

/* A longer message would end the host's bridge: its middle is left out, in a text that a document may be part of. */
#define MAX_MESSAGE 8192u

static char *bounded(const char *message) {
        size_t n = strlen(message), half = MAX_MESSAGE / 2;

        return n <= MAX_MESSAGE ? hcs_strdup(message)
                                : hcs_asprintf("%.*s ... %s", (int)half, message, message + n - half);
}

static void send(struct guest_request *r, const struct hcs_buf *body) {
        uint32_t type = HCS_GCS_RESPONSE | (r->type & ~(uint32_t)HCS_GCS_CATEGORY_MASK);

        guest_bridge_send(r->bridge, type, r->id, body->data, body->len);
}

void guest_request_answer(struct guest_request *r, const char *members) {
        _cleanup_buf_ struct hcs_buf body = {0};
        struct hcs_error *err = NULL;

        if (members && strlen(members) > HCS_GCS_MAX_TO_HOST - 1024) {
                hcs_error_make(&err, E_FAIL, "the answer has %zu bytes: more than a message to a host may have",
                               strlen(members));
                guest_request_fail(r, err);
                return;
        }
        if (!guest_request_is_void(r)) {
                hcs_buf_puts(&body, "{\"Result\":0");
                if (*r->activity_id)
                        put_string(&body, "ActivityId", r->activity_id);
                if (members)
                        hcs_buf_puts(&body, members);
                hcs_buf_putc(&body, '}');
                send(r, &body);
        }
        guest_request_free(r);
}

void guest_request_fail(struct guest_request *r, struct hcs_error *err) {
        _cleanup_(hcs_error_freep) struct hcs_error *e = err;
        _cleanup_free_ char *message = bounded(hcs_error_message(e));
        _cleanup_buf_ struct hcs_buf body = {0};
        HRESULT hr = guest_wire_hresult(e);
        char name[64];

        if (!guest_request_is_void(r)) {
                hcs_buf_printf(&body, "{\"Result\":%d", hr);
                if (*r->activity_id)
                        put_string(&body, "ActivityId", r->activity_id);
                put_string(&body, "ErrorMessage", message);
                hcs_buf_printf(&body, ",\"ErrorRecords\":[{\"Result\":%d", hr);
                put_string(&body, "Message", message);
                /* The file and line of the failure are the original's; a host only prints them. */
                hcs_buf_puts(&body, ",\"ModuleName\":\"gcs\",\"FileName\":\"\",\"Line\":4294967295}]}");
                send(r, &body);
        }
        /* Behind the answer: the log may go to the host too, and a host does not wait for it. */
        hcs_log(HCS_LOG_ERROR, "request failed", "type", guest_message_name(r->type, name), "cid", r->container_id,
                "error", message, NULL);
        guest_request_free(r);
}

void guest_bridge_describe(const struct guest_bridge *b, struct hcs_buf *out) {
        uint64_t now = hcs_clock_ns();
        char name[64];

        hcs_buf_printf(out, "bridge: %s, version %u, connection %llu, %zu bytes queued\n",
                       b->connected ? "connected" : "not connected", b->version, (unsigned long long)b->generation,
                       b->queue.len - b->sent);
        for (const struct guest_request *r = b->requests; r; r = r->next)
                hcs_buf_printf(out, "request %llu: %s cid=%s for %llu ms\n", (unsigned long long)r->id,
                               guest_message_name(r->type, name), r->container_id,
                               (unsigned long long)((now - r->since_ns) / HCS_NS_PER_MS));
}
