/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_COPY_H
#define HCS_EXT4_COPY_H

/* Bytes from one file to another, moved by the system where it can. Nothing is kept. */

#include "platform/data_file.h"

/*
 * Up to n bytes from an offset of `from` (a pipe has only 0) to one of `to`; *ret_n is less than n where `from` ends.
 * progress, which may be NULL, is told every now and then how many it were so far.
 */
HRESULT ext4_copy(struct hcs_data_file *from, uint64_t from_offset, struct hcs_data_file *to, uint64_t to_offset,
                  uint64_t n, void (*progress)(void *ctx, uint64_t done), void *ctx, uint64_t *ret_n,
                  struct hcs_error **err);

#endif
