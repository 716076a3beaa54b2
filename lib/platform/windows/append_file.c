/* SPDX-License-Identifier: MIT */

/*
 * Every append is one WriteFile() at the end: the bytes are the system's when it returns. Whoever has the file open
 * shares it for reading only, so a second recorder cannot open it.
 */

#include "platform/append_file.h"

#include <errno.h>
#include <stdbool.h>

#include "base/str.h"
#include "platform/windows/text.h"

struct hcs_append_file {
        HANDLE h;
        bool standard;
        bool torn; /* part of a write went out and cannot be taken back: nothing may follow it */
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

int hcs_append_file_write(struct hcs_append_file *f, const void *data, size_t len) {
        DWORD before = GetLastError();
        int why = f->torn ? EIO : 0;

        for (size_t done = 0; !why && done < len;) {
                size_t left = len - done;
                DWORD n = 0;

                if (WriteFile(f->h, (const char *)data + done, left < (1u << 30) ? (DWORD)left : 1u << 30, &n, NULL))
                        done += n;
                else
                        why = errno_of(GetLastError());
                f->torn = why && done;
        }
        SetLastError(before);
        return why;
}

struct hcs_append_file *hcs_append_file_close(struct hcs_append_file *f) {
        if (!f)
                return NULL;
        if (!f->standard)
                CloseHandle(f->h);
        free(f);
        return NULL;
}

static HANDLE open_new(const char *path) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);

        return CreateFileW(wide, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
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
        *f = (struct hcs_append_file){.h = h, .standard = standard};
        *ret = f;
        if (ret_path)
                *ret_path = steal_pointer(&name);
        return S_OK;
}
