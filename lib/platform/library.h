/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_LIBRARY_H
#define HCS_PLATFORM_LIBRARY_H

/* Where the platform's libraries are found: what every client that loads one at run time does the same way. */

#include "platform/dynlib.h"

/*
 * Loads `base` ("computecore") from place: a file, or a folder that holds it under its usual name. NULL place:
 * HCSSHIM_LIBRARY_PATH, else the system's search. HCS_WIN32(127) when it lacks `symbol`, which says that it is the
 * right one. It stays loaded: callbacks into the program may outlive whoever loaded it.
 */
HRESULT hcs_library_load(const char *place, const char *base, const char *symbol, struct hcs_dynlib **ret,
                         struct hcs_error **err);

/* Windows' own folder of libraries; NULL on other systems. Caller frees. */
char *hcs_library_system_folder(void);

#endif
