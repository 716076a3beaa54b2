/* SPDX-License-Identifier: MIT */

/* The guest of the tests: its thread owns the reader, and everything it sends goes out from that thread. */

#include "gcs/test/guest.h"

#include <stdlib.h>

#include "base/str.h"
#include "testing/hcs_test.h"

#define LINUX_TEXT                                                                                         \
        "{\"Result\":0,\"ActivityId\":\"" ZERO_ID                                                          \
        "\",\"Version\":4,\"Capabilities\":{\"SupportedSchemaVersions\":[{\"Major\":2,\"Minor\":1}],"      \
        "\"RuntimeOsType\":\"Linux\",\"GuestDefinedCapabilities\":{\"NamespaceAddRequestSupported\":true," \
        "\"SignalProcessSupported\":true,\"DumpStacksSupported\":true,\"DeleteContainerStateSupported\":true}}}"
#define WINDOWS_TEXT                                                                                                 \
        "{\"Result\":0,\"Version\":4,\"Capabilities\":{\"RuntimeOsType\":\"Windows\",\"GuestDefinedCapabilities\":{" \
        "\"SignalProcessSupported\":true}}}"

void guest_init(struct guest *g) {
        *g = (struct guest){0};
        assert_ok(hcs_stream_pair(&g->stream, &g->host, NULL), NULL);
        assert_ok(hcs_gcs_transport_open("memory:", &g->transport, NULL), NULL);
}

void guest_send_bytes(struct guest *g, const void *data, size_t n) {
        hcs_stream_write(g->stream, data, n, NULL, NULL); /* the host may be gone */
}

void guest_send(struct guest *g, uint32_t type, uint64_t id, const char *body) {
        _cleanup_buf_ struct hcs_buf out = {0};

        hcs_gcs_frame_append(&out, type, id, body, strlen(body), NULL);
        guest_send_bytes(g, out.data, out.len);
}

void guest_answer(struct guest *g, const struct hcs_gcs_frame *f, const char *body) {
        guest_send(g, (f->type & ~(uint32_t)HCS_GCS_CATEGORY_MASK) | HCS_GCS_RESPONSE, f->id, body);
}

void guest_hang_up(struct guest *g) {
        hcs_stream_shutdown(g->stream);
}

bool guest_frame_is(const struct hcs_gcs_frame *f, enum hcs_gcs_rpc rpc) {
        return f->type == (HCS_GCS_REQUEST | (uint32_t)rpc);
}

struct hcs_json *guest_document(const struct hcs_gcs_frame *f) {
        struct hcs_json *json = NULL;

        hcs_json_parse(f->body, f->len, NULL, &json, NULL);
        return json;
}

struct hcs_stream *guest_dial(struct guest *g, uint32_t port) {
        struct hcs_stream *s = NULL;

        hcs_gcs_guest_dial(g->transport, port, NULL, &s, NULL);
        return s;
}

static void answer(struct guest *g, const struct hcs_gcs_frame *f) {
        if (guest_frame_is(f, HCS_GCS_NEGOTIATE_PROTOCOL))
                guest_answer(g, f, g->windows ? WINDOWS_TEXT : LINUX_TEXT);
        else if (guest_frame_is(f, HCS_GCS_EXECUTE_PROCESS))
                guest_answer(g, f, "{\"Result\":0,\"ProcessId\":42}");
        else if (!guest_frame_is(f, HCS_GCS_WAIT_FOR_PROCESS))
                guest_answer(g, f, OK_TEXT);
}

static void run(void *arg) {
        struct guest *g = arg;
        struct hcs_gcs_reader r;
        struct hcs_gcs_frame f;

        hcs_gcs_reader_init(&r, HCS_GCS_MAX_TO_GUEST);
        while (hcs_gcs_frame_read(&r, g->stream, NULL, &f, NULL) == S_OK) {
                g->frames++;
                if (!g->on_frame || !g->on_frame(g, &f))
                        answer(g, &f);
        }
        hcs_gcs_reader_deinit(&r);
}

void guest_start(struct guest *g) {
        assert_ok(hcs_thread_start(&g->thread, run, g, NULL), NULL);
}

void guest_deinit(struct guest *g) {
        hcs_thread_join(&g->thread); /* which first takes all that the host said */
        hcs_stream_close(g->stream);
        hcs_gcs_transport_unref(g->transport);
}

struct hcs_gcs_connection *guest_connect(struct guest *g, const struct hcs_gcs_options *options) {
        struct hcs_gcs_connection *gc = NULL;
        struct hcs_error *err = NULL;

        guest_start(g);
        assert_ok(hcs_gcs_connect(g->host, g->transport, options, NULL, &gc, &err), err);
        return gc;
}

size_t test_unhex(const char *hex, uint8_t *out, size_t size) {
        size_t n = strlen(hex) / 2;

        assert_true(n <= size);
        for (size_t i = 0; i < n; i++) {
                const char pair[3] = {hex[2 * i], hex[2 * i + 1]};
                char *end;

                out[i] = (uint8_t)strtoul(pair, &end, 16);
                assert_ptr_equal(end, pair + 2);
        }
        return n;
}

char *test_golden_body(const struct hcs_json *event) {
        static const char placeholder[] = "00-<32 hex trace id>-<16 hex span id>-01";
        const char *body = hcs_json_get_string(event, "body_text"), *span = body ? strstr(body, placeholder) : NULL;

        if (!span)
                return hcs_strdup(body ? body : "");
        return hcs_asprintf("%.*s%s%s", (int)(span - body), body, TEST_SPAN, span + sizeof(placeholder) - 1);
}
