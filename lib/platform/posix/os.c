/* SPDX-License-Identifier: MIT */

/* What this system is, on Linux. */

#include "platform/os.h"

const char *hcs_os_name(void) {
        return "linux";
}

uint32_t hcs_os_build(void) {
        return 0;
}
