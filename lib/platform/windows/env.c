/* SPDX-License-Identifier: MIT */

/* The environment of platform/env.h: what the C library knows is kept equal to what the process has. */

#include "platform/env.h"

#include <stdlib.h>

#include "platform/windows/text.h"

char *hcs_env_get(const char *name) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(name), *value = NULL;
        DWORD n = GetEnvironmentVariableW(wide, NULL, 0);

        if (n <= 1)
                return NULL;
        value = hcs_calloc(n, sizeof(*value));
        GetEnvironmentVariableW(wide, value, n);
        return hcs_windows_narrow(value);
}

bool hcs_env_set(const char *name, const char *value) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(name), *to = hcs_windows_wide(value ? value : "");

        return _wputenv_s(wide, to) == 0;
}

bool hcs_env_is_utf8(void) {
        return GetACP() == CP_UTF8;
}
