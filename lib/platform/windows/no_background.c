/* SPDX-License-Identifier: MIT */

/* platform/background.h where services do it. */

#include "platform/background.h"

HRESULT hcs_background_begin(struct hcs_error **err) {
        return hcs_error_make(err, HCS_WIN32(50), "what goes on by itself is a service on Windows");
}

void hcs_background_ready(void) {
}
