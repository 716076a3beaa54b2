/* SPDX-License-Identifier: MIT */

/* From a request's type to its handler, and what handlers share. */

#include <inttypes.h>

#include "gcs/message.h"
#include "guest/agent/agent.h"
#include "guest/base/failure.h"
#include "hcsshim/log.h"

#define GO_JSON (HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD)

static const struct {
        uint32_t rpc;
        guest_handler handler;
} handlers[] = {
        {HCS_GCS_CREATE, guest_handle_create},
        {HCS_GCS_START, guest_handle_start},
        {HCS_GCS_SHUTDOWN_GRACEFUL, guest_handle_shutdown_graceful},
        {HCS_GCS_SHUTDOWN_FORCED, guest_handle_shutdown_forced},
        {HCS_GCS_EXECUTE_PROCESS, guest_handle_execute_process},
        {HCS_GCS_WAIT_FOR_PROCESS, guest_handle_wait_for_process},
        {HCS_GCS_SIGNAL_PROCESS, guest_handle_signal_process},
        {HCS_GCS_RESIZE_CONSOLE, guest_handle_resize_console},
        {HCS_GCS_GET_PROPERTIES, guest_handle_get_properties},
        {HCS_GCS_MODIFY_SETTINGS, guest_handle_modify_settings},
        {HCS_GCS_NEGOTIATE_PROTOCOL, guest_handle_negotiate},
        {HCS_GCS_DUMP_STACKS, guest_handle_dump_stacks},
        {HCS_GCS_DELETE_CONTAINER_STATE, guest_handle_delete_state},
};

/* Before a version is agreed only negotiation is known, and afterwards it is not known any more. */
static guest_handler find(const struct guest_request *r) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(handlers); i++)
                if (r->type == (HCS_GCS_REQUEST | handlers[i].rpc))
                        return (r->version == 0) == (handlers[i].rpc == HCS_GCS_NEGOTIATE_PROTOCOL)
                                       ? handlers[i].handler
                                       : NULL;
        return NULL;
}

void guest_agent_request(void *agent, struct guest_request *r) {
        struct hcs_error *err = NULL;
        guest_handler handler = find(r);
        char name[64];

        if (handler) {
                handler(agent, r);
                return;
        }
        guest_fail_with(&err, E_NOTIMPL, "bridge: function not supported, header type: %s",
                        guest_message_name(r->type, name));
        guest_request_fail(r, err);
}

/* What the original calls the documents, for errors. */
static const char *go_name(enum hcs_schema_type_id type) {
        static const struct {
                enum hcs_schema_type_id type;
                const char *name;
        } names[] = {
                {HCS_SCHEMA_GCS_REQUEST_BASE, "MessageBase"},
                {HCS_SCHEMA_GCS_NEGOTIATE_PROTOCOL_REQUEST, "NegotiateProtocol"},
                {HCS_SCHEMA_GCS_CONTAINER_CREATE, "ContainerCreate"},
                {HCS_SCHEMA_GCS_LINUX_HOSTED_SYSTEM, "VMHostedContainerSettingsV2"},
                {HCS_SCHEMA_GCS_CONTAINER_EXECUTE_PROCESS, "ContainerExecuteProcess"},
                {HCS_SCHEMA_GCS_LINUX_PROCESS_PARAMETERS, "ProcessParameters"},
                {HCS_SCHEMA_GCS_CONTAINER_WAIT_FOR_PROCESS, "ContainerWaitForProcess"},
                {HCS_SCHEMA_GCS_CONTAINER_SIGNAL_PROCESS, "ContainerSignalProcess"},
                {HCS_SCHEMA_GCS_CONTAINER_RESIZE_CONSOLE, "ContainerResizeConsole"},
                {HCS_SCHEMA_GCS_CONTAINER_GET_PROPERTIES, "ContainerGetProperties"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++)
                if (names[i].type == type)
                        return names[i].name;
        return hcs_schema_type_at(type)->name;
}

/* err holds what the JSON reader said of text. */
static void refuse(struct guest_request *r, struct hcs_error *err, enum hcs_schema_type_id type, const char *text,
                   size_t len, const char *what) {
        guest_fail_json(&err, hcs_schema_type_at(type), go_name(type), text, len);
        hcs_error_wrap(&err, "failed to unmarshal JSON %s \"%s\"", what, text);
        guest_request_fail(r, err);
}

bool guest_request_decode(struct guest_request *r, enum hcs_schema_type_id type, void *ret) {
        struct hcs_error *err = NULL;

        if (!r->json)
                err = steal_pointer(&r->bad);
        else if (SUCCEEDED(hcs_schema_parse_json(hcs_schema_type_at(type), r->json, ret, &err)))
                return true;
        refuse(r, err, type, r->body, r->len, "in message");
        return false;
}

bool guest_request_decode_text(struct guest_request *r, const char *what, const char *text,
                               enum hcs_schema_type_id type, void *ret) {
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *context = hcs_asprintf("for %s", what);
        struct hcs_error *err = NULL;
        size_t len;

        text = text ? text : "";
        len = strlen(text);
        if (SUCCEEDED(hcs_json_parse(text, len, &(struct hcs_json_options){.flags = GO_JSON}, &json, &err)) &&
            SUCCEEDED(hcs_schema_parse_json(hcs_schema_type_at(type), json, ret, &err)))
                return true;
        refuse(r, err, type, text, len, context);
        return false;
}

void guest_request_done(void *request, struct hcs_error *err) {
        if (err)
                guest_request_fail(request, err);
        else
                guest_request_answer(request, NULL);
}
