/* SPDX-License-Identifier: MIT */

/*
 * The legacy transport format, a folder: tombstones.txt, Files with a carrier for each file (stream.c) and
 * NAME.$wcidirs$ for each folder, Hives and UtilityVM as plain files. Import makes a layer out of it, export the other
 * way. Source: the HCS reference 5.2.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mockhcs/emulate/storage/storage.h"

#define OF_FOLDER ".$wcidirs$"

/* Folders on both sides of a walk. */
struct walk {
        const char *from, *to, *streams;
        struct hcs_buf *tombstones; /* export: lines are added */
};

static char *below(const char *folder, const char *name) {
        return hcs_asprintf("%s/%s", folder, name);
}

static HRESULT refuse_entry(const char *path, struct hcs_error **err) {
        return hcs_error_make(err, STORAGE_UNSUPPORTED, "`%s` is neither a file nor a folder", path);
}

static HRESULT import_folder(const struct walk *w, struct hcs_error **err);

static HRESULT import_entry(const struct walk *w, const char *name, struct hcs_error **err) {
        _cleanup_free_ char *from = below(w->from, name), *to = below(w->to, name), *streams = below(w->streams, name);

        switch (hcs_place_at(from)) {
        case HCS_PLACE_FILE:
                if (!hcs_str_ends(name, OF_FOLDER))
                        return storage_stream_unpack(from, to, streams, err);
                to[strlen(to) - strlen(OF_FOLDER)] = '\0';
                return FAILED(hcs_directory_create(to, err)) ? E_FAIL : storage_stream_unpack(from, NULL, streams, err);
        case HCS_PLACE_FOLDER:
                return import_folder(&(struct walk){.from = from, .to = to, .streams = streams}, err);
        default:
                return refuse_entry(from, err);
        }
}

static HRESULT import_folder(const struct walk *w, struct hcs_error **err) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};
        HRESULT hr = hcs_directory_create(w->to, err);

        if (SUCCEEDED(hr))
                hr = hcs_directory_create(w->streams, err);
        if (SUCCEEDED(hr))
                hr = hcs_folder_list(w->from, &names, err);
        for (size_t i = 0; SUCCEEDED(hr) && i < names.n; i++)
                hr = import_entry(w, names.items[i], err);
        return hr;
}

/* What stands at the top of the folder. */
static HRESULT import_part(const char *source, const char *layer, const char *name, struct hcs_error **err) {
        _cleanup_free_ char *from = below(source, name), *to = below(layer, name), *streams = below(layer, STREAMS),
                            *kept = below(streams, name);
        HRESULT hr;

        if (hcs_strcaseeq(name, "Files"))
                return import_folder(&(struct walk){.from = from, .to = to, .streams = kept}, err);
        if (hcs_strcaseeq(name, "Files" OF_FOLDER)) {
                hr = hcs_directory_create(streams, err);
                return SUCCEEDED(hr) ? storage_stream_unpack(from, NULL, kept, err) : hr;
        }
        if (hcs_strcaseeq(name, "Hives") || hcs_strcaseeq(name, "UtilityVM") || hcs_strcaseeq(name, TOMBSTONES))
                return storage_copy(from, to, err);
        return hcs_error_make(err, STORAGE_BAD_DATA, "`%s` is not of the transport format", from);
}

HRESULT storage_import(const char *source, const char *layer, struct hcs_error **err) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};
        HRESULT hr = hcs_folder_list(source, &names, err);

        if (SUCCEEDED(hr))
                hr = hcs_directory_create(layer, err);
        for (size_t i = 0; SUCCEEDED(hr) && i < names.n; i++)
                hr = import_part(source, layer, names.items[i], err);
        return hr;
}

static HRESULT export_folder(const struct walk *w, const char *place, struct hcs_error **err);

/* place: the name within Files, as tombstones have it. */
static HRESULT export_entry(const struct walk *w, const char *place, const char *name, struct hcs_error **err) {
        _cleanup_free_ char *from = below(w->from, name), *to = below(w->to, name), *streams = below(w->streams, name);

        if (w->tombstones && hcs_str_starts(name, DELETED)) {
                hcs_buf_printf(w->tombstones, "%s\\%s\n", place, name + strlen(DELETED));
                return S_OK;
        }
        switch (hcs_place_at(from)) {
        case HCS_PLACE_FILE:
                return storage_stream_pack(from, streams, to, err);
        case HCS_PLACE_FOLDER: {
                _cleanup_free_ char *carrier = hcs_asprintf("%s" OF_FOLDER, to),
                                    *kept = hcs_asprintf("%s" OF_FOLDER, streams),
                                    *inside = hcs_asprintf("%s\\%s", place, name);
                HRESULT hr = storage_stream_pack(NULL, kept, carrier, err);

                return SUCCEEDED(hr) ? export_folder(&(struct walk){.from = from,
                                                                    .to = to,
                                                                    .streams = streams,
                                                                    .tombstones = w->tombstones},
                                                     inside, err)
                                     : hr;
        }
        default:
                return refuse_entry(from, err);
        }
}

static HRESULT export_folder(const struct walk *w, const char *place, struct hcs_error **err) {
        _cleanup_(hcs_names_deinit) struct hcs_names names = {0};
        HRESULT hr = hcs_directory_create(w->to, err);

        if (SUCCEEDED(hr))
                hr = hcs_folder_list(w->from, &names, err);
        for (size_t i = 0; SUCCEEDED(hr) && i < names.n; i++)
                hr = export_entry(w, place, names.items[i], err);
        return hr;
}

/* What was imported says itself what was deleted; what is in a scratch is marked. */
static HRESULT write_tombstones(const char *layer, const char *to, const struct hcs_buf *found,
                                struct hcs_error **err) {
        _cleanup_free_ char *from = below(layer, TOMBSTONES), *path = below(to, TOMBSTONES);
        _cleanup_buf_ struct hcs_buf text = {0};

        if (found->len == 0 && hcs_file_exists(from))
                return storage_copy_file(from, path, err);
        hcs_buf_puts(&text, TOMBSTONES_HEAD);
        hcs_buf_append(&text, hcs_buf_cstr(found), found->len);
        return hcs_file_write(path, text.data, text.len, err);
}

HRESULT storage_export(const char *layer, const char *files, const char *to, struct hcs_error **err) {
        _cleanup_free_ char *from = below(files, "Files"), *into = below(to, "Files"), *hives = below(layer, "Hives"),
                            *hives_to = below(to, "Hives"), *streams = below(layer, STREAMS "/Files"),
                            *carrier = hcs_asprintf("%s" OF_FOLDER, into),
                            *kept = hcs_asprintf("%s" OF_FOLDER, streams);
        _cleanup_buf_ struct hcs_buf tombstones = {0};
        struct walk w = {.from = from, .to = into, .streams = streams, .tombstones = &tombstones};
        HRESULT hr = hcs_directory_create(to, err);

        if (SUCCEEDED(hr) && hcs_file_is_directory(from)) {
                hr = export_folder(&w, "", err);
                if (SUCCEEDED(hr))
                        hr = storage_stream_pack(NULL, kept, carrier, err);
        }
        if (SUCCEEDED(hr) && hcs_file_is_directory(hives))
                hr = storage_copy(hives, hives_to, err);
        return SUCCEEDED(hr) ? write_tombstones(layer, to, &tombstones, err) : hr;
}
