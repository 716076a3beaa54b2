/* SPDX-License-Identifier: MIT */

/* Endpoints: policies, adapters of VMs, counters. */

#include "hcn/internal.h"
#include "platform/abi_text.h"

#define TEXT(s) ((char *)(uintptr_t)(s))

HRESULT hcn_endpoint_apply_policies(struct hcn_client *c, const char *id, const char *request_type, const char *request,
                                    struct hcs_error **err) {
        _cleanup_free_ char *settings = NULL, *text = NULL;
        HRESULT hr = hcn_settings_text(HCS_SCHEMA_HCN_POLICY_ENDPOINT_REQUEST, request, &settings, err);

        if (FAILED(hr))
                return hr;
        text = hcn_request_text("Policy", request_type, settings);
        return hcn_modify_printed(c, HCN_KIND_ENDPOINT, id, text, NULL, err);
}

HRESULT hcn_endpoint_attach_namespace(struct hcn_client *c, const char *id, const char *namespace_id,
                                      struct hcs_error **err) {
        return hcn_namespace_add_endpoint(c, namespace_id, id, err);
}

HRESULT hcn_endpoint_detach_namespace(struct hcn_client *c, const char *id, const char *namespace_id,
                                      struct hcs_error **err) {
        return hcn_namespace_remove_endpoint(c, namespace_id, id, err);
}

static HRESULT change_port(struct hcn_client *c, const char *id, const char *request_type,
                           const struct hcn_vm_port *port, struct hcs_error **err) {
        _cleanup_free_ char *settings = NULL, *text = NULL;
        HRESULT hr = hcn_needs(port, "a port", err);

        if (FAILED(hr))
                return hr;
        settings = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_HCN_VM_ENDPOINT_REQUEST),
                                    &(struct hcs_schema_hcn_vm_endpoint_request){
                                            .PortId = TEXT(port->port_id),
                                            .VirtualNicName = TEXT(port->nic_name),
                                            .VirtualMachineId = TEXT(port->vm_id),
                                    });
        text = hcn_request_text("Port", request_type, settings);
        return hcn_modify_printed(c, HCN_KIND_ENDPOINT, id, text, NULL, err);
}

HRESULT hcn_endpoint_attach_vm(struct hcn_client *c, const char *id, const struct hcn_vm_port *port,
                               struct hcs_error **err) {
        return change_port(c, id, "Add", port, err);
}

HRESULT hcn_endpoint_detach_vm(struct hcn_client *c, const char *id, const struct hcn_vm_port *port,
                               struct hcs_error **err) {
        return change_port(c, id, "Remove", port, err);
}

HRESULT hcn_endpoint_stats(struct hcn_client *c, const char *id, char **ret, struct hcs_error **err) {
        const struct hcn_kind_info *k = hcn_kind_info(HCN_KIND_ENDPOINT);
        _cleanup_free_ char *query = hcn_query(0, NULL), *text = NULL;
        _cleanup_free_ uint16_t *wide = NULL;
        PWSTR stats = NULL, record = NULL;
        void *handle;
        HRESULT hr, closed;
        GUID guid;

        if (FAILED(hr = hcn_guid(id, k->invalid_id, &guid, err)) || FAILED(hr = hcs_abi_text_wide(query, &wide, err)) ||
            FAILED(hr = hcn_step_open(c, k, &guid, &handle, err)))
                return hr;
        hr = c->api.HcnQueryEndpointStats ? c->api.HcnQueryEndpointStats(handle, (PCWSTR)wide, &stats, &record)
                                          : HCN_MISSING;
        text = hcs_abi_text_take(stats);
        hr = hcn_fail(err, hr, record, "Query", k->exported, "Stats");
        closed = hcn_step_close(c, k, handle, SUCCEEDED(hr) ? err : NULL);
        if (FAILED(hr) || FAILED(closed))
                return FAILED(hr) ? hr : closed;
        if (!text)
                return hcs_error_make(err, E_UNEXPECTED, "HcnQueryEndpointStats: the answer is empty");
        *ret = steal_pointer(&text);
        return S_OK;
}
