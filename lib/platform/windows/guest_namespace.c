/* SPDX-License-Identifier: MIT */

/* The records of guest namespaces in the registry, and the shims of VMs as message pipes; see
 * platform/guest_namespace.h. */

#include "platform/guest_namespace.h"

#include <string.h>

#include "platform/windows/text.h"

#define STATE      "SOFTWARE\\Microsoft\\runhcs\\cni\\"
#define SHIM       "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\runhcs-vm-"
#define RECORD_MAX (1u << 20)
#define REPLY_MAX  (1u << 16)

/* A name that stays where it belongs. */
static bool is_plain(const char *name) {
        return *name && !strpbrk(name, "\\/");
}

static HRESULT bad(struct hcs_error **err, LSTATUS why, const char *what, const char *name) {
        return hcs_error_make(err, HCS_WIN32((DWORD)why), "%s the record of namespace `%s`", what, name);
}

/* hcsshim keeps the document's bytes as a binary value. */
HRESULT hcs_guest_namespace_read(const char *namespace_id, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *key = hcs_asprintf(STATE "%s", namespace_id), *text = NULL;
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(key);
        DWORD size = 0;
        LSTATUS why;

        if (!is_plain(namespace_id))
                return S_FALSE;
        why = RegGetValueW(HKEY_LOCAL_MACHINE, wide, L"cfg", RRF_RT_REG_BINARY, NULL, NULL, &size);
        if (why == ERROR_FILE_NOT_FOUND || why == ERROR_PATH_NOT_FOUND)
                return S_FALSE;
        if (why || size > RECORD_MAX)
                return bad(err, why ? why : ERROR_FILE_TOO_LARGE, "read", namespace_id);
        text = hcs_calloc((size_t)size + 1, 1);
        why = RegGetValueW(HKEY_LOCAL_MACHINE, wide, L"cfg", RRF_RT_REG_BINARY, NULL, text, &size);
        if (why)
                return bad(err, why, "read", namespace_id);
        *ret = steal_pointer(&text);
        return S_OK;
}

HRESULT hcs_guest_namespace_remove(const char *namespace_id, struct hcs_error **err) {
        _cleanup_free_ char *key = hcs_asprintf(STATE "%s", namespace_id);
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(key);
        LSTATUS why = is_plain(namespace_id) ? RegDeleteTreeW(HKEY_LOCAL_MACHINE, wide) : ERROR_SUCCESS;

        return why && why != ERROR_FILE_NOT_FOUND && why != ERROR_PATH_NOT_FOUND ? bad(err, why, "remove", namespace_id)
                                                                                 : S_OK;
}

static HRESULT pipe_failed(struct hcs_error **err, const char *what) {
        DWORD why = GetLastError();

        return hcs_error_make(err, HCS_WIN32(why), "%s the shim of the VM", what);
}

HRESULT hcs_guest_shim_request(const char *host_id, const char *request, struct hcs_buf *reply,
                               struct hcs_error **err) {
        _cleanup_free_ char *path = hcs_asprintf(SHIM "%s", host_id);
        _cleanup_wide_ wchar_t *wide = hcs_windows_wide(path);
        _cleanup_handle_ HANDLE h = NULL;
        size_t before = reply->len;
        char part[512];
        DWORD n;

        if (!is_plain(host_id))
                return hcs_error_make(err, E_INVALIDARG, "`%s' cannot be the pipe of a shim", path);
        h = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (h == INVALID_HANDLE_VALUE)
                return GetLastError() == ERROR_FILE_NOT_FOUND ? S_FALSE : pipe_failed(err, "connect to");
        if (!WriteFile(h, request, (DWORD)strlen(request), &n, NULL))
                return pipe_failed(err, "write to");
        for (;;) {
                n = 0;
                if (!ReadFile(h, part, sizeof(part), &n, NULL) && GetLastError() != ERROR_MORE_DATA)
                        return GetLastError() == ERROR_BROKEN_PIPE ? S_OK : pipe_failed(err, "read from");
                if (reply->len - before + n > REPLY_MAX)
                        return hcs_error_make(err, HCS_WIN32(223), "the shim of the VM answers without end");
                hcs_buf_append(reply, part, n);
        }
}
