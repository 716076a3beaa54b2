/* SPDX-License-Identifier: MIT */

/* Guests that die at every byte, lie about sizes, fall silent inside a frame, or nest their documents without end. */

#include "base/str.h"
#include "gcs/test/guest.h"
#include "testing/hcs_test.h"

#define CLOSED "bridge closed: use of closed network connection: "

/* What the guest says instead of an answer to one request. */
struct lie {
        enum hcs_gcs_rpc to;
        struct hcs_buf bytes;
        bool hang_up;
        bool told;
};

static bool tell(struct guest *g, const struct hcs_gcs_frame *f) {
        struct lie *lie = g->ctx;

        if (!guest_frame_is(f, lie->to) || lie->told)
                return false;
        lie->told = true;
        guest_send_bytes(g, lie->bytes.data, lie->bytes.len);
        if (lie->hang_up)
                guest_hang_up(g);
        return true;
}

struct session {
        struct guest g;
        struct hcs_gcs_connection *gc;
        struct hcs_gcs_container *c; /* "c1": message 1 was its Create */
};

static void begin(struct session *s, struct lie *lie) {
        struct hcs_error *err = NULL;

        *s = (struct session){0};
        guest_init(&s->g);
        s->g.on_frame = tell;
        s->g.ctx = lie;
        s->gc = guest_connect(&s->g, NULL);
        assert_ok(hcs_gcs_container_create(s->gc, "c1", "{}", NULL, &s->c, &err), err);
}

static void end(struct session *s) {
        hcs_gcs_container_unref(s->c);
        hcs_gcs_connection_unref(s->gc);
        guest_deinit(&s->g);
}

/* The answer to message 2. size 0: as large as it is. */
static void put_answer(struct hcs_buf *out, enum hcs_gcs_rpc rpc, const char *body, uint32_t size) {
        hcs_gcs_frame_append(out, HCS_GCS_RESPONSE | (uint32_t)rpc, 2, body, strlen(body), NULL);
        if (size)
                for (int i = 0; i < 4; i++)
                        out->data[4 + i] = (char)(size >> (8 * i));
}

static void assert_start(struct session *s, const struct hcs_call *call, HRESULT hr, const char *message) {
        struct hcs_error *err = NULL;

        assert_hresult(hcs_gcs_container_start(s->c, call, &err), hr);
        assert_string_equal(hcs_error_message(err), message);
        hcs_error_free(err);
}

static void a_guest_that_dies_at_any_byte_fails_who_waits_with_the_cause(void **state) {
        _cleanup_buf_ struct hcs_buf whole = {0};

        put_answer(&whole, HCS_GCS_START, OK_TEXT, 0);
        for (size_t n = 0; n < whole.len; n++) {
                struct lie lie = {.to = HCS_GCS_START, .hang_up = true};
                struct session s;

                hcs_buf_append(&lie.bytes, whole.data, n);
                begin(&s, &lie);
                assert_start(&s, NULL, HCS_E_CONNECTION_CLOSED,
                             n == 0                    ? CLOSED "bridge read failed: header read: EOF"
                             : n < HCS_GCS_HEADER_SIZE ? CLOSED "bridge read failed: header read: unexpected EOF"
                                                       : CLOSED "bridge read failed: unexpected EOF");
                assert_ok(hcs_gcs_container_wait(s.c, NULL, NULL), NULL);
                end(&s);
                hcs_buf_deinit(&lie.bytes);
        }
}

static void sizes_that_cannot_be_end_the_bridge_and_the_largest_does_not(void **state) {
        static const uint32_t sizes[] = {1, 15, HCS_GCS_MAX_TO_HOST + 1, 0x7fffffff, 0x80000000, UINT32_MAX};
        _cleanup_free_ char *spaces = hcs_malloc(HCS_GCS_MAX_TO_HOST);
        struct hcs_error *err = NULL;
        struct lie lie = {.to = HCS_GCS_START};
        struct session s;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(sizes); i++) {
                _cleanup_free_ char *why =
                        hcs_asprintf(CLOSED "bridge read failed: invalid message size %u", (unsigned)sizes[i]);

                lie = (struct lie){.to = HCS_GCS_START};
                put_answer(&lie.bytes, HCS_GCS_START, OK_TEXT, sizes[i]);
                begin(&s, &lie);
                assert_start(&s, NULL, HCS_E_CONNECTION_CLOSED, why);
                end(&s);
                hcs_buf_deinit(&lie.bytes);
        }
        lie = (struct lie){.to = HCS_GCS_START};
        memset(spaces, ' ', HCS_GCS_MAX_TO_HOST);
        memcpy(spaces, OK_TEXT, strlen(OK_TEXT));
        spaces[HCS_GCS_MAX_TO_HOST - HCS_GCS_HEADER_SIZE] = '\0';
        put_answer(&lie.bytes, HCS_GCS_START, spaces, 0);
        assert_int_equal(lie.bytes.len, HCS_GCS_MAX_TO_HOST);
        begin(&s, &lie);
        assert_ok(hcs_gcs_container_start(s.c, NULL, &err), err);
        end(&s);
        hcs_buf_deinit(&lie.bytes);
}

/* A body that is longer than its size: what is left over is read as a header. */
static void a_size_that_is_too_small_ends_the_bridge(void **state) {
        struct lie lie = {.to = HCS_GCS_START};
        struct session s;

        put_answer(&lie.bytes, HCS_GCS_START, OK_TEXT, HCS_GCS_HEADER_SIZE + 5);
        begin(&s, &lie);
        assert_start(&s, NULL, HCS_E_INVALID_JSON, "bridge response unmarshal failed: unexpected end of JSON input");
        end(&s);

        /* The left-over where the document is whole: its size is the text Acti. */
        hcs_buf_deinit(&lie.bytes);
        lie = (struct lie){.to = HCS_GCS_START};
        put_answer(&lie.bytes, HCS_GCS_START, "{}  {\"Activity\":1}", HCS_GCS_HEADER_SIZE + 2);
        begin(&s, &lie);
        assert_ok(hcs_gcs_container_start(s.c, NULL, NULL), NULL);
        assert_ok(hcs_gcs_connection_wait(s.gc, NULL, NULL), NULL);
        assert_start(&s, NULL, HCS_E_CONNECTION_CLOSED, CLOSED "bridge read failed: invalid message size 1769235265");
        end(&s);
        hcs_buf_deinit(&lie.bytes);
}

/* A size that promises more than comes: the call has its own time, and the next answer is taken for the rest. */
static void a_guest_that_falls_silent_inside_a_frame_holds_nobody_for_ever(void **state) {
        static const struct hcs_call short_call = {.timeout_ms = 20};
        struct lie lie = {.to = HCS_GCS_START};
        struct session s;

        put_answer(&lie.bytes, HCS_GCS_START, OK_TEXT, HCS_GCS_HEADER_SIZE + (uint32_t)strlen(OK_TEXT) + 8);
        begin(&s, &lie);
        assert_start(&s, &short_call, HCS_E_OPERATION_TIMEOUT, "the call did not complete in time");
        assert_hresult(hcs_gcs_connection_error(s.gc, NULL), HCS_E_INVALID_STATE);
        assert_start(&s, NULL, HCS_E_CONNECTION_CLOSED,
                     CLOSED "bridge response unmarshal failed: invalid character '\\x01' after top-level value");
        end(&s);
        hcs_buf_deinit(&lie.bytes);
}

static char *nested(const char *before, size_t n, const char *after) {
        _cleanup_buf_ struct hcs_buf out = {0};

        hcs_buf_puts(&out, before);
        for (size_t i = 0; i < n; i++)
                hcs_buf_putc(&out, '[');
        for (size_t i = 0; i < n; i++)
                hcs_buf_putc(&out, ']');
        hcs_buf_puts(&out, after);
        return hcs_buf_steal(&out);
}

static void documents_without_end_are_refused_wherever_they_are(void **state) {
        static const struct {
                bool notification;
                const char *before, *after;
        } rows[] = {
                {false, "", ""},
                {false, "{\"Result\":0,\"X\":", "}"},
                {false, "{\"Result\":0,\"ErrorRecords\":", "}"},
                {false, "{\"Result\":0,\"Properties\":\"", "\"}"},
                {true, "", ""},
                {true, "{\"ContainerId\":\"c1\",\"X\":", "}"},
                {true, "{\"ContainerId\":\"c1\",\"ResultInfo\":\"", "\"}"},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(rows); i++) {
                _cleanup_free_ char *body = nested(rows[i].before, 32000, rows[i].after), *properties = NULL;
                struct lie lie = {.to = HCS_GCS_GET_PROPERTIES};
                struct hcs_error *err = NULL;
                struct session s;
                HRESULT hr;

                if (rows[i].notification)
                        hcs_gcs_frame_append(&lie.bytes, HCS_GCS_NOTIFY_CONTAINER, 0, body, strlen(body), NULL);
                else
                        put_answer(&lie.bytes, HCS_GCS_GET_PROPERTIES, body, 0);
                begin(&s, &lie);
                hr = hcs_gcs_container_properties(s.c, NULL, NULL, &properties, &err);
                assert_hresult(hr, rows[i].notification ? HCS_E_CONNECTION_CLOSED : HCS_E_INVALID_JSON);
                assert_non_null(strstr(hcs_error_message(err), "bridge response unmarshal failed: "));
                err = hcs_error_free(err);
                assert_ok(hcs_gcs_connection_wait(s.gc, NULL, &err), err);
                assert_null(properties);
                end(&s);
                hcs_buf_deinit(&lie.bytes);
        }
}

/* Bridges die here by the dozen. */
static void drop(void *ctx, enum hcs_log_level level, const char *line) {
}

static int mute(void **state) {
        hcs_log_set_sink(drop, NULL);
        return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, mute)

HCS_TESTS(TEST(a_guest_that_dies_at_any_byte_fails_who_waits_with_the_cause),
          TEST(sizes_that_cannot_be_end_the_bridge_and_the_largest_does_not),
          TEST(a_size_that_is_too_small_ends_the_bridge),
          TEST(a_guest_that_falls_silent_inside_a_frame_holds_nobody_for_ever),
          TEST(documents_without_end_are_refused_wherever_they_are))
