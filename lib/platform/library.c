/* SPDX-License-Identifier: MIT */

/* Finding and loading the platform's libraries; the same on every system. */

#include "platform/library.h"
#include "base/mem.h"
#include "platform/env.h"
#include "platform/file.h"

static char *library_name(const char *place, const char *base) {
        _cleanup_free_ char *file = hcs_dynlib_file_name(base);

        if (!place)
                return steal_pointer(&file);
        return hcs_file_is_directory(place) ? hcs_asprintf("%s/%s", place, file) : hcs_strdup(place);
}

HRESULT hcs_library_load(const char *place, const char *base, const char *symbol, struct hcs_dynlib **ret,
                         struct hcs_error **err) {
        _cleanup_free_ char *env = hcs_env_get("HCSSHIM_LIBRARY_PATH");
        _cleanup_free_ char *name = library_name(place ? place : env, base);
        struct hcs_dynlib *lib = NULL;
        HRESULT hr = hcs_dynlib_open(name, &lib, err);

        if (FAILED(hr))
                return hr;
        if (!hcs_dynlib_symbol(lib, symbol))
                return hcs_error_make(err, HCS_WIN32(127), "%s does not export what %s.dll does", name, base);
        *ret = lib;
        return S_OK;
}
