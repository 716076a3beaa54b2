/* SPDX-License-Identifier: MIT */
#ifndef GUEST_BASE_FAILURE_H
#define GUEST_BASE_FAILURE_H

/*
 * Failures as the original agent words them: a bare code is "HRESULT: 0x80070490", a cause under a code is
 * "HRESULT 0xc037010d: cause". Hosts compare the code and log the text. Source: hcsshim internal/bridgeutils/gcserr.
 */

#include "hcsshim/schema.h"

/* The codes that an agent answers with. */
#define GUEST_E_NOT_FOUND           HCS_WIN32(1168)
#define GUEST_E_TIMEOUT             ((HRESULT)0xC0370109)
#define GUEST_E_UNSUPPORTED_VERSION ((HRESULT)0xC037010C)
#define GUEST_E_INVALID_JSON        ((HRESULT)0xC037010D)
#define GUEST_E_SYSTEM_NOT_FOUND    ((HRESULT)0xC037010E)
#define GUEST_E_SYSTEM_EXISTS       ((HRESULT)0xC037010F)
#define GUEST_E_INVALID_STATE       ((HRESULT)0x80370105)

/* A bare code. Returns hr. */
HRESULT guest_fail(struct hcs_error **err, HRESULT hr);
/* A cause under a code. Returns hr. */
HRESULT guest_fail_with(struct hcs_error **err, HRESULT hr, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/*
 * Turns the error of a JSON reader about text into "HRESULT 0xc037010d: why", in the words of Go where it can: type
 * (may be NULL) is what the text should have been, go_name what Go calls it. Returns GUEST_E_INVALID_JSON.
 */
HRESULT guest_fail_json(struct hcs_error **err, const struct hcs_schema_type *type, const char *go_name,
                        const char *text, size_t len);
/*
 * What a host is told: the code of an error that guest_fail() or guest_fail_with() made (their wording is in it), and
 * E_NOTIMPL. For other failures the original has no code, whatever the rooms below found: E_FAIL.
 */
HRESULT guest_wire_hresult(const struct hcs_error *e);

#endif
