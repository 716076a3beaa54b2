/* SPDX-License-Identifier: MIT */

/* Errors and deadlines of Windows; see last_error.h. */

#include "platform/windows/last_error.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf.h"
#include "platform/clock.h"
#include "platform/thread.h"

HRESULT hcs_windows_error(struct hcs_error **err, DWORD code, const char *what) {
        HRESULT hr = code ? HCS_WIN32(code) : E_FAIL;
        _cleanup_free_ char *said = NULL;
        WCHAR text[256];
        DWORD n = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, code, 0, text,
                                 sizeof(text) / sizeof(*text), NULL);

        while (n && (text[n - 1] == '\r' || text[n - 1] == '\n' || text[n - 1] == '.'))
                n--;
        said = hcs_utf16_to_utf8_lossy((const uint16_t *)text, n, NULL);
        return n ? hcs_error_make(err, hr, "%s: %s", what, said)
                 : hcs_error_make(err, hr, "%s: Windows error %u", what, (unsigned)code);
}

DWORD hcs_windows_ms_until(uint64_t deadline_ns) {
        uint64_t now = hcs_clock_ns(), ms;

        if (deadline_ns == HCS_FOREVER)
                return INFINITE;
        if (deadline_ns <= now)
                return 0;
        ms = (deadline_ns - now + HCS_NS_PER_MS - 1) / HCS_NS_PER_MS;
        return ms < INFINITE ? (DWORD)ms : INFINITE - 1;
}
