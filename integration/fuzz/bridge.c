/* SPDX-License-Identifier: MIT */

/*
 * What must hold of bytes from a guest: frames come out the same however the bytes are cut, documents that are taken
 * print and are taken again, Go has no objection to what we take; and a connection ends, with everybody told.
 */

#include "integration/fuzz/bridge.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_go.h"
#include "gcs/frame.h"
#include "gcs/message.h"
#include "hcsshim/gcs.h"
#include "platform/stream.h"

static void must(bool ok) {
        if (!ok)
                abort();
}

static void check_document(const struct hcs_gcs_frame *f) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        const struct hcs_schema_type *type = hcs_gcs_document_type(f->type);
        char text[HCS_GCS_TYPE_TEXT_SIZE];
        _cleanup_json_ struct hcs_json *json = NULL;
        _cleanup_free_ char *said = NULL;
        uint32_t back = 0;
        void *doc = NULL;

        must(hcs_gcs_type_parse(hcs_gcs_type_format(f->type, text), &back) && back == f->type);
        /* A bare U+0000 is repaired by us, and refused by Go. */
        if (FAILED(hcs_json_parse(f->body, f->len, &lax, &json, NULL)) || memchr(f->body, '\0', f->len))
                return;
        said = hcs_json_go_error(f->body, f->len);
        must(!said);
        if (!type || FAILED(hcs_schema_parse_json(type, json, &doc, NULL)))
                return;
        {
                _cleanup_free_ char *printed = hcs_schema_print_no_html(type, doc);

                must(SUCCEEDED(hcs_json_check(printed, strlen(printed), NULL, NULL)));
                said = hcs_schema_go_error(type, NULL, f->body, f->len);
                must(!said);
        }
        hcs_schema_free(type, doc);
}

/* Frames of the stream, fed in pieces; their number and the first failure. */
static unsigned read_frames(const uint8_t *data, size_t size, size_t piece, bool check, HRESULT *ret_hr) {
        struct hcs_gcs_reader r;
        struct hcs_gcs_frame f;
        unsigned n_frames = 0;
        HRESULT hr;

        hcs_gcs_reader_init(&r, HCS_GCS_MAX_TO_HOST);
        while (SUCCEEDED(hr = hcs_gcs_reader_next(&r, &f, NULL))) {
                size_t n = piece < size ? piece : size, have;
                void *room;

                if (hr == S_OK) {
                        n_frames++;
                        if (check)
                                check_document(&f);
                        continue;
                }
                if (!n)
                        break;
                room = hcs_gcs_reader_room(&r, &have);
                n = n < have ? n : have;
                memcpy(room, data, n);
                hcs_gcs_reader_fed(&r, n);
                data += n;
                size -= n;
        }
        hcs_gcs_reader_deinit(&r);
        *ret_hr = hr;
        return n_frames;
}

static void fuzz_frames(const uint8_t *data, size_t size) {
        HRESULT whole, single;
        unsigned n = read_frames(data, size, size ? size : 1, true, &whole);

        must(n == read_frames(data, size, 1, false, &single) && whole == single);
}

struct hostile {
        struct hcs_stream *stream;
        const uint8_t *data;
        size_t size;
};

/* All that the guest ever says comes with the first request, and then it hangs up. */
static void say_all(void *ctx, const struct hcs_gcs_tap_frame *f) {
        struct hostile *h = ctx;
        struct hcs_error *err = NULL;

        if (f->from_guest || !h->data)
                return;
        must(SUCCEEDED(hcs_stream_write(h->stream, h->data, h->size, NULL, &err)));
        hcs_stream_close_write(h->stream);
        h->data = NULL;
}

static void drop(void *ctx, enum hcs_log_level level, const char *line) {
}

static void fuzz_connection(const uint8_t *data, size_t size) {
        struct hostile h = {.data = data, .size = size};
        struct hcs_gcs_container *c = NULL;
        struct hcs_gcs_connection *gc = NULL;
        struct hcs_gcs_process *p = NULL;
        struct hcs_stream *host = NULL;
        char *stacks = NULL;

        hcs_log_set_sink(drop, NULL); /* every one of these bridges dies */
        must(SUCCEEDED(hcs_stream_pair(&h.stream, &host, NULL)));
        if (SUCCEEDED(hcs_gcs_connect(host, NULL, &(struct hcs_gcs_options){.tap = say_all, .tap_ctx = &h}, NULL, &gc,
                                      NULL))) {
                hcs_gcs_container_create(gc, "c1", "{}", NULL, &c, NULL);
                hcs_gcs_exec(gc, "{}", NULL, &p, NULL);
                hcs_gcs_dump_stacks(gc, NULL, &stacks, NULL);
                must(SUCCEEDED(hcs_gcs_connection_wait(gc, NULL, NULL)));
                if (c)
                        must(SUCCEEDED(hcs_gcs_container_wait(c, NULL, NULL)));
        }
        free(stacks);
        hcs_gcs_process_unref(p);
        hcs_gcs_container_unref(c);
        hcs_gcs_connection_unref(gc);
        hcs_stream_close(h.stream);
}

bool fuzz_bridge(uint8_t which, const uint8_t *data, size_t size) {
        if (which == 'b')
                fuzz_frames(data, size);
        else if (which == 'c')
                fuzz_connection(data, size);
        else
                return false;
        return true;
}
