/* SPDX-License-Identifier: MIT */

/* The codec of frames and their reader. Bytes in, frames out; the buffer belongs to the reader's owner. */

#include "gcs/frame.h"

#define ROOM_MIN 4096u
#define ROOM_MAX (1u << 20)

static void put32(uint8_t *p, uint32_t v) {
        for (int i = 0; i < 4; i++)
                p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t get32(const uint8_t *p) {
        return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void hcs_gcs_header_encode(const struct hcs_gcs_header *h, uint8_t out[static HCS_GCS_HEADER_SIZE]) {
        put32(out, h->type);
        put32(out + 4, h->size);
        put32(out + 8, (uint32_t)h->id);
        put32(out + 12, (uint32_t)(h->id >> 32));
}

void hcs_gcs_header_decode(const uint8_t in[static HCS_GCS_HEADER_SIZE], struct hcs_gcs_header *ret) {
        ret->type = get32(in);
        ret->size = get32(in + 4);
        ret->id = get32(in + 8) | (uint64_t)get32(in + 12) << 32;
}

HRESULT hcs_gcs_frame_append(struct hcs_buf *out, uint32_t type, uint64_t id, const void *body, size_t len,
                             struct hcs_error **err) {
        struct hcs_gcs_header h = {.type = type, .id = id};
        uint8_t bytes[HCS_GCS_HEADER_SIZE];

        if (len > UINT32_MAX - HCS_GCS_HEADER_SIZE)
                return hcs_error_make(err, HCS_WIN32(223), "a message of %zu bytes is too large for a frame", len);
        h.size = (uint32_t)len + HCS_GCS_HEADER_SIZE;
        hcs_gcs_header_encode(&h, bytes);
        hcs_buf_append(out, bytes, sizeof(bytes));
        hcs_buf_append(out, body, len);
        return S_OK;
}

void hcs_gcs_reader_init(struct hcs_gcs_reader *r, uint32_t limit) {
        *r = (struct hcs_gcs_reader){.limit = limit, .wanted = HCS_GCS_HEADER_SIZE};
}

void hcs_gcs_reader_deinit(struct hcs_gcs_reader *r) {
        hcs_buf_deinit(&r->buf);
}

void *hcs_gcs_reader_room(struct hcs_gcs_reader *r, size_t *ret_n) {
        size_t n = r->wanted;

        if (r->taken) {
                r->buf.len -= r->taken;
                memmove(r->buf.data, r->buf.data + r->taken, r->buf.len);
                r->taken = 0;
        }
        n = n < ROOM_MIN ? ROOM_MIN : n > ROOM_MAX ? ROOM_MAX : n;
        hcs_buf_reserve(&r->buf, n);
        *ret_n = n;
        return r->buf.data + r->buf.len;
}

void hcs_gcs_reader_fed(struct hcs_gcs_reader *r, size_t n) {
        r->buf.len += n;
}

size_t hcs_gcs_reader_held(const struct hcs_gcs_reader *r) {
        return r->buf.len - r->taken;
}

HRESULT hcs_gcs_reader_next(struct hcs_gcs_reader *r, struct hcs_gcs_frame *ret, struct hcs_error **err) {
        size_t held = hcs_gcs_reader_held(r);
        struct hcs_gcs_header h;

        if (held < HCS_GCS_HEADER_SIZE) {
                r->wanted = HCS_GCS_HEADER_SIZE - held;
                return S_FALSE;
        }
        hcs_gcs_header_decode((const uint8_t *)r->buf.data + r->taken, &h);
        if (h.size < HCS_GCS_HEADER_SIZE || h.size > r->limit)
                return hcs_error_make(err, HCS_E_PROTOCOL_ERROR, "invalid message size %u", (unsigned)h.size);
        if (held < h.size) {
                r->wanted = h.size - held;
                return S_FALSE;
        }
        *ret = (struct hcs_gcs_frame){
                .type = h.type,
                .id = h.id,
                .body = r->buf.data + r->taken + HCS_GCS_HEADER_SIZE,
                .len = h.size - HCS_GCS_HEADER_SIZE,
        };
        r->taken += h.size;
        return S_OK;
}
