/* SPDX-License-Identifier: MIT */

/* The bridge of faulty.h. What one direction does with a frame happens on its thread, one frame after the other. */

#include "mockhcs/bridge/faulty.h"

#include <string.h>

#include "gcs/frame_stream.h"
#include "gcs/message.h"
#include "mockhcs/engine/value.h"
#include "mockhcs/faults/document.h"
#include "mockhcs/faults/plan.h"
#include "platform/clock.h"
#include "platform/stream.h"
#include "platform/thread.h"

struct direction {
        struct mock_faulty_bridge *bridge;
        struct hcs_stream *from, *to;
        bool from_guest;
        struct hcs_buf held; /* whole frames that go behind the next one */
        struct hcs_thread thread;
        bool started;
};

struct mock_faulty_bridge {
        struct hcs_stream *host, *guest;
        struct fault_rules *rules;
        uint64_t seed;
        struct direction to_guest, to_host;
        atomic_uint count;
        struct hcs_mutex writing; /* to the host; guards guest_gone */
        bool guest_gone;          /* what it says is not heard any more */
        struct hcs_mutex lock;    /* guards what follows */
        struct hcs_cond changed;
        bool over;
        unsigned running;
};

static void end(struct mock_faulty_bridge *b) {
        {
                hcs_guard(&b->lock);
                b->over = true;
                hcs_cond_broadcast(&b->changed);
        }
        hcs_stream_shutdown(b->host);
        hcs_stream_shutdown(b->guest);
}

static bool put(struct mock_faulty_bridge *b, struct hcs_stream *to, const void *data, size_t n) {
        HRESULT hr;

        if (to != b->host)
                return SUCCEEDED(hcs_stream_write(to, data, n, NULL, NULL));
        hcs_mutex_lock(&b->writing);
        hr = b->guest_gone ? E_ABORT : hcs_stream_write(to, data, n, NULL, NULL);
        hcs_mutex_unlock(&b->writing);
        return SUCCEEDED(hr);
}

/* Before the frame that the guest is gone after reaches it, or its answer could be quicker. */
static void silence_guest(struct mock_faulty_bridge *b) {
        hcs_guard(&b->writing);
        b->guest_gone = true;
}

/* False when the bridge ended meanwhile. */
static bool wait_for(struct mock_faulty_bridge *b, uint64_t ns) {
        uint64_t deadline = hcs_clock_ns() + ns;
        hcs_guard(&b->lock);

        while (!b->over && hcs_clock_ns() < deadline)
                hcs_cond_wait_until(&b->changed, &b->lock, deadline);
        return !b->over;
}

/* In the guest's place. */
static bool refuse(struct direction *d, const struct hcs_gcs_frame *f, HRESULT hr) {
        _cleanup_buf_ struct hcs_buf answer = {0}, body = {0};

        hcs_buf_printf(&body, "{\"Result\":%d,\"ErrorMessage\":\"refused by a fault\"}", (int)hr);
        hcs_gcs_frame_append(&answer, (f->type & ~(uint32_t)HCS_GCS_CATEGORY_MASK) | HCS_GCS_RESPONSE, f->id, body.data,
                             body.len, NULL);
        return put(d->bridge, d->bridge->host, answer.data, answer.len);
}

/* The frame as it goes on, whole. */
static void edit(const struct hcs_gcs_frame *f, const struct fault_plan *plan, struct hcs_buf *ret) {
        struct mock_value v = {0};
        bool has_line_feed = f->len && f->body[f->len - 1] == '\n';

        if (!plan->omit && !plan->shuffle) {
                hcs_gcs_frame_append(ret, f->type, f->id, f->body, f->len, NULL);
                return;
        }
        mock_value_set_document(&v, "document", hcs_strndup(f->body, f->len - has_line_feed));
        if (plan->omit)
                fault_omit(&v, plan->omit_path, plan->chance);
        if (plan->shuffle)
                fault_shuffle(&v, plan->chance);
        {
                _cleanup_free_ char *body = hcs_asprintf("%s%s", v.text, has_line_feed ? "\n" : "");

                hcs_gcs_frame_append(ret, f->type, f->id, body, strlen(body), NULL);
        }
        mock_value_deinit(&v);
}

static size_t byte_of(const struct fault_action *a, const struct fault_plan *plan, size_t size) {
        return a->drawn ? (size_t)(plan->chance % size) : (size_t)a->number;
}

/* False: the bridge is to end. */
static bool hand_on(struct direction *d, const struct hcs_gcs_frame *f, const struct fault_plan *plan) {
        struct mock_faulty_bridge *b = d->bridge;
        _cleanup_buf_ struct hcs_buf out = {0};
        size_t at;

        edit(f, plan, &out);
        if (plan->exit && !d->from_guest)
                silence_guest(b);
        if (plan->corrupt && (at = byte_of(plan->corrupt, plan, out.len)) < out.len)
                out.data[at] = (char)~out.data[at];
        if (plan->cut && (at = byte_of(plan->cut, plan, out.len)) < out.len) {
                put(b, d->to, out.data, at);
                return false;
        }
        if (plan->reorder) {
                hcs_buf_append(&d->held, out.data, out.len);
                return !plan->exit;
        }
        if (!put(b, d->to, out.data, out.len) || (plan->duplicate && !put(b, d->to, out.data, out.len)) ||
            (d->held.len && !put(b, d->to, d->held.data, d->held.len)))
                return false;
        hcs_buf_clear(&d->held);
        return !plan->exit;
}

static bool take(struct direction *d, const struct hcs_gcs_frame *f) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        static const struct fault_plan none;
        struct mock_faulty_bridge *b = d->bridge;
        char type[HCS_GCS_TYPE_TEXT_SIZE];
        _cleanup_json_ struct hcs_json *document = NULL;
        struct fault_frame frame = {.name = hcs_gcs_type_format(f->type, type)};
        struct fault_plan plan;

        if (FAILED(hcs_json_parse(f->body, f->len, &lax, &document, NULL)))
                document = NULL;
        frame.document = document;
        frame.container = hcs_json_get_string(document, "ContainerId");
        fault_plan_frame(b->rules, b->seed, &frame, &plan);
        if (!plan.any)
                return hand_on(d, f, &none);
        atomic_fetch_add(&b->count, 1);
        if (plan.delay && !wait_for(b, plan.delay_ns))
                return false;
        if (plan.never)
                return !plan.exit;
        if (FAILED(plan.refuse) && !d->from_guest && (f->type & (uint32_t)HCS_GCS_CATEGORY_MASK) == HCS_GCS_REQUEST)
                return refuse(d, f, plan.refuse) && !plan.exit;
        return hand_on(d, f, &plan);
}

/* What the reader has of a frame that is none, or not whole, goes on as it is. */
static bool hand_on_rest(struct direction *d, struct hcs_gcs_reader *r) {
        size_t n = hcs_gcs_reader_held(r);

        return !n || put(d->bridge, d->to, hcs_buf_cstr(&r->buf) + r->taken, n);
}

static bool copy_bytes(struct direction *d) {
        char buf[4096];
        size_t n;

        while (hcs_stream_read(d->from, buf, sizeof(buf), NULL, &n, NULL) == S_OK)
                if (!put(d->bridge, d->to, buf, n))
                        return false;
        return true;
}

/* True: the sender has ended, and the other direction may go on. */
static bool copy_frames(struct direction *d, struct hcs_gcs_reader *r) {
        struct hcs_gcs_frame f;
        HRESULT hr;

        while ((hr = hcs_gcs_frame_read(r, d->from, NULL, &f, NULL)) == S_OK)
                if (!take(d, &f))
                        return false;
        if (d->held.len && !put(d->bridge, d->to, d->held.data, d->held.len))
                return false;
        return hand_on_rest(d, r) && (hr != HCS_E_PROTOCOL_ERROR || copy_bytes(d));
}

static void run(void *arg) {
        struct direction *d = arg;
        struct mock_faulty_bridge *b = d->bridge;
        struct hcs_gcs_reader r;

        hcs_gcs_reader_init(&r, HCS_GCS_MAX_TO_GUEST);
        if (copy_frames(d, &r))
                hcs_stream_close_write(d->to);
        else
                end(b);
        hcs_gcs_reader_deinit(&r);
        hcs_guard(&b->lock);
        b->running--;
        hcs_cond_broadcast(&b->changed);
}

static HRESULT start(struct direction *d, struct hcs_error **err) {
        HRESULT hr;

        {
                hcs_guard(&d->bridge->lock);
                d->bridge->running++;
        }
        hr = hcs_thread_start(&d->thread, run, d, err);
        d->started = SUCCEEDED(hr);
        return hr;
}

HRESULT mock_faulty_bridge_new(struct hcs_stream *host, struct hcs_stream *guest, struct fault_rules *rules,
                               uint64_t seed, struct mock_faulty_bridge **ret, struct hcs_error **err) {
        struct mock_faulty_bridge *b = hcs_calloc(1, sizeof(*b));
        HRESULT hr;

        b->host = host;
        b->guest = guest;
        b->rules = rules;
        b->seed = seed;
        b->to_guest = (struct direction){.bridge = b, .from = host, .to = guest};
        b->to_host = (struct direction){.bridge = b, .from = guest, .to = host, .from_guest = true};
        hcs_mutex_init(&b->writing);
        hcs_mutex_init(&b->lock);
        hcs_cond_init(&b->changed);
        hr = start(&b->to_guest, err);
        if (SUCCEEDED(hr))
                hr = start(&b->to_host, err);
        if (FAILED(hr)) {
                mock_faulty_bridge_free(b);
                return hr;
        }
        *ret = b;
        return S_OK;
}

void mock_faulty_bridge_wait(struct mock_faulty_bridge *b, int64_t timeout_ms) {
        uint64_t deadline = hcs_clock_ns() + (uint64_t)timeout_ms * HCS_NS_PER_MS;
        hcs_guard(&b->lock);

        while (b->running && !b->over && hcs_clock_ns() < deadline)
                hcs_cond_wait_until(&b->changed, &b->lock, deadline);
}

unsigned mock_faulty_bridge_count(struct mock_faulty_bridge *b) {
        return atomic_load(&b->count);
}

struct mock_faulty_bridge *mock_faulty_bridge_free(struct mock_faulty_bridge *b) {
        if (!b)
                return NULL;
        end(b);
        if (b->to_guest.started)
                hcs_thread_join(&b->to_guest.thread);
        if (b->to_host.started)
                hcs_thread_join(&b->to_host.thread);
        hcs_stream_close(b->host);
        hcs_stream_close(b->guest);
        hcs_buf_deinit(&b->to_guest.held);
        hcs_buf_deinit(&b->to_host.held);
        hcs_cond_deinit(&b->changed);
        hcs_mutex_deinit(&b->lock);
        hcs_mutex_deinit(&b->writing);
        free(b);
        return NULL;
}
