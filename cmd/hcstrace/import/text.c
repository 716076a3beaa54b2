/* SPDX-License-Identifier: MIT */

/* Quoting undone, from error texts to codes, from names of all generations to verbs. Pure functions. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "cmd/hcstrace/import/inside.h"

size_t import_unquote_to(const char *s, size_t n, char *out) {
        size_t len = 0;

        for (size_t i = 0; i < n; i++) {
                if (s[i] != '\\' || i + 1 == n) {
                        out[len++] = s[i];
                        continue;
                }
                switch (s[++i]) {
                case 'n':
                        out[len++] = '\n';
                        break;
                case 'r':
                        out[len++] = '\r';
                        break;
                case 't':
                        out[len++] = '\t';
                        break;
                case 'u':
                        /* Left for the JSON parser, which knows surrogates. */
                        out[len++] = '\\';
                        out[len++] = 'u';
                        break;
                default:
                        out[len++] = s[i];
                }
        }
        out[len] = '\0';
        return len;
}

/* hcsshim prints the system's text for a code; ours are the same sentences. */
static HRESULT code_of_sentence(const char *text) {
        static const uint32_t known[] = {1,   2,   3,   5,    6,    13,   32,   50,   52,   55,   87,  112,
                                         123, 183, 267, 1067, 1168, 1314, 1326, 1385, 1460, 2014, 5010};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(known); i++)
                if (strstr(text, hcs_hresult_lookup(HCS_WIN32(known[i]))->description))
                        return HCS_WIN32(known[i]);
        for (uint32_t c = 0xC0370100; c <= 0xC0370113; c++)
                if (hcs_hresult_lookup((HRESULT)c) && strstr(text, hcs_hresult_lookup((HRESULT)c)->description))
                        return (HRESULT)c;
        return S_OK;
}

HRESULT import_code(const char *text) {
        static const struct {
                const char *mark;
                int base;
        } marks[] = {{"(0x", 16},          {"HRESULT 0x", 16}, {"HRESULT: ", 10}, {"hr=0x", 16}, {"winapi error #", 10},
                     {"ErrorCode\":", 10}, {"r1=", 10}};

        if (!text || !*text)
                return S_OK;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(marks); i++)
                for (const char *p = strstr(text, marks[i].mark); p; p = strstr(p + 1, marks[i].mark)) {
                        unsigned long long code = strtoull(p + strlen(marks[i].mark), NULL, marks[i].base);

                        if (code && code <= UINT32_MAX)
                                return hcs_hresult_from_win32((uint32_t)code);
                }
        if (strstr(text, "timeout waiting for notification"))
                return HCS_E_OPERATION_TIMEOUT;
        return code_of_sentence(text);
}

/* Can it have such a member, perhaps with a letter of it escaped? Most results have not. */
static bool may_hold_error(const char *result) {
        return strcasestr(result, "\"Error\"") || strstr(result, "\\u");
}

HRESULT import_failure(const char *error, const char *result) {
        _cleanup_json_ struct hcs_json *j = NULL;
        HRESULT hr = import_code(error);
        int64_t code;

        if (SUCCEEDED(hr) && result && may_hold_error(result) && SUCCEEDED(hcs_json_parse_cstr(result, &j, NULL)) &&
            hcs_json_i64(hcs_json_get_nocase(j, "Error"), &code) && (HRESULT)(uint32_t)code < 0)
                hr = (HRESULT)(uint32_t)code;
        return FAILED(hr) ? hr : error && *error ? E_FAIL : S_OK;
}

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
        {"CreateProcessNoStdio", MOCK_CREATE_PROCESS},
        {"OpenProcess", MOCK_OPEN_PROCESS},
        {"StartComputeSystem", MOCK_START_SYSTEM},
        {"ShutdownComputeSystem", MOCK_SHUTDOWN_SYSTEM},
        {"ShutDownComputeSystem", MOCK_SHUTDOWN_SYSTEM},
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
        {"PropertiesV2", MOCK_GET_SYSTEM_PROPERTIES},
        {"Kill", MOCK_TERMINATE_PROCESS},
        {"Signal", MOCK_SIGNAL_PROCESS},
        {"ResizeConsole", MOCK_MODIFY_PROCESS},
};

enum mock_verb import_verb(const char *name, size_t n) {
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

char *import_word(const char *p) {
        return hcs_strndup(p, strcspn(p, " \t\r\n:,"));
}

char *import_after(const char *text, const char *key) {
        const char *at = strstr(text, key);

        return at ? hcs_strndup(at + strlen(key), strcspn(at + strlen(key), " \t\r\n")) : NULL;
}
