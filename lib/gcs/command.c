/* SPDX-License-Identifier: MIT */

/* From a process of an OCI spec to process parameters, as hcsshim's internal/cmd makes them. Pure. */

#include <string.h>

#include "base/str.h"
#include "gcs/internal.h"

static char *command_line(const struct hcs_json *args) {
        _cleanup_buf_ struct hcs_buf out = {0};

        for (const struct hcs_json *a = hcs_json_first(args); a; a = hcs_json_next(a))
                hcs_str_append_windows_argument(&out, hcs_json_string(a) ? hcs_json_string(a) : "");
        return hcs_buf_steal(&out);
}

/* "NAME=value"; what has no value is left out. */
static struct hcs_json *environment(const struct hcs_json *env) {
        struct hcs_json *map = hcs_json_new_object();

        for (const struct hcs_json *e = hcs_json_first(env); e; e = hcs_json_next(e)) {
                const char *text = hcs_json_string(e), *eq = text ? strchr(text, '=') : NULL;
                _cleanup_free_ char *name = eq ? hcs_strndup(text, (size_t)(eq - text)) : NULL;

                if (eq && eq[1])
                        hcs_json_set_string(map, name, eq + 1);
        }
        return map;
}

static void spell_out(const struct hcs_json *process, bool windows, struct hcs_json *out) {
        const struct hcs_json *size = hcs_json_get(process, "consoleSize");
        const char *line = hcs_json_get_string(process, "commandLine"),
                   *user = hcs_json_string(hcs_json_lookup(process, "user.username")),
                   *cwd = hcs_json_get_string(process, "cwd");
        struct hcs_json *list;

        if (line && *line) {
                hcs_json_set_string(out, "CommandLine", line);
        } else if (windows) {
                _cleanup_free_ char *made = command_line(hcs_json_get(process, "args"));

                hcs_json_set_string(out, "CommandLine", made);
        } else if (hcs_json_count(hcs_json_get(process, "args"))) {
                hcs_json_set(out, "CommandArgs", hcs_json_copy(hcs_json_get(process, "args")));
        }
        if (user)
                hcs_json_set_string(out, "User", user);
        if (cwd)
                hcs_json_set_string(out, "WorkingDirectory", cwd);
        hcs_json_set(out, "Environment", environment(hcs_json_get(process, "env")));
        hcs_json_set_bool(out, "EmulateConsole", hcs_json_bool(hcs_json_get(process, "terminal")));
        if (hcs_json_is(size, HCS_JSON_OBJECT)) {
                list = hcs_json_set_new_array(out, "ConsoleSize");
                for (int i = 0; i < 2; i++) {
                        const struct hcs_json *n = hcs_json_get(size, i ? "width" : "height");

                        hcs_json_append(list, n ? hcs_json_copy(n) : hcs_json_new_u64(0));
                }
        }
}

HRESULT hcs_gcs_command_parameters(const struct hcs_gcs_command *command, char **ret, struct hcs_error **err) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_GCS_LINUX_PROCESS_PARAMETERS);
        _cleanup_json_ struct hcs_json *process = NULL, *out = hcs_json_new_object();
        void *doc = NULL;
        HRESULT hr = S_OK;

        if (command->process)
                hr = gcs_document("process", command->process, NULL, &process, err);
        if (FAILED(hr))
                return hr;
        if (!hcs_json_is(process, HCS_JSON_OBJECT) && command->host != HCS_GCS_LINUX_CONTAINER)
                return hcs_error_make(err, E_INVALIDARG, "process spec is required for non-OCI ProcessHost");
        if (command->host != HCS_GCS_LINUX_CONTAINER)
                spell_out(process, command->host == HCS_GCS_WINDOWS, out);
        else if (hcs_json_is(process, HCS_JSON_OBJECT))
                hcs_json_set(out, "OciProcess", steal_pointer(&process));
        hcs_json_set_bool(out, "CreateStdInPipe", command->in);
        hcs_json_set_bool(out, "CreateStdOutPipe", command->out);
        hcs_json_set_bool(out, "CreateStdErrPipe", command->err);
        /* Through the type: in its order, without what is empty. */
        hr = hcs_schema_parse_json(type, out, &doc, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "process"), hr;
        *ret = hcs_schema_print(type, doc);
        hcs_schema_free(type, doc);
        return S_OK;
}
