/* SPDX-License-Identifier: MIT */

/*
 * Unix sockets in the convention of Firecracker, which vhost-user-vsock devices share: PATH_<port> is where the guest's
 * connections arrive, PATH is where a host asks for one. State: the path.
 */

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

static HRESULT unix_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_bound *b, struct hcs_stream **ret,
                         struct hcs_error **err) {
        return hcs_stream_connect_guest(t->state, port, b, ret, err);
}

static HRESULT unix_guest_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_bound *b,
                               struct hcs_stream **ret, struct hcs_error **err) {
        _cleanup_free_ char *path = port_path(t, port);

        return hcs_stream_connect_unix(path, b, ret, err);
}

const struct gcs_transport_ops gcs_transport_unix = {"unix",      unix_open, unix_free,
                                                     unix_listen, unix_dial, unix_guest_dial};
