/* SPDX-License-Identifier: MIT */

/*
 * Networks:
 *   [POST]=>[/networks/] Request : {..}        then "Network Response : {..}" (the Output of the answer)
 *   HNS failed with error : ..                 the answer said that it failed
 *   hnsCall failed in Win32: .. (0x803b0010)   the call failed
 *   HNSNetwork Request ={..} Address Space=..  libnetwork, before the call
 *   hcnCreateNetwork failed in Win32: .. (0x57) {"Success":false,..}
 *   Creating hcn network: {..}                 a CNI plug-in, before the call
 *   HcnCreateNetwork -- HRESULT: 2151350282. Result: {..}
 */

#include <ctype.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

static bool request(struct import_ledger *l, const struct import_line *line, const char *msg) {
        const char *path = *msg == '[' ? strstr(msg, "]=>[") : NULL,
                   *end = path ? strstr(path + 4, "] Request : ") : NULL;
        _cleanup_free_ char *method = NULL, *uri = NULL, *document = NULL, *repair = NULL;

        if (!end)
                return false;
        method = hcs_strndup(msg + 1, (size_t)(path - msg - 1));
        uri = hcs_strndup(path + 4, (size_t)(end - path - 4));
        document = import_document_repaired(end, &repair);
        import_begin(l,
                     &(struct import_operation){.verb = MOCK_HNS_CALL,
                                                .function = "HNSCall",
                                                .dll = MOCK_VMCOMPUTE,
                                                .document = document ? document : "",
                                                .document_repair = repair,
                                                .args = {{"method", method}, {"path", uri}, {"object", document}},
                                                .time = line->ns},
                     false);
        return true;
}

static void end_call(struct import_ledger *l, const struct import_line *line, HRESULT hr, const char *result,
                     const char *repair) {
        import_end(l, &(struct import_operation){.verb = MOCK_HNS_CALL,
                                                 .function = "HNSCall",
                                                 .dll = MOCK_VMCOMPUTE,
                                                 .hr = hr,
                                                 .result = result,
                                                 .result_repair = repair,
                                                 .time = line->ns});
}

static bool response(struct import_ledger *l, const struct import_line *line, const char *msg) {
        const char *failed = strstr(msg, "HNS failed with error : ");
        _cleanup_free_ char *output = NULL, *result = NULL, *repair = NULL;

        if (hcs_str_starts(msg, "Network Response : ")) {
                output = import_document_repaired(msg, &repair);
                result = hcs_asprintf("{\"Success\":true,\"Output\":%s}", output ? output : "null");
        } else if (failed) {
                _cleanup_json_ struct hcs_json *j = hcs_json_new_object();

                hcs_json_set_bool(j, "Success", false);
                hcs_json_set_string(j, "Error", failed + strlen("HNS failed with error : "));
                result = hcs_json_text(j, HCS_JSON_COMPACT);
        } else {
                return false;
        }
        end_call(l, line, S_OK, result, repair);
        return true;
}

static bool failed_call(struct import_ledger *l, const struct import_line *line, const char *msg) {
        const char *at = strstr(msg, "hnsCall failed in Win32: ");

        if (at)
                end_call(l, line, import_failure(at, NULL), NULL, NULL);
        return at;
}

/* The exports whose names hcsshim puts in front of an error. */
static const char *const hcn_functions[] = {"HcnCreateNetwork",          "HcnOpenNetwork",
                                            "HcnModifyNetwork",          "HcnDeleteNetwork",
                                            "HcnEnumerateNetworks",      "HcnQueryNetworkProperties",
                                            "HcnCreateEndpoint",         "HcnOpenEndpoint",
                                            "HcnModifyEndpoint",         "HcnDeleteEndpoint",
                                            "HcnEnumerateEndpoints",     "HcnQueryEndpointProperties",
                                            "HcnCreateNamespace",        "HcnOpenNamespace",
                                            "HcnModifyNamespace",        "HcnDeleteNamespace",
                                            "HcnEnumerateNamespaces",    "HcnQueryNamespaceProperties",
                                            "HcnCreateLoadBalancer",     "HcnOpenLoadBalancer",
                                            "HcnModifyLoadBalancer",     "HcnDeleteLoadBalancer",
                                            "HcnEnumerateLoadBalancers", "HcnQueryLoadBalancerProperties"};

static const char *hcn_function(const char *name) {
        size_t n = 0;

        while (isalnum((unsigned char)name[n]))
                n++;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(hcn_functions); i++)
                if (strlen(hcn_functions[i]) == n && strncmp(hcn_functions[i] + 1, name + 1, n - 1) == 0)
                        return hcn_functions[i];
        return NULL;
}

static bool hcn(struct import_ledger *l, const struct import_line *line, const char *msg) {
        static const char *const marks[] = {"hcn", "Hcn"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(marks); i++)
                for (const char *at = strstr(msg, marks[i]); at; at = strstr(at + 1, marks[i])) {
                        const char *function = hcn_function(at);
                        _cleanup_free_ char *repair = NULL,
                                            *result = function ? import_document_repaired(at, &repair) : NULL;
                        struct import_operation op = {.verb = MOCK_VERB_NONE,
                                                      .function = function,
                                                      .dll = MOCK_COMPUTENETWORK,
                                                      .result = result,
                                                      .result_repair = repair,
                                                      .time = line->ns};

                        if (!function || (!strstr(at, "failed in Win32") && !strstr(at, "HRESULT: ")))
                                continue;
                        op.hr = import_failure(at, NULL);
                        import_end(l, &op);
                        return true;
                }
        return false;
}

static bool announced(struct import_ledger *l, const struct import_line *line, const char *msg) {
        static const struct {
                const char *text, *function;
        } hcn_texts[] = {{"Creating hcn network: ", "HcnCreateNetwork"},
                         {"Creating hcn endpoint: ", "HcnCreateEndpoint"}};
        _cleanup_free_ char *repair = NULL, *document = NULL;

        if (!strstr(msg, "Creating hcn ") && !hcs_str_starts(msg, "HNSNetwork Request =") &&
            !hcs_str_starts(msg, "HNSEndpoint Request ="))
                return false;
        document = import_document_repaired(msg, &repair);
        if (!document)
                return false;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(hcn_texts); i++)
                if (strstr(msg, hcn_texts[i].text)) {
                        import_begin(l,
                                     &(struct import_operation){.function = hcn_texts[i].function,
                                                                .dll = MOCK_COMPUTENETWORK,
                                                                .args = {{"settings", document}},
                                                                .document_repair = repair,
                                                                .time = line->ns},
                                     false);
                        return true;
                }
        if (*msg != 'H')
                return false;
        import_begin(l,
                     &(struct import_operation){
                             .verb = MOCK_HNS_CALL,
                             .function = "HNSCall",
                             .dll = MOCK_VMCOMPUTE,
                             .args = {{"method", "POST"},
                                      {"path", strstr(msg, "HNSNetwork") == msg ? "/networks/" : "/endpoints/"},
                                      {"object", document}},
                             .document_repair = repair,
                             .time = line->ns},
                     false);
        return true;
}

bool import_say_network(struct import_ledger *l, const struct import_line *line) {
        const char *msg = import_field(line, "msg"), *error = import_field(line, "error");

        if (!msg)
                return false;
        return request(l, line, msg) || response(l, line, msg) || failed_call(l, line, msg) || hcn(l, line, msg) ||
               announced(l, line, msg) || (error && (failed_call(l, line, error) || hcn(l, line, error)));
}
