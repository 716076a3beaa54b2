/* SPDX-License-Identifier: MIT */

/* The kernel's AF_VSOCK. State: the guest's context id. */

#include "base/str.h"
#include "gcs/transport.h"

static uint32_t cid_of(const struct hcs_gcs_transport *t) {
        return *(const uint32_t *)t->state;
}

static HRESULT vsock_open(struct hcs_gcs_transport *t, const char *conf, struct hcs_error **err) {
        uint64_t cid;

        if (!hcs_str_to_u64(conf, &cid) || cid > UINT32_MAX)
                return hcs_error_make(err, E_INVALIDARG, "`%s` is no context id of a vsock", conf);
        t->state = hcs_memdup(&(uint32_t){(uint32_t)cid}, sizeof(uint32_t));
        return S_OK;
}

static void vsock_free(struct hcs_gcs_transport *t) {
        free(t->state);
}

static HRESULT vsock_listen(struct hcs_gcs_transport *t, uint32_t port, struct hcs_gcs_listener *l,
                            struct hcs_error **err) {
        struct hcs_listener *listener = NULL;
        HRESULT hr = hcs_listener_vsock(cid_of(t), port, &listener, err);

        l->state = listener;
        return hr;
}

static HRESULT vsock_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_bound *b,
                          struct hcs_stream **ret, struct hcs_error **err) {
        return hcs_stream_connect_vsock(cid_of(t), port, b, ret, err);
}

const struct gcs_transport_ops gcs_transport_vsock = {"vsock",      vsock_open, vsock_free,
                                                      vsock_listen, vsock_dial, vsock_dial};
