/* SPDX-License-Identifier: MIT */

/* A recorded host. See play.h for the order in which it speaks. */

#include <string.h>

#include "base/str.h"
#include "mockhcs/bridge/frames.h"
#include "mockhcs/bridge/play.h"
#include "platform/stream.h"

struct player {
        struct frames frames;
        const struct mock_bridge_options *options;
        struct hcs_stream *stream;
        struct hcs_gcs_reader reader;
        struct mock_bridge_report *report;
};

static HRESULT listen_for_streams(struct player *p, const struct recorded_frame *f, struct hcs_error **err) {
        static const char *const names[] = {"StdIn", "StdOut", "StdErr"};
        const struct hcs_json *ports = hcs_json_lookup(f->document, "Settings.VsockStdioRelaySettings");
        uint64_t port;

        for (size_t i = 0; p->options->listen && i < HCS_ARRAY_SIZE(names); i++) {
                HRESULT hr = S_OK;

                if (hcs_json_u64(hcs_json_get(ports, names[i]), &port) && port <= UINT32_MAX)
                        hr = p->options->listen(p->options->ctx, (uint32_t)port, i == 0, err);
                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

/* A guest that is gone, or stuck, ends the play: the rest makes no sense then. */
static HRESULT give_up(struct player *p, const char *what, const struct recorded_frame *f, struct hcs_error **mine) {
        *mine = hcs_error_free(*mine);
        hcs_buf_printf(&p->report->text, "the guest %s ", what);
        frames_describe(f, &p->report->text);
        hcs_buf_putc(&p->report->text, '\n');
        return S_FALSE;
}

static HRESULT say(struct player *p, struct recorded_frame *f, struct hcs_error **err) {
        _cleanup_free_ char *body = NULL;
        struct hcs_error *mine = NULL;
        HRESULT hr = S_OK;
        size_t len;

        f->used = true;
        f->live_id = f->id;
        if (f->type == (HCS_GCS_REQUEST | HCS_GCS_EXECUTE_PROCESS))
                hr = listen_for_streams(p, f, err);
        if (FAILED(hr))
                return hr;
        body = frames_body(&p->frames, f, &len);
        hr = frames_send(p->stream, f->type, f->id, body, len, p->options->timeout_ms, &mine);
        if (frames_is_goodbye(hr))
                return give_up(p, "hung up before it could be told what is in", f, &mine);
        if (hr == HCS_E_OPERATION_TIMEOUT)
                return give_up(p, "does not read what is in", f, &mine);
        return FAILED(hr) ? hcs_error_move(err, &mine), hr : hr;
}

/* The recorded frame that a live one should be: by id for answers, by container for notifications. */
static struct recorded_frame *counterpart(struct player *p, const struct hcs_gcs_frame *f,
                                          const struct hcs_json *live) {
        const char *container = hcs_json_string(hcs_json_get_nocase(live, "ContainerId"));

        for (size_t i = 0; i < p->frames.n; i++) {
                struct recorded_frame *r = &p->frames.items[i];
                _cleanup_free_ char *id = NULL;

                if (!r->from_guest || r->used || r->broken || r->type != f->type)
                        continue;
                if (frame_is(r, HCS_GCS_RESPONSE) && r->id == f->id)
                        return r;
                id = variables_substitute(&p->frames.variables, frames_container(r));
                if (frame_is(r, HCS_GCS_NOTIFY) && hcs_streq(id, container ? container : ""))
                        return r;
        }
        return NULL;
}

static void hear(struct player *p, const struct hcs_gcs_frame *f) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        _cleanup_json_ struct hcs_json *live = NULL;
        _cleanup_buf_ struct hcs_buf lines = {0};
        struct recorded_frame *r;
        char type[HCS_GCS_TYPE_TEXT_SIZE];

        hcs_json_parse(f->body, f->len, &lax, &live, NULL);
        r = counterpart(p, f, live);
        if (!r) {
                p->report->mismatched++;
                hcs_buf_printf(&p->report->text, "the guest sent %s #%llu, which was not recorded: %.*s\n",
                               hcs_gcs_type_format(f->type, type), (unsigned long long)f->id,
                               (int)(f->len < 400 ? f->len : 400), f->body);
                return;
        }
        r->used = true;
        if (!frames_compare(&p->frames, r, live, &lines)) {
                p->report->matched++;
                return;
        }
        p->report->mismatched++;
        hcs_buf_puts(&p->report->text, "the guest's answer differs from ");
        frames_describe(r, &p->report->text);
        hcs_buf_printf(&p->report->text, ":\n%s", lines.data);
}

/* One more frame of the guest. S_FALSE when the guest is gone. */
static HRESULT hear_one(struct player *p, const struct hcs_bound *b, struct hcs_error **err) {
        struct hcs_gcs_frame f;
        HRESULT hr = hcs_gcs_frame_read(&p->reader, p->stream, b, &f, err);

        if (hr == S_OK)
                hear(p, &f);
        return hr;
}

/* Something that the guest said in the recording before `end` and has not said now. */
static const struct recorded_frame *awaited(const struct player *p, size_t end) {
        for (size_t i = 0; i < end; i++)
                if (p->frames.items[i].from_guest && !p->frames.items[i].used && !p->frames.items[i].broken)
                        return &p->frames.items[i];
        return NULL;
}

static HRESULT catch_up(struct player *p, size_t end, struct hcs_error **err) {
        int64_t ms = p->options->timeout_ms ? p->options->timeout_ms : FRAMES_TIMEOUT_MS;
        const struct recorded_frame *f;

        while ((f = awaited(p, end))) {
                struct hcs_bound b = hcs_bound_of_call(&(struct hcs_call){.timeout_ms = ms}, ms);
                struct hcs_error *mine = NULL;
                HRESULT hr = hear_one(p, &b, &mine);

                if (hr == S_OK)
                        continue;
                if (FAILED(hr) && hr != HCS_E_OPERATION_TIMEOUT && !frames_is_goodbye(hr))
                        return hcs_error_move(err, &mine), hr;
                return give_up(p,
                               hr == HCS_E_OPERATION_TIMEOUT ? "fell silent before it said what is in"
                                                             : "hung up before it said what is in",
                               f, &mine);
        }
        return S_OK;
}

static HRESULT play(struct player *p, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t i = 0; i < p->frames.n && hr == S_OK; i++) {
                if (p->frames.items[i].from_guest)
                        continue;
                hr = catch_up(p, i, err);
                if (hr == S_OK)
                        hr = say(p, &p->frames.items[i], err);
        }
        return hr == S_OK ? catch_up(p, p->frames.n, err) : hr;
}

HRESULT mock_bridge_play_host(const char *trace, struct hcs_stream *stream, const struct mock_bridge_options *options,
                              struct mock_bridge_report *ret, struct hcs_error **err) {
        static const struct mock_bridge_options none;
        struct player p = {.options = options ? options : &none, .stream = stream, .report = ret};
        HRESULT hr;

        *ret = (struct mock_bridge_report){0};
        hr = frames_load(&p.frames, trace, p.options->bridge, err);
        if (FAILED(hr))
                return hr;
        hcs_gcs_reader_init(&p.reader, HCS_GCS_MAX_TO_HOST);
        hr = play(&p, err);
        for (size_t i = 0; i < p.frames.n; i++)
                ret->left += p.frames.items[i].from_guest && !p.frames.items[i].used && !p.frames.items[i].broken;
        hcs_gcs_reader_deinit(&p.reader);
        frames_deinit(&p.frames);
        return FAILED(hr) ? hr : S_OK;
}
