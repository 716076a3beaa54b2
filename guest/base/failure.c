/* SPDX-License-Identifier: MIT */

/* The wording of failure.h. Stateless. */

#include "guest/base/failure.h"

#include <stdarg.h>
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

HRESULT guest_wire_hresult(HRESULT hr) {
        static const HRESULT known[] = {
                E_NOTIMPL,
                GUEST_E_NOT_FOUND,
                GUEST_E_TIMEOUT,
                GUEST_E_UNSUPPORTED_VERSION,
                GUEST_E_INVALID_JSON,
                GUEST_E_SYSTEM_NOT_FOUND,
                GUEST_E_SYSTEM_EXISTS,
                GUEST_E_INVALID_STATE,
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(known); i++)
                if (hr == known[i])
                        return hr;
        return E_FAIL;
}
