/* SPDX-License-Identifier: MIT */

/* Random bytes over getrandom(). */

#include "platform/random.h"

#include <errno.h>
#include <sys/random.h>

HRESULT hcs_random(void *buf, size_t n, struct hcs_error **err) {
        for (size_t at = 0; at < n;) {
                ssize_t got = getrandom((char *)buf + at, n - at, 0);

                if (got < 0 && errno != EINTR)
                        return hcs_error_errno(err, errno, "get random bytes");
                at += got > 0 ? (size_t)got : 0;
        }
        return S_OK;
}
