/* SPDX-License-Identifier: MIT */

/* What service_client.h promises, over the stream and the frames that the client layer uses too. */

#include "mockhcs/test/service_client.h"

#include "base/json.h"
#include "base/str.h"
#include "testing/hcs_test.h"

#define CREATE                                                                                                   \
        "{\"call\":\"HcsCreateComputeSystem\",\"dll\":\"computecore\",\"n\":%d,\"t\":0,\"args\":{\"id\":\"%s\"," \
        "\"configuration\":{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"Container\":{}%s},\"operation\":"      \
        "\"operation/1\","                                                                                       \
        "\"creates\":\"system/%d\"}}\n"

const char *service_path(void) {
        static char *path;

        if (!path) {
                _cleanup_free_ char *folder = hcs_test_tmpdir();

                path = hcs_asprintf("%s/s", folder);
        }
        return path;
}

struct mockhcs_service *service_start(struct mockhcs_service_options o) {
        struct mockhcs_service *s = NULL;
        struct hcs_error *err = NULL;

        o.socket = service_path();
        assert_ok(mockhcs_service_open(&o, &s, &err), err);
        return s;
}

void service_stop(struct mockhcs_service *s) {
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_service_close(s, &err), err);
}

struct client client_connect_raw(void) {
        struct client c = {0};
        struct hcs_error *err = NULL;

        assert_ok(hcs_stream_connect_private(service_path(), NULL, &c.reader.stream, &err), err);
        return c;
}

void client_disconnect(struct client *c) {
        mock_wire_reader_deinit(&c->reader);
        c->reader.stream = hcs_stream_close(c->reader.stream);
}

void client_send_bytes(struct client *c, const void *data, size_t n) {
        struct hcs_error *err = NULL;

        assert_ok(hcs_stream_write(c->reader.stream, data, n, NULL, &err), err);
}

void client_send(struct client *c, const char *text) {
        _cleanup_buf_ struct hcs_buf frame = {0};
        size_t begin = mock_wire_begin(&frame);

        hcs_buf_puts(&frame, text);
        mock_wire_end(&frame, begin);
        client_send_bytes(c, frame.data, frame.len);
}

char *client_receive(struct client *c) {
        struct hcs_error *err = NULL;
        struct mock_slice frame;
        HRESULT hr = mock_wire_read(&c->reader, NULL, &frame, &err);

        hcs_error_free(err);
        return hr == S_OK ? hcs_strndup(frame.p, frame.n) : NULL;
}

void client_expect(struct client *c, const char *text) {
        _cleanup_free_ char *got = client_receive(c);

        if (!got || !strstr(got, text))
                fail_msg("expected \"%s\", got \"%s\"", text, got ? got : "the end");
}

void client_expect_end(struct client *c) {
        _cleanup_free_ char *got = client_receive(c);

        if (got)
                fail_msg("expected the end, got \"%s\"", got);
}

struct client client_connect(void) {
        struct client c = client_connect_raw();

        client_send(&c, CLIENT_HELLO);
        client_expect(&c, "\"version\":2");
        return c;
}

char *client_control(struct client *c, const char *request) {
        client_send(c, request);
        return client_receive(c);
}

void client_create(struct client *c, int n, const char *id, const char *more, const char *result) {
        _cleanup_free_ char *text = hcs_asprintf(CREATE, n, id, more, n);

        client_send(c, text);
        client_expect(c, result);
}

static struct hcs_json *status(struct client *c) {
        _cleanup_free_ char *text = client_control(c, "{\"control\":\"status\",\"n\":1}");
        struct hcs_json *answer = NULL;

        assert_ok(hcs_json_parse_cstr(text, &answer, NULL), NULL);
        return answer;
}

void client_wait_until_alone(struct client *c) {
        for (bool alone = false; !alone;) {
                _cleanup_json_ struct hcs_json *answer = status(c);

                alone = hcs_json_count(hcs_json_lookup(answer, "result.Clients")) == 1;
        }
}

void client_wait_for_calls(struct client *c, uint64_t expected) {
        for (uint64_t n = 0; n < expected;) {
                _cleanup_json_ struct hcs_json *answer = status(c);

                assert_true(hcs_json_u64(hcs_json_lookup(answer, "result.Calls"), &n));
        }
}
