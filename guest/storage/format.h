/* SPDX-License-Identifier: MIT */
#ifndef GUEST_STORAGE_FORMAT_H
#define GUEST_STORAGE_FORMAT_H

/* File systems on devices: which one is there, and making one with the image's tools. Stateless, any thread, blocking.
 */

#include "guest/base/roots.h"

/* "ext4", "xfs", or "" when it is neither. Errors: what opening and reading the device says. */
HRESULT guest_format_detect(const char *device, const char **ret, struct hcs_error **err);
/* mkfs.ext4 or mkfs.xfs -f. Another type is E_INVALIDARG; an image without the tool ERROR_FILE_NOT_FOUND. */
HRESULT guest_format(const struct guest_roots *roots, const char *device, const char *type, struct hcs_error **err);

#endif
