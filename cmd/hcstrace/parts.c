/* SPDX-License-Identifier: MIT */

/* Traces of the processes of a recording; see parts.h. */

#include "cmd/hcstrace/parts.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/workbench/merge.h"
#include "platform/data_file.h"
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

/* A process that was ended, or that goes on, leaves what the recorder had prepared behind the last line. */
static bool is_whole(const char *path) {
        FILE *f = fopen(path, "rb");
        bool whole = f && fseek(f, -1, SEEK_END) == 0 && getc(f) == '\n';

        if (f)
                fclose(f);
        return whole;
}

/* One alone stays as it was written, where it can be put in the place of another. */
static HRESULT put_together(const struct hcs_names *names, const char *trace, struct hcs_error **err) {
        uint64_t n;

        if (names->n == 1 && is_whole(names->items[0]) && rename(names->items[0], trace) == 0)
                return S_OK;
        return trace_merge((const char *const *)names->items, names->n, trace, &n, err);
}

/* Did the process that wrote it get as far as to have a header? One that cannot be read may have. */
static HRESULT is_begun(const char *path, bool *ret, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        char data[4096];
        size_t n = sizeof(data);
        HRESULT hr = hcs_data_file_open(path, &f, err);

        *ret = false;
        while (SUCCEEDED(hr) && n && !*ret) {
                hr = hcs_data_file_read(f, data, sizeof(data), &n, err);
                *ret = SUCCEEDED(hr) && n && memchr(data, '\n', n);
        }
        return hr;
}

/* Full paths of the parts. */
static HRESULT list(const char *folder, struct hcs_names *ret, struct hcs_error **err) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};
        HRESULT hr = hcs_folder_list(folder, &names, err);

        if (FAILED(hr))
                return hr;
        ret->items = hcs_calloc(names.n + 1, sizeof(*ret->items));
        for (size_t i = 0; i < names.n && SUCCEEDED(hr); i++) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, names.items[i]);
                bool begun;

                hr = is_begun(path, &begun, err);
                if (SUCCEEDED(hr) && begun)
                        ret->items[ret->n++] = steal_pointer(&path);
        }
        return hr;
}

/* On Windows a process that goes on holds its part. */
static void remove_folder(const char *folder) {
        struct hcs_error *err = NULL;

        if (FAILED(hcs_folder_remove(folder, &err)))
                fprintf(stderr, "hcstrace record: what goes on is not in the trace, and stays: %s\n",
                        hcs_error_message(err));
        hcs_error_free(err);
}

HRESULT parts_collect(const char *folder, const char *trace, bool *ret_called, struct hcs_error **err) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};
        HRESULT hr = list(folder, &names, err);

        *ret_called = names.n > 0;
        if (SUCCEEDED(hr) && names.n)
                hr = put_together(&names, trace, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "what was recorded is in `%s`", folder);
                return hr;
        }
        remove_folder(folder);
        return S_OK;
}

void parts_abandon(const char *folder) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};

        if (SUCCEEDED(list(folder, &names, NULL)) && names.n == 0)
                remove_folder(folder);
        else
                fprintf(stderr, "hcstrace record: what was recorded is in `%s`\n", folder);
}
