/* SPDX-License-Identifier: MIT */

/*
 * Data files over Windows' handles. A created file is marked for deletion as long as it is not committed, so that the
 * end of the process takes it away.
 */

#include "platform/data_file.h"

#include <stdatomic.h>
#include <string.h>
#include <wchar.h>

#include "base/str.h"
#include "platform/windows/filetime.h"
#include "platform/windows/text.h"

#define PIECE (1u << 30) /* bytes of one system call */

struct hcs_data_file {
        char *name;      /* as the caller says it */
        wchar_t *target; /* the name the commit gives; NULL: nothing to commit */
        HANDLE h;
        bool regular;
        bool fresh;
        bool keep; /* the handle is not ours to close */
};

struct hcs_data_file *hcs_data_file_close(struct hcs_data_file *f) {
        if (!f)
                return NULL;
        if (f->h != INVALID_HANDLE_VALUE && !f->keep)
                CloseHandle(f->h);
        free(f->target);
        free(f->name);
        free(f);
        return NULL;
}

static HRESULT failed(struct hcs_error **err, const char *what, const char *name) {
        DWORD why = GetLastError();

        return hcs_error_make(err, HCS_WIN32(why), "%s `%s`", what, name);
}

static struct hcs_data_file *new_file(const char *name) {
        struct hcs_data_file *f = hcs_calloc(1, sizeof(*f));

        f->name = hcs_strdup(name);
        f->h = INVALID_HANDLE_VALUE;
        return f;
}

static void look_at(struct hcs_data_file *f) {
        LARGE_INTEGER size;

        f->regular = GetFileType(f->h) == FILE_TYPE_DISK;
        f->fresh = f->regular && GetFileSizeEx(f->h, &size) && size.QuadPart == 0;
}

HRESULT hcs_data_file_open(const char *path, struct hcs_data_file **ret, struct hcs_error **err) {
        bool standard = hcs_streq(path, "-");
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = new_file(standard ? "standard input" : path);
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);
        LARGE_INTEGER at;

        f->keep = standard;
        f->h = standard ? GetStdHandle(STD_INPUT_HANDLE)
                        : CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                      OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
        if (f->h == INVALID_HANDLE_VALUE)
                return failed(err, "open", path);
        look_at(f);
        /* A standard input that others have read from starts where they left off: reads of it must stay in order. */
        if (standard && f->regular && SetFilePointerEx(f->h, (LARGE_INTEGER){0}, &at, FILE_CURRENT) && at.QuadPart != 0)
                f->regular = false;
        *ret = steal_pointer(&f);
        return S_OK;
}

HRESULT hcs_data_file_change(const char *path, struct hcs_data_file **ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = new_file(path);
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);

        f->h = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                           NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
        if (f->h == INVALID_HANDLE_VALUE)
                return failed(err, "open", path);
        look_at(f);
        *ret = steal_pointer(&f);
        return S_OK;
}

static bool mark(HANDLE h, bool to_be_deleted) {
        FILE_DISPOSITION_INFO info = {.DeleteFile = to_be_deleted};

        return SetFileInformationByHandle(h, FileDispositionInfo, &info, sizeof(info));
}

static HANDLE create_beside(const char *path) {
        static atomic_uint made;
        _cleanup_free_ char *name = hcs_asprintf("%s.%lu.%u", path, GetCurrentProcessId(), atomic_fetch_add(&made, 1));
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(name);
        HANDLE h = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE | DELETE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                               CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);

        if (h != INVALID_HANDLE_VALUE)
                mark(h, true);
        return h;
}

HRESULT hcs_data_file_create(const char *path, struct hcs_data_file **ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = new_file(path);
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);
        wchar_t whole[MAX_PATH * 4];
        DWORD n = GetFullPathNameW(wide, HCS_ARRAY_SIZE(whole), whole, NULL);

        if (n == 0 || n >= HCS_ARRAY_SIZE(whole))
                return hcs_error_make(err, HCS_WIN32(ERROR_FILENAME_EXCED_RANGE), "create `%s`", path);
        if (wcsncmp(whole, L"\\\\.\\", 4) == 0) { /* a device or a pipe */
                f->h = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                   OPEN_EXISTING, 0, NULL);
        } else {
                f->target = _wcsdup(whole);
                f->h = create_beside(path);
        }
        if (f->h == INVALID_HANDLE_VALUE)
                return failed(err, "create", path);
        look_at(f);
        *ret = steal_pointer(&f);
        return S_OK;
}

HRESULT hcs_data_file_temporary(struct hcs_data_file **ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = new_file("a temporary file");
        _cleanup_free_ char *folder = NULL, *path = NULL;
        wchar_t wide[MAX_PATH + 1];

        if (!GetTempPathW(HCS_ARRAY_SIZE(wide), wide))
                return failed(err, "find the folder of", f->name);
        folder = hcs_windows_narrow(wide);
        path = hcs_asprintf("%shcsshim", folder);
        f->h = create_beside(path);
        if (f->h == INVALID_HANDLE_VALUE)
                return failed(err, "create a temporary file in", folder);
        look_at(f);
        *ret = steal_pointer(&f);
        return S_OK;
}

HRESULT hcs_data_file_commit(struct hcs_data_file *f, struct hcs_error **err) {
        size_t n, size;
        _cleanup_free_ FILE_RENAME_INFO *info = NULL;

        if (!f->target)
                return S_OK;
        n = wcslen(f->target) * sizeof(wchar_t);
        size = sizeof(*info) + n + sizeof(wchar_t);
        info = hcs_calloc(1, size);
        info->ReplaceIfExists = TRUE;
        info->FileNameLength = (DWORD)n;
        memcpy(info->FileName, f->target, n);
        if (!mark(f->h, false))
                return failed(err, "create", f->name);
        if (!SetFileInformationByHandle(f->h, FileRenameInfo, info, (DWORD)size)) {
                HRESULT hr = failed(err, "create", f->name);

                mark(f->h, true);
                return hr;
        }
        free(steal_pointer(&f->target));
        return S_OK;
}

const char *hcs_data_file_name(const struct hcs_data_file *f) {
        return f->name;
}

bool hcs_data_file_is_regular(const struct hcs_data_file *f) {
        return f->regular;
}

bool hcs_data_file_is_fresh(const struct hcs_data_file *f) {
        return f->fresh;
}

HRESULT hcs_data_file_size(struct hcs_data_file *f, uint64_t *ret, struct hcs_error **err) {
        LARGE_INTEGER size = {0};

        if (f->regular && !GetFileSizeEx(f->h, &size))
                return failed(err, "size of", f->name);
        *ret = (uint64_t)size.QuadPart;
        return S_OK;
}

HRESULT hcs_data_file_changed(struct hcs_data_file *f, int64_t *ret, struct hcs_error **err) {
        FILETIME written;

        if (!GetFileTime(f->h, NULL, NULL, &written))
                return failed(err, "time of", f->name);
        *ret = (int64_t)(filetime_wall_ns(written) / 1000000000u);
        return S_OK;
}

HRESULT hcs_data_file_set_changed(struct hcs_data_file *f, int64_t seconds, struct hcs_error **err) {
        FILETIME written = filetime_of_wall(seconds);

        return SetFileTime(f->h, NULL, NULL, &written) ? S_OK : failed(err, "time of", f->name);
}

HRESULT hcs_data_file_read(struct hcs_data_file *f, void *data, size_t n, size_t *ret_n, struct hcs_error **err) {
        DWORD got = 0;

        if (!ReadFile(f->h, data, n < PIECE ? (DWORD)n : PIECE, &got, NULL) && GetLastError() != ERROR_BROKEN_PIPE)
                return failed(err, "read", f->name);
        *ret_n = got;
        return S_OK;
}

static OVERLAPPED at(uint64_t offset) {
        return (OVERLAPPED){.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
}

HRESULT hcs_data_file_read_at(struct hcs_data_file *f, uint64_t offset, void *data, size_t n, size_t *ret_n,
                              struct hcs_error **err) {
        size_t done = 0;

        while (done < n) {
                size_t left = n - done;
                OVERLAPPED o = at(offset + done);
                DWORD got = 0;

                if (!ReadFile(f->h, (char *)data + done, left < PIECE ? (DWORD)left : PIECE, &got, &o) &&
                    GetLastError() != ERROR_HANDLE_EOF)
                        return failed(err, "read", f->name);
                if (got == 0)
                        break;
                done += got;
        }
        *ret_n = done;
        return S_OK;
}

HRESULT hcs_data_file_write_at(struct hcs_data_file *f, uint64_t offset, const void *data, size_t n,
                               struct hcs_error **err) {
        for (size_t done = 0; done < n;) {
                size_t left = n - done;
                OVERLAPPED o = at(offset + done);
                DWORD put = 0;

                if (!WriteFile(f->h, (const char *)data + done, left < PIECE ? (DWORD)left : PIECE, &put, &o))
                        return failed(err, "write", f->name);
                done += put;
        }
        return S_OK;
}

HRESULT hcs_data_file_resize(struct hcs_data_file *f, uint64_t size, struct hcs_error **err) {
        FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = (LONGLONG)size};

        if (f->regular && !SetFileInformationByHandle(f->h, FileEndOfFileInfo, &end, sizeof(end)))
                return failed(err, "resize", f->name);
        return S_OK;
}

/* Windows moves bytes between files by their names only. */
HRESULT hcs_data_file_copy(struct hcs_data_file *from, uint64_t from_offset, struct hcs_data_file *to,
                           uint64_t to_offset, uint64_t n, uint64_t *ret_n, struct hcs_error **err) {
        *ret_n = 0;
        return S_OK;
}
