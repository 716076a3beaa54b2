/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_VHD_INFO_H
#define HCS_EXT4_VHD_VHD_INFO_H

/*
 * All that a VHD of any type says of itself, checked as far as it has to be right for its data to be found. When its
 * footer cannot be used, the copy at the beginning of a dynamic or differencing one counts. A value that owns its
 * strings; files are borrowed.
 */

#include "ext4/vhd/footer.h"
#include "ext4/vhd/sparse.h"
#include "ext4/vhd/vhdx.h"

#define VHD_MAX_SIZE ((uint64_t)2040 << 30) /* the specification's, of dynamic and differencing ones */

struct vhd_info {
        struct vhd_footer footer;
        bool is_from_copy;          /* there is no good footer at the end */
        uint64_t end;               /* of the data and its structures, where the footer is or should be */
        struct vhd_sparse sparse;   /* not of a fixed one */
        char *parents[VHDX_PLACES]; /* as of a VHDX; a VHD names no volume */
};

/* S_FALSE: no VHD. The codes of codes.h for what is wrong with it. */
HRESULT vhd_info_read(struct hcs_data_file *f, struct vhd_info *ret, struct hcs_error **err);
void vhd_info_deinit(struct vhd_info *i);

#endif
