/* SPDX-License-Identifier: MIT */

/*
 * One utility VM: its machine, the ports the guest dials in the order in which hcsshim expects them, the bridge,
 * mounts, the command, and the end. Everything belongs to the thread that calls; the machine's and the log's threads
 * only wake it and write to files.
 */

#include <stdio.h>
#include <string.h>

#include "cmd/session/session.h"
#include "cmd/uvmboot/uvm.h"
#include "mockhcs/bridge/tap.h"
#include "mockhcs/vm/accelerator.h"
#include "platform/clock.h"
#include "platform/process.h"
#include "platform/terminal.h"

#define LAST_WORDS_MS 2000 /* for the log of a VM that goes */
#define SHUTDOWN_S    10

struct hcs_call uvm_until_deadline(const struct uvm *u) {
        uint64_t now = hcs_clock_ns();

        return (struct hcs_call){
                .timeout_ms = u->deadline_ns > now ? (int64_t)((u->deadline_ns - now) / HCS_NS_PER_MS) + 1 : 1,
                .cancel = u->cancel,
        };
}

/* On the machine's thread: nobody will call any more. */
static void ended(void *ctx, struct vm *vm) {
        struct uvm *u = ctx;

        if (u->entropy)
                hcs_gcs_listener_wake(u->entropy);
        if (u->log_listener)
                hcs_gcs_listener_wake(u->log_listener);
        if (u->bridge_listener)
                hcs_gcs_listener_wake(u->bridge_listener);
}

/* On the machine's thread, too. */
static void console(void *ctx, const char *data, size_t n) {
        const struct uvm *u = ctx;

        if (!u->options->gcs || u->options->debug)
                fwrite(data, 1, n, u->options->gcs ? stderr : stdout);
        fflush(stdout);
}

HRESULT uvm_explain(struct uvm *u, HRESULT hr, struct hcs_error **err, const char *what) {
        struct hcs_error *why = NULL;
        struct vm_end end;

        if (hcs_cancel_is_set(u->cancel)) {
                hcs_error_free(*err);
                *err = NULL;
                return hcs_error_make(err, E_ABORT, "%s: %s: interrupted", u->name, what);
        }
        /* A bridge that closes is often the first that is known of a machine's end. */
        if (hr == HCS_E_CONNECTION_CLOSED)
                vm_wait(u->vm, hcs_clock_ns() + HCS_NS_PER_S, NULL, NULL);
        if (vm_has_ended(u->vm, &end) || !*err) {
                hcs_error_free(*err);
                *err = NULL;
                return vm_fail(u->vm, hr, err, "%s", what);
        }
        vm_fail(u->vm, hr, &why, "%s: %s", what, hcs_error_message(*err));
        hcs_error_free(*err);
        *err = why;
        return hr;
}

static void trying_kvm(void *ctx) {
        uvmboot_step(ctx, "finding out whether a guest boots with KVM");
}

static HRESULT make_machine(struct uvm *u, struct hcs_error **err) {
        const struct uvmboot_options *o = u->options;
        struct vm_disk disks[2 * MAX_MOUNTS];
        struct vm_pmem pmems[MAX_MOUNTS];
        const struct vm_nic nic = {"eth0", NULL, VM_NIC_NAT};
        struct vm_options v = {
                .name = u->name,
                .kernel = u->kernel,
                .initrd = u->initrd,
                .command_line = u->command_line,
                .processors = o->processors,
                .memory_mb = o->memory_mb,
                .accelerator = o->accelerator,
                .vsock = o->vsock,
                .guest_cid = u->cid,
                .controllers = o->n_scsi || o->n_layers ? 1 : 0,
                .disks = disks,
                .n_disks = o->n_scsi + o->n_layers,
                .pmem = pmems,
                .n_pmem = o->n_vpmem,
                .nics = &nic,
                .n_nics = o->network ? 1 : 0,
                .artefacts = o->artefacts,
                .console = console,
                .ended = ended,
                .ctx = u,
        };

        for (unsigned i = 0; i < o->n_scsi; i++)
                disks[i] = (struct vm_disk){0, i, o->scsi[i].host, !o->scsi[i].writable};
        for (unsigned i = 0; i < o->n_layers; i++)
                disks[o->n_scsi + i] = (struct vm_disk){0, o->n_scsi + i, o->layers[i].host, true};
        for (unsigned i = 0; i < o->n_vpmem; i++)
                pmems[i] = (struct vm_pmem){i, o->vpmem[i].host, true};
        if (v.accelerator == VM_ACCELERATOR_AUTO) {
                _cleanup_free_ char *why = NULL;

                v.accelerator = vm_accelerator_probe(
                        &(struct vm_probe_options){.kernel = u->kernel, .trying = trying_kvm, .ctx = &u->steps}, &why);
                uvmboot_step(&u->steps, "%s", why);
        }
        return vm_new(&v, &u->vm, err);
}

static HRESULT listen_for_guest(struct uvm *u, struct hcs_error **err) {
        const struct uvmboot_options *o = u->options;
        _cleanup_free_ char *name = o->vsock == VM_VSOCK_KERNEL ? hcs_asprintf("vsock:%u", u->cid)
                                                                : hcs_asprintf("unix:%s/v.sock", vm_folder(u->vm));
        HRESULT hr = hcs_gcs_transport_open(name, &u->transport, err);

        if (SUCCEEDED(hr) && o->entropy)
                hr = hcs_gcs_listen(u->transport, HCS_GCS_ENTROPY, &u->entropy, err);
        if (SUCCEEDED(hr) && o->gcs && (o->fwd_stdout || o->fwd_stderr))
                hr = hcs_gcs_listen(u->transport, HCS_GCS_LOG, &u->log_listener, err);
        if (SUCCEEDED(hr) && o->gcs && !o->host_exec)
                hr = hcs_gcs_listen(u->transport, HCS_GCS_BRIDGE, &u->bridge_listener, err);
        return hr;
}

static void serve_entropy(void *arg) {
        struct uvm *u = arg;
        struct hcs_call call = uvm_until_deadline(u);

        u->entropy_served = SUCCEEDED(hcs_gcs_serve_entropy(u->entropy, &call, NULL));
}

static void keep_log(void *ctx, const void *data, size_t n) {
        struct uvm *u = ctx;

        if (u->log_file)
                fwrite(data, 1, n, u->log_file);
        if (u->options->log_to_stdout)
                fwrite(data, 1, n, stdout);
}

static HRESULT accept_log(struct uvm *u, struct hcs_error **err) {
        _cleanup_free_ char *path = vm_artefact_path(u->vm, "agent.log");
        struct hcs_call call = uvm_until_deadline(u);
        struct hcs_stream *stream = NULL;
        HRESULT hr = hcs_gcs_accept(u->log_listener, &call, &stream, err);

        if (FAILED(hr))
                return hr;
        u->log_file = fopen(path, "wbe");
        if (u->log_file)
                setvbuf(u->log_file, NULL, _IONBF, 0);
        return hcs_gcs_log_new(stream, &(struct hcs_gcs_log_options){.name = u->name, .raw = keep_log, .ctx = u},
                               &u->log, err);
}

/* What goes over the bridge is kept with the other artefacts: hcstrace show prints it. */
static void open_tap(struct uvm *u) {
        _cleanup_free_ char *path = vm_artefact_path(u->vm, "bridge.trace");
        const struct mock_trace_header header = {.recorder = "uvmboot " HCS_VERSION, .os = "linux", .redacted = true};

        if (SUCCEEDED(mock_trace_writer_open(path, &header, &u->trace, NULL)))
                u->tap = mock_tap_new(u->trace, "bridge/1", hcs_clock_ns(), true);
}

static HRESULT connect_bridge(struct uvm *u, struct hcs_error **err) {
        struct hcs_call call = uvm_until_deadline(u);
        struct hcs_stream *stream = NULL;
        HRESULT hr = hcs_gcs_accept(u->bridge_listener, &call, &stream, err);

        if (FAILED(hr))
                return uvm_explain(u, hr, err, "wait for the agent to call");
        uvmboot_step(&u->steps, "the agent has called");
        call = uvm_until_deadline(u);
        open_tap(u);
        hr = hcs_gcs_connect(
                stream, u->transport,
                &(struct hcs_gcs_options){.name = u->name, .tap = u->tap ? mock_tap_frame : NULL, .tap_ctx = u->tap},
                &call, &u->gc, err);
        if (FAILED(hr))
                return uvm_explain(u, hr, err, "negotiate with the agent");
        uvmboot_step(&u->steps, "speaks protocol %u, guest is %s", hcs_gcs_protocol(u->gc), hcs_gcs_os(u->gc));
        return S_OK;
}

static HRESULT boot(struct uvm *u, struct hcs_error **err) {
        HRESULT hr;

        uvmboot_step(&u->steps, "kernel %s, initrd %s", u->kernel, u->initrd ? u->initrd : "none");
        hr = make_machine(u, err);
        if (SUCCEEDED(hr))
                hr = listen_for_guest(u, err);
        if (FAILED(hr))
                return hr;
        u->deadline_ns = hcs_clock_ns() + (uint64_t)u->options->timeout_s * HCS_NS_PER_S;
        hr = vm_start(u->vm, u->deadline_ns, err);
        if (FAILED(hr))
                return hr;
        uvmboot_step(&u->steps, "QEMU runs (process %lld), sockets are in %s", (long long)vm_pid(u->vm),
                     vm_folder(u->vm));
        if (u->entropy) {
                hr = hcs_thread_start(&u->entropy_thread, serve_entropy, u, err);
                u->entropy_started = SUCCEEDED(hr);
        }
        if (FAILED(hr) || !u->options->gcs)
                return hr;
        if (u->log_listener) {
                hr = accept_log(u, err);
                if (FAILED(hr))
                        return uvm_explain(u, hr, err, "wait for the agent's log");
                uvmboot_step(&u->steps, "the agent's log is here");
        }
        return u->bridge_listener ? connect_bridge(u, err) : S_OK;
}

/* Another program has the bridge; when it ends, so does the VM. */
static HRESULT run_on_host(struct uvm *u, int *ret_code, struct hcs_error **err) {
        _cleanup_free_ char *socket = hcs_asprintf("UVM_SOCKET=%s/v.sock", vm_folder(u->vm));
        const char *environment[] = {socket, NULL};
        char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)u->options->host_exec,
                        NULL};
        struct hcs_child *child = NULL;
        HRESULT hr;

        uvmboot_step(&u->steps, "the host runs %s", u->options->host_exec);
        hr = hcs_child_spawn(argv, environment, HCS_CHILD_SHARES, &child, err);
        if (SUCCEEDED(hr))
                hr = hcs_child_wait(child, ret_code, err);
        if (SUCCEEDED(hr))
                uvmboot_step(&u->steps, "it has ended with %d", *ret_code);
        return hr;
}

static HRESULT run_in_vm(struct uvm *u, int *ret_code, struct hcs_error **err) {
        const struct hcs_call call = {.timeout_ms = HCS_NO_TIMEOUT, .cancel = u->cancel};
        _cleanup_free_ char *parameters = uvmboot_exec_parameters(u->options);
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        HRESULT hr;

        uvmboot_step(&u->steps, "runs %s", uvmboot_command(u->options));
        hr = hcs_gcs_exec(u->gc, parameters, &call, &p, err);
        if (SUCCEEDED(hr))
                hr = session_run(&(struct session){.gc = u->gc,
                                                   .process = p,
                                                   .tty = u->options->tty,
                                                   .input = uvmboot_wants_input(u->options),
                                                   .cancel = u->cancel},
                                 ret_code, err);
        if (FAILED(hr))
                return uvm_explain(u, hr, err, "run the command");
        uvmboot_step(&u->steps, "the command has ended with %d", *ret_code);
        return S_OK;
}

/* Gives up what is typed to the console, until the VM ends. */
static void type_at_console(void *arg) {
        struct uvm *u = arg;
        char data[256];
        size_t n;

        setvbuf(stdin, NULL, _IONBF, 0);
        while ((n = fread(data, 1, 1, stdin)) > 0)
                if (FAILED(vm_console_write(u->vm, data, n, NULL)))
                        return;
}

static HRESULT at_console(struct uvm *u, struct hcs_error **err) {
        _cleanup_(hcs_terminal_raw_freep) struct hcs_terminal_raw *raw = NULL;
        struct vm_end end = {0};
        HRESULT hr = S_OK;

        if (u->options->count == 1) {
                if (hcs_terminal_is_interactive())
                        hr = hcs_terminal_raw_new(&raw, err);
                if (SUCCEEDED(hr))
                        hr = hcs_thread_start_detached(type_at_console, u, err);
        }
        while (SUCCEEDED(hr) && !vm_has_ended(u->vm, &end)) {
                if (hcs_cancel_is_set(u->cancel))
                        return uvm_explain(u, E_ABORT, err, "wait for the VM");
                vm_wait(u->vm, hcs_clock_ns() + 100 * HCS_NS_PER_MS, &end, NULL);
        }
        /* An init that ends is a panic of its kernel, and how a console session ends. */
        if (SUCCEEDED(hr) && end.kind == VM_END_DIED)
                return uvm_explain(u, HCS_E_UNEXPECTED_EXIT, err, "wait for the VM");
        return hr;
}

/* The guest is asked; it has some time. */
static void shut_down(struct uvm *u) {
        const struct hcs_call call = {.timeout_ms = SHUTDOWN_S * 1000};
        struct vm_end end;

        if (!u->gc || vm_has_ended(u->vm, &end))
                return;
        if (SUCCEEDED(hcs_gcs_shutdown(u->gc, false, &call, NULL)) &&
            SUCCEEDED(vm_wait(u->vm, hcs_clock_ns() + SHUTDOWN_S * (uint64_t)HCS_NS_PER_S, &end, NULL)))
                uvmboot_step(&u->steps, "has shut down");
        else
                uvmboot_step(&u->steps, "does not shut down, and is stopped");
}

static void clean_up(struct uvm *u) {
        const struct hcs_call call = {.timeout_ms = LAST_WORDS_MS};

        if (u->vm)
                vm_kill(u->vm);
        if (u->gc)
                hcs_gcs_connection_close(u->gc); /* a copy of our input may still keep it */
        hcs_gcs_container_unref(u->container);
        hcs_gcs_connection_unref(u->gc);
        mock_tap_free(u->tap);
        mock_trace_writer_free(u->trace);
        if (u->log)
                hcs_gcs_log_wait(u->log, &call, NULL);
        hcs_gcs_log_free(u->log);
        if (u->log_file)
                fclose(u->log_file);
        /* The machine's thread wakes the listeners at its end: they go after it. */
        vm_free(u->vm);
        if (u->entropy_started) {
                hcs_gcs_listener_wake(u->entropy);
                hcs_thread_join(&u->entropy_thread);
        }
        hcs_gcs_listener_close(u->entropy);
        hcs_gcs_listener_close(u->log_listener);
        hcs_gcs_listener_close(u->bridge_listener);
        hcs_gcs_transport_unref(u->transport);
        for (unsigned i = 0; i < u->options->n_layers; i++)
                hcs_json_free(u->verity[i]);
        free(u->kernel);
        free(u->initrd);
        free(u->command_line);
}

HRESULT uvmboot_run(const struct uvmboot_options *o, unsigned index, struct hcs_cancel *cancel, int *ret_exit_code,
                    struct hcs_error **err) {
        struct uvm u = {.options = o, .cancel = cancel};
        int code = 0;
        HRESULT hr;

        snprintf(u.name, sizeof(u.name), "uvmboot-%u", index);
        /* The CIDs of the host's own vsock are one room for all VMs. */
        u.cid = (o->cid ? o->cid : 3) + (o->vsock == VM_VSOCK_KERNEL ? index : 0);
        u.steps = (struct uvmboot_steps){.options = o, .name = u.name};
        u.command_line = uvmboot_command_line(o);
        hr = uvmboot_find_files(o, &u.kernel, &u.initrd, err);
        if (SUCCEEDED(hr))
                hr = uvm_look_at_layers(&u, err);
        if (SUCCEEDED(hr))
                hr = boot(&u, err);
        if (SUCCEEDED(hr) && u.gc)
                hr = uvm_mount(&u, err);
        if (SUCCEEDED(hr) && o->host_exec) {
                hr = run_on_host(&u, &code, err);
        } else if (SUCCEEDED(hr) && o->n_layers) {
                hr = uvm_run_container(&u, &code, err);
        } else if (SUCCEEDED(hr) && o->gcs) {
                hr = run_in_vm(&u, &code, err);
        } else if (SUCCEEDED(hr)) {
                hr = at_console(&u, err);
        }
        shut_down(&u);
        clean_up(&u);
        if (SUCCEEDED(hr))
                *ret_exit_code = code;
        return hr;
}
