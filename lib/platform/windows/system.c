/* SPDX-License-Identifier: MIT */

/* What base/system.h wants of Windows: BCryptGenRandom(), strerror_s(). */

#include "base/system.h"

#include <string.h>

#include <windows.h>

#include <bcrypt.h>

HRESULT hcs_entropy(void *buf, size_t n) {
        NTSTATUS status = n > ULONG_MAX ? (NTSTATUS)STATUS_INVALID_PARAMETER
                                        : BCryptGenRandom(NULL, buf, (ULONG)n, BCRYPT_USE_SYSTEM_PREFERRED_RNG);

        return status < 0 ? HRESULT_FROM_NT(status) : S_OK;
}

const char *hcs_errno_text(int errnum, char *buf, size_t size) {
        return strerror_s(buf, size, errnum) == 0 ? buf : "";
}
