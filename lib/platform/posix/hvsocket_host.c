/* SPDX-License-Identifier: MIT */

/* The host's side of the sockets of platform/hvsocket.h: listeners, connections, and who connected. */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/str.h"
#include "platform/file.h"
#include "platform/hvsocket.h"
#include "platform/posix/stream_fd.h"

/* The ids of hvsocket.h that are of no machine. */
static const GUID wildcard = {0},
                  children = {0x90db8b89, 0x0d35, 0x4f79, {0x8c, 0xe9, 0x49, 0xea, 0x0a, 0xc8, 0xb7, 0xcd}},
                  loopback = {0xe0e16197, 0xdd56, 0x4a10, {0x91, 0x95, 0x5e, 0xe7, 0xa1, 0x55, 0xa8, 0x38}},
                  parent = {0xa42e7cda, 0xd03f, 0x480c, {0x9c, 0xc2, 0xa4, 0xde, 0x20, 0xab, 0xb8, 0x78}};

#define PEER "hcsshim-hv/" /* and RUNTIMEID/PORT/NUMBER */

/* A whole GUID is too long for the name of a socket. */
static uint32_t fold(const GUID *g) {
        uint32_t words[4];

        memcpy(words, g, sizeof(words));
        return words[0] ^ words[1] ^ words[2] ^ words[3];
}

static char *socket_of(const GUID *folder, const GUID *service) {
        _cleanup_free_ char *path = hcs_hvsocket_folder(folder);
        uint32_t port;

        if (hcs_guid_to_vsock_port(service, &port))
                return hcs_asprintf("%s/v.sock_%u", path, (unsigned)port);
        return hcs_asprintf("%s/v.sock_g%08x", path, (unsigned)fold(service));
}

/* A folder that is of no machine, and stays. */
static HRESULT make_shared(const GUID *id, struct hcs_error **err) {
        _cleanup_free_ char *path = hcs_hvsocket_folder(id);
        HRESULT hr = hcs_work_folder_room(HCS_HVSOCKET_ROOM, err);

        if (SUCCEEDED(hr) && mkdir(path, 0700) < 0 && errno != EEXIST)
                hr = hcs_error_errno(err, errno, "make the folder `%s`", path);
        return hr;
}

static HRESULT listen_in(const GUID *folder, const GUID *service, struct hcs_listener **ret, struct hcs_error **err) {
        _cleanup_free_ char *path = socket_of(folder, service);

        return hcs_listener_unix(path, ret, err);
}

HRESULT hcs_hvsocket_listen(const GUID *vm, const GUID *service,
                            struct hcs_listener *ret[static HCS_HVSOCKET_LISTENERS], size_t *ret_n,
                            struct hcs_error **err) {
        bool any = hcs_guid_equal(vm, &wildcard), shared = any || hcs_guid_equal(vm, &children),
             local = hcs_guid_equal(vm, &loopback);
        _cleanup_free_ char *folder = hcs_hvsocket_folder(vm);
        char text[HCS_GUID_TEXT_SIZE];
        size_t n = 0;
        HRESULT hr = S_OK;

        if (hcs_guid_equal(vm, &parent))
                return hcs_error_make(err, HCS_WIN32(10049), "this host has no parent");
        if (!shared && !local && !hcs_file_is_directory(folder))
                return hcs_error_make(err, HCS_WIN32(10049), "there is no machine %s", hcs_guid_format(vm, text));
        if (shared) {
                hr = make_shared(&wildcard, err);
                if (SUCCEEDED(hr))
                        hr = listen_in(&wildcard, service, &ret[n], err);
                n += SUCCEEDED(hr);
        }
        if (SUCCEEDED(hr) && (any || local)) {
                hr = make_shared(&loopback, err);
                if (SUCCEEDED(hr))
                        hr = listen_in(&loopback, service, &ret[n], err);
                n += SUCCEEDED(hr);
        }
        if (SUCCEEDED(hr) && !shared && !local) {
                hr = listen_in(vm, service, &ret[n], err);
                n += SUCCEEDED(hr);
        }
        if (FAILED(hr)) {
                while (n > 0)
                        hcs_listener_close(ret[--n]);
                return hr;
        }
        *ret_n = n;
        return S_OK;
}

HRESULT hcs_hvsocket_connect(const GUID *vm, const GUID *service, const struct hcs_bound *b, struct hcs_stream **ret,
                             struct hcs_error **err) {
        _cleanup_free_ char *folder = hcs_hvsocket_folder(vm), *path = NULL;
        char text[HCS_GUID_TEXT_SIZE];
        struct hcs_error *why = NULL;
        uint32_t port;
        HRESULT hr;

        if (hcs_guid_equal(vm, &loopback)) {
                path = socket_of(vm, service);
                hr = hcs_stream_connect_unix(path, b, ret, &why);
        } else if (!hcs_file_is_directory(folder)) {
                return hcs_error_make(err, HCS_WIN32(10051), "there is no machine %s", hcs_guid_format(vm, text));
        } else if (!hcs_guid_to_vsock_port(service, &port)) {
                return hcs_error_make(err, HCS_WIN32(10061), "a Linux guest has no service %s",
                                      hcs_guid_format(service, text));
        } else {
                path = hcs_asprintf("%s/v.sock", folder);
                hr = hcs_stream_connect_guest(path, port, b, ret, &why);
        }
        if (hcs_stream_is_absent(hr)) { /* in the words of who looked for it, with the code of Windows */
                hr = hcs_error_make(err, HCS_WIN32(10061), "%s", hcs_error_message(why));
                hcs_error_free(why);
        } else if (why) {
                hcs_error_move(err, &why);
        }
        return hr;
}

void hcs_hvsocket_peer(const struct hcs_stream *s, GUID *vm, GUID *service) {
        struct sockaddr_un address = {0};
        socklen_t size = sizeof(address);
        char name[sizeof(address.sun_path)] = "", *slash;
        uint64_t port;
        GUID id;

        if (getpeername(hcs_stream_fd(s), (struct sockaddr *)&address, &size) < 0 || address.sun_family != AF_UNIX ||
            size <= offsetof(struct sockaddr_un, sun_path) + 1 || address.sun_path[0] != '\0')
                return;
        memcpy(name, address.sun_path + 1, size - offsetof(struct sockaddr_un, sun_path) - 1);
        slash = hcs_str_starts(name, PEER) ? strchr(name + strlen(PEER), '/') : NULL;
        if (!slash)
                return;
        *slash++ = '\0';
        slash[strcspn(slash, "/")] = '\0';
        if (FAILED(hcs_guid_parse(name + strlen(PEER), &id, NULL)) || !hcs_str_to_u64(slash, &port))
                return;
        *vm = id;
        hcs_guid_from_vsock_port((uint32_t)port, service);
}

bool hcs_hvsocket_peer_name(const char *folder, uint32_t port, uint32_t number, char ret[static 108], size_t *ret_n) {
        const char *slash = strrchr(folder, '/');
        GUID id;

        if (!slash || FAILED(hcs_guid_parse(slash + 1, &id, NULL)))
                return false;
        ret[0] = '\0';
        *ret_n = 1 + (size_t)snprintf(ret + 1, 107, PEER "%s/%u/%u", slash + 1, (unsigned)port, (unsigned)number);
        return true;
}

char *hcs_hvsocket_wildcard_beside(const char *folder) {
        const char *slash = strrchr(folder, '/');
        char text[HCS_GUID_TEXT_SIZE];

        return hcs_asprintf("%.*s/%s", slash ? (int)(slash - folder) : 1, slash ? folder : ".",
                            hcs_guid_format(&wildcard, text));
}
