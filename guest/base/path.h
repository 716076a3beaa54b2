/* SPDX-License-Identifier: MIT */
#ifndef GUEST_BASE_PATH_H
#define GUEST_BASE_PATH_H

/* Paths and trees of directories. Any thread; blocking. */

#include <stdbool.h>
#include <sys/types.h>

#include "hcsshim/error.h"

/* a/b without "." and "..", doubled and trailing slashes; ".." at the top of an absolute path is dropped. Caller frees.
 */
char *guest_path_join(const char *a, const char *b);
/* Is path dir itself or below it? Both cleaned. */
bool guest_path_is_within(const char *path, const char *dir);

/* All missing directories of path. mode is not narrowed by the umask. */
HRESULT guest_path_make(const char *path, mode_t mode, struct hcs_error **err);
/*
 * The tree at path. An absent path and "" are fine. A file system mounted in it is never entered: it stays, and so does
 * what leads to it, and that is the error (EBUSY).
 */
HRESULT guest_path_remove(const char *path, struct hcs_error **err);

#endif
