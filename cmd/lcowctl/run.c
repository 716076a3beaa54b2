/* SPDX-License-Identifier: MIT */

/* `lcowctl run`: what stands behind HCS is opened, the run is made ready and recorded or taken from a recording, and
 * what came of it is told. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/lcowctl/machine.h"
#include "cmd/session/session.h"
#include "hcsshim/log.h"
#include "platform/env.h"
#include "platform/file.h"
#include "platform/terminal.h"
#include "platform/work_folder.h"
#include "uvm/boot_files.h"
#include "uvm/scratch.h"

/* What a user does: the command is told of it; who insists ends the run. */
static void interrupted(void *ctx, enum hcs_interrupt what) {
        static bool told;

        if (what == HCS_INTERRUPT_RESIZE)
                session_resized();
        else if (told || !session_signal(what == HCS_INTERRUPT_KEY ? 2 : 15))
                hcs_cancel_set(ctx);
        else
                told = true;
}

/* Commas and backslashes are the composition's. */
static char *quoted(const char *path) {
        struct hcs_buf b = {0};

        for (; *path; path++) {
                if (*path == ',' || *path == '\\')
                        hcs_buf_putc(&b, '\\');
                hcs_buf_putc(&b, *path);
        }
        return hcs_buf_steal(&b);
}

/* Without a word from the environment a VM boots, or it is said why not. */
static HRESULT open_mock(const struct run *r, struct mockhcs **ret, struct hcs_error **err) {
        _cleanup_free_ char *env = hcs_env_get("MOCKHCS"), *spec = NULL;
        const char *behind = env ? env : "emulate,machines=qemu";
        _cleanup_free_ char *file = r->record || r->replay ? quoted(r->replay ? r->replay : r->record) : NULL;

        if (r->replay)
                spec = hcs_asprintf("replay=%s", file);
        else if (r->record)
                spec = hcs_asprintf("record=%s,%s", file, behind);
        else
                spec = hcs_strdup(behind);
        return mockhcs_open(spec, ret, err);
}

/* HCS knows nothing of our working folder. */
static HRESULT make_absolute(char **path, struct hcs_error **err) {
        char *absolute = realpath(*path, NULL);

        if (!absolute)
                return hcs_error_errno(err, errno, "%s", *path);
        free(*path);
        *path = absolute;
        return S_OK;
}

static HRESULT find_boot_files(struct run *r, struct hcs_error **err) {
        _cleanup_free_ char *given = hcs_strdup(r->boot_folder);
        HRESULT hr;

        free(steal_pointer(&r->boot_folder));
        hr = uvm_boot_folder(given, &r->boot_folder, err);
        if (SUCCEEDED(hr))
                hr = make_absolute(&r->boot_folder, err);
        if (FAILED(hr))
                return hr;
        for (int i = 0; i < 2; i++) {
                const char *names[] = {i ? "initrd.img" : "vmlinux", i ? "rootfs.vhd" : "kernel"};
                char **slot = i ? &r->root : &r->kernel;

                for (size_t k = 0; k < HCS_ARRAY_SIZE(names) && !*slot; k++) {
                        _cleanup_free_ char *path = hcs_asprintf("%s/%s", r->boot_folder, names[k]);

                        if (hcs_file_exists(path))
                                *slot = hcs_strdup(names[k]);
                }
                if (!*slot) {
                        _cleanup_free_ char *path = hcs_asprintf("%s/%s", r->boot_folder, names[i ? 0 : 1]);

                        return uvm_boot_file_missing(err, i ? "root file system" : "kernel", path);
                }
        }
        return S_OK;
}

/* Everything that a replay does not need. */
static HRESULT make_ready(struct run *r, struct hcs_work_folder **ret_folder, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *config = NULL;
        _cleanup_free_ char *scratch_cache = NULL;
        HRESULT hr = find_boot_files(r, err);

        if (SUCCEEDED(hr))
                hr = hcs_directory_create(r->cache, err);
        if (SUCCEEDED(hr))
                hr = make_absolute(&r->cache, err);
        if (SUCCEEDED(hr))
                hr = run_make_disks(r, &config, err);
        if (SUCCEEDED(hr) && config)
                hr = spec_take_config(r, config, err);
        if (SUCCEEDED(hr))
                hr = spec_complete(r, err);
        if (SUCCEEDED(hr))
                hr = hcs_work_folder_new(NULL, "lcowctl", ret_folder, err);
        if (FAILED(hr))
                return hr;
        scratch_cache = hcs_asprintf("%s/scratch", r->cache);
        r->scratch = hcs_asprintf("%s/scratch.vhdx", hcs_work_folder_path(*ret_folder));
        hr = uvm_scratch_from_cache(
                &(struct uvm_scratch_options){.path = r->scratch, .cache = scratch_cache, .gb = r->scratch_gb}, err);
        r->format_scratch = hr == S_FALSE;
        return hr;
}

/* What a replay says at its end; true: it was as recorded. */
static bool is_as_recorded(const struct run *r, struct mockhcs *mock, bool failed) {
        _cleanup_free_ char *report = NULL;

        if (!r->replay || !mockhcs_verify(mock, failed, &report))
                return true;
        fprintf(stderr, "lcowctl run: the run differs from %s:\n%s", r->replay, report);
        return false;
}

static void drop_log(void *ctx, enum hcs_log_level level, const char *line) {
}

static int run(struct run *r) {
        _cleanup_(hcs_work_folder_freep) struct hcs_work_folder *folder = NULL;
        struct hcs_cancel *cancel = hcs_cancel_new();
        struct mockhcs *mock = NULL;
        struct hcs_error *err = NULL;
        int code = EXIT_FAILED;
        HRESULT hr;

        if (!r->log_level)
                hcs_log_set_sink(drop_log, NULL);
        hr = hcs_interrupts_watch(interrupted, cancel, &err);
        if (SUCCEEDED(hr) && !r->replay)
                hr = make_ready(r, &folder, &err);
        if (SUCCEEDED(hr))
                hr = open_mock(r, &mock, &err);
        if (SUCCEEDED(hr) && r->record) {
                _cleanup_free_ char *plan = run_to_json(r);

                mockhcs_note_record(mock, plan);
        }
        if (SUCCEEDED(hr))
                hr = machine_run(r, mock, cancel, &code, &err);
        if (FAILED(hr)) {
                tell_error("run", err);
                code = EXIT_FAILED;
        }
        if (mock && !is_as_recorded(r, mock, FAILED(hr)))
                code = EXIT_FAILED;
        mockhcs_close(mock);
        return code;
}

int cmd_run(int argc, char **argv) {
        struct run r = {0};
        int code = run_parse(argc, argv, &r);

        if (code < 0)
                code = run(&r);
        run_deinit(&r);
        return code;
}
