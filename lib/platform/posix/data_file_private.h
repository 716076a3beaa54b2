/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_POSIX_DATA_FILE_PRIVATE_H
#define HCS_PLATFORM_POSIX_DATA_FILE_PRIVATE_H

#include "platform/data_file.h"

/* A data file over a descriptor, which it owns from now on, whatever comes out. Nothing of it needs a commit. */
HRESULT hcs_data_file_adopt(int fd, const char *name, struct hcs_data_file **ret, struct hcs_error **err);

#endif
