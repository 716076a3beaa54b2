/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_ABI_COMPUTESTORAGE_H
#define HCSSHIM_ABI_COMPUTESTORAGE_H

/*
 * computestorage: layers of containers as folders, scratch disks and filters. One list, as in computecore.h. Every call
 * is synchronous. Paths are full ones; `layerData` is a LayerData document, `options` the document its function names
 * or "". A vhd HANDLE is what opened the file of the disk (on Windows also what virtdisk gave for it; on Linux a file
 * descriptor); 0 for none. A mount path is freed by the caller.
 * Source: hcsshim's bindings and the published reference; the two legacy functions are documented and not bound.
 * HcsDestoryLayer is HcsDestroyLayer as the bindings of hcsshim 0.9 to 0.11 spell it; a platform need not have it.
 */

#include "hcsshim/abi/types.h"

/* X(return type, name, (parameters)) */
#define HCS_COMPUTESTORAGE_FUNCTIONS(X)                                                                               \
        X(HCS_ABI_HRESULT, HcsImportLayer, (PCWSTR layerPath, PCWSTR sourceFolder, PCWSTR layerData))                 \
        X(HCS_ABI_HRESULT, HcsExportLayer, (PCWSTR layerPath, PCWSTR exportFolder, PCWSTR layerData, PCWSTR options)) \
        X(HCS_ABI_HRESULT, HcsExportLegacyWritableLayer,                                                              \
          (PCWSTR mountPath, PCWSTR layerPath, PCWSTR exportFolder, PCWSTR layerData))                                \
        X(HCS_ABI_HRESULT, HcsDestroyLayer, (PCWSTR layerPath))                                                       \
        X(HCS_ABI_HRESULT, HcsDestoryLayer, (PCWSTR layerPath))                                                       \
        X(HCS_ABI_HRESULT, HcsSetupBaseOSLayer, (PCWSTR layerPath, HANDLE vhd, PCWSTR options))                       \
        X(HCS_ABI_HRESULT, HcsSetupBaseOSVolume, (PCWSTR layerPath, PCWSTR volumePath, PCWSTR options))               \
        X(HCS_ABI_HRESULT, HcsInitializeWritableLayer, (PCWSTR layerPath, PCWSTR layerData, PCWSTR options))          \
        X(HCS_ABI_HRESULT, HcsInitializeLegacyWritableLayer,                                                          \
          (PCWSTR mountPath, PCWSTR layerPath, PCWSTR layerData, PCWSTR options))                                     \
        X(HCS_ABI_HRESULT, HcsAttachLayerStorageFilter, (PCWSTR layerPath, PCWSTR layerData))                         \
        X(HCS_ABI_HRESULT, HcsDetachLayerStorageFilter, (PCWSTR layerPath))                                           \
        X(HCS_ABI_HRESULT, HcsFormatWritableLayerVhd, (HANDLE vhd))                                                   \
        X(HCS_ABI_HRESULT, HcsGetLayerVhdMountPath, (HANDLE vhd, PWSTR * mountPath))                                  \
        X(HCS_ABI_HRESULT, HcsAttachOverlayFilter, (PCWSTR volumePath, PCWSTR layerData))                             \
        X(HCS_ABI_HRESULT, HcsDetachOverlayFilter, (PCWSTR volumePath, PCWSTR layerData))

/* Every export as a pointer; NULL where the loaded library lacks it. */
struct hcs_computestorage_api {
#define HCS_ABI_MEMBER(ret, name, params) ret(HCS_ABI_CALL *name) params;
        HCS_COMPUTESTORAGE_FUNCTIONS(HCS_ABI_MEMBER)
#undef HCS_ABI_MEMBER
};

#ifdef HCS_ABI_PROTOTYPES
#define HCS_ABI_PROTOTYPE(ret, name, params) ret HCS_ABI_CALL name params;
HCS_COMPUTESTORAGE_FUNCTIONS(HCS_ABI_PROTOTYPE)
#undef HCS_ABI_PROTOTYPE
#endif

#endif
