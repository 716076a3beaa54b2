/* SPDX-License-Identifier: MIT */

/*
 * computestorage's exports. A disk comes as a handle and goes into the call as the path of its file, so that a trace
 * can be read and played elsewhere. Synchronous; any thread.
 */

#define HCS_ABI_IMPLEMENTATION
#define HCS_ABI_PROTOTYPES
#pragma GCC visibility push(default)
#include "hcsshim/abi/computestorage.h"
#pragma GCC visibility pop

#include <string.h>

#include "mockhcs/abi/front.h"
#include "platform/abi_text.h"
#include "platform/place.h"

/* optional: 0 is no disk, as some calls allow. A handle of no file is E_HANDLE. */
static void add_vhd(struct mock_front *f, HANDLE vhd, bool optional) {
        char *path = NULL;
        HRESULT hr = optional && !vhd ? S_OK : hcs_handle_path(vhd, &path, NULL);

        if (FAILED(hr) && SUCCEEDED(f->hr))
                f->hr = hr;
        mock_value_set_text(mock_call_add(&f->call), "vhd", path ? path : hcs_strdup(""));
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsImportLayer(PCWSTR layerPath, PCWSTR sourceFolder, PCWSTR layerData) {
        FRONT(f, COMPUTESTORAGE, "HcsImportLayer");
        mock_front_text(&f, "path", layerPath);
        mock_front_text(&f, "folder", sourceFolder);
        mock_front_document(&f, "layerData", layerData);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsExportLayer(PCWSTR layerPath, PCWSTR exportFolder, PCWSTR layerData, PCWSTR options) {
        FRONT(f, COMPUTESTORAGE, "HcsExportLayer");
        mock_front_text(&f, "path", layerPath);
        mock_front_text(&f, "folder", exportFolder);
        mock_front_document(&f, "layerData", layerData);
        mock_front_document(&f, "options", options);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsExportLegacyWritableLayer(PCWSTR mountPath, PCWSTR layerPath, PCWSTR exportFolder,
                                                          PCWSTR layerData) {
        FRONT(f, COMPUTESTORAGE, "HcsExportLegacyWritableLayer");
        mock_front_text(&f, "mount", mountPath);
        mock_front_text(&f, "path", layerPath);
        mock_front_text(&f, "folder", exportFolder);
        mock_front_document(&f, "layerData", layerData);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsDestroyLayer(PCWSTR layerPath) {
        FRONT(f, COMPUTESTORAGE, "HcsDestroyLayer");
        mock_front_text(&f, "path", layerPath);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsDestoryLayer(PCWSTR layerPath) {
        FRONT(f, COMPUTESTORAGE, "HcsDestoryLayer");
        mock_front_text(&f, "path", layerPath);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsSetupBaseOSLayer(PCWSTR layerPath, HANDLE vhd, PCWSTR options) {
        FRONT(f, COMPUTESTORAGE, "HcsSetupBaseOSLayer");
        mock_front_text(&f, "path", layerPath);
        add_vhd(&f, vhd, true);
        mock_front_document(&f, "options", options);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsSetupBaseOSVolume(PCWSTR layerPath, PCWSTR volumePath, PCWSTR options) {
        FRONT(f, COMPUTESTORAGE, "HcsSetupBaseOSVolume");
        mock_front_text(&f, "path", layerPath);
        mock_front_text(&f, "mount", volumePath);
        mock_front_document(&f, "options", options);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsInitializeWritableLayer(PCWSTR layerPath, PCWSTR layerData, PCWSTR options) {
        FRONT(f, COMPUTESTORAGE, "HcsInitializeWritableLayer");
        mock_front_text(&f, "path", layerPath);
        mock_front_document(&f, "layerData", layerData);
        mock_front_document(&f, "options", options);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsInitializeLegacyWritableLayer(PCWSTR mountPath, PCWSTR layerPath, PCWSTR layerData,
                                                              PCWSTR options) {
        FRONT(f, COMPUTESTORAGE, "HcsInitializeLegacyWritableLayer");
        mock_front_text(&f, "mount", mountPath);
        mock_front_text(&f, "path", layerPath);
        mock_front_document(&f, "layerData", layerData);
        mock_front_document(&f, "options", options);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsAttachLayerStorageFilter(PCWSTR layerPath, PCWSTR layerData) {
        FRONT(f, COMPUTESTORAGE, "HcsAttachLayerStorageFilter");
        mock_front_text(&f, "path", layerPath);
        mock_front_document(&f, "layerData", layerData);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsDetachLayerStorageFilter(PCWSTR layerPath) {
        FRONT(f, COMPUTESTORAGE, "HcsDetachLayerStorageFilter");
        mock_front_text(&f, "path", layerPath);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsFormatWritableLayerVhd(HANDLE vhd) {
        FRONT(f, COMPUTESTORAGE, "HcsFormatWritableLayerVhd");
        add_vhd(&f, vhd, false);
        return mock_front_finish(&f);
}

/* The answer is a JSON string. */
HCS_ABI_HRESULT HCS_ABI_CALL HcsGetLayerVhdMountPath(HANDLE vhd, PWSTR *mountPath) {
        FRONT(f, COMPUTESTORAGE, "HcsGetLayerVhdMountPath");
        mock_front_clear(mountPath);
        add_vhd(&f, vhd, false);
        if (!mountPath) {
                mock_front_local(&f, E_POINTER);
                return mock_front_end(&f);
        }
        mock_front_submit(&f);
        mock_front_wait(&f);
        const char *path =
                SUCCEEDED(f.hr) && f.op ? hcs_json_string(mock_value_tree(&f.op->op.completion.result, NULL)) : NULL;
        if (path)
                *mountPath = hcs_abi_text_give(path, strlen(path));
        else if (SUCCEEDED(f.hr))
                f.hr = E_UNEXPECTED;
        return mock_front_end(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsAttachOverlayFilter(PCWSTR volumePath, PCWSTR layerData) {
        FRONT(f, COMPUTESTORAGE, "HcsAttachOverlayFilter");
        mock_front_text(&f, "mount", volumePath);
        mock_front_document(&f, "layerData", layerData);
        return mock_front_finish(&f);
}

HCS_ABI_HRESULT HCS_ABI_CALL HcsDetachOverlayFilter(PCWSTR volumePath, PCWSTR layerData) {
        FRONT(f, COMPUTESTORAGE, "HcsDetachOverlayFilter");
        mock_front_text(&f, "mount", volumePath);
        mock_front_document(&f, "layerData", layerData);
        return mock_front_finish(&f);
}
