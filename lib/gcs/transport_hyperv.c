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

/* The services of Windows guests are no ports. */
static void service_of(uint32_t port, GUID *ret) {
        static const char *const services[] = {"acef5661-84a1-4e44-856b-6245e69f4620",
                                               "ae8da506-a019-4553-a52b-902bc0fa0411",
                                               "172dad59-976d-45f2-8b6c-6d1b13f2ac4d"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(services); i++)
                if (SUCCEEDED(hcs_guid_parse(services[i], ret, NULL)) && ret->Data1 == port)
                        return;
        hcs_guid_from_vsock_port(port, ret);
}

static HRESULT hyperv_listen(struct hcs_gcs_transport *t, uint32_t port, struct hcs_gcs_listener *l,
                             struct hcs_error **err) {
        struct hcs_listener *listener = NULL;
        GUID service;
        HRESULT hr;

        service_of(port, &service);
        hr = hcs_listener_hyperv(t->state, &service, &listener, err);
        l->state = listener;
        return hr;
}

static HRESULT hyperv_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_bound *b,
                           struct hcs_stream **ret, struct hcs_error **err) {
        GUID service;

        service_of(port, &service);
        return hcs_stream_connect_hyperv(t->state, &service, b, ret, err);
}

const struct gcs_transport_ops gcs_transport_hyperv = {"hyperv",      hyperv_open, hyperv_free,
                                                       hyperv_listen, hyperv_dial, hyperv_dial};
