/* SPDX-License-Identifier: MIT */

/* Traces of the processes of a recording; see parts.h. */

#include "cmd/hcstrace/parts.h"

#include <libgen.h>
#include <stdio.h>

#include "base/str.h"
#include "mockhcs/workbench/merge.h"
#include "platform/file.h"
#include "platform/place.h"
#include "platform/work_folder.h"

HRESULT parts_begin(const char *trace, char **ret_folder, struct hcs_error **err) {
        _cleanup_free_ char *name = hcs_asprintf("%s.parts", trace), *folder = hcs_path_full(name),
                            *above = hcs_strdup(folder);
        HRESULT hr;

        if (!hcs_file_is_directory(dirname(above)))
                return hcs_error_make(err, HCS_WIN32(3), "there is no folder for `%s`", trace);
        if (hcs_place_at(folder) != HCS_PLACE_NOTHING)
                return hcs_error_make(
                        err, HCS_WIN32(183),
                        "`%s` has what a recording left that was killed: merge that (hcstrace merge) or remove it",
                        folder);
        hr = hcs_directory_create(folder, err);
        if (SUCCEEDED(hr))
                *ret_folder = steal_pointer(&folder);
        return hr;
}

HRESULT parts_collect(const char *folder, const char *trace, bool *ret_called, struct hcs_error **err) {
        struct hcs_names names = {0};
        HRESULT hr = hcs_folder_list(folder, &names, err);
        uint64_t n;

        *ret_called = names.n > 0;
        for (size_t i = 0; i < names.n; i++) {
                char *path = hcs_asprintf("%s/%s", folder, names.items[i]);

                free(names.items[i]);
                names.items[i] = path;
        }
        /* One alone stays as it was written, where a file can be put in the place of another. */
        if (SUCCEEDED(hr) && names.n && (names.n > 1 || rename(names.items[0], trace) < 0))
                hr = trace_merge((const char *const *)names.items, names.n, trace, &n, err);
        hcs_names_deinit(&names);
        return SUCCEEDED(hr) ? hcs_folder_remove(folder, err) : hr;
}
