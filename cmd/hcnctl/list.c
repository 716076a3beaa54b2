/* SPDX-License-Identifier: MIT */

/* hcnctl list and show. */

#include <getopt.h>

#include "cmd/hcnctl/hcnctl.h"

/* --name and --network are members of the filter like any other. */
static HRESULT build_query(struct hcnctl *x, const char *filter, const char *name, const char *network, char **ret,
                           struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *text = NULL, *id = NULL;
        HRESULT hr = filter ? hcs_json_parse_cstr(filter, &json, err) : S_OK;

        if (FAILED(hr)) {
                hcs_error_wrap(err, "the filter");
                return hr;
        }
        if (!json)
                json = hcs_json_new_object();
        if (!hcs_json_is(json, HCS_JSON_OBJECT))
                return hcs_error_make(err, E_INVALIDARG, "the filter is not a JSON object");
        if (network && FAILED(hr = argument_id(x, HCN_KIND_NETWORK, network, &id, err)))
                return hr;
        if (name)
                hcs_json_set_string(json, "Name", name);
        if (id)
                hcs_json_set_string(json, "VirtualNetwork", id);
        text = hcs_json_count(json) ? hcs_json_text(json, HCS_JSON_GO) : NULL;
        *ret = hcn_query(0, text);
        return S_OK;
}

int verb_list(struct hcnctl *x, int argc, char **argv) {
        static const struct option options[] = {{"name", required_argument, NULL, 'n'},
                                                {"network", required_argument, NULL, 'w'},
                                                {"filter", required_argument, NULL, 'f'},
                                                {"ids", no_argument, NULL, 'i'},
                                                {0}};
        const char *name = NULL, *network = NULL, *filter = NULL;
        _cleanup_free_ char *query = NULL;
        struct hcs_documents list = {0};
        struct hcs_error *err = NULL;
        bool only_ids = false;
        HRESULT hr;
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
                switch (c) {
                case 'n':
                        name = optarg;
                        break;
                case 'w':
                        network = optarg;
                        break;
                case 'f':
                        filter = optarg;
                        break;
                case 'i':
                        only_ids = true;
                        break;
                default:
                        return EXIT_USAGE;
                }
        if (optind != argc)
                return tell_usage(x, "`%s' is one argument too many", argv[optind]);
        if (network && x->kind != HCN_KIND_ENDPOINT)
                return tell_usage(x, "--network is for endpoints");
        hr = build_query(x, filter, name, network, &query, &err);
        if (SUCCEEDED(hr))
                hr = only_ids ? hcn_list_ids(x->c, x->kind, query, &list, &err)
                              : hcn_list(x->c, x->kind, query, &list, &err);
        if (FAILED(hr))
                return tell_error(x, err);
        for (size_t i = 0; only_ids && !x->json && i < list.n; i++)
                puts(list.items[i]);
        if (!only_ids || x->json)
                print_documents(x, x->kind, &list);
        hcs_documents_deinit(&list);
        return EXIT_OK;
}

int verb_show(struct hcnctl *x, int argc, char **argv) {
        _cleanup_free_ char *document = NULL;
        struct hcs_error *err = NULL;

        if (argc != 2)
                return tell_usage(x, "one id or name is needed");
        if (FAILED(argument_object(x, x->kind, argv[1], &document, &err)))
                return tell_error(x, err);
        print_document(x, document);
        return EXIT_OK;
}
