/* SPDX-License-Identifier: MIT */

/*
 * vmcompute's layer functions. A layer call carries the layer's id (a full path) and what else it was given; which
 * function it is stands in the call's name. Synchronous; any thread.
 */

#define HCS_ABI_IMPLEMENTATION
#define HCS_ABI_PROTOTYPES
#pragma GCC visibility push(default)
#include "hcsshim/abi/vmcompute.h"
#pragma GCC visibility pop

#include <string.h>

#include "base/utf.h"
#include "mockhcs/abi/front.h"

_Static_assert(offsetof(HCS_DRIVER_INFO, HomeDir) == 8 && sizeof(HCS_DRIVER_INFO) == 16, "as on Windows x64");
_Static_assert(offsetof(HCS_LAYER_DESCRIPTOR, Flags) == 16 && offsetof(HCS_LAYER_DESCRIPTOR, Path) == 24 &&
                       sizeof(HCS_LAYER_DESCRIPTOR) == 32,
               "as on Windows x64");

static uint64_t finish(struct mock_front *f) {
        mock_front_submit(f);
        mock_front_wait(f);
        return mock_front_end(f);
}

/* The parent layers as one document: [{"Id":"<guid>","Path":"..."}]. */
static void add_layers(struct mock_front *f, const HCS_LAYER_DESCRIPTOR *layers, DWORD count) {
        _cleanup_json_ struct hcs_json *list = hcs_json_new_array();
        char *text;

        for (DWORD i = 0; layers && i < count; i++) {
                size_t n = hcs_utf16_len((const uint16_t *)layers[i].Path);
                _cleanup_free_ char *path = hcs_utf16_to_utf8_lossy((const uint16_t *)layers[i].Path, n, NULL);
                struct hcs_json *layer = hcs_json_append(list, hcs_json_new_object());
                char id[HCS_GUID_TEXT_SIZE];

                hcs_json_set_string(layer, "Id", hcs_guid_format(&layers[i].LayerId, id));
                hcs_json_set_string(layer, "Path", path);
        }
        text = hcs_json_text(list, HCS_JSON_GO);
        mock_value_set_document(mock_call_add(&f->call), "layers", text);
}

HCS_ABI_HRESULT HCS_ABI_CALL ActivateLayer(const HCS_DRIVER_INFO *info, PCWSTR id) {
        FRONT(f, VMCOMPUTE, "ActivateLayer");
        mock_front_text(&f, "id", id);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL DeactivateLayer(const HCS_DRIVER_INFO *info, PCWSTR id) {
        FRONT(f, VMCOMPUTE, "DeactivateLayer");
        mock_front_text(&f, "id", id);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL UnprepareLayer(const HCS_DRIVER_INFO *info, PCWSTR id) {
        FRONT(f, VMCOMPUTE, "UnprepareLayer");
        mock_front_text(&f, "id", id);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL DestroyLayer(const HCS_DRIVER_INFO *info, PCWSTR id) {
        FRONT(f, VMCOMPUTE, "DestroyLayer");
        mock_front_text(&f, "id", id);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL PrepareLayer(const HCS_DRIVER_INFO *info, PCWSTR id, const HCS_LAYER_DESCRIPTOR *layers,
                                          DWORD count) {
        FRONT(f, VMCOMPUTE, "PrepareLayer");
        mock_front_text(&f, "id", id);
        add_layers(&f, layers, count);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL CreateLayer(const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR parent) {
        FRONT(f, VMCOMPUTE, "CreateLayer");
        mock_front_text(&f, "id", id);
        mock_front_document(&f, "parent", parent);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL CreateSandboxLayer(const HCS_DRIVER_INFO *info, PCWSTR id, const void *parent,
                                                const HCS_LAYER_DESCRIPTOR *layers, DWORD count) {
        FRONT(f, VMCOMPUTE, "CreateSandboxLayer");
        mock_front_text(&f, "id", id);
        add_layers(&f, layers, count);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL ExpandSandboxSize(const HCS_DRIVER_INFO *info, PCWSTR id, uint64_t size) {
        FRONT(f, VMCOMPUTE, "ExpandSandboxSize");
        mock_front_text(&f, "id", id);
        mock_front_number(&f, "size", size);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL CopyLayer(const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR destination,
                                       const HCS_LAYER_DESCRIPTOR *layers, DWORD count) {
        FRONT(f, VMCOMPUTE, "CopyLayer");
        mock_front_text(&f, "id", id);
        mock_front_text(&f, "path", destination);
        add_layers(&f, layers, count);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL ExportLayer(const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR path,
                                         const HCS_LAYER_DESCRIPTOR *layers, DWORD count) {
        FRONT(f, VMCOMPUTE, "ExportLayer");
        mock_front_text(&f, "id", id);
        mock_front_text(&f, "path", path);
        add_layers(&f, layers, count);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL ImportLayer(const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR path,
                                         const HCS_LAYER_DESCRIPTOR *layers, DWORD count) {
        FRONT(f, VMCOMPUTE, "ImportLayer");
        mock_front_text(&f, "id", id);
        mock_front_text(&f, "path", path);
        add_layers(&f, layers, count);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL ProcessBaseImage(PCWSTR path) {
        FRONT(f, VMCOMPUTE, "ProcessBaseImage");
        mock_front_text(&f, "path", path);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL ProcessUtilityImage(PCWSTR path) {
        FRONT(f, VMCOMPUTE, "ProcessUtilityImage");
        mock_front_text(&f, "path", path);
        return finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL GetBaseImages(PWSTR *json) {
        FRONT(f, VMCOMPUTE, "GetBaseImages");
        mock_front_clear(json);
        mock_front_submit(&f);
        mock_front_wait(&f);
        if (SUCCEEDED(f.hr))
                mock_front_result(&f, f.op, json);
        return mock_front_end(&f);
}

/* What a layer call answers is a JSON document: a string, a boolean. NULL when it is neither. */
static struct hcs_json *answer(struct mock_front *f) {
        mock_front_submit(f);
        mock_front_wait(f);
        return SUCCEEDED(f->hr) && f->op ? mock_value_tree(&f->op->op.completion.result, NULL) : NULL;
}

HCS_ABI_HRESULT HCS_ABI_CALL LayerExists(const HCS_DRIVER_INFO *info, PCWSTR id, DWORD *exists) {
        FRONT(f, VMCOMPUTE, "LayerExists");
        mock_front_text(&f, "id", id);
        if (exists)
                *exists = hcs_json_bool(answer(&f));
        else
                mock_front_local(&f, E_POINTER);
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL NameToGuid(PCWSTR name, GUID *guid) {
        FRONT(f, VMCOMPUTE, "NameToGuid");
        mock_front_text(&f, "name", name);
        if (!guid)
                mock_front_local(&f, E_POINTER);
        else if (FAILED(hcs_guid_parse(hcs_json_string(answer(&f)), guid, NULL)) && SUCCEEDED(f.hr))
                f.hr = E_UNEXPECTED;
        return mock_front_end(&f);
}

/* Two calls: without a buffer for the length in characters with the NUL, then with one. */
HCS_ABI_HRESULT HCS_ABI_CALL GetLayerMountPath(const HCS_DRIVER_INFO *info, PCWSTR id, size_t *length, WCHAR *buffer) {
        FRONT(f, VMCOMPUTE, "GetLayerMountPath");
        mock_front_text(&f, "id", id);
        if (!length) {
                mock_front_local(&f, E_POINTER);
                return mock_front_end(&f);
        }
        const char *path = hcs_json_string(answer(&f));
        size_t n = 0;
        _cleanup_free_ uint16_t *wide = path ? hcs_utf8_to_utf16_lossy(path, strlen(path), &n) : NULL;

        if (SUCCEEDED(f.hr) && buffer && *length < n + 1)
                f.hr = HCS_WIN32(122);
        else if (SUCCEEDED(f.hr) && buffer && wide)
                memcpy(buffer, wide, (n + 1) * sizeof(*wide));
        if (SUCCEEDED(f.hr))
                *length = path ? n + 1 : 0;
        return mock_front_end(&f);
}
