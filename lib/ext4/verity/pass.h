/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VERITY_PASS_H
#define HCS_EXT4_VERITY_PASS_H

/*
 * One pass over one level of a tree: the digests of all blocks below it are written into its blocks, or compared with
 * what is there. All processors take part, each with its own buffers of about a megabyte; nothing else is kept, so
 * that memory does not depend on the size of the image. On the stack of the thread that runs it, which is one of the
 * workers and the only one that reports progress.
 */

#include "ext4/verity/layout.h"
#include "platform/data_file.h"

struct verity_pass {
        const struct verity_superblock *sb;
        const struct verity_layout *layout;
        unsigned level;
        bool compare;
        struct hcs_data_file *below, *tree;
        uint64_t below_offset;                                      /* of the first block below */
        uint64_t tree_offset;                                       /* of the tree */
        unsigned threads;                                           /* 0: one a processor */
        void (*progress)(void *ctx, uint64_t done, uint64_t total); /* bytes below; may be NULL */
        void *ctx;
};

/*
 * VERITY_E_MISMATCH names the first block that is not as its digest says: of all that differ the one with the lowest
 * number, whichever worker saw it first. VERITY_E_EOF when a file is too short.
 */
HRESULT verity_pass_run(const struct verity_pass *pass, struct hcs_error **err);

#endif
