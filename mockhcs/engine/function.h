/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ENGINE_FUNCTION_H
#define MOCKHCS_ENGINE_FUNCTION_H

/*
 * What can be called: one row for every export of every DLL, and the verb (the logical call) that it is. A trace
 * recorded through one DLL plays through another because the verb and the argument names are the same for both.
 */

#include <stdbool.h>
#include <stddef.h>

enum mock_dll { MOCK_DLL_NONE, MOCK_VMCOMPUTE, MOCK_COMPUTECORE, MOCK_COMPUTENETWORK, MOCK_COMPUTESTORAGE };

/* What can be done with every kind of object of host networking, in this order; see MOCK_HCN_VERB(). */
#define MOCK_HCN_VERBS(KIND)                                                                                \
        MOCK_ENUMERATE_##KIND, MOCK_CREATE_##KIND, MOCK_OPEN_##KIND, MOCK_MODIFY_##KIND, MOCK_QUERY_##KIND, \
                MOCK_DELETE_##KIND, MOCK_CLOSE_##KIND
enum mock_hcn_action {
        MOCK_HCN_ENUMERATE,
        MOCK_HCN_CREATE,
        MOCK_HCN_OPEN,
        MOCK_HCN_MODIFY,
        MOCK_HCN_QUERY,
        MOCK_HCN_DELETE,
        MOCK_HCN_CLOSE,
        MOCK_HCN_ACTIONS,
};

enum mock_verb {
        MOCK_VERB_NONE, /* an export that no backend knows: E_NOTIMPL, loudly */

        /* Answered by the backend. */
        MOCK_ENUMERATE_SYSTEMS,
        MOCK_CREATE_SYSTEM,
        MOCK_OPEN_SYSTEM,
        MOCK_CLOSE_SYSTEM,
        MOCK_START_SYSTEM,
        MOCK_SHUTDOWN_SYSTEM,
        MOCK_TERMINATE_SYSTEM,
        MOCK_CRASH_SYSTEM,
        MOCK_PAUSE_SYSTEM,
        MOCK_RESUME_SYSTEM,
        MOCK_SAVE_SYSTEM,
        MOCK_GET_SYSTEM_PROPERTIES,
        MOCK_MODIFY_SYSTEM,
        MOCK_INITIALIZE_MIGRATION,
        MOCK_START_MIGRATION,
        MOCK_TRANSFER_MIGRATION,
        MOCK_FINALIZE_MIGRATION,
        MOCK_CANCEL_MIGRATION,
        MOCK_CREATE_PROCESS,
        MOCK_OPEN_PROCESS,
        MOCK_CLOSE_PROCESS,
        MOCK_TERMINATE_PROCESS,
        MOCK_SIGNAL_PROCESS,
        MOCK_GET_PROCESS_INFO,
        MOCK_GET_PROCESS_PROPERTIES,
        MOCK_MODIFY_PROCESS,
        MOCK_GET_SERVICE_PROPERTIES,
        MOCK_MODIFY_SERVICE_SETTINGS,
        MOCK_SUBMIT_WER_REPORT,
        MOCK_GRANT_VM_ACCESS,
        MOCK_REVOKE_VM_ACCESS,
        MOCK_GRANT_VM_GROUP_ACCESS,
        MOCK_REVOKE_VM_GROUP_ACCESS,
        MOCK_HNS_CALL,
        MOCK_CREATE_GUEST_STATE_FILE, /* files of a machine's state, to MOCK_GET_PROCESSOR_COMPATIBILITY */
        MOCK_CREATE_RUNTIME_STATE_FILE,
        MOCK_GET_PROCESSOR_COMPATIBILITY,
        MOCK_ACTIVATE_LAYER, /* the layer functions of vmcompute, to MOCK_PROCESS_UTILITY_IMAGE */
        MOCK_DEACTIVATE_LAYER,
        MOCK_PREPARE_LAYER,
        MOCK_UNPREPARE_LAYER,
        MOCK_CREATE_LAYER,
        MOCK_CREATE_SANDBOX_LAYER,
        MOCK_EXPAND_SANDBOX,
        MOCK_DESTROY_LAYER,
        MOCK_COPY_LAYER,
        MOCK_EXPORT_LAYER,
        MOCK_IMPORT_LAYER,
        MOCK_GET_LAYER_MOUNT_PATH,
        MOCK_GET_BASE_IMAGES,
        MOCK_LAYER_EXISTS,
        MOCK_NAME_TO_GUID,
        MOCK_PROCESS_BASE_IMAGE,
        MOCK_PROCESS_UTILITY_IMAGE,
        MOCK_STORAGE_IMPORT, /* the functions of computestorage, to MOCK_STORAGE_DETACH_OVERLAY */
        MOCK_STORAGE_EXPORT,
        MOCK_STORAGE_EXPORT_LEGACY,
        MOCK_STORAGE_DESTROY,
        MOCK_STORAGE_SETUP_LAYER,
        MOCK_STORAGE_SETUP_VOLUME,
        MOCK_STORAGE_INITIALIZE,
        MOCK_STORAGE_INITIALIZE_LEGACY,
        MOCK_STORAGE_ATTACH_FILTER,
        MOCK_STORAGE_DETACH_FILTER,
        MOCK_STORAGE_FORMAT_VHD,
        MOCK_STORAGE_VHD_MOUNT_PATH,
        MOCK_STORAGE_ATTACH_OVERLAY,
        MOCK_STORAGE_DETACH_OVERLAY,
        MOCK_HCN_VERBS(NETWORK),
        MOCK_HCN_VERBS(ENDPOINT),
        MOCK_HCN_VERBS(NAMESPACE),
        MOCK_HCN_VERBS(LOADBALANCER),
        MOCK_HCN_VERBS(SDNROUTE),
        MOCK_HCN_VERBS(GUESTSERVICE),
        MOCK_QUERY_ENDPOINT_STATS,
        MOCK_REGISTER_HCN_CALLBACK, /* on the service, a network or a guest network service */
        MOCK_UNREGISTER_HCN_CALLBACK,
        MOCK_RESERVE_PORTS, /* one port or a range */
        MOCK_RELEASE_PORTS,
        MOCK_ENUMERATE_PORTS,

        /* Answered by the engine itself; a backend only sees them go by (note). */
        MOCK_FIRST_LOCAL,
        MOCK_REGISTER_CALLBACK = MOCK_FIRST_LOCAL,
        MOCK_UNREGISTER_CALLBACK,
        MOCK_CREATE_OPERATION,
        MOCK_CLOSE_OPERATION,
        MOCK_GET_OPERATION_RESULT,
        MOCK_WAIT_OPERATION,
        MOCK_CANCEL_OPERATION,
        MOCK_ADD_OPERATION_RESOURCE,
        MOCK_OPERATION_OTHER, /* context, type, id, handles of an operation: never recorded */
        MOCK_WAIT_EXIT,
        MOCK_FREE_RESULT, /* memory of an earlier answer: never recorded */
};

enum mock_function_flags {
        MOCK_READ_ONLY = 1 << 0,  /* a query: replay may answer it again from the latest recorded answer */
        MOCK_V1_ASYNC = 1 << 1,   /* vmcompute may return pending for it */
        MOCK_UNRECORDED = 1 << 2, /* changes nothing and says nothing: left out of traces */
};

struct mock_function {
        const char *name; /* as exported: "HcsShutDownComputeSystem" */
        enum mock_dll dll;
        enum mock_verb verb;
        unsigned flags;
};

static inline bool mock_verb_is_local(enum mock_verb v) {
        return v >= MOCK_FIRST_LOCAL;
}

/* The layer functions of vmcompute; and with them those of computestorage and of the files of a machine's state. */
static inline bool mock_verb_is_layer(enum mock_verb v) {
        return v >= MOCK_ACTIVATE_LAYER && v <= MOCK_PROCESS_UTILITY_IMAGE;
}
static inline bool mock_verb_is_storage(enum mock_verb v) {
        return v >= MOCK_CREATE_GUEST_STATE_FILE && v <= MOCK_STORAGE_DETACH_OVERLAY;
}

/* Verbs of the objects of host networking: which kind of handle (counted from MOCK_NETWORK) and which action. */
static inline bool mock_verb_is_hcn(enum mock_verb v) {
        return v >= MOCK_ENUMERATE_NETWORK && v < MOCK_QUERY_ENDPOINT_STATS;
}
static inline unsigned mock_verb_hcn_kind(enum mock_verb v) {
        return (unsigned)(v - MOCK_ENUMERATE_NETWORK) / MOCK_HCN_ACTIONS;
}
static inline enum mock_hcn_action mock_verb_hcn_action(enum mock_verb v) {
        return (enum mock_hcn_action)((unsigned)(v - MOCK_ENUMERATE_NETWORK) % MOCK_HCN_ACTIONS);
}
/* Does it give a handle back? */
static inline bool mock_verb_closes(enum mock_verb v) {
        return v == MOCK_CLOSE_SYSTEM || v == MOCK_CLOSE_PROCESS || v == MOCK_UNREGISTER_HCN_CALLBACK ||
               v == MOCK_RELEASE_PORTS || (mock_verb_is_hcn(v) && mock_verb_hcn_action(v) == MOCK_HCN_CLOSE);
}

const char *mock_dll_name(enum mock_dll dll); /* "computecore" */
enum mock_dll mock_dll_parse(const char *name);
/* NULL when unknown. MOCK_DLL_NONE searches computecore, then vmcompute, computenetwork and computestorage.
 * HcsShutdownComputeSystem and HcsShutDownComputeSystem both find either. */
const struct mock_function *mock_function_find(enum mock_dll dll, const char *name);
/* The table, for coverage reports. */
const struct mock_function *mock_functions(size_t *ret_n);
/* The row of `dll` that has this verb (the first), or NULL. */
const struct mock_function *mock_function_of_verb(enum mock_dll dll, enum mock_verb verb);

#endif
