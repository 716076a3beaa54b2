/* SPDX-License-Identifier: MIT */

/* hcnctl attach, detach, stats and sync. Containers and the host are attached through version 1: version 2 has no call.
 */

#include <getopt.h>
#include <string.h>

#include "base/str.h"
#include "cmd/hcnctl/hcnctl.h"

struct target {
        const char *namespace_id, *container, *nic, *vm_id;
        bool host;
        uint16_t compartment;
};

/* EXIT_OK, or another exit code after telling why. */
static int read_target(struct hcnctl *x, int argc, char **argv, struct target *t) {
        static const struct option options[] = {{"namespace", required_argument, NULL, 'n'},
                                                {"container", required_argument, NULL, 'c'},
                                                {"host", no_argument, NULL, 'h'},
                                                {"vm", required_argument, NULL, 'v'},
                                                {"vm-id", required_argument, NULL, 'i'},
                                                {"compartment", required_argument, NULL, 'p'},
                                                {0}};
        uint64_t number;
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
                switch (c) {
                case 'n':
                        t->namespace_id = optarg;
                        break;
                case 'c':
                        t->container = optarg;
                        break;
                case 'h':
                        t->host = true;
                        break;
                case 'v':
                        t->nic = optarg;
                        break;
                case 'i':
                        t->vm_id = optarg;
                        break;
                case 'p':
                        if (!hcs_str_to_u64(optarg, &number) || number > UINT16_MAX)
                                return tell_usage(x, "\"%s\" is not the number of a compartment", optarg);
                        t->compartment = (uint16_t)number;
                        break;
                default:
                        return EXIT_USAGE;
                }
        if (argc - optind != 1)
                return tell_usage(x, "one endpoint is needed");
        if (!!t->namespace_id + !!t->container + t->host + !!t->nic != 1)
                return tell_usage(x, "one of --namespace, --container, --host and --vm is needed");
        return EXIT_OK;
}

static HRESULT change_by_hns(struct hcnctl *x, bool attach, const char *id, const struct target *t,
                             struct hcs_error **err) {
        __attribute__((cleanup(hns_client_unrefp))) struct hns_client *hns = NULL;
        HRESULT hr = hns_client_open(&(struct hns_client_options){.library_path = x->library}, &hns, err);

        if (FAILED(hr))
                return hr;
        if (t->container)
                return attach ? hns_endpoint_attach_container(hns, id, t->container, t->compartment, err)
                              : hns_endpoint_detach_container(hns, id, t->container, err);
        if (t->host)
                return attach ? hns_endpoint_attach_host(hns, id, t->compartment, err)
                              : hns_endpoint_detach_host(hns, id, err);
        return attach ? hns_endpoint_attach_vm(hns, id, t->nic, err) : hns_endpoint_detach_vm(hns, id, err);
}

static int change(struct hcnctl *x, bool attach, int argc, char **argv) {
        struct hcs_error *err = NULL;
        struct target t = {0};
        _cleanup_free_ char *id = NULL;
        int code = read_target(x, argc, argv, &t);
        HRESULT hr;

        if (code != EXIT_OK)
                return code;
        hr = argument_id(x, HCN_KIND_ENDPOINT, argv[optind], &id, &err);
        if (FAILED(hr))
                return tell_error(x, err);
        if (t.namespace_id) {
                hr = attach ? hcn_endpoint_attach_namespace(x->c, id, t.namespace_id, &err)
                            : hcn_endpoint_detach_namespace(x->c, id, t.namespace_id, &err);
        } else if (t.vm_id) {
                struct hcn_vm_port port = {.nic_name = t.nic, .vm_id = t.vm_id};

                hr = attach ? hcn_endpoint_attach_vm(x->c, id, &port, &err)
                            : hcn_endpoint_detach_vm(x->c, id, &port, &err);
        } else {
                hr = change_by_hns(x, attach, id, &t, &err);
        }
        return FAILED(hr) ? tell_error(x, err) : EXIT_OK;
}

int verb_attach(struct hcnctl *x, int argc, char **argv) {
        return change(x, true, argc, argv);
}

int verb_detach(struct hcnctl *x, int argc, char **argv) {
        return change(x, false, argc, argv);
}

int verb_stats(struct hcnctl *x, int argc, char **argv) {
        _cleanup_free_ char *id = NULL, *stats = NULL;
        struct hcs_error *err = NULL;

        if (argc != 2)
                return tell_usage(x, "one id or name is needed");
        if (FAILED(argument_id(x, HCN_KIND_ENDPOINT, argv[1], &id, &err)) ||
            FAILED(hcn_endpoint_stats(x->c, id, &stats, &err)))
                return tell_error(x, err);
        print_document(x, stats);
        return EXIT_OK;
}

int verb_sync(struct hcnctl *x, int argc, char **argv) {
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *document = NULL;
        struct hcs_error *err = NULL;

        if (argc != 2)
                return tell_usage(x, "one id is needed");
        if (FAILED(argument_object(x, HCN_KIND_NAMESPACE, argv[1], &document, &err)) ||
            FAILED(hcs_json_parse_cstr(document, &json, &err)) ||
            FAILED(hcn_namespace_sync(x->c, hcs_json_get_string(json, "ID"), hcs_json_get_string(json, "Type"), &err)))
                return tell_error(x, err);
        return EXIT_OK;
}
