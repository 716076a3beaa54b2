/* SPDX-License-Identifier: MIT */

/* The thread that reads, the turn to write, and the end of a bridge. See bridge.h for who may touch what. */

#include "gcs/bridge.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/json_go.h"

#define CLOSED "bridge closed: use of closed network connection"

static const char *bridge_name(const struct gcs_bridge *b) {
        return b->name ? b->name : "";
}

/* Documents in the log are scrubbed: parameters hold environments, configurations hold whole specs. */
static void log_frame(const struct gcs_bridge *b, const char *what, uint32_t type, uint64_t id, const char *body,
                      size_t len) {
        char text[HCS_GCS_TYPE_TEXT_SIZE], number[24];
        _cleanup_free_ char *payload = NULL;

        if (!hcs_log_enabled(HCS_LOG_TRACE))
                return;
        payload = hcs_strndup(body, len);
        snprintf(number, sizeof(number), "%llu", (unsigned long long)id);
        hcs_log(HCS_LOG_TRACE, what, "uvm-id", bridge_name(b), "type", hcs_gcs_type_format(type, text), "message-id",
                number, "payload", payload, NULL);
}

static void tap(const struct gcs_bridge *b, bool from_guest, bool broken, uint32_t type, uint64_t id, const void *body,
                size_t len) {
        if (b->options.tap)
                b->options.tap(b->options.tap_ctx, &(struct hcs_gcs_tap_frame){.from_guest = from_guest,
                                                                               .broken = broken,
                                                                               .type = type,
                                                                               .id = id,
                                                                               .body = body,
                                                                               .len = len});
}

void gcs_bridge_kill(struct gcs_bridge *b, HRESULT hr, const char *cause) {
        struct gcs_rpc *rpcs;

        {
                hcs_guard(&b->lock);
                if (b->closed) {
                        if (cause)
                                hcs_log(HCS_LOG_DEBUG, "bridge error, already terminated", "uvm-id", bridge_name(b),
                                        "error", cause, NULL);
                        return;
                }
                b->closed = true;
                b->death = cause ? hr : S_OK;
                b->cause = cause ? hcs_asprintf(CLOSED ": %s", cause) : hcs_strdup(CLOSED);
                rpcs = b->rpcs;
                b->rpcs = NULL;
                for (struct gcs_rpc *r = rpcs; r; r = r->next)
                        gcs_rpc_complete(r, HCS_E_CONNECTION_CLOSED, hcs_strdup(b->cause));
                hcs_cond_broadcast(&b->turn);
                hcs_cond_broadcast(&b->ended);
        }
        hcs_log(cause ? HCS_LOG_ERROR : HCS_LOG_DEBUG, cause ? "bridge forcibly terminating" : "bridge terminating",
                "uvm-id", bridge_name(b), "error", b->cause, NULL);
        hcs_stream_shutdown(b->stream);
        for (struct gcs_rpc *r = rpcs, *next; r; r = next) {
                next = r->next;
                gcs_rpc_wake(r);
                gcs_rpc_unref(r);
        }
        b->options.closed(b->options.ctx);
}

HRESULT gcs_bridge_error(struct gcs_bridge *b, struct hcs_error **err) {
        return hcs_error_make(err, HCS_E_CONNECTION_CLOSED, "%s", b->cause);
}

static struct gcs_rpc *take_rpc(struct gcs_bridge *b, uint64_t id) {
        hcs_guard(&b->lock);

        for (struct gcs_rpc **at = &b->rpcs; *at; at = &(*at)->next) {
                struct gcs_rpc *r = *at;

                if (r->id != id)
                        continue;
                *at = r->next;
                return r;
        }
        return NULL;
}

void gcs_bridge_forget(struct gcs_bridge *b, struct gcs_rpc *r) {
        struct gcs_rpc **at;

        {
                hcs_guard(&b->lock);
                for (at = &b->rpcs; *at && *at != r;)
                        at = &(*at)->next;
                if (!*at)
                        return;
                *at = r->next;
                if (b->n_given_up < GCS_GIVEN_UP)
                        b->given_up[b->n_given_up++] = r->id;
                else
                        b->owed++;
        }
        gcs_rpc_unref(r); /* the table's */
}

/* Of a request that nobody waits for any more. */
static bool is_late(struct gcs_bridge *b, uint64_t id) {
        hcs_guard(&b->lock);

        for (size_t i = 0; i < b->n_given_up; i++) {
                if (b->given_up[i] != id)
                        continue;
                b->given_up[i] = b->given_up[--b->n_given_up];
                return true;
        }
        if (!b->owed || id >= b->next_id)
                return false;
        b->owed--;
        return true;
}

/* Dropped, but a guest that is out of step shows in it. */
static char *take_late(const struct gcs_bridge *b, const struct hcs_gcs_frame *f, const char *type) {
        const struct hcs_schema_type *document = hcs_gcs_document_type(f->type);
        _cleanup_free_ char *why = document ? hcs_schema_go_error(document, NULL, f->body, f->len) : NULL;
        char id[24];

        if (why)
                return hcs_asprintf("bridge response unmarshal failed: %s", why);
        snprintf(id, sizeof(id), "%llu", (unsigned long long)f->id);
        hcs_log(HCS_LOG_WARN, "bridge response came too late, dropped", "uvm-id", bridge_name(b), "type", type,
                "message-id", id, NULL);
        return NULL;
}

static char *take_response(struct gcs_bridge *b, const struct hcs_gcs_frame *f) {
        _cleanup_rpc_ struct gcs_rpc *r = take_rpc(b, f->id);
        char type[HCS_GCS_TYPE_TEXT_SIZE];

        hcs_gcs_type_format(f->type, type);
        if (!r && is_late(b, f->id))
                return take_late(b, f, type);
        if (!r)
                return hcs_asprintf("bridge received unknown rpc response for id %llu, type %s",
                                    (unsigned long long)f->id, type);
        if ((f->type & ~(uint32_t)HCS_GCS_CATEGORY_MASK) != r->message->rpc)
                hcs_log(HCS_LOG_WARN, "bridge response is of another message than its request", "uvm-id",
                        bridge_name(b), "type", type, "request", r->message->name, NULL);
        return gcs_rpc_answered(r, f->body, f->len);
}

static char *take_notification(struct gcs_bridge *b, const struct hcs_gcs_frame *f) {
        static const struct hcs_json_options lax = {.flags = HCS_JSON_DUPLICATE_LAST | HCS_JSON_REPLACE_BAD};
        const struct hcs_schema_type *type = hcs_gcs_document_type(f->type);
        _cleanup_json_ struct hcs_json *json = NULL;
        char text[HCS_GCS_TYPE_TEXT_SIZE], *why = NULL, *said;
        struct hcs_schema_gcs_container_notification *n;
        struct hcs_error *err = NULL;
        void *doc = NULL;
        HRESULT hr;

        if (!type)
                return hcs_asprintf("bridge received unknown unknown notification message %s",
                                    hcs_gcs_type_format(f->type, text));
        hr = hcs_json_parse(f->body, f->len, &lax, &json, &err);
        if (SUCCEEDED(hr))
                hr = hcs_schema_parse_json(type, json, &doc, &err);
        n = doc;
        if (FAILED(hr))
                why = hcs_schema_go_error(type, NULL, f->body, f->len);
        else if (n->ResultInfo)
                why = hcs_json_go_error(n->ResultInfo, strlen(n->ResultInfo));
        if (FAILED(hr) || why) {
                said = hcs_asprintf("bridge response unmarshal failed: %s", why ? why : hcs_error_message(err));
        } else {
                why = b->options.notify(b->options.ctx, n, f->body, f->len);
                said = why ? hcs_asprintf("bridge notification failed: %s", why) : NULL;
        }
        hcs_schema_free(type, doc);
        hcs_error_free(err);
        free(why);
        return said;
}

/* NULL, or why the bridge ends. */
static char *take_frame(struct gcs_bridge *b, const struct hcs_gcs_frame *f, HRESULT *ret_hr) {
        char type[HCS_GCS_TYPE_TEXT_SIZE];

        tap(b, true, false, f->type, f->id, f->body, f->len);
        log_frame(b, "bridge receive", f->type, f->id, f->body, f->len);
        *ret_hr = HCS_E_PROTOCOL_ERROR;
        switch (f->type & (uint32_t)HCS_GCS_CATEGORY_MASK) {
        case HCS_GCS_RESPONSE:
                return take_response(b, f);
        case HCS_GCS_NOTIFY:
                return take_notification(b, f);
        default:
                *ret_hr = HCS_E_UNKNOWN_MESSAGE;
                return hcs_asprintf("bridge received unknown unknown message type %s",
                                    hcs_gcs_type_format(f->type, type));
        }
}

static bool is_closed(struct gcs_bridge *b) {
        hcs_guard(&b->lock);

        return b->closed;
}

void gcs_bridge_tap_bytes(const struct gcs_bridge *b, uint32_t port, enum hcs_gcs_stream stream, const void *data,
                          size_t n, bool end) {
        if (b->options.tap_bytes)
                b->options.tap_bytes(b->options.tap_ctx, &(struct hcs_gcs_tap_bytes){port, stream, data, n, end});
}

/* The bytes after which there is no frame any more, for the tap. */
static void tap_rest(struct gcs_bridge *b) {
        size_t held = hcs_gcs_reader_held(&b->reader);
        const char *bytes = hcs_buf_cstr(&b->reader.buf) + b->reader.taken;
        struct hcs_gcs_header h = {0};

        if (!held)
                return;
        if (held >= HCS_GCS_HEADER_SIZE)
                hcs_gcs_header_decode((const uint8_t *)bytes, &h);
        tap(b, true, true, h.type, h.id, bytes, held);
}

/* The end of the stream, as the original words it. */
static char *end_of_stream(struct gcs_bridge *b) {
        size_t held = hcs_gcs_reader_held(&b->reader);

        return hcs_asprintf("bridge read failed: %s%s", held < HCS_GCS_HEADER_SIZE ? "header read: " : "",
                            held ? "unexpected EOF" : "EOF");
}

static void read_loop(void *arg) {
        struct gcs_bridge *b = arg;
        HRESULT hr, death = S_OK;
        _cleanup_free_ char *why = NULL;
        struct hcs_error *err = NULL;
        struct hcs_gcs_frame f;

        while (!why) {
                hr = hcs_gcs_frame_read(&b->reader, b->stream, NULL, &f, &err);
                if (hr == S_OK) {
                        why = take_frame(b, &f, &death);
                } else if (hr == S_FALSE) {
                        why = end_of_stream(b);
                        death = HCS_E_CONNECTION_CLOSED;
                } else {
                        why = hcs_asprintf("bridge read failed: %s", hcs_error_message(err));
                        death = hr;
                        err = hcs_error_free(err);
                }
        }
        tap_rest(b);
        if (!is_closed(b))
                gcs_bridge_tap_bytes(b, HCS_GCS_BRIDGE, HCS_GCS_STDOUT, NULL, 0, true);
        gcs_bridge_kill(b, death, why);
        hcs_guard(&b->lock);
        b->silent = true;
        hcs_cond_broadcast(&b->ended);
}

void gcs_bridge_settle(struct gcs_bridge *b) {
        hcs_guard(&b->lock);

        while (b->started && !b->silent)
                hcs_cond_wait(&b->ended, &b->lock);
        while (b->sending)
                hcs_cond_wait(&b->turn, &b->lock);
}

HRESULT gcs_bridge_init(struct gcs_bridge *b, struct hcs_stream *stream, const struct gcs_bridge_options *options,
                        struct hcs_error **err) {
        HRESULT hr;

        *b = (struct gcs_bridge){.stream = stream, .options = *options, .name = hcs_strdup(options->name)};
        hcs_gcs_reader_init(&b->reader, HCS_GCS_MAX_TO_HOST);
        hcs_mutex_init(&b->lock);
        hcs_cond_init(&b->turn);
        hcs_cond_init(&b->ended);
        hr = hcs_thread_start(&b->thread, read_loop, b, err);
        b->started = SUCCEEDED(hr);
        return hr;
}

void gcs_bridge_deinit(struct gcs_bridge *b) {
        gcs_bridge_kill(b, S_OK, NULL);
        if (b->started)
                hcs_thread_join(&b->thread);
        b->stream = hcs_stream_close(b->stream);
        hcs_gcs_reader_deinit(&b->reader);
        hcs_buf_deinit(&b->out);
        hcs_cond_deinit(&b->turn);
        hcs_cond_deinit(&b->ended);
        hcs_mutex_deinit(&b->lock);
        free(b->cause);
        free(b->name);
}

/* Writes what is in the buffer. What the bound leaves unwritten stays there. */
static HRESULT flush(struct gcs_bridge *b, const struct hcs_bound *bound, struct hcs_error **err) {
        size_t n = 0;
        HRESULT hr;

        if (!b->out.len)
                return S_OK;
        hr = hcs_stream_write_bound(b->stream, b->out.data, b->out.len, bound, &n, err);
        b->out.len -= n;
        memmove(b->out.data, b->out.data + n, b->out.len);
        return hr;
}

/* Waits for the turn to write. Who has given up already sends nothing. */
static HRESULT take_turn(struct gcs_bridge *b, const struct hcs_bound *bound, struct hcs_error **err) {
        hcs_guard(&b->lock);

        if (hcs_bound_check(bound) == E_ABORT)
                return hcs_bound_fail(E_ABORT, err);
        while (b->sending && !b->closed) {
                HRESULT hr = hcs_bound_check(bound);

                if (FAILED(hr))
                        return hcs_bound_fail(hr, err);
                hcs_cond_wait_until(&b->turn, &b->lock, hcs_bound_next(bound));
        }
        if (b->closed)
                return gcs_bridge_error(b, err);
        b->sending = true;
        return S_OK;
}

static void give_turn(struct gcs_bridge *b) {
        hcs_guard(&b->lock);

        b->sending = false;
        hcs_cond_broadcast(&b->turn);
}

/* Into the table before it is written: the answer may be quicker than we. */
static HRESULT enlist(struct gcs_bridge *b, struct gcs_rpc *r, struct hcs_error **err) {
        hcs_guard(&b->lock);

        if (b->closed)
                return gcs_bridge_error(b, err);
        r->id = b->next_id++;
        r->next = b->rpcs;
        b->rpcs = gcs_rpc_ref(r);
        return S_OK;
}

static bool is_given_up(HRESULT hr) {
        return hr == E_ABORT || hr == HCS_E_OPERATION_TIMEOUT;
}

static HRESULT send_in_turn(struct gcs_bridge *b, struct gcs_rpc *r, const char *body, size_t len,
                            const struct hcs_bound *bound, struct hcs_error **err) {
        uint32_t type = HCS_GCS_REQUEST | r->message->rpc;
        HRESULT hr = flush(b, bound, err); /* what others could not write */

        if (SUCCEEDED(hr))
                hr = enlist(b, r, err);
        if (FAILED(hr))
                return hr;
        tap(b, false, false, type, r->id, body, len);
        log_frame(b, "bridge send", type, r->id, body, len);
        hr = hcs_gcs_frame_append(&b->out, type, r->id, body, len, err);
        if (SUCCEEDED(hr))
                hr = flush(b, bound, err);
        r->sent = SUCCEEDED(hr);
        return hr;
}

HRESULT gcs_bridge_send(struct gcs_bridge *b, enum hcs_gcs_rpc message, const void *request,
                        enum hcs_schema_type_id inner, const struct hcs_bound *bound, struct gcs_rpc **ret,
                        struct hcs_error **err) {
        _cleanup_rpc_ struct gcs_rpc *r = gcs_rpc_new(b, message, request, inner);
        _cleanup_free_ char *text = hcs_schema_print_no_html(hcs_schema_type_at(r->message->request), request);
        _cleanup_buf_ struct hcs_buf body = {0};
        struct hcs_error *mine = NULL;
        HRESULT hr = take_turn(b, bound, &mine);

        if (SUCCEEDED(hr)) {
                hcs_buf_puts(&body, text);
                hcs_buf_putc(&body, '\n'); /* as the original's encoder ends a document */
                hr = send_in_turn(b, r, body.data, body.len, bound, &mine);
                give_turn(b);
        }
        if (SUCCEEDED(hr)) {
                *ret = steal_pointer(&r);
                return S_OK;
        }
        if (!is_given_up(hr) && hr != HCS_E_CONNECTION_CLOSED) {
                _cleanup_free_ char *cause = hcs_asprintf("bridge write: %s", hcs_error_message(mine));

                gcs_bridge_kill(b, hr, cause);
                mine = hcs_error_free(mine);
                hr = gcs_bridge_error(b, &mine);
        }
        gcs_rpc_blame(r, &mine);
        hcs_error_move(err, &mine);
        if (r->id != GCS_RPC_UNSENT)
                *ret = steal_pointer(&r);
        return hr;
}
