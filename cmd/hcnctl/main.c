/* SPDX-License-Identifier: MIT */

/* hcnctl: networks, endpoints and the rest of host networking from the command line. This file knows which verbs a kind
 * has and nothing of what they do. */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/hcnctl/hcnctl.h"

#define NETWORK       (1u << HCN_KIND_NETWORK)
#define ENDPOINT      (1u << HCN_KIND_ENDPOINT)
#define NAMESPACE     (1u << HCN_KIND_NAMESPACE)
#define LOAD_BALANCER (1u << HCN_KIND_LOAD_BALANCER)
#define ROUTE         (1u << HCN_KIND_ROUTE)
#define ANY           ((1u << HCN_KINDS) - 1)

static const struct {
        const char *names[3];
        enum hcn_kind kind;
} kinds[] = {
        {{"network", "networks", "net"}, HCN_KIND_NETWORK},
        {{"endpoint", "endpoints", "ep"}, HCN_KIND_ENDPOINT},
        {{"namespace", "namespaces", "ns"}, HCN_KIND_NAMESPACE},
        {{"loadbalancer", "loadbalancers", "lb"}, HCN_KIND_LOAD_BALANCER},
        {{"route", "routes", "sdnroute"}, HCN_KIND_ROUTE},
        {{"service", "services", "guestnetworkservice"}, HCN_KIND_GUEST_SERVICE},
};

static const struct {
        const char *name;
        verb_fn run;
        unsigned kinds;
        const char *arguments, *summary;
} verbs[] = {
        {"list", verb_list, ANY, "[--name N] [--network N] [--filter JSON] [--ids]", "a table of the objects"},
        {"show", verb_show, ANY, "ID|NAME", "one object with all it has"},
        {"create", verb_create, ANY, "[DOCUMENT] [OPTIONS]", "makes one, from a document or options (create --help)"},
        {"delete", verb_delete, ANY, "ID|NAME ...", "removes them"},
        {"modify", verb_modify, ANY, "ID|NAME REQUEST", "sends a modify request, of a load balancer the whole object"},
        {"add-policy", verb_add_policy, NETWORK | ENDPOINT, "ID|NAME TYPE [SETTINGS]", "adds a policy"},
        {"remove-policy", verb_remove_policy, NETWORK | ENDPOINT, "ID|NAME TYPE [SETTINGS]", "takes a policy away"},
        {"update-policy", verb_update_policy, NETWORK | ENDPOINT, "ID|NAME TYPE [SETTINGS]", "replaces a policy"},
        {"add-endpoint", verb_add_endpoint, NAMESPACE | LOAD_BALANCER | ROUTE, "ID ENDPOINT",
         "puts an endpoint into it"},
        {"remove-endpoint", verb_remove_endpoint, NAMESPACE | LOAD_BALANCER | ROUTE, "ID ENDPOINT",
         "takes an endpoint out of it"},
        {"attach", verb_attach, ENDPOINT,
         "ID|NAME --namespace ID | --container ID | --host | --vm NIC  [--compartment N]", "attaches it"},
        {"detach", verb_detach, ENDPOINT, "ID|NAME --namespace ID | --container ID | --host | --vm NIC", "detaches it"},
        {"stats", verb_stats, ENDPOINT, "ID|NAME", "its counters"},
        {"sync", verb_sync, NAMESPACE, "ID", "tells the VM of a guest namespace that it changed"},
};

static void usage_of_verb(FILE *out, size_t i) {
        fprintf(out, "  %-16s %s\n                   %s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
}

static int help_kind(const char *name, enum hcn_kind kind) {
        printf("usage: hcnctl [--json] [--library PATH] %s VERB ...\n\n", name);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(verbs); i++)
                if (verbs[i].kinds & (1u << kind))
                        usage_of_verb(stdout, i);
        return EXIT_OK;
}

static void usage(FILE *out) {
        fputs("usage: hcnctl [--json] [--library PATH] KIND VERB ...\n"
              "       hcnctl [--json] features\n"
              "       hcnctl [--json] hns METHOD PATH [DOCUMENT]\n\n"
              "KIND is network, endpoint, namespace, loadbalancer (lb), route or service.\n\n",
              out);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(verbs); i++)
                usage_of_verb(out, i);
        fputs("\nA DOCUMENT, REQUEST or SETTINGS is JSON text, the name of a file, or - for standard input. --json "
              "prints\n"
              "documents as the service gives them; --library says where computenetwork and vmcompute are.\n"
              "Exit codes: 0 done, 1 refused or not reachable, 2 wrong usage, 3 no such object.\n",
              out);
}

int tell_error(const struct hcnctl *x, struct hcs_error *err) {
        _cleanup_free_ char *text = hcs_error_format(err);
        HRESULT hr = hcs_error_hresult(err);

        fflush(stdout);
        fprintf(stderr, "hcnctl %s: %s\n", x->what, text);
        hcs_error_free(err);
        return hcn_is_missing(hr) ? EXIT_NOT_FOUND : EXIT_FAILED;
}

int tell_usage(const struct hcnctl *x, const char *fmt, ...) {
        va_list ap;

        fprintf(stderr, "hcnctl %s: ", x->what);
        va_start(ap, fmt);
        vfprintf(stderr, fmt, ap);
        va_end(ap);
        fputs(" (hcnctl --help)\n", stderr);
        return EXIT_USAGE;
}

static const char *const *kind_of(const char *word, enum hcn_kind *ret) {
        for (size_t i = 0; i < HCS_ARRAY_SIZE(kinds); i++)
                for (size_t k = 0; k < HCS_ARRAY_SIZE(kinds[i].names); k++)
                        if (hcs_streq(kinds[i].names[k], word)) {
                                *ret = kinds[i].kind;
                                return kinds[i].names;
                        }
        return NULL;
}

static int run(struct hcnctl *x, verb_fn verb, int argc, char **argv) {
        struct hcs_error *err = NULL;
        int code;

        if (FAILED(hcn_client_open(&(struct hcn_client_options){.library_path = x->library, .keep_unknown = true},
                                   &x->c, &err)))
                return tell_error(x, err);
        code = verb(x, argc, argv);
        hcn_client_unref(x->c);
        if (fflush(stdout) != 0 || ferror(stdout)) {
                fprintf(stderr, "hcnctl %s: the output cannot be written\n", x->what);
                return code ? code : EXIT_FAILED;
        }
        return code;
}

static bool wants_help(int argc, char **argv) {
        for (int i = 0; i < argc && !hcs_streq(argv[i], "--"); i++)
                if (hcs_streq(argv[i], "--help"))
                        return true;
        return false;
}

static int help(const struct hcnctl *x, verb_fn verb) {
        if (verb == verb_create)
                help_create(x);
        else
                usage(stdout);
        return EXIT_OK;
}

static int run_verb(struct hcnctl *x, int argc, char **argv) {
        const char *const *names = kind_of(argv[0], &x->kind);
        _cleanup_free_ char *what = NULL, *program = NULL;

        if (!names) {
                fprintf(stderr, "hcnctl: no kind of object is called `%s' (hcnctl --help)\n", argv[0]);
                return EXIT_USAGE;
        }
        if (argc < 2) {
                fprintf(stderr, "hcnctl %s: a verb is needed (hcnctl --help)\n", argv[0]);
                return EXIT_USAGE;
        }
        if (hcs_streq(argv[1], "--help"))
                return help_kind(names[0], x->kind);
        what = hcs_asprintf("%s %s", names[0], argv[1]);
        x->what = what;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(verbs); i++)
                if (hcs_streq(verbs[i].name, argv[1])) {
                        if (!(verbs[i].kinds & (1u << x->kind)))
                                return tell_usage(x, "a %s has no such verb", hcn_kind_name(x->kind));
                        if (wants_help(argc - 2, argv + 2))
                                return help(x, verbs[i].run);
                        argv[1] = program = hcs_asprintf("hcnctl %s", what); /* for what getopt says */
                        return run(x, verbs[i].run, argc - 1, argv + 1);
                }
        return tell_usage(x, "no such verb");
}

/* Takes the options that every verb has out of the arguments, wherever they stand; false when one lacks its value. */
static bool take_common(struct hcnctl *x, int *argc, char **argv) {
        int n = 1, i = 1;

        for (; i < *argc && !hcs_streq(argv[i], "--"); i++) {
                if (hcs_streq(argv[i], "--json"))
                        x->json = true;
                else if (hcs_str_starts(argv[i], "--library="))
                        x->library = argv[i] + strlen("--library=");
                else if (hcs_streq(argv[i], "--library") && ++i >= *argc)
                        return false;
                else if (hcs_streq(argv[i - 1], "--library") && i > 1)
                        x->library = argv[i];
                else
                        argv[n++] = argv[i];
        }
        for (; i < *argc; i++)
                argv[n++] = argv[i];
        argv[n] = NULL;
        *argc = n;
        return true;
}

int main(int argc, char **argv) {
        struct hcnctl x = {.what = ""};

        if (!take_common(&x, &argc, argv)) {
                fputs("hcnctl: --library needs a path (hcnctl --help)\n", stderr);
                return EXIT_USAGE;
        }
        if (argc < 2) {
                usage(stderr);
                return EXIT_USAGE;
        }
        if (hcs_streq(argv[1], "--help") || hcs_streq(argv[1], "-h") || hcs_streq(argv[1], "help")) {
                usage(stdout);
                return EXIT_OK;
        }
        if (hcs_streq(argv[1], "--version")) {
                puts("hcnctl " HCS_VERSION);
                return EXIT_OK;
        }
        x.what = argv[1];
        if (hcs_streq(argv[1], "features"))
                return run(&x, verb_features, argc - 1, argv + 1);
        if (hcs_streq(argv[1], "hns"))
                return run(&x, verb_hns, argc - 1, argv + 1);
        return run_verb(&x, argc - 1, argv + 1);
}
