/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_CASE_H
#define HCS_UVM_CASE_H

/*
 * A document from a description: the specification, the shim's options and the host in one JSON object, so that nothing
 * of this machine is asked. Its members, all but `spec` optional: spec, shim_options (null: none), bundle, vm_id, owner
 *   host         {os_build 26100, logical_processors 8, go_numcpu 2, log_level "info", arch "amd64",
 *                program_dir, working_dir}
 *   boot_dir     with the file names `boot_files` in it; without it all boot files that are asked for are there
 *   boot_files   of a Windows VM: {BootType, VmbFSFiles, BlockCIMFiles}, what its layers would have given;
 *                without it that is told from windows.layerFolders
 *   option_overrides   options by their names, set after the annotations are read
 * Paths are those of Windows. New GUIDs are counted: 00000000-0000-4000-8000-000000000001 and so on.
 */

#include "uvm/document.h"

enum uvm_case_kind { UVM_CASE_LCOW, UVM_CASE_LCOW_V2, UVM_CASE_WCOW };

struct uvm_case {
        struct hcs_json *options; /* what the document was made of; there also when making it failed */
        struct uvm_plan plan;
};
void uvm_case_deinit(struct uvm_case *c);
#define _cleanup_uvm_case_ _cleanup_(uvm_case_deinit)

/* Errors of the description name its member; others are those of the options and documents. */
HRESULT uvm_case_run(const struct hcs_json *input, enum uvm_case_kind kind, struct uvm_case *ret,
                     struct oci_warnings *w, struct hcs_error **err);
/* Only the document's text. Caller frees. */
HRESULT uvm_document_from_case(const struct hcs_json *input, enum uvm_case_kind kind, struct oci_warnings *w,
                               char **ret_document, struct hcs_error **err);

#endif
