/* SPDX-License-Identifier: MIT */

/* Arguments of layer functions as text; see layer_argument.h. */

#include "mockhcs/abi/layer_argument.h"

#include <string.h>

#include "base/json.h"
#include "base/utf.h"

uint16_t *mock_layer_whole_id(const HCS_DRIVER_INFO *info, PCWSTR id) {
        const uint16_t *home = info ? (const uint16_t *)info->HomeDir : NULL, *name = (const uint16_t *)id;
        size_t n = home ? hcs_utf16_len(home) : 0, len = name ? hcs_utf16_len(name) : 0;
        uint16_t *whole = n && len ? hcs_calloc(n + len + 2, sizeof(*whole)) : NULL;

        if (!whole)
                return NULL;
        memcpy(whole, home, n * sizeof(*whole));
        if (home[n - 1] != '\\' && home[n - 1] != '/')
                whole[n++] = '\\';
        memcpy(whole + n, name, len * sizeof(*whole));
        return whole;
}

char *mock_layer_list(const HCS_LAYER_DESCRIPTOR *layers, DWORD count) {
        _cleanup_json_ struct hcs_json *list = hcs_json_new_array();

        for (DWORD i = 0; layers && i < count; i++) {
                const uint16_t *wide = (const uint16_t *)layers[i].Path;
                _cleanup_free_ char *path = wide ? hcs_utf16_to_utf8_lossy(wide, hcs_utf16_len(wide), NULL) : NULL;
                struct hcs_json *layer = hcs_json_append(list, hcs_json_new_object());
                char id[HCS_GUID_TEXT_SIZE];

                hcs_json_set_string(layer, "Id", hcs_guid_format(&layers[i].LayerId, id));
                hcs_json_set_string(layer, "Path", path ? path : "");
        }
        return hcs_json_text(list, HCS_JSON_GO);
}
