/* SPDX-License-Identifier: MIT */

/* The file that a world is kept in, for whoever asks a world for it or gives it back; see control.h. */

#include <string.h>

#include "mockhcs/engine/control.h"
#include "platform/file.h"

#define WORLD_MAX ((size_t)256 << 20)

HRESULT mock_world_write(const char *path, const struct hcs_json *world, struct hcs_error **err) {
        _cleanup_free_ char *text = hcs_json_text(world, HCS_JSON_PRETTY);

        return hcs_file_write(path, text, strlen(text), err);
}

HRESULT mock_world_read(const char *path, struct hcs_json **ret, struct hcs_error **err) {
        static const struct hcs_json_options large = {.max_bytes = WORLD_MAX};
        _cleanup_buf_ struct hcs_buf text = {0};
        HRESULT hr = hcs_file_read(path, WORLD_MAX, &text, err);

        if (SUCCEEDED(hr))
                hr = hcs_json_parse(hcs_buf_cstr(&text), text.len, &large, ret, err);
        return hr;
}
