/* SPDX-License-Identifier: MIT */

/* Nothing is injected on Linux: the loader is told where to find our libraries. */

#include "platform/injection.h"

bool hcs_injection_possible(void) {
        return false;
}

HRESULT hcs_injection_spawn(char *const *argv, const char *library, const char *text, struct hcs_child **ret,
                            struct hcs_error **err) {
        return hcs_error_make(err, E_NOTIMPL, "start `%s` with a library in it: only on Windows", argv[0]);
}
