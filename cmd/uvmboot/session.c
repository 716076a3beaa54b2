/* SPDX-License-Identifier: MIT */

/*
 * The command in the VM or its container: the relay between its streams and ours, the terminal. One session at a time
 * has the terminal; the thread that hears of its size may come at any moment.
 */

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "cmd/uvmboot/uvmboot.h"
#include "hcsshim/gcs.h"
#include "platform/terminal.h"
#include "platform/thread.h"

#define ENVIRONMENT "\"Environment\":{\"PATH\":\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"}"

static struct hcs_mutex lock = HCS_MUTEX_INIT;
static struct {
        struct hcs_gcs_process *process; /* NULL: nobody is at it */
        struct hcs_gcs_connection *gc;
        bool in_container;
} at_terminal; /* under the lock */

/* The protocol resizes terminals of containers only; those of the VM itself are told by a program there. */
static void resize_in_vm(uint16_t width, uint16_t height) {
        const struct hcs_call call = {.timeout_ms = 5000};
        _cleanup_free_ char *parameters = hcs_asprintf(
                "{\"CommandArgs\":[\"stty\",\"-F\",\"/proc/%u/fd/0\",\"rows\",\"%u\",\"cols\",\"%u\"]," ENVIRONMENT "}",
                hcs_gcs_process_pid(at_terminal.process), height, width);
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;

        if (SUCCEEDED(hcs_gcs_exec(at_terminal.gc, parameters, &call, &p, NULL)))
                hcs_gcs_process_wait(p, &call, NULL, NULL);
}

void uvmboot_session_resized(void) {
        const struct hcs_call call = {.timeout_ms = 5000};
        hcs_guard(&lock);
        uint16_t width, height;

        if (!at_terminal.process || !hcs_terminal_size(&width, &height))
                return;
        if (at_terminal.in_container)
                hcs_gcs_process_resize_console(at_terminal.process, width, height, &call, NULL);
        else
                resize_in_vm(width, height);
}

static void set_at_terminal(struct hcs_gcs_process *p, struct hcs_gcs_connection *gc, bool in_container) {
        hcs_guard(&lock);
        at_terminal.process = p;
        at_terminal.gc = gc;
        at_terminal.in_container = in_container;
}

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
        hcs_json_set_string(environment, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
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

static int64_t read_ours(void *ctx, void *buf, size_t size) {
        ssize_t n;

        do
                n = read(STDIN_FILENO, buf, size);
        while (n < 0 && errno == EINTR);
        return n;
}

static void write_ours(void *ctx, enum hcs_gcs_stream stream, const void *data, size_t n) {
        int fd = stream == HCS_GCS_STDERR ? STDERR_FILENO : STDOUT_FILENO;
        const char *p = data;

        while (n > 0) {
                ssize_t done = write(fd, p, n);

                if (done < 0 && errno == EINTR)
                        continue;
                if (done <= 0)
                        return; /* who reads us is gone: the command goes on all the same */
                p += done;
                n -= (size_t)done;
        }
}

static HRESULT run(const struct uvmboot_options *o, struct hcs_gcs_process *p, const struct hcs_call *call,
                   uint32_t *ret_code, struct hcs_error **err) {
        const struct hcs_gcs_relay relay = {.read = uvmboot_wants_input(o) ? read_ours : NULL, .write = write_ours};
        HRESULT hr = hcs_gcs_process_relay(p, &relay, err);

        if (SUCCEEDED(hr))
                hr = hcs_gcs_process_relay_wait(p, call, err);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_process_wait(p, call, ret_code, err);
        return hr;
}

HRESULT uvmboot_session(const struct uvmboot_options *o, struct hcs_gcs_connection *gc, struct hcs_gcs_process *p,
                        bool in_container, struct hcs_cancel *cancel, int *ret_exit_code, struct hcs_error **err) {
        const struct hcs_call call = {.timeout_ms = HCS_NO_TIMEOUT, .cancel = cancel};
        _cleanup_(hcs_terminal_raw_freep) struct hcs_terminal_raw *raw = NULL;
        uint32_t code = 0;
        HRESULT hr = S_OK;

        if (o->tty) {
                hr = hcs_terminal_raw_new(&raw, err);
                set_at_terminal(p, gc, in_container);
        }
        if (SUCCEEDED(hr))
                hr = run(o, p, &call, &code, err);
        set_at_terminal(NULL, NULL, false);
        hcs_gcs_process_close(p);
        if (SUCCEEDED(hr))
                *ret_exit_code = (int)(code & 0xff);
        return hr;
}
