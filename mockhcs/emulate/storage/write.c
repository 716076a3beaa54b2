/* SPDX-License-Identifier: MIT */

/* Layers moved in and out by the transport format, and the hives of a scratch: for both DLLs. */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/storage/storage.h"

/* The registry of a container is what it changed of these. */
static const char *const deltas[] = {"DefaultUser_Delta", "Sam_Delta", "Security_Delta", "Software_Delta",
                                     "System_Delta"};

static bool is_empty(const char *folder) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};

        return FAILED(hcs_folder_list(folder, &names, NULL)) || names.n == 0;
}

/* vmcompute says `path` for the folder, computestorage `folder`. */
static const char *folder_argument(const struct mock_call *call) {
        return mock_verb_is_layer(call->function->verb) ? "path" : "folder";
}

/* A folder that holds the layer, or is held by it, would be read while it is written. */
static bool is_apart(struct mock_call *call, const char *layer, const char *folder) {
        if (!hcs_path_is_within(layer, folder) && !hcs_path_is_within(folder, layer))
                return true;
        refuse(call, E_INVALIDARG, "of the layer \"%s\" and the folder \"%s\" one is within the other",
               mock_call_text(call, storage_layer_argument(call)), mock_call_text(call, folder_argument(call)));
        return false;
}

/* Is it a folder, or nothing yet? */
static bool may_be_filled(const char *path) {
        return !hcs_file_exists(path) || hcs_file_is_directory(path);
}

static void empty(const char *folder) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};

        if (FAILED(hcs_folder_list(folder, &names, NULL)))
                return;
        for (size_t i = 0; i < names.n; i++) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, names.items[i]);

                hcs_folder_remove(path, NULL);
        }
}

/* What an import that fails has made goes again, and nothing else. Files, which CreateLayer makes, was empty. */
static HRESULT import(const char *source, const char *layer, struct hcs_error **err) {
        static const char *const parts[] = {"Files", STREAMS, "Hives", "UtilityVM", TOMBSTONES};
        _cleanup_free_ char *files = hcs_asprintf("%s/%s", layer, parts[0]);
        bool is_new = !hcs_file_exists(layer), was_there[HCS_ARRAY_SIZE(parts)];
        HRESULT hr;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(parts); i++) {
                _cleanup_free_ char *part = hcs_asprintf("%s/%s", layer, parts[i]);

                was_there[i] = hcs_file_exists(part);
        }
        hr = storage_import(source, layer, err);
        if (SUCCEEDED(hr))
                return hr;
        if (is_new)
                hcs_folder_remove(layer, NULL);
        else
                empty(files);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(parts); i++) {
                _cleanup_free_ char *part = hcs_asprintf("%s/%s", layer, parts[i]);

                if (!is_new && !was_there[i])
                        hcs_folder_remove(part, NULL);
        }
        return hr;
}

void layer_import(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *layer = storage_place(s, call, storage_layer_argument(call)),
                            *source = layer ? storage_place(s, call, folder_argument(call)) : NULL, *files = NULL;
        _cleanup_(storage_parents_free) struct storage_parents parents = {0};
        struct hcs_error *err = NULL;

        if (!source || !storage_parents(s, call, false, &parents))
                return;
        if (!is_apart(call, layer, source))
                return;
        if (!hcs_file_is_directory(source)) {
                refuse(call, STORAGE_PATH_NOT_FOUND, "there is no folder \"%s\"",
                       mock_call_text(call, folder_argument(call)));
                return;
        }
        files = hcs_asprintf("%s/Files", layer);
        if (!may_be_filled(layer) || !is_empty(files)) {
                refuse(call, STORAGE_EXISTS, "the layer \"%s\" has files already",
                       mock_call_text(call, storage_layer_argument(call)));
                return;
        }
        storage_end(call, import(source, layer, &err), &err);
}

/* layer: where its streams and hives are; files: where its files are. */
static void export_to(struct storage *s, struct mock_call *call, const char *layer, const char *files) {
        _cleanup_free_ char *to = storage_place(s, call, folder_argument(call));
        _cleanup_(storage_parents_free) struct storage_parents parents = {0};
        struct hcs_error *err = NULL;
        bool is_new;
        HRESULT hr;

        if (!to || !storage_parents(s, call, false, &parents) || !is_apart(call, layer, to))
                return;
        if (!hcs_file_is_directory(layer) || !hcs_file_is_directory(files)) {
                refuse(call, STORAGE_PATH_NOT_FOUND, "there is no layer \"%s\"",
                       mock_call_text(call, storage_layer_argument(call)));
                return;
        }
        is_new = !hcs_file_exists(to);
        if (!may_be_filled(to) || !is_empty(to)) {
                refuse(call, STORAGE_EXISTS, "the folder \"%s\" is not empty",
                       mock_call_text(call, folder_argument(call)));
                return;
        }
        hr = storage_export(layer, files, to, &err);
        if (FAILED(hr)) {
                hcs_folder_remove(to, NULL);
                if (!is_new)
                        hcs_directory_create(to, NULL);
        }
        storage_end(call, hr, &err);
}

void layer_export(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *layer = storage_place(s, call, storage_layer_argument(call)), *sandbox = NULL;
        bool writable = false;

        if (!layer)
                return;
        if (!mock_verb_is_layer(call->function->verb)) {
                const struct hcs_json *options = storage_options(s, call, HCS_SCHEMA_EXPORT_LAYER_OPTIONS);

                if (!options)
                        return;
                writable = hcs_json_bool(hcs_json_get(options, "IsWritableLayer"));
        }
        sandbox = hcs_asprintf("%s/" SANDBOX_FILES, layer);
        export_to(s, call, layer, writable || !hcs_file_is_directory(sandbox) ? layer : sandbox);
}

void layer_export_legacy(struct storage *s, struct mock_call *call) {
        _cleanup_free_ char *mount = storage_place(s, call, "mount"),
                            *layer = mount ? storage_place(s, call, "path") : NULL;

        if (layer)
                export_to(s, call, layer, mount);
}

void layer_initialize(struct storage *s, struct mock_call *call) {
        bool legacy = call->function->verb == MOCK_STORAGE_INITIALIZE_LEGACY;
        _cleanup_free_ char *mount = legacy ? storage_place(s, call, "mount") : NULL,
                            *layer = legacy && !mount ? NULL : storage_place(s, call, "path"),
                            *hives = layer ? hcs_asprintf("%s/Hives", layer) : NULL;
        _cleanup_(storage_parents_free) struct storage_parents parents = {0};
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (!layer || !options_fit(s->em, call, HCS_SCHEMA_TYPE_COUNT) || !storage_parents(s, call, true, &parents))
                return;
        if (!hcs_file_is_directory(layer) || (legacy && !hcs_file_is_directory(mount))) {
                refuse(call, STORAGE_PATH_NOT_FOUND, "there is no folder \"%s\"", mock_call_text(call, "path"));
                return;
        }
        hr = hcs_directory_create(hives, &err);
        for (size_t i = 0; SUCCEEDED(hr) && i < HCS_ARRAY_SIZE(deltas); i++) {
                _cleanup_free_ char *hive = hcs_asprintf("%s/%s", hives, deltas[i]);

                if (!hcs_file_exists(hive))
                        hr = hcs_file_write(hive, "", 0, &err);
        }
        storage_end(call, hr, &err);
}
