/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_VERITY_INFO_H
#define HCS_UVM_VERITY_INFO_H

/* What a guest is told of a layer that it reads through dm-verity (guest.DeviceVerityInfo). */

#include "base/json.h"
#include "hcsshim/error.h"

/*
 * Of an ext4 image with a tree behind it: the given root hash, or, when it is NULL, as hcsshim has it, what the tree
 * itself says. *ret is NULL for an image without a tree, which is a failure when there is a hash. Caller frees.
 */
HRESULT uvm_verity_info(const char *image, const char *root_hash, struct hcs_json **ret, struct hcs_error **err);

#endif
