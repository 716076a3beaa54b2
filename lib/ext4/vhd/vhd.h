/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_VHD_H
#define HCS_EXT4_VHD_VHD_H

/* VHDs as files: fixed ones written and turned back into raw images, all kinds read and checked. Files are borrowed. */

#include "ext4/vhd/footer.h"
#include "platform/data_file.h"

#define VHD_E_DAMAGED HCS_WIN32(1392) /* a footer, and something wrong with it: all of it is named */
#define VHD_E_TYPE    HCS_WIN32(50)   /* a dynamic or differencing disk where only a fixed one will do */

struct vhd_copy_options {
        const GUID *id;                                             /* NULL: random */
        void (*progress)(void *ctx, uint64_t done, uint64_t total); /* may be NULL; total 0: not known */
        void *ctx;
};

/* Writes a fixed footer behind the first size bytes. id NULL: random. */
HRESULT vhd_append(struct hcs_data_file *f, uint64_t size, const GUID *id, struct hcs_error **err);
/*
 * The footer; S_FALSE when there is none. *ret_damage is a set of enum vhd_damage, with a line of texts (may be NULL)
 * for each.
 */
HRESULT vhd_read(struct hcs_data_file *f, struct vhd_footer *ret, unsigned *ret_damage, struct hcs_buf *texts,
                 struct hcs_error **err);
/* The size of what is in front of a fixed footer, or of the whole file when it has none. VHD_E_DAMAGED, VHD_E_TYPE. */
HRESULT vhd_data_size(struct hcs_data_file *f, uint64_t *ret, struct hcs_error **err);

/* All of in, to its end, and a fixed footer: what hcsshim calls only-vhd. in may be a pipe. */
HRESULT vhd_from_raw(struct hcs_data_file *in, struct hcs_data_file *out, const struct vhd_copy_options *options,
                     struct hcs_error **err);
/* A fixed VHD without its footer. E_INVALIDARG when it has none. */
HRESULT vhd_to_raw(struct hcs_data_file *in, struct hcs_data_file *out, const struct vhd_copy_options *options,
                   struct hcs_error **err);

#endif
