/* SPDX-License-Identifier: MIT */

/* zlib and libzstd behind one step function. What follows the last gzip member is ignored when it is zeros. */

#include "ext4/tar/inflate.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define INVALID_DATA HCS_WIN32(13)

struct tar_inflate {
        enum tar_inflate_kind kind;
        z_stream gzip;
        ZSTD_DStream *zstd;
        bool at_end;  /* between members or frames */
        bool padding; /* only zeros may follow */
};

enum tar_inflate_kind tar_inflate_guess(const uint8_t *data, size_t n) {
        static const uint8_t gzip[] = {0x1f, 0x8b, 8}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};

        if (n >= sizeof(gzip) && memcmp(data, gzip, sizeof(gzip)) == 0)
                return TAR_INFLATE_GZIP;
        if (n >= sizeof(zstd) && memcmp(data, zstd, sizeof(zstd)) == 0)
                return TAR_INFLATE_ZSTD;
        return TAR_INFLATE_NONE;
}

HRESULT tar_inflate_new(enum tar_inflate_kind kind, struct tar_inflate **ret, struct hcs_error **err) {
        _cleanup_(tar_inflate_freep) struct tar_inflate *z = hcs_calloc(1, sizeof(*z));

        z->kind = kind;
        if (kind == TAR_INFLATE_GZIP) {
                if (inflateInit2(&z->gzip, 15 + 16) != Z_OK) {
                        z->kind = TAR_INFLATE_NONE;
                        return hcs_error_make(err, E_OUTOFMEMORY, "no memory for gzip");
                }
        } else {
                z->zstd = ZSTD_createDStream();
                if (!z->zstd)
                        return hcs_error_make(err, E_OUTOFMEMORY, "no memory for zstd");
        }
        *ret = steal_pointer(&z);
        return S_OK;
}

struct tar_inflate *tar_inflate_free(struct tar_inflate *z) {
        if (!z)
                return NULL;
        if (z->kind == TAR_INFLATE_GZIP)
                inflateEnd(&z->gzip);
        ZSTD_freeDStream(z->zstd);
        free(z);
        return NULL;
}

bool tar_inflate_at_end(const struct tar_inflate *z) {
        return z->at_end;
}

static HRESULT step_gzip(struct tar_inflate *z, const uint8_t **in, size_t *in_n, uint8_t *out, size_t out_n,
                         size_t *ret_n, struct hcs_error **err) {
        size_t given = *in_n < UINT32_MAX ? *in_n : UINT32_MAX;
        int status;

        if (z->at_end && given > 0) {
                z->padding |= **in == 0;
                if (z->padding) {
                        while (*in_n > 0 && **in == 0) {
                                (*in)++;
                                (*in_n)--;
                        }
                        *ret_n = 0;
                        return *in_n == 0 ? S_OK : hcs_error_make(err, INVALID_DATA, "gzip: data after the end");
                }
                inflateReset(&z->gzip);
        }
        z->gzip.next_in = (Bytef *)*in;
        z->gzip.avail_in = (uInt)given;
        z->gzip.next_out = out;
        z->gzip.avail_out = (uInt)out_n;
        status = inflate(&z->gzip, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
                return hcs_error_make(err, INVALID_DATA, "gzip: %s", z->gzip.msg ? z->gzip.msg : "corrupt data");
        *in += given - z->gzip.avail_in;
        *in_n -= given - z->gzip.avail_in;
        *ret_n = out_n - z->gzip.avail_out;
        if (given > 0)
                z->at_end = status == Z_STREAM_END;
        return S_OK;
}

static HRESULT step_zstd(struct tar_inflate *z, const uint8_t **in, size_t *in_n, uint8_t *out, size_t out_n,
                         size_t *ret_n, struct hcs_error **err) {
        ZSTD_inBuffer i = {*in, *in_n, 0};
        ZSTD_outBuffer o = {out, out_n, 0};
        size_t left;

        if (z->at_end && *in_n == 0) { /* a step now would begin a frame */
                *ret_n = 0;
                return S_OK;
        }
        left = ZSTD_decompressStream(z->zstd, &o, &i);
        if (ZSTD_isError(left))
                return hcs_error_make(err, INVALID_DATA, "zstd: %s", ZSTD_getErrorName(left));
        *in += i.pos;
        *in_n -= i.pos;
        *ret_n = o.pos;
        z->at_end = left == 0;
        return S_OK;
}

HRESULT tar_inflate_step(struct tar_inflate *z, const uint8_t **in, size_t *in_n, uint8_t *out, size_t out_n,
                         size_t *ret_n, struct hcs_error **err) {
        return (z->kind == TAR_INFLATE_GZIP ? step_gzip : step_zstd)(z, in, in_n, out, out_n, ret_n, err);
}
