/* SPDX-License-Identifier: MIT */

/* Small parts of every call: texts for the ABI, deadlines, and the error that a failed call becomes. */

#include <string.h>

#include "base/utf.h"
#include "hcs/internal.h"
#include "platform/abi_memory.h"
#include "platform/clock.h"

#define CANCEL_POLL_NS (20 * (uint64_t)HCS_NS_PER_MS)

HRESULT hcs_text_wide(const char *utf8, uint16_t **ret, struct hcs_error **err) {
        return hcs_utf8_to_utf16(utf8 ? utf8 : "", utf8 ? strlen(utf8) : 0, ret, NULL, err);
}

char *hcs_text_take(PWSTR wide) {
        char *text =
                wide && *wide ? hcs_utf16_to_utf8_lossy((uint16_t *)wide, hcs_utf16_len((uint16_t *)wide), NULL) : NULL;

        hcs_abi_free(wide);
        return text;
}

struct hcs_bound hcs_bound_of(struct hcs_client *c, const struct hcs_call *call, enum hcs_timeout kind) {
        int64_t ms = call && call->timeout_ms   ? call->timeout_ms
                     : kind == HCS_TIMEOUT_NONE ? HCS_NO_TIMEOUT
                                                : c->timeouts_ms[kind];

        return (struct hcs_bound){
                .deadline_ns = ms < 0 ? HCS_FOREVER : hcs_clock_ns() + (uint64_t)ms * HCS_NS_PER_MS,
                .cancel = call ? call->cancel : NULL,
        };
}

HRESULT hcs_bound_check(const struct hcs_bound *b) {
        if (b->cancel && hcs_cancel_is_set(b->cancel))
                return E_ABORT;
        return b->deadline_ns != HCS_FOREVER && hcs_clock_ns() >= b->deadline_ns ? HCS_E_OPERATION_TIMEOUT : S_OK;
}

uint64_t hcs_bound_next(const struct hcs_bound *b) {
        uint64_t soon = hcs_clock_ns() + CANCEL_POLL_NS;

        return b->cancel && soon < b->deadline_ns ? soon : b->deadline_ns;
}

HRESULT hcs_fail(struct hcs_error **err, HRESULT hr, char *result, const char *operation, const char *id) {
        if (hr == E_ABORT && !result)
                hcs_error_make(err, hr, "the call was cancelled");
        else if (hr == HCS_E_OPERATION_TIMEOUT && !result)
                hcs_error_make(err, hr, "the call did not complete in time");
        else
                hcs_error_from_result(err, hr, result);
        hcs_error_set_operation(err, operation);
        hcs_error_set_id(err, id);
        free(result);
        return hr;
}

struct hcs_cancel *hcs_cancel_new(void) {
        struct hcs_cancel *t = hcs_calloc(1, sizeof(*t));

        atomic_init(&t->refs, 1);
        return t;
}

struct hcs_cancel *hcs_cancel_ref(struct hcs_cancel *t) {
        atomic_fetch_add(&t->refs, 1);
        return t;
}

struct hcs_cancel *hcs_cancel_unref(struct hcs_cancel *t) {
        if (t && atomic_fetch_sub(&t->refs, 1) == 1)
                free(t);
        return NULL;
}

void hcs_cancel_set(struct hcs_cancel *t) {
        atomic_store(&t->set, true);
}

bool hcs_cancel_is_set(struct hcs_cancel *t) {
        return atomic_load(&t->set);
}
