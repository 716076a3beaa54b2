/* SPDX-License-Identifier: MIT */

/* What the model has to say, collected under the lock and sent without it; and who holds handles on what. */

#include <string.h>

#include "mockhcs/emulate/emulate.h"

static struct emission *add(struct emissions *out) {
        if (out->n == out->cap) {
                out->cap = out->cap ? out->cap * 2 : 8;
                out->items = hcs_realloc(out->items, out->cap * sizeof(*out->items));
        }
        return &out->items[out->n++];
}

void emit_event(struct emissions *out, struct mock_handle *on, const char *name, HRESULT hr, const char *data) {
        *add(out) = (struct emission){
                .kind = EMIT_EVENT, .on = mock_handle_ref(on), .name = name, .hr = hr, .data = hcs_strdup(data)};
}

void emit_output(struct emissions *out, struct mock_handle *on, enum mock_stream stream, const char *data, size_t len,
                 bool end) {
        *add(out) = (struct emission){.kind = EMIT_OUTPUT,
                                      .on = mock_handle_ref(on),
                                      .stream = stream,
                                      .data = len ? hcs_memdup(data, len) : NULL,
                                      .len = len,
                                      .end = end};
}

void emit_complete(struct emissions *out, uint64_t number) {
        *add(out) = (struct emission){.kind = EMIT_COMPLETE, .number = number};
}

void emit_completion(struct emissions *out, struct mock_completion *c) {
        struct emission *e = add(out);

        *e = (struct emission){.kind = EMIT_COMPLETE, .number = c->number, .hr = c->hr};
        if (c->result.kind == MOCK_DOCUMENT)
                e->data = hcs_strdup(c->result.text);
        mock_completion_deinit(c);
}

static void send_completion(struct mock_sink *up, struct emission *e) {
        struct mock_completion c = {.number = e->number, .hr = e->hr};

        if (e->data)
                mock_value_set_document(&c.result, "result", steal_pointer(&e->data));
        up->ops->complete(up, &c);
        mock_completion_deinit(&c);
}

void emissions_send(struct emulator *em, struct emissions *out) {
        struct mock_sink *up = em->backend.up;

        for (size_t i = 0; i < out->n; i++) {
                struct emission *e = &out->items[i];

                if (e->kind == EMIT_EVENT) {
                        up->ops->event(up, &(struct mock_event){e->on, e->name, e->hr, e->data});
                } else if (e->kind == EMIT_OUTPUT) {
                        up->ops->output(up, &(struct mock_stdio){e->on, e->stream, e->data, e->len, e->end});
                } else {
                        send_completion(up, e);
                }
                mock_handle_unref(e->on);
                free(e->data);
        }
        free(out->items);
        *out = (struct emissions){0};
}

void holders_add(struct holders *h, struct mock_handle *handle) {
        if (h->n == h->cap) {
                h->cap = h->cap ? h->cap * 2 : 2;
                h->items = hcs_realloc(h->items, h->cap * sizeof(*h->items));
        }
        h->items[h->n++] = mock_handle_ref(handle);
}

bool holders_remove(struct holders *h, struct mock_handle *handle) {
        for (size_t i = 0; i < h->n; i++) {
                if (h->items[i] != handle)
                        continue;
                memmove(&h->items[i], &h->items[i + 1], (--h->n - i) * sizeof(*h->items));
                mock_handle_unref(handle);
                return h->n == 0;
        }
        return false;
}

void holders_deinit(struct holders *h) {
        for (size_t i = 0; i < h->n; i++) {
                h->items[i]->object = NULL; /* the handle may outlive it */
                mock_handle_unref(h->items[i]);
        }
        free(h->items);
        *h = (struct holders){0};
}
