/* SPDX-License-Identifier: MIT */

/* Entries, what stands in front of them, and the pieces of their content. */

#include "ext4/tar/reader.h"

#include "ext4/test/make.h"

struct fixture {
        struct hcs_buf tar;
        struct hcs_data_file *file;
        struct tar_stream *stream;
        struct tar_reader *reader;
        const struct tar_entry *entry;
};

static int set_up(void **state) {
        *state = hcs_calloc(1, sizeof(struct fixture));
        return 0;
}

static int tear_down(void **state) {
        struct fixture *f = *state;

        tar_reader_free(f->reader);
        tar_stream_free(f->stream);
        hcs_data_file_close(f->file);
        hcs_buf_deinit(&f->tar);
        free(f);
        return 0;
}

static void begin(struct fixture *f) {
        f->file = make_file(f->tar.data, f->tar.len);
        assert_ok(tar_stream_open(f->file, &f->stream, NULL), NULL);
        f->reader = tar_reader_new(f->stream);
}

static HRESULT next(struct fixture *f) {
        struct hcs_error *err = NULL;
        HRESULT hr = tar_reader_next(f->reader, &f->entry, &err);

        if (FAILED(hr))
                print_message("%s\n", hcs_error_message(err));
        hcs_error_free(err);
        return hr;
}

/* All content of the entry, zeros of sparse files as such. */
static HRESULT content(struct fixture *f, struct hcs_buf *out) {
        for (;;) {
                struct tar_piece piece;
                HRESULT hr = tar_reader_piece(f->reader, &piece, NULL);

                if (FAILED(hr) || piece.n == 0)
                        return hr;
                if (piece.file)
                        tar_reader_took(f->reader, 0); /* as bytes, please */
                else if (piece.data)
                        hcs_buf_append(out, piece.data, (size_t)piece.n);
                else
                        for (uint64_t i = 0; i < piece.n; i++)
                                hcs_buf_putc(out, 0);
        }
}

static void extended_headers_are_about_the_next_entry_only(void **state) {
        struct fixture *f = *state;
        _cleanup_buf_ struct hcs_buf pax = {0};
        size_t len;

        make_record(&pax, "path", "long/name", 9);
        make_record(&pax, "uid", "77", 2);
        make_record(&pax, "mtime", "5.5", 3);
        make_pax(&f->tar, &pax);
        make_entry(&f->tar, '0', "short", NULL, "abc", 3);
        make_entry(&f->tar, 'L', "././@LongLink", NULL, "gnu/long/name", 14);
        make_entry(&f->tar, 'K', "././@LongLink", NULL, "gnu/long/target", 16);
        make_entry(&f->tar, '2', "short", "x", NULL, 0);
        make_entry(&f->tar, '0', "plain", NULL, NULL, 0);
        make_end(&f->tar);
        begin(f);
        assert_int_equal(next(f), S_OK);
        assert_string_equal(f->entry->name, "long/name");
        assert_int_equal(f->entry->f.uid, 77);
        assert_int_equal(f->entry->f.mtime.nanoseconds, 500000000);
        assert_int_equal(f->entry->offset, 1024);
        assert_non_null(tar_pax_get(f->entry->pax, "uid", &len));
        assert_int_equal(next(f), S_OK); /* the content is passed over */
        assert_string_equal(f->entry->name, "gnu/long/name");
        assert_string_equal(f->entry->link, "gnu/long/target");
        assert_int_equal(next(f), S_OK);
        assert_string_equal(f->entry->name, "plain");
        assert_int_equal(f->entry->f.uid, 0);
        assert_int_equal(f->entry->pax->n, 0);
        assert_int_equal(next(f), S_FALSE);
        assert_int_equal(next(f), S_FALSE);
}

static void content_comes_whole_whichever_way(void **state) {
        struct fixture *f = *state;
        _cleanup_buf_ struct hcs_buf out = {0}, data = {0};

        for (size_t i = 0; i < 500000; i++)
                hcs_buf_putc(&data, (char)(i / 3));
        make_entry(&f->tar, '0', "large", NULL, data.data, data.len);
        begin(f);
        assert_int_equal(next(f), S_OK);
        assert_ok(content(f, &out), NULL);
        assert_int_equal(out.len, data.len);
        assert_memory_equal(out.data, data.data, data.len);
        assert_int_equal(next(f), S_FALSE);
}

static void sparse_files_of_the_three_formats_are_put_together(void **state) {
        struct fixture *f = *state;
        static const char expected[] = "ab\0\0\0\0\0\0cd\0\0";
        char lines[516] = "2\n0\n2\n8\n2\n";

        memcpy(lines + 512, "abcd", 4);
        for (int format = 0; format < 3; format++) {
                _cleanup_buf_ struct hcs_buf pax = {0};

                if (format == 0) {
                        make_record(&pax, "GNU.sparse.size", "12", 2);
                        make_record(&pax, "GNU.sparse.numblocks", "2", 1);
                        make_record(&pax, "GNU.sparse.offset", "0", 1);
                        make_record(&pax, "GNU.sparse.numbytes", "2", 1);
                        make_record(&pax, "GNU.sparse.offset", "8", 1);
                        make_record(&pax, "GNU.sparse.numbytes", "2", 1);
                } else if (format == 1) {
                        make_record(&pax, "GNU.sparse.size", "12", 2);
                        make_record(&pax, "GNU.sparse.numblocks", "2", 1);
                        make_record(&pax, "GNU.sparse.map", "0,2,8,2", 7);
                } else {
                        make_record(&pax, "GNU.sparse.major", "1", 1);
                        make_record(&pax, "GNU.sparse.minor", "0", 1);
                        make_record(&pax, "GNU.sparse.realsize", "12", 2);
                        make_record(&pax, "GNU.sparse.name", "sparse", 6);
                }
                make_pax(&f->tar, &pax);
                if (format == 2)
                        make_entry(&f->tar, '0', "GNUSparseFile.0/sparse", NULL, lines, sizeof(lines));
                else
                        make_entry(&f->tar, '0', "sparse", NULL, "abcd", 4);
        }
        begin(f);
        for (int format = 0; format < 3; format++) {
                _cleanup_buf_ struct hcs_buf out = {0};

                assert_int_equal(next(f), S_OK);
                assert_string_equal(f->entry->name, "sparse");
                assert_int_equal(f->entry->f.size, 12);
                assert_ok(content(f, &out), NULL);
                assert_int_equal(out.len, 12);
                assert_memory_equal(out.data, expected, 12);
        }
}

static void a_sparse_file_with_too_much_or_too_little_data_is_refused(void **state) {
        void *own;
        for (int extra = -1; extra <= 1; extra += 2) {
                _cleanup_buf_ struct hcs_buf pax = {0}, out = {0};
                struct fixture *f;

                set_up(&own);
                f = own;
                make_record(&pax, "GNU.sparse.size", "12", 2);
                make_record(&pax, "GNU.sparse.numblocks", "1", 1);
                make_record(&pax, "GNU.sparse.map", "0,4", 3);
                make_pax(&f->tar, &pax);
                make_entry(&f->tar, '0', "sparse", NULL, "abcdef", (size_t)(4 + extra));
                begin(f);
                assert_int_equal(next(f), S_OK);
                assert_hresult(content(f, &out), TAR_E_SPARSE);
                tear_down(&own);
        }
}

static void bad_archives_are_refused_and_the_offset_is_named(void **state) {
        void *own;
        static const char huge[(1 << 20) + 1];
        struct fixture *f;
        struct hcs_error *err = NULL;
        struct {
                HRESULT hr;
                const char *text;
        } cases[] = {
                {TAR_E_HEADER, "invalid tar header at offset 512: bad checksum"},
                {TAR_E_HEADER, "invalid tar header at offset 0: negative size"},
                {TAR_E_EOF, "unexpected EOF at offset 1000"},
                {TAR_E_HEADER, "invalid tar header at offset 0: malformed PAX records"},
                {TAR_E_TOO_LONG, "the extended header at offset 0 is too long"},
                {TAR_E_HEADER, "one block of zeros in the midst"},
                {TAR_E_EOF, "unexpected EOF at offset 700"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                HRESULT hr;

                set_up(&own);
                f = own;
                make_entry(&f->tar, '0', "first", NULL, NULL, 0);
                switch (i) {
                case 0:
                        make_entry(&f->tar, '0', "second", NULL, NULL, 0);
                        f->tar.data[600]++;
                        break;
                case 1:
                        hcs_buf_clear(&f->tar);
                        make_entry_of_size(&f->tar, '0', "negative", -1, NULL, 0);
                        break;
                case 2:
                        make_entry(&f->tar, '0', "second", NULL, "x", 1);
                        f->tar.len = 1000;
                        break;
                case 3:
                        hcs_buf_clear(&f->tar);
                        make_entry(&f->tar, 'x', "pax", NULL, "nonsense", 8);
                        break;
                case 4:
                        hcs_buf_clear(&f->tar);
                        make_entry(&f->tar, 'L', "long", NULL, huge, sizeof(huge));
                        break;
                case 5:
                        make_end(&f->tar);
                        f->tar.len -= 512;
                        make_entry(&f->tar, '0', "second", NULL, NULL, 0);
                        break;
                default:
                        make_entry(&f->tar, '0', "second", NULL, NULL, 0);
                        f->tar.len = 700;
                }
                begin(f);
                while ((hr = tar_reader_next(f->reader, &f->entry, &err)) == S_OK)
                        continue;
                assert_hresult(hr, cases[i].hr);
                assert_says(&err, cases[i].text);
                tear_down(&own);
        }
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

HCS_TESTS(WITH(extended_headers_are_about_the_next_entry_only), WITH(content_comes_whole_whichever_way),
          WITH(sparse_files_of_the_three_formats_are_put_together),
          cmocka_unit_test(a_sparse_file_with_too_much_or_too_little_data_is_refused),
          cmocka_unit_test(bad_archives_are_refused_and_the_offset_is_named))
