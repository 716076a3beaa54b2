/* SPDX-License-Identifier: MIT */

/*
 * One file of the transport format: 32 bits of attributes, then a Win32 backup stream: headers of 20 bytes (id,
 * attributes, 64-bit size, length of a name), the name, the data. The unnamed data goes into the file itself; all else
 * is kept beside it byte by byte, with an empty header where the data was, so that it can be put together again.
 */

#include <stdlib.h>
#include <string.h>

#include "mockhcs/emulate/storage/storage.h"
#include "platform/data_file.h"

#define HEADER         20u
#define ATTRIBUTES     4u
#define MAX_NAME       65536u
#define COPY           65536u
#define STREAM_DATA    1u
#define STREAM_SPARSE  9u
#define ATTR_ARCHIVE   0x20u
#define ATTR_DIRECTORY 0x10u

static uint64_t get(const uint8_t *p, size_t n) {
        uint64_t v = 0;

        while (n-- > 0)
                v = v << 8 | p[n];
        return v;
}

static void put(uint8_t *p, uint64_t v, size_t n) {
        for (size_t i = 0; i < n; i++)
                p[i] = (uint8_t)(v >> (8 * i));
}

struct header {
        uint8_t bytes[HEADER];
        uint32_t id, name;
        uint64_t size;
};

/* A file that is read or written from front to back. */
struct cursor {
        struct hcs_data_file *f;
        uint64_t at, size;
};

static HRESULT damaged(const struct cursor *c, const char *what, struct hcs_error **err) {
        return hcs_error_make(err, STORAGE_BAD_DATA, "`%s`: %s at byte %llu", hcs_data_file_name(c->f), what,
                              (unsigned long long)c->at);
}

static HRESULT read_exactly(struct cursor *c, void *data, size_t n, const char *what, struct hcs_error **err) {
        size_t got = 0;
        HRESULT hr = hcs_data_file_read_at(c->f, c->at, data, n, &got, err);

        if (FAILED(hr))
                return hr;
        if (got < n)
                return damaged(c, what, err);
        c->at += n;
        return S_OK;
}

static HRESULT write_on(struct cursor *c, const void *data, size_t n, struct hcs_error **err) {
        HRESULT hr = hcs_data_file_write_at(c->f, c->at, data, n, err);

        c->at += n;
        return hr;
}

static HRESULT move(struct cursor *from, struct cursor *to, uint64_t n, struct hcs_error **err) {
        _cleanup_free_ uint8_t *buf = hcs_malloc(COPY);
        HRESULT hr = S_OK;

        while (SUCCEEDED(hr) && n > 0) {
                size_t want = n < COPY ? (size_t)n : COPY;

                hr = read_exactly(from, buf, want, "it ends within a stream", err);
                if (SUCCEEDED(hr))
                        hr = write_on(to, buf, want, err);
                n -= want;
        }
        return hr;
}

static HRESULT open_cursor(const char *path, struct cursor *c, struct hcs_error **err) {
        HRESULT hr = hcs_data_file_open(path, &c->f, err);

        return SUCCEEDED(hr) ? hcs_data_file_size(c->f, &c->size, err) : hr;
}

static void cursor_deinit(struct cursor *c) {
        hcs_data_file_close(c->f);
}
#define _cleanup_cursor_ _cleanup_(cursor_deinit)

/* The next header; nothing of the file is left out. */
static HRESULT read_header(struct cursor *c, struct header *h, struct hcs_error **err) {
        HRESULT hr = read_exactly(c, h->bytes, HEADER, "it ends within the header of a stream", err);

        if (FAILED(hr))
                return hr;
        h->id = (uint32_t)get(h->bytes, 4);
        h->size = get(h->bytes + 8, 8);
        h->name = (uint32_t)get(h->bytes + 16, 4);
        if (h->id == 0 || h->name > MAX_NAME || h->name % 2 != 0)
                return damaged(c, "there is no header of a stream", err);
        if (h->name > c->size - c->at || h->size > c->size - c->at - h->name)
                return damaged(c, "a stream is longer than the file", err);
        return S_OK;
}

/* A header of unnamed data that is in the file itself. */
static HRESULT mark_data(struct cursor *kept, uint64_t size, struct hcs_error **err) {
        uint8_t bytes[HEADER] = {STREAM_DATA};

        put(bytes + 8, size, 8);
        return write_on(kept, bytes, HEADER, err);
}

/* A file that ends in a hole has a block there, with nothing in it. */
static HRESULT reach(struct cursor *file, struct hcs_error **err) {
        uint64_t size;
        HRESULT hr = hcs_data_file_size(file->f, &size, err);

        return SUCCEEDED(hr) && file->at > size ? hcs_data_file_resize(file->f, file->at, err) : hr;
}

static HRESULT unpack_stream(struct cursor *in, const struct header *h, struct cursor *file, struct cursor *kept,
                             bool *data_seen, struct hcs_error **err) {
        bool sparse = h->id == STREAM_SPARSE;
        uint64_t size = h->size;
        HRESULT hr = S_OK;

        if ((h->id != STREAM_DATA && !sparse) || h->name) {
                hr = write_on(kept, h->bytes, HEADER, err);
                return SUCCEEDED(hr) ? move(in, kept, h->name + h->size, err) : hr;
        }
        if (!file->f)
                return damaged(in, "data of a folder", err);
        if (!*data_seen)
                hr = mark_data(kept, 0, err);
        *data_seen = true;
        if (SUCCEEDED(hr) && sparse) {
                uint8_t offset[8];

                if (size < sizeof(offset))
                        return damaged(in, "a sparse block without an offset", err);
                hr = read_exactly(in, offset, sizeof(offset), "it ends within a stream", err);
                size -= sizeof(offset);
                file->at = get(offset, sizeof(offset));
                if (SUCCEEDED(hr) && file->at > INT64_MAX - size)
                        return damaged(in, "a sparse block beyond any file", err);
        }
        if (SUCCEEDED(hr) && size == 0)
                return reach(file, err);
        return SUCCEEDED(hr) ? move(in, file, size, err) : hr;
}

HRESULT storage_stream_unpack(const char *carrier, const char *file, const char *kept, struct hcs_error **err) {
        _cleanup_cursor_ struct cursor in = {0}, out = {0}, rest = {0};
        uint8_t attributes[ATTRIBUTES];
        bool data_seen = false;
        HRESULT hr = open_cursor(carrier, &in, err);

        if (SUCCEEDED(hr))
                hr = read_exactly(&in, attributes, ATTRIBUTES, "there are no attributes", err);
        if (SUCCEEDED(hr) && file)
                hr = hcs_data_file_create(file, &out.f, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_create(kept, &rest.f, err);
        if (SUCCEEDED(hr))
                hr = write_on(&rest, attributes, ATTRIBUTES, err);
        while (SUCCEEDED(hr) && in.at < in.size) {
                struct header h;

                hr = read_header(&in, &h, err);
                if (SUCCEEDED(hr))
                        hr = unpack_stream(&in, &h, &out, &rest, &data_seen, err);
        }
        if (SUCCEEDED(hr) && file)
                hr = hcs_data_file_commit(out.f, err);
        return SUCCEEDED(hr) ? hcs_data_file_commit(rest.f, err) : hr;
}

/* The file's content as the unnamed data. */
static HRESULT pack_data(const char *file, struct cursor *out, bool even_empty, struct hcs_error **err) {
        _cleanup_cursor_ struct cursor in = {0};
        HRESULT hr = open_cursor(file, &in, err);

        if (FAILED(hr) || (in.size == 0 && !even_empty))
                return hr;
        hr = mark_data(out, in.size, err);
        return SUCCEEDED(hr) ? move(&in, out, in.size, err) : hr;
}

static HRESULT pack_kept(const char *file, struct cursor *kept, struct cursor *out, struct hcs_error **err) {
        bool data_seen = false;
        HRESULT hr = move(kept, out, ATTRIBUTES, err);

        while (SUCCEEDED(hr) && kept->at < kept->size) {
                struct header h;

                hr = read_header(kept, &h, err);
                if (SUCCEEDED(hr) && h.id == STREAM_DATA && !h.name && file) {
                        data_seen = true;
                        hr = pack_data(file, out, true, err);
                        continue;
                }
                if (SUCCEEDED(hr))
                        hr = write_on(out, h.bytes, HEADER, err);
                if (SUCCEEDED(hr))
                        hr = move(kept, out, h.name + h.size, err);
        }
        return SUCCEEDED(hr) && file && !data_seen ? pack_data(file, out, false, err) : hr;
}

HRESULT storage_stream_pack(const char *file, const char *kept, const char *carrier, struct hcs_error **err) {
        _cleanup_cursor_ struct cursor out = {0}, rest = {0};
        uint8_t attributes[ATTRIBUTES] = {file ? ATTR_ARCHIVE : ATTR_DIRECTORY};
        HRESULT hr = hcs_data_file_create(carrier, &out.f, err);

        if (FAILED(hr))
                return hr;
        if (kept && hcs_place_at(kept) == HCS_PLACE_FILE) {
                hr = open_cursor(kept, &rest, err);
                if (SUCCEEDED(hr))
                        hr = pack_kept(file, &rest, &out, err);
        } else {
                hr = write_on(&out, attributes, ATTRIBUTES, err);
                if (SUCCEEDED(hr) && file)
                        hr = pack_data(file, &out, false, err);
        }
        return SUCCEEDED(hr) ? hcs_data_file_commit(out.f, err) : hr;
}
