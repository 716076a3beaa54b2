/* SPDX-License-Identifier: MIT */

/*
 * A file on a disk is written through a mapping of its end, a window at a time; anything else by WriteFile(). Whoever
 * has the file open shares it for reading only, so a second recorder cannot open it.
 */

#include "platform/append_file.h"

#include <errno.h>
#include <stdbool.h>

#include "base/str.h"
#include "platform/append_window.h"
#include "platform/windows/text.h"

#define BLOCK 65536u

struct hcs_append_file {
        HANDLE h;
        bool standard;
        bool regular;
        struct append_window window; /* regular */
        bool torn;                   /* part of a write went out and cannot be taken back: nothing may follow it */
};

static int errno_of(DWORD why) {
        switch (why) {
        case ERROR_DISK_FULL:
        case ERROR_HANDLE_DISK_FULL:
                return ENOSPC;
        case ERROR_BROKEN_PIPE:
        case ERROR_NO_DATA:
                return EPIPE;
        default:
                return EIO;
        }
}

int append_zeros(void *file, uint64_t offset, size_t size) {
        static const char zeros[BLOCK];
        const struct hcs_append_file *f = file;

        for (size_t done = 0; done < size;) {
                OVERLAPPED at = {.Offset = (DWORD)(offset + done), .OffsetHigh = (DWORD)((offset + done) >> 32)};
                DWORD n = 0;

                if (!WriteFile(f->h, zeros, size - done < BLOCK ? (DWORD)(size - done) : BLOCK, &n, &at))
                        return errno_of(GetLastError());
                done += n;
        }
        return 0;
}

int append_map(void *file, uint64_t offset, size_t size, char **ret) {
        const struct hcs_append_file *f = file;
        uint64_t end = offset + size;
        HANDLE section = CreateFileMappingW(f->h, NULL, PAGE_READWRITE, (DWORD)(end >> 32), (DWORD)end, NULL);
        char *at;
        int why;

        if (!section)
                return errno_of(GetLastError());
        at = MapViewOfFile(section, FILE_MAP_WRITE, (DWORD)(offset >> 32), (DWORD)offset, size);
        why = at ? 0 : errno_of(GetLastError());
        CloseHandle(section); /* the view keeps it */
        if (at)
                *ret = at;
        return why;
}

void append_unmap(char *at, size_t size) {
        UnmapViewOfFile(at);
}

/* Zeros that cannot be cut off are what a crash leaves too, and readers know them. */
void append_cut(void *file, uint64_t end) {
        const struct hcs_append_file *f = file;
        LARGE_INTEGER at = {.QuadPart = (LONGLONG)end};

        if (SetFilePointerEx(f->h, at, NULL, FILE_BEGIN))
                SetEndOfFile(f->h);
}

int append_plainly(void *file, const char *data, size_t len) {
        struct hcs_append_file *f = file;
        int why = f->torn ? EIO : 0;

        for (size_t done = 0; !why && done < len;) {
                size_t left = len - done;
                DWORD n = 0;

                if (WriteFile(f->h, data + done, left < (1u << 30) ? (DWORD)left : 1u << 30, &n, NULL))
                        done += n;
                else
                        why = errno_of(GetLastError());
                f->torn = why && done;
        }
        return why;
}

int hcs_append_file_write(struct hcs_append_file *f, const void *data, size_t len) {
        DWORD before = GetLastError();
        int why = f->regular ? append_window_write(&f->window, f, data, len) : append_plainly(f, data, len);

        SetLastError(before);
        return why;
}

struct hcs_append_file *hcs_append_file_close(struct hcs_append_file *f) {
        if (!f)
                return NULL;
        if (f->regular)
                append_window_close(&f->window, f, true);
        if (!f->standard)
                CloseHandle(f->h);
        free(f);
        return NULL;
}

static HANDLE open_new(const char *path) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);

        return CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
                           FILE_ATTRIBUTE_NORMAL, NULL);
}

HRESULT hcs_append_file_open(const char *path, struct hcs_append_file **ret, char **ret_path, struct hcs_error **err) {
        _cleanup_free_ char *name = hcs_strdup(path);
        bool standard = hcs_streq(path, "-");
        HANDLE h = standard ? GetStdHandle(STD_OUTPUT_HANDLE) : open_new(path);
        struct hcs_append_file *f;

        if (h == INVALID_HANDLE_VALUE && GetLastError() == ERROR_SHARING_VIOLATION) {
                free(name);
                name = hcs_asprintf("%s.%lu", path, GetCurrentProcessId());
                h = open_new(name);
        }
        if (h == INVALID_HANDLE_VALUE)
                return hcs_error_make(err, HCS_WIN32(GetLastError()), "create `%s`", name);
        f = hcs_calloc(1, sizeof(*f));
        *f = (struct hcs_append_file){
                .h = h, .standard = standard, .regular = !standard && GetFileType(h) == FILE_TYPE_DISK};
        *ret = f;
        if (ret_path)
                *ret_path = steal_pointer(&name);
        return S_OK;
}
