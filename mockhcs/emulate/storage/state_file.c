/* SPDX-License-Identifier: MIT */

/*
 * Files of a machine's state: empty ones, made before a machine keeps its guest state (.vmgs) or its memory (.vmrs) in
 * them, and what a saved machine needs of a processor. What is saved on paper is known by its path and not in the file.
 */

#include "mockhcs/emulate/storage/storage.h"

#include "hcsshim/error.h"
#include "platform/place.h"

/* The processor of the emulated host: what x86-64-v2 has. */
#define PROCESSOR                                                                                                   \
        "{\"ProcessorFeatures\":[\"Sse3\",\"LahfSahf\",\"Ssse3\",\"Sse4_1\",\"Sse4_2\",\"Popcnt\",\"Cmpxchg16B\"]," \
        "\"XsaveProcessorFeatures\":[],\"CacheLineFlushSize\":64,\"ImplementedPhysicalAddressBits\":40}"

/* Where no option says where files are, nobody knows which folders there are. */
static HRESULT have_folder(const struct storage *s, const char *place, const char *folder, struct hcs_error **err) {
        if (hcs_file_is_directory(folder))
                return S_OK;
        if (s->work && hcs_path_is_within(place, s->root))
                return hcs_directory_create(folder, err);
        return hcs_error_make(err, STORAGE_PATH_NOT_FOUND, "there is no folder \"%s\"", folder);
}

void state_file_create(struct storage *s, struct mock_call *call) {
        const char *name = mock_call_text(call, "file");
        _cleanup_free_ char *place = storage_place(s, call, "file"), *folder = NULL;
        struct hcs_error *err = NULL;
        HRESULT hr;

        if (!place)
                return;
        folder = hcs_strndup(place, (size_t)(hcs_path_name(place) - place));
        hr = have_folder(s, place, folder, &err);
        if (SUCCEEDED(hr))
                hr = hcs_file_create(place, &err);
        if (hr == STORAGE_FILE_EXISTS) {
                hcs_error_free(err);
                refuse(call, hr, "the file \"%s\" exists already", name);
                return;
        }
        storage_end(call, hr, &err);
}

/* Under whichever name the client had for the place. */
static bool was_saved(struct storage *s, const char *place) {
        hcs_guard(&s->em->lock);

        for (const struct hcs_json *j = hcs_json_first(s->em->templates); j; j = hcs_json_next(j))
                if (storage_is_at(s, hcs_json_key(j), place))
                        return true;
        return false;
}

void state_file_processor(struct storage *s, struct mock_call *call) {
        const char *name = mock_call_text(call, "file");
        _cleanup_free_ char *place = storage_place(s, call, "file");

        if (!place)
                return;
        if (was_saved(s, place))
                mock_call_done(call, hcs_strdup(PROCESSOR));
        else if (!hcs_file_exists(place))
                refuse(call, STORAGE_NOT_FOUND, "there is no file \"%s\"", name);
        else
                refuse(call, STORAGE_CORRUPT, "\"%s\" holds no state that was saved on paper", name);
}
