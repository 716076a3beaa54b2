/* SPDX-License-Identifier: MIT */

/* The documents of layers: LayerData, and layerchain.json. */

#include "base/json.h"
#include "platform/file.h"
#include "storage/internal.h"

#define CHAIN       "layerchain.json"
#define LARGEST     ((size_t)4 << 20)
#define SCHEMA_MAIN 2
#define SCHEMA_SUB  1

HRESULT hcs_layer_data(struct hcs_storage *s, const char *const *layers, size_t n, const char *filter, char **ret,
                       struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *doc = hcs_json_new_object();
        struct hcs_json *version = hcs_json_set_new_object(doc, "SchemaVersion"), *list;

        hcs_json_set_u64(version, "Major", SCHEMA_MAIN);
        hcs_json_set_u64(version, "Minor", SCHEMA_SUB);
        list = hcs_json_set_new_array(doc, "Layers");
        for (size_t i = 0; i < n; i++) {
                struct hcs_json *layer = hcs_json_append(list, hcs_json_new_object());
                char text[HCS_GUID_TEXT_SIZE];
                GUID id;
                HRESULT hr = hcs_layer_id(s, layers[i], &id, err);

                if (FAILED(hr))
                        return hr;
                hcs_json_set_string(layer, "Id", hcs_guid_format(&id, text));
                hcs_json_set_string(layer, "Path", layers[i]);
        }
        if (filter)
                hcs_json_set_string(doc, "FilterType", filter);
        *ret = hcs_json_text(doc, HCS_JSON_GO);
        return S_OK;
}

HRESULT hcs_layer_chain_read(const char *layer, struct hcs_documents *ret, struct hcs_error **err) {
        _cleanup_free_ char *path = layer ? hcs_asprintf("%s/" CHAIN, layer) : NULL;
        _cleanup_json_ struct hcs_json *list = NULL;
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_documents parents = {0};
        HRESULT hr;

        if (!path)
                return hcs_error_make(err, E_POINTER, "the path of a layer is needed");
        if (!hcs_file_exists(path))
                return S_FALSE;
        hr = hcs_file_read(path, LARGEST, &text, err);
        if (SUCCEEDED(hr))
                hr = hcs_json_parse(hcs_buf_cstr(&text), text.len, NULL, &list, err);
        /* Docker writes null for a layer without parents. */
        if (SUCCEEDED(hr) && !hcs_json_is(list, HCS_JSON_ARRAY) && !hcs_json_is(list, HCS_JSON_NULL))
                hr = hcs_error_make(err, HCS_E_INVALID_JSON, "a list of paths is expected");
        for (const struct hcs_json *e = SUCCEEDED(hr) ? hcs_json_first(list) : NULL; e && SUCCEEDED(hr);
             e = hcs_json_next(e)) {
                if (hcs_json_string(e))
                        hcs_documents_take(&parents, hcs_strdup(hcs_json_string(e)));
                else
                        hr = hcs_error_make(err, HCS_E_INVALID_JSON, "$[%zu]: a text is expected", parents.n);
        }
        if (FAILED(hr)) {
                hcs_error_wrap(err, "`%s`", path);
                hcs_documents_deinit(&parents);
                return hr;
        }
        *ret = parents;
        return S_OK;
}

HRESULT hcs_layer_chain_write(const char *layer, const char *const *parents, size_t n, struct hcs_error **err) {
        _cleanup_free_ char *path = layer ? hcs_asprintf("%s/" CHAIN, layer) : NULL, *text = NULL;
        _cleanup_json_ struct hcs_json *list = hcs_json_new_array();

        if (!path)
                return hcs_error_make(err, E_POINTER, "the path of a layer is needed");
        for (size_t i = 0; i < n; i++)
                hcs_json_append(list, hcs_json_new_string(parents[i]));
        text = hcs_json_text(list, HCS_JSON_GO);
        return hcs_file_write(path, text, strlen(text), err);
}
