/* SPDX-License-Identifier: MIT */

/* The parents of differencing disks; see parent.h. */

#include "mockhcs/winehv/parent.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "platform/windows/text.h"

char *disk_full_path(const wchar_t *path) {
        DWORD room = GetFullPathNameW(path, 0, NULL, NULL), n = 0;
        _cleanup_wide_ wchar_t *full = room ? hcs_calloc(room, sizeof(*full)) : NULL;

        if (full)
                n = GetFullPathNameW(path, room, full, NULL);
        return n && n < room ? hcs_windows_narrow(full) : NULL;
}

char *disk_relative_path(const char *child, const char *parent) {
        _cleanup_buf_ struct hcs_buf b = {0};
        const char *folder = NULL; /* what of the child follows the last folder that both are in */
        size_t shared = 0;

        for (size_t i = 0; child[i] && tolower((unsigned char)child[i]) == tolower((unsigned char)parent[i]); i++)
                if (child[i] == '\\') {
                        shared = i + 1;
                        folder = child + shared;
                }
        if (!folder)
                return hcs_strdup(parent);
        if (!strchr(folder, '\\'))
                hcs_buf_append(&b, ".\\", 2);
        for (; (folder = strchr(folder, '\\')); folder++)
                hcs_buf_append(&b, "..\\", 3);
        hcs_buf_append(&b, parent + shared, strlen(parent + shared));
        return hcs_strdup(hcs_buf_cstr(&b));
}

char *disk_parent_find(const char *child, const char *said) {
        _cleanup_wide_ wchar_t *place = hcs_windows_wide(said);
        _cleanup_free_ char *joined = NULL;
        const char *end = strrchr(child, '\\');
        /* What has this in front is taken literally, dots as well. */
        bool literal = hcs_str_starts(child, "\\\\?\\") && child[5] == ':';
        size_t skip = literal ? 4 : 0;

        if (said[0] && said[0] != '\\' && said[1] != ':' && end) {
                joined = hcs_asprintf("%.*s%s", (int)(end + 1 - child - (ptrdiff_t)skip), child + skip, said);
                free(place);
                place = hcs_windows_wide(joined);
        }
        return disk_full_path(place);
}
