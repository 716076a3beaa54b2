/* SPDX-License-Identifier: MIT */

/* Recording against the system's own DLLs; see record_real.h. */

#include "cmd/hcstrace/record_real.h"

#include <libgen.h>

#include "base/buf.h"
#include "base/str.h"
#include "cmd/hcstrace/hcstrace.h"
#include "cmd/hcstrace/parts.h"
#include "platform/file.h"
#include "platform/injection.h"
#include "platform/place.h"

/* In a build tree and where it is installed. */
static HRESULT find_recorder(char **ret, struct hcs_error **err) {
        static const char *const places[] = {"hcsrecord.dll", "../../mockhcs/real/hcsrecord.dll",
                                             "../bin/hcsrecord.dll"};
        _cleanup_free_ char *self = hcs_process_path();
        const char *folder = self ? dirname(self) : ".";

        for (size_t i = 0; i < HCS_ARRAY_SIZE(places); i++) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, places[i]);

                if (hcs_file_exists(path)) {
                        *ret = hcs_path_full(path);
                        return S_OK;
                }
        }
        return hcs_error_make(err, HCS_WIN32(2), "there is no hcsrecord.dll beside `%s`", folder);
}

static char *settings(const struct real_recording *what, const char *folder) {
        _cleanup_buf_ struct hcs_buf b = {0};

        put_composed(&b, folder);
        if (what->keep_secrets)
                hcs_buf_puts(&b, ",redact=no");
        if (what->no_streams)
                hcs_buf_puts(&b, ",streams=no");
        return hcs_buf_steal(&b);
}

HRESULT record_real(const struct real_recording *what, int *ret_code, bool *ret_called, struct hcs_error **err) {
        _cleanup_free_ char *library = NULL, *folder = NULL, *text = NULL;
        struct hcs_child *child = NULL;
        HRESULT hr = find_recorder(&library, err);

        if (SUCCEEDED(hr))
                hr = parts_begin(what->trace, &folder, err);
        if (FAILED(hr))
                return hr;
        text = settings(what, folder);
        hr = hcs_injection_spawn(what->program, library, text, &child, err);
        if (SUCCEEDED(hr))
                hr = hcs_child_wait(child, ret_code, err);
        if (SUCCEEDED(hr))
                return parts_collect(folder, what->trace, ret_called, err);
        parts_abandon(folder);
        return hr;
}
