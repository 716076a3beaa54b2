/* SPDX-License-Identifier: MIT */

/*
 * How much of a process's streams is on its way to and from a client; see mockhcs/remote/wire.h. Output is counted by
 * the engine, whose layers ask whether there is room for it. The client is told that input was taken as long as the
 * layers have room for that.
 */

#include <stdio.h>

#include "mockhcs/service/session.h"

/* The client is told of so much input at a time: half of what it sends without that. */
#define TELL ((size_t)32 << 10)

static void send_took(struct session *s, const char *symbol, uint64_t n) {
        _cleanup_buf_ struct hcs_buf frame = {0};

        mock_wire_put_took(&frame, symbol, MOCK_STDIN, n);
        session_send(s, &frame);
}

/* With the lock held: what there is to tell, when it is that much. */
static uint64_t take_untold(struct service_handle *sh, size_t least) {
        uint64_t n = sh->untold;

        if (sh->held || n < least)
                return 0;
        sh->untold = 0;
        return n;
}

void session_flow_input(struct session *s, const struct mock_handle *process, size_t n) {
        struct service_handle *sh;
        uint64_t told = 0;
        char symbol[24];

        hcs_mutex_lock(&s->service->lock);
        sh = mock_live_of((struct mock_handle *)(uintptr_t)process)->owner;
        if (sh) {
                snprintf(symbol, sizeof(symbol), "%s", sh->symbol);
                sh->untold += n;
                told = take_untold(sh, TELL);
        }
        hcs_mutex_unlock(&s->service->lock);
        if (told)
                send_took(s, symbol, told);
}

void service_hold_input(void *ctx, struct mock_handle *process, bool hold) {
        struct mockhcs_service *service = ctx;
        struct session *s = NULL;
        struct service_handle *sh;
        uint64_t told = 0;
        char symbol[24];

        hcs_mutex_lock(&service->lock);
        sh = mock_live_of(process)->owner;
        if (sh) {
                snprintf(symbol, sizeof(symbol), "%s", sh->symbol);
                sh->held = hold;
                told = take_untold(sh, 1);
                s = session_ref(sh->session);
        }
        hcs_mutex_unlock(&service->lock);
        if (told)
                send_took(s, symbol, told);
        session_unref(s);
}

HRESULT session_flow_taken(struct session *s, const struct mock_wire_took *took, struct hcs_error **err) {
        enum mock_handle_kind kind;
        struct service_handle *sh = NULL;
        struct mock_handle *process = NULL;
        uint32_t number;
        bool known = true;

        hcs_mutex_lock(&s->service->lock);
        /* Also of one whose call has not returned: it may have said much already. */
        if (mock_handle_symbol_parse(took->symbol, &kind, &number))
                sh = session_find_handle(s, kind, number);
        if (sh && sh->kind == MOCK_PROCESS)
                process = mock_handle_ref(sh->h);
        hcs_mutex_unlock(&s->service->lock);
        if (process) /* else it was closed meanwhile */
                known = took->stream != MOCK_STDIN &&
                        mock_stdio_taken(s->service->engine, process, took->stream, took->bytes);
        mock_handle_unref(process);
        if (!known)
                return hcs_error_make(err, E_INVALIDARG, "%.40s: more was taken of %s than was sent", took->symbol,
                                      mock_stream_name(took->stream));
        return S_OK;
}
