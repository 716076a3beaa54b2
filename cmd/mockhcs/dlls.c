/* SPDX-License-Identifier: MIT */

/* Our DLLs as files; see dlls.h. */

#include "cmd/mockhcs/dlls.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "platform/file.h"
#include "platform/library.h"
#include "platform/process.h"

#define MAX_DLL ((size_t)256 << 20)

const char *const dll_names[] = {"mockhcs.dll",        "computecore.dll", "computenetwork.dll",
                                 "computestorage.dll", "vmcompute.dll",   NULL};

HRESULT dll_place_folder(const struct dll_place *place, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *folder = NULL;

        if (!!place->prefix + !!place->beside + place->system != 1)
                return hcs_error_make(err, E_INVALIDARG, "one of --prefix, --beside and --system is needed");
        if (place->prefix) {
                folder = hcs_asprintf("%s/drive_c/windows/system32", place->prefix);
        } else if (place->beside) {
                folder = hcs_strdup(place->beside);
                if (!hcs_file_is_directory(folder)) {
                        char *program = folder;

                        folder = hcs_strdup(dirname(program));
                        free(program);
                }
        } else {
                folder = hcs_library_system_folder();
                if (!folder)
                        return hcs_error_make(err, E_INVALIDARG, "--system: this is no Windows; --prefix is for Wine");
        }
        if (!hcs_file_is_directory(folder))
                return hcs_error_make(err, HCS_WIN32(3), "`%s` is no folder%s", folder,
                                      place->prefix ? ": is this a Wine prefix?" : "");
        *ret = steal_pointer(&folder);
        return S_OK;
}

static char *in(const char *folder, const char *name, const char *more) {
        return hcs_asprintf("%s/%s%s", folder, name, more);
}

HRESULT dll_source_folder(const char *from, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *self = from ? NULL : hcs_process_path(), *library = NULL;
        const char *folder = from ? from : self ? dirname(self) : ".";

        library = in(folder, dll_names[0], "");
        if (!hcs_file_exists(library))
                return hcs_error_make(err, HCS_WIN32(2), "there is no `%s`: --from says where the DLLs are", library);
        *ret = hcs_strdup(folder);
        return S_OK;
}

static HRESULT read_dll(const char *path, struct hcs_buf *ret, struct hcs_error **err) {
        return hcs_file_read(path, MAX_DLL, ret, err);
}

static bool has_word(const struct hcs_buf *b, const char *word) {
        size_t n = strlen(word);

        for (const char *p = b->data, *end = p + b->len; p && (size_t)(end - p) >= n; p++) {
                p = memchr(p, *word, (size_t)(end - p) - n + 1);
                if (!p)
                        return false;
                if (memcmp(p, word, n) == 0)
                        return true;
        }
        return false;
}

/* All of ours name the first of them. */
enum dll_owner dll_owner_of(const char *path) {
        _cleanup_buf_ struct hcs_buf b = {0};

        if (!hcs_file_exists(path))
                return DLL_ABSENT;
        return SUCCEEDED(read_dll(path, &b, NULL)) && has_word(&b, dll_names[0]) ? DLL_OURS : DLL_OTHERS;
}

static HRESULT copy(const char *from, const char *to, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf b = {0};
        HRESULT hr = read_dll(from, &b, err);

        return SUCCEEDED(hr) ? hcs_file_write(to, hcs_buf_cstr(&b), b.len, err) : hr;
}

/* Half of them would leave a program with two of a kind. */
static HRESULT expect_all(const char *from, struct hcs_error **err) {
        for (const char *const *name = dll_names; *name; name++) {
                _cleanup_free_ char *source = in(from, *name, "");

                if (dll_owner_of(source) != DLL_OURS)
                        return hcs_error_make(err, HCS_WIN32(2), "`%s` is %s: --from says where all of them are",
                                              source, hcs_file_exists(source) ? "not ours" : "not there");
        }
        return S_OK;
}

static HRESULT refuse_others(const char *to, struct hcs_error **err) {
        for (const char *const *name = dll_names; *name; name++) {
                _cleanup_free_ char *target = in(to, *name, "");

                if (dll_owner_of(target) == DLL_OTHERS)
                        return hcs_error_make(err, E_ACCESSDENIED,
                                              "`%s` is not ours: --replace, said twice, keeps it beside ours", target);
        }
        return S_OK;
}

static bool are_alike(const char *a, const char *b) {
        _cleanup_buf_ struct hcs_buf x = {0}, y = {0};

        return SUCCEEDED(read_dll(a, &x, NULL)) && SUCCEEDED(read_dll(b, &y, NULL)) && x.len == y.len &&
               memcmp(hcs_buf_cstr(&x), hcs_buf_cstr(&y), x.len) == 0;
}

/* The first number behind the name that is free, or whose file is the same. */
static HRESULT number_kept(const char *kept, struct hcs_error **err) {
        for (unsigned n = 1;; n++) {
                _cleanup_free_ char *older = hcs_asprintf("%s.%u", kept, n);

                if (!hcs_file_exists(older))
                        return copy(kept, older, err);
                if (are_alike(kept, older))
                        return S_OK;
        }
}

/* What is there now is what has to come back; another one that was kept before is never lost. */
static HRESULT keep(const char *path, const char *kept, struct hcs_error **err) {
        HRESULT hr = S_OK;

        if (are_alike(path, kept))
                return S_OK;
        if (hcs_file_exists(kept))
                hr = number_kept(kept, err);
        return SUCCEEDED(hr) ? copy(path, kept, err) : hr;
}

HRESULT dlls_install(const char *from, const char *to, bool replace, struct hcs_error **err) {
        HRESULT hr = expect_all(from, err);

        if (SUCCEEDED(hr) && !replace)
                hr = refuse_others(to, err);
        for (const char *const *name = dll_names; *name && SUCCEEDED(hr); name++) {
                _cleanup_free_ char *source = in(from, *name, ""), *target = in(to, *name, ""),
                                    *kept = in(to, *name, DLL_KEPT);

                if (dll_owner_of(target) == DLL_OTHERS)
                        hr = keep(target, kept, err);
                if (SUCCEEDED(hr))
                        hr = copy(source, target, err);
        }
        return hr;
}

static HRESULT take_away(const char *path, struct hcs_error **err) {
        return remove(path) == 0 ? S_OK : hcs_error_errno(err, errno, "remove `%s`", path);
}

/*
 * Whatever an install or uninstall that was interrupted has left: a kept file goes back, or is there already. S_FALSE:
 * it stays, because somebody came later.
 */
static HRESULT put_back(const char *path, const char *kept, enum dll_owner owner, struct hcs_error **err) {
        HRESULT hr = S_OK;

        if (owner != DLL_OTHERS)
                hr = copy(kept, path, err);
        else if (!are_alike(path, kept))
                return S_FALSE;
        return SUCCEEDED(hr) ? take_away(kept, err) : hr;
}

HRESULT dlls_uninstall(const char *folder, unsigned *ret_n, struct hcs_error **err) {
        HRESULT hr = S_OK;
        unsigned n = 0;

        for (const char *const *name = dll_names; *name && SUCCEEDED(hr); name++) {
                _cleanup_free_ char *path = in(folder, *name, ""), *kept = in(folder, *name, DLL_KEPT);
                enum dll_owner owner = dll_owner_of(path);

                hr = hcs_file_exists(kept) ? put_back(path, kept, owner, err)
                     : owner == DLL_OURS   ? take_away(path, err)
                                           : S_FALSE;
                n += hr == S_OK;
        }
        if (SUCCEEDED(hr))
                *ret_n = n;
        return hr;
}
