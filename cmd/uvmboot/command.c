/* SPDX-License-Identifier: MIT */

/* The command of the command line: in the VM itself by its agent, or on this host with the bridge left to it. */

#include "base/json.h"
#include "cmd/session/session.h"
#include "cmd/uvmboot/uvmboot.h"
#include "hcsshim/gcs.h"
#include "platform/bound.h"
#include "platform/clock.h"
#include "platform/hvsocket.h"
#include "platform/process.h"
#include "platform/terminal.h"

struct hcs_json *uvmboot_exec_parameters(const struct uvmboot_options *o, bool tty) {
        struct hcs_json *p = hcs_json_new_object(), *arguments = hcs_json_set_new_array(p, "CommandArgs"), *environment,
                        *size;
        _cleanup_free_ char *sized = NULL;
        uint16_t width = 80, height = 24;

        hcs_terminal_size(&width, &height);
        if (o->arguments) {
                for (char **a = o->arguments; *a; a++)
                        hcs_json_append(arguments, hcs_json_new_string(*a));
        } else {
                hcs_json_append(arguments, hcs_json_new_string("sh"));
                /* The agent of a Linux guest does not look at ConsoleSize. */
                if (tty)
                        sized = hcs_asprintf("stty rows %u cols %u; %s", height, width, o->exec ? o->exec : "exec sh");
                if (tty || o->exec) {
                        hcs_json_append(arguments, hcs_json_new_string("-c"));
                        hcs_json_append(arguments, hcs_json_new_string(tty ? sized : o->exec));
                }
        }
        hcs_json_set_string(p, "WorkingDirectory", "/");
        environment = hcs_json_set_new_object(p, "Environment");
        hcs_json_set_string(environment, "PATH", HCS_GCS_PATH);
        hcs_json_set_string(environment, "HOME", "/root");
        if (tty) {
                hcs_json_set_string(environment, "TERM", getenv("TERM") ? getenv("TERM") : "linux");
                hcs_json_set_bool(p, "EmulateConsole", true);
                size = hcs_json_set_new_array(p, "ConsoleSize");
                hcs_json_append(size, hcs_json_new_u64(height));
                hcs_json_append(size, hcs_json_new_u64(width));
        }
        if (o->count == 1)
                hcs_json_set_bool(p, "CreateStdInPipe", true);
        hcs_json_set_bool(p, "CreateStdOutPipe", true);
        if (!tty)
                hcs_json_set_bool(p, "CreateStdErrPipe", true);
        return p;
}

HRESULT uvmboot_run_in_vm(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err) {
        const struct hcs_call call = {.timeout_ms = HCS_NO_TIMEOUT, .cancel = m->cancel};
        const struct hcs_json *command = hcs_json_get(m->run->more, "command");
        _cleanup_free_ char *parameters = hcs_json_text(command, HCS_JSON_COMPACT);
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        HRESULT hr;

        lcow_step(m->run, "runs %s", hcs_json_string(hcs_json_first(hcs_json_get(command, "CommandArgs"))));
        hr = hcs_gcs_exec(uvm_guest(m->vm), parameters, &call, &p, err);
        if (SUCCEEDED(hr))
                hr = session_run(&(struct session){.gc = uvm_guest(m->vm),
                                                   .process = p,
                                                   .tty = m->run->tty && !m->run->replay,
                                                   .input = !m->run->no_input,
                                                   .cancel = m->cancel},
                                 ret_exit_code, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "run the command"), hr;
        lcow_step(m->run, "the command has ended with %d", *ret_exit_code);
        return S_OK;
}

char *uvmboot_socket_folder(const struct lcow_machine *m) {
        GUID id;

        return hcs_system_runtime_id(m->system, &id) ? hcs_hvsocket_folder(&id) : NULL;
}

/* Whoever ends us ends that program, too, with all that it started. */
static HRESULT wait_for(struct hcs_child *child, const char *mark, struct hcs_cancel *cancel, int *ret_exit_code,
                        struct hcs_error **err) {
        const struct hcs_bound b = {.deadline_ns = HCS_FOREVER, .cancel = cancel};
        HRESULT cancelled = S_OK, hr;

        while (SUCCEEDED(cancelled) && !hcs_child_ended(child, hcs_bound_next(&b)))
                cancelled = hcs_bound_check(&b);
        if (FAILED(cancelled))
                hcs_child_kill_all(child, mark);
        hr = hcs_child_wait(child, ret_exit_code, err);
        return SUCCEEDED(hr) && FAILED(cancelled) ? hcs_bound_fail(cancelled, err) : hr;
}

HRESULT uvmboot_run_on_host(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err) {
        const char *line = ((struct uvmboot_vm *)m->run->ctx)->options->host_exec;
        _cleanup_free_ char *folder = uvmboot_socket_folder(m), *socket = NULL;
        char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)line, NULL};
        const char *environment[] = {NULL, NULL};
        struct hcs_child *child = NULL;
        HRESULT hr;

        if (!folder)
                return hcs_error_make(err, HCS_E_INVALID_STATE, "%s has no sockets here to hand on", m->id);
        environment[0] = socket = hcs_asprintf("UVM_SOCKET=%s/v.sock", folder);
        lcow_step(m->run, "the host runs %s", line);
        hr = hcs_child_spawn(argv, environment, HCS_CHILD_SHARES, &child, err);
        if (SUCCEEDED(hr))
                hr = wait_for(child, socket, m->cancel, ret_exit_code, err);
        if (SUCCEEDED(hr))
                lcow_step(m->run, "it has ended with %d", *ret_exit_code);
        return hr;
}
