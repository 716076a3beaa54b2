/* SPDX-License-Identifier: MIT */

/*
 * The table of signatures. Its rows are words, one a parameter, so that they read beside the public headers:
 *   - skipped   t:NAME text   d:NAME document   g:NAME GUID   BYTES:NAME number   h:KIND handle   o operation
 *   p:KIND handle that is made   = data   ! failure   ? answer   x context   e events   n notifications   m completion
 *   i process information   r:NAME home, layer id and layers follow as l, y and #   v:NAME disk
 *   b boolean   u GUID that is made   s length   w buffer   a path   R range of ports   c count   E entries
 */

#include "mockhcs/real/signature.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "mockhcs/trace/names.h"
#include "platform/thread.h"

#define CORE(n, p) \
        { MOCK_COMPUTECORE, #n, RETURNS_HRESULT, p }
#define VMC(n, p) \
        { MOCK_VMCOMPUTE, #n, RETURNS_HRESULT, p }
#define NET(n, p) \
        { MOCK_COMPUTENETWORK, #n, RETURNS_HRESULT, p }
#define STORE(n, p) \
        { MOCK_COMPUTESTORAGE, #n, RETURNS_HRESULT, p }
#define CORE_V(n, p) \
        { MOCK_COMPUTECORE, #n, RETURNS_NOTHING, p }
#define ON_SYSTEM(n) CORE(n, "h:system o d:options")
#define KIND(k, plural, h, in)                                                                       \
        NET(HcnEnumerate##plural, "d:query = !"), NET(HcnCreate##k, in "g:id d:settings p:" h " !"), \
                NET(HcnOpen##k, "g:id p:" h " !"), NET(HcnModify##k, "h:" h " d:settings !"),        \
                NET(HcnQuery##k##Properties, "h:" h " d:query = !"), NET(HcnDelete##k, "g:id !"),    \
                NET(HcnClose##k, "h:" h)

static const struct {
        enum mock_dll dll;
        const char *name;
        enum signature_return returns;
        const char *parameters;
} rows[] = {
        {MOCK_COMPUTECORE, "HcsCreateOperation", RETURNS_OPERATION, "x m"},
        {MOCK_COMPUTECORE, "HcsCreateOperationWithNotifications", RETURNS_OPERATION, "4:eventTypes x e"},
        {MOCK_COMPUTECORE, "HcsGetOperationContext", RETURNS_POINTER, "h:operation"},
        CORE(HcsSetOperationContext, "h:operation x"),
        CORE(HcsSetOperationCallback, "h:operation x m"),
        CORE_V(HcsCloseOperation, "h:operation"),
        CORE(HcsGetOperationResult, "h:operation ?"),
        CORE(HcsGetOperationResultAndProcessInfo, "h:operation i ?"),
        CORE(HcsGetOperationProperties, "h:operation d:options ?"),
        CORE(HcsAddResourceToOperation, "h:operation 4:type t:uri -"),
        CORE(HcsGetProcessorCompatibilityFromSavedState, "t:file ="),
        CORE(HcsWaitForOperationResult, "h:operation 4:timeout ?"),
        CORE(HcsWaitForOperationResultAndProcessInfo, "h:operation 4:timeout i ?"),
        CORE(HcsCancelOperation, "h:operation"),
        CORE(HcsEnumerateComputeSystems, "d:query o"),
        CORE(HcsEnumerateComputeSystemsInNamespace, "t:namespace d:query o"),
        CORE(HcsCreateComputeSystem, "t:id d:configuration o - p:system"),
        CORE(HcsCreateComputeSystemInNamespace, "t:namespace t:id d:configuration o - p:system"),
        CORE(HcsOpenComputeSystem, "t:id 4:access p:system"),
        CORE(HcsOpenComputeSystemInNamespace, "t:namespace t:id 4:access p:system"),
        CORE_V(HcsCloseComputeSystem, "h:system"),
        ON_SYSTEM(HcsStartComputeSystem),
        ON_SYSTEM(HcsShutDownComputeSystem),
        ON_SYSTEM(HcsTerminateComputeSystem),
        ON_SYSTEM(HcsCrashComputeSystem),
        ON_SYSTEM(HcsPauseComputeSystem),
        ON_SYSTEM(HcsResumeComputeSystem),
        ON_SYSTEM(HcsSaveComputeSystem),
        CORE(HcsGetComputeSystemProperties, "h:system o d:query"),
        CORE(HcsModifyComputeSystem, "h:system o d:configuration -"),
        CORE(HcsWaitForComputeSystemExit, "h:system 4:timeout ="),
        CORE(HcsSetComputeSystemCallback, "h:system 4:options x e"),
        ON_SYSTEM(HcsInitializeLiveMigrationOnSource),
        ON_SYSTEM(HcsStartLiveMigrationOnSource),
        ON_SYSTEM(HcsStartLiveMigrationTransfer),
        ON_SYSTEM(HcsFinalizeLiveMigration),
        ON_SYSTEM(HcsCancelLiveMigration),
        CORE(HcsCreateProcess, "h:system d:parameters o - p:process"),
        CORE(HcsOpenProcess, "h:system 4:processId 4:access p:process"),
        CORE_V(HcsCloseProcess, "h:process"),
        CORE(HcsTerminateProcess, "h:process o d:options"),
        CORE(HcsSignalProcess, "h:process o d:options"),
        CORE(HcsGetProcessInfo, "h:process o"),
        CORE(HcsGetProcessProperties, "h:process o d:query"),
        CORE(HcsModifyProcess, "h:process o d:settings"),
        CORE(HcsSetProcessCallback, "h:process 4:options x e"),
        CORE(HcsWaitForProcessExit, "h:process 4:timeout ="),
        CORE(HcsGetServiceProperties, "d:query ?"),
        CORE(HcsModifyServiceSettings, "d:settings ?"),
        CORE(HcsSubmitWerReport, "d:settings"),
        CORE(HcsCreateEmptyGuestStateFile, "t:file"),
        CORE(HcsCreateEmptyRuntimeStateFile, "t:file"),
        CORE(HcsGrantVmAccess, "t:vmId t:file"),
        CORE(HcsRevokeVmAccess, "t:vmId t:file"),
        CORE(HcsGrantVmGroupAccess, "t:file"),
        CORE(HcsRevokeVmGroupAccess, "t:file"),

        VMC(HcsEnumerateComputeSystems, "d:query = !"),
        VMC(HcsCreateComputeSystem, "t:id d:configuration - p:system !"),
        VMC(HcsOpenComputeSystem, "t:id p:system !"),
        VMC(HcsCloseComputeSystem, "h:system"),
        VMC(HcsStartComputeSystem, "h:system d:options !"),
        VMC(HcsShutdownComputeSystem, "h:system d:options !"),
        VMC(HcsTerminateComputeSystem, "h:system d:options !"),
        VMC(HcsPauseComputeSystem, "h:system d:options !"),
        VMC(HcsResumeComputeSystem, "h:system d:options !"),
        VMC(HcsSaveComputeSystem, "h:system d:options !"),
        VMC(HcsGetComputeSystemProperties, "h:system d:query = !"),
        VMC(HcsModifyComputeSystem, "h:system d:configuration !"),
        VMC(HcsModifyServiceSettings, "d:settings ?"),
        VMC(HcsGetServiceProperties, "d:query = !"),
        VMC(HcsRegisterComputeSystemCallback, "h:system n x p:callback"),
        VMC(HcsUnregisterComputeSystemCallback, "h:callback"),
        VMC(HcsCreateProcess, "h:system d:parameters i p:process !"),
        VMC(HcsOpenProcess, "h:system 4:processId p:process !"),
        VMC(HcsCloseProcess, "h:process"),
        VMC(HcsTerminateProcess, "h:process !"),
        VMC(HcsSignalProcess, "h:process d:options !"),
        VMC(HcsGetProcessInfo, "h:process i !"),
        VMC(HcsGetProcessProperties, "h:process = !"),
        VMC(HcsModifyProcess, "h:process d:settings !"),
        VMC(HcsRegisterProcessCallback, "h:process n x p:callback"),
        VMC(HcsUnregisterProcessCallback, "h:callback"),
        VMC(HNSCall, "t:method t:path d:object ?"),
        VMC(ActivateLayer, "r l:id"),
        VMC(DeactivateLayer, "r l:id"),
        VMC(PrepareLayer, "r l:id y:layers #"),
        VMC(UnprepareLayer, "r l:id"),
        VMC(CreateLayer, "r l:id d:parent"),
        VMC(CreateSandboxLayer, "r l:id - y:layers #"),
        VMC(ExpandSandboxSize, "r l:id 8:size"),
        VMC(DestroyLayer, "r l:id"),
        VMC(CopyLayer, "r l:id t:path y:layers #"),
        VMC(ExportLayer, "r l:id t:path y:layers #"),
        VMC(ImportLayer, "r l:id t:path y:layers #"),
        VMC(GetLayerMountPath, "r l:id s w"),
        VMC(GetBaseImages, "="),
        VMC(LayerExists, "r l:id b"),
        VMC(NameToGuid, "t:name u"),
        VMC(ProcessBaseImage, "t:path"),
        VMC(ProcessUtilityImage, "t:path"),
        VMC(GrantVmAccess, "t:vmId t:file"),

        KIND(Network, Networks, "network", ""),
        KIND(Endpoint, Endpoints, "endpoint", "h:network "),
        KIND(Namespace, Namespaces, "namespace", ""),
        KIND(LoadBalancer, LoadBalancers, "loadbalancer", ""),
        KIND(SdnRoute, SdnRoutes, "sdnroute", ""),
        KIND(GuestNetworkService, GuestNetworkServices, "guestservice", ""),
        NET(HcnQueryEndpointStats, "h:endpoint d:query = !"),
        NET(HcnRegisterServiceCallback, "n x p:callback"),
        NET(HcnUnregisterServiceCallback, "h:callback"),
        NET(HcnRegisterNetworkCallback, "h:network n x p:callback"),
        NET(HcnUnregisterNetworkCallback, "h:callback"),
        NET(HcnRegisterGuestNetworkServiceCallback, "h:guestservice n x p:callback"),
        NET(HcnUnregisterGuestNetworkServiceCallback, "h:callback"),
        NET(HcnReserveGuestNetworkServicePort, "h:guestservice 4:protocol 4:sharing 2:port p:reservation"),
        NET(HcnReserveGuestNetworkServicePortRange, "h:guestservice 2:count R p:reservation"),
        NET(HcnReleaseGuestNetworkServicePortReservationHandle, "h:reservation"),
        NET(HcnEnumerateGuestNetworkPortReservations, "c E"),

        STORE(HcsImportLayer, "t:path t:folder d:layerData"),
        STORE(HcsExportLayer, "t:path t:folder d:layerData d:options"),
        STORE(HcsExportLegacyWritableLayer, "t:mount t:path t:folder d:layerData"),
        STORE(HcsDestroyLayer, "t:path"),
        STORE(HcsDestoryLayer, "t:path"),
        STORE(HcsSetupBaseOSLayer, "t:path v:vhd d:options"),
        STORE(HcsSetupBaseOSVolume, "t:path t:mount d:options"),
        STORE(HcsInitializeWritableLayer, "t:path d:layerData d:options"),
        STORE(HcsInitializeLegacyWritableLayer, "t:mount t:path d:layerData d:options"),
        STORE(HcsAttachLayerStorageFilter, "t:path d:layerData"),
        STORE(HcsDetachLayerStorageFilter, "t:path"),
        STORE(HcsFormatWritableLayerVhd, "v:vhd"),
        STORE(HcsGetLayerVhdMountPath, "v:vhd a"),
        STORE(HcsAttachOverlayFilter, "t:mount d:layerData"),
        STORE(HcsDetachOverlayFilter, "t:mount d:layerData"),
};

static const struct {
        char letter;
        enum parameter_kind kind;
} letters[] = {
        {'-', PARAMETER_SKIPPED},       {'t', PARAMETER_TEXT},       {'d', PARAMETER_DOCUMENT},
        {'g', PARAMETER_GUID},          {'2', PARAMETER_NUMBER},     {'4', PARAMETER_NUMBER},
        {'8', PARAMETER_NUMBER},        {'h', PARAMETER_HANDLE},     {'o', PARAMETER_OPERATION},
        {'p', PARAMETER_CREATES},       {'=', PARAMETER_DATA},       {'!', PARAMETER_FAILURE},
        {'?', PARAMETER_ANSWER},        {'x', PARAMETER_CONTEXT},    {'e', PARAMETER_EVENTS},
        {'n', PARAMETER_NOTIFICATIONS}, {'m', PARAMETER_COMPLETION}, {'i', PARAMETER_PROCESS_INFORMATION},
        {'r', PARAMETER_HOME},          {'l', PARAMETER_LAYER_ID},   {'y', PARAMETER_LAYERS},
        {'#', PARAMETER_SKIPPED},       {'v', PARAMETER_DISK},       {'b', PARAMETER_BOOLEAN},
        {'u', PARAMETER_NAMED},         {'s', PARAMETER_LENGTH},     {'w', PARAMETER_BUFFER},
        {'a', PARAMETER_PATH},          {'R', PARAMETER_RANGE},      {'c', PARAMETER_COUNT},
        {'E', PARAMETER_ENTRIES},
};

static struct signature signatures[HCS_ARRAY_SIZE(rows)];

static enum parameter_kind kind_of(char letter) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(letters); i++)
                if (letters[i].letter == letter)
                        return letters[i].kind;
        abort();
}

static enum mock_handle_kind handle_of(const char *name) {
        for (int k = 0; k < MOCK_HANDLE_KINDS; k++)
                if (hcs_streq(mock_handle_kind_name((enum mock_handle_kind)k), name))
                        return (enum mock_handle_kind)k;
        abort();
}

/* "t:id" */
static struct parameter parameter_of(const char *word, size_t n) {
        struct parameter p = {.kind = kind_of(*word)};

        if (n > 2)
                p.name = mock_name_intern((struct mock_slice){word + 2, n - 2});
        if (p.kind == PARAMETER_NUMBER)
                p.bytes = (unsigned)(*word - '0');
        if (p.kind == PARAMETER_OPERATION)
                p.name = mock_handle_kind_name(MOCK_OPERATION);
        if (p.kind == PARAMETER_HANDLE || p.kind == PARAMETER_CREATES || p.kind == PARAMETER_OPERATION)
                p.handle = handle_of(p.name);
        return p;
}

static void parse(void) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                struct signature *s = &signatures[i];

                s->function = mock_function_find(rows[i].dll, rows[i].name);
                s->returns = rows[i].returns;
                for (const char *word = rows[i].parameters; *word;) {
                        size_t n = strcspn(word, " ");

                        s->parameters[s->n++] = parameter_of(word, n);
                        word += n + (word[n] == ' ');
                }
        }
}

const struct signature *signatures_get(size_t *ret_n) {
        static struct hcs_once once = HCS_ONCE_INIT;

        hcs_once(&once, parse);
        *ret_n = HCS_ARRAY_SIZE(signatures);
        return signatures;
}

int signature_find(const struct signature *s, enum parameter_kind kind) {
        for (unsigned i = 0; i < s->n; i++)
                if (s->parameters[i].kind == kind)
                        return (int)i;
        return -1;
}
