/* SPDX-License-Identifier: MIT */

/* The entropy port: what the guest's init reads before anything else. */

#include "gcs/transport.h"
#include "platform/random.h"

#define SEED_SIZE 512

HRESULT hcs_gcs_serve_entropy(struct hcs_gcs_listener *l, const struct hcs_call *call, struct hcs_error **err) {
        struct hcs_bound b = hcs_bound_of_call(call, HCS_NO_TIMEOUT);
        _cleanup_(hcs_stream_closep) struct hcs_stream *s = NULL;
        char seed[SEED_SIZE];
        size_t n;
        HRESULT hr = hcs_random(seed, sizeof(seed), err);

        if (SUCCEEDED(hr))
                hr = gcs_accept_bound(l, &b, &s, err);
        if (SUCCEEDED(hr))
                hr = hcs_stream_write_bound(s, seed, sizeof(seed), &b, &n, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "serve entropy");
        return hr;
}
