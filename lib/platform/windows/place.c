/* SPDX-License-Identifier: MIT */

/* platform/place.h over Windows' wide functions. */

#include "platform/place.h"

#include <stdlib.h>
#include <string.h>

#include "platform/windows/last_error.h"
#include "platform/windows/text.h"

static bool is_separator(char c) {
        return c == '\\' || c == '/';
}

bool hcs_path_is_absolute(const char *path) {
        char letter = (char)(*path | 32);

        return (letter >= 'a' && letter <= 'z' && path[1] == ':' && is_separator(path[2])) ||
               (is_separator(path[0]) && is_separator(path[1]));
}

char *hcs_path_full(const char *path) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);
        wchar_t full[MAX_PATH * 4];
        DWORD n = GetFullPathNameW(wide, HCS_ARRAY_SIZE(full), full, NULL);

        return n > 0 && n < HCS_ARRAY_SIZE(full) ? hcs_windows_narrow(full) : hcs_strdup(path);
}

const char *hcs_path_name(const char *path) {
        const char *name = path;

        for (const char *p = path; *p; p++)
                if (is_separator(*p))
                        name = p + 1;
        return name;
}

char *hcs_path_join(const char *folder, const char *name) {
        char *path = hcs_asprintf("%s\\%s", folder, name);

        for (char *p = path + strlen(folder); *p; p++)
                if (*p == '/')
                        *p = '\\';
        return path;
}

static wchar_t *with_backslashes(const char *path, size_t n) {
        _cleanup_free_ char *part = hcs_strndup(path, n);
        wchar_t *wide = hcs_windows_wide(part);

        for (wchar_t *p = wide; *p; p++)
                if (*p == L'/')
                        *p = L'\\';
        return wide;
}

static bool is_same_part(const char *a, size_t n, const char *b, size_t m) {
        _cleanup_wide_ wchar_t *x = with_backslashes(a, n), *y = with_backslashes(b, m);

        return CompareStringOrdinal(x, -1, y, -1, TRUE) == CSTR_EQUAL;
}

bool hcs_path_is_same(const char *a, const char *b) {
        return is_same_part(a, strlen(a), b, strlen(b));
}

/* A letter may take another number of bytes in the other case: the parts are found by their separators. */
bool hcs_path_is_within(const char *path, const char *folder) {
        size_t n = strlen(folder);

        if (hcs_path_is_same(path, folder))
                return true;
        if (n && is_separator(folder[n - 1])) /* a root */
                n--;
        for (const char *p = path; *p; p++)
                if (is_separator(*p) && is_same_part(path, (size_t)(p - path), folder, n))
                        return true;
        return false;
}

/* By their names: the C library here has no numbers of files. */
bool hcs_path_is_same_file(const char *a, const char *b) {
        _cleanup_free_ char *x = hcs_path_full(a), *y = hcs_path_full(b);

        return hcs_place_at(a) == HCS_PLACE_FILE && _stricmp(x, y) == 0;
}

enum hcs_place hcs_place_at(const char *path) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);
        DWORD a = GetFileAttributesW(wide);

        if (a == INVALID_FILE_ATTRIBUTES)
                return HCS_PLACE_NOTHING;
        if (a & (FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DEVICE))
                return HCS_PLACE_OTHER;
        return a & FILE_ATTRIBUTE_DIRECTORY ? HCS_PLACE_FOLDER : HCS_PLACE_FILE;
}

static HRESULT failed(struct hcs_error **err, const char *what, const char *path) {
        DWORD code = GetLastError();
        _cleanup_free_ char *text = hcs_asprintf("%s `%s`", what, path);

        return hcs_windows_error(err, code, text);
}

static int by_bytes(const void *a, const void *b) {
        return strcmp(*(char *const *)a, *(char *const *)b);
}

HRESULT hcs_folder_list(const char *path, struct hcs_names *ret, struct hcs_error **err) {
        _cleanup_free_ char *pattern = hcs_asprintf("%s\\*", path);
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(pattern);
        struct hcs_names names = {0};
        WIN32_FIND_DATAW found;
        HANDLE h = FindFirstFileW(wide, &found);
        size_t cap = 0;

        if (h == INVALID_HANDLE_VALUE)
                return failed(err, "list", path);
        do {
                if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0)
                        continue;
                if (names.n == cap) {
                        cap = cap ? 2 * cap : 16;
                        names.items = hcs_realloc(names.items, cap * sizeof(*names.items));
                }
                names.items[names.n++] = hcs_windows_narrow(found.cFileName);
        } while (FindNextFileW(h, &found));
        FindClose(h);
        if (names.n)
                qsort(names.items, names.n, sizeof(*names.items), by_bytes);
        *ret = names;
        return S_OK;
}

HRESULT hcs_file_remove(const char *path, struct hcs_error **err) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);

        if (DeleteFileW(wide) || GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND)
                return S_OK;
        return failed(err, "remove", path);
}

HRESULT hcs_handle_path(HANDLE h, char **ret, struct hcs_error **err) {
        DWORD n = h ? GetFinalPathNameByHandleW(h, NULL, 0, 0) : 0;
        _cleanup_wide_ wchar_t *wide = n ? hcs_malloc((n + 1) * sizeof(*wide)) : NULL;

        if (!n || !GetFinalPathNameByHandleW(h, wide, n + 1, 0))
                return hcs_error_make(err, E_HANDLE, "the handle is of no file");
        *ret = hcs_windows_narrow(wide);
        return S_OK;
}
