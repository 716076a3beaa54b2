/* SPDX-License-Identifier: MIT */
#ifndef HCS_GCS_FRAME_STREAM_H
#define HCS_GCS_FRAME_STREAM_H

/* The next frame of a stream, for whoever has a thread to wait for it; frame.h's reader is its memory between calls. */

#include "gcs/frame.h"
#include "platform/stream.h"

/* S_OK with a frame, S_FALSE when the stream has ended; else what hcs_gcs_reader_next() and hcs_stream_read_bound()
 * say. b may be NULL. What was held when it did not end in S_OK is still in the reader. */
HRESULT hcs_gcs_frame_read(struct hcs_gcs_reader *r, struct hcs_stream *s, const struct hcs_bound *b,
                           struct hcs_gcs_frame *ret, struct hcs_error **err);

#endif
