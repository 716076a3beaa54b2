/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_OPTIONS_H
#define HCS_UVM_OPTIONS_H

/*
 * Options of utility VMs: defaults, what a specification and its annotations make of them, and whether they go
 * together. The structs (`struct hcs_schema_uvm_lcow_options`, `..._wcow_options`, both beginning with what they share:
 * `struct hcs_schema_uvm_options`) are described in lib/schema/data/uvm.json; everything in them belongs to them.
 * Pure functions of their arguments and the host.
 */

#include "hcsshim/schema.h"
#include "oci/spec.h"
#include "oci/warning.h"
#include "uvm/host.h"

struct hcs_json;

enum uvm_root_fs { UVM_ROOT_INITRD, UVM_ROOT_VHD, UVM_ROOT_NEITHER };
enum uvm_boot_type { UVM_BOOT_VMBFS, UVM_BOOT_BLOCK_CIM };

#define UVM_MAX_SCSI_CONTROLLERS 4
#define UVM_LUNS_PER_CONTROLLER  64
#define UVM_DEFAULT_VPMEM_COUNT  64
#define UVM_MAX_VPMEM_COUNT      128
#define UVM_DEFAULT_VPMEM_SIZE   (4ull << 30) /* bytes */

/* Defaults. Free with uvm_lcow_options_free(), uvm_wcow_options_free(). */
struct hcs_schema_uvm_lcow_options *uvm_lcow_options_new(const struct uvm_host *host, const char *id,
                                                         const char *owner);
struct hcs_schema_uvm_wcow_options *uvm_wcow_options_new(const struct uvm_host *host, const char *id,
                                                         const char *owner);
struct hcs_schema_uvm_lcow_options *uvm_lcow_options_free(struct hcs_schema_uvm_lcow_options *o); /* returns NULL */
struct hcs_schema_uvm_wcow_options *uvm_wcow_options_free(struct hcs_schema_uvm_wcow_options *o);
HCS_DEFINE_CLEANUP(struct hcs_schema_uvm_lcow_options *, uvm_lcow_options_free)
HCS_DEFINE_CLEANUP(struct hcs_schema_uvm_wcow_options *, uvm_wcow_options_free)
#define _cleanup_uvm_lcow_options_ _cleanup_(uvm_lcow_options_freep)
#define _cleanup_uvm_wcow_options_ _cleanup_(uvm_wcow_options_freep)

/* The folder of the boot files; chooses the root file system and the kernel by what is in it. Warns of a path that
 * cannot be made absolute. */
void uvm_lcow_options_set_boot_files(struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host,
                                     const char *path, struct oci_warnings *w);

/* The options that a sandbox's specification asks for. E_INVALIDARG in the original's words; what was ignored is warned
 * of. */
HRESULT uvm_lcow_options_from_spec(const struct uvm_host *host, const struct hcs_schema_oci_spec *spec, const char *id,
                                   const char *owner, struct oci_warnings *w, struct hcs_schema_uvm_lcow_options **ret,
                                   struct hcs_error **err);
HRESULT uvm_wcow_options_from_spec(const struct uvm_host *host, const struct hcs_schema_oci_spec *spec, const char *id,
                                   const char *owner, struct oci_warnings *w, struct hcs_schema_uvm_wcow_options **ret,
                                   struct hcs_error **err);

/* Sets members by their names: {"ForwardStdout": true}. E_INVALIDARG names an unknown one. */
HRESULT uvm_lcow_options_override(struct hcs_schema_uvm_lcow_options **o, const struct hcs_json *members,
                                  struct hcs_error **err);
HRESULT uvm_wcow_options_override(struct hcs_schema_uvm_wcow_options **o, const struct hcs_json *members,
                                  struct hcs_error **err);

/* "UVM options incorrect: ..." */
HRESULT uvm_lcow_options_verify(const struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host,
                                struct hcs_error **err);
HRESULT uvm_wcow_options_verify(const struct hcs_schema_uvm_wcow_options *o, const struct uvm_host *host,
                                struct hcs_error **err);

/* What the options of a shim add to a specification: annotations that are not there yet. */
void uvm_shim_options_apply(const struct hcs_schema_uvm_shim_options *shim, struct hcs_schema_oci_spec *spec);
HRESULT uvm_shim_options_parse(const struct hcs_json *json, struct hcs_schema_uvm_shim_options **ret,
                               struct hcs_error **err);
struct hcs_schema_uvm_shim_options *uvm_shim_options_free(struct hcs_schema_uvm_shim_options *o); /* returns NULL */
HCS_DEFINE_CLEANUP(struct hcs_schema_uvm_shim_options *, uvm_shim_options_free)
#define _cleanup_uvm_shim_options_ _cleanup_(uvm_shim_options_freep)

/* The isolation of a confidential VM with that policy and without hardware for it. */
static inline bool uvm_lcow_options_is_confidential(const struct hcs_schema_uvm_lcow_options *o) {
        return o->GuestStateFilePath && *o->GuestStateFilePath;
}

#endif
