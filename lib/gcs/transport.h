/* SPDX-License-Identifier: MIT */
#ifndef HCS_GCS_TRANSPORT_H
#define HCS_GCS_TRANSPORT_H

/*
 * The seam between the bridge and how bytes get to a guest: a table of functions for each way, found by the name in
 * front of the colon. A transport is counted; a listener belongs to its maker.
 */

#include <stdatomic.h>

#include "hcsshim/gcs.h"
#include "platform/stream.h"

struct gcs_transport_ops {
        const char *name;
        /* conf: what follows the colon. */
        HRESULT (*open)(struct hcs_gcs_transport *t, const char *conf, struct hcs_error **err);
        void (*free)(struct hcs_gcs_transport *t);
        HRESULT(*listen)
        (struct hcs_gcs_transport *t, uint32_t port, struct hcs_gcs_listener *l, struct hcs_error **err);
        HRESULT(*dial)
        (struct hcs_gcs_transport *t, uint32_t port, const struct hcs_bound *b, struct hcs_stream **ret,
         struct hcs_error **err);
        HRESULT(*guest_dial)
        (struct hcs_gcs_transport *t, uint32_t port, const struct hcs_bound *b, struct hcs_stream **ret,
         struct hcs_error **err);
};
struct gcs_listener_ops {
        HRESULT(*accept)
        (struct hcs_gcs_listener *l, const struct hcs_bound *b, struct hcs_stream **ret, struct hcs_error **err);
        void (*wake)(struct hcs_gcs_listener *l);
        void (*close)(struct hcs_gcs_listener *l);
};

struct hcs_gcs_transport {
        atomic_uint refs;
        const struct gcs_transport_ops *ops;
        void *state; /* of the way */
};
struct hcs_gcs_listener {
        const struct gcs_listener_ops *ops;
        struct hcs_gcs_transport *transport;
        uint32_t port;
        void *state;
};

extern const struct gcs_transport_ops gcs_transport_hyperv, gcs_transport_memory, gcs_transport_unix,
        gcs_transport_vsock;
/* For ways whose listeners are the platform's: state is a struct hcs_listener. */
extern const struct gcs_listener_ops gcs_listener_platform;

HRESULT gcs_accept_bound(struct hcs_gcs_listener *l, const struct hcs_bound *b, struct hcs_stream **ret,
                         struct hcs_error **err);

#endif
