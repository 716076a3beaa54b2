/* SPDX-License-Identifier: MIT */

/* Transports by name, and what all of them share. */

#include "gcs/transport.h"

#include <string.h>

#include "base/str.h"

static const struct gcs_transport_ops *const transports[] = {&gcs_transport_hyperv, &gcs_transport_memory,
                                                             &gcs_transport_unix, &gcs_transport_vsock};

HRESULT hcs_gcs_transport_open(const char *name, struct hcs_gcs_transport **ret, struct hcs_error **err) {
        const char *colon = strchr(name, ':');
        struct hcs_gcs_transport *t;
        HRESULT hr;

        for (size_t i = 0; colon && i < HCS_ARRAY_SIZE(transports); i++) {
                if (strlen(transports[i]->name) != (size_t)(colon - name) ||
                    strncmp(transports[i]->name, name, (size_t)(colon - name)) != 0)
                        continue;
                t = hcs_calloc(1, sizeof(*t));
                atomic_init(&t->refs, 1);
                t->ops = transports[i];
                hr = t->ops->open(t, colon + 1, err);
                if (FAILED(hr)) {
                        free(t);
                        return hr;
                }
                *ret = t;
                return S_OK;
        }
        return hcs_error_make(err, E_INVALIDARG,
                              "`%s` is no transport: unix:PATH, vsock:CID, hyperv:ID or memory: is needed", name);
}

struct hcs_gcs_transport *hcs_gcs_transport_ref(struct hcs_gcs_transport *t) {
        atomic_fetch_add(&t->refs, 1);
        return t;
}

struct hcs_gcs_transport *hcs_gcs_transport_unref(struct hcs_gcs_transport *t) {
        if (t && atomic_fetch_sub(&t->refs, 1) == 1) {
                t->ops->free(t);
                free(t);
        }
        return NULL;
}

HRESULT hcs_gcs_listen(struct hcs_gcs_transport *t, uint32_t port, struct hcs_gcs_listener **ret,
                       struct hcs_error **err) {
        struct hcs_gcs_listener *l = hcs_calloc(1, sizeof(*l));
        HRESULT hr;

        l->port = port;
        l->transport = hcs_gcs_transport_ref(t);
        l->ops = &gcs_listener_platform;
        hr = t->ops->listen(t, port, l, err);
        if (FAILED(hr)) {
                hcs_gcs_transport_unref(t);
                free(l);
                return hcs_error_wrap(err, "listen for the guest on port %u", (unsigned)port), hr;
        }
        *ret = l;
        return S_OK;
}

HRESULT gcs_accept_bound(struct hcs_gcs_listener *l, const struct hcs_bound *b, struct hcs_stream **ret,
                         struct hcs_error **err) {
        HRESULT hr = l->ops->accept(l, b, ret, err);

        if (FAILED(hr))
                hcs_error_wrap(err, "wait for the guest on port %u", (unsigned)l->port);
        return hr;
}

HRESULT hcs_gcs_accept(struct hcs_gcs_listener *l, const struct hcs_call *call, struct hcs_stream **ret,
                       struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);

        return gcs_accept_bound(l, &b, ret, err);
}

void hcs_gcs_listener_wake(struct hcs_gcs_listener *l) {
        l->ops->wake(l);
}

struct hcs_gcs_listener *hcs_gcs_listener_close(struct hcs_gcs_listener *l) {
        if (!l)
                return NULL;
        l->ops->close(l);
        hcs_gcs_transport_unref(l->transport);
        free(l);
        return NULL;
}

HRESULT hcs_gcs_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_call *call, struct hcs_stream **ret,
                     struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        HRESULT hr = t->ops->dial(t, port, &b, ret, err);

        if (FAILED(hr))
                hcs_error_wrap(err, "dial port %u of the guest", (unsigned)port);
        return hr;
}

HRESULT hcs_gcs_guest_dial(struct hcs_gcs_transport *t, uint32_t port, const struct hcs_call *call,
                           struct hcs_stream **ret, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        HRESULT hr = t->ops->guest_dial(t, port, &b, ret, err);

        if (FAILED(hr))
                hcs_error_wrap(err, "dial port %u of the host", (unsigned)port);
        return hr;
}

static HRESULT platform_accept(struct hcs_gcs_listener *l, const struct hcs_bound *b, struct hcs_stream **ret,
                               struct hcs_error **err) {
        return hcs_listener_accept(l->state, b, ret, err);
}

static void platform_wake(struct hcs_gcs_listener *l) {
        hcs_listener_wake(l->state);
}

static void platform_close(struct hcs_gcs_listener *l) {
        hcs_listener_close(l->state);
}

const struct gcs_listener_ops gcs_listener_platform = {platform_accept, platform_wake, platform_close};
