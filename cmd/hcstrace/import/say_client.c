/* SPDX-License-Identifier: MIT */

/*
 * Clients of computecore that are not hcsshim; each has its own words, but they name the functions:
 *   Calling HcsCreateComputeSystem with id=..      Config JSON: {..}
 *   HcsGetComputeSystemProperties returned: hr=0x0     Properties result: {..}
 *   failed to create compute system: HcsWaitForOperationResult failed with HRESULT 0x80370102: {..}
 *   HCS: {"Error":..}                              then "Error: Failed to create HCS VM (0x8037010D)"
 */

#include <ctype.h>
#include <strings.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

/* The verb of the function that is named at p. */
static enum mock_verb function_at(const char *p, size_t *ret_n) {
        size_t n = 0;

        while (isalnum((unsigned char)p[n]))
                n++;
        *ret_n = n;
        return import_verb(p, n);
}

static bool calling(struct import_ledger *l, const struct import_line *line, const char *msg) {
        const char *at = strstr(msg, "Calling Hcs");
        _cleanup_free_ char *id = import_after(msg, " id="), *repair = NULL,
                            *document = import_document_repaired(msg, &repair);
        struct import_operation op = {.system = id,
                                      .document = document,
                                      .document_repair = repair,
                                      .dll = MOCK_COMPUTECORE,
                                      .time = line->ns};
        size_t n;

        if (!at)
                return false;
        op.verb = function_at(at + strlen("Calling "), &n);
        if (op.verb != MOCK_VERB_NONE)
                import_begin(l, &op, false);
        return op.verb != MOCK_VERB_NONE;
}

static bool returned(struct import_ledger *l, const struct import_line *line, const char *msg) {
        const char *code = strstr(msg, " returned: hr=0x");
        struct import_operation op = {.dll = MOCK_COMPUTECORE, .time = line->ns};
        size_t n;

        if (!code || strncmp(msg, "Hcs", 3) != 0)
                return false;
        op.verb = function_at(msg, &n);
        if (op.verb == MOCK_VERB_NONE)
                return false;
        op.hr = import_code(code);
        if (SUCCEEDED(op.hr))
                import_begin(l, &op, false); /* its result may follow */
        else
                import_end(l, &op);
        return true;
}

/* What somebody tried, in words. */
static enum mock_verb attempted(const char *text) {
        static const struct {
                const char *words;
                enum mock_verb verb;
        } tries[] = {{"create compute system", MOCK_CREATE_SYSTEM},
                     {"create HCS", MOCK_CREATE_SYSTEM},
                     {"create VM", MOCK_CREATE_SYSTEM},
                     {"create the VM", MOCK_CREATE_SYSTEM},
                     {"open compute system", MOCK_OPEN_SYSTEM},
                     {"start compute system", MOCK_START_SYSTEM},
                     {"start VM", MOCK_START_SYSTEM},
                     {"start the VM", MOCK_START_SYSTEM},
                     {"shut down", MOCK_SHUTDOWN_SYSTEM},
                     {"shutdown", MOCK_SHUTDOWN_SYSTEM},
                     {"terminate", MOCK_TERMINATE_SYSTEM},
                     {"modify", MOCK_MODIFY_SYSTEM},
                     {"create process", MOCK_CREATE_PROCESS},
                     {"query compute system", MOCK_GET_SYSTEM_PROPERTIES},
                     {"enumerate", MOCK_ENUMERATE_SYSTEMS},
                     {"ProcessorCapabilities query", MOCK_GET_SERVICE_PROPERTIES}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(tries); i++)
                if (strcasestr(text, tries[i].words))
                        return tries[i].verb;
        return MOCK_VERB_NONE;
}

/* The system that the events of a result speak of: 'demo' or “demo” in the first message. */
static char *system_of_result(const char *result) {
        _cleanup_json_ struct hcs_json *j = NULL;
        const struct hcs_json *event, *datum;

        if (!result || FAILED(hcs_json_parse_cstr(result, &j, NULL)))
                return NULL;
        event = hcs_json_first(hcs_json_get(j, "ErrorEvents"));
        datum = hcs_json_first(hcs_json_get(event, "Data"));
        if (hcs_json_get_string(datum, "Value") && hcs_json_get_string(datum, "Value")[0] != '%')
                return hcs_strdup(hcs_json_get_string(datum, "Value"));
        return NULL;
}

static bool is_result(const char *document) {
        _cleanup_json_ struct hcs_json *j = NULL;

        return document && SUCCEEDED(hcs_json_parse_cstr(document, &j, NULL)) && hcs_json_get(j, "Error");
}

static bool failed(struct import_ledger *l, const struct import_line *line, const char *msg) {
        _cleanup_free_ char *repair = NULL, *document = import_document_repaired(msg, &repair), *id = NULL;
        struct import_operation op = {.verb = attempted(msg), .dll = MOCK_COMPUTECORE, .time = line->ns};
        bool result = is_result(document);

        if (!strcasestr(msg, "failed") || op.verb == MOCK_VERB_NONE || !strstr(msg, "0x"))
                return false;
        op.result = result ? document : NULL;
        op.result_repair = result ? repair : NULL;
        op.hr = import_failure(msg, op.result);
        op.system = id = system_of_result(op.result);
        import_echo(l, &op);
        return true;
}

/* "configuration is invalid" and "Construct" say create. */
bool import_say_result(struct import_ledger *l, const char *document, const char *repair, uint64_t time) {
        struct import_operation op = {.verb = MOCK_CREATE_SYSTEM, .dll = MOCK_COMPUTECORE, .time = time};
        _cleanup_free_ char *id = NULL;

        if (!is_result(document))
                return false;
        id = system_of_result(document);
        op.system = id;
        op.result = document;
        op.result_repair = repair;
        op.hr = import_failure(NULL, document);
        if (attempted(document) != MOCK_VERB_NONE)
                op.verb = attempted(document);
        import_end(l, &op);
        return true;
}

/* A result that stands alone: the next line may say of what. */
static bool bare_result(struct import_ledger *l, const struct import_line *line, const char *msg) {
        _cleanup_free_ char *repair = NULL, *document = import_document_repaired(msg, &repair);

        return import_say_result(l, document, repair, line->ns);
}

static bool document_line(struct import_ledger *l, const struct import_line *line, const char *msg) {
        _cleanup_free_ char *document = NULL, *repair = NULL;

        if (!hcs_str_starts(msg, "Config JSON:") && !hcs_str_starts(msg, "Properties result:") &&
            !hcs_str_starts(msg, "Result:"))
                return false;
        document = import_document_repaired(msg, &repair);
        if (document && *msg == 'C')
                import_attach_document(l, document, repair);
        else if (document)
                import_attach_result(l, document, repair, line->ns);
        return true;
}

bool import_say_client(struct import_ledger *l, const struct import_line *line) {
        const char *msg = import_field(line, "msg");

        if (!msg)
                return false;
        return calling(l, line, msg) || returned(l, line, msg) || document_line(l, line, msg) || failed(l, line, msg) ||
               (hcs_str_starts(msg, "HCS: {") && bare_result(l, line, msg));
}
