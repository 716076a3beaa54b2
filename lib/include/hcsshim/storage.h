/* SPDX-License-Identifier: MIT */
#ifndef HCSSHIM_STORAGE_H
#define HCSSHIM_STORAGE_H

/*
 * Layers of Windows containers: the layer calls of vmcompute.dll, and computestorage.dll, which came later and does the
 * same with documents. The libraries are chosen and loaded at run time.
 *
 *   struct hcs_storage *s = NULL;  struct hcs_error *e = NULL;  char *volume = NULL;
 *   const char *below[] = {"C:\\layers\\app", "C:\\layers\\base"};  // the direct parent first, the base layer last
 *   if (FAILED(hcs_storage_open(NULL, &s, &e)) ||
 *       FAILED(hcs_layer_create_scratch(s, "C:\\layers\\c1", below, 2, &e)) ||
 *       FAILED(hcs_layer_mount(s, "C:\\layers\\c1", below, 2, &volume, &e)))
 *           puts(hcs_error_format(e));
 *
 * A layer is a folder, named by its full path; names below a home are not used, as in hcsshim. Its id is a GUID that
 * the platform makes of the last part of the path alone: two layers with the same name have the same id.
 *
 * Documents are UTF-8 JSON: LayerData ({"SchemaVersion":..,"Layers":[{"Id":..,"Path":..}]}, hcs_layer_data() makes
 * one), OsLayerOptions, ExportLayerOptions. NULL options are "". They are handed on as they are.
 *
 * Ownership. Strings returned through ret_ are freed with free(), lists with hcs_documents_deinit(). Arguments are
 * borrowed for the time of the call. A NULL path is E_POINTER.
 *
 * Errors. What the platform says, with the function and the layer: `PrepareLayer/C:\layers\c1: ...`. Known of hosts:
 * 0x80070003 a layer or folder is not there; 0x80070020 a disk is in use; 0x80070015 the scratch is not active.
 * HCS_WIN32(127): the loaded library lacks the export.
 *
 * Threads. Every function may be called from any thread at any time; calls block in the platform and cannot be
 * bounded. PrepareLayer is never called by two threads at once, because hosts do not stand it.
 *
 * Behaviour follows hcsshim's internal/wclayer and computestorage. Where it knowingly differs: a path need not be made
 * a long one (`\\?\`) first; expanding a scratch does not grow the file system in it, because that is done through the
 * volume and not through HCS.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/abi/computestorage.h"
#include "hcsshim/abi/vmcompute.h"
#include "hcsshim/documents.h"
#include "hcsshim/error.h"

#pragma GCC visibility push(default)

struct hcs_storage;

struct hcs_storage_options {
        const char *library_path; /* of both libraries; as in hcs_client_options, a folder or nothing */
        /* Tables to use instead of loading; copied. Functions that a table lacks are HCS_WIN32(127) when called. */
        const struct hcs_vmcompute_api *vmcompute;
        const struct hcs_computestorage_api *computestorage;
};
/* options may be NULL. HCS_WIN32(126) when vmcompute does not load; computestorage may be missing. */
HRESULT hcs_storage_open(const struct hcs_storage_options *options, struct hcs_storage **ret, struct hcs_error **err);
struct hcs_storage *hcs_storage_ref(struct hcs_storage *s);
struct hcs_storage *hcs_storage_unref(struct hcs_storage *s); /* returns NULL; NULL is fine */

/* ---- ids and documents ---- */

/* The platform's own hash of a name. */
HRESULT hcs_name_to_guid(struct hcs_storage *s, const char *name, GUID *ret, struct hcs_error **err);
/* Of a layer: of the last part of its path. */
HRESULT hcs_layer_id(struct hcs_storage *s, const char *path, GUID *ret, struct hcs_error **err);
/* LayerData of layers, the topmost first. filter: "UnionFS", "WCIFS" or NULL. */
HRESULT hcs_layer_data(struct hcs_storage *s, const char *const *layers, size_t n, const char *filter, char **ret,
                       struct hcs_error **err);
/* layerchain.json, where Docker and hcsshim's tools keep the parents of a layer, the direct one first; a base layer has
 * none. S_FALSE when there is no such file. HCS_E_INVALID_JSON when it is no list of texts. */
HRESULT hcs_layer_chain_read(const char *layer, struct hcs_documents *ret, struct hcs_error **err);
HRESULT hcs_layer_chain_write(const char *layer, const char *const *parents, size_t n, struct hcs_error **err);

/* ---- vmcompute ---- */

/* parent: NULL for a layer that stands on nothing. */
HRESULT hcs_layer_create(struct hcs_storage *s, const char *path, const char *parent, struct hcs_error **err);
/* A layer that can be written to: sandbox.vhdx, on the disk of the base layer. */
HRESULT hcs_layer_create_scratch(struct hcs_storage *s, const char *path, const char *const *parents, size_t n,
                                 struct hcs_error **err);
/* To at least so many bytes; 0 changes nothing. The scratch must not be active. */
HRESULT hcs_layer_expand_scratch(struct hcs_storage *s, const char *path, uint64_t size, struct hcs_error **err);
HRESULT hcs_layer_exists(struct hcs_storage *s, const char *path, bool *ret, struct hcs_error **err);
HRESULT hcs_layer_destroy(struct hcs_storage *s, const char *path, struct hcs_error **err);
/* Attaches the disk of a scratch; nothing for other layers. */
HRESULT hcs_layer_activate(struct hcs_storage *s, const char *path, struct hcs_error **err);
HRESULT hcs_layer_deactivate(struct hcs_storage *s, const char *path, struct hcs_error **err);
/* Puts the filter on an active scratch, which makes it look like all layers in one. */
HRESULT hcs_layer_prepare(struct hcs_storage *s, const char *path, const char *const *parents, size_t n,
                          struct hcs_error **err);
HRESULT hcs_layer_unprepare(struct hcs_storage *s, const char *path, struct hcs_error **err);
/* The volume of an active scratch (\\?\Volume{..}), of other layers their folder; NULL when there is none. */
HRESULT hcs_layer_mount_path(struct hcs_storage *s, const char *path, char **ret, struct hcs_error **err);
/* Activate, prepare and mount path; on failure what was done is undone. */
HRESULT hcs_layer_mount(struct hcs_storage *s, const char *path, const char *const *parents, size_t n, char **ret,
                        struct hcs_error **err);
/* Unprepare and deactivate: the second also when the first fails; the first failure is told. */
HRESULT hcs_layer_unmount(struct hcs_storage *s, const char *path, struct hcs_error **err);
/* From and to a folder in the transport format. */
HRESULT hcs_layer_import(struct hcs_storage *s, const char *path, const char *folder, const char *const *parents,
                         size_t n, struct hcs_error **err);
HRESULT hcs_layer_export(struct hcs_storage *s, const char *path, const char *folder, const char *const *parents,
                         size_t n, struct hcs_error **err);
/* Makes hives, layout and disks of a base layer whose files are there, and of its utility VM (LAYER\UtilityVM). */
HRESULT hcs_layer_process_base(struct hcs_storage *s, const char *path, struct hcs_error **err);
HRESULT hcs_layer_process_utility(struct hcs_storage *s, const char *path, struct hcs_error **err);
/* A document that lists what is installed on the host. */
HRESULT hcs_storage_base_images(struct hcs_storage *s, char **ret, struct hcs_error **err);

/* ---- computestorage ---- */

HRESULT hcs_storage_import(struct hcs_storage *s, const char *path, const char *folder, const char *layer_data,
                           struct hcs_error **err);
/* options: {"IsWritableLayer":true} when path is the volume of a scratch. */
HRESULT hcs_storage_export(struct hcs_storage *s, const char *path, const char *folder, const char *layer_data,
                           const char *options, struct hcs_error **err);
/* The scratch's volume and its folder, where its hives are. */
HRESULT hcs_storage_export_legacy(struct hcs_storage *s, const char *mount, const char *path, const char *folder,
                                  const char *layer_data, struct hcs_error **err);
HRESULT hcs_storage_destroy(struct hcs_storage *s, const char *path, struct hcs_error **err);
/* options: {"Type":"Container"|"Vm"}. vhd: 0 for a container; for a machine its disk, attached. */
HRESULT hcs_storage_setup_base(struct hcs_storage *s, const char *path, HANDLE vhd, const char *options,
                               struct hcs_error **err);
/* From build 19645. */
HRESULT hcs_storage_setup_base_volume(struct hcs_storage *s, const char *path, const char *volume, const char *options,
                                      struct hcs_error **err);
HRESULT hcs_storage_initialize(struct hcs_storage *s, const char *path, const char *layer_data, const char *options,
                               struct hcs_error **err);
HRESULT hcs_storage_initialize_legacy(struct hcs_storage *s, const char *mount, const char *path,
                                      const char *layer_data, const char *options, struct hcs_error **err);
HRESULT hcs_storage_attach_filter(struct hcs_storage *s, const char *path, const char *layer_data,
                                  struct hcs_error **err);
HRESULT hcs_storage_detach_filter(struct hcs_storage *s, const char *path, struct hcs_error **err);
HRESULT hcs_storage_attach_overlay(struct hcs_storage *s, const char *volume, const char *layer_data,
                                   struct hcs_error **err);
HRESULT hcs_storage_detach_overlay(struct hcs_storage *s, const char *volume, const char *layer_data,
                                   struct hcs_error **err);
/* vhd: on build 17763 a handle of the file, later what virtdisk gave. */
HRESULT hcs_storage_format(struct hcs_storage *s, HANDLE vhd, struct hcs_error **err);
HRESULT hcs_storage_vhd_mount_path(struct hcs_storage *s, HANDLE vhd, char **ret, struct hcs_error **err);

#pragma GCC visibility pop

#endif
