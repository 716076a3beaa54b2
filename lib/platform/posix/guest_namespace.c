/* SPDX-License-Identifier: MIT */

/* The records of guest namespaces as files, and the shims of VMs as sockets; see platform/guest_namespace.h. */

#include "platform/guest_namespace.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "platform/env.h"
#include "platform/file.h"
#include "platform/stream.h"

#define RECORD_MAX ((size_t)1 << 20)
#define REPLY_MAX  ((size_t)1 << 16)

static char *state_path(const char *folder, const char *name, const char *file) {
        _cleanup_free_ char *env = hcs_env_get("HCSSHIM_RUNHCS_STATE");

        return hcs_asprintf("%s/%s%s%s", env ? env : "/run/runhcs", folder, name, file);
}

/* A name that stays where it belongs. */
static bool is_plain(const char *name) {
        return *name && *name != '.' && !strchr(name, '/');
}

HRESULT hcs_guest_namespace_read(const char *namespace_id, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *path = state_path("cni/", namespace_id, "/cfg");
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr;

        if (!is_plain(namespace_id) || !hcs_file_exists(path))
                return S_FALSE;
        hr = hcs_file_read(path, RECORD_MAX, &text, err);
        if (SUCCEEDED(hr))
                *ret = hcs_buf_steal(&text);
        return hr;
}

HRESULT hcs_guest_namespace_remove(const char *namespace_id, struct hcs_error **err) {
        _cleanup_free_ char *folder = state_path("cni/", namespace_id, ""),
                            *file = state_path("cni/", namespace_id, "/cfg");

        if (!is_plain(namespace_id))
                return S_OK;
        if ((unlink(file) < 0 && errno != ENOENT) || (rmdir(folder) < 0 && errno != ENOENT))
                return hcs_error_errno(err, errno, "remove `%s'", folder);
        return S_OK;
}

static HRESULT exchange(struct hcs_stream *s, const char *request, struct hcs_buf *reply, struct hcs_error **err) {
        size_t sent, before = reply->len, n;
        HRESULT hr = hcs_stream_write_bound(s, request, strlen(request), NULL, &sent, err);

        for (char part[512]; SUCCEEDED(hr);) {
                hr = hcs_stream_read_bound(s, part, sizeof(part), NULL, &n, err);
                if (hr != S_OK)
                        break;
                if (reply->len - before + n > REPLY_MAX)
                        return hcs_error_make(err, HCS_WIN32(223), "the shim of the VM answers without end");
                hcs_buf_append(reply, part, n);
        }
        return FAILED(hr) ? hr : S_OK;
}

HRESULT hcs_guest_shim_request(const char *host_id, const char *request, struct hcs_buf *reply,
                               struct hcs_error **err) {
        _cleanup_free_ char *path = state_path("runhcs-vm-", host_id, "");
        struct hcs_error *refused = NULL;
        struct hcs_stream *s = NULL;
        HRESULT hr;

        if (!is_plain(host_id))
                return hcs_error_make(err, E_INVALIDARG, "`%s' cannot be the socket of a shim", path);
        hr = hcs_stream_connect_unix(path, NULL, &s, &refused);
        if (hr == HCS_WIN32(2) || hr == HCS_WIN32(1225)) {
                hcs_error_free(refused);
                return S_FALSE;
        }
        if (FAILED(hr))
                return hcs_error_move(err, &refused);
        hr = exchange(s, request, reply, err);
        hcs_stream_close(s);
        return hr;
}
