/* SPDX-License-Identifier: MIT */

/* What base/system.h wants of Windows: its random bytes, strerror_s(). */

#include "base/system.h"

#include <string.h>

#include "platform/windows/cng.h"

HRESULT hcs_entropy(void *buf, size_t n) {
        const struct hcs_cng *c = hcs_cng();
        NTSTATUS status;

        if (!c)
                return E_NOTIMPL;
        status = n > ULONG_MAX ? (NTSTATUS)STATUS_INVALID_PARAMETER
                               : c->gen_random(NULL, buf, (ULONG)n, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
        return status < 0 ? HRESULT_FROM_NT(status) : S_OK;
}

const char *hcs_errno_text(int errnum, char *buf, size_t size) {
        return strerror_s(buf, size, errnum) == 0 ? buf : "";
}
