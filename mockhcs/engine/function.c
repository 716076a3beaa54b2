/* SPDX-License-Identifier: MIT */

/* The table of all exports: which verb each is, and what the engine may do with it. Constant data. */

#include "mockhcs/engine/function.h"

#include "base/mem.h"
#include "base/str.h"

#define CORE(n, v, f) \
        { #n, MOCK_COMPUTECORE, MOCK_##v, f }
#define VMC(n, v, f) \
        { #n, MOCK_VMCOMPUTE, MOCK_##v, f }
#define STORE(n, v, f) \
        { #n, MOCK_COMPUTESTORAGE, MOCK_STORAGE_##v, f }
#define NET(n, v, f) \
        { #n, MOCK_COMPUTENETWORK, MOCK_##v, f }
/* The seven functions of a kind of object; `plural` as HcnEnumerate spells it. */
#define KIND(k, plural, V)                                                                                            \
        NET(HcnEnumerate##plural, ENUMERATE_##V, RO), NET(HcnCreate##k, CREATE_##V, 0), NET(HcnOpen##k, OPEN_##V, 0), \
                NET(HcnModify##k, MODIFY_##V, 0), NET(HcnQuery##k##Properties, QUERY_##V, RO),                        \
                NET(HcnDelete##k, DELETE_##V, 0), NET(HcnClose##k, CLOSE_##V, 0)
#define RO    MOCK_READ_ONLY
#define ASYNC MOCK_V1_ASYNC
#define QUIET MOCK_UNRECORDED

static const struct mock_function functions[] = {
        CORE(HcsCreateOperation, CREATE_OPERATION, 0),
        CORE(HcsCreateOperationWithNotifications, CREATE_OPERATION, 0),
        CORE(HcsCloseOperation, CLOSE_OPERATION, 0),
        CORE(HcsGetOperationContext, OPERATION_OTHER, QUIET),
        CORE(HcsSetOperationContext, OPERATION_OTHER, QUIET),
        CORE(HcsGetComputeSystemFromOperation, OPERATION_OTHER, QUIET),
        CORE(HcsGetProcessFromOperation, OPERATION_OTHER, QUIET),
        CORE(HcsGetOperationType, OPERATION_OTHER, QUIET),
        CORE(HcsGetOperationId, OPERATION_OTHER, QUIET),
        CORE(HcsGetOperationResult, GET_OPERATION_RESULT, 0),
        CORE(HcsGetOperationResultAndProcessInfo, GET_OPERATION_RESULT, 0),
        CORE(HcsGetOperationProperties, VERB_NONE, 0),
        CORE(HcsAddResourceToOperation, ADD_OPERATION_RESOURCE, 0),
        CORE(HcsGetProcessorCompatibilityFromSavedState, GET_PROCESSOR_COMPATIBILITY, RO),
        CORE(HcsWaitForOperationResult, WAIT_OPERATION, 0),
        CORE(HcsWaitForOperationResultAndProcessInfo, WAIT_OPERATION, 0),
        CORE(HcsSetOperationCallback, OPERATION_OTHER, QUIET),
        CORE(HcsCancelOperation, CANCEL_OPERATION, 0),
        CORE(HcsEnumerateComputeSystems, ENUMERATE_SYSTEMS, RO),
        CORE(HcsEnumerateComputeSystemsInNamespace, ENUMERATE_SYSTEMS, RO),
        CORE(HcsCreateComputeSystem, CREATE_SYSTEM, ASYNC),
        CORE(HcsCreateComputeSystemInNamespace, CREATE_SYSTEM, ASYNC),
        CORE(HcsOpenComputeSystem, OPEN_SYSTEM, 0),
        CORE(HcsOpenComputeSystemInNamespace, OPEN_SYSTEM, 0),
        CORE(HcsCloseComputeSystem, CLOSE_SYSTEM, 0),
        CORE(HcsStartComputeSystem, START_SYSTEM, ASYNC),
        CORE(HcsShutDownComputeSystem, SHUTDOWN_SYSTEM, 0),
        CORE(HcsTerminateComputeSystem, TERMINATE_SYSTEM, 0),
        CORE(HcsCrashComputeSystem, CRASH_SYSTEM, 0),
        CORE(HcsPauseComputeSystem, PAUSE_SYSTEM, ASYNC),
        CORE(HcsResumeComputeSystem, RESUME_SYSTEM, ASYNC),
        CORE(HcsSaveComputeSystem, SAVE_SYSTEM, ASYNC),
        CORE(HcsGetComputeSystemProperties, GET_SYSTEM_PROPERTIES, RO),
        CORE(HcsModifyComputeSystem, MODIFY_SYSTEM, 0),
        CORE(HcsWaitForComputeSystemExit, WAIT_EXIT, 0),
        CORE(HcsSetComputeSystemCallback, REGISTER_CALLBACK, 0),
        CORE(HcsInitializeLiveMigrationOnSource, INITIALIZE_MIGRATION, 0),
        CORE(HcsStartLiveMigrationOnSource, START_MIGRATION, 0),
        CORE(HcsStartLiveMigrationTransfer, TRANSFER_MIGRATION, 0),
        CORE(HcsFinalizeLiveMigration, FINALIZE_MIGRATION, 0),
        CORE(HcsCancelLiveMigration, CANCEL_MIGRATION, 0),
        CORE(HcsCreateProcess, CREATE_PROCESS, 0),
        CORE(HcsOpenProcess, OPEN_PROCESS, 0),
        CORE(HcsCloseProcess, CLOSE_PROCESS, 0),
        CORE(HcsTerminateProcess, TERMINATE_PROCESS, 0),
        CORE(HcsSignalProcess, SIGNAL_PROCESS, 0),
        CORE(HcsGetProcessInfo, GET_PROCESS_INFO, 0),
        CORE(HcsGetProcessProperties, GET_PROCESS_PROPERTIES, RO),
        CORE(HcsModifyProcess, MODIFY_PROCESS, 0),
        CORE(HcsSetProcessCallback, REGISTER_CALLBACK, 0),
        CORE(HcsWaitForProcessExit, WAIT_EXIT, 0),
        CORE(HcsGetServiceProperties, GET_SERVICE_PROPERTIES, RO),
        CORE(HcsModifyServiceSettings, MODIFY_SERVICE_SETTINGS, 0),
        CORE(HcsSubmitWerReport, SUBMIT_WER_REPORT, 0),
        CORE(HcsCreateEmptyGuestStateFile, CREATE_GUEST_STATE_FILE, 0),
        CORE(HcsCreateEmptyRuntimeStateFile, CREATE_RUNTIME_STATE_FILE, 0),
        CORE(HcsGrantVmAccess, GRANT_VM_ACCESS, 0),
        CORE(HcsRevokeVmAccess, REVOKE_VM_ACCESS, 0),
        CORE(HcsGrantVmGroupAccess, GRANT_VM_GROUP_ACCESS, 0),
        CORE(HcsRevokeVmGroupAccess, REVOKE_VM_GROUP_ACCESS, 0),

        VMC(HcsEnumerateComputeSystems, ENUMERATE_SYSTEMS, RO),
        VMC(HcsCreateComputeSystem, CREATE_SYSTEM, ASYNC),
        VMC(HcsOpenComputeSystem, OPEN_SYSTEM, 0),
        VMC(HcsCloseComputeSystem, CLOSE_SYSTEM, 0),
        VMC(HcsStartComputeSystem, START_SYSTEM, ASYNC),
        VMC(HcsShutdownComputeSystem, SHUTDOWN_SYSTEM, 0),
        VMC(HcsTerminateComputeSystem, TERMINATE_SYSTEM, 0),
        VMC(HcsPauseComputeSystem, PAUSE_SYSTEM, ASYNC),
        VMC(HcsResumeComputeSystem, RESUME_SYSTEM, ASYNC),
        VMC(HcsSaveComputeSystem, SAVE_SYSTEM, ASYNC),
        VMC(HcsGetComputeSystemProperties, GET_SYSTEM_PROPERTIES, RO),
        VMC(HcsModifyComputeSystem, MODIFY_SYSTEM, 0),
        VMC(HcsModifyServiceSettings, MODIFY_SERVICE_SETTINGS, 0),
        VMC(HcsGetServiceProperties, GET_SERVICE_PROPERTIES, RO),
        VMC(HcsRegisterComputeSystemCallback, REGISTER_CALLBACK, 0),
        VMC(HcsUnregisterComputeSystemCallback, UNREGISTER_CALLBACK, 0),
        VMC(HcsCreateProcess, CREATE_PROCESS, 0),
        VMC(HcsOpenProcess, OPEN_PROCESS, 0),
        VMC(HcsCloseProcess, CLOSE_PROCESS, 0),
        VMC(HcsTerminateProcess, TERMINATE_PROCESS, 0),
        VMC(HcsSignalProcess, SIGNAL_PROCESS, 0),
        VMC(HcsGetProcessInfo, GET_PROCESS_INFO, 0),
        VMC(HcsGetProcessProperties, GET_PROCESS_PROPERTIES, RO),
        VMC(HcsModifyProcess, MODIFY_PROCESS, 0),
        VMC(HcsRegisterProcessCallback, REGISTER_CALLBACK, 0),
        VMC(HcsUnregisterProcessCallback, UNREGISTER_CALLBACK, 0),
        VMC(HNSCall, HNS_CALL, 0),
        VMC(ActivateLayer, ACTIVATE_LAYER, 0),
        VMC(DeactivateLayer, DEACTIVATE_LAYER, 0),
        VMC(PrepareLayer, PREPARE_LAYER, 0),
        VMC(UnprepareLayer, UNPREPARE_LAYER, 0),
        VMC(CreateLayer, CREATE_LAYER, 0),
        VMC(CreateSandboxLayer, CREATE_SANDBOX_LAYER, 0),
        VMC(ExpandSandboxSize, EXPAND_SANDBOX, 0),
        VMC(DestroyLayer, DESTROY_LAYER, 0),
        VMC(CopyLayer, COPY_LAYER, 0),
        VMC(ExportLayer, EXPORT_LAYER, 0),
        VMC(ImportLayer, IMPORT_LAYER, 0),
        VMC(GetLayerMountPath, GET_LAYER_MOUNT_PATH, RO),
        VMC(GetBaseImages, GET_BASE_IMAGES, RO),
        VMC(LayerExists, LAYER_EXISTS, RO),
        VMC(NameToGuid, NAME_TO_GUID, RO),
        VMC(ProcessBaseImage, PROCESS_BASE_IMAGE, 0),
        VMC(ProcessUtilityImage, PROCESS_UTILITY_IMAGE, 0),
        VMC(GrantVmAccess, GRANT_VM_ACCESS, 0),
        KIND(Network, Networks, NETWORK),
        KIND(Endpoint, Endpoints, ENDPOINT),
        KIND(Namespace, Namespaces, NAMESPACE),
        KIND(LoadBalancer, LoadBalancers, LOADBALANCER),
        KIND(SdnRoute, SdnRoutes, SDNROUTE),
        KIND(GuestNetworkService, GuestNetworkServices, GUESTSERVICE),
        NET(HcnQueryEndpointStats, QUERY_ENDPOINT_STATS, RO),
        NET(HcnRegisterServiceCallback, REGISTER_HCN_CALLBACK, 0),
        NET(HcnUnregisterServiceCallback, UNREGISTER_HCN_CALLBACK, 0),
        NET(HcnRegisterNetworkCallback, REGISTER_HCN_CALLBACK, 0),
        NET(HcnUnregisterNetworkCallback, UNREGISTER_HCN_CALLBACK, 0),
        NET(HcnRegisterGuestNetworkServiceCallback, REGISTER_HCN_CALLBACK, 0),
        NET(HcnUnregisterGuestNetworkServiceCallback, UNREGISTER_HCN_CALLBACK, 0),
        NET(HcnReserveGuestNetworkServicePort, RESERVE_PORTS, 0),
        NET(HcnReserveGuestNetworkServicePortRange, RESERVE_PORTS, 0),
        NET(HcnReleaseGuestNetworkServicePortReservationHandle, RELEASE_PORTS, 0),
        NET(HcnEnumerateGuestNetworkPortReservations, ENUMERATE_PORTS, RO),
        NET(HcnFreeGuestNetworkPortReservations, FREE_RESULT, QUIET),
        STORE(HcsImportLayer, IMPORT, 0),
        STORE(HcsExportLayer, EXPORT, 0),
        STORE(HcsExportLegacyWritableLayer, EXPORT_LEGACY, 0),
        STORE(HcsDestroyLayer, DESTROY, 0),
        STORE(HcsDestoryLayer, DESTROY, 0),
        STORE(HcsSetupBaseOSLayer, SETUP_LAYER, 0),
        STORE(HcsSetupBaseOSVolume, SETUP_VOLUME, 0),
        STORE(HcsInitializeWritableLayer, INITIALIZE, 0),
        STORE(HcsInitializeLegacyWritableLayer, INITIALIZE_LEGACY, 0),
        STORE(HcsAttachLayerStorageFilter, ATTACH_FILTER, 0),
        STORE(HcsDetachLayerStorageFilter, DETACH_FILTER, 0),
        STORE(HcsFormatWritableLayerVhd, FORMAT_VHD, 0),
        STORE(HcsGetLayerVhdMountPath, VHD_MOUNT_PATH, RO),
        STORE(HcsAttachOverlayFilter, ATTACH_OVERLAY, 0),
        STORE(HcsDetachOverlayFilter, DETACH_OVERLAY, 0),
};

static const char *const dll_names[] = {
        [MOCK_DLL_NONE] = "none",
        [MOCK_VMCOMPUTE] = "vmcompute",
        [MOCK_COMPUTECORE] = "computecore",
        [MOCK_COMPUTENETWORK] = "computenetwork",
        [MOCK_COMPUTESTORAGE] = "computestorage",
};

const char *mock_dll_name(enum mock_dll dll) {
        return dll_names[dll];
}

enum mock_dll mock_dll_parse(const char *name) {
        for (size_t i = 1; i < HCS_ARRAY_SIZE(dll_names); i++)
                if (hcs_strcaseeq(name, dll_names[i]))
                        return (enum mock_dll)i;
        return MOCK_DLL_NONE;
}

/* The one export whose spelling differs between the DLLs; the fold makes either spelling find either. */
static bool same_name(const char *a, const char *b) {
        return hcs_streq(a, b) || (hcs_strcaseeq(a, b) && hcs_strcaseeq(a, "HcsShutdownComputeSystem"));
}

static const struct mock_function *find_in(enum mock_dll dll, const char *name) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(functions); i++)
                if (functions[i].dll == dll && same_name(functions[i].name, name))
                        return &functions[i];
        return NULL;
}

const struct mock_function *mock_function_find(enum mock_dll dll, const char *name) {
        static const enum mock_dll order[] = {MOCK_COMPUTECORE, MOCK_VMCOMPUTE, MOCK_COMPUTENETWORK,
                                              MOCK_COMPUTESTORAGE};
        const struct mock_function *f = NULL;

        if (!name)
                return NULL;
        if (dll != MOCK_DLL_NONE)
                return find_in(dll, name);
        for (size_t i = 0; !f && i < HCS_ARRAY_SIZE(order); i++)
                f = find_in(order[i], name);
        return f;
}

const struct mock_function *mock_functions(size_t *ret_n) {
        *ret_n = HCS_ARRAY_SIZE(functions);
        return functions;
}

const struct mock_function *mock_function_of_verb(enum mock_dll dll, enum mock_verb verb) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(functions); i++)
                if (functions[i].dll == dll && functions[i].verb == verb)
                        return &functions[i];
        return NULL;
}
