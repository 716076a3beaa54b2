/* SPDX-License-Identifier: MIT */

/* Names as the system's functions want them; see text.h. */

#include "platform/windows/text.h"

#include <string.h>

wchar_t *hcs_windows_wide(const char *utf8) {
        int n = MultiByteToWideChar(CP_UTF8, 0, utf8, -1, NULL, 0);
        wchar_t *wide = hcs_calloc((size_t)n + 1, sizeof(*wide));

        MultiByteToWideChar(CP_UTF8, 0, utf8, -1, wide, n);
        return wide;
}

char *hcs_windows_narrow(const wchar_t *wide) {
        int n = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
        char *utf8 = hcs_calloc((size_t)n + 1, 1);

        WideCharToMultiByte(CP_UTF8, 0, wide, -1, utf8, n, NULL, NULL);
        return utf8;
}
