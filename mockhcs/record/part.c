/* SPDX-License-Identifier: MIT */

/* Names of parts; see part.h. */

#include "mockhcs/record/part.h"

#include <unistd.h>

#include "base/mem.h"
#include "platform/clock.h"

char *record_part_path(const char *folder) {
        return hcs_asprintf("%s/%lld-%d.trace", folder, (long long)hcs_wall_clock_ns(), (int)getpid());
}
