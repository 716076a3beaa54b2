/* SPDX-License-Identifier: MIT */

/* A recorded guest. See play.h for what is matched and when it speaks. */

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "mockhcs/bridge/frames.h"
#include "mockhcs/bridge/play.h"
#include "mockhcs/bridge/streams.h"
#include "platform/stream.h"

/* One lock guards all of it: inputs of processes come on threads of their own. */
struct player {
        struct hcs_mutex lock;
        struct frames frames;
        struct played_streams streams;
        const struct mock_bridge_options *options;
        struct hcs_stream *stream;
        struct mock_bridge_report *report;
};

void mock_bridge_report_deinit(struct mock_bridge_report *r) {
        hcs_buf_deinit(&r->text);
        free(r->lines);
}

/* Answers that may be long in coming: what else happened meanwhile belongs in front of them. */
static bool is_patient(const struct recorded_frame *f) {
        return frame_is(f, HCS_GCS_NOTIFY) || f->type == (HCS_GCS_RESPONSE | HCS_GCS_WAIT_FOR_PROCESS);
}

static const char *container_of(struct player *p, const struct recorded_frame *f) {
        const struct recorded_frame *request = frame_is(f, HCS_GCS_RESPONSE) ? frames_request_of(&p->frames, f) : f;

        return request ? frames_container(request) : "";
}

/* All that the host had said about the container before that line, and the input that it had given. */
static bool is_said_again(struct player *p, const char *container, unsigned long long line) {
        for (const struct recorded_frame *f = p->frames.items; f < p->frames.items + p->frames.n && f->line < line; f++)
                if (!f->from_guest && !f->used && strcmp(frames_container(f), container) == 0)
                        return false;
        return played_streams_given(&p->streams, container, line);
}

static bool is_due(struct player *p, const struct recorded_frame *f) {
        const struct recorded_frame *request = frame_is(f, HCS_GCS_RESPONSE) ? frames_request_of(&p->frames, f) : NULL;
        const char *container = container_of(p, f);

        if (request && !request->used)
                return false;
        if (request && !is_patient(f))
                return true;
        return is_said_again(p, container, f->line);
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

/* Output of processes that run. */
static void say_output(struct player *p) {
        for (size_t i = 0; i < p->frames.n_bytes; i++) {
                struct recorded_bytes *b = &p->frames.bytes[i];
                const struct recorded_frame *request = b->request == SIZE_MAX ? NULL : &p->frames.items[b->request];

                if (b->stream != MOCK_STDIN && !b->used && request && request->used &&
                    is_said_again(p, frames_container(request), b->line))
                        played_streams_say(&p->streams, b);
        }
}

/* Everything that has become due. */
static HRESULT say_due(struct player *p, struct hcs_error **err) {
        say_output(p);
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

/* As the agent does before it answers. */
static void dial_streams(struct player *p, const struct recorded_frame *recorded, const struct hcs_json *live) {
        static const char *const names[] = {"StdIn", "StdOut", "StdErr"};
        const struct hcs_json *ports = hcs_json_lookup(live, "Settings.VsockStdioRelaySettings"),
                              *before = hcs_json_lookup(recorded->document, "Settings.VsockStdioRelaySettings");
        uint64_t port, recorded_port;

        for (size_t i = 0; p->options->dial && i < HCS_ARRAY_SIZE(names); i++) {
                struct hcs_stream *s = NULL;

                if (hcs_json_u64(hcs_json_get(ports, names[i]), &port) && port <= UINT32_MAX &&
                    hcs_json_u64(hcs_json_get(before, names[i]), &recorded_port) &&
                    SUCCEEDED(p->options->dial(p->options->ctx, (uint32_t)port, &s, NULL)))
                        played_streams_add(&p->streams, (uint32_t)recorded_port, i == 0, s);
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
                                dial_streams(p, r, live);
                        return say_due(p, err);
                }
                if (!nearest || n < best) {
                        nearest = r;
                        best = n;
                }
        }
        return refuse(p, f, live, nearest, err);
}

static bool is_before_the_end(const struct player *p, unsigned long long line) {
        return !p->frames.end_line || line < p->frames.end_line;
}

/*
 * The guest is gone, as it was: all that was said before it ended the bridge has been said; or, where the recording
 * does not say that it did, it ends with a request that was not answered, as of one that powers off, and that has come.
 */
static bool is_gone(const struct player *p) {
        const struct recorded_frame *last = &p->frames.items[p->frames.n - 1];

        for (size_t i = 0; i < p->frames.n; i++)
                if (!p->frames.items[i].used && is_before_the_end(p, p->frames.items[i].line))
                        return false;
        return p->frames.end_line ? !p->options->is_hung_up : !last->from_guest;
}

/* Tells who wants to know how far the host is. Without the lock. */
static void tell_heard(struct player *p) {
        unsigned long long line = ULLONG_MAX;

        if (!p->options->heard)
                return;
        hcs_mutex_lock(&p->lock);
        for (size_t i = 0; i < p->frames.n && line == ULLONG_MAX; i++)
                if (!p->frames.items[i].from_guest && !p->frames.items[i].used &&
                    is_before_the_end(p, p->frames.items[i].line))
                        line = p->frames.items[i].line;
        hcs_mutex_unlock(&p->lock);
        p->options->heard(p->options->ctx, line);
}

/* On the thread of an input, with the lock held. */
static void input_given(void *ctx) {
        struct player *p = ctx;

        if (FAILED(say_due(p, NULL)) || is_gone(p))
                hcs_stream_shutdown(p->stream);
}

static HRESULT hear_one(struct player *p, const struct hcs_gcs_frame *f, bool *ret_gone, struct hcs_error **err) {
        HRESULT hr;

        hcs_mutex_lock(&p->lock);
        hr = hear(p, f, err);
        *ret_gone = is_gone(p);
        hcs_mutex_unlock(&p->lock);
        tell_heard(p);
        return hr;
}

static HRESULT play(struct player *p, struct hcs_error **err) {
        struct hcs_gcs_reader r;
        struct hcs_gcs_frame f;
        HRESULT hr;

        hcs_gcs_reader_init(&r, HCS_GCS_MAX_TO_GUEST);
        while ((hr = hcs_gcs_frame_read(&r, p->stream, NULL, &f, err)) == S_OK) {
                bool gone;

                hr = hear_one(p, &f, &gone, err);
                if (FAILED(hr) || gone)
                        break;
        }
        hcs_gcs_reader_deinit(&r);
        return hr;
}

static void miss(struct mock_bridge_report *r, const struct recorded_frame *f) {
        r->left++;
        hcs_buf_puts(&r->text, "the host never sent what is in ");
        frames_describe(f, &r->text);
        hcs_buf_putc(&r->text, '\n');
        r->lines = hcs_realloc(r->lines, (r->n_lines + 1) * sizeof(*r->lines));
        r->lines[r->n_lines++] = f->line;
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
        hcs_mutex_init(&p.lock);
        p.streams = (struct played_streams){.frames = &p.frames,
                                            .lock = &p.lock,
                                            .given = input_given,
                                            .ctx = &p,
                                            .timeout_ms = p.options->timeout_ms};
        tell_heard(&p);
        hr = say_due(&p, &mine);
        if (SUCCEEDED(hr))
                hr = play(&p, &mine);
        hcs_mutex_lock(&p.lock);
        if (is_gone(&p))
                hcs_stream_shutdown(stream);
        hcs_mutex_unlock(&p.lock);
        played_streams_deinit(&p.streams);
        for (size_t i = 0; i < p.frames.n; i++)
                if (!p.frames.items[i].from_guest && !p.frames.items[i].used &&
                    is_before_the_end(&p, p.frames.items[i].line))
                        miss(ret, &p.frames.items[i]);
        frames_deinit(&p.frames);
        hcs_mutex_deinit(&p.lock);
        if (FAILED(hr) && !frames_is_goodbye(hr)) /* a host that closes while it is spoken to is no failure */
                return hcs_error_move(err, &mine), hr;
        hcs_error_free(mine);
        return S_OK;
}
