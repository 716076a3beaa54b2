/* SPDX-License-Identifier: MIT */

/*
 * platform/work_folder.h over Windows: the lock is a file that is open for its owner alone, so that a folder whose lock
 * can be opened is of the dead; one without a lock is not taken yet. Folders that are claimed or kept are of Linux.
 */

#include "platform/work_folder.h"

#include <string.h>

#include "base/str.h"
#include "platform/file.h"
#include "platform/place.h"
#include "platform/random.h"
#include "platform/windows/last_error.h"
#include "platform/windows/text.h"

#define LOCK "lock"

struct hcs_work_folder {
        char *path;
        HANDLE lock;
};

HRESULT hcs_folder_remove(const char *path, struct hcs_error **err) {
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};
        DWORD a = GetFileAttributesW(wide);
        HRESULT hr = S_OK;

        if (a == INVALID_FILE_ATTRIBUTES)
                return S_OK;
        if (!(a & FILE_ATTRIBUTE_DIRECTORY))
                return hcs_file_remove(path, err);
        if (!(a & FILE_ATTRIBUTE_REPARSE_POINT))
                hr = hcs_folder_list(path, &names, err);
        for (size_t i = 0; SUCCEEDED(hr) && i < names.n; i++) {
                _cleanup_free_ char *entry = hcs_asprintf("%s\\%s", path, names.items[i]);

                hr = hcs_folder_remove(entry, err);
        }
        if (SUCCEEDED(hr) && !RemoveDirectoryW(wide) && GetLastError() != ERROR_FILE_NOT_FOUND) {
                DWORD why = GetLastError();
                _cleanup_free_ char *what = hcs_asprintf("remove `%s`", path);

                hr = hcs_windows_error(err, why, what);
        }
        return hr;
}

char *hcs_work_folder_default_base(void) {
        wchar_t wide[MAX_PATH + 1];
        DWORD n = GetTempPathW(MAX_PATH + 1, wide);
        _cleanup_free_ char *temporary = n && n <= MAX_PATH ? hcs_windows_narrow(wide) : hcs_strdup(".\\");

        return hcs_asprintf("%shcsshim", temporary);
}

/* INVALID_HANDLE_VALUE when somebody has it. */
static HANDLE lock_folder(const char *folder, DWORD how) {
        _cleanup_free_ char *path = hcs_asprintf("%s\\" LOCK, folder);
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);

        return CreateFileW(wide, GENERIC_WRITE, 0, NULL, how, 0, NULL);
}

/* A folder of another owner is left alone as long as its lock is held, or was not taken yet. */
static void sweep(const char *base) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};

        if (FAILED(hcs_folder_list(base, &names, NULL)))
                return;
        for (size_t i = 0; i < names.n; i++) {
                _cleanup_free_ char *path = hcs_asprintf("%s\\%s", base, names.items[i]);
                HANDLE lock = lock_folder(path, OPEN_EXISTING);

                if (lock == INVALID_HANDLE_VALUE)
                        continue;
                CloseHandle(lock);
                hcs_folder_remove(path, NULL);
        }
}

HRESULT hcs_work_folder_new(const char *base, const char *name, struct hcs_work_folder **ret, struct hcs_error **err) {
        _cleanup_free_ char *home = base ? hcs_strdup(base) : hcs_work_folder_default_base(), *path = NULL;
        struct hcs_work_folder *f;
        uint32_t random;
        HANDLE lock;
        HRESULT hr;

        if (strpbrk(name, "/\\") || hcs_str_starts(name, "."))
                return hcs_error_make(err, E_INVALIDARG, "`%s` cannot be the name of a folder", name);
        hr = hcs_random(&random, sizeof(random), err);
        if (SUCCEEDED(hr))
                hr = hcs_directory_create(home, err);
        if (FAILED(hr))
                return hr;
        sweep(home);
        path = hcs_asprintf("%s\\%s.%08x", home, name, random);
        hr = hcs_directory_create(path, err);
        if (FAILED(hr))
                return hr;
        lock = lock_folder(path, CREATE_NEW);
        if (lock == INVALID_HANDLE_VALUE) {
                DWORD why = GetLastError();
                _cleanup_free_ char *what = hcs_asprintf("lock `%s`", path);

                hcs_folder_remove(path, NULL);
                return hcs_windows_error(err, why, what);
        }
        f = hcs_calloc(1, sizeof(*f));
        *f = (struct hcs_work_folder){steal_pointer(&path), lock};
        *ret = f;
        return S_OK;
}

const char *hcs_work_folder_path(const struct hcs_work_folder *f) {
        return f->path;
}

struct hcs_work_folder *hcs_work_folder_free(struct hcs_work_folder *f) {
        if (!f)
                return NULL;
        CloseHandle(f->lock);
        hcs_folder_remove(f->path, NULL);
        free(f->path);
        free(f);
        return NULL;
}
