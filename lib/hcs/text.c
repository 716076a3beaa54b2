/* SPDX-License-Identifier: MIT */

/* Small parts of every call: texts for the ABI, deadlines, and the error that a failed call becomes. */

#include <string.h>

#include "base/utf.h"
#include "hcs/internal.h"
#include "platform/abi_memory.h"

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
        return hcs_bound_of_call(call, kind == HCS_TIMEOUT_NONE ? HCS_NO_TIMEOUT : c->timeouts_ms[kind]);
}

HRESULT hcs_fail(struct hcs_error **err, HRESULT hr, char *result, const char *operation, const char *id) {
        if (!result && (hr == E_ABORT || hr == HCS_E_OPERATION_TIMEOUT))
                hcs_bound_fail(hr, err);
        else
                hcs_error_from_result(err, hr, result);
        hcs_error_set_operation(err, operation);
        hcs_error_set_id(err, id);
        free(result);
        return hr;
}
