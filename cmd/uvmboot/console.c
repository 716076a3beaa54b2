/* SPDX-License-Identifier: MIT */

/*
 * The console of a VM: serial port 0 of its document, which is a named pipe, of an emulated VM a socket beside those of
 * the guest. What comes is copied by a thread of its own, what is typed by another that goes with the process.
 */

#include <stdio.h>

#include "cmd/uvmboot/uvmboot.h"
#include "platform/bound.h"
#include "platform/terminal.h"

static void copy(void *arg) {
        struct uvmboot_vm *v = arg;
        FILE *to = v->options->gcs ? stderr : stdout;
        char data[4096];
        size_t n;

        while (hcs_stream_read(v->console, data, sizeof(data), NULL, &n, NULL) == S_OK && n) {
                fwrite(data, 1, n, to);
                fflush(to);
        }
}

void uvmboot_console_open(struct lcow_machine *m) {
        struct uvmboot_vm *v = m->run->ctx;
        _cleanup_free_ char *folder = uvmboot_socket_folder(m), *path = NULL;
        struct hcs_stream *console = NULL;
        HRESULT hr = S_OK;

        if (!folder)
                hr = hcs_error_make(&v->console_error, HCS_E_INVALID_STATE, "it has no sockets here");
        else
                path = hcs_asprintf("%s/pipe_%s", folder, v->run.vm);
        if (SUCCEEDED(hr))
                hr = hcs_stream_connect_unix(path, NULL, &console, &v->console_error);
        if (SUCCEEDED(hr)) {
                v->console = console;
                hr = hcs_thread_start(&v->console_reader, copy, v, &v->console_error);
        }
        if (FAILED(hr)) {
                hcs_error_wrap(&v->console_error, "the console of %s", m->id);
                v->console = hcs_stream_close(console);
        }
}

static void type(void *arg) {
        struct hcs_stream *console = arg;
        char c;

        setvbuf(stdin, NULL, _IONBF, 0);
        while (fread(&c, 1, 1, stdin) == 1)
                if (FAILED(hcs_stream_write(console, &c, 1, NULL, NULL)))
                        return;
}

HRESULT uvmboot_at_console(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err) {
        const struct hcs_call call = {.timeout_ms = HCS_NO_TIMEOUT, .cancel = m->cancel};
        struct uvmboot_vm *v = m->run->ctx;
        _cleanup_(hcs_terminal_raw_freep) struct hcs_terminal_raw *raw = NULL;
        struct hcs_error *why = NULL;
        HRESULT hr = v->console ? S_OK : hcs_error_move(err, &v->console_error);
        bool crashed;

        if (SUCCEEDED(hr) && !v->run.no_input) {
                if (hcs_terminal_is_interactive())
                        hr = hcs_terminal_raw_new(&raw, err);
                if (SUCCEEDED(hr))
                        hr = hcs_thread_start_detached(type, v->console, err);
        }
        if (SUCCEEDED(hr))
                hr = uvm_wait(m->vm, &call, err);
        if (FAILED(hr) || SUCCEEDED(uvm_exit_error(m->vm, &why)))
                return hr;
        hcs_mutex_lock(&v->lock);
        crashed = v->crashed;
        hcs_mutex_unlock(&v->lock);
        /* An init that ends is a panic of its kernel, and how a console session ends. */
        if (!crashed)
                return hcs_error_move(err, &why);
        hcs_error_free(why);
        return S_OK;
}

/* The VM is closed, and so is its port, when all that it said is here. Who types may still be at the stream, which then
 * goes with the process. */
void uvmboot_console_close(struct uvmboot_vm *v) {
        if (v->console) {
                hcs_thread_join(&v->console_reader);
                if (v->options->gcs || v->run.no_input)
                        hcs_stream_close(v->console);
                v->console = NULL;
        }
        v->console_error = hcs_error_free(v->console_error);
}
