/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_CALL_H
#define HCSSHIM_CALL_H

/*
 * How long a call may take and what can end it early, for every call of this library that waits. A call that ran out of
 * time (HCS_E_OPERATION_TIMEOUT) or was cancelled (E_ABORT) is given up, not undone: the other side may still finish
 * it.
 */

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(default)

#define HCS_NO_TIMEOUT (-1)

struct hcs_cancel;

struct hcs_call {
        int64_t timeout_ms; /* 0: the call's default; HCS_NO_TIMEOUT: none */
        struct hcs_cancel *cancel;
};

/* A cancel token ends every call that carries it, now and later, with E_ABORT. Counted; any thread. */
struct hcs_cancel *hcs_cancel_new(void);
struct hcs_cancel *hcs_cancel_ref(struct hcs_cancel *t);
struct hcs_cancel *hcs_cancel_unref(struct hcs_cancel *t);
void hcs_cancel_set(struct hcs_cancel *t);
bool hcs_cancel_is_set(struct hcs_cancel *t);

static inline void hcs_cancel_unrefp(struct hcs_cancel **t) {
        hcs_cancel_unref(*t);
}

#pragma GCC visibility pop

#endif
