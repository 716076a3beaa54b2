/* SPDX-License-Identifier: MIT */

/*
 * vmcompute's layer functions. A layer call carries the layer's id and what else it was given. An id is a full path, or
 * a name below the driver's home, which is then put in front of it. Synchronous; any thread.
 */

#define HCS_ABI_IMPLEMENTATION
#define HCS_ABI_PROTOTYPES
#pragma GCC visibility push(default)
#include "hcsshim/abi/vmcompute.h"
#pragma GCC visibility pop

#include <string.h>

#include "base/utf.h"
#include "mockhcs/abi/front.h"
#include "mockhcs/abi/layer_argument.h"

static void add_id(struct mock_front *f, const HCS_DRIVER_INFO *info, PCWSTR id) {
        _cleanup_free_ uint16_t *whole = mock_layer_whole_id(info, id);

        mock_front_text(f, "id", whole ? (PCWSTR)whole : id);
}

/* Paths go into a document, where each has to be text. */
static void add_layers(struct mock_front *f, const HCS_LAYER_DESCRIPTOR *layers, DWORD count) {
        for (DWORD i = 0; layers && i < count; i++) {
                const uint16_t *path = (const uint16_t *)layers[i].Path;
                _cleanup_free_ char *text = NULL;

                if (path && FAILED(hcs_utf16_to_utf8(path, hcs_utf16_len(path), &text, NULL, NULL)) && SUCCEEDED(f->hr))
                        f->hr = E_INVALIDARG;
        }
        mock_value_set_document(mock_call_add(&f->call), "layers", mock_layer_list(layers, count));
}

HCS_ABI_HRESULT HCS_ABI_CALL ActivateLayer(const HCS_DRIVER_INFO *info, PCWSTR id) {
        FRONT(f, VMCOMPUTE, "ActivateLayer");
        add_id(&f, info, id);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL DeactivateLayer(const HCS_DRIVER_INFO *info, PCWSTR id) {
        FRONT(f, VMCOMPUTE, "DeactivateLayer");
        add_id(&f, info, id);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL UnprepareLayer(const HCS_DRIVER_INFO *info, PCWSTR id) {
        FRONT(f, VMCOMPUTE, "UnprepareLayer");
        add_id(&f, info, id);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL DestroyLayer(const HCS_DRIVER_INFO *info, PCWSTR id) {
        FRONT(f, VMCOMPUTE, "DestroyLayer");
        add_id(&f, info, id);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL PrepareLayer(const HCS_DRIVER_INFO *info, PCWSTR id, const HCS_LAYER_DESCRIPTOR *layers,
                                          DWORD count) {
        FRONT(f, VMCOMPUTE, "PrepareLayer");
        add_id(&f, info, id);
        add_layers(&f, layers, count);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL CreateLayer(const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR parent) {
        FRONT(f, VMCOMPUTE, "CreateLayer");
        add_id(&f, info, id);
        mock_front_document(&f, "parent", parent);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL CreateSandboxLayer(const HCS_DRIVER_INFO *info, PCWSTR id, const void *parent,
                                                const HCS_LAYER_DESCRIPTOR *layers, DWORD count) {
        FRONT(f, VMCOMPUTE, "CreateSandboxLayer");
        add_id(&f, info, id);
        add_layers(&f, layers, count);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL ExpandSandboxSize(const HCS_DRIVER_INFO *info, PCWSTR id, uint64_t size) {
        FRONT(f, VMCOMPUTE, "ExpandSandboxSize");
        add_id(&f, info, id);
        mock_front_number(&f, "size", size);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL CopyLayer(const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR destination,
                                       const HCS_LAYER_DESCRIPTOR *layers, DWORD count) {
        FRONT(f, VMCOMPUTE, "CopyLayer");
        add_id(&f, info, id);
        mock_front_text(&f, "path", destination);
        add_layers(&f, layers, count);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL ExportLayer(const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR path,
                                         const HCS_LAYER_DESCRIPTOR *layers, DWORD count) {
        FRONT(f, VMCOMPUTE, "ExportLayer");
        add_id(&f, info, id);
        mock_front_text(&f, "path", path);
        add_layers(&f, layers, count);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL ImportLayer(const HCS_DRIVER_INFO *info, PCWSTR id, PCWSTR path,
                                         const HCS_LAYER_DESCRIPTOR *layers, DWORD count) {
        FRONT(f, VMCOMPUTE, "ImportLayer");
        add_id(&f, info, id);
        mock_front_text(&f, "path", path);
        add_layers(&f, layers, count);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL ProcessBaseImage(PCWSTR path) {
        FRONT(f, VMCOMPUTE, "ProcessBaseImage");
        mock_front_text(&f, "path", path);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL ProcessUtilityImage(PCWSTR path) {
        FRONT(f, VMCOMPUTE, "ProcessUtilityImage");
        mock_front_text(&f, "path", path);
        return mock_front_finish(&f);
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
        add_id(&f, info, id);
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
        add_id(&f, info, id);
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
