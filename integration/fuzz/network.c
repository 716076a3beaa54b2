/* SPDX-License-Identifier: MIT */

/*
 * The clients of host networking, whose service answers with the text. What must hold: what they give to their callers
 * is JSON, and nothing is left allocated when they refuse.
 */

#include "integration/fuzz/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "hcsshim/hcn.h"
#include "hcsshim/hns.h"
#include "platform/abi_text.h"

#define ID "d0b4e0c1-1111-4222-8333-444455556666"

/* What the service answers, and where. */
static struct { const char *ids, *properties, *record, *hns; } service;

static PWSTR answer(const char *text) {
        return text ? hcs_abi_text_give(text, strlen(text)) : NULL;
}

static HRESULT HCS_ABI_CALL enumerate(PCWSTR query, PWSTR *ids, PWSTR *record) {
        *ids = answer(service.ids);
        *record = NULL;
        return S_OK;
}
static HRESULT HCS_ABI_CALL close_any(void *handle) {
        return S_OK;
}
static HRESULT HCS_ABI_CALL query(void *handle, PCWSTR text, PWSTR *properties, PWSTR *record) {
        *properties = answer(service.properties);
        *record = NULL;
        return S_OK;
}
static HRESULT HCS_ABI_CALL create(const GUID *id, PCWSTR settings, void **out, PWSTR *record) {
        *out = (void *)1;
        *record = answer(service.record);
        return S_OK;
}
static HRESULT HCS_ABI_CALL open_any(const GUID *id, void **out, PWSTR *record) {
        *out = (void *)1;
        *record = NULL;
        return S_OK;
}
static HRESULT HCS_ABI_CALL hns_call_any(PCWSTR method, PCWSTR path, PCWSTR object, PWSTR *response) {
        *response = answer(service.hns);
        return S_OK;
}

static void must(bool ok) {
        if (!ok)
                abort();
}

/* Takes a result: JSON when there was one. */
static void take(HRESULT hr, char *text) {
        must(FAILED(hr) == (text == NULL));
        must(!text || SUCCEEDED(hcs_json_check(text, strlen(text), NULL, NULL)));
        free(text);
}

static void take_list(HRESULT hr, struct hcs_documents *list, bool are_documents) {
        must(SUCCEEDED(hr) || !list->n);
        for (size_t i = 0; are_documents && i < list->n; i++)
                must(SUCCEEDED(hcs_json_check(list->items[i], strlen(list->items[i]), NULL, NULL)));
        hcs_documents_deinit(list);
}

static struct hcn_client *open_client(bool keep_unknown) {
        struct hcs_computenetwork_api api = {0};
        struct hcs_vmcompute_api vm = {.HNSCall = hns_call_any};
        struct hcn_client *c = NULL;

        /* Handles of every kind are pointers: one function will do for all. */
        *(void **)&api.HcnEnumerateNetworks = *(void **)&api.HcnEnumerateNamespaces = (void *)enumerate;
        *(void **)&api.HcnEnumerateEndpoints = *(void **)&api.HcnEnumerateLoadBalancers = (void *)enumerate;
        *(void **)&api.HcnOpenNetwork = *(void **)&api.HcnOpenNamespace = (void *)open_any;
        *(void **)&api.HcnOpenEndpoint = *(void **)&api.HcnOpenLoadBalancer = (void *)open_any;
        *(void **)&api.HcnQueryNetworkProperties = *(void **)&api.HcnQueryNamespaceProperties = (void *)query;
        *(void **)&api.HcnQueryEndpointProperties = *(void **)&api.HcnQueryLoadBalancerProperties = (void *)query;
        *(void **)&api.HcnCloseNetwork = *(void **)&api.HcnCloseNamespace = (void *)close_any;
        *(void **)&api.HcnCloseEndpoint = *(void **)&api.HcnCloseLoadBalancer = (void *)close_any;
        *(void **)&api.HcnCreateNetwork = *(void **)&api.HcnCreateNamespace = (void *)create;
        *(void **)&api.HcnCreateLoadBalancer = (void *)create;
        hcn_client_open(
                &(struct hcn_client_options){.computenetwork = &api, .vmcompute = &vm, .keep_unknown = keep_unknown},
                &c, NULL);
        return c;
}

static void fuzz_properties(struct hcn_client *c, const char *text) {
        struct hcs_documents list = {0};

        service.ids = "[\"" ID "\"]";
        service.properties = text;
        for (int kind = HCN_KIND_NETWORK; kind <= HCN_KIND_LOAD_BALANCER; kind++) {
                char *document = NULL;

                take(hcn_get(c, (enum hcn_kind)kind, ID, &document, NULL), document);
        }
        take_list(hcn_namespace_endpoint_ids(c, ID, &list, NULL), &list, false);
}

static void fuzz_ids(struct hcn_client *c, const char *text) {
        struct hcs_documents list = {0};

        service.ids = text;
        service.properties = "{}";
        take_list(hcn_list(c, HCN_KIND_NETWORK, NULL, &list, NULL), &list, true);
}

static void fuzz_settings(struct hcn_client *c, const char *text) {
        const struct hcs_schema_policy *p;

        service.properties = "{}";
        for (int kind = HCN_KIND_NETWORK; kind <= HCN_KIND_LOAD_BALANCER; kind++) {
                char *document = NULL;

                if (kind != HCN_KIND_ENDPOINT)
                        take(hcn_create(c, (enum hcn_kind)kind, text, &document, NULL), document);
                hcn_require_for(c, (enum hcn_kind)kind, text, NULL);
        }
        for (size_t i = 0; (p = hcs_schema_policy_at(i)); i++) {
                char *policy = NULL;

                take(hcn_policy_build(p->kind, p->type, text, &policy, NULL), policy);
        }
}

static void fuzz_record(struct hcn_client *c, const char *text) {
        struct hcs_error *err = NULL;

        service.record = text;
        service.properties = "{}";
        hcn_create(c, HCN_KIND_NETWORK, "{}", NULL, &err);
        free(hcn_error_format_go(err));
        free(hcs_error_format(err));
        hcs_error_free(err);
}

static void fuzz_hns(struct hcn_client *c, const char *text) {
        struct hcs_vmcompute_api vm = {.HNSCall = hns_call_any};
        struct hcs_documents list = {0};
        struct hns_client *hns = NULL;
        struct hcs_error *err = NULL;
        char *document = NULL;
        HRESULT hr;

        service.hns = text;
        hns_client_open(&(struct hns_client_options){.vmcompute = &vm, .keep_unknown = true}, &hns, NULL);
        hr = hns_endpoint_get(hns, "e", &document, &err);
        take(hr, document);
        free(hcn_error_format_go(err));
        hcs_error_free(err);
        take_list(hns_network_list(hns, &list, NULL), &list, true);
        take_list(hns_namespace_endpoints(hns, "n", &list, NULL), &list, false);
        document = NULL;
        take(hcn_features(c, &document, NULL), document);
        hns_client_unref(hns);
}

bool fuzz_network(uint8_t parser, const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL;
        struct hcn_client *c;

        if (parser != 'n')
                return false;
        if (!size)
                return true;
        text = hcs_strndup((const char *)data + 1, size - 1);
        memset(&service, 0, sizeof(service));
        c = open_client(data[0] & 1);
        switch (data[0] & 0x1e) {
        case 0x10: /* p, q */
                fuzz_properties(c, text);
                break;
        case 0x08: /* h, i */
                fuzz_hns(c, text);
                break;
        case 0x12: /* r, s */
                fuzz_record(c, text);
                break;
        case 0x04: /* d, e */
                fuzz_ids(c, text);
                break;
        default: /* t and others */
                fuzz_settings(c, text);
        }
        hcn_client_unref(c);
        return true;
}
