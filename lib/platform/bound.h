/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_BOUND_H
#define HCS_PLATFORM_BOUND_H

/*
 * The end of one call in time: what struct hcs_call says, as a deadline on the monotonic clock and a token. A wait that
 * carries a token looks at it every 20 ms. On the stack of the call.
 */

#include "hcsshim/call.h"
#include "hcsshim/error.h"

struct hcs_bound {
        uint64_t deadline_ns; /* HCS_FOREVER for none */
        struct hcs_cancel *cancel;
};

/* call may be NULL; default_ms: its default, HCS_NO_TIMEOUT for none. */
struct hcs_bound hcs_bound_of_call(const struct hcs_call *call, int64_t default_ms);
/* E_ABORT, HCS_E_OPERATION_TIMEOUT or S_OK. b may be NULL. */
HRESULT hcs_bound_check(const struct hcs_bound *b);
/* The next moment to look again: the deadline, or soon when there is a token. */
uint64_t hcs_bound_next(const struct hcs_bound *b);
/* The error of a call that hcs_bound_check() ended. */
HRESULT hcs_bound_fail(HRESULT hr, struct hcs_error **err);

#endif
