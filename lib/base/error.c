/* SPDX-License-Identifier: MIT */

/* The error object: made by the innermost failure, wrapped outwards. Owned by whoever holds the pointer. */

#include "base/error_private.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/system.h"

HRESULT hcs_error_make(struct hcs_error **err, HRESULT hr, const char *fmt, ...) {
        struct hcs_error *e;
        va_list ap;

        if (!err)
                return hr;
        e = hcs_calloc(1, sizeof(*e));
        e->hr = hr;
        va_start(ap, fmt);
        e->message = hcs_vasprintf(fmt, ap);
        va_end(ap);
        hcs_error_free(*err);
        *err = e;
        return hr;
}

HRESULT hcs_error_wrap(struct hcs_error **err, const char *fmt, ...) {
        _cleanup_free_ char *context = NULL;
        char *message;
        va_list ap;

        if (!err || !*err)
                return E_FAIL;
        va_start(ap, fmt);
        context = hcs_vasprintf(fmt, ap);
        va_end(ap);
        message = hcs_asprintf("%s: %s", context, (*err)->message);
        free((*err)->message);
        (*err)->message = message;
        return (*err)->hr;
}

HRESULT hcs_error_errno(struct hcs_error **err, int errnum, const char *fmt, ...) {
        HRESULT hr = hcs_hresult_from_errno(errnum);
        _cleanup_free_ char *what = NULL;
        char text[128] = "";
        va_list ap;

        va_start(ap, fmt);
        what = hcs_vasprintf(fmt, ap);
        va_end(ap);
        return hcs_error_make(err, hr, "%s: %s", what, hcs_errno_text(errnum, text, sizeof(text)));
}

HRESULT hcs_error_move(struct hcs_error **err, struct hcs_error **from) {
        HRESULT hr = hcs_error_hresult(*from);

        if (!err) {
                *from = hcs_error_free(*from);
                return hr;
        }
        hcs_error_free(*err);
        *err = *from;
        *from = NULL;
        return hr;
}

static void event_deinit(struct hcs_error_event *ev) {
        free(ev->message);
        free(ev->stack_trace);
        free(ev->provider);
        free(ev->source);
        free(ev->data);
}

struct hcs_error *hcs_error_free(struct hcs_error *e) {
        if (!e)
                return NULL;
        for (size_t i = 0; i < e->n_events; i++)
                event_deinit(&e->events[i]);
        free(e->events);
        free(e->message);
        free(e->operation);
        free(e->id);
        free(e->path);
        free(e->hint);
        free(e->document);
        free(e);
        return NULL;
}

static void set(char **slot, const char *value) {
        char *copy = hcs_strdup(value);

        free(*slot);
        *slot = copy;
}

void hcs_error_set_operation(struct hcs_error **err, const char *operation) {
        if (err && *err)
                set(&(*err)->operation, operation);
}

void hcs_error_set_id(struct hcs_error **err, const char *id) {
        if (err && *err)
                set(&(*err)->id, id);
}

void hcs_error_set_path(struct hcs_error **err, const char *json_path) {
        if (err && *err)
                set(&(*err)->path, json_path);
}

void hcs_error_set_hint(struct hcs_error **err, const char *hint) {
        if (err && *err)
                set(&(*err)->hint, hint);
}

HRESULT hcs_error_hresult(const struct hcs_error *e) {
        return e ? e->hr : S_OK;
}

const char *hcs_error_operation(const struct hcs_error *e) {
        return e ? e->operation : NULL;
}

const char *hcs_error_id(const struct hcs_error *e) {
        return e ? e->id : NULL;
}

const char *hcs_error_path(const struct hcs_error *e) {
        return e ? e->path : NULL;
}

const char *hcs_error_hint(const struct hcs_error *e) {
        return e ? e->hint : NULL;
}

const char *hcs_error_document(const struct hcs_error *e) {
        return e ? e->document : NULL;
}

const char *hcs_error_message(const struct hcs_error *e) {
        return e ? e->message : "";
}

size_t hcs_error_event_count(const struct hcs_error *e) {
        return e ? e->n_events : 0;
}

const struct hcs_error_event *hcs_error_event_at(const struct hcs_error *e, size_t i) {
        return e && i < e->n_events ? &e->events[i] : NULL;
}
