/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_FILE_H
#define HCS_PLATFORM_FILE_H

/* Whole files, by UTF-8 path. */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "hcsshim/error.h"

/*
 * Appends the whole file to out. "-" is standard input. HCS_WIN32(ERROR_FILE_TOO_LARGE) beyond max_bytes: pipes and
 * special files are bounded the same way. On failure out keeps what it held before.
 */
HRESULT hcs_file_read(const char *path, size_t max_bytes, struct hcs_buf *out, struct hcs_error **err);
/* Readers see the old content or the new one, never a part: written beside it, flushed, renamed over it. */
HRESULT hcs_file_write(const char *path, const void *data, size_t len, struct hcs_error **err);
/* The same for what nobody else may read: mode 0600; on Windows what the folder gives. */
HRESULT hcs_file_write_private(const char *path, const void *data, size_t len, struct hcs_error **err);
/* An empty one. HCS_WIN32(80) when something has the name already, which stays as it is: of many callers one makes it.
 */
HRESULT hcs_file_create(const char *path, struct hcs_error **err);
bool hcs_file_exists(const char *path);
bool hcs_file_is_directory(const char *path);
/* Makes a directory and those above it that are missing; it may be there already. */
HRESULT hcs_directory_create(const char *path, struct hcs_error **err);

#endif
