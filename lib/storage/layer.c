/* SPDX-License-Identifier: MIT */

/* vmcompute's layer calls. A list of parents goes as descriptors: the id of each name, and its path. */

#include <string.h>

#include "platform/abi_text.h"
#include "platform/thread.h"
#include "storage/internal.h"

/* Hosts do not stand two threads in PrepareLayer. */
static struct hcs_once prepare_once = HCS_ONCE_INIT;
static struct hcs_mutex prepare_lock;

static void prepare_init(void) {
        hcs_mutex_init(&prepare_lock);
}

struct descriptors {
        HCS_LAYER_DESCRIPTOR *items;
        uint16_t **paths;
        DWORD n;
};

static void descriptors_deinit(struct descriptors *d) {
        for (DWORD i = 0; i < d->n; i++)
                free(d->paths[i]);
        free(d->paths);
        free(d->items);
}

static HRESULT describe(struct hcs_storage *s, const char *const *parents, size_t n, struct descriptors *ret,
                        struct hcs_error **err) {
        HRESULT hr = S_OK;

        ret->items = hcs_calloc(n + 1, sizeof(*ret->items));
        ret->paths = hcs_calloc(n + 1, sizeof(*ret->paths));
        for (size_t i = 0; SUCCEEDED(hr) && i < n; i++) {
                hr = storage_wide(parents[i], "the path of a parent", &ret->paths[i], err);
                if (FAILED(hr))
                        break;
                ret->n++;
                ret->items[i].Path = (PCWSTR)ret->paths[i];
                hr = hcs_layer_id(s, parents[i], &ret->items[i].LayerId, err);
        }
        return hr;
}

HRESULT hcs_name_to_guid(struct hcs_storage *s, const char *name, GUID *ret, struct hcs_error **err) {
        _cleanup_free_ uint16_t *wide = NULL;
        GUID id;
        HRESULT hr = storage_has((const void *)(uintptr_t)s->vmcompute.NameToGuid, "NameToGuid", err);

        if (SUCCEEDED(hr))
                hr = storage_wide(name, "a name", &wide, err);
        if (FAILED(hr))
                return hr;
        hr = storage_outcome(s->vmcompute.NameToGuid((PCWSTR)wide, &id), "NameToGuid", name, err);
        if (SUCCEEDED(hr))
                *ret = id;
        return hr;
}

HRESULT hcs_layer_id(struct hcs_storage *s, const char *path, GUID *ret, struct hcs_error **err) {
        size_t end = path ? strlen(path) : 0, begin;
        _cleanup_free_ char *name = NULL;

        if (!path)
                return hcs_error_make(err, E_POINTER, "the path of a layer is needed");
        while (end && strchr("/\\", path[end - 1]))
                end--;
        for (begin = end; begin && !strchr("/\\", path[begin - 1]);)
                begin--;
        name = hcs_strndup(path + begin, end - begin);
        return hcs_name_to_guid(s, name, ret, err);
}

/* A call about a layer and nothing else. */
#define CALL_OF_LAYER(function)                                                                   \
        _cleanup_free_ uint16_t *wide = NULL;                                                     \
        HRESULT hr = storage_has((const void *)(uintptr_t)s->vmcompute.function, #function, err); \
                                                                                                  \
        if (SUCCEEDED(hr))                                                                        \
                hr = storage_wide(path, "the path of a layer", &wide, err);                       \
        return FAILED(hr)                                                                         \
                       ? hr                                                                       \
                       : storage_outcome(s->vmcompute.function(&storage_driver, (PCWSTR)wide), #function, path, err);

HRESULT hcs_layer_activate(struct hcs_storage *s, const char *path,
                           struct hcs_error **err){CALL_OF_LAYER(ActivateLayer)}

HRESULT hcs_layer_deactivate(struct hcs_storage *s, const char *path,
                             struct hcs_error **err){CALL_OF_LAYER(DeactivateLayer)}

HRESULT hcs_layer_unprepare(struct hcs_storage *s, const char *path,
                            struct hcs_error **err){CALL_OF_LAYER(UnprepareLayer)}

HRESULT hcs_layer_destroy(struct hcs_storage *s, const char *path, struct hcs_error **err){CALL_OF_LAYER(DestroyLayer)}

#define CALL_OF_IMAGE(function)                                                                   \
        _cleanup_free_ uint16_t *wide = NULL;                                                     \
        HRESULT hr = storage_has((const void *)(uintptr_t)s->vmcompute.function, #function, err); \
                                                                                                  \
        if (SUCCEEDED(hr))                                                                        \
                hr = storage_wide(path, "the path of a layer", &wide, err);                       \
        return FAILED(hr) ? hr : storage_outcome(s->vmcompute.function((PCWSTR)wide), #function, path, err);

HRESULT hcs_layer_process_base(struct hcs_storage *s, const char *path,
                               struct hcs_error **err){CALL_OF_IMAGE(ProcessBaseImage)}

HRESULT hcs_layer_process_utility(struct hcs_storage *s, const char *path,
                                  struct hcs_error **err){CALL_OF_IMAGE(ProcessUtilityImage)}

HRESULT hcs_layer_create(struct hcs_storage *s, const char *path, const char *parent, struct hcs_error **err) {
        _cleanup_free_ uint16_t *wide = NULL, *below = NULL;
        HRESULT hr = storage_has((const void *)(uintptr_t)s->vmcompute.CreateLayer, "CreateLayer", err);

        if (SUCCEEDED(hr))
                hr = storage_wide(path, "the path of a layer", &wide, err);
        if (SUCCEEDED(hr))
                hr = hcs_abi_text_wide(parent, &below, err);
        if (FAILED(hr))
                return hr;
        return storage_outcome(s->vmcompute.CreateLayer(&storage_driver, (PCWSTR)wide, (PCWSTR)below), "CreateLayer",
                               path, err);
}

/* The layer, the layers below, and maybe a folder, for the calls that take all of them. */
struct arguments {
        uint16_t *path, *folder;
        struct descriptors below;
};

static void arguments_deinit(struct arguments *a) {
        free(a->path);
        free(a->folder);
        descriptors_deinit(&a->below);
}

static HRESULT gather(struct hcs_storage *s, const void *function, const char *name, const char *path,
                      const char *const *parents, size_t n, struct arguments *ret, struct hcs_error **err) {
        HRESULT hr = storage_has(function, name, err);

        if (SUCCEEDED(hr))
                hr = storage_wide(path, "the path of a layer", &ret->path, err);
        return SUCCEEDED(hr) ? describe(s, parents, n, &ret->below, err) : hr;
}

HRESULT hcs_layer_create_scratch(struct hcs_storage *s, const char *path, const char *const *parents, size_t n,
                                 struct hcs_error **err) {
        _cleanup_(arguments_deinit) struct arguments a = {0};
        HRESULT hr = gather(s, (const void *)(uintptr_t)s->vmcompute.CreateSandboxLayer, "CreateSandboxLayer", path,
                            parents, n, &a, err);

        if (FAILED(hr))
                return hr;
        hr = s->vmcompute.CreateSandboxLayer(&storage_driver, (PCWSTR)a.path, NULL, a.below.items, a.below.n);
        return storage_outcome(hr, "CreateSandboxLayer", path, err);
}

HRESULT hcs_layer_expand_scratch(struct hcs_storage *s, const char *path, uint64_t size, struct hcs_error **err) {
        _cleanup_free_ uint16_t *wide = NULL;
        HRESULT hr = storage_has((const void *)(uintptr_t)s->vmcompute.ExpandSandboxSize, "ExpandSandboxSize", err);

        if (SUCCEEDED(hr))
                hr = storage_wide(path, "the path of a layer", &wide, err);
        if (FAILED(hr))
                return hr;
        return storage_outcome(s->vmcompute.ExpandSandboxSize(&storage_driver, (PCWSTR)wide, size), "ExpandSandboxSize",
                               path, err);
}

HRESULT hcs_layer_exists(struct hcs_storage *s, const char *path, bool *ret, struct hcs_error **err) {
        _cleanup_free_ uint16_t *wide = NULL;
        DWORD exists = 0;
        HRESULT hr = storage_has((const void *)(uintptr_t)s->vmcompute.LayerExists, "LayerExists", err);

        if (SUCCEEDED(hr))
                hr = storage_wide(path, "the path of a layer", &wide, err);
        if (FAILED(hr))
                return hr;
        hr = storage_outcome(s->vmcompute.LayerExists(&storage_driver, (PCWSTR)wide, &exists), "LayerExists", path,
                             err);
        if (SUCCEEDED(hr))
                *ret = exists != 0;
        return hr;
}

HRESULT hcs_layer_prepare(struct hcs_storage *s, const char *path, const char *const *parents, size_t n,
                          struct hcs_error **err) {
        _cleanup_(arguments_deinit) struct arguments a = {0};
        HRESULT hr = gather(s, (const void *)(uintptr_t)s->vmcompute.PrepareLayer, "PrepareLayer", path, parents, n, &a,
                            err);

        if (FAILED(hr))
                return hr;
        hcs_once(&prepare_once, prepare_init);
        hcs_mutex_lock(&prepare_lock);
        hr = s->vmcompute.PrepareLayer(&storage_driver, (PCWSTR)a.path, a.below.items, a.below.n);
        hcs_mutex_unlock(&prepare_lock);
        return storage_outcome(hr, "PrepareLayer", path, err);
}

/* Asks for the length, then for as much; the path may grow in between. */
HRESULT hcs_layer_mount_path(struct hcs_storage *s, const char *path, char **ret, struct hcs_error **err) {
        _cleanup_free_ uint16_t *wide = NULL, *buffer = NULL;
        size_t length = 0;
        HRESULT hr = storage_has((const void *)(uintptr_t)s->vmcompute.GetLayerMountPath, "GetLayerMountPath", err);

        if (SUCCEEDED(hr))
                hr = storage_wide(path, "the path of a layer", &wide, err);
        if (FAILED(hr))
                return hr;
        hr = s->vmcompute.GetLayerMountPath(&storage_driver, (PCWSTR)wide, &length, NULL);
        if (SUCCEEDED(hr) && length) {
                buffer = hcs_calloc(length + 1, sizeof(*buffer));
                hr = s->vmcompute.GetLayerMountPath(&storage_driver, (PCWSTR)wide, &length, (WCHAR *)buffer);
        }
        hr = storage_outcome(hr, "GetLayerMountPath", path, err);
        if (SUCCEEDED(hr))
                *ret = buffer ? hcs_abi_text_copy((PCWSTR)buffer) : NULL;
        return hr;
}

HRESULT hcs_layer_mount(struct hcs_storage *s, const char *path, const char *const *parents, size_t n, char **ret,
                        struct hcs_error **err) {
        HRESULT hr = hcs_layer_activate(s, path, err);

        if (FAILED(hr))
                return hr;
        hr = hcs_layer_prepare(s, path, parents, n, err);
        if (SUCCEEDED(hr)) {
                hr = hcs_layer_mount_path(s, path, ret, err);
                if (FAILED(hr))
                        hcs_layer_unprepare(s, path, NULL);
        }
        if (FAILED(hr))
                hcs_layer_deactivate(s, path, NULL);
        return hr;
}

HRESULT hcs_layer_unmount(struct hcs_storage *s, const char *path, struct hcs_error **err) {
        HRESULT hr = hcs_layer_unprepare(s, path, err), second = hcs_layer_deactivate(s, path, FAILED(hr) ? NULL : err);

        return FAILED(hr) ? hr : second;
}

HRESULT hcs_layer_import(struct hcs_storage *s, const char *path, const char *folder, const char *const *parents,
                         size_t n, struct hcs_error **err) {
        _cleanup_(arguments_deinit) struct arguments a = {0};
        HRESULT hr =
                gather(s, (const void *)(uintptr_t)s->vmcompute.ImportLayer, "ImportLayer", path, parents, n, &a, err);

        if (SUCCEEDED(hr))
                hr = storage_wide(folder, "a folder", &a.folder, err);
        if (FAILED(hr))
                return hr;
        hr = s->vmcompute.ImportLayer(&storage_driver, (PCWSTR)a.path, (PCWSTR)a.folder, a.below.items, a.below.n);
        return storage_outcome(hr, "ImportLayer", path, err);
}

HRESULT hcs_layer_export(struct hcs_storage *s, const char *path, const char *folder, const char *const *parents,
                         size_t n, struct hcs_error **err) {
        _cleanup_(arguments_deinit) struct arguments a = {0};
        HRESULT hr =
                gather(s, (const void *)(uintptr_t)s->vmcompute.ExportLayer, "ExportLayer", path, parents, n, &a, err);

        if (SUCCEEDED(hr))
                hr = storage_wide(folder, "a folder", &a.folder, err);
        if (FAILED(hr))
                return hr;
        hr = s->vmcompute.ExportLayer(&storage_driver, (PCWSTR)a.path, (PCWSTR)a.folder, a.below.items, a.below.n);
        return storage_outcome(hr, "ExportLayer", path, err);
}

HRESULT hcs_storage_base_images(struct hcs_storage *s, char **ret, struct hcs_error **err) {
        PWSTR text = NULL;
        HRESULT hr = storage_has((const void *)(uintptr_t)s->vmcompute.GetBaseImages, "GetBaseImages", err);

        if (FAILED(hr))
                return hr;
        hr = storage_outcome(s->vmcompute.GetBaseImages(&text), "GetBaseImages", NULL, err);
        if (SUCCEEDED(hr))
                *ret = hcs_abi_text_take(text);
        return hr;
}
