/* SPDX-License-Identifier: MIT */

/* What base/system.h wants of Linux: getrandom(), strerror_r() of GNU. */

#include "base/system.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "hcsshim/error.h"

HRESULT hcs_entropy(void *buf, size_t n) {
        for (size_t at = 0; at < n;) {
                ssize_t got = getrandom((char *)buf + at, n - at, 0);

                if (got < 0 && errno != EINTR)
                        return hcs_hresult_from_errno(errno);
                at += got > 0 ? (size_t)got : 0;
        }
        return S_OK;
}

const char *hcs_errno_text(int errnum, char *buf, size_t size) {
        return strerror_r(errnum, buf, size);
}
