/* SPDX-License-Identifier: MIT */

/*
 * One utility VM: from the options, or from a recording, to a run of cmd/lcow, with the work that is wanted in it; and,
 * when something fails, what its console said and where that is kept.
 */

#include <string.h>

#include "cmd/uvmboot/uvmboot.h"
#include "oci/default_spec.h"
#include "platform/clock.h"
#include "platform/data_file.h"
#include "platform/file.h"

#define TAIL 1500 /* bytes of a console that are told */

HRESULT uvmboot_host_init(struct uvmboot_host *h, struct hcs_error **err) {
        HRESULT hr = hcs_work_folder_new(NULL, "uvmboot", &h->folder, err);

        if (FAILED(hr))
                return hr;
        h->artefacts = h->options->artefacts ? hcs_strdup(h->options->artefacts)
                                             : hcs_asprintf("%s/artefacts", hcs_work_folder_path(h->folder));
        hr = hcs_directory_create(h->artefacts, err);
        return SUCCEEDED(hr) ? lcow_make_absolute(&h->artefacts, err) : hr;
}

void uvmboot_host_deinit(struct uvmboot_host *h) {
        mockhcs_close(h->mock);
        hcs_work_folder_free(h->folder);
        free(h->artefacts);
}

static unsigned kernel_cid(const struct uvmboot_options *o) {
        return o->cid ? o->cid : 3;
}

/* The first one opens it; with a recording there is only one. */
static HRESULT open_host(struct uvmboot_vm *v, struct hcs_error **err) {
        struct uvmboot_host *h = v->host;
        const struct uvmboot_options *o = v->options;
        _cleanup_free_ char *artefacts = lcow_quoted(h->artefacts), *options = NULL, *cid = NULL;
        hcs_guard(&h->lock);

        if (h->mock)
                return S_OK;
        cid = v->run.transport ? hcs_asprintf(",cid=%u", kernel_cid(o)) : hcs_strdup("");
        options = hcs_asprintf(",artefacts=%s%s%s%s%s%s", artefacts, o->accelerator ? ",accel=" : "",
                               o->accelerator ? o->accelerator : "", o->vsock ? ",vsock=" : "",
                               o->vsock ? o->vsock : "", cid);
        return lcow_open(&v->run, options, &h->mock, err);
}

static char *artefact(const struct uvmboot_vm *v, const char *name) {
        return hcs_asprintf("%s/%s/%s", v->host->artefacts, v->run.vm, name);
}

static void keep_log(void *ctx, const void *data, size_t n) {
        struct uvmboot_vm *v = ctx;

        if (v->log)
                fwrite(data, 1, n, v->log);
        if (v->options->log_to_stdout)
                fwrite(data, 1, n, stdout);
}

/* The folder is there by now: the machine's own logs are in it. */
static void open_log(struct uvmboot_vm *v) {
        _cleanup_free_ char *folder = artefact(v, ""), *path = artefact(v, "agent.log");

        if (FAILED(hcs_directory_create(folder, NULL)))
                return;
        v->log = fopen(path, "wbe");
        if (v->log)
                setvbuf(v->log, NULL, _IONBF, 0);
}

static void tap_bridge(void *ctx, const struct hcs_gcs_tap_frame *frame) {
        struct uvmboot_vm *v = ctx;

        if (v->tap)
                mock_tap_frame(v->tap, frame);
}

/* For `hcstrace show`: what host and agent said to each other, without what streams carry. */
static void open_trace(struct uvmboot_vm *v) {
        static const struct mock_trace_header header = {
                .recorder = "uvmboot " HCS_VERSION, .os = "linux", .redacted = true};
        _cleanup_free_ char *path = artefact(v, "bridge.trace");

        if (SUCCEEDED(mock_trace_writer_open(path, &header, &v->trace, NULL)))
                v->tap = mock_tap_new(v->trace, "bridge/1", hcs_clock_ns(), true);
}

static void close_logs(struct uvmboot_vm *v) {
        if (v->log)
                fclose(v->log);
        mock_tap_free(v->tap);
        mock_trace_writer_free(v->trace);
}

static bool has_console(const struct uvmboot_options *o) {
        return !o->gcs || o->debug;
}

static void started(struct lcow_machine *m) {
        struct uvmboot_vm *v = m->run->ctx;
        _cleanup_free_ char *folder = uvmboot_socket_folder(m);

        lcow_step(m->run, "HCS has started it%s%s", folder ? ", its sockets are in " : "", folder ? folder : "");
        if (has_console(v->options) && !m->run->replay)
                uvmboot_console_open(m);
}

static void crashed(struct lcow_machine *m) {
        struct uvmboot_vm *v = m->run->ctx;
        hcs_guard(&v->lock);

        v->crashed = true;
}

static HRESULT work(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err) {
        const struct uvmboot_vm *v = m->run->ctx;
        HRESULT hr;

        if (m->run->init)
                return uvmboot_at_console(m, ret_exit_code, err);
        hr = uvmboot_mount(m, err);
        if (FAILED(hr))
                return hr;
        if (v->run.is_guest_others)
                return uvmboot_run_on_host(m, ret_exit_code, err);
        return hcs_json_get(m->run->more, "command") ? uvmboot_run_in_vm(m, ret_exit_code, err)
                                                     : lcow_container_run(m, ret_exit_code, err);
}

/* What the document says beside what a run says anyway, by hcsshim's names. */
static struct hcs_json *vm_options(const struct uvmboot_options *o, const char *console) {
        struct hcs_json *options = hcs_json_new_object();

        /* What is hcsshim's own default is left to it, and to annotations. */
        if (o->fwd_stdout)
                hcs_json_set_bool(options, "ForwardStdout", true);
        if (!o->fwd_stderr)
                hcs_json_set_bool(options, "ForwardStderr", false);
        if (o->disable_time_sync)
                hcs_json_set_bool(options, "DisableTimeSyncService", true);
        if (!o->allow_overcommit)
                hcs_json_set_bool(options, "AllowOvercommit", false);
        if (o->deferred_commit)
                hcs_json_set_bool(options, "EnableDeferredCommit", true);
        if (o->n_vpmem)
                hcs_json_set_u64(options, "VPMemDeviceCount", o->vpmem_count);
        if (console)
                hcs_json_set_string(options, "ConsolePipe", console);
        return options;
}

/* The machine reboots when its kernel panics; hcsshim lets one with a console stand still. */
static char *kernel_arguments(const char *wanted, bool console) {
        return console ? hcs_asprintf("panic=-1%s%s", wanted ? " " : "", wanted ? wanted : "") : hcs_strdup(wanted);
}

/* Of the machine: what the kernel gets, and what init starts. */
static void plan_kernel(struct uvmboot_vm *v) {
        const struct uvmboot_options *o = v->options;
        _cleanup_free_ char *console = has_console(o) ? hcs_asprintf("\\\\.\\pipe\\%s", v->run.vm) : NULL;
        struct lcow_run *r = &v->run;

        r->options = vm_options(o, console);
        r->kernel_arguments = kernel_arguments(o->kernel_arguments, console != NULL);
        if (!o->gcs)
                r->init = o->exec ? hcs_asprintf("sh -c \"%s\"", o->exec) : hcs_strdup("sh");
}

/* The words of the command of a container. */
static void set_arguments(struct lcow_run *r, const struct uvmboot_options *o) {
        static char shell[] = "sh", line[] = "-c";
        char *words[] = {shell, o->exec ? line : NULL, (char *)(uintptr_t)o->exec, NULL};

        lcow_spec_set_arguments(r, o->arguments ? o->arguments : words);
}

static void plan_command(struct uvmboot_vm *v) {
        const struct uvmboot_options *o = v->options;
        _cleanup_free_ char *term = hcs_asprintf("TERM=%s", getenv("TERM") ? getenv("TERM") : "linux");
        struct lcow_run *r = &v->run;

        if (!o->n_layers) {
                hcs_json_set(r->more, "command", uvmboot_exec_parameters(o, r->tty));
                return;
        }
        set_arguments(r, o);
        if (r->tty)
                lcow_spec_add_environment(r, term);
}

static HRESULT plan_scratch(struct uvmboot_vm *v, struct hcs_error **err) {
        _cleanup_free_ char *cache = hcs_cache_folder();

        v->run.scratch_gb = 1;
        return lcow_scratch_plan(&v->run, cache,
                                 hcs_asprintf("%s/%s.vhdx", hcs_work_folder_path(v->host->folder), v->run.vm), err);
}

static HRESULT plan(struct uvmboot_vm *v, unsigned index, struct hcs_error **err) {
        const struct uvmboot_options *o = v->options;
        struct lcow_run *r = &v->run;
        HRESULT hr;

        r->id = hcs_asprintf("uvmboot-%u", index);
        r->vm = hcs_strdup(r->id);
        r->spec = oci_default_spec();
        r->disks = hcs_json_new_array();
        r->more = hcs_json_new_object();
        r->boot_folder = hcs_strdup(o->boot_files);
        r->kernel = hcs_strdup(o->kernel);
        r->root = hcs_streq(o->root_fs, "vhd")      ? hcs_strdup("rootfs.vhd")
                  : hcs_streq(o->root_fs, "initrd") ? hcs_strdup("initrd.img")
                                                    : NULL;
        r->cpus = o->processors ? o->processors : 2;
        r->memory_mb = o->memory_mb ? o->memory_mb : 1024;
        r->network = hcs_strdup(o->network);
        if (hcs_streq(o->vsock, "kernel"))
                r->transport = hcs_asprintf("vsock:%u", kernel_cid(o));
        r->tty = o->tty && o->gcs;
        r->stats = o->stats;
        r->log_level = o->log_level ? lcow_log_level(o->log_level) : o->debug ? "debug" : NULL;
        plan_kernel(v);
        for (unsigned i = 0; i < o->n_annotations; i++) {
                hr = lcow_spec_annotate(r, o->annotations[i], err);
                if (FAILED(hr))
                        return hr;
        }
        hr = lcow_find_boot_files(r, err);
        if (SUCCEEDED(hr))
                hr = uvmboot_plan_layers(v, err);
        if (SUCCEEDED(hr))
                hr = uvmboot_plan_mounts(v, err);
        if (SUCCEEDED(hr) && o->gcs && !o->host_exec)
                plan_command(v);
        if (SUCCEEDED(hr))
                hr = lcow_spec_complete(r, err);
        if (SUCCEEDED(hr) && o->n_layers)
                hr = plan_scratch(v, err);
        return hr;
}

/* A recording decides everything that is not said. */
static HRESULT plan_replay(struct uvmboot_vm *v, struct hcs_error **err) {
        const struct uvmboot_options *o = v->options;
        struct lcow_run *r = &v->run;
        HRESULT hr = lcow_run_from_trace(r, o->replay, err);

        if (FAILED(hr))
                return hr;
        if (!r->vm || !hcs_json_is(r->more, HCS_JSON_OBJECT))
                return hcs_error_make(err, E_INVALIDARG, "--replay %s: its record of the run lacks something",
                                      o->replay);
        if (o->processors)
                r->cpus = o->processors;
        if (o->memory_mb)
                r->memory_mb = o->memory_mb;
        if (o->kernel_arguments) {
                free(r->kernel_arguments);
                r->kernel_arguments =
                        kernel_arguments(o->kernel_arguments, hcs_json_get(r->options, "ConsolePipe") != NULL);
        }
        if (!o->arguments && !o->exec)
                return S_OK;
        if (hcs_json_get(r->more, "command"))
                hcs_json_set(r->more, "command", uvmboot_exec_parameters(o, r->tty));
        else
                set_arguments(r, o);
        return S_OK;
}

/* The console's last words; NULL: it has none. Caller frees. */
static char *console_tail(const struct uvmboot_vm *v) {
        _cleanup_free_ char *path = artefact(v, "console.log"), *text = hcs_calloc(1, TAIL + 1);
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        uint64_t size = 0;
        size_t n = 0;

        if (FAILED(hcs_data_file_open(path, &f, NULL)) || FAILED(hcs_data_file_size(f, &size, NULL)) ||
            FAILED(hcs_data_file_read_at(f, size > TAIL ? size - TAIL : 0, text, TAIL, &n, NULL)) || !n)
                return NULL;
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)text[i] < ' ' && text[i] != '\n')
                        text[i] = ' ';
        return steal_pointer(&text);
}

/* Who asked for the end knows why it failed; else there is a console, and what is kept. */
static void explain(struct uvmboot_vm *v, struct hcs_error **err) {
        _cleanup_free_ char *inside = hcs_asprintf("artefacts/%s", v->run.vm), *kept = NULL, *hint = NULL,
                            *tail = console_tail(v), *console = artefact(v, "console.log");

        if (hcs_cancel_is_set(v->host->cancel)) {
                hcs_error_wrap(err, "%s: interrupted", v->run.vm);
                return;
        }
        hcs_error_wrap(err, "%s", v->run.vm);
        if (v->run.replay || !hcs_file_exists(console)) /* no machine was made */
                return;
        if (v->options->artefacts)
                kept = hcs_asprintf("%s/%s", v->host->artefacts, v->run.vm);
        else if (FAILED(hcs_work_folder_keep(v->host->folder, inside, &kept, NULL)))
                return;
        hint = hcs_asprintf("console and logs are in `%s`%s%s", kept,
                            tail ? "; the console said last:\n" : "; the console said nothing", tail ? tail : "");
        hcs_error_set_hint(err, hint);
}

HRESULT uvmboot_run(struct uvmboot_host *h, unsigned index, int *ret_exit_code, struct hcs_error **err) {
        const struct uvmboot_options *o = h->options;
        struct uvmboot_vm v = {.host = h,
                               .options = o,
                               .lock = HCS_MUTEX_INIT,
                               .steps = {.quiet = o->quiet, .json = o->json, .trace = o->trace, .measure = o->measure}};
        struct hcs_error *mine = NULL;
        HRESULT hr;

        v.run = (struct lcow_run){.program = "uvmboot",
                                  .steps = &v.steps,
                                  .work = work,
                                  .started = started,
                                  .crashed = crashed,
                                  .log = keep_log,
                                  .bridge = tap_bridge,
                                  .ctx = &v,
                                  .timeout_s = o->timeout_s,
                                  .record = o->record,
                                  .replay = o->replay,
                                  .is_guest_others = o->host_exec != NULL,
                                  .no_input = o->count > 1};
        hr = o->replay ? plan_replay(&v, &mine) : plan(&v, index, &mine);
        v.steps.name = v.run.vm;
        if (SUCCEEDED(hr))
                hr = open_host(&v, &mine);
        if (SUCCEEDED(hr)) {
                if (!o->replay)
                        open_log(&v);
                if (!o->replay && o->gcs && !o->host_exec)
                        open_trace(&v);
                hr = lcow_machine_run(&v.run, h->mock, h->cancel, ret_exit_code, &mine);
                uvmboot_console_close(&v);
        }
        close_logs(&v);
        if (FAILED(hr) && v.run.vm)
                explain(&v, &mine);
        if (o->replay && h->mock) {
                _cleanup_free_ char *differences = lcow_differences(&v.run, h->mock, FAILED(hr));

                if (differences) {
                        fprintf(stderr, "uvmboot: %s", differences);
                        *ret_exit_code = EXIT_UVM;
                }
        }
        lcow_run_deinit(&v.run);
        return FAILED(hr) ? hcs_error_move(err, &mine) : S_OK;
}
