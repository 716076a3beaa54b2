/* SPDX-License-Identifier: MIT */
#ifndef GUEST_BASE_AWAIT_H
#define GUEST_BASE_AWAIT_H

/* Waiting for what the kernel shows late. Any thread; blocking. */

#include <stdint.h>

#include "hcsshim/error.h"

/* S_OK: it is there. S_FALSE: not yet. A failure ends the waiting. */
typedef HRESULT (*guest_check_fn)(void *ctx, struct hcs_error **err);

/*
 * Asks check now, after each event of the kernel's device model, and from time to time (not everything that matters has
 * an event, and another network namespace gets none), until it has an answer. After deadline_ns (hcs_clock_ns()), as
 * many questions as fit in before it, and one last, HCS_WIN32(ERROR_TIMEOUT) "WHAT: it did not appear in time": in an
 * emulated machine on a busy host a clock runs on while nothing else does. A slow question counts
 * for as many as there is time for meanwhile, so questions take at most that long again. A deadline of 0 asks twice.
 */
HRESULT guest_await(guest_check_fn check, void *ctx, uint64_t deadline_ns, const char *what, struct hcs_error **err);
/* The one path that matches a shell pattern. Two are E_FAIL. Caller frees. */
HRESULT guest_await_path(const char *pattern, uint64_t deadline_ns, char **ret, struct hcs_error **err);

#endif
