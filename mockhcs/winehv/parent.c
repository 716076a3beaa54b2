/* SPDX-License-Identifier: MIT */

/* The parents of differencing disks; see parent.h. */

#include "mockhcs/winehv/parent.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "platform/windows/text.h"

#define ERROR_IN_PARENT 0xC03A0019u /* ERROR_VHD_DIFFERENCING_CHAIN_ERROR_IN_PARENT */

static wchar_t *full_path(const wchar_t *path) {
        DWORD room = GetFullPathNameW(path, 0, NULL, NULL), n = 0;
        wchar_t *full = room ? hcs_calloc(room, sizeof(*full)) : NULL;

        if (full)
                n = GetFullPathNameW(path, room, full, NULL);
        if (!n || n >= room) {
                free(full);
                return NULL;
        }
        return full;
}

/* From the folder of one file to the other; on another drive the path as it is. */
static char *relative_path(const char *child, const char *parent) {
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

DWORD disk_parent_read(const wchar_t *child, const wchar_t *parent, struct disk_parent *ret) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        _cleanup_wide_ wchar_t *full_child = full_path(child), *full_parent = full_path(parent);
        _cleanup_free_ char *name = full_child ? hcs_windows_narrow(full_child) : NULL;
        HRESULT hr;

        if (!full_child || !full_parent)
                return ERROR_INVALID_PARAMETER;
        ret->absolute = hcs_windows_narrow(full_parent);
        ret->relative = relative_path(name, ret->absolute);
        hr = hcs_data_file_open(ret->absolute, &f, NULL);
        if (FAILED(hr))
                return (DWORD)HRESULT_CODE(hr);
        hr = vhdx_read(f, &ret->info, NULL);
        if (hr == S_FALSE)
                return DISK_NO_PROVIDER;
        return FAILED(hr) ? ERROR_IN_PARENT : ERROR_SUCCESS;
}

void disk_parent_deinit(struct disk_parent *p) {
        vhdx_info_deinit(&p->info);
        free(p->absolute);
        free(p->relative);
}

wchar_t *disk_parent_find(const wchar_t *child, const char *said) {
        _cleanup_wide_ wchar_t *place = hcs_windows_wide(said);
        _cleanup_free_ char *name = hcs_windows_narrow(child), *joined = NULL;
        char *end = strrchr(name, '\\');
        /* What has this in front is taken literally, dots as well. */
        bool literal = hcs_str_starts(name, "\\\\?\\") && name[5] == ':';

        if (said[0] && said[0] != '\\' && said[1] != ':' && end) {
                end[1] = '\0';
                joined = hcs_asprintf("%s%s", literal ? name + 4 : name, said);
                free(place);
                place = hcs_windows_wide(joined);
        }
        return full_path(place);
}
