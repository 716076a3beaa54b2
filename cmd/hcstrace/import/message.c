/* SPDX-License-Identifier: MIT */

/*
 * What a message says of HCS. Three generations of hcsshim, and the errors that its users print:
 *   msg=Span name=HcsCreateProcess processParameters="{...}" error=...          one line a call (since 0.9)
 *   msg="hcsshim::CreateComputeSystem - Begin Operation" ... "- End Operation - Error"    two lines, document between
 *   HCSShim::CreateComputeSystem - Win32 API call returned error r1=... id=... configuration={...}
 *   container ID encountered an error during Op: failure in a Windows system call: ... (0x..) extra info: {...}
 *   hcs::Op ID: text
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "cmd/hcstrace/import/import.h"

/* The last part of an operation's name, in any generation. */
static const struct {
        const char *name;
        enum mock_verb verb;
} verbs[] = {
        {"CreateComputeSystem", MOCK_CREATE_SYSTEM},
        {"CreateContainer", MOCK_CREATE_SYSTEM},
        {"OpenComputeSystem", MOCK_OPEN_SYSTEM},
        {"OpenContainer", MOCK_OPEN_SYSTEM},
        {"CreateProcess", MOCK_CREATE_PROCESS},
        {"OpenProcess", MOCK_OPEN_PROCESS},
        {"StartComputeSystem", MOCK_START_SYSTEM},
        {"ShutdownComputeSystem", MOCK_SHUTDOWN_SYSTEM},
        {"TerminateComputeSystem", MOCK_TERMINATE_SYSTEM},
        {"PauseComputeSystem", MOCK_PAUSE_SYSTEM},
        {"ResumeComputeSystem", MOCK_RESUME_SYSTEM},
        {"SaveComputeSystem", MOCK_SAVE_SYSTEM},
        {"GetComputeSystemProperties", MOCK_GET_SYSTEM_PROPERTIES},
        {"ModifyComputeSystem", MOCK_MODIFY_SYSTEM},
        {"EnumerateComputeSystems", MOCK_ENUMERATE_SYSTEMS},
        {"GetServiceProperties", MOCK_GET_SERVICE_PROPERTIES},
        {"ModifyServiceSettings", MOCK_MODIFY_SERVICE_SETTINGS},
        {"TerminateProcess", MOCK_TERMINATE_PROCESS},
        {"SignalProcess", MOCK_SIGNAL_PROCESS},
        {"GetProcessInfo", MOCK_GET_PROCESS_INFO},
        {"GetProcessProperties", MOCK_GET_PROCESS_PROPERTIES},
        {"ModifyProcess", MOCK_MODIFY_PROCESS},
        {"Start", MOCK_START_SYSTEM},
        {"Shutdown", MOCK_SHUTDOWN_SYSTEM},
        {"Terminate", MOCK_TERMINATE_SYSTEM},
        {"Pause", MOCK_PAUSE_SYSTEM},
        {"Resume", MOCK_RESUME_SYSTEM},
        {"Modify", MOCK_MODIFY_SYSTEM},
        {"Properties", MOCK_GET_SYSTEM_PROPERTIES},
        {"Kill", MOCK_TERMINATE_PROCESS},
        {"Signal", MOCK_SIGNAL_PROCESS},
        {"ResizeConsole", MOCK_MODIFY_PROCESS},
};

/* "hcs::System::CreateProcess", "HCSShim::CreateComputeSystem", "HcsStartComputeSystem", "CreateContainer". */
static enum mock_verb verb_of(const char *name, size_t n) {
        const char *end = name + n;

        for (const char *p = end; p > name; p--)
                if (p[-1] == ':') {
                        name = p;
                        break;
                }
        if (end - name > 3 && strncasecmp(name, "Hcs", 3) == 0)
                name += 3;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(verbs); i++)
                if (strlen(verbs[i].name) == (size_t)(end - name) &&
                    strncmp(verbs[i].name, name, (size_t)(end - name)) == 0)
                        return verbs[i].verb;
        return MOCK_VERB_NONE;
}

static const char *first_field(const struct import_line *l, const char *const *keys, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const char *v = import_field(l, keys[i]);

                if (v && *v)
                        return v;
        }
        return NULL;
}

static const char *system_field(const struct import_line *l) {
        static const char *const keys[] = {"cid", "system-id", "systemID", "id", "uvm-id", "containerID"};

        return first_field(l, keys, HCS_ARRAY_SIZE(keys));
}

static const char *document_field(const struct import_line *l) {
        static const char *const keys[] = {"configuration", "processParameters", "propertyQuery", "query",
                                           "settings",      "options",           "document",      "json"};

        return first_field(l, keys, HCS_ARRAY_SIZE(keys));
}

static uint32_t pid_field(const struct import_line *l) {
        const char *pid = import_field(l, "pid") ? import_field(l, "pid") : import_field(l, "processId");
        uint64_t n;

        return pid && hcs_str_to_u64(pid, &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
}

/* A failure is what a line says; what it says without a code is still one. */
static HRESULT code_of(const char *error, const char *result) {
        _cleanup_free_ char *document = result ? import_document(result) : NULL;
        _cleanup_json_ struct hcs_json *j = NULL;
        HRESULT hr = import_code(error);
        int64_t code;

        if (SUCCEEDED(hr) && document && SUCCEEDED(hcs_json_parse_cstr(document, &j, NULL)) &&
            hcs_json_i64(hcs_json_get_nocase(j, "Error"), &code) && (HRESULT)(uint32_t)code < 0)
                hr = (HRESULT)(uint32_t)code;
        return FAILED(hr) ? hr : error && *error ? E_FAIL : S_OK;
}

static bool span(struct import_message_state *s, const struct import_line *l) {
        const char *name = import_field(l, "name"), *error = import_field(l, "error"),
                   *result = import_field(l, "result");
        const char *raw = document_field(l);
        _cleanup_free_ char *document = raw ? import_document(raw) : NULL,
                            *answer = result ? import_document(result) : NULL;
        struct import_operation op = {
                .system = system_field(l), .document = document, .result = answer, .time_ns = l->time_ns};

        if (!name || !hcs_str_starts(name, "Hcs"))
                return false;
        op.verb = verb_of(name, strlen(name));
        if (op.verb == MOCK_VERB_NONE)
                return false;
        op.pid = pid_field(l);
        op.hr = code_of(error, result);
        if (hcs_is_pending(op.hr))
                op.hr = S_OK;
        if (op.verb == MOCK_GET_PROCESS_PROPERTIES && answer && strstr(answer, "\"Exited\":true"))
                import_emit_exit(s->emitter, op.system, op.pid, answer, l->time_ns);
        import_emit(s->emitter, &op);
        return true;
}

/* "- Begin Operation" keeps what follows for "- End Operation". */
static bool begin_end(struct import_message_state *s, const struct import_line *l, const char *msg) {
        const char *begin = strstr(msg, " - Begin Operation"), *end = strstr(msg, " - End Operation");
        const char *json = import_field(l, "json"), *error = import_field(l, "error");
        struct import_operation op = {
                .system = system_field(l), .document = s->document, .pid = pid_field(l), .time_ns = l->time_ns};

        if (json && (hcs_str_starts(msg, "HCS ComputeSystem") || strstr(msg, "Document"))) {
                free(s->document);
                s->document = import_document(json);
                return true;
        }
        if (begin) {
                s->document = hcs_free(s->document);
                return verb_of(msg, (size_t)(begin - msg)) != MOCK_VERB_NONE;
        }
        if (!end)
                return false;
        op.verb = verb_of(msg, (size_t)(end - msg));
        if (op.verb == MOCK_VERB_NONE) {
                if (strstr(msg, "Process::Wait") && strstr(end, "Success") && op.pid)
                        import_emit_exit(s->emitter, op.system, op.pid, NULL, l->time_ns);
                return false;
        }
        if (!strstr(end, "Success"))
                op.hr = code_of(error ? error : "failed", NULL);
        import_emit(s->emitter, &op);
        s->document = hcs_free(s->document);
        return true;
}

static char *word(const char *p) {
        return hcs_strndup(p, strcspn(p, " \t:,"));
}

/* "... encountered an error during Op: ..." */
static bool encountered(struct import_message_state *s, const struct import_line *l, const char *text) {
        const char *during = strstr(text, "encountered an error during "), *before = strstr(text, "container ");
        const char *extra = strstr(text, "extra info: "), *name, *stop;
        _cleanup_free_ char *id = NULL, *document = extra ? import_document(extra) : NULL;
        struct import_operation op = {.document = document, .time_ns = l->time_ns};

        if (!during)
                return false;
        name = during + strlen("encountered an error during ");
        stop = strstr(name, ": ");
        op.verb = verb_of(name, stop ? (size_t)(stop - name) : strlen(name));
        if (op.verb == MOCK_VERB_NONE)
                return false;
        for (const char *next = before; next && next < during; next = strstr(next + 1, "container "))
                before = next;
        if (before && before < during)
                op.system = id = word(before + strlen("container "));
        op.hr = code_of(stop ? stop + 2 : "failed", NULL);
        import_emit(s->emitter, &op);
        return true;
}

/* "hcs::Op id: text", "hcsshim::Op id: text", "HCSShim::Op - Win32 API call returned error r1=.. id=..
 * configuration={..}" */
static bool prefixed(struct import_message_state *s, const struct import_line *l, const char *text) {
        static const char *const prefixes[] = {"HCSShim::", "hcsshim::", "hcs::"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(prefixes); i++) {
                const char *name = strstr(text, prefixes[i]), *rest, *at;
                _cleanup_free_ char *id = NULL, *document = NULL;
                struct import_operation op = {.time_ns = l->time_ns};

                if (!name)
                        continue;
                rest = name + strcspn(name, " ");
                op.verb = verb_of(name, (size_t)(rest - name));
                if (op.verb == MOCK_VERB_NONE || !*rest)
                        return false;
                document = import_document(rest);
                op.document = document;
                at = strstr(rest, " id=");
                if (at)
                        id = word(at + 4);
                else if (strstr(rest, ": "))
                        id = word(rest + 1);
                else if (!strstr(rest, "error"))
                        return false; /* the announcement of a call; its end says how it went */
                op.system = id;
                op.hr = strstr(rest, "succeeded") ? S_OK : code_of(rest, NULL);
                import_emit(s->emitter, &op);
                return true;
        }
        return false;
}

bool import_message(struct import_message_state *s, const struct import_line *l) {
        const char *msg = import_field(l, "msg"), *error = import_field(l, "error");

        if (hcs_streq(msg, "Span"))
                return span(s, l);
        if (!msg)
                return false;
        if (begin_end(s, l, msg) || encountered(s, l, msg) || prefixed(s, l, msg))
                return true;
        /* What the layers above print of an error repeats it; only when nothing else spoke of it does it count. */
        return s->stats->failures == 0 && error && (encountered(s, l, error) || prefixed(s, l, error));
}
