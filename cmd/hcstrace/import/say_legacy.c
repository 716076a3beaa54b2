/* SPDX-License-Identifier: MIT */

/*
 * hcsshim until 0.8, and what it printed of its errors:
 *   HCSShim::CreateContainer id=.. config={..}          then "HCSShim::CreateContainer succeeded id=.. handle=.."
 *   HCSShim::Process::Kill processid=512                then "Result: {"Error":..}"
 *   HCSShim::CreateComputeSystem - Win32 API call returned error r1=.. err=.. id=.. configuration={..}
 */

#include <stdlib.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

static uint32_t number_after(const char *text, const char *key) {
        const char *at = strstr(text, key);

        return at ? (uint32_t)strtoul(at + strlen(key), NULL, 10) : 0;
}

/* What a client has closed cannot be asked again; it says nothing of the service. */
static bool is_local(const char *name, size_t n) {
        static const char *const ends[] = {"::Close",       "::CloseStdin", "::Stdio", "::Wait",
                                           "::WaitTimeout", "::ExitCode",   "::Pid"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(ends); i++)
                if (n > strlen(ends[i]) && strncmp(name + n - strlen(ends[i]), ends[i], strlen(ends[i])) == 0)
                        return true;
        return false;
}

static bool operation(struct import_ledger *l, const struct import_line *line, const char *name) {
        size_t n = strcspn(name, " ");
        const char *rest = name + n;
        _cleanup_free_ char *id = import_after(rest, " id="), *repair = NULL,
                            *document = import_document_repaired(rest, &repair);
        struct import_operation op = {.verb = import_verb(name, n),
                                      .system = id,
                                      .document = document,
                                      .document_repair = repair,
                                      .pid = number_after(rest, " processid="),
                                      .time = line->ns};

        if (is_local(name, n))
                return true;
        if (op.verb == MOCK_VERB_NONE || !*rest)
                return false;
        if (hcs_str_starts(rest, " succeeded")) {
                op.document = NULL;
                import_end(l, &op);
        } else if (strstr(rest, "returned error") || strstr(rest, "failed in Win32")) {
                op.hr = import_failure(rest, NULL);
                import_end(l, &op);
        } else if (id || op.pid) {
                import_begin(l, &op, true);
        } else {
                return false;
        }
        return true;
}

bool import_say_legacy(struct import_ledger *l, const struct import_line *line) {
        static const char *const prefixes[] = {"HCSShim::", "hcsshim::"};
        const char *msg = import_field(line, "msg");

        if (!msg)
                return false;
        if (hcs_str_starts(msg, "Result: {")) {
                _cleanup_free_ char *repair = NULL, *result = import_document_repaired(msg, &repair);

                if (result)
                        import_attach_result(l, result, repair, line->ns);
                return true;
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(prefixes); i++) {
                const char *name = strstr(msg, prefixes[i]);

                /* "during hcsshim::Op" and "hcsshim::Op id: text" are errors that somebody passes on. */
                if (name && !strstr(msg, "encountered an error during") && operation(l, line, name))
                        return true;
        }
        return false;
}
