/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_PLACE_H
#define HCS_PLATFORM_PLACE_H

/* Paths as this system writes them, in UTF-8: what stands at one, what is in a folder, and which file a handle is of.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "hcsshim/abi/types.h"
#include "hcsshim/error.h"

/* Begins at a root of this system: "/x"; "C:\x" or "\\server\x" on Windows. */
bool hcs_path_is_absolute(const char *path);
/* The same place from a root, whether something is there or not. Caller frees. */
char *hcs_path_full(const char *path);
/* The last part: what is behind the last separator of this system. */
const char *hcs_path_name(const char *path);
/*
 * The place of that name in the folder; the name may be a path, with "/" between its parts. On Windows all its
 * separators are backslashes: behind "\\?\" there are no others. Caller frees.
 */
char *hcs_path_join(const char *folder, const char *name);
/*
 * Do both name one place, or does the first one in the second or the second itself? By the names alone, as this system
 * compares them: on Windows letters may be of either case, and both separators are one.
 */
bool hcs_path_is_same(const char *a, const char *b);
bool hcs_path_is_within(const char *path, const char *folder);
/* Do both name one file that is there? */
bool hcs_path_is_same_file(const char *a, const char *b);

/*
 * The parts of an absolute path after its first `from` bytes, as Windows finds them: what is there in another case of
 * letters (Latin, Greek and Cyrillic) gets its own spelling, what is not there keeps the path's. For systems where that
 * makes a difference; separators are "/".
 */
void hcs_path_find_spelling(char *path, size_t from);

enum hcs_place { HCS_PLACE_NOTHING, HCS_PLACE_FILE, HCS_PLACE_FOLDER, HCS_PLACE_OTHER };
/* Links are not followed: they are OTHER, as devices are. NOTHING also where it cannot be found out. */
enum hcs_place hcs_place_at(const char *path);

/* Names in a folder, sorted by their bytes. */
struct hcs_names {
        char **items;
        size_t n;
};
/* Without "." and "..". HCS_WIN32(ERROR_PATH_NOT_FOUND) and friends name the folder. */
HRESULT hcs_folder_list(const char *path, struct hcs_names *ret, struct hcs_error **err);
void hcs_names_deinit(struct hcs_names *n);

/* One file; what is not there is fine. */
HRESULT hcs_file_remove(const char *path, struct hcs_error **err);

/* The path of the file that a handle was opened with, caller frees. E_HANDLE when it is of no file. */
HRESULT hcs_handle_path(HANDLE h, char **ret, struct hcs_error **err);

#endif
