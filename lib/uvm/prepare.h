/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_PREPARE_H
#define HCS_UVM_PREPARE_H

/* The steps of a plan, taken on this machine: what HCS needs done before it gets the document. */

#include "hcsshim/hcs.h"
#include "uvm/document.h"

/* Takes all steps, in order; id: of the VM that is to be. When one fails, files that were copied are removed again.
 * HCS_WIN32(50) for the identifier of a disk, which only Windows' virtual disks have. */
HRESULT uvm_plan_prepare(const struct uvm_plan *plan, const char *id, struct hcs_client *client,
                         struct hcs_error **err);
/* Removes the copies: the VM is gone. */
void uvm_plan_undo(const struct uvm_plan *plan);
/* Over what is there, which stays whole until the copy is. */
HRESULT uvm_copy_file(const char *from, const char *to, struct hcs_error **err);

#endif
