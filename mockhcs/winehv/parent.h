/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WINEHV_PARENT_H
#define MOCKHCS_WINEHV_PARENT_H

/*
 * The disk that a differencing one stands on: what the new disk writes of it, and where an old one finds it. Paths are
 * those of Windows, in UTF-8; caller frees with free().
 */

#include <windows.h>

#include <stdbool.h>

/* The whole path; NULL: there is none such. */
char *disk_full_path(const wchar_t *path);
/* From the folder of one file to the other; on another drive the path as it is. */
char *disk_relative_path(const char *child, const char *parent);
/* The full path of the parent, of which the disk at `child` says `said`. NULL: there is no such path. */
char *disk_parent_find(const char *child, const char *said);

#endif
