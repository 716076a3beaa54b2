/* SPDX-License-Identifier: MIT */

/* Agents of integration/vm/agent.h. */

#include "integration/vm/agent.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "integration/vm/rig.h"
#include "platform/clock.h"

static const struct hcs_call patience = {.timeout_ms = 120000};

static void die(struct agent *a, const char *what, struct hcs_error *err) {
        struct hcs_error *whole = NULL;
        _cleanup_free_ char *text = NULL;

        if (a->vm)
                vm_fail(a->vm, E_FAIL, &whole, "%s: %s", what, err ? hcs_error_message(err) : "");
        text = hcs_error_format(whole ? whole : err);
        fprintf(stderr, "%s\n", text);
        exit(1);
}

static void ended(void *ctx, struct vm *vm) {
        struct agent *a = ctx;

        if (a->entropy)
                hcs_gcs_listener_wake(a->entropy);
        if (a->log)
                hcs_gcs_listener_wake(a->log);
        hcs_gcs_listener_wake(a->bridge);
}

static void serve_entropy(void *arg) {
        hcs_gcs_serve_entropy(arg, &patience, NULL);
}

struct vm_options agent_options(void) {
        struct vm_options o = rig_options(NULL);

        o.initrd = getenv("VM_AGENT_INITRD");
        o.command_line = "console=ttyS0 quiet panic=-1 -- -e 1 /bin/vsockexec -e 109 /bin/gcs -v4 -log-format json "
                         "-loglevel info -disable-time-sync";
        return o;
}

void agent_start(struct agent *a, const struct vm_options *options) {
        _cleanup_free_ char *name = NULL;
        struct vm_options o = *options;
        struct hcs_error *err = NULL;

        *a = (struct agent){0};
        o.ended = ended;
        o.ctx = a;
        if (FAILED(vm_new(&o, &a->vm, &err)))
                die(a, "make the machine", err);
        name = hcs_asprintf("unix:%s/v.sock", vm_folder(a->vm));
        if (FAILED(hcs_gcs_transport_open(name, &a->transport, &err)) ||
            FAILED(hcs_gcs_listen(a->transport, HCS_GCS_BRIDGE, &a->bridge, &err)))
                die(a, "listen", err);
        if (!o.saved) {
                if (FAILED(hcs_gcs_listen(a->transport, HCS_GCS_ENTROPY, &a->entropy, &err)) ||
                    FAILED(hcs_gcs_listen(a->transport, HCS_GCS_LOG, &a->log, &err)) ||
                    FAILED(hcs_thread_start(&a->entropy_server, serve_entropy, a->entropy, &err)))
                        die(a, "listen", err);
                a->serves_entropy = true;
        }
        if (FAILED(vm_start(a->vm, hcs_clock_ns() + 120ull * HCS_NS_PER_S, &err)))
                die(a, "start", err);
        if (a->log && FAILED(hcs_gcs_accept(a->log, &patience, &a->log_stream, &err)))
                die(a, "wait for the log", err);
}

void agent_connect(struct agent *a) {
        struct hcs_gcs_options o = {.warm = a->gc != NULL || !a->log};
        struct hcs_stream *stream;
        struct hcs_error *err = NULL;

        a->gc = hcs_gcs_connection_unref(a->gc);
        if (FAILED(hcs_gcs_accept(a->bridge, &patience, &stream, &err)) ||
            FAILED(hcs_gcs_connect(stream, a->transport, &o, &patience, &a->gc, &err)))
                die(a, "wait for the agent", err);
}

unsigned agent_run(struct agent *a, const char *command) {
        _cleanup_json_ struct hcs_json *parameters = hcs_json_new_object();
        struct hcs_json *arguments = hcs_json_set_new_array(parameters, "CommandArgs");
        _cleanup_free_ char *text = NULL;
        struct hcs_gcs_process *p;
        struct hcs_error *err = NULL;
        uint32_t code = 0;

        hcs_json_append(arguments, hcs_json_new_string("/bin/sh"));
        hcs_json_append(arguments, hcs_json_new_string("-c"));
        hcs_json_append(arguments, hcs_json_new_string(command));
        text = hcs_json_text(parameters, HCS_JSON_COMPACT);
        if (FAILED(hcs_gcs_exec(a->gc, text, &patience, &p, &err)) ||
            FAILED(hcs_gcs_process_wait(p, &patience, &code, &err)))
                die(a, command, err);
        hcs_gcs_process_unref(p);
        return code;
}

void agent_stop(struct agent *a) {
        hcs_gcs_connection_unref(a->gc);
        a->vm = vm_free(a->vm);
        if (a->serves_entropy)
                hcs_thread_join(&a->entropy_server);
        hcs_stream_close(a->log_stream);
        hcs_gcs_listener_close(a->entropy);
        hcs_gcs_listener_close(a->log);
        hcs_gcs_listener_close(a->bridge);
        hcs_gcs_transport_unref(a->transport);
}
