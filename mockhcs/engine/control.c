/* SPDX-License-Identifier: MIT */

/* What is asked of a world, from the C API: requests of control.h, with the file of a world. Any thread. */

#include "mockhcs/engine/control.h"

#include "mockhcs/engine/engine.h"

HRESULT mock_world_save(struct mock_backend *b, const char *path, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object(), *world = NULL;
        HRESULT hr;

        hcs_json_set_string(request, "control", "save");
        hr = mock_backend_control(b, request, &world, err);
        if (SUCCEEDED(hr))
                hr = mock_world_write(path, world, err);
        return FAILED(hr) ? hcs_error_wrap(err, "world %s", path), hr : hr;
}

HRESULT mock_world_restore(struct mock_backend *b, const char *path, struct hcs_json **ret_answer,
                           struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object();
        struct hcs_json *world = NULL;
        HRESULT hr = mock_world_read(path, &world, err);

        if (SUCCEEDED(hr)) {
                hcs_json_set_string(request, "control", "restore");
                hcs_json_set(request, "world", world);
                hr = mock_backend_control(b, request, ret_answer, err);
        }
        return FAILED(hr) ? hcs_error_wrap(err, "world %s", path), hr : hr;
}

HRESULT mockhcs_world_save(struct mockhcs *m, const char *path, struct hcs_error **err) {
        return mock_world_save(mockhcs_engine(m)->top, path, err);
}

HRESULT mockhcs_world_restore(struct mockhcs *m, const char *path, char **ret_lost, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        HRESULT hr = mock_world_restore(mockhcs_engine(m)->top, path, &answer, err);

        if (SUCCEEDED(hr) && ret_lost)
                *ret_lost = hcs_json_text(hcs_json_get(answer, "Lost"), HCS_JSON_COMPACT);
        return hr;
}

HRESULT mockhcs_host_reboot(struct mockhcs *m, bool keep_networks, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object(), *answer = NULL;

        hcs_json_set_string(request, "control", "reboot");
        hcs_json_set_bool(request, "networks", keep_networks);
        return mock_backend_control(mockhcs_engine(m)->top, request, &answer, err);
}
