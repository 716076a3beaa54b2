/* SPDX-License-Identifier: MIT */

/* Shared libraries of platform/dynlib.h over LoadLibraryEx(). The module's handle is the object itself. */

#include "platform/dynlib.h"

#include <string.h>

#include "platform/library.h"
#include "platform/windows/text.h"

/* A library at a path finds those it needs beside it; that wants the whole path. */
static HMODULE load(const char *name) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(name);
        wchar_t path[MAX_PATH * 4];
        DWORD n;

        if (!strpbrk(name, "/\\"))
                return LoadLibraryExW(wide, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
        n = GetFullPathNameW(wide, HCS_ARRAY_SIZE(path), path, NULL);
        if (n == 0 || n >= HCS_ARRAY_SIZE(path)) {
                SetLastError(ERROR_FILENAME_EXCED_RANGE);
                return NULL;
        }
        return LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
}

HRESULT hcs_dynlib_open(const char *name, struct hcs_dynlib **ret, struct hcs_error **err) {
        HMODULE module = load(name);

        if (!module)
                return hcs_error_make(err, HCS_WIN32(ERROR_MOD_NOT_FOUND), "load `%s`: error %lu", name,
                                      GetLastError());
        *ret = (struct hcs_dynlib *)module;
        return S_OK;
}

void *hcs_dynlib_symbol(struct hcs_dynlib *lib, const char *symbol) {
        return (void *)(uintptr_t)GetProcAddress((HMODULE)lib, symbol);
}

struct hcs_dynlib *hcs_dynlib_close(struct hcs_dynlib *lib) {
        if (lib)
                FreeLibrary((HMODULE)lib);
        return NULL;
}

void hcs_dynlib_stay(void) {
        HMODULE self;

        GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                           (const wchar_t *)(uintptr_t)hcs_dynlib_stay, &self);
}

char *hcs_dynlib_file_name(const char *base) {
        return hcs_asprintf("%s.dll", base);
}

char *hcs_library_system_folder(void) {
        wchar_t path[MAX_PATH];
        UINT n = GetSystemDirectoryW(path, HCS_ARRAY_SIZE(path));

        return n > 0 && n < HCS_ARRAY_SIZE(path) ? hcs_windows_narrow(path) : NULL;
}
