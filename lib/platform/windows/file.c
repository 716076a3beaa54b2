/* SPDX-License-Identifier: MIT */

/* Whole files of platform/file.h over Windows' handles. */

#include "platform/file.h"

#include <stdio.h>
#include <string.h>

#include "platform/windows/text.h"

#define CHUNK 65536u

static HRESULT failed(struct hcs_error **err, const char *what, const char *path) {
        DWORD why = GetLastError();

        return hcs_error_make(err, HCS_WIN32(why), "%s `%s`", what, path);
}

static HRESULT read_all(HANDLE h, const char *path, size_t max_bytes, struct hcs_buf *out, struct hcs_error **err) {
        size_t start = out->len;

        for (;;) {
                DWORD n = 0;

                hcs_buf_reserve(out, CHUNK);
                if (!ReadFile(h, out->data + out->len, CHUNK, &n, NULL) && GetLastError() != ERROR_BROKEN_PIPE) {
                        out->len = start;
                        return failed(err, "read", path);
                }
                if (n == 0)
                        break;
                out->len += n;
                if (out->len - start > max_bytes) {
                        out->len = start;
                        return hcs_error_make(err, HCS_WIN32(223), "read `%s`: larger than %zu bytes", path, max_bytes);
                }
        }
        out->data[out->len] = '\0';
        return S_OK;
}

HRESULT hcs_file_read(const char *path, size_t max_bytes, struct hcs_buf *out, struct hcs_error **err) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);
        _cleanup_handle_ HANDLE h = NULL;

        if (strcmp(path, "-") == 0)
                return read_all(GetStdHandle(STD_INPUT_HANDLE), "standard input", max_bytes, out, err);
        h = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                        FILE_ATTRIBUTE_NORMAL, NULL);
        if (h == INVALID_HANDLE_VALUE)
                return failed(err, "open", path);
        return read_all(h, path, max_bytes, out, err);
}

static bool write_all(HANDLE h, const char *data, size_t len) {
        while (len > 0) {
                DWORD n = 0;

                if (!WriteFile(h, data, len < CHUNK ? (DWORD)len : CHUNK, &n, NULL))
                        return false;
                data += n;
                len -= n;
        }
        return FlushFileBuffers(h);
}

HRESULT hcs_file_write(const char *path, const void *data, size_t len, struct hcs_error **err) {
        _cleanup_free_ char *temporary = hcs_asprintf("%s.%lu.%lu", path, GetCurrentProcessId(), GetCurrentThreadId());
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path), *beside = hcs_windows_wide(temporary);
        HANDLE h = CreateFileW(beside, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
        bool ok;
        HRESULT hr;

        if (h == INVALID_HANDLE_VALUE)
                return failed(err, "write", path);
        ok = write_all(h, data, len);
        hr = ok ? S_OK : failed(err, "write", path);
        CloseHandle(h);
        if (ok && !MoveFileExW(beside, wide, MOVEFILE_REPLACE_EXISTING))
                hr = failed(err, "write", path);
        if (FAILED(hr))
                DeleteFileW(beside);
        return hr;
}

static DWORD attributes(const char *path) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);

        return GetFileAttributesW(wide);
}

HRESULT hcs_file_write_private(const char *path, const void *data, size_t len, struct hcs_error **err) {
        return hcs_file_write(path, data, len, err);
}

HRESULT hcs_file_create(const char *path, struct hcs_error **err) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);
        HANDLE h = CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                               CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);

        if (h == INVALID_HANDLE_VALUE)
                return failed(err, "create", path);
        CloseHandle(h);
        return S_OK;
}

bool hcs_file_exists(const char *path) {
        return attributes(path) != INVALID_FILE_ATTRIBUTES;
}

bool hcs_file_is_directory(const char *path) {
        DWORD a = attributes(path);

        return a != INVALID_FILE_ATTRIBUTES && (a & FILE_ATTRIBUTE_DIRECTORY);
}

static bool make_directory(const wchar_t *path) {
        return CreateDirectoryW(path, NULL) || GetLastError() == ERROR_ALREADY_EXISTS;
}

/* Above it only what can be made is made: a drive or a share cannot, and need not. */
HRESULT hcs_directory_create(const char *path, struct hcs_error **err) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);

        for (wchar_t *p = wide + 1; *wide && *p; p++) {
                wchar_t separator = *p;

                if (separator != L'/' && separator != L'\\')
                        continue;
                *p = L'\0';
                make_directory(wide);
                *p = separator;
        }
        if (!make_directory(wide))
                return failed(err, "create directory", path);
        if (!hcs_file_is_directory(path))
                return hcs_error_make(err, HCS_WIN32(ERROR_ALREADY_EXISTS), "create directory `%s`", path);
        return S_OK;
}
