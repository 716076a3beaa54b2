/* SPDX-License-Identifier: MIT */

/* Hyper-V sockets: a port is the service that hvsocket reserves for it. State: the id of the machine. */

#include "gcs/transport.h"
#include "hcsshim/guid.h"

static HRESULT hyperv_open(struct hcs_gcs_transport *t, const char *conf, struct hcs_error **err) {
        GUID vm;
        HRESULT hr = hcs_guid_parse(conf, &vm, err);

        if (FAILED(hr))
                return hcs_error_wrap(err, "hyperv: needs the id of a machine"), hr;
        t->state = hcs_memdup(&vm, sizeof(vm));
        return S_OK;
}

static void hyperv_free(struct hcs_gcs_transport *t) {
        free(t->state);
}

static HRESULT hyperv_listen(struct hcs_gcs_transport *t, uint32_t port, struct hcs_gcs_listener *l,
                             struct hcs_error **err) {
        struct hcs_listener *listener = NULL;
        GUID service;
        HRESULT hr;

        hcs_guid_from_vsock_port(port, &service);
        hr = hcs_listener_hyperv(t->state, &service, &listener, err);
        l->state = listener;
        return hr;
}

static HRESULT hyperv_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_bound *b,
                           struct hcs_stream **ret, struct hcs_error **err) {
        GUID service;

        hcs_guid_from_vsock_port(port, &service);
        return hcs_stream_connect_hyperv(t->state, &service, b, ret, err);
}

const struct gcs_transport_ops gcs_transport_hyperv = {"hyperv",      hyperv_open, hyperv_free,
                                                       hyperv_listen, hyperv_dial, hyperv_dial};
