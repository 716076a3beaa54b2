/* SPDX-License-Identifier: MIT */

/*
 * The life of a layer: made, stood on, attached, made visible by the filter, moved in and out, destroyed. A layer is
 * its folder; a scratch is one that has a sandbox.vhdx. Sources of the answers: docs/storage.md.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/storage/storage.h"

const char *storage_layer_argument(const struct mock_call *call) {
        return mock_verb_is_layer(call->function->verb) ? "id" : "path";
}

/* The folder of the call's layer, which is there; NULL after it was refused. */
static char *layer_of(struct storage *s, struct mock_call *call) {
        char *folder = storage_place(s, call, storage_layer_argument(call));

        if (!folder || hcs_file_is_directory(folder))
                return folder;
        refuse(call, STORAGE_PATH_NOT_FOUND, "there is no layer \"%s\"",
               mock_call_text(call, storage_layer_argument(call)));
        free(folder);
        return NULL;
}

static bool is_file(const char *path) {
        return hcs_file_exists(path) && !hcs_file_is_directory(path);
}

static bool is_scratch(const char *folder) {
        _cleanup_free_ char *disk = hcs_asprintf("%s/" SANDBOX_DISK, folder);

        return hcs_file_exists(disk);
}

/* The same for a layer that must be a scratch. */
static char *scratch_of(struct storage *s, struct mock_call *call) {
        char *folder = layer_of(s, call);

        if (!folder || is_scratch(folder))
                return folder;
        refuse(call, STORAGE_NOT_FOUND, "the layer \"%s\" has no " SANDBOX_DISK,
               mock_call_text(call, storage_layer_argument(call)));
        free(folder);
        return NULL;
}

void layer_create(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = storage_place(s, call, "id"), *files = NULL, *below = NULL;
        const char *parent = mock_call_text(call, "parent");
        struct hcs_error *err = NULL;

        if (!folder || (*parent && !(below = storage_place_of(s, call, parent))))
                return;
        files = hcs_asprintf("%s/Files", folder);
        if (below && !hcs_file_is_directory(below))
                refuse(call, STORAGE_PATH_NOT_FOUND, "there is no layer \"%s\"", parent);
        else if (hcs_file_exists(folder))
                refuse(call, STORAGE_EXISTS, "the layer \"%s\" exists already", mock_call_text(call, "id"));
        else
                storage_end(call, hcs_directory_create(files, &err), &err);
}

/* The scratch stands on the disk of the lowest layer. What a call that fails has made goes again, and nothing else. */
static HRESULT make_sandbox(const char *folder, const char *base, struct hcs_error **err) {
        _cleanup_free_ char *disk = hcs_asprintf("%s/" SANDBOX_DISK, folder),
                            *parent = hcs_asprintf("%s/" BASE_DISK, base),
                            *files = hcs_asprintf("%s/" SANDBOX_FILES, folder);
        bool is_new = !hcs_file_exists(folder), had_files = hcs_file_exists(files);
        HRESULT hr;

        if (!hcs_file_exists(parent))
                return hcs_error_make(err, STORAGE_NOT_FOUND, "there is no `%s`: ProcessBaseImage makes it", parent);
        hr = hcs_directory_create(files, err);
        if (SUCCEEDED(hr))
                hr = storage_disk_create_on(disk, parent, parent, err);
        if (FAILED(hr) && !had_files)
                hcs_folder_remove(is_new ? folder : files, NULL);
        return hr;
}

void layer_create_sandbox(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = storage_place(s, call, "id");
        _cleanup_(storage_parents_free) struct storage_parents parents = {0};
        struct hcs_error *err = NULL;

        if (!folder || !storage_parents(s, call, true, &parents))
                return;
        if (is_scratch(folder) || is_file(folder))
                refuse(call, STORAGE_EXISTS, "the layer \"%s\" exists already", mock_call_text(call, "id"));
        else if (storage_is_among(&parents, folder))
                refuse(call, E_INVALIDARG, "the layer \"%s\" cannot stand on itself", mock_call_text(call, "id"));
        else
                storage_end(call, make_sandbox(folder, parents.items[parents.n - 1], &err), &err);
}

void layer_expand(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = scratch_of(s, call), *disk = NULL;
        struct mock_value *size = mock_call_arg(call, "size");
        struct hcs_error *err = NULL;

        if (!folder)
                return;
        disk = hcs_asprintf("%s/" SANDBOX_DISK, folder);
        if (storage_volume_of(s, folder))
                refuse(call, STORAGE_IN_USE, "the disk of \"%s\" is attached", mock_call_text(call, "id"));
        else
                storage_end(call, size && size->number ? storage_disk_grow(disk, size->number, &err) : S_OK, &err);
}

void layer_activate(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = layer_of(s, call);

        if (!folder)
                return;
        if (storage_volume_of(s, folder)) {
                refuse(call, STORAGE_IN_USE, "the layer \"%s\" is active already", mock_call_text(call, "id"));
                return;
        }
        if (is_scratch(folder))
                storage_mount(s, folder);
        mock_call_done(call, NULL);
}

/* The volume goes, and with it what was attached to it. */
void layer_deactivate(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = layer_of(s, call);
        struct storage_volume *v = folder ? storage_volume_of(s, folder) : NULL;

        if (!folder)
                return;
        if (!v && is_scratch(folder)) {
                refuse(call, STORAGE_NOT_READY, "the layer \"%s\" is not active", mock_call_text(call, "id"));
                return;
        }
        if (v) {
                storage_filters_drop(s, folder);
                storage_unmount(s, v);
        }
        mock_call_done(call, NULL);
}

void layer_prepare(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = scratch_of(s, call);
        _cleanup_(storage_parents_free) struct storage_parents parents = {0};

        if (!folder || !storage_parents(s, call, true, &parents))
                return;
        if (!storage_volume_of(s, folder)) {
                refuse(call, STORAGE_NOT_READY, "the layer \"%s\" is not active", mock_call_text(call, "id"));
        } else if (storage_is_among(&parents, folder)) {
                refuse(call, E_INVALIDARG, "the layer \"%s\" cannot stand on itself", mock_call_text(call, "id"));
        } else if (storage_filter_of(s, folder, false)) {
                refuse(call, STORAGE_FILTER_THERE, "the layer \"%s\" is prepared already", mock_call_text(call, "id"));
        } else {
                storage_filter_add(s, folder, false, &parents);
                mock_call_done(call, NULL);
        }
}

void layer_unprepare(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = scratch_of(s, call);
        struct storage_filter *f = folder ? storage_filter_of(s, folder, false) : NULL;

        if (f) {
                storage_filter_remove(s, f);
                mock_call_done(call, NULL);
        } else if (folder) {
                refuse(call, STORAGE_NO_FILTER, "the layer \"%s\" is not prepared", mock_call_text(call, "id"));
        }
}

static HRESULT copy_layer(const char *folder, const char *to, struct hcs_error **err) {
        HRESULT hr = storage_copy(folder, to, err);

        if (FAILED(hr))
                hcs_folder_remove(to, NULL);
        return hr;
}

static void remove_layer(struct storage *s, struct mock_call *call, const char *folder) {
        struct hcs_error *err = NULL;
        HRESULT hr = hcs_folder_remove(folder, &err);

        if (SUCCEEDED(hr))
                storage_filters_drop(s, folder);
        storage_end(call, hr, &err);
}

/* A client may name any folder of this system: only one that holds nothing, or what layers hold, is removed. */
static bool may_be_layer(const char *folder) {
        static const char *const parts[] = {"Files",      "Hives",       "UtilityVM",      "layout",
                                            STREAMS,      TOMBSTONES,    BASE_DISK,        BLANK_DISK,
                                            SANDBOX_DISK, SANDBOX_FILES, "layerchain.json"};
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};

        if (FAILED(hcs_folder_list(folder, &names, NULL)) || names.n == 0)
                return true;
        for (size_t i = 0; i < HCS_ARRAY_SIZE(parts); i++) {
                _cleanup_free_ char *part = hcs_asprintf("%s/%s", folder, parts[i]);

                if (hcs_file_exists(part))
                        return true;
        }
        return false;
}

void layer_destroy(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = storage_place(s, call, storage_layer_argument(call));
        const char *given = mock_call_text(call, storage_layer_argument(call));

        if (!folder)
                return;
        if (hcs_place_at(folder) != HCS_PLACE_NOTHING && hcs_place_at(folder) != HCS_PLACE_FOLDER)
                refuse(call, STORAGE_PATH_NOT_FOUND, "\"%s\" is no folder", given);
        else if (!may_be_layer(folder))
                refuse(call, E_INVALIDARG, "\"%s\" holds nothing of a layer", given);
        else if (storage_volume_of(s, folder))
                refuse(call, STORAGE_IN_USE, "the layer \"%s\" is active", given);
        else if (storage_is_below_filter(s, folder))
                refuse(call, STORAGE_IN_USE, "a prepared layer stands on \"%s\"", given);
        else
                remove_layer(s, call, folder);
}

void layer_copy(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = layer_of(s, call), *to = folder ? storage_place(s, call, "path") : NULL;
        _cleanup_(storage_parents_free) struct storage_parents parents = {0};
        struct hcs_error *err = NULL;

        if (!to || !storage_parents(s, call, false, &parents))
                return;
        if (hcs_file_exists(to))
                refuse(call, STORAGE_EXISTS, "the layer \"%s\" exists already", mock_call_text(call, "path"));
        else if (hcs_path_is_within(to, folder))
                refuse(call, E_INVALIDARG, "\"%s\" is inside of the layer", mock_call_text(call, "path"));
        else
                storage_end(call, copy_layer(folder, to, &err), &err);
}

void layer_exists(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = storage_place(s, call, "id");

        if (folder)
                mock_call_done(call, hcs_strdup(hcs_file_is_directory(folder) ? "true" : "false"));
}

static void answer_text(struct mock_call *call, const char *text) {
        _cleanup_json_ struct hcs_json *answer = hcs_json_new_string(text);

        mock_call_done(call, hcs_json_text(answer, HCS_JSON_COMPACT));
}

/* Of an active scratch the volume, of any other layer its folder. */
void layer_mount_path(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *folder = layer_of(s, call), *volume = NULL;
        const struct storage_volume *v = folder ? storage_volume_of(s, folder) : NULL;

        if (!folder)
                return;
        volume = v ? hcs_asprintf("\\\\?\\Volume{%s}", v->guid) : NULL;
        answer_text(call, volume ? volume : mock_call_text(call, "id"));
}

void layer_base_images(struct storage *s, struct mock_call *call) {
        mock_call_done(call, hcs_strdup("{\"Images\":[]}"));
}

void layer_name_to_guid(struct storage *s, struct mock_call *call) {
        char guid[HCS_GUID_TEXT_SIZE];

        storage_name_to_guid(mock_call_text(call, "name"), guid);
        answer_text(call, guid);
}
