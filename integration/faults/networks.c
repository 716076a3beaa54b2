/* SPDX-License-Identifier: MIT */

/* A life of networks, as networks.h says. */

#include "integration/faults/networks.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "testing/hcs_test.h"

char *network_id_of(const char *document) {
        _cleanup_json_ struct hcs_json *json = NULL;

        assert_ok(hcs_json_parse_cstr(document, &json, NULL), NULL);
        return hcs_strdup(hcs_json_get_string(json, "ID"));
}

void network_life(struct hcn_client *hcn, struct hns_client *hns) {
        _cleanup_free_ char *network = NULL, *endpoint = NULL, *text = NULL;
        struct hcs_documents list = {0};

        if (SUCCEEDED(hcn_create(hcn, HCN_KIND_NETWORK, NETWORK_NAT, &text, NULL)))
                network = network_id_of(text);
        text = hcs_free(text);
        if (network && SUCCEEDED(hcn_network_create_endpoint(hcn, network, NETWORK_ENDPOINT, false, &text, NULL)))
                endpoint = network_id_of(text);
        text = hcs_free(text);
        hcn_list(hcn, HCN_KIND_ENDPOINT, NULL, &list, NULL);
        hcs_documents_deinit(&list);
        if (endpoint)
                hcn_delete(hcn, HCN_KIND_ENDPOINT, endpoint, NULL);
        if (network)
                hcn_delete(hcn, HCN_KIND_NETWORK, network, NULL);
        if (SUCCEEDED(hns_network_create(hns, NETWORK_LEGACY, &text, NULL)))
                text = hcs_free(text);
        hns_network_list(hns, &list, NULL);
        hcs_documents_deinit(&list);
}
