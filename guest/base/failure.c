/* SPDX-License-Identifier: MIT */

/* The wording of failure.h. Stateless. */

#include "guest/base/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json_go.h"
#include "base/mem.h"

HRESULT guest_fail(struct hcs_error **err, HRESULT hr) {
        return hcs_error_make(err, hr, "HRESULT: 0x%x", (unsigned)hr);
}

HRESULT guest_fail_with(struct hcs_error **err, HRESULT hr, const char *fmt, ...) {
        _cleanup_free_ char *cause = NULL;
        va_list ap;

        va_start(ap, fmt);
        cause = hcs_vasprintf(fmt, ap);
        va_end(ap);
        return hcs_error_make(err, hr, "HRESULT 0x%x: %s", (unsigned)hr, cause);
}

HRESULT guest_fail_json(struct hcs_error **err, const struct hcs_schema_type *type, const char *go_name,
                        const char *text, size_t len) {
        _cleanup_free_ char *go = hcs_json_go_error(text, len);
        _cleanup_(hcs_error_freep) struct hcs_error *why = NULL;

        if (!go && type)
                go = hcs_schema_go_error(type, go_name, text, len);
        if (go)
                return guest_fail_with(err, GUEST_E_INVALID_JSON, "%s", go);
        if (!err || !*err)
                return GUEST_E_INVALID_JSON;
        why = *err;
        *err = NULL;
        return guest_fail_with(err, GUEST_E_INVALID_JSON, "%s", hcs_error_message(why));
}

HRESULT guest_wire_hresult(const struct hcs_error *e) {
        HRESULT hr = hcs_error_hresult(e);
        const char *message = hcs_error_message(e);
        char bare[32], with_cause[32];

        snprintf(bare, sizeof(bare), "HRESULT: 0x%x", (unsigned)hr);
        snprintf(with_cause, sizeof(with_cause), "HRESULT 0x%x: ", (unsigned)hr);
        return hr == E_NOTIMPL || strstr(message, bare) || strstr(message, with_cause) ? hr : E_FAIL;
}
