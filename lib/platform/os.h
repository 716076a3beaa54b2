/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_OS_H
#define HCS_PLATFORM_OS_H

/* Which system this is. */

#include <stdint.h>

const char *hcs_os_name(void); /* "linux", "windows" */
uint32_t hcs_os_build(void);   /* of Windows, whatever a program's manifest says; 0 elsewhere */

#endif
