/* SPDX-License-Identifier: MIT */

/* hcnctl delete, modify, and the policies and endpoints of an object. */

#include <string.h>

#include "base/str.h"
#include "cmd/hcnctl/hcnctl.h"

int verb_delete(struct hcnctl *x, int argc, char **argv) {
        int code = EXIT_OK;

        if (argc < 2)
                return tell_usage(x, "an id or name is needed");
        for (int i = 1; i < argc; i++) {
                _cleanup_free_ char *id = NULL;
                struct hcs_error *err = NULL;
                HRESULT hr = argument_id(x, x->kind, argv[i], &id, &err);

                if (SUCCEEDED(hr))
                        hr = hcn_delete(x->c, x->kind, id, &err);
                if (FAILED(hr))
                        code = tell_error(x, err);
        }
        return code;
}

int verb_modify(struct hcnctl *x, int argc, char **argv) {
        _cleanup_free_ char *id = NULL, *request = NULL, *document = NULL;
        struct hcs_error *err = NULL;

        if (argc != 3)
                return tell_usage(x, "an id or name and a request are needed");
        if (FAILED(argument_id(x, x->kind, argv[1], &id, &err)) || FAILED(argument_document(argv[2], &request, &err)) ||
            FAILED(hcn_modify(x->c, x->kind, id, request, &document, &err)))
                return tell_error(x, err);
        if (x->json)
                print_document(x, document);
        return EXIT_OK;
}

/* hcsshim has no call of its own for it: users of sets send the request. */
static HRESULT update_network(struct hcnctl *x, const char *id, const char *policies, struct hcs_error **err) {
        _cleanup_free_ char *request =
                hcs_asprintf("{\"ResourceType\":\"Policy\",\"RequestType\":\"Update\",\"Settings\":%s}", policies);

        return hcn_modify(x->c, HCN_KIND_NETWORK, id, request, NULL, err);
}

static int change_policy(struct hcnctl *x, const char *request_type, int argc, char **argv) {
        bool is_network = x->kind == HCN_KIND_NETWORK;
        _cleanup_free_ char *id = NULL, *settings = NULL, *policy = NULL, *request = NULL;
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (argc != 3 && argc != 4)
                return tell_usage(x, "an id or name, a type and perhaps settings are needed");
        if ((argc == 4 && FAILED(argument_document(argv[3], &settings, &err))) ||
            FAILED(hcn_policy_build(is_network ? HCS_SCHEMA_POLICY_NETWORK : HCS_SCHEMA_POLICY_ENDPOINT, argv[2],
                                    settings, &policy, &err)) ||
            FAILED(hcn_policies_build((const char *const[]){policy}, 1, &request, &err)) ||
            FAILED(argument_id(x, x->kind, argv[1], &id, &err)))
                return tell_error(x, err);
        if (!is_network)
                hr = hcn_endpoint_apply_policies(x->c, id, request_type, request, &err);
        else if (hcs_streq(request_type, "Add"))
                hr = hcn_network_add_policies(x->c, id, request, &err);
        else if (hcs_streq(request_type, "Remove"))
                hr = hcn_network_remove_policies(x->c, id, request, &err);
        else
                hr = update_network(x, id, request, &err);
        return FAILED(hr) ? tell_error(x, err) : EXIT_OK;
}

int verb_add_policy(struct hcnctl *x, int argc, char **argv) {
        return change_policy(x, "Add", argc, argv);
}

int verb_remove_policy(struct hcnctl *x, int argc, char **argv) {
        return change_policy(x, "Remove", argc, argv);
}

int verb_update_policy(struct hcnctl *x, int argc, char **argv) {
        return change_policy(x, "Update", argc, argv);
}

static HRESULT change_set(struct hcnctl *x, bool add, const char *id, const char *endpoint_id, struct hcs_error **err) {
        _cleanup_free_ char *document = NULL;
        HRESULT hr;

        if (x->kind == HCN_KIND_NAMESPACE)
                return add ? hcn_namespace_add_endpoint(x->c, id, endpoint_id, err)
                           : hcn_namespace_remove_endpoint(x->c, id, endpoint_id, err);
        hr = hcn_get(x->c, x->kind, id, &document, err);
        if (FAILED(hr))
                return hr;
        if (x->kind == HCN_KIND_LOAD_BALANCER)
                return add ? hcn_load_balancer_add_endpoint(x->c, document, endpoint_id, NULL, err)
                           : hcn_load_balancer_remove_endpoint(x->c, document, endpoint_id, NULL, err);
        /* The library takes out the first one when it does not find it, as hcsshim does: not here. */
        if (!add && !strstr(document, endpoint_id))
                return hcs_error_make(err, HCN_E_NO_SUCH_OBJECT, "the route is not for endpoint %s", endpoint_id);
        return add ? hcn_route_add_endpoint(x->c, document, endpoint_id, NULL, err)
                   : hcn_route_remove_endpoint(x->c, document, endpoint_id, NULL, err);
}

static int change_endpoint(struct hcnctl *x, bool add, int argc, char **argv) {
        _cleanup_free_ char *id = NULL, *endpoint_id = NULL;
        struct hcs_error *err = NULL;

        if (argc != 3)
                return tell_usage(x, "an id and an endpoint are needed");
        if (FAILED(argument_id(x, x->kind, argv[1], &id, &err)) ||
            FAILED(argument_id(x, HCN_KIND_ENDPOINT, argv[2], &endpoint_id, &err)) ||
            FAILED(change_set(x, add, id, endpoint_id, &err)))
                return tell_error(x, err);
        return EXIT_OK;
}

int verb_add_endpoint(struct hcnctl *x, int argc, char **argv) {
        return change_endpoint(x, true, argc, argv);
}

int verb_remove_endpoint(struct hcnctl *x, int argc, char **argv) {
        return change_endpoint(x, false, argc, argv);
}
