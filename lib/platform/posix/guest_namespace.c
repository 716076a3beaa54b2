/* SPDX-License-Identifier: MIT */

/* The records of guest namespaces as files, and the shims of VMs as sockets; see platform/guest_namespace.h. */

#include "platform/guest_namespace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "platform/env.h"
#include "platform/file.h"

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

static void closep(int *fd) {
        if (*fd >= 0)
                close(*fd);
}

static HRESULT exchange(int fd, const char *request, struct hcs_buf *reply, struct hcs_error **err) {
        size_t left = strlen(request), before = reply->len;
        ssize_t n;

        while (left) {
                n = send(fd, request, left, MSG_NOSIGNAL);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return hcs_error_errno(err, errno, "write to the shim of the VM");
                request += n;
                left -= (size_t)n;
        }
        for (;;) {
                char part[512];

                n = read(fd, part, sizeof(part));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return hcs_error_errno(err, errno, "read from the shim of the VM");
                if (n == 0)
                        return S_OK;
                if (reply->len - before + (size_t)n > REPLY_MAX)
                        return hcs_error_make(err, HCS_WIN32(223), "the shim of the VM answers without end");
                hcs_buf_append(reply, part, (size_t)n);
        }
}

HRESULT hcs_guest_shim_request(const char *host_id, const char *request, struct hcs_buf *reply,
                               struct hcs_error **err) {
        _cleanup_free_ char *path = state_path("runhcs-vm-", host_id, "");
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_(closep) int fd = -1;

        if (!is_plain(host_id) || strlen(path) >= sizeof(address.sun_path))
                return hcs_error_make(err, E_INVALIDARG, "`%s' cannot be the socket of a shim", path);
        memcpy(address.sun_path, path, strlen(path));
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return hcs_error_errno(err, errno, "make a socket");
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                if (errno == ENOENT || errno == ECONNREFUSED)
                        return S_FALSE;
                return hcs_error_errno(err, errno, "connect to `%s'", path);
        }
        return exchange(fd, request, reply, err);
}
