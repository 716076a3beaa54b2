/* SPDX-License-Identifier: MIT */

/* Streams over plain files and compressed ones, whole and broken. */

#include "ext4/tar/stream.h"

#include <zlib.h>
#include <zstd.h>

#include "ext4/tar/inflate.h"
#include "ext4/test/make.h"

#define SIZE ((size_t)700000)

static struct hcs_buf noise(void) {
        struct hcs_buf b = {0};

        for (size_t i = 0; i < SIZE; i++)
                hcs_buf_putc(&b, (char)(i * i / 7 + i));
        return b;
}

static void add_gzip(struct hcs_buf *out, const char *data, size_t n) {
        z_stream z = {0};

        assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        hcs_buf_reserve(out, deflateBound(&z, n));
        z.next_in = (Bytef *)data;
        z.avail_in = (uInt)n;
        z.next_out = (Bytef *)out->data + out->len;
        z.avail_out = (uInt)deflateBound(&z, n);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        out->len += z.total_out;
        deflateEnd(&z);
}

static void add_zstd(struct hcs_buf *out, const char *data, size_t n) {
        ZSTD_CCtx *c = ZSTD_createCCtx();
        size_t done;

        ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
        hcs_buf_reserve(out, ZSTD_compressBound(n));
        done = ZSTD_compress2(c, out->data + out->len, ZSTD_compressBound(n), data, n);
        assert_false(ZSTD_isError(done));
        ZSTD_freeCCtx(c);
        out->len += done;
}

/* All that comes out of a stream; the failure it ends with. */
static HRESULT read_all(const struct hcs_buf *packed, struct hcs_buf *out, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = make_file(packed->data, packed->len);
        _cleanup_(tar_stream_freep) struct tar_stream *s = NULL;
        HRESULT hr = tar_stream_open(f, &s, err);
        const uint8_t *p;
        size_t n = 1;

        while (SUCCEEDED(hr) && n > 0) {
                assert_int_equal(tar_stream_offset(s), out->len);
                hr = tar_stream_take(s, 10007, &p, &n, err);
                if (SUCCEEDED(hr))
                        hcs_buf_append(out, p, n);
        }
        return hr;
}

static void plain_and_compressed_bytes_are_the_same(void **state) {
        for (int kind = 0; kind < 3; kind++) {
                _cleanup_buf_ struct hcs_buf data = noise(), packed = {0}, back = {0};

                /* In two members or frames, which is as good as one. */
                if (kind == 0) {
                        hcs_buf_append(&packed, data.data, data.len);
                } else {
                        (kind == 1 ? add_gzip : add_zstd)(&packed, data.data, 300000);
                        (kind == 1 ? add_gzip : add_zstd)(&packed, data.data + 300000, SIZE - 300000);
                }
                assert_ok(read_all(&packed, &back, NULL), NULL);
                assert_int_equal(back.len, SIZE);
                assert_memory_equal(back.data, data.data, SIZE);
        }
}

static void what_follows_gzip_is_zeros_or_an_error(void **state) {
        _cleanup_buf_ struct hcs_buf data = noise(), packed = {0}, back = {0};
        struct hcs_error *err = NULL;

        add_gzip(&packed, data.data, SIZE);
        for (int i = 0; i < 1000; i++)
                hcs_buf_putc(&packed, 0);
        assert_ok(read_all(&packed, &back, NULL), NULL);
        assert_int_equal(back.len, SIZE);
        hcs_buf_putc(&packed, 'x');
        hcs_buf_clear(&back);
        assert_true(FAILED(read_all(&packed, &back, &err)));
        assert_says(&err, "gzip: data after the end");
}

static void compressed_data_that_is_cut_off_or_corrupt_is_refused(void **state) {
        static const char *const names[] = {"", "gzip", "zstd"};

        for (int kind = 1; kind < 3; kind++) {
                _cleanup_buf_ struct hcs_buf data = noise(), packed = {0};

                (kind == 1 ? add_gzip : add_zstd)(&packed, data.data, SIZE);
                for (size_t cut = 20; cut < packed.len; cut += packed.len / 17) {
                        _cleanup_buf_ struct hcs_buf part = {0}, back = {0};
                        struct hcs_error *err = NULL;

                        hcs_buf_append(&part, packed.data, cut);
                        assert_hresult(read_all(&part, &back, &err), HCS_WIN32(38));
                        assert_says(&err, "unexpected end of the compressed data");
                }
                memset(packed.data + 20, 0xff, 100);
                {
                        _cleanup_buf_ struct hcs_buf back = {0};
                        struct hcs_error *err = NULL;

                        assert_hresult(read_all(&packed, &back, &err), HCS_WIN32(13));
                        assert_says(&err, names[kind]);
                }
        }
}

static void a_tar_whose_name_looks_compressed_is_a_tar(void **state) {
        _cleanup_buf_ struct hcs_buf tar = {0}, back = {0};

        make_entry(&tar, '0', "\x1f\x8b\x08name", NULL, "x", 1);
        assert_int_equal(tar_inflate_guess((const uint8_t *)tar.data, tar.len), TAR_INFLATE_GZIP);
        assert_ok(read_all(&tar, &back, NULL), NULL);
        assert_int_equal(back.len, tar.len);
}

static void skipping_stops_at_the_end_of_the_file(void **state) {
        _cleanup_buf_ struct hcs_buf data = noise();
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = make_file(data.data, data.len);
        _cleanup_(tar_stream_freep) struct tar_stream *s = NULL;
        const uint8_t *p;
        uint64_t skipped;
        size_t n;

        assert_ok(tar_stream_open(f, &s, NULL), NULL);
        assert_ok(tar_stream_skip(s, 600000, &skipped, NULL), NULL);
        assert_int_equal(skipped, 600000);
        assert_ok(tar_stream_take(s, 4, &p, &n, NULL), NULL);
        assert_memory_equal(p, data.data + 600000, 4);
        assert_ok(tar_stream_skip(s, UINT64_MAX, &skipped, NULL), NULL);
        assert_int_equal(skipped, SIZE - 600004);
        assert_int_equal(tar_stream_offset(s), SIZE);
}

HCS_TESTS(cmocka_unit_test(plain_and_compressed_bytes_are_the_same),
          cmocka_unit_test(what_follows_gzip_is_zeros_or_an_error),
          cmocka_unit_test(compressed_data_that_is_cut_off_or_corrupt_is_refused),
          cmocka_unit_test(a_tar_whose_name_looks_compressed_is_a_tar),
          cmocka_unit_test(skipping_stops_at_the_end_of_the_file))
