/* SPDX-License-Identifier: MIT */

/* A recorded guest. See play.h for what is matched and when it speaks. */

#include <string.h>

#include "mockhcs/bridge/frames.h"
#include "mockhcs/bridge/play.h"
#include "platform/stream.h"

struct player {
        struct frames frames;
        const struct mock_bridge_options *options;
        struct hcs_stream *stream;
        struct mock_bridge_report *report;
};

void mock_bridge_report_deinit(struct mock_bridge_report *r) {
        hcs_buf_deinit(&r->text);
}

/* Answers that may be long in coming: what else happened meanwhile belongs in front of them. */
static bool is_patient(const struct recorded_frame *f) {
        return frame_is(f, HCS_GCS_NOTIFY) || f->type == (HCS_GCS_RESPONSE | HCS_GCS_WAIT_FOR_PROCESS);
}

static const char *container_of(struct player *p, const struct recorded_frame *f) {
        const struct recorded_frame *request = frame_is(f, HCS_GCS_RESPONSE) ? frames_request_of(&p->frames, f) : f;

        return request ? frames_container(request) : "";
}

static bool is_due(struct player *p, const struct recorded_frame *f) {
        const struct recorded_frame *request = frame_is(f, HCS_GCS_RESPONSE) ? frames_request_of(&p->frames, f) : NULL;
        const char *container = container_of(p, f);

        if (request && !request->used)
                return false;
        if (request && !is_patient(f))
                return true;
        for (const struct recorded_frame *before = p->frames.items; before < f; before++)
                if (!before->from_guest && !before->used && strcmp(frames_container(before), container) == 0)
                        return false;
        return true;
}

static HRESULT say(struct player *p, struct recorded_frame *f, struct hcs_error **err) {
        const struct recorded_frame *request = frame_is(f, HCS_GCS_RESPONSE) ? frames_request_of(&p->frames, f) : NULL;
        _cleanup_free_ char *body = NULL;
        size_t len;

        f->used = true;
        if (f->broken)
                return frames_write(p->stream, f->body, f->len, p->options->timeout_ms, err);
        body = frames_body(&p->frames, f, &len);
        return frames_send(p->stream, f->type, request ? request->live_id : f->id, body, len, p->options->timeout_ms,
                           err);
}

/* Everything that has become due. */
static HRESULT say_due(struct player *p, struct hcs_error **err) {
        for (size_t i = 0; i < p->frames.n; i++) {
                struct recorded_frame *f = &p->frames.items[i];
                HRESULT hr = S_OK;

                if (f->from_guest && !f->used && is_due(p, f))
                        hr = say(p, f, err);
                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

/* As the agent does before it answers; nothing of what went over the streams was recorded, so they end at once. */
static void dial_streams(struct player *p, const struct hcs_json *live) {
        static const char *const names[] = {"StdIn", "StdOut", "StdErr"};
        const struct hcs_json *ports = hcs_json_lookup(live, "Settings.VsockStdioRelaySettings");
        uint64_t port;

        for (size_t i = 0; p->options->dial && i < HCS_ARRAY_SIZE(names); i++) {
                struct hcs_stream *s = NULL;

                if (hcs_json_u64(hcs_json_get(ports, names[i]), &port) && port <= UINT32_MAX &&
                    SUCCEEDED(p->options->dial(p->options->ctx, (uint32_t)port, &s, NULL)))
                        hcs_stream_close(s);
        }
}

/* Tells the host, and the report, why it gets no recorded answer. */
static HRESULT refuse(struct player *p, const struct hcs_gcs_frame *f, const struct hcs_json *live,
                      const struct recorded_frame *nearest, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf why = {0}, body = {0};
        char type[HCS_GCS_TYPE_TEXT_SIZE];
        _cleanup_json_ struct hcs_json *answer = hcs_json_new_object();

        hcs_gcs_type_format(f->type, type);
        hcs_buf_printf(&why, "no recorded request is like %s #%llu", type, (unsigned long long)f->id);
        if (nearest) {
                hcs_buf_puts(&why, "; the nearest is ");
                frames_describe(nearest, &why);
                hcs_buf_puts(&why, ":\n");
                frames_compare(&p->frames, nearest, live, &why);
        }
        hcs_buf_printf(&p->report->text, "%s%s", why.data, nearest ? "" : "\n");
        p->report->mismatched++;
        hcs_json_set_i64(answer, "Result", E_UNEXPECTED);
        hcs_json_set_string(answer, "ErrorMessage", why.data);
        hcs_json_print(answer, HCS_JSON_GO, &body);
        return frames_send(p->stream, (f->type & ~(uint32_t)HCS_GCS_CATEGORY_MASK) | HCS_GCS_RESPONSE, f->id, body.data,
                           body.len, p->options->timeout_ms, err);
}

static HRESULT hear(struct player *p, const struct hcs_gcs_frame *f, struct hcs_error **err) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        const struct recorded_frame *nearest = NULL;
        _cleanup_json_ struct hcs_json *live = NULL;
        unsigned best = 0;

        hcs_json_parse(f->body, f->len, &lax, &live, NULL);
        for (size_t i = 0; i < p->frames.n; i++) {
                struct recorded_frame *r = &p->frames.items[i];
                unsigned n;

                if (r->from_guest || r->used || r->type != f->type)
                        continue;
                n = frames_compare(&p->frames, r, live, NULL);
                if (!n) {
                        r->used = true;
                        r->live_id = f->id;
                        p->report->matched++;
                        if (f->type == (HCS_GCS_REQUEST | HCS_GCS_EXECUTE_PROCESS))
                                dial_streams(p, live);
                        return say_due(p, err);
                }
                if (!nearest || n < best) {
                        nearest = r;
                        best = n;
                }
        }
        return refuse(p, f, live, nearest, err);
}

/* The recording ends with a request that was not answered, and it has come: the guest is gone, as one that powers off.
 */
static bool is_gone(const struct player *p) {
        const struct recorded_frame *last = &p->frames.items[p->frames.n - 1];

        for (size_t i = 0; i < p->frames.n; i++)
                if (!p->frames.items[i].used)
                        return false;
        return !last->from_guest;
}

static HRESULT play(struct player *p, struct hcs_error **err) {
        struct hcs_gcs_reader r;
        struct hcs_gcs_frame f;
        HRESULT hr;

        hcs_gcs_reader_init(&r, HCS_GCS_MAX_TO_GUEST);
        while (SUCCEEDED(hr = hcs_gcs_reader_next(&r, &f, err))) {
                size_t n;
                void *room;

                if (hr == S_OK) {
                        hr = hear(p, &f, err);
                        if (FAILED(hr) || is_gone(p))
                                break;
                        continue;
                }
                room = hcs_gcs_reader_room(&r, &n);
                hr = hcs_stream_read_bound(p->stream, room, n, NULL, &n, err);
                if (hr != S_OK)
                        break;
                hcs_gcs_reader_fed(&r, n);
        }
        hcs_gcs_reader_deinit(&r);
        return hr;
}

HRESULT mock_bridge_play_guest(const char *trace, struct hcs_stream *stream, const struct mock_bridge_options *options,
                               struct mock_bridge_report *ret, struct hcs_error **err) {
        static const struct mock_bridge_options none;
        struct player p = {.options = options ? options : &none, .stream = stream, .report = ret};
        struct hcs_error *mine = NULL;
        HRESULT hr;

        *ret = (struct mock_bridge_report){0};
        hr = frames_load(&p.frames, trace, p.options->bridge, err);
        if (FAILED(hr))
                return hr;
        hr = say_due(&p, &mine);
        if (SUCCEEDED(hr))
                hr = play(&p, &mine);
        for (size_t i = 0; i < p.frames.n; i++)
                if (!p.frames.items[i].from_guest && !p.frames.items[i].used) {
                        ret->left++;
                        hcs_buf_puts(&ret->text, "the host never sent what is in ");
                        frames_describe(&p.frames.items[i], &ret->text);
                        hcs_buf_putc(&ret->text, '\n');
                }
        frames_deinit(&p.frames);
        if (FAILED(hr) && !frames_is_goodbye(hr)) /* a host that closes while it is spoken to is no failure */
                return hcs_error_move(err, &mine), hr;
        hcs_error_free(mine);
        return S_OK;
}
