/* SPDX-License-Identifier: MIT */

/* Sessions: the relay between a command's streams and ours, the terminal, signals. See session.h. */

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/session/session.h"
#include "platform/terminal.h"
#include "platform/thread.h"

#define ENVIRONMENT "\"Environment\":{\"PATH\":\"" HCS_GCS_PATH "\"}"

static struct hcs_mutex lock = HCS_MUTEX_INIT;
static struct session now; /* under the lock; no process: nobody is at it */

/* The protocol resizes terminals of containers only; those of the VM itself are told by a program there. */
static void resize_in_vm(uint16_t width, uint16_t height) {
        const struct hcs_call call = {.timeout_ms = 5000};
        _cleanup_free_ char *parameters = hcs_asprintf(
                "{\"CommandArgs\":[\"stty\",\"-F\",\"/proc/%u/fd/0\",\"rows\",\"%u\",\"cols\",\"%u\"]," ENVIRONMENT "}",
                hcs_gcs_process_pid(now.process), height, width);
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;

        if (SUCCEEDED(hcs_gcs_exec(now.gc, parameters, &call, &p, NULL)))
                hcs_gcs_process_wait(p, &call, NULL, NULL);
}

void session_resized(void) {
        const struct hcs_call call = {.timeout_ms = 5000};
        hcs_guard(&lock);
        uint16_t width, height;

        if (!now.process || !now.tty || !hcs_terminal_size(&width, &height))
                return;
        if (now.in_container)
                hcs_gcs_process_resize_console(now.process, width, height, &call, NULL);
        else
                resize_in_vm(width, height);
}

static void set_now(const struct session *s) {
        hcs_guard(&lock);

        now = s ? *s : (struct session){0};
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

bool session_signal(int signal) {
        const struct hcs_call call = {.timeout_ms = 5000};
        _cleanup_free_ char *options = hcs_asprintf("{\"Signal\":%d}", signal);
        bool delivered = false;
        hcs_guard(&lock);

        return now.process && SUCCEEDED(hcs_gcs_process_signal(now.process, options, &call, &delivered, NULL)) &&
               delivered;
}

static HRESULT run(const struct session *s, const struct hcs_call *call, uint32_t *ret_code, struct hcs_error **err) {
        const struct hcs_gcs_relay relay = {.read = s->input ? read_ours : NULL, .write = write_ours};
        HRESULT hr = hcs_gcs_process_relay(s->process, &relay, err);

        if (SUCCEEDED(hr))
                hr = hcs_gcs_process_relay_wait(s->process, call, err);
        if (SUCCEEDED(hr))
                hr = hcs_gcs_process_wait(s->process, call, ret_code, err);
        return hr;
}

HRESULT session_run(const struct session *s, int *ret_exit_code, struct hcs_error **err) {
        const struct hcs_call call = {.timeout_ms = HCS_NO_TIMEOUT, .cancel = s->cancel};
        _cleanup_(hcs_terminal_raw_freep) struct hcs_terminal_raw *raw = NULL;
        uint32_t code = 0;
        HRESULT hr = s->tty ? hcs_terminal_raw_new(&raw, err) : S_OK;

        if (FAILED(hr))
                return hr;
        set_now(s);
        hr = run(s, &call, &code, err);
        set_now(NULL);
        hcs_gcs_process_close(s->process);
        if (SUCCEEDED(hr))
                *ret_exit_code = (int)(code & 0xff);
        return hr;
}
