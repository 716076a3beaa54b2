/* SPDX-License-Identifier: MIT */

/* Private services of platform/stream.h as Windows has them: named pipes, and the files of doors. */

#include "base/str.h"
#include "platform/loopback.h"
#include "platform/windows/pipe_name.h"
#include "platform/windows/text.h"

HRESULT hcs_stream_connect_private(const char *name, const struct hcs_bound *b, struct hcs_stream **ret,
                                   struct hcs_error **err) {
        if (hcs_pipe_name_is(name))
                return hcs_pipe_name_connect(name, b, ret, err);
        return hcs_loopback_connect(name, HCS_PRIVATE_PURPOSE, b, ret, err);
}

/* No file, or a file of one that has ended without removing it. */
bool hcs_stream_is_absent(HRESULT hr) {
        return hr == HCS_WIN32(2) || hr == HCS_WIN32(3) || hr == HCS_WIN32(10061);
}

HRESULT hcs_listener_private(const char *name, struct hcs_listener **ret, struct hcs_error **err) {
        if (!hcs_pipe_name_is(name))
                return hcs_error_make(err, HCS_WIN32(ERROR_INVALID_NAME),
                                      "listen at `%s`: a named pipe is expected, \\\\.\\pipe\\NAME", name);
        return hcs_pipe_name_listen(name, ret, err);
}

HRESULT hcs_private_default_name(const char *what, char **ret, struct hcs_error **err) {
        _cleanup_wide_ wchar_t *wide = NULL;
        _cleanup_free_ char *user = NULL;
        HRESULT hr = hcs_windows_user(&wide, err);

        if (FAILED(hr))
                return hr;
        user = hcs_windows_narrow(wide);
        *ret = hcs_asprintf("\\\\.\\pipe\\hcsshim-%s-%s", user, what);
        return S_OK;
}
