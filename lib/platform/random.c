/* SPDX-License-Identifier: MIT */

/* Random bytes with an error that has words. */

#include "platform/random.h"

#include "base/system.h"

HRESULT hcs_random(void *buf, size_t n, struct hcs_error **err) {
        HRESULT hr = hcs_entropy(buf, n);

        return FAILED(hr) ? hcs_error_make(err, hr, "get random bytes: the system has none") : S_OK;
}
