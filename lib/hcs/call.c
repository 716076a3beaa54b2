/* SPDX-License-Identifier: MIT */

/* Small parts of every call: deadlines, and the error that a failed call becomes. */

#include "hcs/internal.h"

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
