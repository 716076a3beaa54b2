/* SPDX-License-Identifier: MIT */

/* The shapes of calls, by verb; see shape.h. */

#include "mockhcs/service/shape.h"

#include <string.h>

#include "base/str.h"

#define NONE (-1)

static const struct {
        enum mock_verb verb;
        struct call_shape shape;
} shapes[] = {
        {MOCK_ENUMERATE_SYSTEMS, {NONE, NONE, .documents = {"query"}}},
        {MOCK_CREATE_SYSTEM, {NONE, MOCK_SYSTEM, .texts = {"id"}, .documents = {"configuration"}}},
        {MOCK_OPEN_SYSTEM, {NONE, MOCK_SYSTEM, .texts = {"id"}}},
        {MOCK_CLOSE_SYSTEM, {MOCK_SYSTEM, NONE}},
        {MOCK_START_SYSTEM, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_SHUTDOWN_SYSTEM, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_TERMINATE_SYSTEM, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_CRASH_SYSTEM, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_PAUSE_SYSTEM, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_RESUME_SYSTEM, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_SAVE_SYSTEM, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_GET_SYSTEM_PROPERTIES, {MOCK_SYSTEM, NONE, .documents = {"query"}}},
        {MOCK_MODIFY_SYSTEM, {MOCK_SYSTEM, NONE, .documents = {"configuration"}}},
        {MOCK_INITIALIZE_MIGRATION, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_START_MIGRATION, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_TRANSFER_MIGRATION, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_FINALIZE_MIGRATION, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_CANCEL_MIGRATION, {MOCK_SYSTEM, NONE, .documents = {"options"}}},
        {MOCK_CREATE_PROCESS, {MOCK_SYSTEM, MOCK_PROCESS, .documents = {"parameters"}}},
        {MOCK_OPEN_PROCESS, {MOCK_SYSTEM, MOCK_PROCESS, .numbers = {"processId"}}},
        {MOCK_CLOSE_PROCESS, {MOCK_PROCESS, NONE}},
        {MOCK_TERMINATE_PROCESS, {MOCK_PROCESS, NONE}},
        {MOCK_SIGNAL_PROCESS, {MOCK_PROCESS, NONE, .documents = {"options"}}},
        {MOCK_GET_PROCESS_INFO, {MOCK_PROCESS, NONE}},
        {MOCK_GET_PROCESS_PROPERTIES, {MOCK_PROCESS, NONE}},
        {MOCK_MODIFY_PROCESS, {MOCK_PROCESS, NONE, .documents = {"settings"}}},
        {MOCK_GET_SERVICE_PROPERTIES, {NONE, NONE, .documents = {"query"}}},
        {MOCK_MODIFY_SERVICE_SETTINGS, {NONE, NONE, .documents = {"settings"}}},
        {MOCK_SUBMIT_WER_REPORT, {NONE, NONE, .documents = {"settings"}}},
        {MOCK_CREATE_GUEST_STATE_FILE, {NONE, NONE, .texts = {"file"}}},
        {MOCK_CREATE_RUNTIME_STATE_FILE, {NONE, NONE, .texts = {"file"}}},
        {MOCK_GRANT_VM_ACCESS, {NONE, NONE, .texts = {"vmId", "file"}}},
        {MOCK_REVOKE_VM_ACCESS, {NONE, NONE, .texts = {"vmId", "file"}}},
        {MOCK_GRANT_VM_GROUP_ACCESS, {NONE, NONE, .texts = {"file"}}},
        {MOCK_REVOKE_VM_GROUP_ACCESS, {NONE, NONE, .texts = {"file"}}},
        {MOCK_GET_PROCESSOR_COMPATIBILITY, {NONE, NONE, .texts = {"file"}}},
        {MOCK_HNS_CALL, {NONE, NONE, .texts = {"method", "path"}, .documents = {"object"}}},
        {MOCK_ACTIVATE_LAYER, {NONE, NONE, .texts = {"id"}}},
        {MOCK_DEACTIVATE_LAYER, {NONE, NONE, .texts = {"id"}}},
        {MOCK_PREPARE_LAYER, {NONE, NONE, .texts = {"id"}, .documents = {"layers"}}},
        {MOCK_UNPREPARE_LAYER, {NONE, NONE, .texts = {"id"}}},
        {MOCK_CREATE_LAYER, {NONE, NONE, .texts = {"id"}, .documents = {"parent"}}},
        {MOCK_CREATE_SANDBOX_LAYER, {NONE, NONE, .texts = {"id"}, .documents = {"layers"}}},
        {MOCK_EXPAND_SANDBOX, {NONE, NONE, .texts = {"id"}, .numbers = {"size"}}},
        {MOCK_DESTROY_LAYER, {NONE, NONE, .texts = {"id"}}},
        {MOCK_COPY_LAYER, {NONE, NONE, .texts = {"id", "path"}, .documents = {"layers"}}},
        {MOCK_EXPORT_LAYER, {NONE, NONE, .texts = {"id", "path"}, .documents = {"layers"}}},
        {MOCK_IMPORT_LAYER, {NONE, NONE, .texts = {"id", "path"}, .documents = {"layers"}}},
        {MOCK_GET_LAYER_MOUNT_PATH, {NONE, NONE, .texts = {"id"}}},
        {MOCK_GET_BASE_IMAGES, {NONE, NONE}},
        {MOCK_LAYER_EXISTS, {NONE, NONE, .texts = {"id"}}},
        {MOCK_NAME_TO_GUID, {NONE, NONE, .texts = {"name"}}},
        {MOCK_PROCESS_BASE_IMAGE, {NONE, NONE, .texts = {"path"}}},
        {MOCK_PROCESS_UTILITY_IMAGE, {NONE, NONE, .texts = {"path"}}},
        {MOCK_STORAGE_IMPORT, {NONE, NONE, .texts = {"path", "folder"}, .documents = {"layerData"}}},
        {MOCK_STORAGE_EXPORT, {NONE, NONE, .texts = {"path", "folder"}, .documents = {"layerData", "options"}}},
        {MOCK_STORAGE_EXPORT_LEGACY, {NONE, NONE, .texts = {"mount", "path", "folder"}, .documents = {"layerData"}}},
        {MOCK_STORAGE_DESTROY, {NONE, NONE, .texts = {"path"}}},
        {MOCK_STORAGE_SETUP_LAYER, {NONE, NONE, .texts = {"path"}, .documents = {"options"}}},
        {MOCK_STORAGE_SETUP_VOLUME, {NONE, NONE, .texts = {"path", "mount"}, .documents = {"options"}}},
        {MOCK_STORAGE_INITIALIZE, {NONE, NONE, .texts = {"path"}, .documents = {"layerData", "options"}}},
        {MOCK_STORAGE_INITIALIZE_LEGACY,
         {NONE, NONE, .texts = {"mount", "path"}, .documents = {"layerData", "options"}}},
        {MOCK_STORAGE_ATTACH_FILTER, {NONE, NONE, .texts = {"path"}, .documents = {"layerData"}}},
        {MOCK_STORAGE_DETACH_FILTER, {NONE, NONE, .texts = {"path"}}},
        {MOCK_STORAGE_FORMAT_VHD, {NONE, NONE, .texts = {"vhd"}}},
        {MOCK_STORAGE_VHD_MOUNT_PATH, {NONE, NONE, .texts = {"vhd"}}},
        {MOCK_STORAGE_ATTACH_OVERLAY, {NONE, NONE, .texts = {"mount"}, .documents = {"layerData"}}},
        {MOCK_STORAGE_DETACH_OVERLAY, {NONE, NONE, .texts = {"mount"}, .documents = {"layerData"}}},
        {MOCK_QUERY_ENDPOINT_STATS, {MOCK_ENDPOINT, NONE, .documents = {"query"}}},
        {MOCK_REGISTER_HCN_CALLBACK, {NONE, MOCK_CALLBACK}},
        {MOCK_UNREGISTER_HCN_CALLBACK, {MOCK_CALLBACK, NONE}},
        {MOCK_RESERVE_PORTS, {MOCK_GUESTSERVICE, MOCK_RESERVATION}},
        {MOCK_RELEASE_PORTS, {MOCK_RESERVATION, NONE}},
        {MOCK_ENUMERATE_PORTS, {NONE, NONE}},
};

static const struct call_shape hcn[MOCK_HCN_ACTIONS] = {
        [MOCK_HCN_ENUMERATE] = {NONE, NONE, .documents = {"query"}},
        [MOCK_HCN_CREATE] = {NONE, NONE, .texts = {"id"}, .documents = {"settings"}},
        [MOCK_HCN_OPEN] = {NONE, NONE, .texts = {"id"}},
        [MOCK_HCN_MODIFY] = {NONE, NONE, .documents = {"settings"}},
        [MOCK_HCN_QUERY] = {NONE, NONE, .documents = {"query"}},
        [MOCK_HCN_DELETE] = {NONE, NONE, .texts = {"id"}},
        [MOCK_HCN_CLOSE] = {NONE, NONE},
};

static void hcn_shape(enum mock_verb verb, struct call_shape *ret) {
        enum mock_hcn_action action = mock_verb_hcn_action(verb);
        int kind = MOCK_NETWORK + (int)mock_verb_hcn_kind(verb);

        *ret = hcn[action];
        if (action == MOCK_HCN_MODIFY || action == MOCK_HCN_QUERY || action == MOCK_HCN_CLOSE)
                ret->handle = kind;
        if (action == MOCK_HCN_CREATE || action == MOCK_HCN_OPEN)
                ret->creates = kind;
        if (action == MOCK_HCN_CREATE && kind == MOCK_ENDPOINT)
                ret->handle = MOCK_NETWORK;
}

/* The rows that the verb alone does not tell apart. */
static void refine(const struct mock_function *f, struct call_shape *ret) {
        if (hcs_streq(f->name, "HcnRegisterNetworkCallback"))
                ret->handle = MOCK_NETWORK;
        else if (hcs_streq(f->name, "HcnRegisterGuestNetworkServiceCallback"))
                ret->handle = MOCK_GUESTSERVICE;
        else if (hcs_streq(f->name, "HcnReserveGuestNetworkServicePort"))
                memcpy(ret->numbers, (const char *[3]){"protocol", "sharing", "port"}, sizeof(ret->numbers));
        else if (hcs_streq(f->name, "HcnReserveGuestNetworkServicePortRange"))
                ret->numbers[0] = "count";
}

bool call_shape_of(const struct mock_function *f, struct call_shape *ret) {
        if (mock_verb_is_hcn(f->verb)) {
                hcn_shape(f->verb, ret);
                return true;
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(shapes); i++)
                if (shapes[i].verb == f->verb) {
                        *ret = shapes[i].shape;
                        refine(f, ret);
                        return true;
                }
        return false;
}

static struct mock_handle *subject_of(const struct mock_call *call, int kind) {
        switch (kind) {
        case MOCK_SYSTEM:
                return call->system;
        case MOCK_PROCESS:
                return call->process;
        case MOCK_CALLBACK:
                return call->callback;
        default:
                return call->entity && call->entity->kind == (enum mock_handle_kind)kind ? call->entity : NULL;
        }
}

static char *missing(const char *name, const char *what) {
        return hcs_asprintf("the argument \"%s\" is not there, or no %s", name, what);
}

char *call_shape_check(const struct call_shape *shape, struct mock_call *call) {
        if (shape->handle >= 0 && !subject_of(call, shape->handle))
                return missing(mock_handle_kind_name((enum mock_handle_kind)shape->handle), "handle of that kind");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(shape->texts) && shape->texts[i]; i++) {
                const struct mock_value *v = mock_call_arg(call, shape->texts[i]);

                if (!v || v->kind != MOCK_TEXT || !v->len)
                        return missing(shape->texts[i], "text");
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(shape->documents) && shape->documents[i]; i++) {
                const struct mock_value *v = mock_call_arg(call, shape->documents[i]);

                if (!v || v->kind != MOCK_DOCUMENT)
                        return missing(shape->documents[i], "document");
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(shape->numbers) && shape->numbers[i]; i++) {
                const struct mock_value *v = mock_call_arg(call, shape->numbers[i]);

                if (!v || v->kind != MOCK_NUMBER)
                        return missing(shape->numbers[i], "number");
        }
        if (shape->creates >= 0 && !call->created)
                return hcs_asprintf("the call does not say what the %s that it makes is called",
                                    mock_handle_kind_name((enum mock_handle_kind)shape->creates));
        return NULL;
}
