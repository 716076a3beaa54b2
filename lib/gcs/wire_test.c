/* SPDX-License-Identifier: MIT */

/* Frames and messages: every golden frame through the codec and the document types, byte for byte; and bad bytes. */

#include "base/json.h"
#include "base/str.h"
#include "gcs/test/guest.h"
#include "testing/hcs_test.h"

/* A document goes through its type and comes out as it was. */
static void assert_document(const char *name, uint32_t type, const char *text, size_t len) {
        const struct hcs_schema_type *t = hcs_gcs_document_type(type);
        struct hcs_error *err = NULL;
        void *doc = NULL;

        if (!t)
                fail_msg("%s: 0x%x is of no message", name, (unsigned)type);
        assert_ok(hcs_schema_parse(t, text, len, &doc, &err), err);
        {
                _cleanup_free_ char *printed = hcs_schema_print_no_html(t, doc);

                if (strlen(printed) != len || memcmp(printed, text, len) != 0)
                        fail_msg("%s (%s):\n%.*s\nprinted\n%s", name, t->name, (int)len, text, printed);
        }
        hcs_schema_free(t, doc);
}

static void assert_valid(const char *name, uint32_t type, const char *text, size_t len) {
        static const struct hcs_schema_profile lenient;
        _cleanup_json_ struct hcs_json *json = NULL;
        struct hcs_schema_report report;

        assert_ok(hcs_json_parse(text, len, NULL, &json, NULL), NULL);
        hcs_schema_validate(hcs_gcs_document_type(type), json, &lenient, &report);
        if (report.n)
                fail_msg("%s: %s: %s", name, report.problems[0].path, report.problems[0].message);
        hcs_schema_report_deinit(&report);
}

static void check_sent_frames(const struct hcs_json *c, void *ctx) {
        const char *name = hcs_json_get_string(c, "name");
        unsigned *n = ctx;

        for (const struct hcs_json *e = hcs_json_first(hcs_json_lookup(c, "output.events")); e; e = hcs_json_next(e)) {
                const char *rpc = hcs_json_get_string(e, "rpc");
                _cleanup_free_ char *body = test_golden_body(e);
                _cleanup_buf_ struct hcs_buf made = {0};
                struct hcs_gcs_header h;
                uint8_t header[HCS_GCS_HEADER_SIZE];
                uint64_t id;
                char text[HCS_GCS_TYPE_TEXT_SIZE];

                if (!hcs_streq(hcs_json_get_string(e, "dir"), "host->guest"))
                        continue;
                assert_int_equal(test_unhex(hcs_json_get_string(e, "header_hex"), header, sizeof(header)),
                                 sizeof(header));
                hcs_gcs_header_decode(header, &h);
                assert_true(hcs_json_u64(hcs_json_get(e, "id"), &id));
                assert_int_equal(h.id, id);
                assert_string_equal(hcs_gcs_message_find(h.type)->name, rpc);
                {
                        _cleanup_free_ char *request = hcs_asprintf("Request(%s)", rpc);

                        assert_string_equal(hcs_gcs_type_format(h.type, text), request);
                }
                assert_ok(hcs_gcs_frame_append(&made, h.type, h.id, body, strlen(body), NULL), NULL);
                assert_memory_equal(made.data, header, sizeof(header));
                assert_document(name, h.type, body, strlen(body) - 1);
                assert_valid(name, h.type, body, strlen(body) - 1);
                ++*n;
        }
}

static void every_frame_a_host_sends_is_made_byte_for_byte(void **state) {
        unsigned n = 0;

        hcs_test_each_case("golden/gcs/host.jsonl", check_sent_frames, &n);
        hcs_test_each_case("golden/gcs/uvm.jsonl", check_sent_frames, &n);
        hcs_test_each_case("golden/gcs/process.jsonl", check_sent_frames, &n);
        assert_true(n >= 151);
}

static void check_answer(const struct hcs_json *c, void *ctx) {
        const char *name = hcs_json_get_string(c, "name"), *text = hcs_json_get_string(c, "output_text"),
                   *hex = hcs_json_string(hcs_json_lookup(c, "output.header_hex"));
        uint8_t header[HCS_GCS_HEADER_SIZE];
        struct hcs_gcs_header h;
        unsigned *n = ctx;

        if (!hex || !text)
                return;
        test_unhex(hex, header, sizeof(header));
        hcs_gcs_header_decode(header, &h);
        /* To what it does not know the guest answers with the plain response. */
        if (!hcs_gcs_message_find(h.type) || hcs_streq(name, "response-type-sent") || strstr(text, "\"ErrorRecords\""))
                h.type = HCS_GCS_RESPONSE | HCS_GCS_START;
        assert_document(name, h.type, text, strlen(text));
        ++*n;
}

static void every_answer_of_the_original_guest_is_made_byte_for_byte(void **state) {
        unsigned n = 0;

        hcs_test_each_case("golden/gcs/guest.jsonl", check_answer, &n);
        assert_true(n >= 25);
}

static void type_words_have_the_names_of_the_original(void **state) {
        static const struct {
                uint32_t type;
                const char *text;
        } rows[] = {
                {0x10100101, "Request(Create)"},
                {0x20100501, "Response(ExecuteProcess)"},
                {0x30100101, "Notify(Container)"},
                {0x30100201, "Notify(0x30100201)"},
                {0x10200101, "Request(ModifyServiceSettings)"},
                {0x20301001, "Response(0x301001)"},
                {0x40100101, "0x40100101"},
                {0, "0x0"},
        };
        char text[HCS_GCS_TYPE_TEXT_SIZE];

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                uint32_t back = 1;

                assert_string_equal(hcs_gcs_type_format(rows[i].type, text), rows[i].text);
                assert_true(hcs_gcs_type_parse(rows[i].text, &back));
                assert_int_equal(back, rows[i].type);
        }
        assert_false(hcs_gcs_type_parse("Request(Nothing)", &(uint32_t){0}));
        assert_false(hcs_gcs_type_parse("Request(Create", &(uint32_t){0}));
        assert_null(hcs_gcs_document_type(0x30100201));
        assert_null(hcs_gcs_document_type(0x10100000));
}

/* Feeds bytes in pieces of one size and takes the frames out. */
static unsigned feed(struct hcs_gcs_reader *r, const char *data, size_t len, size_t piece, HRESULT *ret_hr) {
        struct hcs_gcs_frame f;
        unsigned frames = 0;
        HRESULT hr;

        for (size_t at = 0;;) {
                while ((hr = hcs_gcs_reader_next(r, &f, NULL)) == S_OK) {
                        assert_int_equal(f.id, 7 + frames);
                        assert_int_equal(f.len, frames * 5000);
                        for (size_t i = 0; i < f.len; i++)
                                assert_int_equal(f.body[i], 'a' + (int)frames);
                        frames++;
                }
                *ret_hr = hr;
                if (hr != S_FALSE || at == len)
                        return frames;
                {
                        size_t room, n = piece < len - at ? piece : len - at;
                        void *to = hcs_gcs_reader_room(r, &room);

                        assert_true(room > 0);
                        n = n < room ? n : room;
                        memcpy(to, data + at, n);
                        hcs_gcs_reader_fed(r, n);
                        at += n;
                }
        }
}

static void frames_split_anywhere_come_out_whole(void **state) {
        static const size_t pieces[] = {1, 2, 15, 16, 17, 1000, 4096, 5016, 100000};
        _cleanup_buf_ struct hcs_buf stream = {0};

        for (unsigned i = 0; i < 4; i++) {
                _cleanup_free_ char *body = hcs_malloc(i * 5000 + 1);

                memset(body, 'a' + (int)i, i * 5000);
                assert_ok(hcs_gcs_frame_append(&stream, HCS_GCS_REQUEST | HCS_GCS_START, 7 + i, body, i * 5000, NULL),
                          NULL);
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(pieces); i++) {
                struct hcs_gcs_reader r;
                HRESULT hr;

                hcs_gcs_reader_init(&r, HCS_GCS_MAX_TO_HOST);
                assert_int_equal(feed(&r, stream.data, stream.len, pieces[i], &hr), 4);
                assert_int_equal(hr, S_FALSE);
                assert_int_equal(hcs_gcs_reader_held(&r), 0);
                hcs_gcs_reader_deinit(&r);
        }
}

static void a_frame_that_was_cut_off_is_held_back(void **state) {
        _cleanup_buf_ struct hcs_buf stream = {0};
        struct hcs_gcs_reader r;
        HRESULT hr;

        hcs_gcs_frame_append(&stream, 0, 7, "", 0, NULL);
        hcs_gcs_frame_append(&stream, 0, 8, "0123456789", 10, NULL);
        for (size_t len = HCS_GCS_HEADER_SIZE; len < stream.len; len++) {
                hcs_gcs_reader_init(&r, HCS_GCS_MAX_TO_HOST);
                assert_int_equal(feed(&r, stream.data, len, 3, &hr), 1);
                assert_int_equal(hr, S_FALSE);
                assert_int_equal(hcs_gcs_reader_held(&r), len - HCS_GCS_HEADER_SIZE);
                hcs_gcs_reader_deinit(&r);
        }
}

static void a_size_that_cannot_be_is_an_error_that_names_it(void **state) {
        static const uint32_t sizes[] = {0, 1, 15, 0x10001, 0xFFFFFFFF};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(sizes); i++) {
                _cleanup_free_ char *text = hcs_asprintf("invalid message size %u", (unsigned)sizes[i]);
                struct hcs_gcs_header h = {.type = 0x20100201, .size = sizes[i], .id = 1};
                struct hcs_error *err = NULL;
                struct hcs_gcs_reader r;
                struct hcs_gcs_frame f;
                size_t room;

                hcs_gcs_reader_init(&r, HCS_GCS_MAX_TO_HOST);
                hcs_gcs_header_encode(&h, hcs_gcs_reader_room(&r, &room));
                hcs_gcs_reader_fed(&r, HCS_GCS_HEADER_SIZE);
                assert_hresult(hcs_gcs_reader_next(&r, &f, &err), HCS_E_PROTOCOL_ERROR);
                assert_string_equal(hcs_error_message(err), text);
                hcs_error_free(err);
                hcs_gcs_reader_deinit(&r);
        }
}

static void a_claimed_size_takes_no_memory_before_the_bytes_come(void **state) {
        struct hcs_gcs_header h = {.type = 0x10100101, .size = HCS_GCS_MAX_TO_GUEST, .id = 1};
        struct hcs_gcs_reader r;
        struct hcs_gcs_frame f;
        size_t room;

        hcs_gcs_reader_init(&r, HCS_GCS_MAX_TO_GUEST);
        hcs_gcs_header_encode(&h, hcs_gcs_reader_room(&r, &room));
        hcs_gcs_reader_fed(&r, HCS_GCS_HEADER_SIZE);
        assert_int_equal(hcs_gcs_reader_next(&r, &f, NULL), S_FALSE);
        hcs_gcs_reader_room(&r, &room);
        assert_true(r.buf.cap <= 4u << 20);
        hcs_gcs_reader_deinit(&r);
}

HCS_TESTS(cmocka_unit_test(every_frame_a_host_sends_is_made_byte_for_byte),
          cmocka_unit_test(every_answer_of_the_original_guest_is_made_byte_for_byte),
          cmocka_unit_test(type_words_have_the_names_of_the_original),
          cmocka_unit_test(frames_split_anywhere_come_out_whole),
          cmocka_unit_test(a_frame_that_was_cut_off_is_held_back),
          cmocka_unit_test(a_size_that_cannot_be_is_an_error_that_names_it),
          cmocka_unit_test(a_claimed_size_takes_no_memory_before_the_bytes_come))
