/* SPDX-License-Identifier: MIT */

/* What a document is, from its members; and what stands inside the members that may hold anything. */

#include <string.h>

#include "base/str.h"
#include "schema/guess.h"

static const struct {
        const char *type;
        const char *members; /* any of these, separated by blanks, tells it */
} marks[] = {
        {"ModifySettingRequest", "ResourcePath GuestRequest"},
        {"v1.ResourceModificationRequestResponse", "ResourceType"},
        {"ComputeSystem", "VirtualMachine Container HostedSystem HostingSystemId"},
        {"ResultError", "ErrorEvents ErrorMessage Error"},
        {"ProcessModifyRequest", "CloseHandle ConsoleSize+Operation"},
        {"HostProcessorModificationRequest", "OperationDetails"},
        {"v1.ContainerConfig", "HvPartition LayerFolderPath VolumePath"},
        {"ProcessStatus", "Exited LastWaitResult"},
        {"ProcessParameters", "CommandLine CommandArgs CreateStdOutPipe EmulateConsole"},
        {"ModificationRequest", "PropertyType"},
        {"SystemExitStatus", "Status+ExitType"},
        {"Properties", "RuntimeId State+SystemType"},
        {"PropertyQuery", "PropertyTypes Queries"},
        {"ServiceProperties", "Properties"},
        {"SaveOptions", "SaveType"},
        {"OperationSystemMigrationNotificationInfo", "Event+Origin"},
        {"MigrationStartOptions", "NetworkSettings"},
        {"StartOptions", "DestinationMigrationOptions"},
        {"SystemQuery", "Ids Owners Names Types"},
        {"guest.WCOWCombinedLayers", "ContainerRootPath ScratchPath"},
        {"PauseOptions", "SuspensionLevel HostedNotification"},
        {"hcn.HostComputeEndpoint", "HostComputeNetwork IpConfigurations"},
        {"hcn.HostComputeNetwork", "MacPool Ipams"},
        {"hcn.HostComputeNamespace", "NamespaceId"},
        {"hcn.HostComputeLoadBalancer", "FrontendVIPs PortMappings"},
        {"hcn.HostComputeRoute", "HostComputeEndpoints+Setting"},
        {"hcn.HostComputeQuery", "SchemaVersion+Filter"},
        {"oci.Spec", "ociVersion"},
};

/* One mark: members joined by '+' must all be there. */
static bool has_mark(const struct hcs_json *doc, const char *mark, size_t len) {
        while (len) {
                const char *plus = memchr(mark, '+', len);
                size_t n = plus ? (size_t)(plus - mark) : len;
                _cleanup_free_ char *name = hcs_strndup(mark, n);

                if (!hcs_json_get_nocase(doc, name))
                        return false;
                mark += n + (plus != NULL);
                len -= n + (plus != NULL);
        }
        return true;
}

const struct hcs_schema_type *hcs_schema_guess(const struct hcs_json *doc) {
        if (!hcs_json_is(doc, HCS_JSON_OBJECT))
                return NULL;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(marks); i++)
                for (const char *m = marks[i].members; *m;) {
                        size_t n = strcspn(m, " ");

                        if (has_mark(doc, m, n))
                                return hcs_schema_type_find(marks[i].type);
                        m += n + (m[n] == ' ');
                }
        return NULL;
}

struct inner {
        const char *owner, *member;
        const char *selector; /* a sibling of the member, or of its owner */
        const char *value;    /* what the sibling is: equal, or a pattern with '*' as one path segment */
        const char *type;
};

static const struct inner inners[] = {
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/Devices/Scsi/*/Attachments/*",
         "Attachment"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/Devices/VirtualSmb/Shares",
         "VirtualSmbShare"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/Devices/Plan9/Shares", "Plan9Share"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/Devices/VirtualPMem/Devices/*",
         "VirtualPMemDevice"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/Devices/VirtualPMem/Devices/*/Mappings/*",
         "VirtualPMemMapping"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/Devices/NetworkAdapters/*",
         "NetworkAdapter"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/Devices/VirtualPci/*", "VirtualPciDevice"},
        {"ModifySettingRequest", "Settings", "ResourcePath",
         "VirtualMachine/Devices/HvSocket/HvSocketConfig/ServiceTable/*", "HvSocketServiceConfig"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/Devices/SharedMemory/Regions",
         "SharedMemoryRegion"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/Devices/ComPorts/*", "ComPort"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/Devices/FlexibleIov/*",
         "FlexibleIoDevice"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/ComputeTopology/Processor/Limits",
         "ProcessorLimits"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "VirtualMachine/ComputeTopology/Processor/CpuGroup",
         "CpuGroup"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "Container/MappedDirectories", "MappedDirectory"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "Container/MappedPipes", "MappedPipe"},
        {"ModifySettingRequest", "Settings", "ResourcePath", "Container/Processor", "Processor"},
        {"ModifySettingRequest", "GuestRequest", "ResourceType", NULL, "guest.ModificationRequest"},
        {"gcs.ContainerModifySettings", "Request", "ResourcePath", NULL, "ModifySettingRequest"},
        {"gcs.ContainerModifySettings", "Request", NULL, NULL, "guest.ModificationRequest"},
        {"gcs.Capabilities", "GuestDefinedCapabilities", NULL, NULL, "v1.GuestDefinedCapabilities"},
        {"guest.ModificationRequest", "Settings", "ResourceType", "CWCOWCombinedLayers", "guest.CWCOWCombinedLayers"},
        {"guest.ModificationRequest", "Settings", "ResourceType", "SCSIDevice", "guest.SCSIDevice"},
        {"guest.ModificationRequest", "Settings", "ResourceType", "WCOWBlockCims", "guest.CWCOWBlockCIMMounts"},
        {"guest.ModificationRequest", "Settings", "ResourceType", "VPMemDevice", "guest.LCOWMappedVPMemDevice"},
        {"guest.ModificationRequest", "Settings", "ResourceType", "VPCIDevice", "guest.LCOWMappedVPCIDevice"},
        {"guest.ModificationRequest", "Settings", "ResourceType", "HvSocket", "HvSocketAddress"},
        {"guest.ModificationRequest", "Settings", "ResourceType", "SecurityPolicy", "guest.ConfidentialOptions"},
        {"guest.ModificationRequest", "Settings", "ResourceType", "SecurityPolicyFragment",
         "guest.SecurityPolicyFragment"},
        {"ComputeSystem", "HostedSystem", NULL, NULL, "HostedSystem"},
        {"ModificationRequest", "Settings", "PropertyType", "CpuGroup", "HostProcessorModificationRequest"},
        {"ModificationRequest", "Settings", "PropertyType", "ContainerCredentialGuard",
         "ContainerCredentialGuardOperationRequest"},
        {"HostProcessorModificationRequest", "OperationDetails", "Operation", "CreateGroup", "CreateGroupOperation"},
        {"HostProcessorModificationRequest", "OperationDetails", "Operation", "DeleteGroup", "DeleteGroupOperation"},
        {"ContainerCredentialGuardOperationRequest", "OperationDetails", "Operation", "AddInstance",
         "ContainerCredentialGuardAddInstanceRequest"},
        {"ContainerCredentialGuardOperationRequest", "OperationDetails", "Operation", "RemoveInstance",
         "ContainerCredentialGuardRemoveInstanceRequest"},
        {"hcn.ModifyNetworkSettingRequest", "Settings", "ResourceType", "Policy", "hcn.PolicyNetworkRequest"},
        {"hcn.ModifyNetworkSettingRequest", "Settings", "ResourceType", "DNS", "hcn.Dns"},
        {"hcn.ModifyEndpointSettingRequest", "Settings", "ResourceType", "Policy", "hcn.PolicyEndpointRequest"},
        {"hcn.ModifyEndpointSettingRequest", "Settings", "ResourceType", "Port", "hcn.VmEndpointRequest"},
        {"hcn.ModifyNamespaceSettingRequest", "Settings", "ResourceType", "Endpoint", "hcn.ModifyNamespaceEndpoint"},
        {"hcn.ModifyNamespaceSettingRequest", "Settings", "ResourceType", "Container", "hcn.ModifyNamespaceContainer"},
        {"hcn.NamespaceResource", "Data", "Type", "Endpoint", "hcn.NamespaceResourceEndpoint"},
        {"hcn.NamespaceResource", "Data", "Type", "Container", "hcn.NamespaceResourceContainer"},
        {"hns.NamespaceResource", "Data", "Type", "Endpoint", "hns.namespaceEndpointRequest"},
        {"hns.namespaceResourceRequest", "Data", "Type", "Endpoint", "hns.namespaceEndpointRequest"},
};

static bool segment_match(const char *pattern, const char *text) {
        for (; *pattern; pattern++) {
                if (*pattern != '*') {
                        if (*pattern != *text++)
                                return false;
                        continue;
                }
                if (!*text || *text == '/')
                        return false;
                text += strcspn(text, "/");
        }
        return !*text;
}

/* Combined layers come in two shapes: with a container id for Linux guests, without for Windows ones. */
static const char *combined_layers(const struct hcs_json *settings) {
        return hcs_json_get_nocase(settings, "ContainerID") ? "guest.LCOWCombinedLayers" : "guest.WCOWCombinedLayers";
}

const struct hcs_schema_type *schema_inner_type(const struct hcs_schema_type *owner, const struct hcs_json *parent,
                                                const struct hcs_json *member) {
        const char *key = hcs_json_key(member), *resource = hcs_json_get_string(parent, "ResourceType");

        if (hcs_streq(key, "Settings") && schema_policy_settings(owner, parent))
                return hcs_json_is(member, HCS_JSON_NULL) ? NULL : schema_policy_settings(owner, parent);
        if (!hcs_json_is(member, HCS_JSON_OBJECT))
                return NULL;
        if (hcs_streq(owner->name, "guest.ModificationRequest") && hcs_streq(key, "Settings") &&
            hcs_streq(resource, "CombinedLayers"))
                return hcs_schema_type_find(combined_layers(member));
        for (size_t i = 0; i < HCS_ARRAY_SIZE(inners); i++) {
                const struct inner *in = &inners[i];
                const char *selected;

                if (!hcs_streq(in->owner, owner->name) || !hcs_streq(in->member, key))
                        continue;
                if (!in->selector)
                        return hcs_schema_type_find(in->type);
                if (!in->value) /* the selector is inside the member itself */
                        return hcs_json_get(member, in->selector) ? hcs_schema_type_find(in->type) : NULL;
                selected = hcs_json_get_string(parent, in->selector);
                if (selected && segment_match(in->value, selected))
                        return hcs_schema_type_find(in->type);
        }
        return NULL;
}
