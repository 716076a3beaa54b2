/* SPDX-License-Identifier: MIT */
#ifndef HCS_GCS_FRAME_H
#define HCS_GCS_FRAME_H

/*
 * Frames of the GCS bridge: a header of 16 bytes, little endian (u32 type, u32 size with the header, u64 message id),
 * and a JSON document, which hosts end with a line feed and guests do not. Here are the codec and a reader that takes
 * bytes as they come; neither does any I/O, so they serve blocking hosts (frame_stream.h) and event-driven guests
 * alike. Source: hcsshim internal/gcs/prot, internal/guest/bridge.
 *
 * A reader is embedded by its owner and used by one thread at a time:
 *
 *   struct hcs_gcs_frame f;
 *   while ((hr = hcs_gcs_reader_next(&r, &f, &err)) == S_FALSE) {
 *           void *room = hcs_gcs_reader_room(&r, &n);
 *           ... read up to n bytes to room ...
 *           hcs_gcs_reader_fed(&r, n);
 *   }
 */

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "hcsshim/error.h"

#define HCS_GCS_HEADER_SIZE 16u
/* Frames with more than this are refused by hosts. Guests of the original have no limit; ours has one, far above the
 * largest container document. */
#define HCS_GCS_MAX_TO_HOST  0x10000u
#define HCS_GCS_MAX_TO_GUEST (64u << 20)

struct hcs_gcs_header {
        uint32_t type;
        uint32_t size; /* with the header */
        uint64_t id;
};

void hcs_gcs_header_encode(const struct hcs_gcs_header *h, uint8_t out[static HCS_GCS_HEADER_SIZE]);
void hcs_gcs_header_decode(const uint8_t in[static HCS_GCS_HEADER_SIZE], struct hcs_gcs_header *ret);

/* Appends header and body. HCS_WIN32(223) ERROR_FILE_TOO_LARGE when the size does not fit the header. */
HRESULT hcs_gcs_frame_append(struct hcs_buf *out, uint32_t type, uint64_t id, const void *body, size_t len,
                             struct hcs_error **err);

struct hcs_gcs_frame {
        uint32_t type;
        uint64_t id;
        const char *body; /* in the reader, until it is asked for room again; not NUL terminated */
        size_t len;
};

struct hcs_gcs_reader {
        struct hcs_buf buf;
        size_t taken;  /* bytes of buf that were given out */
        size_t wanted; /* bytes that the frame being read lacks, as far as known */
        uint32_t limit;
};

/* limit: the largest size a header may say. */
void hcs_gcs_reader_init(struct hcs_gcs_reader *r, uint32_t limit);
void hcs_gcs_reader_deinit(struct hcs_gcs_reader *r);
/* Room for at least one byte; what a header claims is believed only as fast as bytes arrive. */
void *hcs_gcs_reader_room(struct hcs_gcs_reader *r, size_t *ret_n);
void hcs_gcs_reader_fed(struct hcs_gcs_reader *r, size_t n);
/* S_OK with a frame, S_FALSE when more bytes are needed, HCS_E_PROTOCOL_ERROR "invalid message size N" for a size below
 * the header's or above the limit: the stream is lost then. */
HRESULT hcs_gcs_reader_next(struct hcs_gcs_reader *r, struct hcs_gcs_frame *ret, struct hcs_error **err);
/* Bytes of a frame that is not complete. */
size_t hcs_gcs_reader_held(const struct hcs_gcs_reader *r);

#endif
