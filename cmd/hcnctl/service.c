/* SPDX-License-Identifier: MIT */

/* hcnctl features and hns: what the service can do, and any call of version 1. */

#include "cmd/hcnctl/hcnctl.h"

int verb_features(struct hcnctl *x, int argc, char **argv) {
        struct hcs_schema_hns_version version;
        _cleanup_free_ char *features = NULL;
        struct hcs_error *err = NULL;

        if (argc != 1)
                return tell_usage(x, "`%s' is one argument too many", argv[1]);
        if (FAILED(hcn_version(x->c, &version, &err)) || FAILED(hcn_features(x->c, &features, &err)))
                return tell_error(x, err);
        if (x->json) {
                print_document(x, features);
                return EXIT_OK;
        }
        printf("version %lld.%lld\n", (long long)version.major, (long long)version.minor);
        for (size_t i = 0; hcs_schema_feature_at(i); i++) {
                const struct hcs_schema_feature *f = hcs_schema_feature_at(i);

                printf("%-3s  %-26s  %s\n", hcs_schema_feature_in(f, version) ? "yes" : "no", f->name, f->versions);
        }
        return EXIT_OK;
}

int verb_hns(struct hcnctl *x, int argc, char **argv) {
        __attribute__((cleanup(hns_client_unrefp))) struct hns_client *hns = NULL;
        _cleanup_free_ char *body = NULL, *output = NULL;
        struct hcs_error *err = NULL;

        if (argc != 3 && argc != 4)
                return tell_usage(x, "a method, a path and perhaps a document are needed");
        if ((argc == 4 && FAILED(argument_document(argv[3], &body, &err))) ||
            FAILED(hns_client_open(&(struct hns_client_options){.library_path = x->library}, &hns, &err)) ||
            FAILED(hns_call(hns, argv[1], argv[2], body, &output, &err)))
                return tell_error(x, err);
        if (output)
                print_document(x, output);
        return EXIT_OK;
}
