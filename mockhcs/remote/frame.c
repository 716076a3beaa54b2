/* SPDX-License-Identifier: MIT */

/* Frames of the wire; see wire.h. */

#include <string.h>

#include "mockhcs/remote/wire.h"

#define HEADER 4
#define CHUNK  65536

static size_t length_at(const char *p) {
        const unsigned char *u = (const unsigned char *)p;

        return (size_t)u[0] | (size_t)u[1] << 8 | (size_t)u[2] << 16 | (size_t)u[3] << 24;
}

static size_t available(const struct mock_wire_reader *r) {
        return r->in.len - r->taken;
}

/* Is a whole frame there already? */
static bool has_frame(const struct mock_wire_reader *r) {
        return available(r) >= HEADER && available(r) - HEADER >= length_at(r->in.data + r->taken);
}

/* What was taken goes, and a buffer that one long frame needed is not kept for ever. */
static void make_room(struct mock_wire_reader *r) {
        size_t left = available(r);

        if (r->taken == 0)
                return;
        if (left == 0 && r->in.cap > 16 * CHUNK) {
                hcs_buf_deinit(&r->in);
        } else if (left == 0 || r->taken >= CHUNK) {
                memmove(r->in.data, r->in.data + r->taken, left);
                r->in.len = left;
        } else {
                return;
        }
        r->taken = 0;
}

/* S_FALSE at the end of the stream. */
static HRESULT read_more(struct mock_wire_reader *r, const struct hcs_bound *b, struct hcs_error **err) {
        size_t n = 0;
        HRESULT hr;

        hcs_buf_reserve(&r->in, CHUNK);
        hr = hcs_stream_read_bound(r->stream, r->in.data + r->in.len, CHUNK, b, &n, err);
        if (hr == S_OK)
                r->in.len += n;
        return hr;
}

HRESULT mock_wire_read(struct mock_wire_reader *r, const struct hcs_bound *b, struct mock_slice *ret,
                       struct hcs_error **err) {
        size_t max = r->max ? r->max : MOCK_WIRE_MAX_FRAME, n;
        HRESULT hr = S_OK;

        make_room(r);
        while (!has_frame(r) && hr == S_OK) {
                if (available(r) >= HEADER && length_at(r->in.data + r->taken) > max)
                        break;
                hr = read_more(r, b, err);
        }
        if (FAILED(hr) || (hr == S_FALSE && available(r) == 0))
                return hr;
        if (hr == S_FALSE)
                return hcs_error_make(err, HCS_WIN32(38), "the stream ended within a frame, after %zu bytes of it",
                                      available(r));
        n = length_at(r->in.data + r->taken);
        if (n > max)
                return hcs_error_make(err, HCS_WIN32(223), "a frame of %zu bytes, %zu at most are taken", n, max);
        if (n == 0)
                return hcs_error_make(err, E_INVALIDARG, "a frame without content");
        *ret = (struct mock_slice){r->in.data + r->taken + HEADER, n};
        r->taken += HEADER + n;
        return S_OK;
}

void mock_wire_reader_deinit(struct mock_wire_reader *r) {
        hcs_buf_deinit(&r->in);
}

bool mock_wire_line(struct mock_slice *frame, struct mock_slice *ret) {
        const char *feed;

        if (frame->n == 0)
                return false;
        feed = memchr(frame->p, '\n', frame->n);
        ret->p = frame->p;
        ret->n = feed ? (size_t)(feed - frame->p) : frame->n;
        frame->p += ret->n + (feed != NULL);
        frame->n -= ret->n + (feed != NULL);
        return true;
}

size_t mock_wire_begin(struct hcs_buf *out) {
        hcs_buf_append(out, "\0\0\0\0", HEADER);
        return out->len - HEADER;
}

void mock_wire_end(struct hcs_buf *out, size_t begin) {
        size_t n = out->len - begin - HEADER;

        for (int i = 0; i < HEADER; i++)
                out->data[begin + (size_t)i] = (char)(n >> 8 * i);
}

void mock_wire_put_json(struct hcs_buf *out, const struct hcs_json *line) {
        size_t begin = mock_wire_begin(out);

        hcs_json_print(line, HCS_JSON_COMPACT, out);
        hcs_buf_putc(out, '\n');
        mock_wire_end(out, begin);
}
