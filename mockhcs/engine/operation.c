/* SPDX-License-Identifier: MIT */

/* Operations: where a call's completion lands, for computecore's clients and for the vmcompute front alike. */

#include <string.h>

#include "mockhcs/engine/engine.h"

static void run_callback(void *arg) {
        struct mock_live *op = arg;
        HCS_OPERATION_COMPLETION callback;
        void *context;

        hcs_mutex_lock(&op->engine->lock);
        /* Closing the operation detaches it: nobody hears of it any more. */
        callback = op->published ? op->op.callback : NULL;
        context = op->op.context;
        op->delivering = callback != NULL;
        hcs_mutex_unlock(&op->engine->lock);
        if (callback) {
                callback((HCS_OPERATION)op->h.value, context);
                atomic_fetch_add(&op->engine->events, 1);
        }
        hcs_mutex_lock(&op->engine->lock);
        op->delivering = false;
        hcs_cond_broadcast(&op->changed);
        hcs_mutex_unlock(&op->engine->lock);
        mock_handle_unref(&op->h);
}

static void drop_callback(void *arg) {
        mock_handle_unref(&((struct mock_live *)arg)->h);
}

void mock_operation_complete(struct mock_engine *e, struct mock_live *op, const struct mock_completion *c) {
        const char *notification;
        bool has_callback;

        hcs_mutex_lock(&e->lock);
        op->op.completion.number = c->number;
        op->op.completion.hr = c->hr;
        op->op.completion.process = c->process;
        mock_value_copy(&op->op.completion.result, &c->result);
        op->op.state = MOCK_OPERATION_COMPLETED;
        has_callback = op->op.callback != NULL;
        notification = op->op.notification;
        if (has_callback)
                mock_handle_ref(&op->h);
        hcs_cond_broadcast(&op->changed);
        hcs_mutex_unlock(&e->lock);
        if (has_callback)
                mock_dispatcher_post(e->dispatcher, 0, run_callback, drop_callback, op);
        if (notification)
                mock_events_raise(e, mock_live_of(op->op.system), notification, c->hr, NULL);
}

bool mock_operation_wait(struct mock_engine *e, struct mock_live *op, uint64_t deadline_ns) {
        bool in_time = true;

        hcs_mutex_lock(&e->lock);
        while (op->op.state == MOCK_OPERATION_PENDING && in_time)
                in_time = hcs_cond_wait_until(&op->changed, &e->lock, deadline_ns);
        in_time = op->op.state != MOCK_OPERATION_PENDING;
        hcs_mutex_unlock(&e->lock);
        return in_time;
}

HRESULT mock_operation_info(struct mock_engine *e, struct mock_live *op, HCS_PROCESS_INFORMATION *ret) {
        HRESULT hr = S_OK;

        if (!op->op.completion.process.present || !op->op.process)
                return HCS_E_PROCESS_INFO_NOT_AVAILABLE;
        if (!op->op.info_made) {
                hr = mock_stdio_open(e, mock_live_of(op->op.process), &op->op.completion.process, &op->op.info);
                if (FAILED(hr))
                        return hr;
                op->op.info_made = true;
        }
        *ret = op->op.info;
        return S_OK;
}
