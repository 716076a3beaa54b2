/* SPDX-License-Identifier: MIT */

/* The parser of modify.h: a table of resources, their document types and what errors call them. */

#include "guest/agent/modify.h"

#include <string.h>

#include "base/str.h"
#include "guest/base/failure.h"

static const struct {
        enum guest_resource resource;
        const char *name;
        enum hcs_schema_type_id type;
        bool has_settings;
        const char *what; /* in errors, after "failed to unmarshal " */
} resources[] = {
        {GUEST_RESOURCE_SCSI_DEVICE, "SCSIDevice", HCS_SCHEMA_GUEST_SCSI_DEVICE, true, "settings as SCSIDevice"},
        {GUEST_RESOURCE_MAPPED_VIRTUAL_DISK, "MappedVirtualDisk", HCS_SCHEMA_GUEST_LCOW_MAPPED_VIRTUAL_DISK, true,
         "settings as MappedVirtualDiskV2"},
        {GUEST_RESOURCE_MAPPED_DIRECTORY, "MappedDirectory", HCS_SCHEMA_GUEST_LCOW_MAPPED_DIRECTORY, true,
         "settings as MappedDirectoryV2"},
        {GUEST_RESOURCE_VPMEM_DEVICE, "VPMemDevice", HCS_SCHEMA_GUEST_LCOW_MAPPED_VP_MEM_DEVICE, true,
         "hosted settings as MappedVPMemDeviceV2"},
        {GUEST_RESOURCE_COMBINED_LAYERS, "CombinedLayers", HCS_SCHEMA_GUEST_LCOW_COMBINED_LAYERS, true,
         "settings as CombinedLayersV2"},
        {GUEST_RESOURCE_NETWORK, "Network", HCS_SCHEMA_GUEST_LCOW_NETWORK_ADAPTER, true,
         "settings as NetworkAdapterV2"},
        {GUEST_RESOURCE_VPCI_DEVICE, "VPCIDevice", HCS_SCHEMA_GUEST_LCOW_MAPPED_VPCI_DEVICE, true,
         "settings as MappedVPCIDeviceV2"},
        {GUEST_RESOURCE_CONTAINER_CONSTRAINTS, "ContainerConstraints", HCS_SCHEMA_GUEST_LCOW_CONTAINER_CONSTRAINTS,
         true, "settings as ContainerConstraintsV2"},
        {GUEST_RESOURCE_SECURITY_POLICY, "SecurityPolicy", HCS_SCHEMA_GUEST_CONFIDENTIAL_OPTIONS, true,
         "settings as ConfidentialOptions"},
        {GUEST_RESOURCE_POLICY_FRAGMENT, "SecurityPolicyFragment", HCS_SCHEMA_GUEST_SECURITY_POLICY_FRAGMENT, true,
         "settings as SecurityPolicyFragment"},
        {GUEST_RESOURCE_POD_CGROUP_MEMORY_LIMIT, "PodCgroupMemoryLimit", 0, false, ""},
};

void guest_modification_deinit(struct guest_modification *m) {
        free(m->request_type);
        if (m->type)
                hcs_schema_free(m->type, m->settings);
        *m = (struct guest_modification){0};
}

const char *guest_resource_name(enum guest_resource resource) {
        return resources[resource].name;
}

/* Of a member that may be absent or null, but is a string otherwise. */
static HRESULT get_text(const struct hcs_json *request, const char *name, const char **ret, struct hcs_error **err) {
        const struct hcs_json *j = hcs_json_get_nocase(request, name);

        *ret = "";
        if (!j || hcs_json_is(j, HCS_JSON_NULL))
                return S_OK;
        *ret = hcs_json_string(j);
        if (*ret)
                return S_OK;
        return guest_fail_with(err, GUEST_E_INVALID_JSON, "%s: a string is expected", name);
}

static HRESULT parse_settings(const struct hcs_json *settings, size_t row, void **ret, struct hcs_error **err) {
        HRESULT hr;

        /* The original parses the bytes of the member, and an absent one has none. */
        if (!settings) {
                hr = guest_fail_with(err, GUEST_E_INVALID_JSON, "unexpected end of JSON input");
        } else if (hcs_json_is(settings, HCS_JSON_NULL)) {
                *ret = hcs_calloc(1, hcs_schema_type_at(resources[row].type)->size);
                return S_OK;
        } else {
                const struct hcs_schema_type *type = hcs_schema_type_at(resources[row].type);

                hr = hcs_schema_parse_json(type, settings, ret, err);
                if (FAILED(hr)) {
                        _cleanup_free_ char *text = hcs_json_text(settings, HCS_JSON_COMPACT);

                        hr = guest_fail_json(err, type, strchr(type->name, '.') + 1, text, strlen(text));
                }
        }
        if (FAILED(hr))
                hcs_error_wrap(err, "failed to unmarshal %s", resources[row].what);
        return hr;
}

HRESULT guest_modification_parse(const struct hcs_json *request, struct guest_modification *ret,
                                 struct hcs_error **err) {
        static const char context[] = "failed to unmarshal request.Settings as ModifySettingRequest";
        struct guest_modification m = {0};
        const char *type, *resource;
        HRESULT hr = S_OK;
        size_t row = 0;

        if (!request)
                hr = guest_fail_with(err, GUEST_E_INVALID_JSON, "unexpected end of JSON input");
        else if (!hcs_json_is(request, HCS_JSON_OBJECT) && !hcs_json_is(request, HCS_JSON_NULL))
                hr = guest_fail_with(err, GUEST_E_INVALID_JSON, "Request: an object is expected");
        if (SUCCEEDED(hr))
                hr = get_text(request, "RequestType", &type, err);
        if (SUCCEEDED(hr))
                hr = get_text(request, "ResourceType", &resource, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, context), hr;
        while (row < HCS_ARRAY_SIZE(resources) && !hcs_streq(resources[row].name, resource))
                row++;
        if (row == HCS_ARRAY_SIZE(resources))
                return hcs_error_make(err, E_FAIL, "invalid ResourceType '%s'", resource);
        m.resource = resources[row].resource;
        if (resources[row].has_settings) {
                hr = parse_settings(hcs_json_get_nocase(request, "Settings"), row, &m.settings, err);
                if (FAILED(hr))
                        return hr;
                m.type = hcs_schema_type_at(resources[row].type);
        }
        m.request_type = hcs_strdup(*type ? type : "Add");
        *ret = m;
        return S_OK;
}

char *guest_modification_print(const struct guest_modification *m) {
        _cleanup_buf_ struct hcs_buf out = {0};
        _cleanup_free_ char *settings = m->type ? hcs_schema_print(m->type, m->settings) : NULL;

        hcs_buf_puts(&out, "{\"RequestType\":");
        hcs_json_print_string(m->request_type, strlen(m->request_type), HCS_JSON_GO, &out);
        hcs_buf_printf(&out, ",\"ResourceType\":\"%s\"", guest_resource_name(m->resource));
        if (settings)
                hcs_buf_printf(&out, ",\"Settings\":%s", settings);
        hcs_buf_putc(&out, '}');
        return hcs_buf_steal(&out);
}
