/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_BEHIND_H
#define HCS_EXT4_BEHIND_H

/*
 * Writes to a file behind the back of whoever fills the buffers: a thread of its own takes one while the other is
 * filled. Owned by an output, borrows the file, which nobody else may touch until _wait. All calls from one thread.
 */

#include "platform/data_file.h"

struct ext4_behind;

/* NULL when there is no second processor, or no thread to be had: write yourself then. Buffers have `size` bytes. */
struct ext4_behind *ext4_behind_new(struct hcs_data_file *file, size_t size);
/* Waits for what is being written. */
struct ext4_behind *ext4_behind_free(struct ext4_behind *b);
HCS_DEFINE_CLEANUP(struct ext4_behind *, ext4_behind_free)

/*
 * Hands over *buffer, which malloc gave and n bytes of which belong at offset; *buffer is then another one to fill. A
 * failure is one of a write before, and stays: nothing is written from then on.
 */
HRESULT ext4_behind_write(struct ext4_behind *b, uint64_t offset, uint8_t **buffer, size_t n, struct hcs_error **err);
/* Everything that was handed over is written, or the failure. */
HRESULT ext4_behind_wait(struct ext4_behind *b, struct hcs_error **err);

#endif
