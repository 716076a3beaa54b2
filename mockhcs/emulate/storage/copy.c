/* SPDX-License-Identifier: MIT */

/* Folders copied with all that is in them. What is neither a file nor a folder is refused by name. */

#include <stdlib.h>

#include "mockhcs/emulate/storage/storage.h"
#include "platform/data_file.h"

#define COPY 65536u

HRESULT storage_copy_file(const char *from, const char *to, struct hcs_error **err) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = NULL, *out = NULL;
        _cleanup_free_ uint8_t *buf = NULL;
        uint64_t size = 0, at = 0;
        HRESULT hr = hcs_data_file_open(from, &in, err);

        if (SUCCEEDED(hr))
                hr = hcs_data_file_size(in, &size, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_create(to, &out, err);
        if (SUCCEEDED(hr) && size)
                hr = hcs_data_file_copy(in, 0, out, 0, size, &at, err);
        while (SUCCEEDED(hr) && at < size) {
                size_t n = 0;

                if (!buf)
                        buf = hcs_malloc(COPY);
                hr = hcs_data_file_read_at(in, at, buf, COPY, &n, err);
                if (SUCCEEDED(hr) && n == 0)
                        return hcs_error_make(err, HCS_WIN32(38), "`%s` became shorter", from);
                if (SUCCEEDED(hr))
                        hr = hcs_data_file_write_at(out, at, buf, n, err);
                at += n;
        }
        return SUCCEEDED(hr) ? hcs_data_file_commit(out, err) : hr;
}

HRESULT storage_copy(const char *from, const char *to, struct hcs_error **err) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};
        HRESULT hr;

        switch (hcs_place_at(from)) {
        case HCS_PLACE_FILE:
                return storage_copy_file(from, to, err);
        case HCS_PLACE_FOLDER:
                break;
        case HCS_PLACE_NOTHING:
                return hcs_error_make(err, STORAGE_NOT_FOUND, "there is no `%s`", from);
        default:
                return hcs_error_make(err, STORAGE_UNSUPPORTED, "`%s` is neither a file nor a folder", from);
        }
        hr = hcs_directory_create(to, err);
        if (SUCCEEDED(hr))
                hr = hcs_folder_list(from, &names, err);
        for (size_t i = 0; SUCCEEDED(hr) && i < names.n; i++) {
                _cleanup_free_ char *a = hcs_asprintf("%s/%s", from, names.items[i]),
                                    *b = hcs_asprintf("%s/%s", to, names.items[i]);

                hr = storage_copy(a, b, err);
        }
        return hr;
}
