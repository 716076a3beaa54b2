/* SPDX-License-Identifier: MIT */

/* What is heard of a handle; see face.h. */

#include <stdlib.h>
#include <string.h>

#include "base/utf.h"
#include "cmd/hcsconform/hcs/face.h"
#include "platform/abi_memory.h"
#include "platform/clock.h"

void watch_init(struct watch *w) {
        *w = (struct watch){0};
        hcs_mutex_init(&w->lock);
        hcs_cond_init(&w->changed);
}

void watch_deinit(struct watch *w) {
        for (size_t i = 0; i < FACE_EVENTS; i++)
                free(w->data[i]);
        hcs_cond_deinit(&w->changed);
        hcs_mutex_deinit(&w->lock);
}

void watch_hear(struct watch *w, enum face_event event, HRESULT status, const char *data) {
        hcs_guard(&w->lock);

        w->n++;
        if (w->counts[event]++ == 0)
                w->at[event] = w->n;
        w->status[event] = status;
        free(w->data[event]);
        w->data[event] = data ? hcs_strdup(data) : NULL;
        hcs_cond_broadcast(&w->changed);
}

bool watch_wait(struct watch *w, enum face_event event, unsigned count) {
        uint64_t deadline = hcs_clock_ns() + conform_target.patience_ms * HCS_NS_PER_MS;

        hcs_guard(&w->lock);
        while (w->counts[event] < count)
                if (!hcs_cond_wait_until(&w->changed, &w->lock, deadline))
                        return w->counts[event] >= count;
        return true;
}

char *face_take(PWSTR text) {
        char *utf8 = text ? hcs_utf16_to_utf8_lossy((const uint16_t *)text, hcs_utf16_len((const uint16_t *)text), NULL)
                          : NULL;

        hcs_abi_free(text);
        return utf8;
}
