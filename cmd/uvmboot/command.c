/* SPDX-License-Identifier: MIT */

/* The command of the command line, as the agent wants it. */

#include "base/json.h"
#include "cmd/uvmboot/uvmboot.h"
#include "hcsshim/gcs.h"
#include "platform/terminal.h"

/* Our input is waited for in vain when nobody may end it: several VMs get none. */
bool uvmboot_wants_input(const struct uvmboot_options *o) {
        return o->count == 1;
}

char *uvmboot_exec_parameters(const struct uvmboot_options *o) {
        _cleanup_json_ struct hcs_json *p = hcs_json_new_object();
        struct hcs_json *arguments = hcs_json_set_new_array(p, "CommandArgs"), *environment, *size;
        _cleanup_free_ char *sized = NULL;
        uint16_t width = 80, height = 24;

        hcs_terminal_size(&width, &height);
        if (o->arguments) {
                for (char **a = o->arguments; *a; a++)
                        hcs_json_append(arguments, hcs_json_new_string(*a));
        } else {
                hcs_json_append(arguments, hcs_json_new_string("sh"));
                /* The agent of a Linux guest does not look at ConsoleSize. */
                if (o->tty)
                        sized = hcs_asprintf("stty rows %u cols %u; %s", height, width, o->exec ? o->exec : "exec sh");
                if (o->tty || o->exec) {
                        hcs_json_append(arguments, hcs_json_new_string("-c"));
                        hcs_json_append(arguments, hcs_json_new_string(o->tty ? sized : o->exec));
                }
        }
        hcs_json_set_string(p, "WorkingDirectory", "/");
        environment = hcs_json_set_new_object(p, "Environment");
        hcs_json_set_string(environment, "PATH", HCS_GCS_PATH);
        hcs_json_set_string(environment, "HOME", "/root");
        if (o->tty) {
                hcs_json_set_string(environment, "TERM", getenv("TERM") ? getenv("TERM") : "linux");
                hcs_json_set_bool(p, "EmulateConsole", true);
                size = hcs_json_set_new_array(p, "ConsoleSize");
                hcs_json_append(size, hcs_json_new_u64(height));
                hcs_json_append(size, hcs_json_new_u64(width));
        }
        if (uvmboot_wants_input(o))
                hcs_json_set_bool(p, "CreateStdInPipe", true);
        hcs_json_set_bool(p, "CreateStdOutPipe", true);
        if (!o->tty)
                hcs_json_set_bool(p, "CreateStdErrPipe", true);
        return hcs_json_text(p, HCS_JSON_COMPACT);
}

const char *uvmboot_command(const struct uvmboot_options *o) {
        return o->arguments ? o->arguments[0] : o->exec ? o->exec : "a shell";
}
