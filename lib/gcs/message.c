/* SPDX-License-Identifier: MIT */

/* The table of messages. */

#include "gcs/message.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define BASE HCS_SCHEMA_GCS_REQUEST_BASE, HCS_SCHEMA_GCS_RESPONSE_BASE

static const struct hcs_gcs_message messages[] = {
        {HCS_GCS_CREATE, "Create", HCS_SCHEMA_GCS_CONTAINER_CREATE, HCS_SCHEMA_GCS_RESPONSE_BASE},
        {HCS_GCS_START, "Start", BASE},
        {HCS_GCS_SHUTDOWN_GRACEFUL, "ShutdownGraceful", BASE},
        {HCS_GCS_SHUTDOWN_FORCED, "ShutdownForced", BASE},
        {HCS_GCS_EXECUTE_PROCESS, "ExecuteProcess", HCS_SCHEMA_GCS_CONTAINER_EXECUTE_PROCESS,
         HCS_SCHEMA_GCS_CONTAINER_EXECUTE_PROCESS_RESPONSE},
        {HCS_GCS_WAIT_FOR_PROCESS, "WaitForProcess", HCS_SCHEMA_GCS_CONTAINER_WAIT_FOR_PROCESS,
         HCS_SCHEMA_GCS_CONTAINER_WAIT_FOR_PROCESS_RESPONSE},
        {HCS_GCS_SIGNAL_PROCESS, "SignalProcess", HCS_SCHEMA_GCS_CONTAINER_SIGNAL_PROCESS,
         HCS_SCHEMA_GCS_RESPONSE_BASE},
        {HCS_GCS_RESIZE_CONSOLE, "ResizeConsole", HCS_SCHEMA_GCS_CONTAINER_RESIZE_CONSOLE,
         HCS_SCHEMA_GCS_RESPONSE_BASE},
        {HCS_GCS_GET_PROPERTIES, "GetProperties", HCS_SCHEMA_GCS_CONTAINER_GET_PROPERTIES,
         HCS_SCHEMA_GCS_CONTAINER_GET_PROPERTIES_RESPONSE},
        {HCS_GCS_MODIFY_SETTINGS, "ModifySettings", HCS_SCHEMA_GCS_CONTAINER_MODIFY_SETTINGS,
         HCS_SCHEMA_GCS_RESPONSE_BASE},
        {HCS_GCS_NEGOTIATE_PROTOCOL, "NegotiateProtocol", HCS_SCHEMA_GCS_NEGOTIATE_PROTOCOL_REQUEST,
         HCS_SCHEMA_GCS_NEGOTIATE_PROTOCOL_RESPONSE},
        {HCS_GCS_DUMP_STACKS, "DumpStacks", HCS_SCHEMA_GCS_REQUEST_BASE, HCS_SCHEMA_GCS_DUMP_STACKS_RESPONSE},
        {HCS_GCS_DELETE_CONTAINER_STATE, "DeleteContainerState", BASE},
        {HCS_GCS_UPDATE_CONTAINER, "UpdateContainer", BASE},
        {HCS_GCS_LIFECYCLE_NOTIFICATION, "LifecycleNotification", BASE},
        {HCS_GCS_MODIFY_SERVICE_SETTINGS, "ModifyServiceSettings", HCS_SCHEMA_GCS_SERVICE_MODIFICATION_REQUEST,
         HCS_SCHEMA_GCS_RESPONSE_BASE},
};

const struct hcs_gcs_message *hcs_gcs_message_find(uint32_t type) {
        type &= ~(uint32_t)HCS_GCS_CATEGORY_MASK;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(messages); i++)
                if (messages[i].rpc == type)
                        return &messages[i];
        return NULL;
}

const struct hcs_gcs_message *hcs_gcs_message_named(const char *name) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(messages); i++)
                if (hcs_streq(messages[i].name, name))
                        return &messages[i];
        return NULL;
}

const struct hcs_schema_type *hcs_gcs_document_type(uint32_t type) {
        const struct hcs_gcs_message *m = hcs_gcs_message_find(type);

        switch (type & (uint32_t)HCS_GCS_CATEGORY_MASK) {
        case HCS_GCS_REQUEST:
                return m ? hcs_schema_type_at(m->request) : NULL;
        case HCS_GCS_RESPONSE:
                return m ? hcs_schema_type_at(m->response) : NULL;
        case HCS_GCS_NOTIFY:
                return type == HCS_GCS_NOTIFY_CONTAINER ? hcs_schema_type_at(HCS_SCHEMA_GCS_CONTAINER_NOTIFICATION)
                                                        : NULL;
        default:
                return NULL;
        }
}

char *hcs_gcs_type_format(uint32_t type, char buf[static HCS_GCS_TYPE_TEXT_SIZE]) {
        const struct hcs_gcs_message *m = hcs_gcs_message_find(type);
        uint32_t category = type & (uint32_t)HCS_GCS_CATEGORY_MASK;

        if (category == HCS_GCS_NOTIFY && type == HCS_GCS_NOTIFY_CONTAINER)
                snprintf(buf, HCS_GCS_TYPE_TEXT_SIZE, "Notify(Container)");
        else if (category == HCS_GCS_NOTIFY)
                snprintf(buf, HCS_GCS_TYPE_TEXT_SIZE, "Notify(0x%x)", (unsigned)type);
        else if (category != HCS_GCS_REQUEST && category != HCS_GCS_RESPONSE)
                snprintf(buf, HCS_GCS_TYPE_TEXT_SIZE, "0x%x", (unsigned)type);
        else if (m)
                snprintf(buf, HCS_GCS_TYPE_TEXT_SIZE, "%s(%s)", category == HCS_GCS_REQUEST ? "Request" : "Response",
                         m->name);
        else
                snprintf(buf, HCS_GCS_TYPE_TEXT_SIZE, "%s(0x%x)", category == HCS_GCS_REQUEST ? "Request" : "Response",
                         (unsigned)(type - category));
        return buf;
}

bool hcs_gcs_type_parse(const char *text, uint32_t *ret) {
        static const struct {
                const char *name;
                uint32_t category;
        } categories[] = {{"Request(", HCS_GCS_REQUEST}, {"Response(", HCS_GCS_RESPONSE}, {"Notify(", 0}};
        _cleanup_free_ char *inner = NULL;
        const struct hcs_gcs_message *m;
        uint64_t number;

        if (hcs_str_to_u64(text, &number) && number <= UINT32_MAX) {
                *ret = (uint32_t)number;
                return true;
        }
        if (hcs_streq(text, "Notify(Container)")) {
                *ret = HCS_GCS_NOTIFY_CONTAINER;
                return true;
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(categories); i++) {
                if (!hcs_str_starts(text, categories[i].name) || !hcs_str_ends(text, ")"))
                        continue;
                text += strlen(categories[i].name);
                inner = hcs_strndup(text, strlen(text) - 1);
                m = categories[i].category ? hcs_gcs_message_named(inner) : NULL;
                if (!m && (!hcs_str_to_u64(inner, &number) || number > UINT32_MAX))
                        return false;
                *ret = categories[i].category | (m ? m->rpc : (uint32_t)number);
                return true;
        }
        return false;
}
