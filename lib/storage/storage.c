/* SPDX-License-Identifier: MIT */

/* computestorage: texts in, an HRESULT out. */

#include "platform/abi_text.h"
#include "storage/internal.h"

#define MOST 4

/* Up to four texts as the platform takes them; the first is the layer. Options and documents may be NULL. */
struct texts {
        uint16_t *wide[MOST];
        const char *subject;
};

static void texts_deinit(struct texts *t) {
        for (size_t i = 0; i < MOST; i++)
                free(t->wide[i]);
}

struct text {
        const char *text, *name; /* name NULL: it may be left out */
};

static HRESULT take(const void *function, const char *name, const struct text *given, size_t n, struct texts *ret,
                    struct hcs_error **err) {
        HRESULT hr = storage_has(function, name, err);

        for (size_t i = 0; SUCCEEDED(hr) && i < n; i++)
                hr = given[i].name ? storage_wide(given[i].text, given[i].name, &ret->wide[i], err)
                                   : hcs_abi_text_wide(given[i].text, &ret->wide[i], err);
        ret->subject = given[0].text;
        return hr;
}

#define W(i) ((PCWSTR)t.wide[i])
/* CALL(HcsX, TEXTS(..), arguments): the whole of a function. */
#define TEXTS(...) \
        { __VA_ARGS__ }
#define CALL(function, list, ...)                                                                \
        const struct text given[] = list;                                                        \
        _cleanup_(texts_deinit) struct texts t = {0};                                            \
        HRESULT hr = take((const void *)(uintptr_t)s->computestorage.function, #function, given, \
                          HCS_ARRAY_SIZE(given), &t, err);                                       \
                                                                                                 \
        return FAILED(hr) ? hr : storage_outcome(s->computestorage.function(__VA_ARGS__), #function, t.subject, err);
#define LAYER(x) \
        { x, "the path of a layer" }
#define FOLDER(x) \
        { x, "a folder" }
#define VOLUME(x) \
        { x, "a volume" }
#define DATA(x) \
        { x, "the data of a layer" }
#define OPTION(x) \
        { x, NULL }

HRESULT hcs_storage_import(struct hcs_storage *s, const char *path, const char *folder, const char *layer_data,
                           struct hcs_error **err){
        CALL(HcsImportLayer, TEXTS(LAYER(path), FOLDER(folder), DATA(layer_data)), W(0), W(1), W(2))}

HRESULT hcs_storage_export(struct hcs_storage *s, const char *path, const char *folder, const char *layer_data,
                           const char *options, struct hcs_error **err){
        CALL(HcsExportLayer, TEXTS(LAYER(path), FOLDER(folder), DATA(layer_data), OPTION(options)), W(0), W(1), W(2),
             W(3))}

HRESULT hcs_storage_export_legacy(struct hcs_storage *s, const char *mount, const char *path, const char *folder,
                                  const char *layer_data, struct hcs_error **err){
        CALL(HcsExportLegacyWritableLayer, TEXTS(VOLUME(mount), LAYER(path), FOLDER(folder), DATA(layer_data)), W(0),
             W(1), W(2), W(3))}

HRESULT hcs_storage_destroy(struct hcs_storage *s, const char *path,
                            struct hcs_error **err){CALL(HcsDestroyLayer, TEXTS(LAYER(path)), W(0))}

HRESULT hcs_storage_setup_base(struct hcs_storage *s, const char *path, HANDLE vhd, const char *options,
                               struct hcs_error **err){
        CALL(HcsSetupBaseOSLayer, TEXTS(LAYER(path), OPTION(options)), W(0), vhd, W(1))}

HRESULT hcs_storage_setup_base_volume(struct hcs_storage *s, const char *path, const char *volume, const char *options,
                                      struct hcs_error **err){
        CALL(HcsSetupBaseOSVolume, TEXTS(LAYER(path), VOLUME(volume), OPTION(options)), W(0), W(1), W(2))}

HRESULT hcs_storage_initialize(struct hcs_storage *s, const char *path, const char *layer_data, const char *options,
                               struct hcs_error **err){
        CALL(HcsInitializeWritableLayer, TEXTS(LAYER(path), DATA(layer_data), OPTION(options)), W(0), W(1), W(2))}

HRESULT hcs_storage_initialize_legacy(struct hcs_storage *s, const char *mount, const char *path,
                                      const char *layer_data, const char *options, struct hcs_error **err){
        CALL(HcsInitializeLegacyWritableLayer, TEXTS(VOLUME(mount), LAYER(path), DATA(layer_data), OPTION(options)),
             W(0), W(1), W(2), W(3))}

HRESULT hcs_storage_attach_filter(struct hcs_storage *s, const char *path, const char *layer_data,
                                  struct hcs_error **err){
        CALL(HcsAttachLayerStorageFilter, TEXTS(LAYER(path), DATA(layer_data)), W(0), W(1))}

HRESULT hcs_storage_detach_filter(struct hcs_storage *s, const char *path,
                                  struct hcs_error **err){CALL(HcsDetachLayerStorageFilter, TEXTS(LAYER(path)), W(0))}

HRESULT hcs_storage_attach_overlay(struct hcs_storage *s, const char *volume, const char *layer_data,
                                   struct hcs_error **err){
        CALL(HcsAttachOverlayFilter, TEXTS(VOLUME(volume), DATA(layer_data)), W(0), W(1))}

HRESULT hcs_storage_detach_overlay(struct hcs_storage *s, const char *volume, const char *layer_data,
                                   struct hcs_error **err){
        CALL(HcsDetachOverlayFilter, TEXTS(VOLUME(volume), DATA(layer_data)), W(0), W(1))}

HRESULT hcs_storage_format(struct hcs_storage *s, HANDLE vhd, struct hcs_error **err) {
        HRESULT hr = storage_has((const void *)(uintptr_t)s->computestorage.HcsFormatWritableLayerVhd,
                                 "HcsFormatWritableLayerVhd", err);

        return FAILED(hr) ? hr
                          : storage_outcome(s->computestorage.HcsFormatWritableLayerVhd(vhd),
                                            "HcsFormatWritableLayerVhd", NULL, err);
}

HRESULT hcs_storage_vhd_mount_path(struct hcs_storage *s, HANDLE vhd, char **ret, struct hcs_error **err) {
        PWSTR path = NULL;
        HRESULT hr = storage_has((const void *)(uintptr_t)s->computestorage.HcsGetLayerVhdMountPath,
                                 "HcsGetLayerVhdMountPath", err);

        if (FAILED(hr))
                return hr;
        hr = storage_outcome(s->computestorage.HcsGetLayerVhdMountPath(vhd, &path), "HcsGetLayerVhdMountPath", NULL,
                             err);
        if (SUCCEEDED(hr))
                *ret = hcs_abi_text_take(path);
        return hr;
}
