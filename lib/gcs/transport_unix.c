/* SPDX-License-Identifier: MIT */

/*
 * Unix sockets in the convention of Firecracker, which vhost-user-vsock devices share: PATH_<port> is where the guest's
 * connections arrive, PATH is where a host asks for one. State: the path.
 */

#include <string.h>

#include "gcs/transport.h"

static HRESULT unix_open(struct hcs_gcs_transport *t, const char *conf, struct hcs_error **err) {
        if (!*conf)
                return hcs_error_make(err, E_INVALIDARG, "unix: needs the path of a socket");
        t->state = hcs_strdup(conf);
        return S_OK;
}

static void unix_free(struct hcs_gcs_transport *t) {
        free(t->state);
}

static char *port_path(const struct hcs_gcs_transport *t, uint32_t port) {
        return hcs_asprintf("%s_%u", (const char *)t->state, (unsigned)port);
}

static HRESULT unix_listen(struct hcs_gcs_transport *t, uint32_t port, struct hcs_gcs_listener *l,
                           struct hcs_error **err) {
        _cleanup_free_ char *path = port_path(t, port);
        struct hcs_listener *listener = NULL;
        HRESULT hr = hcs_listener_unix(path, &listener, err);

        l->state = listener;
        return hr;
}

/* "OK <number>\n", a byte at a time: what follows the line is the guest's. */
static HRESULT read_greeting(struct hcs_stream *s, const struct hcs_bound *b, struct hcs_error **err) {
        char line[32] = "";

        for (size_t n = 0; n + 1 < sizeof(line); n++) {
                size_t got;
                HRESULT hr = hcs_stream_read_bound(s, line + n, 1, b, &got, err);

                if (FAILED(hr))
                        return hr;
                if (hr == S_FALSE)
                        return hcs_error_make(err, HCS_WIN32(10061), "the guest refused the connection");
                if (line[n] == '\n')
                        break;
        }
        if (strncmp(line, "OK ", 3) == 0 && strchr(line, '\n'))
                return S_OK;
        line[strcspn(line, "\r\n")] = '\0';
        return hcs_error_make(err, HCS_E_PROTOCOL_ERROR, "\"OK <number>\" is expected, not \"%s\"", line);
}

static HRESULT unix_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_bound *b, struct hcs_stream **ret,
                         struct hcs_error **err) {
        _cleanup_free_ char *request = hcs_asprintf("CONNECT %u\n", (unsigned)port);
        _cleanup_(hcs_stream_closep) struct hcs_stream *s = NULL;
        size_t n;
        HRESULT hr = hcs_stream_connect_unix(t->state, b, &s, err);

        if (SUCCEEDED(hr))
                hr = hcs_stream_write_bound(s, request, strlen(request), b, &n, err);
        if (SUCCEEDED(hr))
                hr = read_greeting(s, b, err);
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&s);
        return hr;
}

static HRESULT unix_guest_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_bound *b,
                               struct hcs_stream **ret, struct hcs_error **err) {
        _cleanup_free_ char *path = port_path(t, port);

        return hcs_stream_connect_unix(path, b, ret, err);
}

const struct gcs_transport_ops gcs_transport_unix = {"unix",      unix_open, unix_free,
                                                     unix_listen, unix_dial, unix_guest_dial};
