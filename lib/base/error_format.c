/* SPDX-License-Identifier: MIT */

/* The two texts of an error: ours (a searchable breadcrumb) and the one hcsshim would print. */

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error_private.h"

static void put_code(struct hcs_buf *b, HRESULT hr) {
        const char *name = hcs_hresult_name(hr);

        if (name)
                hcs_buf_printf(b, "%s ", name);
        hcs_buf_printf(b, "0x%08X", (unsigned)hr);
}

static void put_where(struct hcs_buf *b, const struct hcs_error *e) {
        if (e->operation)
                hcs_buf_puts(b, e->operation);
        if (e->operation && e->id)
                hcs_buf_putc(b, '/');
        if (e->id)
                hcs_buf_puts(b, e->id);
        if (e->operation || e->id)
                hcs_buf_puts(b, ": ");
        /* The path comes first: it is what the reader looks for. A message that starts with it does not repeat it. */
        if (e->path && strncmp(e->message, e->path, strlen(e->path)) != 0)
                hcs_buf_printf(b, "%s: ", e->path);
}

char *hcs_error_format(const struct hcs_error *e) {
        _cleanup_buf_ struct hcs_buf b = {0};

        if (!e)
                return hcs_strdup("success");
        put_where(&b, e);
        if (*e->message)
                hcs_buf_printf(&b, "%s: ", e->message);
        put_code(&b, e->hr);
        for (size_t i = 0; i < e->n_events; i++) {
                const struct hcs_error_event *ev = &e->events[i];

                hcs_buf_printf(&b, "\n  event: %s", ev->message ? ev->message : "");
                if (ev->provider)
                        hcs_buf_printf(&b, " provider=%s", ev->provider);
                if (ev->event_id)
                        hcs_buf_printf(&b, " id=%u", ev->event_id);
                if (ev->source)
                        hcs_buf_printf(&b, " source=%s", ev->source);
        }
        if (e->hint)
                hcs_buf_printf(&b, "\n  hint: %s", e->hint);
        return hcs_buf_steal(&b);
}

/* hcsshim prints "<text> (0x...)" for codes of its own tables and the OS text for Win32 codes. */
static void put_go_code(struct hcs_buf *b, const struct hcs_error *e) {
        const struct hcs_hresult_info *info = hcs_hresult_lookup(e->hr);

        if (info)
                hcs_buf_printf(b, "%s.", info->description);
        else
                hcs_buf_printf(b, "winapi error #%u", hcs_hresult_code(e->hr));
}

char *hcs_error_format_go(const struct hcs_error *e) {
        _cleanup_buf_ struct hcs_buf b = {0};

        if (!e)
                return hcs_strdup("");
        if (e->operation)
                hcs_buf_puts(&b, e->operation);
        if (e->operation && e->id)
                hcs_buf_putc(&b, ' ');
        if (e->id)
                hcs_buf_puts(&b, e->id);
        if (e->operation || e->id)
                hcs_buf_puts(&b, ": ");
        put_go_code(&b, e);
        for (size_t i = 0; i < e->n_events; i++) {
                const struct hcs_error_event *ev = &e->events[i];

                hcs_buf_printf(&b, "\n[Event Detail: %s", ev->message ? ev->message : "");
                if (ev->stack_trace && *ev->stack_trace)
                        hcs_buf_printf(&b, " Stack Trace: %s", ev->stack_trace);
                if (ev->provider && *ev->provider)
                        hcs_buf_printf(&b, " Provider: %s", ev->provider);
                if (ev->event_id)
                        hcs_buf_printf(&b, " EventID: %u", ev->event_id);
                if (ev->flags)
                        hcs_buf_printf(&b, " flags: %u", ev->flags);
                if (ev->source && *ev->source)
                        hcs_buf_printf(&b, " Source: %s", ev->source);
                hcs_buf_putc(&b, ']');
        }
        return hcs_buf_steal(&b);
}
