/* SPDX-License-Identifier: MIT */

/* The end of the process of platform/process_end.h: exit() runs while all threads live. */

#include "platform/process_end.h"

#include <stdlib.h>

void hcs_process_at_end(void (*fn)(void)) {
        atexit(fn);
}

bool hcs_process_has_ended(void) {
        return false;
}
