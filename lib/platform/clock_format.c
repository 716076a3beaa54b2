/* SPDX-License-Identifier: MIT */

/* Times as people read them. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "platform/clock.h"

char *hcs_wall_clock_format(uint64_t ns, char *buf) {
        time_t seconds = (time_t)(ns / HCS_NS_PER_S);
        size_t n;
        struct tm tm;

        gmtime_r(&seconds, &tm);
        n = strftime(buf, 40, "%Y-%m-%dT%H:%M:%S", &tm);
        if (ns % HCS_NS_PER_S) {
                n += (size_t)snprintf(buf + n, 40 - n, ".%09u", (unsigned)(ns % HCS_NS_PER_S));
                while (buf[n - 1] == '0')
                        n--;
        }
        strcpy(buf + n, "Z");
        return buf;
}
