/* SPDX-License-Identifier: MIT */

/* Endpoints of version 1: documents, and to what they are attached. */

#include "base/str.h"
#include "hns/internal.h"

#define ENDPOINT HCS_SCHEMA_HNS_HNS_ENDPOINT

HRESULT hns_endpoint_list(struct hns_client *c, struct hcs_documents *ret, struct hcs_error **err) {
        return hns_request_list(c, "/endpoints/", ENDPOINT, ret, err);
}

static HRESULT by_id(struct hns_client *c, const char *method, const char *folder, const char *id, const char *body,
                     enum hcs_schema_type_id type, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *path = NULL;
        HRESULT hr = hns_needs(id, "the id of an endpoint", err);

        if (FAILED(hr))
                return hr;
        path = hcs_asprintf("/%s/%s", folder, id);
        return hns_request_typed(c, method, path, body, type, ret, err);
}

HRESULT hns_endpoint_get(struct hns_client *c, const char *id, char **ret, struct hcs_error **err) {
        return by_id(c, "GET", "endpoints", id, NULL, ENDPOINT, ret, err);
}

HRESULT hns_endpoint_delete(struct hns_client *c, const char *id, char **ret, struct hcs_error **err) {
        return by_id(c, "DELETE", "endpoints", id, NULL, ENDPOINT, ret, err);
}

HRESULT hns_endpoint_stats(struct hns_client *c, const char *id, char **ret, struct hcs_error **err) {
        return by_id(c, "GET", "endpointstats", id, NULL, HCS_SCHEMA_HNS_ENDPOINT_STATS, ret, err);
}

HRESULT hns_endpoint_get_by_name(struct hns_client *c, const char *name, char **ret, struct hcs_error **err) {
        HRESULT hr = hns_needs(name, "the name of an endpoint", err);

        if (SUCCEEDED(hr))
                hr = hns_request_named(c, "/endpoints/", ENDPOINT, name, ret, err);
        return hr == S_FALSE ? hcs_error_make(err, (HRESULT)0x803B0002, "Endpoint %s not found", name) : hr;
}

HRESULT hns_endpoint_create(struct hns_client *c, const char *endpoint, char **ret, struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(ENDPOINT);
        _cleanup_free_ char *body = NULL;
        void *doc = NULL;
        HRESULT hr = hns_settings(ENDPOINT, endpoint, &doc, err);

        if (FAILED(hr))
                return hr;
        body = hcs_schema_print(type, doc);
        hcs_schema_free(type, doc);
        return hns_request_typed(c, "POST", "/endpoints/", body, ENDPOINT, ret, err);
}

/* Posts the document to its own path, with more policies where there are any. */
static HRESULT update(struct hns_client *c, const char *endpoint, const struct hcs_json *policies, char **ret,
                      struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(ENDPOINT);
        struct hcs_schema_hns_hns_endpoint *doc = NULL;
        _cleanup_free_ char *body = NULL, *id = NULL;
        HRESULT hr = hns_settings(ENDPOINT, endpoint, (void **)&doc, err);

        if (FAILED(hr))
                return hr;
        for (const struct hcs_json *p = hcs_json_first(policies); p; p = hcs_json_next(p)) {
                if (hcs_json_is(p, HCS_JSON_NULL))
                        continue;
                doc->Policies.items =
                        hcs_realloc(doc->Policies.items, (doc->Policies.n + 1) * sizeof(*doc->Policies.items));
                doc->Policies.items[doc->Policies.n++] = hcs_json_copy(p);
        }
        id = hcs_strdup(doc->ID ? doc->ID : "");
        body = hcs_schema_print(type, doc);
        hcs_schema_free(type, doc);
        return by_id(c, "POST", "endpoints", id, body, ENDPOINT, ret, err);
}

HRESULT hns_endpoint_update(struct hns_client *c, const char *endpoint, char **ret, struct hcs_error **err) {
        return update(c, endpoint, NULL, ret, err);
}

HRESULT hns_endpoint_add_policies(struct hns_client *c, const char *endpoint, const char *policies, char **ret,
                                  struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *array = NULL;
        HRESULT hr = hcs_json_parse_cstr(policies ? policies : "[]", &array, err);

        if (FAILED(hr))
                return hr;
        if (!hcs_json_is(array, HCS_JSON_ARRAY))
                return hcs_error_make(err, HCS_E_INVALID_JSON, "policies: an array is expected");
        return update(c, endpoint, array, ret, err);
}

HRESULT hns_endpoint_is_attached(struct hns_client *c, const char *id, const char *container, bool *ret,
                                 struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *output = NULL;
        _cleanup_free_ char *path = NULL;
        bool found = false;
        HRESULT hr;

        if (FAILED(hr = hns_needs(id, "the id of an endpoint", err)) ||
            FAILED(hr = hns_needs(container, "the id of a container", err)))
                return hr;
        path = hcs_asprintf("/endpoints/%s", id);
        hr = hns_request(c, HNS_WORDING_HNS, "GET", path, NULL, &output, err);
        if (FAILED(hr))
                return hr;
        for (const struct hcs_json *e = hcs_json_first(hcs_json_get_nocase(output, "SharedContainers")); e;
             e = hcs_json_next(e))
                found |= hcs_strcaseeq(hcs_json_string(e), container);
        *ret = found;
        return S_OK;
}

static HRESULT attach(struct hns_client *c, const char *id, const char *verb,
                      const struct hcs_schema_hns_endpoint_attach_detach_request *request, struct hcs_error **err) {
        _cleanup_free_ char *body =
                hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_HNS_ENDPOINT_ATTACH_DETACH_REQUEST), request);
        _cleanup_free_ char *path = NULL, *answer = NULL;
        HRESULT hr = hns_needs(id, "the id of an endpoint", err);

        if (FAILED(hr))
                return hr;
        path = hcs_asprintf("/endpoints/%s/%s", id, verb);
        return hns_request_typed(c, "POST", path, body, HCS_SCHEMA_HNS_ENDPOINT_RESQUEST_RESPONSE, &answer, err);
}

#define REQUEST(...)                                              \
        &(struct hcs_schema_hns_endpoint_attach_detach_request) { \
                __VA_ARGS__                                       \
        }
#define TEXT(s) ((char *)(uintptr_t)(s))

HRESULT hns_endpoint_attach_container(struct hns_client *c, const char *id, const char *container, uint16_t compartment,
                                      struct hcs_error **err) {
        return attach(
                c, id, "attach",
                REQUEST(.ContainerId = TEXT(container), .SystemType = TEXT("Container"), .CompartmentId = compartment),
                err);
}

HRESULT hns_endpoint_detach_container(struct hns_client *c, const char *id, const char *container,
                                      struct hcs_error **err) {
        return attach(c, id, "detach", REQUEST(.ContainerId = TEXT(container), .SystemType = TEXT("Container")), err);
}

HRESULT hns_endpoint_attach_host(struct hns_client *c, const char *id, uint16_t compartment, struct hcs_error **err) {
        return attach(c, id, "attach", REQUEST(.SystemType = TEXT("Host"), .CompartmentId = compartment), err);
}

HRESULT hns_endpoint_detach_host(struct hns_client *c, const char *id, struct hcs_error **err) {
        return attach(c, id, "detach", REQUEST(.SystemType = TEXT("Host")), err);
}

HRESULT hns_endpoint_attach_vm(struct hns_client *c, const char *id, const char *nic, struct hcs_error **err) {
        return attach(c, id, "attach", REQUEST(.SystemType = TEXT("VirtualMachine"), .VirtualNicName = TEXT(nic)), err);
}

HRESULT hns_endpoint_detach_vm(struct hns_client *c, const char *id, struct hcs_error **err) {
        return attach(c, id, "detach", REQUEST(.SystemType = TEXT("VirtualMachine")), err);
}

static HRESULT hot(struct hns_client *c, struct hcs_client *hcs, bool add, const char *container, const char *id,
                   struct hcs_error **err) {
        __attribute__((cleanup(hcs_system_unrefp))) struct hcs_system *s = NULL;
        _cleanup_free_ char *endpoint = NULL, *request = NULL;
        _cleanup_json_ struct hcs_json *settings = NULL;
        bool attached = false;
        HRESULT hr;

        /* The first look is for an endpoint that does not exist, as in hcsshim. */
        if (FAILED(hr = hns_endpoint_get(c, id, &endpoint, err)) ||
            FAILED(hr = hns_endpoint_is_attached(c, id, container, &attached, err)) || attached == add)
                return hr;
        settings = hcs_json_new_string(id);
        request = hcs_schema_print(hcs_schema_type_at(HCS_SCHEMA_V1_RESOURCE_MODIFICATION_REQUEST_RESPONSE),
                                   &(struct hcs_schema_v1_resource_modification_request_response){
                                           .ResourceType = TEXT("Network"),
                                           .Settings = settings,
                                           .RequestType = TEXT(add ? "Add" : "Remove"),
                                   });
        if (SUCCEEDED(hr = hcs_system_open(hcs, container, NULL, &s, err)))
                hr = hcs_system_modify(s, request, NULL, err);
        return hr;
}

HRESULT hns_endpoint_hot_attach(struct hns_client *c, struct hcs_client *hcs, const char *container, const char *id,
                                struct hcs_error **err) {
        return hot(c, hcs, true, container, id, err);
}

HRESULT hns_endpoint_hot_detach(struct hns_client *c, struct hcs_client *hcs, const char *container, const char *id,
                                struct hcs_error **err) {
        return hot(c, hcs, false, container, id, err);
}
