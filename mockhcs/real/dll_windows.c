/* SPDX-License-Identifier: MIT */

/*
 * hcsrecord.dll: the recorder in a process that `hcstrace record' has started, or a child of one. It redirects what the
 * platform's DLLs export, whenever they are loaded, to the recorder, and is in the children of the process as well.
 * Every process has a trace of its own in the folder that it was given.
 */

#include "base/mem.h"
#include "base/str.h"
#include "hcsshim/log.h"
#include "mockhcs/engine/element.h"
#include "mockhcs/real/recorder.h"
#include "mockhcs/record/part.h"
#include "platform/injection.h"
#include "platform/windows/intercept.h"

static struct real_recorder *recorder;

static uint64_t call(void *cookie, const uint64_t *args, void *real) {
        return real_recorder_call(recorder, cookie, args, real);
}

static void found(void *cookie, void *real) {
        real_recorder_learn(recorder, cookie, real);
}

static struct interceptor interceptor = {.call = call, .found = found};

static HRESULT redirect(struct hcs_error **err) {
        const struct signature *signatures = signatures_get(&interceptor.n);
        struct intercepted *list = hcs_calloc(interceptor.n, sizeof(*list));

        for (size_t i = 0; i < interceptor.n; i++)
                list[i] = (struct intercepted){.module = mock_dll_name(signatures[i].function->dll),
                                               .function = signatures[i].function->name,
                                               .n_args = signatures[i].n,
                                               .cookie = (void *)(uintptr_t)&signatures[i]};
        interceptor.list = list;
        return intercept_begin(&interceptor, err);
}

/* "FOLDER,redact=no,streams=no", as compositions are written. */
static void begin(char *text) {
        char *at = text, *folder = mock_element_next(&at), *option;
        struct real_recorder_options options = {0};
        _cleanup_free_ char *path = record_part_path(folder ? folder : ".");

        options.path = path;
        while ((option = mock_element_next(&at))) {
                options.keep_secrets |= hcs_streq(option, "redact=no");
                options.no_streams |= hcs_streq(option, "streams=no");
        }
        recorder = real_recorder_new(&options);
}

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *reserved) {
        _cleanup_free_ char *text = reason == DLL_PROCESS_ATTACH ? hcs_injection_text() : NULL;
        _cleanup_(hcs_error_freep) struct hcs_error *err = NULL;

        if (reason == DLL_PROCESS_DETACH && recorder)
                real_recorder_end(recorder);
        if (!text)
                return TRUE; /* nobody asked for a recording */
        begin(text);
        if (FAILED(redirect(&err))) {
                hcs_log(HCS_LOG_ERROR, "nothing is recorded", "error", hcs_error_message(err), NULL);
                return FALSE;
        }
        if (FAILED(hcs_injection_follow_children(&err))) /* what is redirected comes here from now on */
                hcs_log(HCS_LOG_WARN, "children are not recorded", "error", hcs_error_message(err), NULL);
        return TRUE;
}
