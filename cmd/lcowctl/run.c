/* SPDX-License-Identifier: MIT */

/* `lcowctl run`: the run is made ready and recorded or taken from a recording, and what came of it is told. */

#include <stdio.h>

#include "cmd/lcowctl/lcowctl.h"
#include "cmd/session/session.h"
#include "platform/file.h"
#include "platform/terminal.h"
#include "platform/work_folder.h"

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

/* Everything that a replay does not need. */
static HRESULT make_ready(struct wanted *w, struct hcs_work_folder **ret_folder, struct hcs_error **err) {
        struct lcow_run *r = &w->run;
        _cleanup_json_ struct hcs_json *config = NULL;
        HRESULT hr = lcow_find_boot_files(r, err);

        if (SUCCEEDED(hr))
                hr = hcs_directory_create(w->cache, err);
        if (SUCCEEDED(hr))
                hr = lcow_make_absolute(&w->cache, err);
        if (SUCCEEDED(hr))
                hr = wanted_make_disks(w, &config, err);
        if (SUCCEEDED(hr) && config)
                hr = lcow_spec_take_config(r, config, w->user_given, err);
        if (SUCCEEDED(hr))
                hr = lcow_spec_complete(r, err);
        if (SUCCEEDED(hr))
                hr = hcs_work_folder_new(NULL, "lcowctl", ret_folder, err);
        if (FAILED(hr))
                return hr;
        return lcow_scratch_plan(r, w->cache, hcs_asprintf("%s/scratch.vhdx", hcs_work_folder_path(*ret_folder)), err);
}

static int run(struct wanted *w) {
        _cleanup_(hcs_work_folder_freep) struct hcs_work_folder *folder = NULL;
        _cleanup_free_ char *differences = NULL;
        struct hcs_cancel *cancel = hcs_cancel_new();
        struct lcow_run *r = &w->run;
        struct mockhcs *mock = NULL;
        struct hcs_error *err = NULL;
        int code = EXIT_FAILED;
        HRESULT hr;

        lcow_show_log(r->log_level);
        hr = hcs_interrupts_watch(interrupted, cancel, &err);
        if (SUCCEEDED(hr) && !r->replay)
                hr = make_ready(w, &folder, &err);
        if (SUCCEEDED(hr))
                hr = lcow_open(r, NULL, &mock, &err);
        if (SUCCEEDED(hr))
                hr = lcow_machine_run(r, mock, cancel, &code, &err);
        if (FAILED(hr)) {
                tell_error("run", err);
                code = EXIT_FAILED;
        }
        differences = lcow_differences(r, mock, FAILED(hr));
        if (differences) {
                fprintf(stderr, "lcowctl run: %s", differences);
                code = EXIT_FAILED;
        }
        mockhcs_close(mock);
        return code;
}

void wanted_deinit(struct wanted *w) {
        lcow_run_deinit(&w->run);
        hcs_strings_deinit(&w->layers);
        free(w->image);
        free(w->cache);
}

int cmd_run(int argc, char **argv) {
        struct wanted w = {.run = {.program = "lcowctl", .steps = &w.steps, .work = lcow_container_run}};
        int code = wanted_parse(argc, argv, &w);

        if (code < 0)
                code = run(&w);
        wanted_deinit(&w);
        return code;
}
