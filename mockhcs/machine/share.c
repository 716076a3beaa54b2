/* SPDX-License-Identifier: MIT */

/* Plan 9 shares: a server for each vsock port that a share names, at the socket where the guest's calls arrive. */

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/machine/qemu.h"

#define FLAG_READ_ONLY 0x01 /* as hcsshim sets them */
#define FLAG_RESTRICT  0x80 /* only AllowedFiles */

static struct machine_share_server *server_of(struct emu_machine *m, uint32_t port) {
        for (struct machine_share_server *s = m->share_servers; s; s = s->next)
                if (s->port == port)
                        return s;
        return NULL;
}

static HRESULT serve(struct emu_machine *m, uint32_t port, struct machine_share_server **ret, struct hcs_error **err) {
        struct machine_share_server *s = server_of(m, port);
        _cleanup_free_ char *socket = hcs_asprintf("%s/v.sock_%u", m->plan.vm.vsock_folder, port);
        struct plan9_server *server = NULL;
        HRESULT hr;

        if (s) {
                *ret = s;
                return S_OK;
        }
        if (m->plan.vm.vsock == VM_VSOCK_KERNEL)
                hr = hcs_error_make(err, E_NOTIMPL,
                                    "port %u: a share is served at a Unix socket, which the kernel's vsock has not",
                                    port);
        else
                hr = plan9_server_new(socket, &server, err);
        if (FAILED(hr))
                return hr;
        s = hcs_calloc(1, sizeof(*s));
        *s = (struct machine_share_server){m->share_servers, port, server};
        *ret = m->share_servers = s;
        return S_OK;
}

static const char *access_name(const struct hcs_json *settings) {
        const char *access = hcs_json_get_string(settings, "AccessName");

        return access && *access ? access : hcs_json_get_string(settings, "Name");
}

static HRESULT port_of(const struct hcs_json *settings, const char *where, uint32_t *ret, struct hcs_error **err) {
        uint64_t port;

        if (!hcs_json_u64(hcs_json_get(settings, "Port"), &port) || port == 0 || port > UINT32_MAX)
                return hcs_error_make(err, E_INVALIDARG, "%s.Port: a vsock port is expected", where);
        *ret = (uint32_t)port;
        return S_OK;
}

static const char **allowed_files(const struct hcs_json *list, size_t *ret_n) {
        const char **files = hcs_calloc(hcs_json_count(list) + 1, sizeof(*files));

        for (const struct hcs_json *f = hcs_json_first(list); f; f = hcs_json_next(f))
                if (hcs_json_string(f))
                        files[(*ret_n)++] = hcs_json_string(f);
        return files;
}

HRESULT machine_share_add(struct emu_machine *m, const struct hcs_json *settings, const char *where,
                          struct hcs_error **err) {
        const char *host = hcs_json_get_string(settings, "Path");
        _cleanup_free_ char *at = hcs_asprintf("%s.Path", where), *path = NULL;
        _cleanup_free_ const char **files = NULL;
        struct plan9_share share = {.name = access_name(settings)};
        struct machine_share_server *server;
        uint64_t flags = 0;
        uint32_t port;
        HRESULT hr = port_of(settings, where, &port, err);

        if (SUCCEEDED(hr))
                hr = machine_file(&m->settings, host ? host : "", at, &path, err);
        if (FAILED(hr))
                return hr;
        hcs_json_u64(hcs_json_get(settings, "Flags"), &flags);
        share.path = path;
        share.read_only = flags & FLAG_READ_ONLY;
        files = allowed_files(hcs_json_get(settings, "AllowedFiles"), &share.n_files);
        if (share.n_files || flags & FLAG_RESTRICT)
                share.files = files;
        hr = serve(m, port, &server, err);
        return SUCCEEDED(hr) ? plan9_server_add(server->server, &share, err) : hr;
}

HRESULT machine_share_remove(struct emu_machine *m, const struct hcs_json *settings, struct hcs_error **err) {
        struct machine_share_server *s;
        uint32_t port;
        HRESULT hr = port_of(settings, "Settings", &port, err);

        if (FAILED(hr))
                return hr;
        s = server_of(m, port);
        if (!s)
                return hcs_error_make(err, HCS_WIN32(0x490), "Settings.Port: there is no share at port %u", port);
        return plan9_server_remove(s->server, access_name(settings), err);
}

HRESULT machine_shares_start(struct emu_machine *m, struct hcs_error **err) {
        size_t i = 0;

        for (const struct hcs_json *s = hcs_json_first(m->plan.shares); s; s = hcs_json_next(s), i++) {
                _cleanup_free_ char *where = hcs_asprintf("VirtualMachine.Devices.Plan9.Shares[%zu]", i);
                HRESULT hr = machine_share_add(m, s, where, err);

                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

void machine_shares_end(struct emu_machine *m) {
        while (m->share_servers) {
                struct machine_share_server *s = m->share_servers;

                m->share_servers = s->next;
                plan9_server_free(s->server);
                free(s);
        }
}
