/* SPDX-License-Identifier: MIT */

/* Deadlines and tokens of calls. */

#include "platform/bound.h"

#include "platform/clock.h"
#include "platform/thread.h"

#define CANCEL_POLL_NS (20 * (uint64_t)HCS_NS_PER_MS)

struct hcs_bound hcs_bound_of_call(const struct hcs_call *call, int64_t default_ms) {
        int64_t ms = call && call->timeout_ms ? call->timeout_ms : default_ms;

        return (struct hcs_bound){
                .deadline_ns = ms < 0 ? HCS_FOREVER : hcs_clock_ns() + (uint64_t)ms * HCS_NS_PER_MS,
                .cancel = call ? call->cancel : NULL,
        };
}

HRESULT hcs_bound_check(const struct hcs_bound *b) {
        if (b && b->cancel && hcs_cancel_is_set(b->cancel))
                return E_ABORT;
        return b && b->deadline_ns != HCS_FOREVER && hcs_clock_ns() >= b->deadline_ns ? HCS_E_OPERATION_TIMEOUT : S_OK;
}

uint64_t hcs_bound_next(const struct hcs_bound *b) {
        uint64_t soon;

        if (!b || !b->cancel)
                return b ? b->deadline_ns : HCS_FOREVER;
        soon = hcs_clock_ns() + CANCEL_POLL_NS;
        return soon < b->deadline_ns ? soon : b->deadline_ns;
}

HRESULT hcs_bound_fail(HRESULT hr, struct hcs_error **err) {
        return hcs_error_make(err, hr, hr == E_ABORT ? "the call was cancelled" : "the call did not complete in time");
}
