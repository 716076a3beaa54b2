/* SPDX-License-Identifier: MIT */

/* Paths of documents on a system that has no drives. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/machine/document.h"
#include "platform/file.h"
#include "platform/place.h"

static bool is_letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What is behind the first `from` bytes. */
static void find(char *path, size_t from) {
        for (char *p = path + from; *p; p++)
                if (*p == '\\')
                        *p = '/';
        hcs_path_find_spelling(path, from);
}

HRESULT machine_path(const struct emu_machine_settings *settings, const char *path, const char *where, char **ret,
                     struct hcs_error **err) {
        _cleanup_free_ char *mapped = NULL;
        const char *rest = path;
        HRESULT hr = S_OK;

        if (hcs_str_starts(rest, "\\\\?\\"))
                rest += 4;
        if (*path == '/') {
                mapped = hcs_strdup(path);
        } else if (!is_letter(rest[0]) || rest[1] != ':') {
                hr = hcs_error_make(err, E_INVALIDARG, "%s: `%s` is no absolute path", where, path);
        } else if (settings->drives) {
                mapped = hcs_asprintf("%s/%c/%s", settings->drives, rest[0] | 0x20, rest + 2 + strspn(rest + 2, "\\/"));
                find(mapped, strlen(settings->drives));
        } else if ((rest[0] | 0x20) == 'z') {
                mapped = hcs_asprintf("/%s", rest + 2 + strspn(rest + 2, "\\/"));
                find(mapped, 0);
        } else {
                hr = hcs_error_make(err, HCS_WIN32(3), "%s: `%s`: there is no drive %c: here", where, path, rest[0]);
                hcs_error_set_hint(err, "the option drives=FOLDER says where drives are: FOLDER/c for C:");
        }
        if (FAILED(hr)) {
                hcs_error_set_path(err, where);
                return hr;
        }
        *ret = steal_pointer(&mapped);
        return S_OK;
}

HRESULT machine_file(const struct emu_machine_settings *settings, const char *path, const char *where, char **ret,
                     struct hcs_error **err) {
        _cleanup_free_ char *mapped = NULL;
        HRESULT hr = machine_path(settings, path, where, &mapped, err);

        if (SUCCEEDED(hr) && !hcs_file_exists(mapped)) {
                hr = hcs_error_make(err, HCS_WIN32(2), "%s: `%s` not found", where, mapped);
                hcs_error_set_path(err, where);
        }
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&mapped);
        return hr;
}
