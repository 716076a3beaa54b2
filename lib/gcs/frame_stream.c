/* SPDX-License-Identifier: MIT */

/* Frames of a stream. See frame_stream.h. */

#include "gcs/frame_stream.h"

HRESULT hcs_gcs_frame_read(struct hcs_gcs_reader *r, struct hcs_stream *s, const struct hcs_bound *b,
                           struct hcs_gcs_frame *ret, struct hcs_error **err) {
        HRESULT hr;

        while ((hr = hcs_gcs_reader_next(r, ret, err)) == S_FALSE) {
                size_t n;
                void *room = hcs_gcs_reader_room(r, &n);

                hr = hcs_stream_read_bound(s, room, n, b, &n, err);
                if (hr != S_OK)
                        return hr;
                hcs_gcs_reader_fed(r, n);
        }
        return hr;
}
