/* SPDX-License-Identifier: MIT */

/*
 * hcsshim since 0.8.4:
 *   msg="hcsshim::CreateComputeSystem - Begin Operation" cid=..     document on a line between, "- End Operation -
 * Error" msg="HCS notification" notification-type=SystemExited system-id=..   (0.8.7-dev: without msg) msg=Span
 * name=HcsCreateProcess processParameters="{...}" error=..    since 0.9: one line a call
 */

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

static const char *const document_keys[] = {"configuration", "processParameters", "propertyQuery", "query", "settings",
                                            "options",       "document",          "json",          NULL};

/* The state that a shim reports holds the exit code that HCS gave it. */
static bool state_span(struct import_ledger *l, const struct import_line *line) {
        const char *code = import_field(line, "exitStatus"), *eid = import_field(line, "eid");
        _cleanup_free_ char *data = NULL;

        if (!hcs_streq(import_field(line, "status"), "STOPPED") || !code || (eid && *eid))
                return false;
        data = hcs_asprintf("{\"Exited\":true,\"ExitCode\":%s}", code);
        import_exit(l, NULL, IMPORT_NEWEST_PROCESS, data, line->ns);
        return true;
}

bool import_say_span(struct import_ledger *l, const struct import_line *line) {
        const char *name = import_field(line, "name"), *error, *result, *raw;
        _cleanup_free_ char *repair = NULL, *answer_repair = NULL, *document = NULL, *answer = NULL, *events = NULL;
        struct import_operation op = {.time = line->ns};

        if (hcs_streq(name, "State"))
                return state_span(l, line);
        if (!name || !hcs_str_starts(name, "Hcs"))
                return false;
        op.verb = import_verb(name, strlen(name));
        if (op.verb == MOCK_VERB_NONE)
                return strstr(name, "RegisterComputeSystemCallback") || strstr(name, "RegisterProcessCallback") ||
                       hcs_str_starts(name, "HcsClose") || hcs_str_starts(name, "HcsUnregister");
        error = import_field(line, "error");
        result = import_field(line, "result");
        raw = import_field_of(line, document_keys);
        op.system = import_system_field(line);
        op.pid = import_pid_field(line);
        op.document = document = raw ? import_document_repaired(raw, &repair) : NULL;
        op.document_repair = repair;
        op.result = answer = result ? import_document_repaired(result, &answer_repair) : NULL;
        op.result_repair = answer_repair;
        op.hr = import_failure(error, answer);
        if (hcs_is_pending(op.hr))
                op.hr = S_OK;
        events = answer ? NULL : import_events(error, op.hr);
        if (events)
                op.result = events;
        if (op.verb == MOCK_GET_PROCESS_PROPERTIES && answer && strstr(answer, "\"Exited\":true"))
                import_exit(l, op.system, op.pid, answer, line->ns);
        import_told(l, &op, import_time_field(line, "endTime"));
        return true;
}

bool import_say_notification(struct import_ledger *l, const struct import_line *line) {
        static const struct {
                const char *name;
                enum mock_verb verb;
        } completions[] = {{"SystemCreateCompleted", MOCK_CREATE_SYSTEM},
                           {"SystemStartCompleted", MOCK_START_SYSTEM},
                           {"SystemPauseCompleted", MOCK_PAUSE_SYSTEM},
                           {"SystemResumeCompleted", MOCK_RESUME_SYSTEM},
                           {"SystemSaveCompleted", MOCK_SAVE_SYSTEM}};
        const char *type = import_field(line, "notification-type");
        struct import_operation op = {.system = import_system_field(line), .time = line->ns};

        if (!type || !op.system)
                return false;
        if (hcs_streq(type, "SystemExited") || hcs_streq(type, "ProcessExited")) {
                import_exit(l, op.system, hcs_streq(type, "ProcessExited") ? import_pid_field(line) : 0, NULL,
                            line->ns);
                return true;
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(completions); i++)
                if (hcs_streq(type, completions[i].name)) {
                        op.verb = completions[i].verb;
                        import_begin(l, &op, false);
                }
        return true;
}

/* "- Begin Operation", a line with the document, "- End Operation - Success". */
bool import_say_begin_end(struct import_ledger *l, const struct import_line *line) {
        const char *msg = import_field(line, "msg");
        const char *begin = msg ? strstr(msg, " - Begin Operation") : NULL,
                   *end = msg && !begin ? strstr(msg, " - End Operation") : NULL;
        const char *json = import_field(line, "json"), *error = import_field(line, "error");
        _cleanup_free_ char *events = NULL;
        struct import_operation op = {
                .system = import_system_field(line), .pid = import_pid_field(line), .time = line->ns};

        if (json && msg && hcs_str_starts(msg, "HCS ComputeSystem")) {
                _cleanup_free_ char *repair = NULL, *document = import_document_repaired(json, &repair);

                if (document)
                        import_attach_document(l, document, repair);
                return true;
        }
        if (!begin && !end)
                return false;
        if (end && strstr(msg, "System::Wait") && strstr(end, "Success"))
                import_exit(l, op.system, 0, NULL, line->ns);
        op.verb = import_verb(msg, (size_t)((begin ? begin : end) - msg));
        if (op.verb == MOCK_VERB_NONE) {
                if (end && strstr(msg, "Process::Wait") && strstr(end, "Success") && op.pid)
                        import_exit(l, op.system, op.pid, NULL, line->ns);
                return strstr(msg, "::Wait") || strstr(msg, "::Close") || strstr(msg, "Callback") ||
                       strstr(msg, "::Stdio");
        }
        if (begin) {
                import_begin(l, &op, true);
                return true;
        }
        if (!strstr(end, "Success"))
                op.hr = import_failure(error ? error : "failed", NULL);
        op.result = events = import_events(error, op.hr);
        import_end(l, &op);
        return true;
}
